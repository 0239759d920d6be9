"""What clients put into messages: ids, arguments, instructions among messages, documents, images, and leftovers."""

import base64
import json
import subprocess
import urllib.error
import urllib.request

import pytest

from messages_library import TOOLS as MESSAGE_TOOLS
from messages_library import Messages, library, texts
from scripts import ANSWER, SAID, WEATHER

PDF = base64.b64encode(
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n").decode()
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
DOCUMENT = {"type": "document", "title": "a.pdf", "source": {"type": "base64", "media_type": "application/pdf", "data": PDF}}
TOOLS = [{"type": "function", "function": {
    "name": "get_weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}}}]
CALL = "stub: tool=mcp__client__get_weather input64=" + base64.b64encode(b'{"city": "Ulm"}').decode()


def user(content):
    return {"role": "user", "content": content}


@pytest.fixture
def own(make_server):
    """A server to itself, whose runs and processes can be counted."""
    return make_server(LOG_LEVEL="debug")


def post(server, path, body, **headers):
    """(status, document, session) of a request."""
    request = urllib.request.Request(
        f"{server.url}{path}", json.dumps({"model": "claude-code", **body}).encode(),
        {"content-type": "application/json", **headers})
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, json.load(answer), answer.headers["x-session-id"]
    except urllib.error.HTTPError as error:
        return error.code, json.load(error), None


def chat(server, messages, **options):
    status, document, session = post(server, "/v1/chat/completions", {"messages": messages, **options})
    assert status == 200, document
    return document["choices"][0]["message"], session


def blocks(request, kind):
    """The blocks of a kind in the last request, those in results included."""
    found = []
    for message in request["messages"]:
        for block in message["content"] if isinstance(message["content"], list) else []:
            inner = block["content"] if isinstance(block.get("content"), list) else []
            found += [part for part in [block, *inner] if part["type"] == kind]
    return found


# Ids and arguments

def test_ids_are_openais_and_every_form_finds_the_live_turn(own):
    for form in ["call_", "toolu_", "renamed"]:
        asked = user(f"{CALL} key={form}")
        message, session = chat(own, [asked], tools=TOOLS)
        call = message["tool_calls"][0]
        assert call["id"].startswith("call_") and len(call["id"]) <= 40
        call["id"] = "call_" + "0" * 35 if form == "renamed" else call["id"].replace("call_", form)
        answer, again = chat(
            own, [asked, message, {"role": "tool", "tool_call_id": call["id"], "content": "sun"}], tools=TOOLS)
        assert (answer["content"], again) == ("The tool said: sun", session)
    assert len(own.runs()) == 3


def test_a_call_of_one_dialect_is_answered_in_another(own):
    message, session = chat(own, [user(f"{CALL} key=across")], tools=TOOLS)
    call = message["tool_calls"][0]
    messages = [
        user(f"{CALL} key=across"),
        {"role": "assistant", "content": [{
            "type": "tool_use", "id": call["id"].replace("call_", "toolu_"), "name": "get_weather",
            "input": {"city": "Ulm"}}]},
        user([{"type": "tool_result", "tool_use_id": call["id"], "content": "sun"}])]
    status, document, again = post(own, "/v1/messages", {"messages": messages, "max_tokens": 9, "tools": MESSAGE_TOOLS})
    assert (status, document["content"][0]["text"], again) == (200, "The tool said: sun", session)


def test_arguments_may_be_an_object(own, upstream):
    for arguments in [{"city": "Ulm"}, '{"city": "Ulm"}']:
        chat(own, [
            user("weather?"),
            {"role": "assistant", "tool_calls": [{
                "id": "c1", "type": "function", "function": {"name": "get_weather", "arguments": arguments}}]},
            {"role": "tool", "tool_call_id": "c1", "content": "sun"}, user(SAID)], tools=TOOLS)
        assert blocks(upstream.last(), "tool_use")[0]["input"] == {"city": "Ulm"}


# Instructions among messages

def test_later_instructions_keep_their_place_and_the_session(own, upstream):
    history = [{"role": "system", "content": "Be brief."}, user("stub: tokens=1 key=place")]
    message, session = chat(own, history)
    history += [message, {"role": "system", "content": "Ran command: ls\nstub: tokens=2\n"}]
    second, again = chat(own, history)
    assert second["content"] == "w0 w1 " and again == session
    assert upstream.spoken(upstream.last())[-1] == ("user", "<system>Ran command: ls\nstub: tokens=2\n</system>")
    assert len(set(own.runs())) == 1
    # The same history elsewhere.
    edited = [history[0], user("stub: tokens=1 key=other"), *history[2:]]
    _, other = chat(own, edited)
    assert other != session
    assert [role for role, _ in upstream.spoken(upstream.last())] == ["user", "assistant", "user"]


@pytest.mark.parametrize("role", ["system", "developer"])
def test_a_lone_instruction_is_the_question(own, upstream, role):
    answer, _ = chat(own, [{"role": role, "content": SAID}])
    assert answer["content"] == ANSWER
    status, document, _ = post(own, "/v1/responses", {"input": [{"role": role, "content": SAID}]})
    assert status == 200 and document["output"][-1]["content"][0]["text"] == ANSWER


# Documents

@pytest.mark.parametrize("dialect", ["chat", "messages", "responses"])
def test_a_document_reaches_the_upstream(own, upstream, dialect):
    text = f"read it\nstub: tokens=1 key={dialect}"
    if dialect == "chat":
        file = {"type": "file", "file": {"filename": "a.pdf", "file_data": f"data:application/pdf;base64,{PDF}"}}
        chat(own, [user([file, {"type": "text", "text": text}])])
    elif dialect == "messages":
        body = {"max_tokens": 9, "messages": [user([DOCUMENT, {"type": "text", "text": text}])]}
        assert post(own, "/v1/messages", body)[0] == 200
    else:
        content = [{"type": "input_file", "filename": "a.pdf", "file_data": PDF}, {"type": "input_text", "text": text}]
        assert post(own, "/v1/responses", {"input": [user(content)]})[0] == 200
    found = blocks(upstream.last(), "document")
    assert [(block["source"]["data"], block["title"]) for block in found] == [(PDF, "a.pdf")]


def test_a_document_alone_and_in_a_later_turn(own, upstream):
    messages = Messages(library(own))
    history = [user([DOCUMENT, {"type": "text", "text": "stub: tokens=1 key=first"}])]
    history += [{"role": "assistant", "content": messages.create(history).content},
                user([{"type": "text", "text": "and this?\nstub: tokens=2 key=second"}, DOCUMENT])]
    assert texts(messages.create(history)) == ["w0 w1 "]
    assert len(blocks(upstream.last(), "document")) == 2 and len(set(own.runs())) == 1


def test_a_document_in_a_result(own, upstream):
    """It does not fit into the live turn: the history answers."""
    messages = Messages(library(own))
    history = [user(f"{CALL} key=result")]
    first = messages.create(history, tools=MESSAGE_TOOLS)
    history += [{"role": "assistant", "content": first.content}, user([{
        "type": "tool_result", "tool_use_id": first.content[-1].id,
        "content": [{"type": "text", "text": "here"}, DOCUMENT]}])]
    answer = messages.create(history, tools=MESSAGE_TOOLS)
    assert answer.stop_reason == "end_turn"
    assert [block["source"]["data"] for block in blocks(upstream.last(), "document")] == [PDF]
    assert own.processes()["parked"] == 0
    # And in the past of another conversation.
    history += [{"role": "assistant", "content": answer.content}, user(f"thanks\n{SAID}")]
    history[0] = user("other words")
    assert texts(messages.create(history, tools=MESSAGE_TOOLS)) == [ANSWER]
    assert [block["source"]["data"] for block in blocks(upstream.last(), "document")] == [PDF]


def test_the_cli_as_a_client_reads_a_pdf(cli, own, upstream, tmp_path):
    """Its tools run at the client; the PDF stays in its history."""
    folder = tmp_path / "client"
    folder.mkdir()
    (folder / "a.pdf").write_bytes(base64.b64decode(PDF))
    path = base64.b64encode(json.dumps({"file_path": str(folder / "a.pdf")}).encode()).decode()
    environment = {
        **{name: value for name, value in own.environment.items() if name.isupper() and "PATH" not in name},
        "PATH": own.environment["PATH"], "HOME": str(tmp_path), "ANTHROPIC_BASE_URL": own.url}

    def ask(*arguments):
        ran = subprocess.run(
            [cli, *arguments, "--model", "claude-code", "--allowedTools", "Read"], env=environment, cwd=folder,
            capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60)
        assert ran.returncode == 0, ran.stdout + ran.stderr
        return ran.stdout.strip()

    assert ask("-p", f"stub: tool=mcp__client__Read input64={path}").startswith("The tool said: PDF file read")
    assert [block["source"]["data"] for block in blocks(upstream.last(), "document")] == [PDF]
    assert ask("-p", "-c", SAID) == ANSWER.strip()
    assert ask("-p", "-c", "stub: tokens=1 key=third") == "w0"
    assert [block["source"]["data"] for block in blocks(upstream.last(), "document")] == [PDF]
    # One for the live turn, one for the history with the PDF, which serves all further turns.
    assert len({pid for _, pid in own.runs()}) == 2


def test_text_files_and_search_results(own, upstream):
    csv = base64.b64encode("a,b\n1,ö".encode()).decode()
    chat(own, [user([{"type": "file", "file": {"filename": "a.csv", "file_data": csv}}, {"type": "text", "text": SAID}])])
    assert "a.csv:\n\na,b\n1,ö" in "\n".join(text for _, text in upstream.spoken(upstream.last()))
    found = {"type": "search_result", "source": "https://x/y", "title": "t", "content": [{"type": "text", "text": "passage"}]}
    body = {"max_tokens": 9, "messages": [user([found, {"type": "text", "text": SAID}])]}
    assert post(own, "/v1/messages", body)[0] == 200
    assert [block["source"] for block in blocks(upstream.last(), "search_result")] == ["https://x/y"]


@pytest.mark.parametrize("part", [
    {"type": "file", "file": {"file_id": "file-1"}}, {"type": "input_audio", "input_audio": {"data": "AAAA"}}])
def test_what_cannot_be_read_is_refused_only_when_it_is_new(own, upstream, part):
    status, document, _ = post(own, "/v1/chat/completions", {"messages": [user([part])]})
    assert status == 400 and document["error"]["param"].startswith("messages[0].content[0]")
    answer, _ = chat(own, [user([part]), {"role": "assistant", "content": "no"}, user(SAID)])
    assert answer["content"] == ANSWER


# Images

@pytest.mark.parametrize("url", [
    f"data:image/jpeg;base64,{PNG}", f"data:;base64,{PNG.rstrip('=')}", "data:image/jpg;base64," + "\r\n".join(
        PNG[at:at + 20] for at in range(0, len(PNG), 20)),
    "data:image/png;base64," + PNG.replace("+", "-").replace("/", "_")])
def test_images_are_sent_as_what_they_are(own, upstream, url):
    chat(own, [user([{"type": "image_url", "image_url": {"url": url}}, {"type": "text", "text": SAID}])])
    assert [block["source"]["media_type"] for block in blocks(upstream.last(), "image")] == ["image/png"]
    assert upstream.images() == [PNG]


def test_a_long_history_of_images_stays_usable(own, upstream):
    image = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}}
    history = []
    for number in range(21):
        history += [user([{"type": "text", "text": f"picture {number}"}, image]), {"role": "assistant", "content": "ok"}]
    answer, _ = chat(own, [*history, user(SAID)])
    assert answer["content"] == ANSWER
    assert len(upstream.images()) == 20
    assert "[an earlier image was left out]" in upstream.spoken(upstream.last())[0][1]
    status, document, _ = post(own, "/v1/chat/completions", {"messages": [user([image] * 21)]})
    assert (status, document["error"]["code"]) == (400, "too_many_images")


# Forced calls

def test_forced_calls_keep_their_session_and_process(own, upstream):
    script = "stub: schema input64=" + base64.b64encode(b'{"city": "Ulm"}').decode()
    forced = {"type": "function", "function": {"name": "get_weather"}}
    history, sessions = [user(f"{script} key=forced")], set()
    for number in range(3):
        message, session = chat(own, history, tools=TOOLS, tool_choice=forced)
        sessions.add(session)
        call = message["tool_calls"][0]
        assert json.loads(call["function"]["arguments"]) == {"city": "Ulm"} and call["id"].startswith("call_")
        history += [message, {"role": "tool", "tool_call_id": call["id"], "content": f"sun {number}\n{script}"}]
    assert len(sessions) == 1 and len(set(own.runs())) == 1 and len(own.runs()) == 3
    told = "\n".join(text for _, text in upstream.spoken(upstream.last()))
    assert "Result of get_weather:" in told and "sun 1" in told
    # Words end it, in the same session.
    history[-1]["content"] = f"sun\n{SAID}"
    answer, session = chat(own, history, tools=TOOLS)
    assert answer["content"] == ANSWER and session in sessions


def test_a_forced_call_that_is_told_in_words_keeps_its_session(own):
    """smolagents tells calls and results in words."""
    script = "stub: schema input64=" + base64.b64encode(b'{"city": "Ulm"}').decode()
    history, sessions = [user(f"{script} key=told")], set()
    for number in range(3):
        message, session = chat(own, history, tools=TOOLS, tool_choice="required")
        sessions.add(session)
        history += [{"role": "assistant", "content": f"Calling tools:\n{message['tool_calls']}"},
                    user(f"Observation: {number}\n{script}")]
    assert len(sessions) == 1 and len(set(own.runs())) == 1


# The request

def test_keys_in_any_field_and_a_byte_order_mark(make_server):
    server = make_server(API_KEYS="sk-right-0123456789abcdef")
    right = "sk-right-0123456789abcdef"
    body = b"\xef\xbb\xbf" + json.dumps({"model": "claude-code", "messages": [user(SAID)]}).encode()
    for headers in [{"authorization": f"Bearer {right}", "x-api-key": "none"},
                    {"authorization": "Bearer none", "x-api-key": right}, {"api-key": right}]:
        request = urllib.request.Request(
            f"{server.url}/v1/chat/completions", body, {"content-type": "application/json", **headers})
        with urllib.request.urlopen(request, timeout=60) as answer:
            assert json.load(answer)["choices"][0]["message"]["content"] == ANSWER


def test_metadata_belongs_to_the_client(own):
    answer, _ = chat(own, [user(SAID)], metadata={"session_id": "sess_abc123", "permission_mode": "x"})
    assert answer["content"] == ANSWER
