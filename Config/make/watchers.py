"""Many runs with many watchers on the simulator: 1,000 that have ended, 100 at work with 10 watchers each, one of them
stalled. Prints what the server holds and how long the watchers take, and fails if a watcher gets other events than
the others, if anybody waits for the stalled ones, or if memory is not bounded."""

import http.client
import json
import os
import pathlib
import selectors
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import zlib

BUILD = pathlib.Path(__file__).resolve().parents[2] / ".build" / "release"
ENDED, LIVE, WATCHERS, STARTERS = 1000, 100, 10, 8
# 0.9 MB a run, for the text comes three times: more than the sockets of a client that does not read can hold.
TOKENS, BYTES, GAP = 300, 1000, 40
TIMEOUT = 120
# Of the server's memory, in MB: 1,000 connections may each have a line of 0.3 MB on its way, beside the windows of 100
# journals; when all is over nothing of it may be left.
DURING, AFTER = 400, 10
# How much longer the others may take because of the stalled ones.
SLOWER = 1.25


class Failure(Exception):
    pass


class Server:
    def __init__(self, folder):
        (folder / "state").mkdir()
        environment = {
            "PATH": os.environ["PATH"], "HOME": str(folder), "PORT": "0", "HOST": "127.0.0.1", "LOG_LEVEL": "info",
            "WORKSPACE_BASE_PATH": str(folder), "STATE_PATH": str(folder / "state"),
            "CLAUDE_CLI_PATH": str(BUILD / "claude-simulator"), "CLAUDE_MAX_PROCESSES": "400",
            "CLAUDE_POOL_SPARES": "0", "CLAUDE_SESSION_IDLE_MS": "0", "CLAUDE_QUEUE_TIMEOUT_MS": "60000"}
        self.log = folder / "log"
        self.process = subprocess.Popen(
            [BUILD / "claude-code-server", "--env-file", "/dev/null"], env=environment, stdout=open(self.log, "w"),
            stderr=subprocess.STDOUT)
        self.port = self.find_port()
        self.peak = 0

    def find_port(self):
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            for line in self.log.read_text().splitlines():
                if "url=http://127.0.0.1:" in line:
                    return int(line.split("127.0.0.1:")[1].split()[0])
            time.sleep(0.05)
        raise Failure("the server does not listen")

    def ask(self, method, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT)
        connection.request(method, path, body and json.dumps(body), {"content-type": "application/json"})
        answer = json.load(connection.getresponse())
        connection.close()
        return answer

    def start(self, prompt):
        return self.ask("POST", "/agent/start", {"prompt": f"simulate: {prompt}"})["agent_id"]

    def rest(self):
        deadline = time.monotonic() + TIMEOUT
        while self.ask("GET", "/health")["active_agents"]:
            if time.monotonic() > deadline:
                raise Failure("agents do not end")
            time.sleep(0.1)

    def megabytes(self):
        for line in pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                now = int(line.split()[1]) / 1000
                self.peak = max(self.peak, now)
                return now
        raise Failure("the server is gone")

    def end(self):
        self.process.terminate()
        if self.process.wait(timeout=30) != 0:
            raise Failure("the server did not end well")


class Watcher:
    """Follows one agent. What it hears is only counted and summed."""

    def __init__(self, server, agent, is_stalled):
        self.agent, self.is_stalled = agent, is_stalled
        self.sum = self.count = 0
        self.heard = b""
        self.ended = None
        self.socket = socket.socket()
        if is_stalled:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.socket.connect(("127.0.0.1", server.port))
        self.socket.sendall(f"GET /agent/{agent}/events?partial=true HTTP/1.0\r\nHost: localhost\r\n\r\n".encode())
        self.socket.setblocking(False)
        self.head = b""

    def read(self):
        while True:
            try:
                data = self.socket.recv(1 << 18)
            except BlockingIOError:
                return
            if not data:
                # A stalled watcher gets a keep-alive comment now and then.
                self.add(self.heard.replace(b": ping\n", b""))
                self.ended = time.monotonic()
                self.socket.close()
                return
            if self.head is not None:
                # The head has an id of its own.
                self.head += data
                if b"\r\n\r\n" not in self.head:
                    continue
                data, self.head = self.head.split(b"\r\n\r\n", 1)[1], None
            if self.is_stalled:
                self.heard += data
            else:
                self.add(data)

    def add(self, data):
        self.sum, self.count = zlib.crc32(data, self.sum), self.count + len(data)


def follow(server, watchers):
    """Reads them all to their ends."""
    selector = selectors.DefaultSelector()
    for watcher in watchers:
        selector.register(watcher.socket, selectors.EVENT_READ, watcher)
    open_ones, deadline, looked = len(watchers), time.monotonic() + TIMEOUT, 0
    while open_ones:
        for key, _ in selector.select(1):
            descriptor = key.fileobj.fileno()
            key.data.read()
            if key.data.ended:
                selector.unregister(descriptor)
                open_ones -= 1
        if time.monotonic() - looked > 0.2:
            looked = time.monotonic()
            server.megabytes()
        if time.monotonic() > deadline:
            raise Failure(f"{open_ones} watchers do not end")


def many(count, work):
    """Does it so many times, a few at once."""
    results, lock = [], threading.Lock()

    def worker():
        while True:
            with lock:
                if len(results) >= count:
                    return
                place = len(results)
                results.append(None)
            results[place] = work()

    threads = [threading.Thread(target=worker) for _ in range(STARTERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def round_of(server, stalled):
    """Starts the live agents and follows them; how long that took, and the watchers."""
    agents = many(LIVE, lambda: server.start(f"tokens={TOKENS} token-bytes={BYTES} gap={GAP}"))
    began = time.monotonic()
    watchers = [Watcher(server, agent, stalled and number == 0) for agent in agents for number in range(WATCHERS)]
    follow(server, [watcher for watcher in watchers if not watcher.is_stalled])
    return time.monotonic() - began, watchers


def check(watchers):
    heard = {}
    for watcher in watchers:
        heard.setdefault(watcher.agent, set()).add((watcher.sum, watcher.count))
    if any(len(sums) != 1 for sums in heard.values()):
        raise Failure("watchers of one agent got different events")
    least = min(count for sums in heard.values() for _, count in sums)
    if least < TOKENS * BYTES:
        raise Failure(f"a watcher got only {least} bytes")
    return least


def run(folder):
    server = Server(folder)
    try:
        fresh = server.megabytes()
        many(ENDED, lambda: server.start("tokens=20"))
        server.rest()
        ended = server.megabytes()
        print(f"{ENDED} runs that have ended: {fresh:.0f} -> {ended:.0f} MB")
        alone, watchers = round_of(server, stalled=False)
        least = check(watchers)
        server.rest()
        print(f"{LIVE} at work, {WATCHERS} watchers each, {least / 1e6:.1f} MB each: {alone:.1f} s, "
              f"at most {server.peak:.0f} MB")
        server.peak = 0
        beside, watchers = round_of(server, stalled=True)
        behind = sum(watcher.is_stalled for watcher in watchers)
        at_rest = server.megabytes()
        print(f"the same, one of each {WATCHERS} stalled: the others {beside:.1f} s, at most {server.peak:.0f} MB")
        server.rest()
        began = time.monotonic()
        follow(server, [watcher for watcher in watchers if watcher.is_stalled])
        check(watchers)
        print(f"the {behind} stalled ones, read at last: {time.monotonic() - began:.1f} s, same events, "
              f"at most {server.peak:.0f} MB")
        # What is free is given back when it has been quiet for a moment.
        time.sleep(3)
        after = server.megabytes()
        journals = sum(file.stat().st_size for file in (folder / "state" / "runs").iterdir()) / 1e6
        print(f"in the end: {after:.0f} MB, journals of {journals:.0f} MB on the disk")
        if beside > alone * SLOWER:
            raise Failure("the stalled watchers have slowed the others")
        if server.peak > ended + DURING or after > ended + AFTER:
            raise Failure("memory is not bounded")
    finally:
        server.end()


folder = pathlib.Path(tempfile.mkdtemp(prefix="claude-code-server-watchers-"))
try:
    run(folder)
except Failure as failure:
    print(f"FAILED: {failure}\n{(folder / 'log').read_text()[-2000:]}", file=sys.stderr)
    sys.exit(1)
finally:
    shutil.rmtree(folder, ignore_errors=True)
