"""Transcripts as ClaudeCode's Transcript writes them, resumed by the real CLI. The unit tests prove that the fixtures are
what is written: byte for byte, for histories of every kind."""

import json
import os
import pathlib
import re
import subprocess
import threading

import pytest

FIXTURES = pathlib.Path(__file__).resolve().parents[1] / "Fixtures" / "transcripts"
SESSION = "00000000-0000-4000-8000-000000000000"
PATIENCE = 60


class Session:
    """A configuration of the CLI with one transcript in it."""

    def __init__(self, cli, upstream, folder, directory=None):
        self.cli, self.upstream = cli, upstream
        self.configuration = folder / "config"
        self.directory = directory or folder / "space"
        self.directory.mkdir(parents=True, exist_ok=True)

    def put(self, name):
        # How long names are cut is in the unit tests; here they are short.
        project = re.sub("[^A-Za-z0-9]", "-", str(self.directory.resolve()))
        self.file = self.configuration / "projects" / project / f"{SESSION}.jsonl"
        self.file.parent.mkdir(parents=True)
        self.file.write_bytes((FIXTURES / f"{name}.jsonl").read_bytes())

    def turn(self, content):
        """Resumes the session for one turn; the result, and what arrived upstream."""
        before = len(self.upstream.requests())
        process = subprocess.Popen(
            [self.cli, "-p", "--verbose", "--output-format=stream-json", "--input-format=stream-json",
             f"--resume={SESSION}", "--tools=", "--strict-mcp-config"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=self.directory,
            env={"PATH": os.environ["PATH"], "HOME": str(self.configuration),
                 "CLAUDE_CONFIG_DIR": str(self.configuration), "ANTHROPIC_API_KEY": "sk-made-up",
                 "ANTHROPIC_BASE_URL": self.upstream.url, "DISABLE_TELEMETRY": "1", "DISABLE_AUTOUPDATER": "1",
                 "DISABLE_ERROR_REPORTING": "1", "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1"})
        watchdog = threading.Timer(PATIENCE, process.terminate)
        watchdog.start()
        initialize = {"subtype": "initialize", "systemPrompt": ["Be brief."], "systemPromptSnapshot": False}
        lines = [{"type": "control_request", "request_id": "i", "request": initialize},
                 {"type": "user", "message": {"role": "user", "content": content}, "parent_tool_use_id": None,
                  "session_id": ""}]
        process.stdin.write("".join(json.dumps(line) + "\n" for line in lines).encode())
        # With its input closed it ends by itself, after the turn.
        process.stdin.close()
        output = [json.loads(line) for line in process.stdout if line.startswith(b"{")]
        process.wait()
        watchdog.cancel()
        result = [line for line in output if line["type"] == "result"][-1]
        requests = self.upstream.requests()[before:]
        assert len(requests) == 1
        return result, requests[0]


@pytest.fixture
def session(cli, upstream, tmp_path):
    return Session(cli, upstream, tmp_path)


def prompt(name):
    return json.loads((FIXTURES / f"{name}-prompt.jsonl").read_bytes())


def messages(request):
    """(role, blocks) of each message, without what the CLI adds by itself."""
    found = []
    for message in request["messages"]:
        if message["role"] == "system":
            continue
        content = message["content"]
        blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content
        blocks = [{key: value for key, value in block.items() if key != "cache_control"} for block in blocks
                  if not block.get("text", "").startswith("<system-reminder>")]
        found.append((message["role"], blocks))
    return found


def expected(name):
    """What is to arrive: the transcript's messages and the prompt, each once."""
    lines = [json.loads(line) for line in (FIXTURES / f"{name}.jsonl").read_bytes().split(b"\n") if line]
    told = [(line["type"], line["message"]["content"]) for line in lines if not line.get("isApiErrorMessage")]
    asked = [block for block in prompt(name) if block["type"] != "tool_result"]
    if told[-1][0] == "user":
        return told[:-1] + [("user", told[-1][1] + asked)]
    return told + [("user", asked)]


@pytest.mark.parametrize("name", ["plain", "tools", "results", "images", "untidy"])
def test_each_message_arrives_natively_and_once(session, name):
    session.put(name)
    result, request = session.turn(prompt(name))
    assert result["subtype"] == "success" and not result["is_error"]
    assert messages(request) == expected(name)
    assert "Be brief." in [block["text"] for block in request["system"]]
    assert request["model"] == "claude-sonnet-4-5"


def test_what_a_tool_answered_is_the_last_word(session):
    session.put("results")
    result, request = session.turn(prompt("results"))
    role, blocks = messages(request)[-1]
    assert role == "user"
    assert [(block["type"], block["tool_use_id"]) for block in blocks] == [
        ("tool_result", "call_1"), ("tool_result", "call_2")]
    assert result["result"].startswith("The tool said: sun")


@pytest.mark.parametrize("name", ["plain", "results", "images"])
def test_the_cli_goes_on_with_our_transcript(session, name):
    session.put(name)
    first, request = session.turn(prompt(name))
    answered = messages(request) + [("assistant", [{"type": "text", "text": first["result"]}])]
    _, request = session.turn("stub: tokens=1")
    got = messages(request)
    assert [(role, texts(blocks)) for role, blocks in got[:-1]] == [
        (role, texts(blocks)) for role, blocks in answered]
    assert got[-1] == ("user", [{"type": "text", "text": "stub: tokens=1"}])


def texts(blocks):
    """The blocks; a text without the white space at its ends, which `result` lacks."""
    return [block["text"].strip() if block["type"] == "text" else block for block in blocks]


def test_a_directory_behind_a_link_goes_by_its_real_name(cli, upstream, tmp_path):
    (tmp_path / "real" / "space").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "real")
    session = Session(cli, upstream, tmp_path, tmp_path / "link" / "space")
    session.put("plain")
    _, request = session.turn(prompt("plain"))
    assert messages(request) == expected("plain")
