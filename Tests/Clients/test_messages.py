"""Anthropic's own library, with nothing changed but its base_url and key, in front of the real CLI."""

import asyncio
import json
import time

import anthropic
import pydantic
import pytest
from anthropic.types import MessageTokensCount, ModelInfo, RawMessageStreamEvent

from messages_library import SCHEMA, THINKING, TOOLS, Messages, checked, library, texts, user
from scripts import ANSWER, PNG, SAID, USAGE, call, calls, structured

pytestmark = pytest.mark.client(f"anthropic {anthropic.__version__}")


@pytest.fixture(scope="module")
def server(make_server):
    """Turns whose calls nobody answers do not wait for long."""
    return make_server(TOOL_RESULT_TIMEOUT_MS="5000")


@pytest.fixture
def messages(server):
    return Messages(library(server))


class City(pydantic.BaseModel):
    name: str
    people: int


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
