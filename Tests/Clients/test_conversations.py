"""Conversations as clients hold them: histories of their own, calls, approvals, forms, images, and requests sent twice."""

import base64
import json
import re

import openai
import pydantic
import pytest

from conftest import Server, happens

WEATHER = [{"type": "function", "function": {
    "name": "get_weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}}}]
ASKING = {"permission-mode": "ask"}


def user(content):
    return {"role": "user", "content": content}


def assistant(content):
    return {"role": "assistant", "content": content}


def encoded(value):
    return base64.b64encode(json.dumps(value).encode()).decode()


def told(request):
    """(role, text) of each message; blocks that are no text by their type."""
    found = []
    for message in request["messages"]:
        content = message["content"]
        blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content
        texts = [block.get("text", block["type"]) for block in blocks]
        texts = [text.strip() for text in texts if not text.lstrip().startswith("<system-reminder>")]
        if message["role"] != "system":
            found.append((message["role"], "|".join(texts)))
    return found


@pytest.fixture
def own(make_server):
    """A server to itself, whose runs and processes can be counted."""
    return make_server(LOG_LEVEL="debug")


@pytest.fixture
def complete(own):
    """A completion: the message, and the session it names."""
    def complete(messages, client=None, **options):
        answer = (client or own.client()).chat.completions.with_raw_response.create(
            model="claude-code", messages=messages, **options)
        return answer.parse().choices[0], answer.headers["x-session-id"]

    return complete


# Histories

def history():
    """Twelve messages; the last is the assistant's."""
    return [message for number in range(6) for message in [user(f"question {number}"), assistant(f"answer {number}")]]


def spoken(messages):
    return [(message["role"], message["content"].strip()) for message in messages]


def test_a_history_arrives_as_its_own_messages_each_once(own, upstream, complete):
    messages = history() + [user("stub: tokens=2 key=native")]
    before = len(upstream.requests())
    choice, _ = complete(messages)
    assert choice.message.content == "w0 w1 "
    assert len(upstream.requests()) == before + 1
    assert told(upstream.last()) == spoken(messages)


def test_the_second_turn_goes_to_the_same_process(own, upstream, complete):
    messages = history() + [user("stub: tokens=2 key=second")]
    choice, session = complete(messages)
    messages += [assistant(choice.message.content), user("stub: tokens=3 key=second")]
    # No more spares are started once there are those for default turns and for any turns.
    assert happens(lambda: own.processes()["spare"] == 3, 20)
    spawned = own.processes()["spawned"]
    choice, again = complete(messages)
    assert (choice.message.content, again) == ("w0 w1 w2 ", session)
    assert told(upstream.last()) == spoken(messages)
    assert own.processes()["spawned"] == spawned
    first, second = own.runs()
    assert first == second and first[0] == session


def test_an_edited_message_branches_off_and_the_old_session_is_untouched(own, upstream, complete):
    messages = history() + [user("stub: tokens=2 key=old")]
    choice, session = complete(messages)
    messages += [assistant(choice.message.content), user("stub: tokens=1 key=branch")]
    edited = [dict(message) for message in messages]
    edited[2]["content"] = "question one, edited"
    _, branch = complete(edited)
    assert branch != session
    assert told(upstream.last()) == spoken(edited)
    # The old one goes on where it was, in its own process.
    _, again = complete(messages)
    assert again == session
    assert told(upstream.last()) == spoken(messages)
    assert len({pid for name, pid in own.runs() if name == session}) == 1


def test_two_principals_with_one_history_have_two_sessions(make_server, upstream, complete):
    server = make_server(API_KEYS="sk-first-principal,sk-second-principal")
    clients = [server.client(api_key=key) for key in ["sk-first-principal", "sk-second-principal"]]
    opening = [user("stub: tokens=2 key=principals")]
    sessions = []
    for client in clients:
        choice, session = complete(opening, client)
        sessions.append(session)
    messages = opening + [assistant(choice.message.content), user("stub: tokens=1 key=principals")]
    assert [complete(messages, client)[1] for client in clients] == sessions
    assert len(set(sessions)) == 2
    # Nor by its name.
    with pytest.raises(openai.NotFoundError):
        complete(opening, clients[0], extra_headers={"x-session-id": sessions[1]})
    # A history that only one of them has had is new for the other.
    third, _ = complete(messages + [assistant("w0 "), user("stub: tokens=3 key=principals")], clients[0])
    known = messages + [assistant("w0 "), user("stub: tokens=3 key=principals"),
                        assistant(third.message.content), user("stub: tokens=1 key=principals-end")]
    strangers = complete(known, clients[1])[1]
    assert strangers not in sessions
    assert told(upstream.last()) == spoken(known)
    assert complete(known, clients[0])[1] == sessions[0]


# Calls

def test_results_are_understood_after_a_restart(cli, upstream, tmp_path):
    (tmp_path / "one").mkdir()
    first = Server(cli, upstream, tmp_path / "one")
    messages = [user("stub: tools=mcp__client__get_weather:2 then=3 key=restart")]
    answer = first.client().chat.completions.create(model="claude-code", messages=messages, tools=WEATHER).choices[0]
    calls = answer.message.tool_calls
    assert answer.finish_reason == "tool_calls" and len(calls) == 2
    assert first.program.stop() == 0
    messages.append(answer.message.model_dump(exclude_none=True))
    for number, call in enumerate(calls):
        messages.append({"role": "tool", "tool_call_id": call.id, "content": f"sunny {number}"})
    (tmp_path / "two").mkdir()
    second = Server(cli, upstream, tmp_path / "two")
    try:
        answer = second.client().chat.completions.create(
            model="claude-code", messages=messages, tools=WEATHER).choices[0]
    finally:
        assert second.program.stop() == 0
    assert (answer.message.content, answer.finish_reason) == ("w0 w1 w2 ", "stop")
    _, called, results = [message["content"] for message in upstream.last()["messages"] if message["role"] != "system"]
    ids = [call.id.replace("call_", "toolu_", 1) for call in calls]
    assert [(block["type"], block["id"]) for block in called] == [("tool_use", id) for id in ids]
    results = [block for block in results if block["type"] == "tool_result"]
    assert [block["tool_use_id"] for block in results] == ids
    assert [block["content"] for block in results] == [
        [{"type": "text", "text": "sunny 0"}], [{"type": "text", "text": "sunny 1"}]]


# Approvals

def asked(own, complete, key, command, **options):
    """Has the CLI ask about a command; the conversation so far, and the call."""
    script = f"stub: tool=Bash input64={encoded({'command': command, 'description': 'x'})} key={key}"
    messages = [user(script)]
    choice, session = complete(messages, extra_body={**ASKING, "workspace": "asked"}, **options)
    assert choice.finish_reason == "tool_calls" and len(choice.message.tool_calls) == 1
    call = choice.message.tool_calls[0]
    assert call.function.name == "approve_tool_use"
    arguments = json.loads(call.function.arguments)
    assert (arguments["tool_name"], arguments["input"]["command"]) == ("Bash", command)
    return messages + [choice.message.model_dump(exclude_none=True)], call, session


def test_an_approved_tool_runs(own, complete):
    messages, call, session = asked(own, complete, "allow", "touch approved && echo done")
    made = own.workspaces / "workspace" / "asked" / "approved"
    assert not made.exists()
    messages.append({"role": "tool", "tool_call_id": call.id, "content": "allow"})
    choice, again = complete(messages, extra_body={**ASKING, "workspace": "asked"})
    assert (choice.message.content, choice.finish_reason, again) == ("The tool said: done", "stop", session)
    assert made.exists()
    assert len(own.runs()) == 1


@pytest.mark.parametrize("said, reason", [
    ("deny: not today", "not today"), ('{"behavior":"deny","message":"never"}', "never"), ("well, maybe", "well, maybe"),
])
def test_a_denied_tool_does_not_run_and_the_model_hears_why(own, complete, said, reason):
    messages, call, _ = asked(own, complete, "deny", "touch denied")
    messages.append({"role": "tool", "tool_call_id": call.id, "content": said})
    choice, _ = complete(messages, extra_body={**ASKING, "workspace": "asked"})
    assert choice.finish_reason == "stop" and reason in choice.message.content
    assert not (own.workspaces / "workspace" / "asked" / "denied").exists()


def test_each_of_two_tools_is_asked_about(own, complete):
    script = f"stub: tools=Bash:2 input64={encoded({'command': 'touch both-%n', 'description': 'x'})} key=both"
    messages, commands = [user(script)], []
    while True:
        choice, _ = complete(messages, extra_body={**ASKING, "workspace": "asked"})
        if choice.finish_reason == "stop":
            break
        messages.append(choice.message.model_dump(exclude_none=True))
        for call in choice.message.tool_calls:
            commands.append(json.loads(call.function.arguments)["input"]["command"])
            said = "allow" if commands[-1].endswith("1") else "deny"
            messages.append({"role": "tool", "tool_call_id": call.id, "content": said})
    assert sorted(commands) == ["touch both-0", "touch both-1"]
    folder = own.workspaces / "workspace" / "asked"
    assert [(folder / f"both-{number}").exists() for number in range(2)] == [False, True]
    assert len(own.runs()) == 1


# Repetitions

@pytest.mark.parametrize("stream", [False, True])
def test_a_request_that_the_library_repeats_is_run_once(own, upstream, stream):
    client = openai.OpenAI(api_key="sk-any", base_url=f"{own.url}/v1", max_retries=3, timeout=1)
    before = len(upstream.requests())
    answer = client.chat.completions.create(
        model="claude-code", messages=[user(f"stub: tokens=4 delay=2200 key=repeated-{stream}")], stream=stream)
    if stream:
        text = "".join(chunk.choices[0].delta.content or "" for chunk in answer if chunk.choices)
    else:
        text = answer.choices[0].message.content
    assert text == "w0 w1 w2 w3 "
    assert len(upstream.requests()) == before + 1
    log = own.log.read_text()
    assert len(own.runs()) == 1
    assert len(re.findall("request repeated", log)) >= 1
    assert own.comes_to_rest(5)
    assert own.processes()["killed"] == 0


# Forms and images

class Weather(pydantic.BaseModel):
    city: str
    degrees: int


def test_an_answer_of_a_declared_form(own):
    given = encoded({"city": "Bonn", "degrees": 21})
    answer = own.client().chat.completions.parse(
        model="claude-code", messages=[user(f"stub: schema input64={given}")], response_format=Weather)
    assert answer.choices[0].message.parsed == Weather(city="Bonn", degrees=21)
    assert answer.choices[0].finish_reason == "stop"


def test_images_reach_the_upstream_as_they_are(own, upstream, complete):
    png = base64.b64encode(bytes.fromhex(
        "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360000002000001e221"
        "bc330000000049454e44ae426082")).decode()
    image = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{png}"}}
    messages = [user([{"type": "text", "text": "stub: tokens=2 key=image"}, image])]
    choice, session = complete(messages)
    assert choice.message.content == "w0 w1 "

    def images():
        return [block["source"]["media_type"] for message in upstream.last()["messages"]
                if isinstance(message["content"], list) for block in message["content"] if block["type"] == "image"]

    assert images() == ["image/png"]
    # The conversation that carries it is found again, and tells it once.
    messages += [assistant(choice.message.content), user("stub: tokens=1 key=image")]
    assert complete(messages)[1] == session
    assert images() == ["image/png"]
    # In the past of a new conversation it is an image too.
    assert complete([user("look"), assistant("at what?")] + messages)[1] != session
    assert images() == ["image/png"]
