"""OpenAI's Agents SDK over chat completions, with nothing changed but the address."""

import asyncio
import importlib.metadata

import openai
import pydantic
import pytest
from agents import Agent, ModelSettings, OpenAIChatCompletionsModel, Runner, function_tool, set_tracing_disabled

from scripts import ANSWER, CITIES, PNG, SAID, USAGE, WEATHER, call, calls, structured, weather

pytestmark = pytest.mark.client(f"openai-agents {importlib.metadata.version('openai-agents')}")

set_tracing_disabled(True)


class City(pydantic.BaseModel):
    name: str
    people: int


@pytest.fixture
def agent(open_server):
    def agent(**options):
        client = openai.AsyncOpenAI(api_key="sk-any", base_url=f"{open_server.url}/v1", max_retries=0, timeout=60)
        return Agent(name="bear", model=OpenAIChatCompletionsModel("claude-code", client), **options)

    return agent


def streamed(agent, prompt):
    """The pieces of a streamed run's last answer, and the run."""
    async def run():
        result = Runner.run_streamed(agent, prompt)
        events = [event async for event in result.stream_events()]
        return [event.data.delta for event in events if event.type == "raw_response_event"
                and event.data.type == "response.output_text.delta"], result

    return asyncio.run(run())


@pytest.mark.feature("answer")
def test_an_answer(agent):
    assert Runner.run_sync(agent(instructions="Be brief."), SAID).final_output == ANSWER


@pytest.mark.feature("stream")
def test_a_streamed_answer(agent):
    assert streamed(agent(), SAID)[0] == ["w0 ", "w1 ", "w2 "]


@pytest.mark.feature("history")
def test_a_history_from_elsewhere(agent, upstream):
    history = [{"role": "user", "content": "the fruit is pear"}, {"role": "assistant", "content": "Noted, pear."},
               {"role": "user", "content": f"which fruit?\n{SAID}"}]
    assert Runner.run_sync(agent(), history).final_output == ANSWER
    assert upstream.heard() == ["the fruit is pear", "Noted, pear.", "which fruit?"]


@pytest.mark.feature("function call")
def test_a_function_call(agent, function):
    bear = agent(tools=[function_tool(function.get_weather)])
    assert Runner.run_sync(bear, call(key="agents")).final_output == f"The tool said: {weather('Bonn')}"
    assert function.cities == ["Bonn"] and function.ran_in_one_process()


@pytest.mark.feature("streamed call")
def test_a_streamed_function_call(agent, function):
    pieces, _ = streamed(agent(tools=[function_tool(function.get_weather)]), call(key="agents-streamed"))
    assert "".join(pieces) == f"The tool said: {weather('Bonn')}"
    assert function.cities == ["Bonn"] and function.ran_in_one_process()


@pytest.mark.feature("parallel calls")
def test_parallel_calls(agent, function, upstream):
    bear = agent(tools=[function_tool(function.get_weather)])
    answer = Runner.run_sync(bear, calls(5, key="agents")).final_output
    assert answer.startswith("The tool said: ")
    assert upstream.weather() == WEATHER
    assert sorted(function.cities) == CITIES and function.ran_in_one_process()


@pytest.mark.feature("parallel calls")
def test_a_loop_of_parallel_calls(agent, function, upstream):
    bear = agent(tools=[function_tool(function.get_weather)])
    answer = Runner.run_sync(bear, calls(5, key="agents-loop") + " rounds=3").final_output
    assert answer.startswith("The tool said: ")
    assert upstream.weather() == 3 * WEATHER
    assert sorted(function.cities) == sorted(3 * CITIES) and function.ran_in_one_process()


@pytest.mark.feature("forced call")
def test_a_forced_call(agent, function):
    bear = agent(
        tools=[function_tool(function.get_weather)], tool_use_behavior="stop_on_first_tool",
        model_settings=ModelSettings(tool_choice="get_weather"))
    assert Runner.run_sync(bear, structured(city="Ulm")).final_output == weather("Ulm")


@pytest.mark.feature("structured output")
def test_structured_output(agent):
    answer = Runner.run_sync(agent(output_type=City), structured(name="Ulm", people=126_000)).final_output
    assert answer == City(name="Ulm", people=126_000)


@pytest.mark.feature("image")
def test_an_image(agent, upstream):
    answer = Runner.run_sync(agent(), [{"role": "user", "content": [
        {"type": "input_text", "text": SAID},
        {"type": "input_image", "detail": "auto", "image_url": f"data:image/png;base64,{PNG}"}]}])
    assert answer.final_output == ANSWER
    assert upstream.images() == [PNG]


@pytest.mark.feature("errors")
@pytest.mark.parametrize("status, error", [
    (400, openai.BadRequestError), (403, openai.PermissionDeniedError), (429, openai.RateLimitError)])
def test_errors(agent, status, error):
    for ask in [Runner.run_sync, streamed]:
        with pytest.raises(error) as caught:
            ask(agent(), f"stub: status={status}")
        assert caught.value.status_code == status


@pytest.mark.feature("usage")
def test_usage(agent):
    settings = ModelSettings(include_usage=True)
    for result in [Runner.run_sync(agent(model_settings=settings), USAGE),
                   streamed(agent(model_settings=settings), USAGE)[1]]:
        usage = result.context_wrapper.usage
        assert (usage.input_tokens, usage.output_tokens, usage.total_tokens) == (130, 11, 141)
        assert usage.input_tokens_details.cached_tokens == 30
