"""Bodies that are not finished, of those who have a key and of those who have none; and bytes that come too slowly."""

import selectors
import threading
import time

from .ground import OTHER_KEY, Row, Scene, Server, status_of

CROWD, BODY_BYTES = 60, 31 * 1024 * 1024
BODY_BUDGET_MB, SLACK_MB = 256, 64
# How long the bodies are held one byte before their end.
HOLD_SECONDS = 2
TRICKLERS, TRICKLE_INTERVAL, TRICKLE_SECONDS = 40, 2, 36
CHAT = "/v1/chat/completions"


class Crowd:
    """Connections that send the same body at once, up to its last byte, by one thread."""

    def __init__(self, server, head, body, count):
        self.selector = selectors.DefaultSelector()
        self.waiting = {}
        self.statuses = {}
        for _ in range(count):
            connection = server.connect()
            connection.sendall(head)
            connection.setblocking(False)
            self.waiting[connection] = body[:-1]
            self.selector.register(connection, selectors.EVENT_READ | selectors.EVENT_WRITE)
        self.open = set(self.waiting)

    def step(self, seconds):
        for key, events in self.selector.select(seconds):
            try:
                if events & selectors.EVENT_READ:
                    self.read(key.fileobj)
                elif events & selectors.EVENT_WRITE:
                    self.write(key.fileobj)
            except BlockingIOError:
                continue
            except OSError:
                self.leave(key.fileobj)

    def read(self, connection):
        part = connection.recv(65536)
        if not part:
            return self.leave(connection)
        if connection not in self.statuses:
            self.statuses[connection] = status_of(part)
        # Who has an answer sends no more.
        self.selector.modify(connection, selectors.EVENT_READ)

    def write(self, connection):
        rest = self.waiting[connection]
        self.waiting[connection] = rest = rest[connection.send(rest[:1 << 20]):]
        if not rest:
            self.selector.modify(connection, selectors.EVENT_READ)

    def leave(self, connection):
        if connection in self.open:
            self.open.remove(connection)
            self.selector.unregister(connection)
            connection.close()

    def close(self):
        for connection in list(self.open):
            self.leave(connection)
        self.selector.close()


def crowd(count, key, seconds):
    """All but the last byte of each body; then they are held, and let go."""
    body = memoryview(b"x" * BODY_BYTES)

    def work(server, row):
        head = server.head("POST", CHAT, [f"Content-Length: {BODY_BYTES}"], key=key)
        sent = Crowd(server, head, body, count)
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and any(
                sent.waiting[connection] and connection not in sent.statuses for connection in sent.open):
            sent.step(0.2)
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            sent.step(left)
        for status in sent.statuses.values():
            row.answer(status or "closed")
        waiting = count - len(sent.statuses)
        if waiting:
            row.answers["waiting"] = waiting
        row.require(key or not waiting, f"{waiting} bodies without a key are waited for")
        sent.close()
    return work


class Trickle:
    """Connections that send a byte every now and then; runs beside the other attacks, on a server of its own."""

    SENT = {"a body": ["Content-Length: 1000000"], "a chunked body": ["Transfer-Encoding: chunked"],
            "empty lines": None}

    def __init__(self, ground):
        self.report = ground.report
        self.server = Server(ground.folder)
        self.alive = {name: TRICKLERS for name in self.SENT}
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        connections = {name: [self.begin(fields) for _ in range(TRICKLERS)] for name, fields in self.SENT.items()}
        deadline = time.monotonic() + TRICKLE_SECONDS
        while time.monotonic() < deadline and any(connections.values()):
            time.sleep(TRICKLE_INTERVAL)
            for name, crowd in connections.items():
                connections[name] = [connection for connection in crowd if self.feed(connection, name)]
        for name, crowd in connections.items():
            self.alive[name] = len(crowd)
            for connection in crowd:
                connection.close()

    def begin(self, fields):
        connection = self.server.connect()
        if fields:
            connection.sendall(self.server.head("POST", CHAT, fields, key=OTHER_KEY))
        return connection

    def feed(self, connection, name):
        """Whether the connection is still served."""
        piece = {"a body": b" ", "a chunked body": b"1\r\n \r\n", "empty lines": b"\r\n"}[name]
        try:
            connection.sendall(piece)
            # An answer, or the end of the connection: it is not waited for any more.
            connection.setblocking(False)
            connection.recv(4096)
        except BlockingIOError:
            return True
        except OSError:
            pass
        connection.close()
        return False

    def harvest(self):
        self.thread.join()
        for name, alive in self.alive.items():
            row = Row(f"{name}, a byte every {TRICKLE_INTERVAL} s", f"{TRICKLERS} connections, {TRICKLE_SECONDS} s",
                      None, False, answers={"dropped": TRICKLERS - alive} if alive < TRICKLERS else {})
            row.require(not alive, f"{alive} are still served")
            self.report(row)
        self.server.stop()


def run(ground, scale):
    count = max(20, int(CROWD * scale))
    with Scene(ground.folder, ground.report) as scene:
        scene.attack("bodies without a key", f"{count} × 31 MB", crowd(count, None, HOLD_SECONDS), rss=SLACK_MB)
        scene.attack("bodies with a key", f"{count} × 31 MB", crowd(count, OTHER_KEY, HOLD_SECONDS),
                     rss=BODY_BUDGET_MB + SLACK_MB)
