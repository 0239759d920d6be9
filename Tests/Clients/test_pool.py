"""Warm processes of the real CLI: what they share, and what they must not."""

import base64
import http.client
import json
import pathlib

import pytest

from conftest import happens
from test_native import lines, post, wait_for_exit


@pytest.fixture
def own(make_server):
    """A server to itself, too small for universal spares, whose spare is up."""
    server = make_server(PROCESS_KILL_TIMEOUT_MS="2000", CLAUDE_MAX_PROCESSES="5")
    # The first request of a kind finds no spare of its kind; the second does.
    assert happens(lambda: server.processes()["spare"] == 1, 10)
    return server


def raw(server, prompt, session=None, **options):
    """A turn on the raw stream, and its lines."""
    _, response = post(server, "/api/claude", {"prompt": prompt, **({"session-id": session} if session else {}), **options})
    assert response.status == 200
    return lines(response)


def chat(server, content, session=None, system=None, model="claude-code"):
    """The answer's text and session."""
    messages = ([{"role": "system", "content": system}] if system else []) + [{"role": "user", "content": content}]
    answer = server.client().chat.completions.with_raw_response.create(
        model=model, messages=messages, extra_headers={"x-session-id": session} if session else {})
    return answer.parse().choices[0].message.content, answer.headers["x-session-id"]


def tool(command):
    """The script of a Bash call."""
    arguments = base64.b64encode(json.dumps({"command": command}).encode()).decode()
    return f"stub: tool=Bash input64={arguments}"


def command(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")
    except OSError:
        return ""


def test_a_spare_becomes_what_its_request_asks_for(own, upstream):
    spares, before = own.children(), own.processes()
    assert (len(spares), before["idle"]) == (1, 0)
    _, session = chat(own, "stub: tokens=2", system="You are a heron.")
    assert "You are a heron." in [block["text"] for block in upstream.last()["system"]]
    assert own.runs() == [(session, min(spares))]
    assert own.processes()["reused"] == before["reused"] + 1
    # The next one knows nothing of the first.
    assert happens(lambda: own.processes()["spare"] == 1, 10)
    chat(own, "stub: tokens=2", system="You are a stork.")
    assert "heron" not in json.dumps(upstream.last()) and "You are a stork." in json.dumps(upstream.last()["system"])
    assert own.runs()[1][1] not in spares


def test_a_second_turn_runs_in_the_same_process(own, upstream):
    first, session = chat(own, "the bird is a heron")
    before = own.processes()
    second, same = chat(own, "which bird?", session)
    assert (second, same) == ("You said: which bird?", session)
    assert upstream.spoken(upstream.last()) == [
        ("user", "the bird is a heron"), ("assistant", first), ("user", "which bird?")]
    (_, pid), later = own.runs()
    assert later == (session, pid)
    assert own.processes()["reused"] == before["reused"] + 1


def begin(server, prompt, session=None, **options):
    """What the CLI says at the beginning of a turn: session, model and permission mode."""
    messages = raw(server, prompt, session, **options)
    init = next(message for message in messages if message.get("subtype") == "init")
    return init["session_id"], init["model"], init["permissionMode"]


def test_a_live_session_is_switched_by_a_request(own, upstream):
    session, *settings = begin(own, "stub: tokens=1", model="claude-opus-4-5")
    assert settings == ["claude-opus-4-5", "default"]
    _, *settings = begin(own, "stub: tokens=2", session, model="claude-sonnet-4-5", **{"permission-mode": "plan"})
    assert settings == ["claude-sonnet-4-5", "plan"]
    assert upstream.last()["model"] == "claude-sonnet-4-5"
    _, *settings = begin(own, "stub: tokens=3", session, **{"permission-mode": "acceptEdits"})
    assert settings == ["claude-sonnet-4-5", "acceptEdits"]
    assert len(own.runs()) == 3 and len(set(own.runs())) == 1


def test_what_cannot_be_switched_gets_another_process_and_the_same_conversation(own, upstream):
    session, *_ = begin(own, "the fish is a perch")
    again, _, mode = begin(own, "stub: tokens=1", session, **{"dangerously-skip-permissions": True})
    assert (again, mode) == (session, "bypassPermissions")
    assert upstream.spoken(upstream.last())[0] == ("user", "the fish is a perch")
    (_, first), (_, second) = own.runs()
    assert first != second and first not in own.children()


def test_turns_that_come_together_make_one_transcript(own, upstream):
    opening = "six turns are to come"
    _, session = chat(own, opening)
    connections = []
    # The first one takes a while, so that the others are all waiting when it ends.
    for number in range(6):
        content = "stub: tokens=2 delay=500" if number == 0 else f"turn {number}"
        connections.append(http.client.HTTPConnection("127.0.0.1", own.program.port, timeout=60))
        body = {"model": "claude-code", "messages": [{"role": "user", "content": content}]}
        connections[-1].request("POST", "/v1/chat/completions", json.dumps(body),
                                {"content-type": "application/json", "x-session-id": session})
        assert happens(lambda: sum(own.processes()[name] for name in ["queued", "running"]) > number, 10)
    answers = [json.load(connection.getresponse())["choices"][0]["message"]["content"] for connection in connections]
    assert answers == ["w0 w1 ", *[f"You said: turn {number}" for number in range(1, 6)]]
    spoken = [upstream.spoken(request) for request in upstream.requests()]
    transcripts = [messages for messages in spoken if messages[:1] == [("user", opening)]]
    assert [len(messages) for messages in transcripts] == [1, 3, 5, 7, 9, 11, 13]
    for earlier, later in zip(transcripts, transcripts[1:]):
        assert later[:len(earlier)] == earlier
    assert [text for _, text in transcripts[-1]][4::2] == [f"turn {number}" for number in range(1, 6)]
    assert len(own.runs()) == 7 and len(set(own.runs())) == 1


def leave_after(server, text, **body):
    """Starts a turn on the raw stream and leaves when its answer has come as far as `text`."""
    connection, response = post(server, "/api/claude", {"include-partial-messages": True, **body})
    received = b""
    while text.encode() not in received:
        received += response.read1()
    response.close()
    connection.close()
    return response.headers["x-session-id"]


def test_an_interrupted_process_answers_the_next_request(own):
    session = leave_after(own, '"text":"w3 "', prompt="stub: tokens=600 gap=50")
    assert own.comes_to_rest(3)
    assert chat(own, "and now?", session) == ("You said: and now?", session)
    assert chat(own, "stub: tokens=3", session) == ("w0 w1 w2 ", session)
    assert len(own.runs()) == 3 and len(set(own.runs())) == 1
    assert own.processes()["killed"] == 0


@pytest.mark.parametrize("script", [
    "while sleep 616; do true; done", "trap '' TERM; sleep 616 & setsid sleep 616 & wait",
], ids=["polite", "stubborn"])
def test_a_running_tool_goes_when_the_client_leaves(own, script):
    connection = http.client.HTTPConnection("127.0.0.1", own.program.port, timeout=60)
    connection.request("POST", "/api/claude", json.dumps({"prompt": tool(script), "allowed-tools": ["Bash"]}),
                       {"content-type": "application/json"})
    running = set()

    def has_begun():
        running.update(pid for pid in own.children() if "616" in command(pid))
        return any(command(pid).startswith("sleep") for pid in running)

    assert happens(has_begun, 10)
    connection.close()
    # A second for the interrupt, then two for each step of the teardown.
    assert wait_for_exit(running, 6) == []
    assert own.comes_to_rest(3)
    session = own.runs()[0][0]
    assert raw(own, "stub: tokens=2", session)[-1]["result"].strip() == "w0 w1"
    everything = own.children() | running
    own.program.stop()
    assert wait_for_exit(everything, 0) == []
