"""Sessions over HTTP, and shared with a terminal: the CLI itself, run as a user runs it, in the same workspace and home."""

import json
import os
import re
import subprocess
import time
import urllib.error
import urllib.request
import uuid

import openai
import pytest

from conftest import Server, happens
from scripts import call

ADMIN, ALICE, BOB = "sk-admin-0123456789abcdefghijkl", "sk-alice-0123456789abcdefghijkl", "sk-bob-0123456789abcdefghijklmn"
KEYS = {"API_KEYS": f"{ALICE},{BOB}", "ADMIN_API_KEYS": ADMIN}
PATIENCE = 60


def ask(server, method, path, key=None):
    """The status and the body of an answer; a body that is no JSON document as its bytes."""
    request = urllib.request.Request(f"{server.url}{path}", method=method)
    if key:
        request.add_header("authorization", f"Bearer {key}")
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            status, kind, body = answer.status, answer.headers["content-type"], answer.read()
    except urllib.error.HTTPError as error:
        status, kind, body = error.code, error.headers["content-type"], error.read()
    return status, json.loads(body) if kind == "application/json" else body


def say(server, text, session=None, key="sk-any", workspace="shared", **options):
    """One message over the API: what is answered, and the session."""
    extra = {"workspace": workspace, **({"session-id": session} if session else {})}
    answer = server.client(api_key=key).chat.completions.with_raw_response.create(
        model="claude-code", messages=[{"role": "user", "content": text}], extra_body=extra, **options)
    return answer.parse().choices[0].message.content, answer.headers["x-session-id"]


class Terminal:
    """The CLI in a workspace of the server's, under the server's user."""

    def __init__(self, server, cli, workspace="shared"):
        self.server, self.cli = server, cli
        self.directory = server.workspaces / "workspace" / workspace
        self.directory.mkdir(parents=True, exist_ok=True)

    def run(self, text, *arguments):
        foreign = {"PORT", "HOST", "CLAUDE_CLI_PATH", "WORKSPACE_BASE_PATH", "API_KEYS", "ADMIN_API_KEYS"}
        environment = {name: value for name, value in self.server.environment.items() if name not in foreign}
        done = subprocess.run(
            [self.cli, "-p", *arguments, text], stdin=subprocess.DEVNULL, capture_output=True, text=True,
            cwd=self.directory, env=environment, timeout=PATIENCE)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def begin(self, text):
        session = str(uuid.uuid4())
        return self.run(text, f"--session-id={session}"), session

    def resume(self, session, text):
        return self.run(text, "--resume", session)

    def transcript(self, session):
        folder = re.sub("[^A-Za-z0-9]", "-", str(self.directory.resolve()))
        return self.server.folder / "home" / ".claude" / "projects" / folder / f"{session}.jsonl"


@pytest.fixture(scope="module")
def shared(make_server):
    return make_server(LOG_LEVEL="debug")


@pytest.fixture(scope="module")
def keyed(make_server):
    return make_server(LOG_LEVEL="debug", **KEYS)


@pytest.fixture
def terminal(shared, cli):
    return Terminal(shared, cli)


def heard(upstream):
    return upstream.spoken(upstream.last())


# A session in two places

def test_a_terminal_and_the_api_go_on_with_each_others_turns(shared, terminal, upstream):
    one, two, three, four = [f"stub: tokens={number} key=both" for number in range(1, 5)]
    answer, session = say(shared, one)
    assert answer == "w0 "
    assert terminal.resume(session, two) == "w0 w1"
    told = [("user", one), ("assistant", "w0"), ("user", two)]
    assert heard(upstream) == told
    # The process that is kept for the session does not know of that: another one takes the turn.
    assert shared.processes()["idle"] >= 1
    assert say(shared, three, session) == ("w0 w1 w2 ", session)
    told += [("assistant", "w0 w1"), ("user", three)]
    assert heard(upstream) == told
    # Nobody was there meanwhile: it stays.
    assert say(shared, four, session) == ("w0 w1 w2 w3 ", session)
    told += [("assistant", "w0 w1 w2"), ("user", four)]
    assert heard(upstream) == told
    first, second, third = [pid for name, pid in shared.runs() if name == session]
    assert first != second == third
    # One conversation, without branches.
    _, transcript = ask(shared, "GET", f"/v1/sessions/{session}/transcript")
    assert [(message["role"], message["content"][0]["text"].strip()) for message in transcript["data"]] == (
        told + [("assistant", "w0 w1 w2 w3")])


def test_a_process_is_kept_as_long_as_nobody_else_goes_on_with_its_session(shared):
    _, session = say(shared, "stub: tokens=1 key=kept")
    for number in range(2, 22):
        say(shared, f"stub: tokens={number} key=kept", session)
    assert len({pid for name, pid in shared.runs() if name == session}) == 1


def test_a_terminals_session_goes_on_over_the_api(keyed, cli, upstream):
    terminal = Terminal(keyed, cli)
    opening, more = "stub: tokens=2 key=terminal", "stub: tokens=1 key=api"
    answer, session = terminal.begin(opening)
    assert answer == "w0 w1"
    before, runs = len(upstream.requests()), len(keyed.runs())
    with pytest.raises(openai.NotFoundError) as refused:
        say(keyed, more, session, ALICE)
    assert refused.value.code == "session_not_found"
    assert (len(upstream.requests()), len(keyed.runs())) == (before, runs)
    assert say(keyed, more, session, ADMIN) == ("w0 ", session)
    assert heard(upstream) == [("user", opening), ("assistant", "w0 w1"), ("user", more)]
    # From here on it is the admin's.
    assert ask(keyed, "GET", f"/v1/sessions/{session}", ADMIN)[1]["turns"] == 1
    assert ask(keyed, "GET", f"/v1/sessions/{session}", ALICE)[0] == 404
    assert terminal.resume(session, "stub: tokens=3 key=terminal") == "w0 w1 w2"


def test_a_turn_costs_the_same_in_a_process_that_goes_on_with_the_costs_of_others(shared, terminal):
    """A CLI that resumes a session counts on from what was spent before."""
    _, session = say(shared, "stub: tokens=3 key=cost", workspace="shared")
    costs = [ask(shared, "GET", f"/v1/sessions/{session}")[1]["cost_usd"]]
    for number in range(2):
        terminal.resume(session, f"stub: tokens=3 key=cost-{number}")
        say(shared, "stub: tokens=3 key=cost", session)
        costs.append(ask(shared, "GET", f"/v1/sessions/{session}")[1]["cost_usd"])
    each = [later - earlier for earlier, later in zip(costs, costs[1:])]
    assert costs[0] > 0 and each == pytest.approx([costs[0]] * 2)


# Over HTTP

def test_a_session_is_described(shared):
    start = int(time.time())
    _, session = say(shared, "stub: tokens=3 key=described", workspace="described")
    status, found = ask(shared, "GET", f"/v1/sessions/{session}")
    assert status == 200
    assert start <= found.pop("created_at") <= found.pop("last_used_at") <= time.time()
    cost = found.pop("cost_usd")
    assert 0 < cost < 1
    assert found == {"id": session, "object": "session", "state": "idle", "workspace": "described", "model": None,
                     "turns": 1}
    say(shared, "stub: tokens=3 key=described", session, "sk-any", "described")
    _, again = ask(shared, "GET", f"/v1/sessions/{session.upper()}")
    assert again["turns"] == 2 and again["cost_usd"] > cost


def test_a_session_whose_turn_waits_says_for_what(shared):
    tools = [{"type": "function", "function": {"name": "get_weather", "parameters": {"type": "object"}}}]
    raw = shared.client().chat.completions.with_raw_response.create(
        model="claude-code", messages=[{"role": "user", "content": call(key="parked-state")}], tools=tools)
    session, calls = raw.headers["x-session-id"], raw.parse().choices[0].message.tool_calls
    _, found = ask(shared, "GET", f"/v1/sessions/{session}")
    assert (found["state"], found["parked_calls"]) == ("parked", [calls[0].id])
    assert ask(shared, "DELETE", f"/v1/sessions/{session}")[0] == 200
    assert shared.comes_to_rest(10)


def test_sessions_are_listed_from_the_newest_on(make_server):
    server = make_server()
    sessions = [say(server, f"stub: tokens=1 key=listed-{number}")[1] for number in range(4)]
    say(server, "stub: tokens=1 key=listed-again", sessions[1])
    order = [sessions[1], sessions[3], sessions[2], sessions[0]]
    found, after = [], ""
    for hasMore in [True, False]:
        status, page = ask(server, "GET", f"/v1/sessions?limit=3{after}")
        assert (status, page["object"], page["has_more"]) == (200, "list", hasMore)
        found += [session["id"] for session in page["data"]]
        after = f"&after={found[-1]}"
    assert found == order


def test_a_transcript_is_the_conversation(shared, terminal):
    question = "stub: tools=Bash:2 input64=eyJjb21tYW5kIjoiZWNobyBoaSVuIiwiZGVzY3JpcHRpb24iOiJ4In0= key=transcript"
    say(shared, "stub: tokens=2 key=transcript")
    raw = shared.client().chat.completions.with_raw_response.create(
        model="claude-code", messages=[{"role": "user", "content": question}],
        extra_body={"workspace": "shared", "allowed-tools": ["Bash"]})
    session = raw.headers["x-session-id"]
    assert raw.parse().choices[0].message.content.startswith("The tool said:")
    status, transcript = ask(shared, "GET", f"/v1/sessions/{session}/transcript")
    assert (status, transcript["object"], transcript["has_more"]) == (200, "list", False)
    kinds = [(message["role"], [block["type"] for block in message["content"]]) for message in transcript["data"]]
    # Each block has a line of its own, also calls that were made at once; none is lost, nor any result.
    assert kinds == [("user", ["text"])] + [("assistant", ["tool_use"])] * 2 + [("user", ["tool_result"])] * 2 + [
        ("assistant", ["text"])]
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+Z", message["timestamp"]) for message in transcript["data"])
    assert len({message["uuid"] for message in transcript["data"]}) == 6
    status, lines = ask(shared, "GET", f"/v1/sessions/{session}/transcript?format=raw")
    assert status == 200 and lines == terminal.transcript(session).read_bytes()


def test_a_branch_that_was_abandoned_is_not_told(shared, terminal, upstream):
    """Two CLIs at once fork a session; the newest message decides."""
    _, session = say(shared, "stub: tokens=1 key=fork")
    file = terminal.transcript(session)
    before = file.read_bytes()
    terminal.resume(session, "stub: tokens=2 key=lost")
    lost = file.read_bytes()[len(before):]
    # As if the other had not been there.
    file.write_bytes(before)
    say(shared, "stub: tokens=3 key=won", session)
    won = file.read_bytes()[len(before):]
    file.write_bytes(before + lost + won + b'{"type":"user","uuid":"torn')
    _, transcript = ask(shared, "GET", f"/v1/sessions/{session}/transcript")
    said = [message["content"][0]["text"] for message in transcript["data"]]
    assert said == ["stub: tokens=1 key=fork", "w0 ", "stub: tokens=3 key=won", "w0 w1 w2 "]


# The end of a session

def test_a_deleted_session_is_gone(shared, terminal, cli):
    said, session = say(shared, "stub: tokens=1 key=deleted")
    file = terminal.transcript(session)
    beside = file.with_suffix("")
    (beside / "subagents").mkdir(parents=True)
    (beside / "subagents" / "agent-1.jsonl").write_text("{}\n")
    outside = shared.folder / "outside"
    outside.mkdir()
    (outside / "kept").write_text("kept")
    (beside / "link").symlink_to(outside)
    pid = [pid for name, pid in shared.runs() if name == session][-1]
    assert file.exists() and pid in shared.children()
    assert ask(shared, "DELETE", f"/v1/sessions/{session}") == (
        200, {"id": session, "object": "session", "deleted": True})
    assert not file.exists() and not beside.exists()
    assert (outside / "kept").read_text() == "kept"
    assert pid not in shared.children()
    for method, path in [("GET", ""), ("GET", "/transcript"), ("DELETE", "")]:
        status, answer = ask(shared, method, f"/v1/sessions/{session}{path}")
        assert (status, answer["error"]["code"]) == (404, "session_not_found")
    # The conversation finds another session.
    answer = shared.client().chat.completions.with_raw_response.create(
        model="claude-code", extra_body={"workspace": "shared"}, messages=[
            {"role": "user", "content": "stub: tokens=1 key=deleted"}, {"role": "assistant", "content": said},
            {"role": "user", "content": "stub: tokens=2 key=deleted"}])
    assert answer.headers["x-session-id"] != session
    with pytest.raises(openai.NotFoundError):
        say(shared, "stub: tokens=1", session)


def test_a_session_is_deleted_while_its_turn_runs(shared, terminal):
    stream = shared.client().chat.completions.with_raw_response.create(
        model="claude-code", stream=True, extra_body={"workspace": "shared"},
        messages=[{"role": "user", "content": "stub: tokens=400 delay=100 key=deleted-at-work"}])
    session, chunks = stream.headers["x-session-id"], iter(stream.parse())
    assert any(chunk.choices and chunk.choices[0].delta.content for chunk in chunks)
    assert ask(shared, "GET", f"/v1/sessions/{session}")[1]["state"] == "running"
    assert ask(shared, "DELETE", f"/v1/sessions/{session}")[0] == 200
    # Whoever was listening hears that it has ended.
    with pytest.raises(openai.APIError):
        list(chunks)
    assert not terminal.transcript(session).exists()
    assert ask(shared, "GET", f"/v1/sessions/{session}")[0] == 404
    assert shared.comes_to_rest(10)


# Whose it is

def test_nobody_sees_the_sessions_of_others(keyed, upstream):
    _, session = say(keyed, "stub: tokens=1 key=alice", key=ALICE)
    nobodys = str(uuid.uuid4())
    assert [found["id"] for found in ask(keyed, "GET", "/v1/sessions?limit=1", ALICE)[1]["data"]] == [session]
    for key in [BOB, ADMIN]:
        assert session not in [found["id"] for found in ask(keyed, "GET", "/v1/sessions", key)[1]["data"]]
        for method, path in [("GET", ""), ("GET", "/transcript"), ("GET", "/transcript?format=raw"), ("DELETE", "")]:
            status, answer = ask(keyed, method, f"/v1/sessions/{session}{path}", key)
            unknown = ask(keyed, method, f"/v1/sessions/{nobodys}{path}", key)
            assert status == 404
            assert (status, json.loads(json.dumps(answer).replace(session, nobodys))) == unknown
        assert ask(keyed, "GET", f"/v1/sessions?after={session}", key) == ask(
            keyed, "GET", f"/v1/sessions?after={nobodys}", key)
        refusals = []
        for id in [session, nobodys]:
            with pytest.raises(openai.NotFoundError) as refused:
                say(keyed, "stub: tokens=1", id, key)
            refusals.append(json.loads(json.dumps(refused.value.body).replace(session, nobodys)))
        assert refusals[0] == refusals[1]
    assert ask(keyed, "GET", f"/v1/sessions/{session}", ALICE)[1]["turns"] == 1


def test_an_ordinary_key_finds_its_session_after_a_restart_only_with_a_state(cli, upstream, tmp_path):
    (tmp_path / "state").mkdir()
    for name, settings in [("kept", {"STATE_PATH": str(tmp_path / "state")}), ("forgotten", {})]:
        (tmp_path / name).mkdir()
        first = Server(cli, upstream, tmp_path / name, **KEYS, **settings)
        _, session = say(first, "stub: tokens=1 key=restarted", key=ALICE)
        before = ask(first, "GET", f"/v1/sessions/{session}", ALICE)[1]
        assert first.program.stop() == 0
        second = Server(cli, upstream, tmp_path / name, **KEYS, **settings)
        try:
            if settings:
                assert ask(second, "GET", f"/v1/sessions/{session}", ALICE) == (200, {**before, "state": "stored"})
                assert say(second, "stub: tokens=2", session, ALICE) == ("w0 w1 ", session)
            else:
                assert ask(second, "GET", f"/v1/sessions/{session}", ALICE)[0] == 404
                with pytest.raises(openai.NotFoundError):
                    say(second, "stub: tokens=2", session, ALICE)
                assert say(second, "stub: tokens=2", session, ADMIN) == ("w0 w1 ", session)
        finally:
            assert second.program.stop() == 0


def test_the_configuration_check_counts_the_keys(keyed):
    check = subprocess.run(
        [os.path.join(os.path.dirname(__file__), "../../.build/release/claude-code-server"), "--env-file=/dev/null",
         "--config-check"], env=keyed.environment, capture_output=True, text=True, timeout=PATIENCE)
    assert check.returncode == 0
    assert "API keys: 3 key(s), 1 of them admin\n" in check.stdout
