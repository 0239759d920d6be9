"""Conversations in Anthropic's words: histories, calls, approvals, and requests sent twice."""

import anthropic
import openai
import pytest

from messages_library import THINKING, TOOLS, Messages, assistant, library, result, texts, user
from scripts import ANSWER, CITIES, SAID, WEATHER, call, calls, encoded, structured, weather

pytestmark = pytest.mark.client(f"anthropic {anthropic.__version__}")


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


# Histories

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
