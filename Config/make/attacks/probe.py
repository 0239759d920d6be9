"""Asks `GET /health/live` every 5 ms in a process of its own, so that the attacker's Python does not disturb it.

Each line on standard input ends a period; its figures are printed as one line of JSON. The latency counts from the
moment of sending. A stall also counts for the requests that it kept from being sent."""

import json
import os
import select
import socket
import sys
import time

REQUEST = b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n"
INTERVAL = 0.005
TIMEOUT = 15
# A dead server is not asked 200 times a second whether it is dead.
PAUSE_AFTER_FAILURE = 0.05


class Probe:
    def __init__(self, port):
        self.port = port
        self.socket = None
        self.samples, self.failures = [], 0

    def ask(self):
        if not self.socket:
            self.socket = socket.create_connection(("127.0.0.1", self.port), timeout=TIMEOUT)
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.sendall(REQUEST)
        received = b""
        # The answer is short and has no other end that costs less to find.
        while not received.rstrip().endswith(b"}"):
            part = self.socket.recv(4096)
            if not part:
                raise ConnectionError("closed")
            received += part

    def sample(self):
        begun = time.monotonic()
        try:
            self.ask()
        except OSError:
            self.failures += 1
            if self.socket:
                self.socket.close()
            self.socket = None
            time.sleep(PAUSE_AFTER_FAILURE)
        taken = time.monotonic() - begun
        while taken > 0:
            self.samples.append(taken)
            taken -= INTERVAL

    def report(self):
        found, self.samples = sorted(self.samples) or [0], []
        failures, self.failures = self.failures, 0
        rank = [found[min(len(found) - 1, int(len(found) * share))] * 1000 for share in (0.5, 0.99)]
        print(json.dumps({"p50": rank[0], "p99": rank[1], "max": found[-1] * 1000, "failures": failures}), flush=True)


def main():
    probe = Probe(int(sys.argv[1]))
    try:
        os.setpriority(os.PRIO_PROCESS, 0, -15)
    except PermissionError:
        pass
    due = time.monotonic()
    while True:
        if select.select([sys.stdin], [], [], max(0, due - time.monotonic()))[0]:
            if not sys.stdin.readline():
                return
            probe.report()
            continue
        probe.sample()
        due = max(due + INTERVAL, time.monotonic())


main()
