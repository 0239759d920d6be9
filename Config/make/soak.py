"""Mixed traffic with faults on the simulator, for as many seconds as the first argument says. Prints what the server
holds every 30 s, and fails if that grows, if an answer is wrong, or if anything is left at the end."""

import http.client
import json
import os
import pathlib
import random
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time

BUILD = pathlib.Path(__file__).resolve().parents[2] / ".build" / "release"
WORKERS = 6
SAMPLE_SECONDS = 5
ROW_SECONDS = 30
SETTLE_SECONDS = 20
# Short, so that in a few minutes everything has happened to many processes.
SETTINGS = {
    "CLAUDE_INACTIVITY_TIMEOUT_MS": "3000", "PROCESS_KILL_TIMEOUT_MS": "500", "CLAUDE_SESSION_IDLE_MS": "4000",
    "LOG_LEVEL": "info", "HOST": "127.0.0.1",
}
# What may differ between the second and the last third, beside a twentieth: memory in kB, descriptors, processes.
SLACK = {"rss": 1024, "descriptors": 8, "processes": 4}
# The server remembers the sessions of its life, up to 10,000 of them: so many kB each.
SESSION = 1

# What is asked for, how often, and what must come: text, an error, or either.
TWENTY = "".join(f"w{number} " for number in range(20))
TRAFFIC = [
    (30, "tokens=20", TWENTY), (4, "junk=20 tokens=20", TWENTY), (4, "unknown=20 tokens=20", TWENTY),
    (2, "big-line=3000000 tokens=20", TWENTY), (4, "tool=Bash tokens=20", TWENTY), (3, "exit-after tokens=20", TWENTY),
    (3, "two-results tokens=20", TWENTY), (2, "late-exit=700 exit-after tokens=20", TWENTY),
    (4, "tool=Bash grandchild tokens=20", TWENTY), (2, "cut=3 tokens=20", TWENTY), (2, "stubborn tokens=20", TWENTY),
    (4, "crash", None), (4, "crash=5", None), (2, "kill=5", None), (2, "stderr-only", None), (2, "hang=3", None),
    (1, "hang-hard", None), (1, "grandchild hang=2", None), (2, "no-result-exit tokens=2", None),
    (1, "deaf hang=2", None),
]


class Failure(Exception):
    pass


class Server:
    def __init__(self, folder):
        environment = {
            "PATH": os.environ["PATH"], "HOME": str(folder), "PORT": "0", "WORKSPACE_BASE_PATH": str(folder),
            "CLAUDE_CLI_PATH": str(BUILD / "claude-simulator"), **SETTINGS}
        self.folder = folder
        self.process = subprocess.Popen(
            [BUILD / "claude-code-server", "--env-file", "/dev/null"], env=environment,
            stdout=open(folder / "log", "w"), stderr=subprocess.STDOUT)
        self.port = self.find_port()

    def find_port(self):
        for _ in range(200):
            said = (self.folder / "log").read_text()
            if "127.0.0.1:" in said:
                return int(said.split("127.0.0.1:")[1].split()[0].rstrip("/"))
            time.sleep(0.05)
        raise Failure("the server does not start")

    def connect(self):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)

    def figures(self):
        connection = self.connect()
        connection.request("GET", "/health")
        figures = json.load(connection.getresponse())["checks"]["processes"]["details"]
        connection.close()
        return figures

    def family(self):
        """The processes below the server that run, and those that have ended and were not waited for."""
        parents, zombies = {}, set()
        for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
            try:
                pid, fields = int(stat.parent.name), stat.read_text().rpartition(")")[2].split()
            except OSError:
                continue
            parents[pid] = int(fields[1])
            zombies |= {pid} if fields[0] == "Z" else set()
        found, young = set(), {self.process.pid}
        while young:
            young = {pid for pid, parent in parents.items() if parent in young} - found
            found |= young
        return found - zombies, found & zombies

    def sample(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        resident = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS:"))
        running, zombies = self.family()
        return {"rss": resident, "descriptors": len(os.listdir(f"/proc/{self.process.pid}/fd")),
                "processes": len(running), "zombies": len(zombies)}

    def is_at_rest(self):
        figures = self.figures()
        running, zombies = self.family()
        return figures["running"] == figures["queued"] == len(zombies) == 0 \
            and figures["spare"] == figures["live"] == len(running)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=30)


class Traffic:
    """Workers that send requests, check and count until they are stopped."""

    def __init__(self, server, seed):
        self.server = server
        self.is_over = threading.Event()
        self.counts = {"new sessions": 0, "answers": 0, "left early": 0, "errors as asked": 0}
        self.wrong = []
        self.lock = threading.Lock()
        self.workers = [threading.Thread(target=self.work, args=[random.Random(f"{seed}/{n}")]) for n in range(WORKERS)]
        for worker in self.workers:
            worker.start()

    def stop(self):
        self.is_over.set()
        for worker in self.workers:
            worker.join(timeout=60)

    def count(self, name):
        with self.lock:
            self.counts[name] += 1

    def work(self, dice):
        session = None
        while not self.is_over.is_set():
            try:
                session = self.leave(session) if dice.random() < 0.1 else self.converse(dice, session)
            except Exception as error:
                with self.lock:
                    self.wrong.append(f"{type(error).__name__}: {error}")
                session = None
            # Some conversations go on, some are forgotten.
            session = session if dice.random() < 0.5 else None
            self.is_over.wait(dice.random() * 0.05)

    def ask(self, script, session):
        connection = self.server.connect()
        body = {"model": "claude-code", "stream": True,
                "messages": [{"role": "user", "content": f"simulate: {script}"}]}
        headers = {"content-type": "application/json", **({"x-session-id": session} if session else {})}
        connection.request("POST", "/v1/chat/completions", json.dumps(body), headers)
        if not session:
            self.count("new sessions")
        return connection, connection.getresponse()

    def converse(self, dice, session):
        _, script, expected = dice.choices(TRAFFIC, [weight for weight, *_ in TRAFFIC])[0]
        connection, response = self.ask(script, session)
        status, raw = response.status, response.read().decode()
        connection.close()
        text, reasons = "", []
        for frame in [line[6:] for line in raw.splitlines() if line.startswith("data: {")]:
            for choice in json.loads(frame).get("choices", []):
                text += choice["delta"].get("content") or ""
                reasons += [choice["finish_reason"]] if choice["finish_reason"] else []
        if expected is None:
            if status == 200 and reasons:
                raise Failure(f"{script}: a failure looks like an answer: {text!r}")
            self.count("errors as asked")
            # A conversation survives its process.
            return session
        if (status, text, reasons) != (200, expected, ["stop"]):
            raise Failure(f"{script} (session: {bool(session)}): {status} {text!r} {reasons} {raw[-300:]}")
        self.count("answers")
        return response.headers["x-session-id"]

    def leave(self, session):
        connection, response = self.ask("tokens=5000 gap=5", session)
        received = b""
        while b"w3" not in received:
            part = response.read1()
            if not part:
                raise Failure(f"a stream ends early: {response.status} {received[-300:]}")
            received += part
        response.close()
        connection.close()
        self.count("left early")
        return response.headers["x-session-id"]


def row(at, sample, figures):
    print(f"{at:6.0f} s  RSS {sample['rss']:7d} kB  descriptors {sample['descriptors']:4d}  processes "
          f"{sample['processes']:3d}  zombies {sample['zombies']:2d}  " +
          "  ".join(f"{name} {figures[name]}" for name in ["live", "idle", "spare", "spawned", "reused", "killed"]),
          flush=True)


def watch(server, traffic, seconds):
    """What the server held every few seconds."""
    samples, begun = [], time.monotonic()
    while (at := time.monotonic() - begun) < seconds:
        samples.append({**server.sample(), "sessions": traffic.counts["new sessions"]})
        if len(samples) % (ROW_SECONDS // SAMPLE_SECONDS) == 1:
            row(at, samples[-1], server.figures())
        time.sleep(SAMPLE_SECONDS)
    return samples


def growth(samples):
    """What has grown from the second third to the last, and by more than it may."""
    third = len(samples) // 3
    second, last = [{name: statistics.median(sample[name] for sample in part) for name in samples[0]}
                    for part in (samples[third:2 * third], samples[2 * third:])]
    for name, slack in SLACK.items():
        if name == "rss":
            slack += SESSION * (last["sessions"] - second["sessions"])
        print(f"{name}: {second[name]:.0f} in the second third, {last[name]:.0f} in the last")
        if last[name] > second[name] * 1.05 + slack:
            yield f"{name} grow: {second[name]:.0f}, then {last[name]:.0f}"


def leftovers(folder):
    """Processes that were started by the server, wherever they hang now."""
    mark = f"HOME={folder}".encode()
    for environment in pathlib.Path("/proc").glob("[0-9]*/environ"):
        try:
            if mark in environment.read_bytes().split(b"\0"):
                yield environment.parent.name
        except OSError:
            continue


def soak(folder, seconds):
    server = Server(folder)
    found = []
    try:
        before = server.sample()
        traffic = Traffic(server, seed=os.environ.get("SEED", "1"))
        samples = watch(server, traffic, seconds)
        traffic.stop()
        print(traffic.counts)
        found += traffic.wrong[:20]
        found += growth(samples)
        deadline = time.monotonic() + SETTLE_SECONDS
        while not (rests := server.is_at_rest()) and time.monotonic() < deadline:
            time.sleep(0.2)
        row(seconds, server.sample(), server.figures())
        print(f"at the start {before}")
        found += [] if rests else [f"after {SETTLE_SECONDS} s there is more than spares: {server.family()}"]
    finally:
        status = server.stop()
    found += [] if status == 0 else [f"the server ends with {status}"]
    found += [f"process {pid} is left" for pid in leftovers(folder)]
    return found


def main():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="claude-code-server-soak-"))
    try:
        found = soak(folder, int(sys.argv[1]))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    for failure in found:
        print(f"FAIL {failure}")
    sys.exit(1 if found else 0)


main()
