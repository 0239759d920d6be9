"""What the real CLI's Bash leaves running, with the server's mark in its environment and without."""

import pathlib
import urllib.request

import pytest

from conftest import happens
from test_pool import raw, tool

# The daemon writes its id before the command ends.
DAEMONS = {
    "marked": "setsid sh -c 'echo $$ >{file}; exec sleep 303' </dev/null >/dev/null 2>&1 & ",
    "unmarked": "env -i setsid sh -c 'echo $$ >{file}; exec sleep 303' </dev/null >/dev/null 2>&1 & ",
    "orphaned": "(env -i setsid sh -c 'echo $$ >{file}; exec sleep 303' </dev/null >/dev/null 2>&1 &) ; ",
}


@pytest.fixture
def own(make_server):
    return make_server(CLAUDE_POOL_SPARES="0", CLAUDE_SESSION_IDLE_MS="600000", PROCESS_KILL_TIMEOUT_MS="2000")


def daemons(server, folder):
    """The session of a turn whose Bash leaves a daemon of each kind, and their ids by kind."""
    script = "".join(line.format(file=folder / name) for name, line in DAEMONS.items())
    waiting = "while [ $(cat " + " ".join(str(folder / name) for name in DAEMONS) + " | wc -l) != 3 ]; do :; done"
    said = raw(server, tool(script + waiting), **{"allowed-tools": ["Bash"]})
    assert said[-1]["subtype"] == "success"
    pids = {name: int((folder / name).read_text()) for name in DAEMONS}
    return said[-1]["session_id"], pids


def alive(pids):
    return {name for name, pid in pids.items() if pathlib.Path(f"/proc/{pid}").exists()}


def test_daemons_stay_while_their_process_does_and_end_with_it(own, upstream, tmp_path):
    session, pids = daemons(own, tmp_path)
    # Another session's process ends meanwhile, and what it left is looked for.
    other = tmp_path / "other"
    other.mkdir()
    second, others = daemons(own, other)
    delete(own, second)
    assert happens(lambda: not alive(others), 5)
    assert alive(pids) == set(DAEMONS)
    raw(own, "stub: tokens=1", session)
    assert alive(pids) == set(DAEMONS)
    delete(own, session)
    assert happens(lambda: not alive(pids), 5)


def test_daemons_end_with_the_server(own, upstream, tmp_path):
    _, pids = daemons(own, tmp_path)
    assert alive(pids) == set(DAEMONS)
    assert own.program.stop() == 0
    assert alive(pids) == set()


def delete(server, session):
    urllib.request.urlopen(urllib.request.Request(f"{server.url}/v1/sessions/{session}", method="DELETE")).close()
