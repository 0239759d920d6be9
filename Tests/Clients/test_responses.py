"""OpenAI's Responses with the official client, nothing changed but its base_url, in front of the real CLI."""

import asyncio
import json
import urllib.request

import openai
import pydantic
import pytest
from agents import Agent, Runner, function_tool, set_default_openai_client, set_tracing_disabled
from openai.types.responses import Response, ResponseStreamEvent

from conftest import happens
from scripts import ANSWER, CITIES, PNG, SAID, USAGE, WEATHER, call, calls, structured, weather

EVENT = pydantic.TypeAdapter(ResponseStreamEvent)
RESPONSE = pydantic.TypeAdapter(Response)
FUNCTION = {"type": "function", "name": "get_weather", "description": "The weather in a city.", "strict": False,
            "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}}

set_tracing_disabled(True)


@pytest.fixture
def responses(client):
    return client.responses


def raw(server, path, body=None, method=None):
    """An answer's bytes."""
    request = urllib.request.Request(
        f"{server.url}{path}", json.dumps(body).encode() if body else None, {"content-type": "application/json"},
        method=method)
    with urllib.request.urlopen(request) as answer:
        return answer.read()


def parsed(stream):
    """The events of a stream, each held against the client's own types."""
    events = []
    for frame in stream.decode().split("\n\n")[:-1]:
        name, data = [line for line in frame.split("\n") if not line.startswith(":")]
        event = json.loads(data.removeprefix("data: "))
        assert name == f"event: {event['type']}"
        EVENT.validate_python(event, strict=True)
        events.append(event)
    assert [event["sequence_number"] for event in events] == list(range(len(events)))
    return events


def create(**body):
    return {"model": "claude-code", "stream": True, **body}


def test_a_response(responses):
    answer = responses.create(model="claude-code", input=USAGE, instructions="Be brief.", metadata={"purpose": "test"})
    assert answer.output_text == ANSWER
    assert answer.status == "completed" and answer.metadata == {"purpose": "test"}
    assert (answer.usage.input_tokens, answer.usage.input_tokens_details.cached_tokens) == (130, 30)
    assert answer.usage.output_tokens == 11
    RESPONSE.validate_python(answer.model_dump(), strict=False)
    assert responses.retrieve(answer.id) == answer


def test_a_streamed_response(responses):
    with responses.stream(model="claude-code", input=f"{SAID} thinking=2") as stream:
        deltas = [event.delta for event in stream if event.type == "response.output_text.delta"]
        answer = stream.get_final_response()
    assert deltas == ["w0 ", "w1 ", "w2 "]
    assert answer.output_text == ANSWER
    assert [item.type for item in answer.output] == ["reasoning", "message"]
    assert answer.output[0].summary[0].text == "t0 t1 "
    assert responses.retrieve(answer.id).output_text == ANSWER


@pytest.mark.parametrize("body", [
    {"input": SAID},
    {"input": f"{SAID} thinking=3"},
    {"input": call(), "tools": [FUNCTION]},
    {"input": calls(3), "tools": [FUNCTION]},
    {"input": structured(name="Bonn"), "text": {"format": {
        "type": "json_schema", "name": "city", "schema": {"type": "object", "properties": {"name": {"type": "string"}}}}}},
    {"input": 'stub: tool=Bash input={"command":"pwd"}', "allowed-tools": ["Bash"]},
    {"input": 'stub: tool=Bash input={"command":"touch\\u0020here"}', "permission-mode": "ask"},
    {"input": SAID, "background": True},
    {"input": "stub: tokens=10 cut=5 times=1 key=responses"},
], ids=["text", "thinking", "call", "calls", "structured", "tool", "approval", "background", "cut"])
def test_every_event_is_one_of_theirs(server, body):
    stream = raw(server, "/v1/responses", create(**body))
    events = parsed(stream)
    assert [event["type"] for event in events[-1:]] == ["response.completed"]
    assert sum(event["type"].split(".")[1] in ("completed", "failed", "incomplete") for event in events) == 1
    answer = events[-1]["response"]
    assert answer["output"] == [event["item"] for event in events if event["type"] == "response.output_item.done"]
    # The same, asked for later: the whole of it, and what comes after each of its events.
    path = f"/v1/responses/{answer['id']}"
    assert json.loads(raw(server, path)) == answer
    replayed = raw(server, f"{path}?stream=true")
    assert replayed == stream
    frames = [f"{frame}\n\n".encode() for frame in stream.decode().split("\n\n")[:-1]]
    for number in range(len(frames)):
        rest = raw(server, f"{path}?stream=true&starting_after={number}")
        assert b"".join(frames[:number + 1]) + rest == stream


def test_a_failure_on_the_way_ends_the_events(open_server):
    events = parsed(raw(open_server, "/v1/responses", create(input="stub: tokens=10 gap=30 cut=5 times=9 key=failing")))
    assert events[-1]["type"] == "response.failed"
    answer = events[-1]["response"]
    assert answer["status"] == "failed" and answer["error"]["code"] == "server_error"
    assert json.loads(raw(open_server, f"/v1/responses/{answer['id']}")) == answer


def test_what_fails_before_it_has_said_anything_is_a_status(responses):
    with pytest.raises(openai.NotFoundError) as caught:
        responses.create(model="gpt-4o", input="hi")
    assert caught.value.code == "model_not_found"
    with pytest.raises(openai.BadRequestError) as caught:
        responses.create(model="claude-code", input=[{"type": "nonsense"}])
    assert caught.value.param == "input[0]"
    with pytest.raises(openai.NotFoundError):
        responses.retrieve("resp_unknown")
    with pytest.raises(openai.BadRequestError) as caught:
        responses.create(model="claude-code", input="hi", previous_response_id="resp_unknown")
    assert caught.value.code == "previous_response_not_found"


# MARK: Conversations


def test_the_next_response_goes_on_in_the_same_process(responses, server, upstream):
    first = responses.create(model="claude-code", input=f"the fruit is pear\n{SAID}", extra_body={"workspace": "fruit"})
    second = responses.create(model="claude-code", input=f"which?\n{SAID}", previous_response_id=first.id)
    assert second.output_text == ANSWER
    assert upstream.heard() == ["the fruit is pear", ANSWER.strip(), "which?"]
    assert server.runs()[-1] == server.runs()[-2]


def test_an_earlier_response_can_be_gone_on_from_again(responses, upstream):
    first = responses.create(model="claude-code", input=f"the fruit is pear\n{SAID}")
    responses.create(model="claude-code", input=f"now it is apple\n{SAID}", previous_response_id=first.id)
    responses.create(model="claude-code", input=f"which?\n{SAID}", previous_response_id=first.id)
    assert upstream.heard() == ["the fruit is pear", ANSWER.strip(), "which?"]


def test_items_can_be_named_instead_of_repeated(responses, upstream):
    first = responses.create(model="claude-code", input=f"the fruit is pear\n{SAID}")
    responses.create(model="claude-code", input=[
        {"role": "user", "content": "the fruit is pear"}, {"type": "item_reference", "id": first.output[0].id},
        {"role": "user", "content": f"which?\n{SAID}"}])
    assert upstream.heard() == ["the fruit is pear", ANSWER.strip(), "which?"]


def test_images(responses, upstream):
    responses.create(model="claude-code", input=[{"role": "user", "content": [
        {"type": "input_text", "text": SAID},
        {"type": "input_image", "image_url": f"data:image/png;base64,{PNG}", "detail": "auto"}]}])
    assert upstream.images() == [PNG]


def test_the_input_is_listed(responses):
    answer = responses.create(model="claude-code", input=[
        {"role": "user", "content": "one"}, {"role": "assistant", "content": "two"}, {"role": "user", "content": SAID}])
    items = responses.input_items.list(answer.id, order="asc").data
    assert [(item.role, item.content[0].text) for item in items] == [
        ("user", "one"), ("assistant", "two"), ("user", SAID)]
    assert [item.id for item in responses.input_items.list(answer.id, limit=1)] == [item.id for item in items[::-1]]


# MARK: Functions and approvals


def test_functions_are_called_and_the_turn_goes_on(responses, server, upstream):
    first = responses.create(model="claude-code", input=calls(5), tools=[FUNCTION])
    asked = [item for item in first.output if item.type == "function_call"]
    assert [json.loads(item.arguments)["city"] for item in asked] == CITIES
    before, runs = server.processes(), server.runs()
    assert first.status == "completed" and before["parked"] > 0
    second = responses.create(model="claude-code", tools=[FUNCTION], previous_response_id=first.id, input=[
        {"type": "function_call_output", "call_id": item.call_id, "output": weather(city)}
        for item, city in zip(asked, CITIES)])
    assert all(weather(city) in second.output_text for city in CITIES)
    assert upstream.weather() == WEATHER
    # No other run, hence no other process.
    assert server.runs() == runs and server.processes()["parked"] == before["parked"] - 1


def test_a_permission_is_asked_for(responses, server):
    first = responses.create(model="claude-code", extra_body={"permission-mode": "ask", "workspace": "asked"},
                             input='stub: tool=Bash input={"command":"touch\\u0020yes"}')
    question = first.output[-1]
    assert question.type == "mcp_approval_request" and question.name == "Bash"
    assert json.loads(question.arguments) == {"command": "touch yes"}
    made = server.workspaces / "workspace" / "asked" / "yes"
    assert not made.exists()
    second = responses.create(
        model="claude-code", previous_response_id=first.id,
        input=[{"type": "mcp_approval_response", "approval_request_id": question.id, "approve": True}])
    assert second.status == "completed" and made.exists()


def test_a_structured_answer(responses):
    class City(pydantic.BaseModel):
        name: str
        people: int

    answer = responses.parse(model="claude-code", input=structured(name="Bonn", people=330000), text_format=City)
    assert answer.output_parsed == City(name="Bonn", people=330000)


def test_the_agents_sdk_with_its_default_model_class(server, upstream):
    cities = []

    @function_tool
    def get_weather(city: str) -> str:
        """The weather in a city."""
        cities.append(city)
        return weather(city)

    def connect():
        client = openai.AsyncOpenAI(api_key="sk-any", base_url=f"{server.url}/v1", max_retries=0, timeout=60)
        set_default_openai_client(client, use_for_tracing=False)

    connect()
    agent = Agent(name="bear", model="claude-code", instructions="Be brief.", tools=[get_weather])
    result = Runner.run_sync(agent, calls(3))
    assert cities == CITIES[:3]
    assert all(weather(city) in result.final_output for city in cities)

    async def streamed():
        connect()
        run = Runner.run_streamed(agent, call())
        kinds = [event.data.type async for event in run.stream_events() if event.type == "raw_response_event"]
        return kinds, run.final_output

    kinds, output = asyncio.run(streamed())
    assert kinds.count("response.completed") == 2
    assert weather("Bonn") in output


# MARK: In the background


def test_a_background_response_outlives_its_connection(responses, server):
    stream = responses.create(
        model="claude-code", input="stub: tokens=40 gap=20", background=True, stream=True)
    seen = []
    for event in stream:
        seen.append(event)
        if len(seen) == 12:
            break
    stream.close()
    identity = seen[0].response.id
    assert responses.retrieve(identity).status == "in_progress"
    rest = list(responses.retrieve(identity, stream=True, starting_after=seen[-1].sequence_number))
    numbers = [event.sequence_number for event in seen + rest]
    assert numbers == list(range(len(numbers)))
    text = "".join(event.delta for event in seen + rest if event.type == "response.output_text.delta")
    assert text == "".join(f"w{index} " for index in range(40))
    assert rest[-1].type == "response.completed" and rest[-1].response == responses.retrieve(identity)


def test_a_background_response_is_waited_for(responses):
    answer = responses.create(model="claude-code", input=f"{SAID} gap=50", background=True)
    assert answer.status == "queued"
    assert happens(lambda: responses.retrieve(answer.id).status == "completed", 20)
    assert responses.retrieve(answer.id).output_text == ANSWER
    following = responses.create(model="claude-code", input=SAID, previous_response_id=answer.id)
    assert following.previous_response_id == answer.id


def test_a_background_response_is_cancelled(responses, server):
    answer = responses.create(model="claude-code", input="stub: tokens=400 gap=50", background=True)
    assert happens(lambda: responses.retrieve(answer.id).status == "in_progress", 20)
    assert responses.cancel(answer.id).status == "cancelled"
    assert responses.retrieve(answer.id).status == "cancelled"
    assert happens(lambda: server.processes()["running"] == 0, 20)
    events = list(responses.retrieve(answer.id, stream=True))
    assert events[-1].response.status == "cancelled"
    responses.delete(answer.id)
    with pytest.raises(openai.NotFoundError):
        responses.retrieve(answer.id)


def test_what_is_not_stored_is_not_found(responses):
    answer = responses.create(model="claude-code", input=SAID, store=False)
    with pytest.raises(openai.NotFoundError):
        responses.retrieve(answer.id)


def test_one_key_never_sees_anothers_responses(make_server):
    server = make_server(API_KEYS="sk-one-is-long,sk-two-is-long")
    one, two = (server.client(api_key=key).responses for key in ("sk-one-is-long", "sk-two-is-long"))
    answer = one.create(model="claude-code", input=SAID)
    missing = "resp_00000000-0000-4000-8000-000000000000"

    def refusal(attempt, identity):
        with pytest.raises(openai.APIStatusError) as caught:
            attempt(identity)
        return caught.value.status_code, str(caught.value).replace(identity, "…")

    for attempt in (two.retrieve, two.cancel, two.delete, two.input_items.list,
                    lambda id: two.create(model="claude-code", input=SAID, previous_response_id=id)):
        assert refusal(attempt, answer.id) == refusal(attempt, missing)
    assert one.retrieve(answer.id) == answer
