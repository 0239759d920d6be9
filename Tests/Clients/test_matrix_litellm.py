"""LiteLLM, with nothing changed but the address."""

import importlib.metadata
import json

import litellm
import pydantic
import pytest

from scripts import ANSWER, CITIES, PNG, SAID, USAGE, WEATHER, call, calls, structured, weather

pytestmark = pytest.mark.client(f"litellm {importlib.metadata.version('litellm')}")

litellm.telemetry = False

TOOLS = [{"type": "function", "function": {
    "name": "get_weather", "description": "The weather in a city.", "parameters": {
        "type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}}}]


class City(pydantic.BaseModel):
    name: str
    people: int


@pytest.fixture
def complete(open_server):
    def complete(messages, **options):
        if isinstance(messages, str):
            messages = [{"role": "user", "content": messages}]
        return litellm.completion(
            "openai/claude-code", messages, base_url=f"{open_server.url}/v1", api_key="sk-any", max_retries=0,
            timeout=60, **options)

    return complete


@pytest.mark.feature("answer")
def test_an_answer(complete):
    choice = complete(SAID).choices[0]
    assert (choice.message.content, choice.finish_reason) == (ANSWER, "stop")


@pytest.mark.feature("stream")
def test_a_streamed_answer(complete):
    choices = [chunk.choices[0] for chunk in complete(SAID, stream=True)]
    assert [choice.delta.content for choice in choices if choice.delta.content] == ["w0 ", "w1 ", "w2 "]
    assert [choice.finish_reason for choice in choices if choice.finish_reason] == ["stop"]


@pytest.mark.feature("history")
def test_a_history_from_elsewhere(complete, upstream):
    answer = complete([
        {"role": "system", "content": "Be brief."}, {"role": "user", "content": "the fruit is fig"},
        {"role": "assistant", "content": "Noted, fig."}, {"role": "user", "content": f"which fruit?\n{SAID}"}])
    assert answer.choices[0].message.content == ANSWER
    assert upstream.heard() == ["the fruit is fig", "Noted, fig.", "which fruit?"]


def converse(ask, function, prompt):
    """A prompt, the calls, their results and the last answer."""
    messages = [{"role": "user", "content": prompt}]
    messages.append(ask(messages, tools=TOOLS).choices[0].message)
    messages += [
        {"role": "tool", "tool_call_id": each.id, "name": each.function.name,
         "content": function.get_weather(**json.loads(each.function.arguments))}
        for each in messages[-1].tool_calls]
    return ask(messages, tools=TOOLS).choices[0].message.content


@pytest.mark.feature("function call")
def test_a_function_call(complete, function):
    assert converse(complete, function, call(key="litellm")) == f"The tool said: {weather('Bonn')}"
    assert function.cities == ["Bonn"] and function.ran_in_one_process()


@pytest.mark.feature("streamed call")
def test_a_streamed_function_call(complete, function):
    def ask(messages, **options):
        return litellm.stream_chunk_builder(list(complete(messages, stream=True, **options)), messages=messages)

    assert converse(ask, function, call(key="litellm-streamed")) == f"The tool said: {weather('Bonn')}"
    assert function.cities == ["Bonn"] and function.ran_in_one_process()


@pytest.mark.feature("parallel calls")
def test_parallel_calls(complete, function, upstream):
    answer = converse(complete, function, calls(5, key="litellm"))
    assert answer.startswith("The tool said: ")
    assert upstream.weather() == WEATHER
    assert function.cities == CITIES and function.ran_in_one_process()


@pytest.mark.feature("forced call")
def test_a_forced_call(complete):
    message = complete(
        structured(city="Ulm"), tools=TOOLS,
        tool_choice={"type": "function", "function": {"name": "get_weather"}}).choices[0].message
    assert [(each.function.name, json.loads(each.function.arguments)) for each in message.tool_calls] == [
        ("get_weather", {"city": "Ulm"})]


@pytest.mark.feature("structured output")
def test_structured_output(complete):
    answer = complete(structured(name="Ulm", people=126_000), response_format=City)
    assert City.model_validate_json(answer.choices[0].message.content) == City(name="Ulm", people=126_000)


@pytest.mark.feature("image")
def test_an_image(complete, upstream):
    answer = complete([{"role": "user", "content": [
        {"type": "text", "text": SAID},
        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}}]}])
    assert answer.choices[0].message.content == ANSWER
    assert upstream.images() == [PNG]


@pytest.mark.feature("errors")
@pytest.mark.parametrize("status, error", [
    (400, litellm.BadRequestError), (403, litellm.APIError), (429, litellm.RateLimitError)])
def test_errors(complete, status, error):
    for options in [{}, {"stream": True}]:
        with pytest.raises(error) as caught:
            complete(f"stub: status={status}", **options)
        assert caught.value.status_code == status


@pytest.mark.feature("usage")
def test_usage(complete):
    streamed = list(complete(USAGE, stream=True, stream_options={"include_usage": True}))
    for usage in [complete(USAGE).usage, litellm.stream_chunk_builder(streamed).usage]:
        assert (usage.prompt_tokens, usage.completion_tokens, usage.total_tokens) == (130, 11, 141)
        assert usage.prompt_tokens_details.cached_tokens == 30
