"""What clients rely on, in front of one version of the CLI: `make cli-versions` runs this file over several.

The cases are as plain as they can be. A version that the server supports passes all of them."""

import base64
import http.client
import json
import os

import pytest

from conftest import BUILD, happens
from plain_dialects import IMAGE, Chat, Messages, assistant, post, user
from scripts import ANSWER, PNG, call, calls, encoded

pytestmark = pytest.mark.client(os.environ.get("CLI_VERSION", "CLI"))
MARK = "what-the-file-says"
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
HISTORY = [user("I like plums."), assistant("So do I."), user("And pears?"), assistant("Those too.")]


@pytest.fixture(scope="module")
def own(make_server):
    return make_server(CLAUDE_MAX_PROCESSES="4")


class Said:
    """The answer to a request."""

    def __init__(self, status, headers, text):
        assert status == 200, text
        self.session, self.warning = headers["x-session-id"], headers["x-claude-warning"]
        self.choice = json.loads(text)["choices"][0]
        self.text = self.choice["message"]["content"]


def ask(server, *messages, **options):
    messages = [user(message) if isinstance(message, str) else message for message in messages]
    return Said(*Chat().post(server, messages, **options))


def system(request):
    return "\n".join(block["text"] for block in request["system"])


@pytest.mark.feature("a system prompt")
def test_a_system_prompt_arrives_and_can_change(own, upstream):
    first = ask(own, ("system", ("You are a heron.",)), "stub: tokens=3 key=heron")
    assert first.text == ANSWER
    assert "You are a heron." in system(upstream.last())
    # Another prompt is another process: the session is resumed with it.
    second = ask(own, ("system", ("You are a stork.",)), "stub: tokens=3 key=stork", **{"x-session-id": first.session})
    assert second.text == ANSWER
    assert "You are a stork." in system(upstream.last()) and "heron" not in system(upstream.last())


@pytest.mark.feature("an appended one, 300 kB")
def test_an_appended_system_prompt(own, upstream):
    text = "Be brief. " * 30_000
    ask(own, "stub: tokens=3", **{"append-system-prompt": text})
    assert text.strip() in system(upstream.last())


@pytest.mark.feature("a history from elsewhere")
def test_a_history_of_three_messages(own, upstream):
    assert ask(own, *HISTORY[:2], "stub: tokens=3 key=three").text == ANSWER
    assert upstream.heard() == ["I like plums.", "So do I."]
    assert ask(own, *HISTORY, "What now?").text.endswith("What now?")
    assert upstream.heard() == ["I like plums.", "So do I.", "And pears?", "Those too.", "What now?"]


@pytest.mark.feature("a history that ends in results")
def test_a_history_that_ends_in_results(own, upstream):
    made = {"id": "call_1", "type": "function", "function": {"name": "get_weather", "arguments": '{"city":"Bonn"}'}}
    messages = [user("How is it in Bonn?"), [{"role": "assistant", "content": None, "tool_calls": [made]},
                                             {"role": "tool", "tool_call_id": "call_1", "content": "rain and wind"}]]
    answer = ask(own, *messages, tools=Chat.tools)
    assert answer.choice["finish_reason"] == "stop"
    sent = json.dumps(upstream.last()["messages"])
    assert sent.count("rain and wind") == 1 and "How is it in Bonn?" in sent
    assert "No response requested" not in sent and "rain and wind" in answer.text


@pytest.mark.feature("text with `@file`")
def test_a_mentioned_file_stays_here(own, upstream, tmp_path):
    (tmp_path / "notes.txt").write_text(MARK)
    text = f"What is @{tmp_path}/notes.txt and @/etc/hostname?"
    assert ask(own, text).text == f"You said: {text}"
    ask(own, *HISTORY, text)
    ask(own, user(IMAGE, f"{text}\nstub: tokens=3"))
    own_words = [json.dumps(request["messages"]) for request in upstream.requests()]
    assert not [words for words in own_words if MARK in words]
    assert text in upstream.spoken(upstream.last())[0][1]


@pytest.mark.feature("text that begins with `/`")
@pytest.mark.parametrize("text", ["/help", "/etc/hosts is a file", "/nothing-of-the-kind", "/clear"])
def test_a_text_that_begins_with_a_slash_is_text(own, text):
    assert ask(own, text).text.strip() == f"You said:  {text}"


@pytest.mark.feature("an image")
def test_an_image(own, upstream):
    first = ask(own, user(IMAGE, "stub: tokens=3 key=image"))
    assert (first.text, upstream.images()) == (ANSWER, [PNG])
    ask(own, user(IMAGE, "What is this?"), assistant("A dot."), "stub: tokens=3 key=past")
    assert upstream.images() == [PNG]


@pytest.mark.feature("a function call")
@pytest.mark.parametrize("dialect", [Chat(), Messages()], ids=lambda dialect: dialect.name)
def test_function_calls(own, upstream, dialect):
    for script, told in [(call(key=dialect.name), "sunny"), (calls(2, key=dialect.name), "sunny\nsunny")]:
        status, _, text = dialect.post(own, [user(script)], tools=dialect.tools)
        assert status == 200, text
        assert [tool["name"] for tool in upstream.last()["tools"]] == ["mcp__client__get_weather"]
        spawned = own.processes()["spawned"]
        answered = dialect.answered(text)
        status, _, text = dialect.post(own, [user(script), *answered("Say it in short.")], tools=dialect.tools)
        assert status == 200, text
        sent = json.dumps(upstream.requests())
        assert json.dumps(told)[1:-1] in text.replace("\\\\n", "\\n") or told in text
        assert "Say it in short." in sent
        assert own.processes()["spawned"] == spawned


@pytest.mark.feature("structured output")
def test_structured_output(own):
    form = {"type": "json_schema", "json_schema": {"name": "place", "schema": SCHEMA}}
    answer = ask(own, f"stub: schema input64={encoded({'city': 'Bonn'})}", response_format=form)
    assert json.loads(answer.text) == {"city": "Bonn"}


@pytest.mark.feature("a stream")
def test_a_stream(own):
    status, _, text = post(own, "/v1/chat/completions", {
        "model": "claude-code", "stream": True, "messages": [{"role": "user", "content": "stub: tokens=3 thinking=2"}]})
    chunks = [json.loads(line[6:]) for line in text.split("\n\n") if line.startswith("data: {")]
    pieces = [chunk["choices"][0]["delta"].get("content") for chunk in chunks if chunk["choices"]]
    assert status == 200 and [piece for piece in pieces if piece] == ["w0 ", "w1 ", "w2 "]


@pytest.mark.feature("a client that leaves")
def test_an_interrupted_turn_and_the_next(own):
    connection = http.client.HTTPConnection("127.0.0.1", own.program.port, timeout=60)
    body = {"model": "claude-code", "stream": True, "messages": [
        {"role": "user", "content": "stub: tokens=600 gap=50"}]}
    connection.request("POST", "/v1/chat/completions", json.dumps(body), {"content-type": "application/json"})
    response = connection.getresponse()
    session = response.headers["x-session-id"]
    while b"w3 " not in response.readline():
        pass
    connection.close()
    response.close()
    assert own.comes_to_rest(5)
    before = own.processes()
    assert ask(own, "and now?", **{"x-session-id": session}).text == "You said: and now?"
    assert own.processes()["spawned"] == before["spawned"] and own.processes()["killed"] == before["killed"]


@pytest.mark.feature("a continued session")
def test_a_continued_session(own, upstream):
    first = ask(own, "The word is plum.")
    spawned = own.processes()["spawned"]
    second = ask(own, "The word is plum.", assistant(first.text), "And now?")
    assert second.session == first.session
    assert upstream.heard() == ["The word is plum.", first.text, "And now?"]
    assert own.processes()["spawned"] == spawned


@pytest.mark.feature("model and effort")
def test_model_and_effort(own, upstream):
    first = ask(own, "stub: tokens=3 key=effort", model="claude-sonnet-4-5", reasoning_effort="low")
    assert (first.text, upstream.last()["model"]) == (ANSWER, "claude-sonnet-4-5")
    # A live process is switched.
    ask(own, "stub: tokens=3 key=switch", model="claude-haiku-4-5", **{"x-session-id": first.session})
    assert upstream.last()["model"].startswith("claude-haiku-4-5")
    ask(own, "stub: tokens=3 key=default", reasoning_effort="low")
    assert upstream.last()["output_config"]["effort"] == "low"


@pytest.mark.feature("permissions")
def test_permissions(own):
    def script(word):
        command = base64.b64encode(json.dumps({"command": f"echo {word}; touch {word}"}).encode()).decode()
        return f"stub: tool=Bash input64={command}"

    folder = own.workspaces / "workspace" / "permissions"
    assert ask(own, script("allowed"), workspace="permissions", **{"allowed-tools": ["Bash"]}).text == (
        "The tool said: allowed")
    assert "did not allow the tool Bash" in ask(own, script("denied"), workspace="permissions").text
    assert "The tool said: skipped" == ask(
        own, script("skipped"), workspace="permissions", **{"permission-mode": "bypassPermissions"}).text
    assert sorted(path.name for path in folder.glob("[a-z]*")) == ["allowed", "skipped"]


@pytest.mark.feature("a failing upstream")
def test_a_failing_upstream(own):
    for status in [400, 429, 529]:
        got, _, text = Chat().post(own, [user(f"stub: status={status}")])
        assert (got, status) in [(400, 400), (429, 429), (503, 529), (529, 529)], text


@pytest.mark.feature("health")
def test_health(own, cli):
    connection = http.client.HTTPConnection("127.0.0.1", own.program.port, timeout=60)
    connection.request("GET", "/health")
    check = json.load(connection.getresponse())["checks"]["claudeCli"]
    assert check["status"] == "healthy" and check["details"]["path"] == str(cli)
