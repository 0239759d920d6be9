"""Pydantic AI's agents, with nothing changed but the address."""

import asyncio
import base64
import importlib.metadata

import pydantic
import pytest
from pydantic_ai import Agent, BinaryContent, NativeOutput, ToolOutput
from pydantic_ai.exceptions import ModelHTTPError
from pydantic_ai.messages import ModelRequest, ModelResponse, TextPart, UserPromptPart
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai import OpenAIProvider

from scripts import ANSWER, CITIES, PNG, SAID, USAGE, WEATHER, call, calls, structured, weather

pytestmark = pytest.mark.client(f"pydantic-ai {importlib.metadata.version('pydantic-ai-slim')}")


class City(pydantic.BaseModel):
    name: str
    people: int


@pytest.fixture
def model(open_server):
    return OpenAIChatModel("claude-code", provider=OpenAIProvider(base_url=f"{open_server.url}/v1", api_key="sk-any"))


def streamed(agent, prompt):
    """The pieces of a streamed run's last answer, and the run."""
    async def run():
        async with agent.run_stream(prompt) as result:
            return [piece async for piece in result.stream_text(delta=True, debounce_by=None)], result

    return asyncio.run(run())


@pytest.mark.feature("answer")
def test_an_answer(model):
    assert Agent(model).run_sync(SAID).output == ANSWER


@pytest.mark.feature("stream")
def test_a_streamed_answer(model):
    assert streamed(Agent(model), SAID)[0] == ["w0 ", "w1 ", "w2 "]


@pytest.mark.feature("history")
def test_a_history_from_elsewhere(model, upstream):
    history = [ModelRequest([UserPromptPart("the fruit is apple")]), ModelResponse([TextPart("Noted, apple.")])]
    assert Agent(model).run_sync(f"which fruit?\n{SAID}", message_history=history).output == ANSWER
    assert upstream.heard() == ["the fruit is apple", "Noted, apple.", "which fruit?"]


@pytest.mark.feature("function call")
def test_a_function_call(model, function):
    answer = Agent(model, tools=[function.get_weather]).run_sync(call(key="pydantic-ai")).output
    assert answer == f"The tool said: {weather('Bonn')}"
    assert function.cities == ["Bonn"] and function.ran_in_one_process()


@pytest.mark.feature("streamed call")
def test_a_streamed_function_call(model, function):
    pieces, _ = streamed(Agent(model, tools=[function.get_weather]), call(key="pydantic-ai-streamed"))
    assert "".join(pieces) == f"The tool said: {weather('Bonn')}"
    assert function.cities == ["Bonn"] and function.ran_in_one_process()


@pytest.mark.feature("parallel calls")
def test_parallel_calls(model, function, upstream):
    answer = Agent(model, tools=[function.get_weather]).run_sync(calls(5, key="pydantic-ai")).output
    assert answer.startswith("The tool said: ")
    assert upstream.weather() == WEATHER
    assert sorted(function.cities) == CITIES and function.ran_in_one_process()


@pytest.mark.parametrize("way", [
    pytest.param(NativeOutput, marks=pytest.mark.feature("structured output")),
    pytest.param(ToolOutput, marks=pytest.mark.feature("forced call"))])
def test_structured_output(model, way):
    answer = Agent(model, output_type=way(City)).run_sync(structured(name="Ulm", people=126_000)).output
    assert answer == City(name="Ulm", people=126_000)


@pytest.mark.feature("image")
def test_an_image(model, upstream):
    image = BinaryContent(base64.b64decode(PNG), media_type="image/png")
    assert Agent(model).run_sync([SAID, image]).output == ANSWER
    assert upstream.images() == [PNG]


@pytest.mark.feature("errors")
@pytest.mark.parametrize("status", [400, 403])
def test_errors(model, status):
    for ask in [Agent(model).run_sync, lambda prompt: streamed(Agent(model), prompt)]:
        with pytest.raises(ModelHTTPError) as caught:
            ask(f"stub: status={status}")
        assert caught.value.status_code == status


@pytest.mark.feature("usage")
def test_usage(model):
    for result in [Agent(model).run_sync(USAGE), streamed(Agent(model), USAGE)[1]]:
        usage = result.usage
        assert (usage.input_tokens, usage.output_tokens, usage.cache_read_tokens) == (130, 11, 30)
