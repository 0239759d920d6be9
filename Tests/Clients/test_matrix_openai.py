"""OpenAI's own library, as it is, in each of its major versions, sync and async."""

import asyncio

import openai
import pydantic
import pytest

from scripts import ANSWER, CITIES, PNG, SAID, USAGE, WEATHER, call, calls, structured, weather

TOOLS = [{"type": "function", "function": {
    "name": "get_weather", "description": "The weather in a city.", "strict": True, "parameters": {
        "type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"],
        "additionalProperties": False}}}]


class City(pydantic.BaseModel):
    name: str
    people: int


class Sync:
    def __init__(self, **options):
        self.client = openai.OpenAI(**options)
        self.completions = self.client.chat.completions
        self.close = self.client.close

    def create(self, **options):
        return self.completions.create(model="claude-code", **options)

    def chunks(self, **options):
        return list(self.completions.create(model="claude-code", stream=True, **options))

    def streamed(self, **options):
        with self.completions.stream(model="claude-code", **options) as stream:
            for _ in stream:
                pass
            return stream.get_final_completion()

    def parse(self, **options):
        return self.completions.parse(model="claude-code", **options)


class Async:
    def __init__(self, **options):
        self.client = openai.AsyncOpenAI(**options)
        self.completions = self.client.chat.completions
        self.loop = asyncio.new_event_loop()

    def close(self):
        self.loop.run_until_complete(self.client.close())
        self.loop.run_until_complete(self.loop.shutdown_asyncgens())
        self.loop.close()

    def create(self, **options):
        return self.loop.run_until_complete(self.completions.create(model="claude-code", **options))

    def chunks(self, **options):
        async def chunks():
            return [chunk async for chunk in await self.completions.create(
                model="claude-code", stream=True, **options)]

        return self.loop.run_until_complete(chunks())

    def streamed(self, **options):
        async def completion():
            async with self.completions.stream(model="claude-code", **options) as stream:
                async for _ in stream:
                    pass
                return await stream.get_final_completion()

        return self.loop.run_until_complete(completion())

    def parse(self, **options):
        return self.loop.run_until_complete(self.completions.parse(model="claude-code", **options))


@pytest.fixture(scope="module", params=[
    pytest.param(Sync, marks=pytest.mark.client(f"openai {openai.__version__}")),
    pytest.param(Async, marks=pytest.mark.client(f"openai {openai.__version__}, async")),
])
def chat(request, open_server):
    chat = request.param(api_key="sk-any", base_url=f"{open_server.url}/v1", max_retries=0, timeout=60)
    yield chat
    chat.close()


def user(text):
    return [{"role": "user", "content": text}]


@pytest.mark.feature("answer")
def test_an_answer(chat):
    choice = chat.create(messages=user(SAID)).choices[0]
    assert (choice.message.role, choice.message.content, choice.finish_reason) == ("assistant", ANSWER, "stop")


@pytest.mark.feature("stream")
def test_a_streamed_answer(chat):
    chunks = chat.chunks(messages=user(SAID))
    assert [chunk.choices[0].delta.content for chunk in chunks if chunk.choices[0].delta.content] == [
        "w0 ", "w1 ", "w2 "]
    assert [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices[0].finish_reason] == ["stop"]
    assert chat.streamed(messages=user(SAID)).choices[0].message.content == ANSWER


@pytest.mark.feature("history")
def test_a_history_from_elsewhere(chat, upstream):
    answer = chat.create(messages=[
        {"role": "system", "content": "Be brief."}, *user("the fruit is plum"),
        {"role": "assistant", "content": "Noted, plum."}, *user(f"which fruit?\n{SAID}")])
    assert answer.choices[0].message.content == ANSWER
    assert upstream.heard() == ["the fruit is plum", "Noted, plum.", "which fruit?"]


def answered(message, function):
    """The calls of a message, and their results."""
    arguments = [pydantic.TypeAdapter(dict).validate_json(each.function.arguments) for each in message.tool_calls]
    return [message.model_dump(exclude_none=True, include={"role", "content", "tool_calls"}), *[
        {"role": "tool", "tool_call_id": each.id, "content": function.get_weather(given["city"])}
        for each, given in zip(message.tool_calls, arguments)]]


@pytest.mark.feature("function call")
def test_a_function_call(chat, function):
    messages = user(call(key=type(chat).__name__))
    first = chat.create(messages=messages, tools=TOOLS).choices[0]
    assert first.finish_reason == "tool_calls"
    messages += answered(first.message, function)
    assert function.cities == ["Bonn"]
    second = chat.create(messages=messages, tools=TOOLS).choices[0]
    assert (second.message.content, second.finish_reason) == (f"The tool said: {weather('Bonn')}", "stop")
    assert function.ran_in_one_process()


@pytest.mark.feature("streamed call")
def test_a_streamed_function_call(chat, function):
    messages = user(call(key=f"streamed-{type(chat).__name__}"))
    first = chat.streamed(messages=messages, tools=TOOLS).choices[0]
    assert first.finish_reason == "tool_calls"
    messages += answered(first.message, function)
    second = chat.streamed(messages=messages, tools=TOOLS).choices[0]
    assert second.message.content == f"The tool said: {weather('Bonn')}"
    assert function.ran_in_one_process()


@pytest.mark.feature("parallel calls")
def test_parallel_calls(chat, function, upstream):
    messages = user(calls(5, key=type(chat).__name__))
    messages += answered(chat.create(messages=messages, tools=TOOLS).choices[0].message, function)
    assert function.cities == CITIES
    last = chat.create(messages=messages, tools=TOOLS).choices[0].message
    assert last.content.startswith("The tool said: ")
    assert upstream.weather() == WEATHER
    assert function.ran_in_one_process()


@pytest.mark.feature("forced call")
def test_a_forced_call(chat):
    message = chat.create(
        messages=user(structured(city="Ulm")), tools=TOOLS,
        tool_choice={"type": "function", "function": {"name": "get_weather"}}).choices[0].message
    assert [(each.function.name, each.function.arguments) for each in message.tool_calls] == [
        ("get_weather", '{"city":"Ulm"}')]


@pytest.mark.feature("structured output")
def test_structured_output(chat):
    answer = chat.parse(messages=user(structured(name="Ulm", people=126_000)), response_format=City)
    assert answer.choices[0].message.parsed == City(name="Ulm", people=126_000)


@pytest.mark.feature("image")
def test_an_image(chat, upstream):
    answer = chat.create(messages=[{"role": "user", "content": [
        {"type": "text", "text": SAID},
        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}}]}])
    assert answer.choices[0].message.content == ANSWER
    assert upstream.images() == [PNG]


@pytest.mark.feature("errors")
@pytest.mark.parametrize("status, error", [
    (400, openai.BadRequestError), (403, openai.PermissionDeniedError), (429, openai.RateLimitError)])
def test_errors(chat, status, error):
    for ask in [chat.create, chat.chunks]:
        with pytest.raises(error) as caught:
            ask(messages=user(f"stub: status={status}"))
        assert caught.value.status_code == status


@pytest.mark.feature("usage")
def test_usage(chat):
    whole = chat.create(messages=user(USAGE)).usage
    streamed = chat.chunks(messages=user(USAGE), stream_options={"include_usage": True})[-1].usage
    for usage in [whole, streamed]:
        assert (usage.prompt_tokens, usage.completion_tokens, usage.total_tokens) == (130, 11, 141)
        assert usage.prompt_tokens_details.cached_tokens == 30
