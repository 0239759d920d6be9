"""Bytes by the gigabyte on one connection: empty lines, chunks, pipelines, bodies, and what follows a refusal."""

import socket
import threading
import time

from .ground import Scene, exchange, read_to_end, status_of

# What the machine and the probe are worth by themselves.
QUIET_SECONDS = 2
CRLF_FLOOD_SECONDS = 5
LINGER_SECONDS = 4
DRAIN_SECONDS = 5
CRLFS = 20_000_000
TINY_CHUNKS = 8_000_000
PIPELINED = 200_000
EXTENDED_CHUNKS, EXTENSION_BYTES = 100_000, 4000
BODY_BYTES, BODIES = 32 * 1024 * 1024, 4
# What a connection may take after its last answer, what lies in the kernel's buffers included.
LINGER_MEGABYTES = 64
# Large, so that the kernel copies without a pause between two calls.
BLOCK = 8 << 20
CHAT = "/v1/chat/completions"


def flood(connection, block, seconds):
    """Sends the block until the time is over or the connection is; the bytes that were taken."""
    deadline, sent = time.monotonic() + seconds, 0
    connection.settimeout(1)
    while time.monotonic() < deadline:
        try:
            sent += connection.send(block)
        except TimeoutError:
            continue
        except OSError:
            break
    return sent


def drain(connection):
    connection.settimeout(DRAIN_SECONDS)
    return read_to_end(connection)


def endless_empty_lines(seconds):
    def work(server, row):
        with server.connect() as connection:
            sent = flood(connection, b"\r\n" * (BLOCK // 2), seconds)
            row.note = f"{sent / 1e6:.0f} MB were taken"
            row.require(sent < LINGER_MEGABYTES * 1e6, f"{sent / 1e6:.0f} MB were taken")
            row.answer(status_of(drain(connection)) or "none")
    return work


def empty_lines(count):
    block = b"\r\n" * (BLOCK // 2)

    def work(server, row):
        with server.connect() as connection:
            try:
                for _ in range(count // (BLOCK // 2)):
                    connection.sendall(block)
                connection.sendall(b"GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            except OSError:
                pass
            status = row.answer(status_of(drain(connection)) or "none")
            row.require(status == 400, "more than one empty line before a request is not refused")
    return work


def lingering(seconds):
    """A body above the limit is refused; the client keeps sending, again and again."""
    block = b"x" * BLOCK

    def work(server, row):
        deadline, most = time.monotonic() + seconds, 0
        while time.monotonic() < deadline:
            with server.connect() as connection:
                connection.sendall(server.head("POST", CHAT, ["Content-Length: 1000000000000"]))
                most = max(most, flood(connection, block, deadline - time.monotonic()))
                row.answer(status_of(drain(connection)) or "none")
        row.note = f"{most / 1e6:.0f} MB at most were taken on a connection"
        row.require(most < LINGER_MEGABYTES * 1e6, f"{most / 1e6:.0f} MB were taken on a connection")
    return work


def chunked(chunk, count):
    """The chunks in blocks, one after the other."""
    per_block = max(1, BLOCK // len(chunk))
    block = chunk * per_block

    def work(server, row):
        with server.connect() as connection:
            status = None
            try:
                connection.sendall(server.head("POST", CHAT, ["Transfer-Encoding: chunked", "Connection: close"]))
                for _ in range(count // per_block):
                    connection.sendall(block)
                connection.sendall(b"0\r\n\r\n")
            except OSError:
                pass
            status = status_of(drain(connection))
            row.answer(status or "none")
    return work


def pipeline(count):
    requests = b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n"
    last = requests.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")

    def work(server, row):
        mark, found = b"HTTP/1.1 200 ", 0
        with server.connect() as connection:
            sender = threading.Thread(target=send_quietly, args=[connection, requests * (count - 1) + last])
            sender.start()
            tail = b""
            try:
                while part := connection.recv(1 << 20):
                    found += (tail + part).count(mark)
                    tail = part[1 - len(mark):]
            except OSError:
                pass
            sender.join()
        row.answers = {200: found}
        row.require(found == count, f"{found} answers to {count} requests")
    return work


def send_quietly(connection, data):
    try:
        connection.sendall(data)
    except OSError:
        connection.shutdown(socket.SHUT_RDWR)


def fixed_bodies(size, count):
    body = b"x" * size

    def work(server, row):
        for _ in range(count):
            with server.connect() as connection:
                head = server.head("POST", CHAT, [f"Content-Length: {size}", "Connection: close"])
                row.answer(exchange(connection, head, body)[0] or "none")
    return work


def run(ground, scale):
    with Scene(ground.folder, ground.report) as scene:
        scene.attack("nothing", f"for {QUIET_SECONDS} s", lambda server, row: time.sleep(QUIET_SECONDS), rss=4)
        seconds = CRLF_FLOOD_SECONDS * scale
        scene.attack("endless empty lines", f"CRLF for {seconds:.0f} s", endless_empty_lines(seconds), rss=64)
        count = int(CRLFS * scale)
        scene.attack("empty lines, then a request", f"{count:,} CRLF", empty_lines(count), rss=64)
        count = int(TINY_CHUNKS * scale)
        scene.attack("chunks of one byte", f"{count:,} chunks", chunked(b"1\r\nx\r\n", count), rss=128)
        count = int(EXTENDED_CHUNKS * scale)
        extended = b"1;" + b"e" * EXTENSION_BYTES + b"\r\nx\r\n"
        scene.attack("chunks with extensions", f"{count:,} × {EXTENSION_BYTES} B", chunked(extended, count), rss=64)
        count = int(PIPELINED * scale)
        scene.attack("a pipeline", f"{count:,} GET", pipeline(count), rss=64)
        scene.attack("fixed bodies", f"{BODIES} × 32 MB", fixed_bodies(BODY_BYTES, BODIES), rss=384)
        seconds = LINGER_SECONDS * scale
        scene.attack("sending on after a refusal", f"for {seconds:.0f} s", lingering(seconds), rss=64)
