"""Anthropic's own library, with nothing changed but its base_url and key, in front of the real CLI."""

import asyncio
import json
import re
import time
import urllib.error
import urllib.request

import anthropic
import openai
import pydantic
import pytest
from anthropic.types import Message, MessageTokensCount, ModelInfo, RawMessageStreamEvent

from conftest import happens
from scripts import ANSWER, CITIES, PNG, SAID, USAGE, WEATHER, call, calls, encoded, structured, weather

pytestmark = pytest.mark.client(f"anthropic {anthropic.__version__}")

TOOLS = [{"name": "get_weather", "description": "The weather in a city.", "input_schema": {
    "type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}}]
SCHEMA = {"type": "object", "properties": {"name": {"type": "string"}, "people": {"type": "integer"}}}
THINKING = {"type": "enabled", "budget_tokens": 1024}


class City(pydantic.BaseModel):
    name: str
    people: int


def library(server, **options):
    return anthropic.Anthropic(
        **{"api_key": "sk-any", "base_url": server.url, "max_retries": 0, "timeout": 60, **options})


@pytest.fixture(scope="module")
def server(make_server):
    """Turns whose calls nobody answers do not wait for long."""
    return make_server(TOOL_RESULT_TIMEOUT_MS="5000")


@pytest.fixture
def messages(server):
    return Messages(library(server))


@pytest.fixture
def own(make_server):
    """A server to itself, whose runs and processes can be counted."""
    return make_server(LOG_LEVEL="debug")


def user(content):
    return {"role": "user", "content": content}


def assistant(content):
    return {"role": "assistant", "content": content}


class Messages:
    """Sends messages, and holds whatever comes against the library's own types."""

    def __init__(self, client):
        self.client = client

    @staticmethod
    def body(content, **options):
        messages = [user(content)] if isinstance(content, str) else content
        return {"model": "claude-code", "max_tokens": 1024, "messages": messages, **options}

    def create(self, content, **options):
        return self.raw(content, **options).parse()

    def raw(self, content, **options):
        raw = self.client.messages.with_raw_response.create(**self.body(content, **options))
        checked(Message, json.loads(raw.text()))
        return raw

    def streamed(self, content, **options):
        """The message that the library makes of a stream."""
        with self.client.messages.stream(**self.body(content, **options)) as stream:
            return stream.get_final_message()

    def events(self, content, **options):
        """(name, document) of each event, as it comes over the wire."""
        body = json.dumps({**self.body(content, **options), "stream": True}).encode()
        request = urllib.request.Request(
            f"{str(self.client.base_url).rstrip('/')}/v1/messages", body, {"content-type": "application/json", "x-api-key": "sk-any"})
        with urllib.request.urlopen(request) as answer:
            frames = re.sub("(?m)^: ping\n", "", answer.read().decode()).split("\n\n")
        assert frames.pop() == ""
        return [(name, json.loads(data)) for name, data in
                [re.fullmatch("event: (.*)\ndata: (.*)", frame).groups() for frame in frames]]


def checked(kind, document):
    """The document as a value of the library's: nothing is missing in it, and nothing is there that it does not know."""
    def strangers(value):
        if isinstance(value, pydantic.BaseModel):
            yield from value.model_extra or {}
            value = dict(value)
        for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else []:
            yield from strangers(each)

    value = pydantic.TypeAdapter(kind).validate_python(document, strict=False)
    assert list(strangers(value)) == []
    return value


def texts(message):
    return [block.text for block in message.content if block.type == "text"]


def result(call, content, **options):
    return {"type": "tool_result", "tool_use_id": call.id, "content": content, **options}


# Answers

@pytest.mark.feature("answer")
def test_an_answer(messages):
    answer = messages.create(SAID)
    assert (answer.type, answer.role, answer.model) == ("message", "assistant", "claude-code")
    assert answer.id.startswith("msg_")
    assert [block.model_dump(exclude_none=True) for block in answer.content] == [{"type": "text", "text": ANSWER}]
    assert (answer.stop_reason, answer.stop_sequence) == ("end_turn", None)


@pytest.mark.feature("stream")
def test_tokens_are_streamed_one_by_one(messages):
    with messages.client.messages.stream(**messages.body("stub: tokens=10 gap=100")) as stream:
        pieces = [(text, time.monotonic()) for text in stream.text_stream]
    assert [text for text, _ in pieces] == [f"w{index} " for index in range(10)]
    # The upstream takes 900 ms from first to last: an answer that was held back would come at once.
    assert pieces[-1][1] - pieces[0][1] > 0.5


SCRIPTS = [
    (SAID, {}), ("stub: thinking=3 tokens=2", {"thinking": THINKING}), (call(key="typed"), {"tools": TOOLS}),
    (calls(3, key="typed") + " text-before=2", {"tools": TOOLS}), ("stub: emoji", {}), ("stub: surrogates", {}),
    ("stub: tokens=4", {"stop_sequences": ["w2"]}),
    ("stub: tool=Bash input={\"command\":\"true\"}", {
        "thinking": {"type": "adaptive"}, "extra_body": {"allowed-tools": ["Bash"]}}),
    (structured(name="Ulm", people=1), {"output_config": {"format": {"type": "json_schema", "schema": SCHEMA}}}),
    (structured(city="Ulm"), {"tools": TOOLS, "tool_choice": {"type": "any"}}),
]


@pytest.mark.feature("stream")
@pytest.mark.parametrize("script, options", SCRIPTS)
def test_each_event_is_of_the_librarys_types_and_together_they_are_the_whole_message(messages, script, options):
    raw = {**options, **options.get("extra_body", {})}
    raw.pop("extra_body", None)
    events = messages.events(script, **raw)
    assert [name for name, data in events] == [data["type"] for _, data in events]
    assert [name for name, _ in events][:2] == ["message_start", "ping"]
    assert [name for name, _ in events][-2:] == ["message_delta", "message_stop"]
    for name, data in events:
        if name != "ping":
            checked(RawMessageStreamEvent, data)
    whole, made = messages.create(script, **options).to_dict(), messages.streamed(script, **options).to_dict()
    # The library's own addition; and what is new each time.
    assert made.pop("stop_details") is None
    for message in [whole, made]:
        assert message.pop("id").startswith("msg_")
        for block in message["content"]:
            assert block["type"] != "tool_use" or block.pop("id")
    assert made == whole


def test_the_async_library(server):
    async def complete():
        client = anthropic.AsyncAnthropic(api_key="sk-any", base_url=server.url, max_retries=0, timeout=60)
        async with client.messages.stream(**Messages.body(SAID)) as stream:
            pieces = [text async for text in stream.text_stream]
        await client.close()
        return pieces

    assert asyncio.run(complete()) == ["w0 ", "w1 ", "w2 "]


@pytest.mark.feature("usage")
def test_usage(messages):
    for usage in [messages.create(USAGE).usage, messages.streamed(USAGE).usage]:
        assert (usage.input_tokens, usage.output_tokens) == (100, 11)
        assert (usage.cache_read_input_tokens, usage.cache_creation_input_tokens) == (30, 0)


def test_a_system_prompt(messages, upstream):
    for system in ["You are a bear.", [
            {"type": "text", "text": "You are a bear.", "cache_control": {"type": "ephemeral"}},
            {"type": "text", "text": "Growl."}]]:
        assert texts(messages.create(SAID, system=system)) == [ANSWER]
        assert "You are a bear." in str(upstream.last()["system"])
    assert "Growl." in str(upstream.last()["system"])


@pytest.mark.feature("image")
def test_an_image(messages, upstream):
    answer = messages.create([user([
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}},
        {"type": "text", "text": SAID}])])
    assert texts(answer) == [ANSWER]
    assert upstream.images() == [PNG]


def test_a_document_in_words(messages, upstream):
    answer = messages.create([user([
        {"type": "document", "title": "Fruit", "source": {
            "type": "text", "media_type": "text/plain", "data": "the fruit is plum"}},
        {"type": "text", "text": SAID}])])
    assert texts(answer) == [ANSWER]
    assert upstream.spoken(upstream.last()) == [("user", f"Fruitthe fruit is plum{SAID}")]


def test_a_text_ends_at_a_stop_sequence(messages):
    for answer in [ask("stub: tokens=50 gap=5", stop_sequences=["nothing", "w2 "])
                   for ask in [messages.create, messages.streamed]]:
        assert texts(answer) == ["w0 w1 "]
        assert (answer.stop_reason, answer.stop_sequence) == ("stop_sequence", "w2 ")


def test_thinking_is_told_to_those_who_ask_for_it(messages):
    for ask in [messages.create, messages.streamed]:
        told = ask("stub: thinking=3 tokens=3", thinking=THINKING)
        assert [(block.type, getattr(block, block.type)) for block in told.content] == [
            ("thinking", "t0 t1 t2 "), ("text", ANSWER)]
        assert [block.type for block in ask("stub: thinking=3 tokens=3").content] == ["text"]


def test_an_answer_of_a_declared_form(messages):
    script = structured(name="Ulm", people=126_000)
    answer = messages.create(script, output_config={"format": {"type": "json_schema", "schema": SCHEMA}})
    assert [json.loads(text) for text in texts(answer)] == [{"name": "Ulm", "people": 126_000}]
    assert answer.stop_reason == "end_turn"


@pytest.mark.feature("structured output")
def test_structured_output(messages):
    answer = messages.client.messages.parse(
        **messages.body(structured(name="Ulm", people=126_000)), output_format=City)
    assert answer.parsed_output == City(name="Ulm", people=126_000)


def test_effort_reaches_the_cli(messages, upstream):
    messages.create(SAID, output_config={"effort": "low"})
    assert upstream.last()["output_config"]["effort"] == "low"


def test_the_clis_own_tools_work_in_a_workspace(messages, server):
    answer = messages.create(
        'stub: tool=Bash input={"command":"touch\\u0020made-by-messages"}', thinking={"type": "adaptive"},
        extra_body={"workspace": "messages", "allowed-tools": ["Bash"]})
    assert answer.content[0].type == "thinking" and answer.content[0].thinking.startswith("[Bash] touch made-by-messages")
    assert answer.stop_reason == "end_turn"
    assert (server.workspaces / "workspace" / "messages" / "made-by-messages").is_file()
    metadata = {"user_id": "u", "workspace": "messages", "allowed-tools": "Bash"}
    answer = messages.create('stub: tool=Bash input={"command":"pwd"}', metadata=metadata)
    assert texts(answer) == [f"The tool said: {server.workspaces / 'workspace' / 'messages'}"]


# Conversations

@pytest.mark.feature("history")
def test_a_history_from_elsewhere(messages, upstream):
    answer = messages.create([
        user("the fruit is plum"), assistant([
            {"type": "thinking", "thinking": "plum?", "signature": "c2lnbmVk"}, {"type": "text", "text": "Noted, plum."}]),
        user([{"type": "text", "text": f"which fruit?\n{SAID}"}])], system="Be brief.")
    assert texts(answer) == [ANSWER]
    assert upstream.heard() == ["the fruit is plum", "Noted, plum.", "which fruit?"]


@pytest.mark.parametrize("streamed", [False, True])
def test_the_next_turn_goes_to_the_same_process(own, upstream, streamed):
    messages = Messages(library(own))
    ask = messages.streamed if streamed else messages.create
    history = [user("stub: thinking=2 tokens=2 key=first")]
    for number in range(3):
        history.append(assistant(ask(history, thinking=THINKING).content))
        history.append(user(f"stub: tokens={number + 3} key=next"))
    assert texts(ask(history)) == ["w0 w1 w2 w3 w4 "]
    assert len(set(own.runs())) == 1 and len(own.runs()) == 4
    said = [text for role, text in upstream.spoken(upstream.last()) if role == "assistant"]
    assert said == ["w0 w1", "w0 w1 w2", "w0 w1 w2 w3"]


def test_a_session_is_continued_by_its_name(messages, upstream):
    first = messages.raw("the word is plum")
    session = first.headers["x-session-id"]
    again = messages.raw("and what is it?", extra_headers={"x-session-id": session})
    assert again.headers["x-session-id"] == session
    assert upstream.spoken(upstream.last()) == [
        ("user", "the word is plum"), ("assistant", texts(first.parse())[0].strip()), ("user", "and what is it?")]


def test_a_conversation_goes_on_on_the_other_route(own):
    def complete(history):
        client = openai.OpenAI(api_key="sk-any", base_url=f"{own.url}/v1", max_retries=0, timeout=60)
        return client.chat.completions.create(model="claude-code", messages=history).choices[0].message.content

    history = [user("stub: tokens=2 key=other-route")]
    history += [assistant(complete(history)), user(SAID)]
    history += [assistant(texts(Messages(library(own)).create(history))[0]), user("stub: tokens=1 key=other-route")]
    assert complete(history) == "w0 "
    assert len(set(own.runs())) == 1 and len(own.runs()) == 3


@pytest.mark.parametrize("streamed", [False, True])
def test_a_request_that_the_library_repeats_is_run_once(own, upstream, streamed):
    messages = Messages(library(own, max_retries=3, timeout=1))
    before = len(upstream.requests())
    ask = messages.streamed if streamed else messages.create
    assert texts(ask(f"stub: tokens=4 delay=2200 key=repeated-messages-{streamed}")) == ["w0 w1 w2 w3 "]
    assert len(upstream.requests()) == before + 1
    assert len(own.runs()) == 1
    assert "request repeated" in own.log.read_text()


# Calls

@pytest.mark.feature("function call")
def test_a_function_call(open_server, function):
    parked(Messages(library(open_server)).create, function, "whole")


@pytest.mark.feature("streamed call")
def test_a_streamed_function_call(open_server, function):
    parked(Messages(library(open_server)).streamed, function, "streamed")


def parked(ask, function, key):
    """A turn waits for its result in its process, and goes on there."""
    history = [user(call(key=f"messages-{key}"))]
    first = ask(history, tools=TOOLS)
    assert first.stop_reason == "tool_use"
    [use] = first.content
    assert (use.type, use.name, use.input) == ("tool_use", "get_weather", {"city": "Bonn"})
    history += [assistant(first.content), user([result(use, function.get_weather(**use.input))])]
    second = ask(history, tools=TOOLS)
    assert (texts(second), second.stop_reason) == ([f"The tool said: {weather('Bonn')}"], "end_turn")
    assert function.ran_in_one_process()
    # The conversation goes on after it.
    history += [assistant(second.content), user(SAID)]
    assert texts(ask(history, tools=TOOLS)) == [ANSWER]
    assert function.server.processes()["spawned"] == function.during[0]["spawned"]


@pytest.mark.feature("parallel calls")
def test_parallel_calls(open_server, function, upstream):
    messages = Messages(library(open_server))
    history = [user(calls(5, key="messages"))]
    first = messages.create(history, tools=TOOLS)
    results = [result(use, [{"type": "text", "text": function.get_weather(**use.input)}]) for use in first.content]
    assert function.cities == CITIES
    # In any order.
    history += [assistant(first.content), user([*reversed(results)])]
    last = messages.create(history, tools=TOOLS)
    assert texts(last)[0].startswith("The tool said: ")
    assert upstream.weather() == WEATHER
    assert function.ran_in_one_process()


def test_one_call_at_a_time(messages):
    answer = messages.create(
        calls(3, key="one-at-a-time"), tools=TOOLS,
        tool_choice={"type": "auto", "disable_parallel_tool_use": True})
    assert [block.input for block in answer.content] == [{"city": "city0"}]


def test_a_result_that_is_an_error_stays_one(messages, upstream):
    history = [user(call(key="failed"))]
    first = messages.create(history, tools=TOOLS)
    history += [assistant(first.content), user([result(first.content[0], "no such city", is_error=True)])]
    assert "no such city" in texts(messages.create(history, tools=TOOLS))[0]
    [told] = upstream.blocks("tool_result")
    assert told["is_error"] is True
    # Also where the turn is gone and the history tells of it.
    history[0] = user(call(key="failed-elsewhere"))
    messages.create(history, tools=TOOLS)
    [told] = upstream.blocks("tool_result")
    assert told["is_error"] is True


@pytest.mark.feature("forced call")
@pytest.mark.parametrize("choice", [{"type": "any"}, {"type": "tool", "name": "get_weather"}])
def test_a_forced_call(messages, choice):
    answer = messages.create(structured(city="Ulm"), tools=TOOLS, tool_choice=choice)
    assert [(block.name, block.input) for block in answer.content] == [("get_weather", {"city": "Ulm"})]
    assert answer.stop_reason == "tool_use"


def test_the_librarys_own_loop(open_server, function):
    # It would have the server keep the conversation; told that it cannot, it sends all of it with each request.
    @anthropic.beta_tool
    def get_weather(city: str) -> str:
        """The weather in a city.

        Args:
            city: its name
        """
        return function.get_weather(city)

    runner = library(open_server).beta.messages.tool_runner(**Messages.body(call(key="runner")), tools=[get_weather])
    assert texts(runner.until_done()) == [f"The tool said: {weather('Bonn')}"]
    assert function.ran_in_one_process()


def test_an_approved_tool_runs(own):
    messages = Messages(library(own))
    script = f"stub: tool=Bash input64={encoded({'command': 'touch approved', 'description': 'x'})} key=approved"
    options = {"extra_body": {"permission-mode": "ask", "workspace": "asked"}}
    history = [user(script)]
    first = messages.create(history, **options)
    [use] = first.content
    assert (use.name, use.input["tool_name"], use.input["input"]["command"]) == (
        "approve_tool_use", "Bash", "touch approved")
    made = own.workspaces / "workspace" / "asked" / "approved"
    assert not made.exists()
    history += [assistant(first.content), user([result(use, "allow")])]
    assert messages.create(history, **options).stop_reason == "end_turn"
    assert made.exists() and len(own.runs()) == 1


# Tokens and models

def test_tokens_are_estimated(messages):
    client = messages.client.messages
    body = {key: value for key, value in messages.body("x" * 400).items() if key != "max_tokens"}
    raw = client.with_raw_response.count_tokens(**body)
    assert checked(MessageTokensCount, json.loads(raw.text())).input_tokens == 104
    assert raw.headers["x-claude-warning"] == "estimate"
    assert client.count_tokens(**body, tools=TOOLS, system="Be brief.").input_tokens > 104
    with pytest.raises(anthropic.NotFoundError):
        client.count_tokens(**{**body, "model": "gpt-4o"})
    with pytest.raises(anthropic.BadRequestError):
        client.count_tokens(**{**body, "messages": []})


def test_models(messages):
    client = messages.client
    assert [model.id for model in client.models.list()] == ["claude-code", "opus", "sonnet", "haiku"]
    page = client.models.list(limit=3)
    assert page.has_more and [model.id for model in page] == ["claude-code", "opus", "sonnet", "haiku"]
    assert [model.id for model in client.models.list(before_id="sonnet")] == ["claude-code", "opus"]
    raw = client.models.with_raw_response.retrieve("claude-opus-4-1")
    assert checked(ModelInfo, json.loads(raw.text())).id == "claude-opus-4-1"
    with pytest.raises(anthropic.NotFoundError) as caught:
        client.models.retrieve("gpt-4o")
    assert caught.value.type == "not_found_error"


# Errors

@pytest.mark.feature("errors")
@pytest.mark.parametrize("status, error, kind", [
    (400, anthropic.BadRequestError, "invalid_request_error"),
    (403, anthropic.PermissionDeniedError, "permission_error"), (429, anthropic.RateLimitError, "rate_limit_error"),
    (500, anthropic.InternalServerError, "api_error"), (529, anthropic.InternalServerError, "overloaded_error"),
])
def test_upstream_failures_are_the_librarys_own_errors(open_server, status, error, kind):
    messages = Messages(library(open_server, max_retries=2))
    for ask in [messages.create, messages.streamed]:
        with pytest.raises(error) as caught:
            ask(f"stub: status={status} key=messages")
        assert caught.value.type == kind
        # The library does not run the agent again.
        assert caught.value.response.request.headers["x-stainless-retry-count"] == "0"


def test_a_failure_in_the_middle_of_a_stream(make_server):
    server = make_server(CLAUDE_INACTIVITY_TIMEOUT_MS="1500")
    messages = Messages(library(server))
    with pytest.raises(anthropic.APIStatusError) as caught:
        messages.streamed("stub: tokens=5 stall=3")
    assert caught.value.type == "timeout_error"
    events = messages.events("stub: tokens=5 stall=3")
    assert events[-1][0] == "error" and events[-1][1]["error"]["type"] == "timeout_error"
    assert not {"message_delta", "message_stop"} & {name for name, _ in events}


@pytest.mark.parametrize("change, param", [
    ({"max_tokens": 0}, "max_tokens"), ({"messages": []}, "messages"), ({"stop_sequences": "x"}, "stop_sequences"),
    ({"tools": [{"type": "web_search_20250305", "name": "web_search"}]}, "tools[0]"),
    ({"messages": [user("x"), assistant("The answer is (")]}, "messages"),
    ({"messages": [user([{"type": "tool_result", "tool_use_id": "a", "content": "x"}])]}, "messages"),
    ({"messages": [user([{"type": "image", "source": {"type": "url", "url": "https://x.example/a.png"}}])]},
     "messages[0].content[0]"),
])
def test_bad_requests(messages, change, param):
    with pytest.raises(anthropic.BadRequestError) as caught:
        messages.create("x", **change)
    error = caught.value
    assert (error.type, error.body["type"]) == ("invalid_request_error", "error")
    assert error.api_message.startswith(param)
    assert error.request_id == error.response.headers["x-request-id"] == error.body["request_id"]


def test_unknown_names(messages):
    with pytest.raises(anthropic.NotFoundError) as caught:
        messages.create("x", model="gpt-4o")
    assert (caught.value.type, caught.value.error_code) == ("not_found_error", "model_not_found")
    with pytest.raises(anthropic.NotFoundError) as caught:
        messages.create("x", extra_headers={"x-session-id": "9c88687a-61ce-4315-afd5-58b7d84ee68b"})
    assert caught.value.error_code == "session_not_found"


def test_keys(make_server):
    server = make_server(API_KEYS="sk-first-key-12345")
    for options in [{"api_key": "sk-first-key-12345"}, {"api_key": None, "auth_token": "sk-first-key-12345"},
                    {"api_key": None, "default_headers": {"x-api-key": "sk-first-key-12345"}}]:
        assert texts(Messages(library(server, **options)).create(SAID)) == [ANSWER]
    with pytest.raises(anthropic.AuthenticationError) as caught:
        Messages(library(server, api_key="sk-wrong-key-99999")).create("x")
    assert caught.value.type == "authentication_error" and caught.value.request_id


@pytest.mark.parametrize("method, path, status, kind", [
    ("GET", "/v1/messages", 405, "invalid_request_error"), ("POST", "/v1/messages/batches", 404, "not_found_error"),
])
def test_what_is_not_there(server, method, path, status, kind):
    request = urllib.request.Request(server.url + path, b"{}" if method == "POST" else None, method=method)
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request)
    body = json.load(caught.value)
    assert (caught.value.code, body["type"], body["error"]["type"]) == (status, "error", kind)
    assert body["request_id"] == caught.value.headers["request-id"]
    assert status != 405 or caught.value.headers["allow"] == "OPTIONS, POST"
