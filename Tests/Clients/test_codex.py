"""Codex CLI as published on PyPI, with nothing but its configuration pointing here."""

import importlib.metadata
import json
import os
import pathlib
import subprocess

import pytest
from codex_cli_bin import bundled_codex_path

from scripts import ANSWER, SAID, encoded

pytestmark = pytest.mark.client(f"Codex CLI {importlib.metadata.version('openai-codex-cli-bin')}")

# A name that Codex knows gives it the custom tool apply_patch; any other the plain functions.
KNOWN = "gpt-5.5"
CONFIGURATION = """
model_provider = "here"

[model_providers.here]
name = "here"
base_url = "{url}/v1"
wire_api = "responses"
env_key = "HERE_KEY"
request_max_retries = 0
stream_max_retries = 0

[analytics]
enabled = false

[otel]
exporter = "none"
"""


@pytest.fixture(scope="module")
def here(make_server, tmp_path_factory):
    models = tmp_path_factory.mktemp("models") / "models.json"
    models.write_text(json.dumps({"models": [{"id": "claude-code"}, {"id": KNOWN, "cli_model": "sonnet"}]}))
    return make_server(MODELS_PATH=str(models), UPSTREAM_RETRY_TIMEOUT_MS="100")


class Codex:
    """One home and one working directory."""

    def __init__(self, server, folder):
        self.home, self.place = folder / "home", folder / "place"
        self.home.mkdir()
        self.place.mkdir()
        (self.home / "config.toml").write_text(CONFIGURATION.format(url=server.url))

    def run(self, *arguments, model="claude-code", key="sk-any"):
        """The events of a run of `codex exec`, and its exit status."""
        first = ["resume", "--last"] if arguments[0] == "resume" else []
        command = [bundled_codex_path(), "exec", *first, "--skip-git-repo-check", "--json", "-m", model,
                   "-c", 'sandbox_mode="danger-full-access"', arguments[-1]]
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.home), "CODEX_HOME": str(self.home), "HERE_KEY": key}
        done = subprocess.run(
            [str(part) for part in command], env=environment, cwd=self.place, stdin=subprocess.DEVNULL, text=True,
            capture_output=True, timeout=120)
        self.errors = done.stderr
        return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")], done.returncode

    def items(self, *arguments, **options):
        """The completed items of a run that ended well, by type."""
        events, status = self.run(*arguments, **options)
        assert status == 0, (events, self.errors)
        return [event["item"] for event in events if event["type"] == "item.completed"]

    def says(self, *arguments, **options):
        return [item["text"] for item in self.items(*arguments, **options) if item["type"] == "agent_message"]


@pytest.fixture
def codex(here, tmp_path):
    return Codex(here, tmp_path)


def names(upstream):
    return [tool["name"] for tool in upstream.last()["tools"]]


@pytest.mark.feature("answer")
def test_an_answer(codex, upstream):
    assert codex.says(SAID) == [ANSWER]
    # All that it offers is there, the tools of its namespace and Claude Code's search included; nothing else of Claude's.
    offered = names(upstream)
    assert {"mcp__client__exec_command", "mcp__client__multi_agent_v1__spawn_agent", "WebSearch"} <= set(offered)
    assert not {"Bash", "Read", "Write"} & set(offered)


@pytest.mark.feature("function call")
def test_a_shell_command(codex, upstream):
    script = encoded({"cmd": "echo one; pwd"})
    items = codex.items(f"stub: key=shell tool=mcp__client__exec_command input64={script} then=3")
    commands = [item for item in items if item["type"] == "command_execution"]
    assert [(item["exit_code"], item["aggregated_output"].splitlines()) for item in commands] == [
        (0, ["one", str(codex.place)])]
    assert [item["text"] for item in items if item["type"] == "agent_message"] == [ANSWER]
    result, = upstream.blocks("tool_result")
    assert "one\n" in result["content"][0]["text"]


@pytest.mark.feature("function call")
def test_a_call_of_a_namespace(codex, upstream):
    script = encoded({"target": "nobody"})
    assert codex.says(f"stub: key=agent tool=mcp__client__multi_agent_v1__close_agent input64={script} then=3") == [ANSWER]
    # Codex has found the tool by its name and namespace: it complains about the agent only.
    result, = upstream.blocks("tool_result")
    assert "unsupported call" not in result["content"][0]["text"]
    assert "nobody" in result["content"][0]["text"]


@pytest.mark.feature("function call")
def test_a_patch(codex, upstream):
    patch = "*** Begin Patch\n*** Add File: a.txt\n+grüße \"1\"\n+two\n*** End Patch\n"
    script = encoded({"input": patch})
    items = codex.items(f"stub: key=patch tool=mcp__client__apply_patch input64={script} then=3", model=KNOWN)
    assert [item["changes"] for item in items if item["type"] == "file_change"] == [
        [{"path": str(codex.place / "a.txt"), "kind": "add"}]]
    assert (codex.place / "a.txt").read_text() == "grüße \"1\"\ntwo\n"
    assert [item["text"] for item in items if item["type"] == "agent_message"] == [ANSWER]
    tool, = [tool for tool in upstream.last()["tools"] if tool["name"] == "mcp__client__apply_patch"]
    assert tool["input_schema"]["required"] == ["input"]
    assert "begin_patch: \"*** Begin Patch\" LF" in tool["description"]


@pytest.mark.feature("history")
def test_a_session_that_is_resumed(here, codex, upstream):
    assert codex.says(f"the fruit is pear\n{SAID}") == [ANSWER]
    session, = [session for session, _ in here.runs()[-1:]]
    assert codex.says("resume", f"which fruit?\n{SAID}") == [ANSWER]
    assert here.runs()[-1][0] == session
    said = [text for role, text in upstream.spoken(upstream.last()) if role == "user"]
    assert any("the fruit is pear" in text for text in said) and "which fruit?" in said[-1]


@pytest.mark.feature("history")
def test_calls_of_a_session_that_another_model_resumes(codex, upstream):
    patch = "*** Begin Patch\n*** Add File: b.txt\n+x\n*** End Patch\n"
    codex.items(f"stub: key=earlier tool=mcp__client__apply_patch input64={encoded({'input': patch})} then=3", model=KNOWN)
    assert codex.says("resume", SAID) == [ANSWER]
    calls = [(block["name"], block["input"]) for block in upstream.blocks("tool_use")]
    assert calls == [("mcp__client__apply_patch", {"input": patch})]


@pytest.mark.feature("errors")
@pytest.mark.parametrize("script,words", [("stub: status=400", "400"), ("stub: status=529", "503")])
def test_an_error_of_the_upstream(codex, script, words):
    events, status = codex.run(script)
    assert status != 0
    failed, = [event for event in events if event["type"] == "turn.failed"]
    assert words in failed["error"]["message"].lower()


@pytest.mark.feature("errors")
def test_an_unknown_model(codex):
    events, status = codex.run(SAID, model="gpt-4o")
    assert status != 0
    failed, = [event for event in events if event["type"] == "turn.failed"]
    assert "gpt-4o" in failed["error"]["message"]


@pytest.mark.feature("errors")
def test_a_wrong_key(make_server, tmp_path):
    codex = Codex(make_server(API_KEYS="sk-right-0123456789abcdef"), tmp_path)
    events, status = codex.run(SAID, key="sk-wrong")
    assert status != 0
    failed, = [event for event in events if event["type"] == "turn.failed"]
    assert "401" in failed["error"]["message"]
