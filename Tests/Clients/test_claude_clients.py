"""The Claude CLI and its SDK as clients of /v1/messages: another CLI works behind the server."""

import asyncio
import importlib.metadata
import json
import os
import subprocess
import time

import claude_agent_sdk
import pytest
from claude_agent_sdk import ClaudeAgentOptions, ClaudeSDKClient, create_sdk_mcp_server, tool

from scripts import ANSWER, SAID, encoded

# From the version in `make cli`.
CLI = pytest.mark.client("Claude CLI 2.1.329")
SDK = pytest.mark.client(f"claude-agent-sdk {importlib.metadata.version('claude-agent-sdk')}")


@pytest.fixture(scope="module")
def here(make_server):
    return make_server(UPSTREAM_RETRY_TIMEOUT_MS="100")


def environment(server, home, key="sk-any", tool_search="false"):
    home.mkdir(exist_ok=True)
    return {
        "PATH": os.environ["PATH"], "HOME": str(home), "ANTHROPIC_BASE_URL": server.url, "ANTHROPIC_API_KEY": key,
        "IS_SANDBOX": "1", "DISABLE_TELEMETRY": "1", "DISABLE_AUTOUPDATER": "1", "DISABLE_ERROR_REPORTING": "1",
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        # All tools are offered at once: the scripted upstream does not search for one first.
        "ENABLE_TOOL_SEARCH": tool_search}


class Claude:
    """The CLI in one home and one working directory."""

    def __init__(self, cli, server, folder):
        self.cli, self.server, self.folder = cli, server, folder
        self.place = folder / "place"
        self.place.mkdir()

    def run(self, *arguments, **options):
        """The result of a run."""
        done = subprocess.run(
            [str(self.cli), "-p", "--output-format", "json", *arguments], cwd=self.place, text=True,
            env=environment(self.server, self.folder / "home", **options), stdin=subprocess.DEVNULL,
            capture_output=True, timeout=100)
        return json.loads(done.stdout)

    def says(self, *arguments, **options):
        result = self.run(*arguments, **options)
        assert not result["is_error"], result
        return result["result"]


@pytest.fixture
def claude(cli, here, tmp_path):
    return Claude(cli, here, tmp_path)


def requests_with(upstream, words):
    return [request for request in upstream.requests() if words in upstream.spoken(request)[-1][1]]


@CLI
@pytest.mark.feature("answer")
def test_an_answer(claude):
    assert claude.says(SAID) == ANSWER


@CLI
@pytest.mark.feature("history")
def test_a_conversation(claude, upstream):
    claude.says(f"the fruit is pear\n{SAID}")
    assert claude.says("--continue", f"which fruit?\n{SAID}") == ANSWER
    said = "\n".join(text for _, text in upstream.spoken(upstream.last()))
    assert "the fruit is pear" in said and "which fruit?" in said


@CLI
@pytest.mark.feature("function call")
def test_a_command(claude, upstream):
    script = encoded({"command": "echo one; pwd", "description": "x"})
    said = claude.says("--allowedTools=Bash", f"stub: key=bash tool=mcp__client__Bash input64={script} then=3")
    assert said == ANSWER
    result, = upstream.blocks("tool_result")
    assert result["content"][0]["text"].split() == ["one", str(claude.place)]


@CLI
@pytest.mark.feature("function call")
def test_a_web_search(claude, upstream):
    # The client asks for the search in a request of its own, and the model behind the server searches, too.
    inner = f"stub: key=inner tool=WebSearch input64={encoded({'query': 'brown bears'})} then=3"
    script = encoded({"query": f"bears\n{inner}"})
    said = claude.says(
        "--allowedTools=WebSearch", f"stub: key=outer tool=mcp__client__WebSearch input64={script} then=3")
    assert said == ANSWER
    assert len(requests_with(upstream, "web search for the query: bears")) == 1
    # The CLI behind the server was allowed to search: its own request for that has arrived.
    innermost = requests_with(upstream, "web search for the query: brown bears")
    assert [tool["type"] for tool in innermost[0]["tools"]] == ["web_search_20250305"]


@CLI
@pytest.mark.feature("errors")
def test_an_error_of_the_upstream(claude):
    result = claude.run("stub: status=400")
    assert result["is_error"] and "400" in result["result"]


@CLI
@pytest.mark.feature("errors")
def test_a_wrong_key_ends_at_once(cli, make_server, tmp_path):
    server = make_server(API_KEYS="sk-right-0123456789abcdef")
    began = time.monotonic()
    result = Claude(cli, server, tmp_path).run(SAID, key="sk-wrong-0123456789")
    assert result["is_error"] and "Incorrect API key provided: sk-wro…" in result["result"]
    assert time.monotonic() - began < 20
    assert server.log.read_text().count("authentication failed") <= 2


# The SDK.

@pytest.fixture
def options(cli, here, tmp_path):
    def options(**more):
        return ClaudeAgentOptions(
            cli_path=str(cli), cwd=str(tmp_path), env=environment(here, tmp_path / "home"), setting_sources=[], **more)

    return options


def answers(messages):
    return [message.result for message in messages if isinstance(message, claude_agent_sdk.ResultMessage)]


@SDK
@pytest.mark.feature("answer")
def test_a_query_of_the_sdk(options):
    async def ask():
        return [message async for message in claude_agent_sdk.query(prompt=SAID, options=options())]

    assert answers(asyncio.run(ask())) == [ANSWER]


@SDK
@pytest.mark.feature("history")
def test_two_turns_of_the_sdk(options, upstream):
    async def talk():
        async with ClaudeSDKClient(options()) as client:
            said = []
            for prompt in [f"the fruit is pear\n{SAID}", f"which fruit?\n{SAID}"]:
                await client.query(prompt)
                said += answers([message async for message in client.receive_response()])
            return said

    assert asyncio.run(talk()) == [ANSWER] * 2
    said = "\n".join(text for _, text in upstream.spoken(upstream.last()))
    assert "the fruit is pear" in said and "which fruit?" in said


@SDK
@pytest.mark.feature("function call")
def test_a_tool_of_the_sdk(options, upstream):
    cities = []

    @tool("weather", "The weather in a city", {"city": str})
    async def weather(arguments):
        cities.append(arguments["city"])
        return {"content": [{"type": "text", "text": f"sunny in {arguments['city']}"}]}

    async def ask():
        asked = options(
            mcp_servers={"sky": create_sdk_mcp_server("sky", tools=[weather])}, allowed_tools=["mcp__sky__weather"])
        script = encoded({"city": "Bonn"})
        async with ClaudeSDKClient(asked) as client:
            await client.query(f"stub: key=sky tool=mcp__client__mcp__sky__weather input64={script} then=3")
            return answers([message async for message in client.receive_response()])

    assert asyncio.run(ask()) == [ANSWER]
    assert cities == ["Bonn"]
    result, = upstream.blocks("tool_result")
    assert result["content"][0]["text"] == "sunny in Bonn"
