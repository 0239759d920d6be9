"""Where the attacks take place: a server of their own, a probe beside it, and rows of what was seen."""

import dataclasses
import json
import os
import pathlib
import select
import signal
import socket
import subprocess
import sys
import time

BUILD = pathlib.Path(os.environ.get("BIN") or pathlib.Path(__file__).resolve().parents[3] / ".build" / "release")
KEY = "sk-redteam-0001"
OTHER_KEY = "sk-redteam-0002"
# Milliseconds of `GET /health/live` while an attack runs.
P99, WORST = 20, 50
# A narrow miss of these is looked at once more: on a busy machine the probe itself may have waited.
ATTEMPTS, NARROW = 2, 4 * WORST
# The numbers that a 64-bit integer ends with.
TOP, BOTTOM = 2 ** 63 - 1, -(2 ** 63)
# Of the reasons in a row, in characters.
WHY = 160
# Refusals are as good as answers; a 500 or silence is not.
FINE = {200, 202, 400, 401, 403, 404, 408, 413, 422, 429, 431, 503}
START_SECONDS, STOP_SECONDS, CALM_SECONDS, REQUEST_SECONDS = 15, 20, 20, 90


class Server:
    """The server on the simulator, with made-up keys unless it is started without."""

    all = []

    def __init__(self, folder, keys=True, command=None, output=None, after=None, **settings):
        """
        command: a program that becomes the server, which is in its arguments.
        output: where standard output goes, instead of a log.
        after: a server that has ended, whose home and workspaces are taken over.
        """
        self.folder = after.folder if after else folder / f"server-{len(Server.all)}"
        for name in ["home", "tmp"]:
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        self.log = self.folder / "log"
        environment = {
            "PATH": os.environ["PATH"], "HOME": str(self.folder / "home"), "TMPDIR": str(self.folder / "tmp"),
            "PORT": "0", "HOST": "127.0.0.1", "LOG_LEVEL": "info", "WORKSPACE_BASE_PATH": str(self.folder),
            "CLAUDE_CLI_PATH": str(BUILD / "claude-simulator"), "SHUTDOWN_GRACE_MS": "200",
            "PROCESS_KILL_TIMEOUT_MS": "1000", "CLAUDE_POOL_SPARES": "0", **settings}
        if keys:
            environment["API_KEYS"] = f"{KEY},{OTHER_KEY}"
        self.has_keys = keys
        self.process = subprocess.Popen(
            [*(command or []), BUILD / "claude-code-server", "--env-file", "/dev/null"], env=environment,
            stdout=output or open(self.log, "w"), stderr=subprocess.STDOUT, cwd=self.folder)
        Server.all.append(self)
        self.port = None if output else self.find_port(lambda: self.log.read_text(errors="replace"))

    def find_port(self, said):
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self.process.poll() is None:
            if "url=http://127.0.0.1:" in (text := said()):
                return int(text.split("url=http://127.0.0.1:")[1].split()[0].rstrip("/"))
            time.sleep(0.01)
        raise NoStart(f"the server does not start (status {self.process.poll()})")

    def connect(self, timeout=REQUEST_SECONDS):
        return socket.create_connection(("127.0.0.1", self.port), timeout=timeout)

    def head(self, method, path, fields=(), key=KEY, host="localhost"):
        lines = [f"{method} {path} HTTP/1.1", f"Host: {host}", "Content-Type: application/json"]
        lines += [f"Authorization: Bearer {key}"] if key and self.has_keys else []
        return "\r\n".join([*lines, *fields, "", ""]).encode()

    def ask(self, method, path, body=b"", fields=(), timeout=REQUEST_SECONDS, **options):
        """One request on a connection of its own: the status (None without an answer), and the whole answer."""
        if isinstance(body, dict):
            body = json.dumps(body).encode()
        fields = ["Connection: close", f"Content-Length: {len(body)}", *fields]
        try:
            with self.connect(timeout) as connection:
                return exchange(connection, self.head(method, path, fields, **options), body)
        except OSError:
            return None, b""

    def is_alive(self):
        return self.process.poll() is None and self.ask("GET", "/health/live", timeout=CALM_SECONDS)[0] == 200

    def figure(self, name):
        """Of /proc/…/status, in MB; 0 of a server that is gone."""
        try:
            status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        except OSError:
            return 0
        return next((int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith(name)), 0)

    def rss(self):
        return self.figure("VmRSS:")

    def peak(self):
        return self.figure("VmHWM:")

    def forget_peak(self):
        try:
            pathlib.Path(f"/proc/{self.process.pid}/clear_refs").write_text("5")
        except OSError:
            pass

    def stop(self):
        """The exit status; of a server that does not end, -9."""
        try:
            # One that is dying may need a moment more; the signal of its death is its status.
            self.process.send_signal(signal.SIGTERM)
            return self.process.wait(timeout=STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()


def spelled(value):
    """A number for a table."""
    return {TOP: "2^63−1", BOTTOM: "−2^63", str(TOP): "2^63−1", str(BOTTOM): "−2^63"}.get(value, str(value))


class NoStart(Exception):
    pass


def exchange(connection, head, body=b""):
    """Sends all, or as much as is taken, and reads to the end."""
    try:
        connection.sendall(head)
        connection.sendall(body)
    except TimeoutError:
        return None, b""
    except OSError:
        # Refused in the middle: the answer is there all the same.
        pass
    received = read_to_end(connection)
    return status_of(received), received


def read_to_end(connection):
    """What comes until the server closes the connection or stays silent for as long as its timeout."""
    received = bytearray()
    try:
        while part := connection.recv(1 << 18):
            received += part
    except OSError:
        pass
    return bytes(received)


def status_of(received):
    return int(received[9:12]) if received.startswith(b"HTTP/1.1 ") else None


def json_of(answer):
    """The body of an answer that is not chunked."""
    return json.loads(answer.split(b"\r\n\r\n", 1)[1])


@dataclasses.dataclass
class Row:
    name: str
    sent: str
    rss_limit: int | None
    has_latency: bool
    answers: dict = dataclasses.field(default_factory=dict)
    misses: list = dataclasses.field(default_factory=list)
    late: list = dataclasses.field(default_factory=list)
    latency: dict = dataclasses.field(default_factory=dict)
    before: float = 0
    peak: float = 0
    note: str = ""

    def answer(self, status):
        """Notes an answer."""
        self.answers[status] = self.answers.get(status, 0) + 1
        return status

    def require(self, holds, otherwise):
        if not holds and otherwise not in self.misses:
            self.misses.append(otherwise)
        return holds

    def judge(self):
        for status in self.answers:
            self.require(status in FINE or isinstance(status, str), f"answer {status}")
        if self.has_latency:
            for name, limit in [("p99", P99), ("max", WORST)]:
                if self.latency[name] > limit:
                    self.late.append(f"{name} {self.latency[name]:.0f} ms")
            self.require(not self.latency["failures"], f"{self.latency['failures']} probes without an answer")
        if self.rss_limit is not None:
            grown = self.peak - self.before
            self.require(grown <= self.rss_limit, f"RSS +{grown:.0f} MB")

    def text(self):
        answers = " ".join(f"{status}×{count}" if count > 1 else f"{status}" for status, count in self.answers.items())
        latency = "{p50:.1f}/{p99:.0f}/{max:.0f}".format(**self.latency) if self.has_latency else "–"
        memory = f"{self.before:.0f}→{self.peak:.0f}" if self.peak else "–"
        limit = f"≤{P99}/{WORST} ms" if self.has_latency else ""
        limit += f" +{self.rss_limit} MB" if self.rss_limit is not None else ""
        verdict = "MISS" if self.misses or self.late else "PASS"
        why = "; ".join(self.late + self.misses) or self.note
        why = why if len(why) <= WHY else why[:WHY] + "…"
        return (f"{self.name:42.42} {self.sent:26.26} {answers:18.18} {latency:>15} {memory:>11} {limit.strip():>19} "
                f"{verdict} {why}".rstrip())


HEADER = (f"{'attack':42} {'sent':26} {'answers':18} {'p50/p99/max ms':>15} {'RSS MB':>11} {'limit':>19} verdict")


class Scene:
    """A server under attack. A new one takes its place when it has died."""

    def __init__(self, folder, report, keys=True, **settings):
        self.folder, self.report, self.keys, self.settings = folder, report, keys, settings
        self.server = self.probe = None

    def __enter__(self):
        self.open()
        return self

    def open(self):
        self.server = Server(self.folder, self.keys, **self.settings)
        self.probe = subprocess.Popen(
            [sys.executable, "-S", pathlib.Path(__file__).with_name("probe.py"), str(self.server.port)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def figures(self):
        """Of the probe, since the last time."""
        try:
            self.probe.stdin.write("\n")
            self.probe.stdin.flush()
            if select.select([self.probe.stdout], [], [], REQUEST_SECONDS)[0]:
                return json.loads(self.probe.stdout.readline())
        except (OSError, ValueError):
            pass
        return {"p50": 0, "p99": 0, "max": 0, "failures": 1}

    def calm_down(self):
        """Waits until nothing of the last attack is left to do."""
        deadline = time.monotonic() + CALM_SECONDS
        while time.monotonic() < deadline:
            self.figures()
            time.sleep(0.1)
            figures = self.figures()
            if not figures["failures"] and figures["max"] < P99:
                return

    def attack(self, name, sent, work, rss=None, latency=True):
        """Does `work(server, row)` and reports what was seen meanwhile."""
        self.calm_down()
        before = self.server.rss()
        for attempt in range(ATTEMPTS):
            row = Row(name, sent, rss, latency, before=before)
            self.calm_down()
            self.server.forget_peak()
            self.figures()
            work(self.server, row)
            row.latency, row.peak = self.figures(), self.server.peak()
            lives = row.require(self.server.is_alive(), "the server is gone")
            if not lives and (status := self.server.process.poll()) is not None:
                row.misses[-1] += f" ({status})"
            row.judge()
            if not row.late or row.misses or row.latency["max"] > NARROW:
                break
        self.report(row)
        if not lives:
            self.close()
            self.open()

    def close(self):
        self.probe.stdin.close()
        self.probe.terminate()
        self.probe.wait()
        return self.server.stop()

    def __exit__(self, *failure):
        status = self.close()
        if status != 0 and failure[0] is None:
            row = Row("the end", "SIGTERM", None, False, misses=[f"exit status {status}"])
            self.report(row)
