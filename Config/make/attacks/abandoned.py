"""Function calls that nobody answers: each holds a process, until others need it."""

import threading
import time

from .ground import Scene, json_of

PROCESSES = 8
ABANDONERS, WORKERS = 200, 20
SECONDS = 6
# Between the end of one abandoned turn of a client and its next.
PAUSE = 2
CHAT = "/v1/chat/completions"
# How much longer a worker may wait beside the abandoners: they need processes too.
TIMES, MILLISECONDS = 4, 250
FUNCTION = [{"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {}}}}]


def turn(server, messages):
    return server.ask("POST", CHAT, {"model": "claude-code", "messages": messages, "tools": FUNCTION})


class Crowd:
    """Clients that ask at once, each in a thread of its own, until the time is over."""

    def __init__(self, server, row, seconds):
        self.server, self.row = server, row
        self.deadline = time.monotonic() + seconds
        self.lock = threading.Lock()
        self.times, self.refusals, self.threads = [], [], []

    def start(self, count, work):
        for number in range(count):
            self.threads.append(threading.Thread(target=self.repeat, args=[work, number]))
            self.threads[-1].start()

    def repeat(self, work, number):
        time.sleep(number % WORKERS * 0.01)
        while time.monotonic() < self.deadline:
            work(number)

    def join(self):
        for thread in self.threads:
            thread.join()

    def note(self, status, answer):
        with self.lock:
            self.row.answer(status or "none")
            if status != 200:
                self.refusals.append(answer[-300:].decode(errors="replace"))
        return status == 200

    def abandon(self, number):
        self.note(*turn(self.server, [{"role": "user", "content": f"simulate: call=f\n{number} {time.monotonic()}"}]))
        time.sleep(PAUSE)

    def work(self, number):
        """A turn with a call whose result follows at once."""
        begun = time.monotonic()
        messages = [{"role": "user", "content": f"simulate: call=f tokens=2\n{number} {begun}"}]
        status, answer = turn(self.server, messages)
        if not self.note(status, answer):
            return
        message = json_of(answer)["choices"][0]["message"]
        results = [{"role": "tool", "tool_call_id": call["id"], "content": "sunny"} for call in message["tool_calls"]]
        status, answer = turn(self.server, [*messages, message, *results])
        if self.note(status, answer):
            with self.lock:
                self.times.append(time.monotonic() - begun)


def workers(seconds, abandoners, baseline):
    """p99 of the workers' two requests together, in milliseconds; it is compared with the baseline, if that is known."""
    def work(server, row):
        crowd = Crowd(server, row, seconds)
        crowd.start(abandoners, crowd.abandon)
        crowd.start(WORKERS, crowd.work)
        crowd.join()
        times = sorted(crowd.times)
        row.require(times, "no worker got an answer")
        row.require(not crowd.refusals, f"refused: {crowd.refusals[:1]}")
        p50, p99 = (times[min(len(times) - 1, int(len(times) * share))] * 1000 if times else 0 for share in (0.5, 0.99))
        row.note = f"{len(times)} turns, p50 {p50:.0f} ms, p99 {p99:.0f} ms"
        if not baseline:
            baseline.append(p99)
        else:
            limit = TIMES * baseline[0] + MILLISECONDS
            row.require(p99 <= limit, f"{row.note}, not {limit:.0f} ms")
    return work


def run(ground, scale):
    seconds, baseline = max(2, SECONDS * scale), []
    # Everybody may wait: what counts is whether there is a place in the end.
    settings = {"CLAUDE_MAX_PROCESSES": str(PROCESSES), "CLAUDE_MAX_QUEUE": str(2 * ABANDONERS)}
    with Scene(ground.folder, ground.report, **settings) as scene:
        scene.attack("turns with functions", f"{WORKERS} clients", workers(seconds, 0, baseline), latency=False)
        scene.attack(
            "calls that nobody answers", f"beside {ABANDONERS} clients", workers(seconds, ABANDONERS, baseline),
            latency=False)
