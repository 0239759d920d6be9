"""A CLI whose numbers lie, one that closes its output and stays, one that leaves processes behind."""

import json
import os
import pathlib
import re
import shlex
import signal
import sys
import time

from .ground import BOTTOM, TOP, Row, Server, json_of, spelled

LIAR = pathlib.Path(__file__).with_name("liar.py")
# What a count of tokens may come to where it is the sum of some that were each bounded.
MOST_TOKENS = 2 ** 56
LIES = [
    *[("tokens", value) for value in ["9000000000000000000", str(TOP), "1e308", "1e400", "-1", str(BOTTOM)]],
    *[("retry", value) for value in ["1e308", "1e400", "-1e308", str(TOP)]],
    *[("cost", value) for value in ["1e400", "1e308", "-1e400"]],
    *[(name, str(TOP)) for name in ["turns", "duration", "index", "status"]],
]
# The words for the last lie of the list: the result is an error, too.
COMPANIONS = {"status": {"failed": "true", "retry": "0"}}
QUICK_LIES = [("tokens", str(TOP)), ("tokens", "-1"), ("retry", "1e308"), ("cost", "1e400")]
KILL_SECONDS, GRACE_SECONDS, STRAY_SECONDS = 1, 2, 5
HI = [{"role": "user", "content": "hi"}]
CHAT, MESSAGES, RESPONSES = "/v1/chat/completions", "/v1/messages", "/v1/responses"


def cli(ground, lies):
    """The path of a program that lies so."""
    path = ground.folder / f"liar-{time.monotonic_ns()}"
    path.write_text(f"#!/bin/sh\nexec {shlex.join([sys.executable, '-S', str(LIAR), json.dumps(lies)])} \"$@\"\n")
    path.chmod(0o755)
    return str(path)


def wrong_numbers(answer):
    """Numbers in an answer that no client can use."""
    text = answer.decode(errors="replace")
    for name, value in re.findall(r'"(?!max)(\w*tokens)":(-?[\w.+-]+)', text):
        if not re.fullmatch(r"\d+", value) or int(value) > MOST_TOKENS:
            yield f"{name} {value}"
    for name, value in re.findall(r'"(\w+)":(-?(?:inf|nan)\w*)', text, re.IGNORECASE):
        yield f"{name} {value}"


def requests():
    for is_streamed in [False, True]:
        yield CHAT, {"model": "claude-code", "messages": HI, "stream": is_streamed,
                     **({"stream_options": {"include_usage": True}} if is_streamed else {})}
        yield MESSAGES, {"model": "claude-code", "max_tokens": 9, "messages": HI, "stream": is_streamed}
        yield RESPONSES, {"model": "claude-code", "input": "hi", "stream": is_streamed}
    yield "/api/claude", {"prompt": "hi", "include-partial-messages": True}


def two_turns_of_an_agent(server):
    """Sums of sums: an agent's, over its turns."""
    status, answer = server.ask("POST", "/agent/start", {"prompt": "hi"})
    if status != 200:
        return status, answer
    path = "/agent/" + json_of(answer)["agent_id"]
    for prompt in [None, "more"]:
        if prompt:
            server.ask("POST", f"{path}/input", {"prompt": prompt})
        for _ in range(100):
            status, answer = server.ask("GET", path)
            if status != 200 or not re.search(rb'"status":"(queued|running)"', answer):
                break
            time.sleep(0.02)
    return status, answer


def lie(ground, name, value):
    path = cli(ground, {name: value, **COMPANIONS.get(name, {})})
    server = Server(ground.folder, CLAUDE_CLI_PATH=path, CLAUDE_SESSION_IDLE_MS="60000")
    row = Row(f"a CLI whose {name} is {spelled(value)}", "each route", None, False)
    for path, body in requests():
        status, answer = server.ask("POST", path, body)
        if not row.require(status, f"no answer to {path}"):
            break
        row.answer(str(status))
        for wrong in wrong_numbers(answer) if path != "/api/claude" else []:
            row.require(False, wrong)
    if status:
        status, answer = two_turns_of_an_agent(server)
        row.require(status == 200, f"an agent's second turn: {status}")
        for wrong in wrong_numbers(answer):
            row.require(False, f"agent: {wrong}")
        for path in ["/v1/sessions", "/v1/runs", "/agent", "/health"]:
            status, answer = server.ask("GET", path)
            row.require(status == 200 and not list(wrong_numbers(answer)), f"GET {path}: {status}")
    finish(ground, server, row)


def finish(ground, server, row):
    lives = server.is_alive()
    status = server.stop()
    row.require(lives, f"the server is gone ({status})")
    row.require(status == 0 or not lives, f"exit status {status}")
    ground.report(row)


def closed_output(ground):
    """The client must not wait for the inactivity timeout when the CLI can say nothing more."""
    server = Server(ground.folder, CLAUDE_CLI_PATH=cli(ground, {"closes": "true"}))
    row = Row("a CLI that closes its output and stays", "chat, streamed and not", None, False)
    limit = KILL_SECONDS + GRACE_SECONDS
    for is_streamed in [False, True]:
        begun = time.monotonic()
        status, answer = server.ask(
            "POST", CHAT, {"model": "claude-code", "messages": HI, "stream": is_streamed}, timeout=limit)
        taken = time.monotonic() - begun
        row.answer(str(status))
        row.require(b'"error"' in answer, f"no error after {taken:.1f} s")
        row.require(taken <= limit, f"an error after {taken:.1f} s")
    finish(ground, server, row)


def is_running(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def strays(ground, idle, stops):
    """What a turn leaves behind ends with the turn's process, or with the server."""
    pids = ground.folder / f"pids-{time.monotonic_ns()}"
    server = Server(ground.folder, CLAUDE_CLI_PATH=cli(ground, {"pids": str(pids)}), CLAUDE_SESSION_IDLE_MS=idle)
    row = Row(f"strays after {'the server' if stops else 'their turn'}", "env -i setsid sleep, and twin", None, False)
    row.answer(str(server.ask("POST", CHAT, {"model": "claude-code", "messages": HI})[0]))
    left = [int(pid) for pid in pids.read_text().split()] if pids.exists() else []
    row.require(len(left) == 2, f"{len(left)} strays")
    if stops:
        row.require(server.stop() == 0, "it does not end well")
    deadline = time.monotonic() + STRAY_SECONDS
    while (left := [pid for pid in left if is_running(pid)]) and time.monotonic() < deadline:
        time.sleep(0.05)
    row.require(not left, f"{len(left)} left after {STRAY_SECONDS} s")
    server.stop()
    for pid in left:
        if is_running(pid):
            os.kill(pid, signal.SIGKILL)
    ground.report(row)


def run(ground, scale):
    for name, value in LIES if scale == 1 else QUICK_LIES:
        lie(ground, name, value)
    closed_output(ground)
    strays(ground, idle="0", stops=False)
    strays(ground, idle="60000", stops=True)
