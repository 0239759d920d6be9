"""What one key can make the server keep, and output that nobody reads."""

import fcntl
import os
import select
import time

from .ground import Row, Scene, Server, json_of
from .responses import ANSWER

SIZE = 30 * 1024 * 1024
REPEATABLE, BACK_UNDER_MB, BACK_SECONDS = 12, 100, 5
INPUTS, INPUT_BYTES, INPUTS_MB = 30, 31 * 1024 * 1024, 384
UNREAD_REQUESTS, UNREAD_SECONDS, PIPE_BYTES = 2000, 3, 4096


def repeatable(count):
    """Requests whose answers are kept for a library that repeats them."""
    def work(server, row):
        text = b"x" * SIZE
        for number in range(count):
            body = b'{"model":"claude-code","messages":[{"role":"user","content":"%d %b%b"}]}' % (number, text, ANSWER)
            row.answer(server.ask("POST", "/v1/chat/completions", body, ["x-stainless-lang: python"])[0] or "none")
        deadline = time.monotonic() + BACK_SECONDS
        while (grown := server.rss() - row.before) > BACK_UNDER_MB and time.monotonic() < deadline:
            time.sleep(0.1)
        row.note = f"afterwards +{grown:.0f} MB"
        row.require(grown <= BACK_UNDER_MB, f"{BACK_SECONDS} s afterwards +{grown:.0f} MB")
    return work


def waiting_inputs(count):
    """Inputs for an agent that is still busy with its first one."""
    def work(server, row):
        status, answer = server.ask("POST", "/agent/start", {"prompt": "simulate: hang"})
        if not row.require(status == 200, f"no agent: {status}"):
            return
        agent = json_of(answer)["agent_id"]
        body = b'{"prompt":"' + b"x" * INPUT_BYTES + b'"}'
        for _ in range(count):
            row.answer(server.ask("POST", f"/agent/{agent}/input", body)[0] or "none")
        server.ask("POST", f"/agent/stop/{agent}")
    return work


def waiting_responses(count):
    """Responses in the background while the only slot is taken."""
    def work(server, row):
        def post(text):
            body = b'{"model":"claude-code","background":true,"input":"%b"}' % text
            return server.ask("POST", "/v1/responses", body)[0] or "none"

        row.require(post(b"simulate: hang") == 200, "nothing holds the slot")
        for _ in range(count):
            row.answer(post(b"x" * INPUT_BYTES))
    return work


def unread_output(ground, count):
    """The server's standard output is a pipe that is full."""
    reading, writing = os.pipe()
    fcntl.fcntl(reading, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
    server = Server(ground.folder, output=writing, LOG_LEVEL="debug")
    os.close(writing)
    said = bytearray()

    def look():
        if select.select([reading], [], [], 0.1)[0]:
            said.extend(os.read(reading, 4096))
        return said.decode(errors="replace")

    server.port = server.find_port(look)
    row = Row("standard output that nobody reads", f"{count:,} GET", None, False)
    with server.connect(UNREAD_SECONDS) as connection:
        request = server.head("GET", "/health/live")
        for number in range(count):
            try:
                connection.sendall(request)
                if b" 200 " not in connection.recv(4096)[:16]:
                    break
                row.answers[200] = number + 1
            except OSError:
                break
    answered = row.answers.get(200, 0)
    row.require(answered == count, f"request {answered + 1} has no answer in {UNREAD_SECONDS} s")
    # The end of the reader is an end of the pipe, and no reason to stay.
    os.close(reading)
    row.require(server.stop() == 0, "it does not end well")
    ground.report(row)


def run(ground, scale):
    # A server each: what one leaves behind is not the other's.
    with Scene(ground.folder, ground.report) as scene:
        count = REPEATABLE if scale == 1 else 4
        scene.attack("requests that may be repeated", f"{count} × 30 MB", repeatable(count), rss=768)
    with Scene(ground.folder, ground.report) as scene:
        count = INPUTS if scale == 1 else 15
        scene.attack("inputs that wait for an agent", f"{count} × 31 MB", waiting_inputs(count), rss=INPUTS_MB)
    with Scene(ground.folder, ground.report, CLAUDE_MAX_CONCURRENT="1") as scene:
        count = INPUTS if scale == 1 else 15
        scene.attack("responses that wait in the background", f"{count} × 31 MB", waiting_responses(count),
                     rss=INPUTS_MB)
    unread_output(ground, int(UNREAD_REQUESTS * max(scale, 0.5)))
