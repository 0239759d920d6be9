"""Agents: turns that go on without their clients, over HTTP, in front of the real CLI."""

import json
import os
import signal
import time
import urllib.error
import urllib.request

import pytest

from conftest import happens
from scripts import ANSWER, SAID


@pytest.fixture(scope="module")
def own(make_server):
    return make_server(LOG_LEVEL="debug")


class Agents:
    def __init__(self, server, key=None):
        self.server, self.key = server, key

    def open(self, path, body=None, method=None, **headers):
        headers = {"content-type": "application/json", **headers}
        if self.key:
            headers["authorization"] = f"Bearer {self.key}"
        data = None if body is None else json.dumps(body).encode()
        return urllib.request.urlopen(
            urllib.request.Request(f"{self.server.url}{path}", data, headers, method=method), timeout=60)

    def json(self, path, body=None, method=None):
        with self.open(path, body, method) as answer:
            return json.load(answer)

    def refusal(self, path, body=None, method=None):
        with pytest.raises(urllib.error.HTTPError) as caught:
            self.open(path, body, method)
        return caught.value.code, json.load(caught.value)

    def start(self, prompt, **options):
        answer = self.json("/agent/start", {"prompt": prompt, **options})
        assert answer["status"] == "started" and answer["pid"] in self.server.children()
        return answer["agent_id"]

    def status(self, agent):
        return self.json(f"/agent/{agent}")["status"]

    def ends(self, agent, status="completed"):
        assert happens(lambda: self.status(agent) not in ("queued", "running"), 30)
        assert self.status(agent) == status
        return self.json(f"/agent/{agent}")


@pytest.fixture
def agents(own):
    return Agents(own)


def frames(stream):
    """(event, id, data) of each frame."""
    found, fields = [], {}
    for line in stream.decode().split("\n"):
        if not line and fields:
            number = fields.get("id")
            found.append((fields.get("event"), number and int(number), json.loads(fields["data"])))
            fields = {}
        elif line and not line.startswith(":"):
            name, value = line.split(": ", 1)
            fields[name] = value
    return found


def test_an_agent_goes_on_by_itself(agents, upstream):
    agent = agents.start(SAID, model="sonnet")
    report = agents.ends(agent)
    assert report["result"] == ANSWER and report["turns"] == 1 and report["cost_usd"] > 0
    assert upstream.last()["model"].startswith("claude-sonnet")
    assert agents.json("/health")["active_agents"] == 0
    assert agent in [item["agent_id"] for item in agents.json("/agent")["data"]]


def test_the_stream_of_the_documents(agents):
    # As a program reads it that knows nothing but `data: `.
    with agents.open("/agent/stream", {"prompt": SAID}) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        text = answer.read().decode()
        agent = answer.headers["x-agent-id"]
    lines = [json.loads(frame[6:]) for frame in text.split("\n\n") if frame.startswith("data: ")]
    assert lines[0]["type"] == "system" and lines[-1]["type"] == "result" and lines[-1]["result"] == ANSWER
    assert text.endswith("\n\nevent: complete\ndata: {}\n\n")
    assert agents.status(agent) == "completed"


def test_an_agent_outlives_the_connection_it_was_begun_on(agents):
    answer = agents.open(
        "/agent/stream", {"prompt": "stub: tokens=20 gap=30", "include-partial-messages": True, "background": True})
    agent = answer.headers["x-agent-id"]
    answer.readline()
    answer.close()
    assert agents.ends(agent)["result"] == "".join(f"w{index} " for index in range(20))


def test_events_are_told_from_any_number_on(agents):
    agent = agents.start(SAID)
    agents.ends(agent)
    path = f"/agent/{agent}/events?partial=true"
    with agents.open(path) as answer:
        whole = answer.read()
    found = frames(whole)
    assert [number for _, number, _ in found[:-1]] == list(range(1, len(found)))
    assert found[-1] == ("complete", None, {})
    cut = [f"{frame}\n\n".encode() for frame in whole.decode().split("\n\n")[:-1]]
    for number in range(len(cut)):
        with agents.open(f"{path}&after={number}") as answer:
            assert b"".join(cut[:number]) + answer.read() == whole
        with agents.open(path, **{"last-event-id": str(number)}) as answer:
            assert b"".join(cut[:number]) + answer.read() == whole


def test_who_follows_a_live_agent_hears_it_live(agents):
    agent = agents.start("stub: tokens=20 gap=50")
    with agents.open(f"/agent/{agent}/events?partial=true") as answer:
        arrivals = [time.monotonic() for line in answer if b"text_delta" in line]
    assert len(arrivals) == 20 and arrivals[-1] - arrivals[0] > 0.5


def test_inputs_wait_for_their_turn(agents, upstream):
    agent = agents.start("stub: tokens=10 gap=50")
    for word in ("apple", "pear"):
        report = agents.json(f"/agent/{agent}/input", {"prompt": f"{word}\n{SAID}"})
    assert report["status"] == "running" and report["queued_inputs"] == 2
    with agents.open(f"/agent/{agent}/events") as answer:
        found = frames(answer.read())
    assert [data["prompt"].split("\n")[0] for event, _, data in found if event == "input"] == ["apple", "pear"]
    assert len([data for _, _, data in found if data.get("type") == "result"]) == 3
    assert agents.ends(agent)["turns"] == 3
    assert [line for line in upstream.heard() if line in ("apple", "pear")] == ["apple", "pear"]
    assert len({pid for _, pid in agents.server.runs()[-3:]}) == 1
    # Also when it rests.
    agents.json(f"/agent/{agent}/input", {"prompt": f"plum\n{SAID}"})
    assert agents.ends(agent)["turns"] == 4


def test_an_urgent_input_interrupts(agents):
    agent = agents.start("stub: tokens=400 gap=50")
    agents.json(f"/agent/{agent}/input", {"prompt": SAID, "now": True})
    assert agents.ends(agent)["result"] == ANSWER
    assert len({pid for _, pid in agents.server.runs()[-2:]}) == 1


def test_an_agent_is_stopped(agents):
    agent = agents.start("stub: tokens=400 gap=50")
    assert agents.json("/health")["active_agents"] == 1
    assert agents.json(f"/agent/stop/{agent}", method="POST") == {"status": "stopped", "agent_id": agent}
    assert agents.ends(agent, "stopped")["error"]["kind"] == "cancelled"
    assert agents.server.comes_to_rest(20)
    code, body = agents.refusal("/agent/stop/unknown", method="POST")
    assert (code, body["detail"]) == (404, "Agent unknown not found")


def test_a_question_is_answered(agents, own):
    prompt = 'stub: tool=Bash input={"command":"touch\\u0020allowed"}'
    agent = agents.start(prompt, **{"permission-mode": "ask", "workspace": "agents"})
    report = agents.ends(agent, "parked")
    question, = report["approvals"]
    assert (question["tool_name"], question["input"]["command"]) == ("Bash", "touch allowed")
    made = own.workspaces / "workspace" / "agents" / "allowed"
    assert not made.exists()
    answered = agents.json(f"/agent/{agent}/approvals/{question['request_id']}", {"decision": "allow"})
    assert answered["status"] in ("running", "completed")
    assert agents.ends(agent)["approvals"] == [] and made.exists()
    with agents.open(f"/agent/{agent}/events") as answer:
        found = frames(answer.read())
    assert [data for event, _, data in found if event == "approval"] == [question]
    assert agents.refusal(f"/agent/{agent}/approvals/{question['request_id']}", {"decision": "allow"})[0] == 404


def test_an_agent_that_waits_is_stopped(agents):
    agent = agents.start('stub: tool=Bash input={"command":"touch\\u0020never"}', **{"permission-mode": "ask"})
    agents.ends(agent, "parked")
    with agents.open(f"/agent/{agent}/events") as answer:
        agents.json(f"/agent/stop/{agent}", method="POST")
        assert frames(answer.read())[-1] == ("complete", None, {})
    assert agents.ends(agent, "stopped")["approvals"] == []
    assert agents.server.comes_to_rest(20)


@pytest.mark.parametrize("body, param", [
    ({}, "prompt"), ({"prompt": " "}, "prompt"), ({"prompt": "hi", "model": "gpt-4o"}, "model"),
])
def test_what_cannot_be_started(agents, body, param):
    code, answer = agents.refusal("/agent/start", body)
    assert code in (400, 404) and answer["error"]["param"] == param and answer["detail"]


# MARK: Runs, by the ids of their requests


def test_a_run_is_cancelled_by_the_id_of_its_request(agents, own):
    stream = agents.open("/api/claude", {"prompt": "stub: tokens=400 gap=50"}, **{"x-request-id": "mine"})
    assert [(run["surface"], run["status"]) for run in agents.json("/v1/runs")["data"] if run["id"] == "mine"] == [
        ("claude", "running")]
    assert agents.json("/v1/runs/mine", method="DELETE")["cancelled"]
    assert b'"subtype":"error"' in stream.read()
    assert agents.refusal("/v1/runs/mine", method="DELETE")[0] == 404
    assert own.comes_to_rest(20)


def test_one_key_never_sees_anothers(make_server):
    server = make_server(API_KEYS="sk-one-is-long,sk-two-is-long")
    one, two = Agents(server, "sk-one-is-long"), Agents(server, "sk-two-is-long")
    agent = one.start("stub: tokens=200 gap=50")
    request = one.json("/v1/runs")["data"][0]["id"]
    assert two.json("/agent")["data"] == [] and two.json("/v1/runs")["data"] == []
    for path, body, method in [
        ("/agent/X", None, None), ("/agent/X/events", None, None), ("/agent/stop/X", None, "POST"),
        ("/agent/X/input", {"prompt": "hi"}, None), ("/agent/X/approvals/1", {"decision": "allow"}, None),
        ("/v1/runs/X", None, "DELETE"),
    ]:
        id = request if "runs" in path else agent
        seen = two.refusal(path.replace("X", id), body, method)
        missing = two.refusal(path.replace("X", "0" * len(id)), body, method)
        assert json.dumps(seen).replace(id, "0" * len(id)) == json.dumps(missing)
    assert one.status(agent) == "running"
    one.json(f"/agent/stop/{agent}", method="POST")


# MARK: Across a crash


def test_what_was_said_outlives_the_server(make_server, tmp_path):
    first = make_server(STATE_PATH=str(tmp_path))
    agents = Agents(first)
    done = agents.start(SAID)
    agents.ends(done)
    with agents.open(f"/agent/{done}/events?partial=true") as answer:
        told = answer.read()
    response = first.client().responses.create(model="claude-code", input=SAID)
    cut_response = first.client().responses.create(
        model="claude-code", input="stub: tokens=400 gap=50", background=True).id
    cut = agents.start("stub: tokens=400 gap=50")
    journal = tmp_path / "runs" / f"{cut}.journal"
    assert happens(lambda: journal.exists() and b"w5 " in journal.read_bytes(), 20)
    os.kill(first.program.process.pid, signal.SIGKILL)
    first.program.process.wait()
    first.program.process.returncode = 0

    second = Agents(make_server(STATE_PATH=str(tmp_path), HOME=str(first.folder / "home"),
                                WORKSPACE_BASE_PATH=str(first.workspaces)))
    with second.open(f"/agent/{done}/events?partial=true") as answer:
        assert answer.read() == told
    responses = second.server.client().responses
    assert responses.retrieve(response.id) == response
    interrupted = responses.retrieve(cut_response)
    assert (interrupted.status, interrupted.error.message) == ("failed", "The server ended while the run was under way")
    assert list(responses.retrieve(cut_response, stream=True))[-1].response == interrupted
    assert responses.create(model="claude-code", input=SAID, previous_response_id=response.id).output_text == ANSWER
    report = second.ends(cut, "interrupted")
    assert report["error"] == {"kind": "interrupted", "message": "The server ended while the run was under way"}
    with second.open(f"/agent/{cut}/events?partial=true") as answer:
        found = frames(answer.read())
    assert [data["event"]["delta"]["text"] for _, _, data in found
            if data.get("type") == "stream_event" and data["event"]["type"] == "content_block_delta"][:6] == [
        f"w{index} " for index in range(6)]
    assert found[-2][2]["subtype"] == "error" and found[-1] == ("complete", None, {})
    # The conversation goes on where it was.
    second.json(f"/agent/{done}/input", {"prompt": SAID})
    assert second.ends(done)["turns"] == 2
