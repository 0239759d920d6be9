"""LangChain's OpenAI models, with nothing changed but the address."""

import importlib.metadata

import openai
import pydantic
import pytest
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI

from scripts import ANSWER, CITIES, PNG, SAID, USAGE, WEATHER, call, calls, structured, weather

pytestmark = pytest.mark.client(f"langchain-openai {importlib.metadata.version('langchain-openai')}")


class City(pydantic.BaseModel):
    """A city."""

    name: str
    people: int


@pytest.fixture(scope="module")
def model(open_server):
    return ChatOpenAI(
        model="claude-code", base_url=f"{open_server.url}/v1", api_key="sk-any", max_retries=0, timeout=60)


@pytest.mark.feature("answer")
def test_an_answer(model):
    answer = model.invoke(SAID)
    assert (answer.content, answer.response_metadata["finish_reason"]) == (ANSWER, "stop")


@pytest.mark.feature("stream")
def test_a_streamed_answer(model):
    assert [chunk.content for chunk in model.stream(SAID) if chunk.content] == ["w0 ", "w1 ", "w2 "]


@pytest.mark.feature("history")
def test_a_history_from_elsewhere(model, upstream):
    answer = model.invoke([
        SystemMessage("Be brief."), HumanMessage("the fruit is quince"), AIMessage("Noted, quince."),
        HumanMessage(f"which fruit?\n{SAID}")])
    assert answer.content == ANSWER
    assert upstream.heard() == ["the fruit is quince", "Noted, quince.", "which fruit?"]


def joined(stream):
    chunks = list(stream)
    return sum(chunks[1:], chunks[0])


def converse(model, function, prompt, ask):
    """A prompt, the calls, their results and the last answer."""
    model = model.bind_tools([tool(function.get_weather)])
    messages = [HumanMessage(prompt)]
    messages.append(ask(model, messages))
    for each in messages[-1].tool_calls:
        messages.append(ToolMessage(function.get_weather(**each["args"]), tool_call_id=each["id"]))
    return ask(model, messages)


def whole(model, messages):
    return model.invoke(messages)


def streamed(model, messages):
    return joined(model.stream(messages))


@pytest.mark.feature("function call")
def test_a_function_call(model, function):
    assert converse(model, function, call(key="langchain"), whole).content == f"The tool said: {weather('Bonn')}"
    assert function.cities == ["Bonn"] and function.ran_in_one_process()


@pytest.mark.feature("streamed call")
def test_a_streamed_function_call(model, function):
    answer = converse(model, function, call(key="langchain-streamed"), streamed)
    assert answer.content == f"The tool said: {weather('Bonn')}"
    assert function.cities == ["Bonn"] and function.ran_in_one_process()


@pytest.mark.feature("parallel calls")
def test_parallel_calls(model, function, upstream):
    answer = converse(model, function, calls(5, key="langchain"), whole)
    assert answer.content.startswith("The tool said: ")
    assert upstream.weather() == WEATHER
    assert function.cities == CITIES and function.ran_in_one_process()


@pytest.mark.feature("forced call")
def test_a_forced_call(model, function):
    answer = model.bind_tools([tool(function.get_weather)], tool_choice="get_weather").invoke(structured(city="Ulm"))
    assert [(each["name"], each["args"]) for each in answer.tool_calls] == [("get_weather", {"city": "Ulm"})]


@pytest.mark.feature("structured output")
@pytest.mark.parametrize("method", ["json_schema", "function_calling", "json_mode"])
def test_structured_output(model, method):
    answer = model.with_structured_output(City, method=method).invoke(structured(name="Ulm", people=126_000))
    assert answer == City(name="Ulm", people=126_000)


@pytest.mark.feature("image")
def test_an_image(model, upstream):
    image = {"type": "image", "base64": PNG, "mime_type": "image/png"}
    assert model.invoke([HumanMessage([{"type": "text", "text": SAID}, image])]).content == ANSWER
    assert upstream.images() == [PNG]


@pytest.mark.feature("errors")
@pytest.mark.parametrize("status, error", [
    (400, openai.BadRequestError), (403, openai.PermissionDeniedError), (429, openai.RateLimitError)])
def test_errors(model, status, error):
    for ask in [model.invoke, lambda prompt: list(model.stream(prompt))]:
        with pytest.raises(error) as caught:
            ask(f"stub: status={status}")
        assert caught.value.status_code == status


@pytest.mark.feature("usage")
def test_usage(model):
    for usage in [model.invoke(USAGE).usage_metadata,
                  joined(model.stream(USAGE, stream_usage=True)).usage_metadata]:
        assert (usage["input_tokens"], usage["output_tokens"], usage["total_tokens"]) == (130, 11, 141)
        assert usage["input_token_details"]["cache_read"] == 30
