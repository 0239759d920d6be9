"""Processes that a tool leaves behind: they end with their turn's process and with the server, whatever they are."""

import os
import pathlib
import signal
import threading

import pytest

from conftest import happens
from plain_dialects import Chat, user
from scripts import encoded

BASH = {"allowed-tools": ["Bash"]}
# An orphan without an environment, in a session of its own; and the same with the environment it was given.
STRAY = "{} setsid sleep 303 </dev/null >/dev/null 2>&1 & echo $! >> {}"
KINDS = {"without an environment": "env -i", "with its environment": ""}
# PROCESS_KILL_TIMEOUT_MS, for a process's end and for its family's, and a second.
ENDS_IN = 5


def bash(command):
    return f"stub: tool=Bash input64={encoded({'command': command, 'description': 'x'})}"


def is_running(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


class Strays:
    """Has a turn leave strays, and ends by itself those that are left in the end."""

    def __init__(self, folder):
        self.folder, self.pids = folder, {}

    def leave(self, server):
        files = {kind: self.folder / kind.split()[0] for kind in KINDS}
        command = "; ".join(STRAY.format(prefix, files[kind]) for kind, prefix in KINDS.items())
        status, _, answer = Chat().post(server, [user(bash(command))], **BASH)
        assert status == 200, answer
        self.pids = {kind: int(path.read_text()) for kind, path in files.items()}

    def left(self):
        return [kind for kind, pid in self.pids.items() if is_running(pid)]

    def end(self):
        for pid in self.pids.values():
            if is_running(pid):
                os.kill(pid, signal.SIGKILL)


@pytest.fixture
def strays(tmp_path):
    strays = Strays(tmp_path)
    yield strays
    strays.end()


def test_strays_end_with_their_turns_process(make_server, strays):
    server = make_server(CLAUDE_SESSION_IDLE_MS="0", CLAUDE_POOL_SPARES="0", PROCESS_KILL_TIMEOUT_MS="1000")
    strays.leave(server)
    assert happens(lambda: not strays.left(), ENDS_IN), f"left: {strays.left()}"


def test_strays_end_with_the_server(make_server, strays):
    server = make_server(PROCESS_KILL_TIMEOUT_MS="1000")
    strays.leave(server)
    assert server.program.stop() == 0
    assert happens(lambda: not strays.left(), 1), f"left: {strays.left()}"


def test_another_turns_tools_go_on(make_server, strays):
    """A tool at work is nobody's stray, be its environment empty."""
    server = make_server(CLAUDE_SESSION_IDLE_MS="0", CLAUDE_POOL_SPARES="0", PROCESS_KILL_TIMEOUT_MS="500")
    begun = strays.folder / "begun"
    answers = []

    def work():
        command = f"touch {begun}; env -i sh -c 'sleep 4; echo survived'"
        answers.append(Chat().post(server, [user(bash(command))], **BASH))

    worker = threading.Thread(target=work)
    worker.start()
    assert happens(begun.exists, 20)
    strays.leave(server)
    worker.join(timeout=30)
    status, _, answer = answers[0]
    assert status == 200 and "survived" in answer
