"""Models of the account, presets, and what errors of the upstream say."""

import json
import urllib.request

import anthropic
import openai
import pytest

from conftest import happens
from messages_library import Messages, library
from scripts import call

PRESETS = {"models": [
    {"id": "claude-code", "cli_model": None},
    {"id": "agent", "cli_model": "opus", "options": {
        "builtin-tools": True, "allowed-tools": ["Bash(touch:*)"], "workspace": "notes", "append-system-prompt": "Be kind."}},
    {"id": "reader", "cli_model": None, "options": {"builtin-tools": ["Read"]}},
    {"id": "plain", "cli_model": "haiku", "options": {"builtin-tools": False}},
]}
TOOLS = [{"type": "function", "function": {
    "name": "get_weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}}}]


@pytest.fixture(scope="module")
def presets(make_server, tmp_path_factory):
    path = tmp_path_factory.mktemp("models") / "models.json"
    path.write_text(json.dumps(PRESETS))
    return make_server(MODELS_PATH=str(path))


def complete(server, text, **options):
    return server.client().chat.completions.with_raw_response.create(
        messages=[{"role": "user", "content": text}], **{"model": "claude-code", **options})


def listed(server, **headers):
    request = urllib.request.Request(f"{server.url}/v1/models", headers=headers)
    return {model["id"]: model for model in json.load(urllib.request.urlopen(request))["data"]}


def offered(upstream):
    return {tool["name"] for tool in upstream.last().get("tools", [])}


# MARK: The account


def test_the_models_of_the_account_are_listed(make_server, upstream):
    server = make_server(CLAUDE_POOL_SPARES="1")
    assert happens(lambda: len(listed(server)) > 4, 30)
    models = listed(server)
    assert list(models)[:4] == ["claude-code", "opus", "sonnet", "haiku"]
    # Asked of the spare, before any turn.
    assert server.processes()["reused"] == 0
    assert "fable" in models and any(name.startswith("claude-opus-") for name in models)
    assert complete(server, "stub: tokens=1", model="fable").parse().model == "fable"
    assert "fable" in upstream.last()["model"]


def test_without_spares_the_first_turn_tells_them(make_server):
    server = make_server(CLAUDE_POOL_SPARES="0")
    assert list(listed(server)) == ["claude-code", "opus", "sonnet", "haiku"]
    complete(server, "stub: tokens=1")
    assert "fable" in listed(server)


def test_a_turn_tells_the_context_length(make_server):
    server = make_server(CLAUDE_POOL_SPARES="0")
    complete(server, "stub: tokens=1")
    model = listed(server)["claude-code"]
    assert model["context_length"] == model["context_window"] == model["max_model_len"] >= 200_000
    of_anthropic = listed(server, **{"anthropic-version": "2023-06-01"})["claude-code"]
    assert of_anthropic["max_input_tokens"] == model["context_length"]


@pytest.mark.parametrize("alias", ["default", "opusplan", "sonnet[1m]", "opus[1m]"])
def test_the_clis_aliases_are_accepted(server, upstream, alias):
    assert complete(server, "stub: tokens=1", model=alias).parse().model == alias
    assert upstream.last()["model"].startswith("claude-")


# MARK: Presets


def test_a_preset_gives_options_to_clients_that_have_only_a_model(presets, upstream):
    def use(command, **options):
        script = f'stub: tool=Bash input={{"command":"{command}"}}'
        return complete(presets, script, model="agent", **options).parse()

    def is_denied(answer):
        said = answer.choices[0].message.content
        return said.startswith("The tool said: The request did not allow the tool Bash")

    notes = presets.workspaces / "workspace" / "notes"
    assert use("touch\\u0020made").model == "agent"
    assert (notes / "made").is_file()
    assert "opus" in upstream.last()["model"] and "Be kind." in str(upstream.last()["system"])
    assert is_denied(use("mkdir\\u0020never")) and not (notes / "never").exists()
    # A list of the request replaces that of the preset.
    assert is_denied(use("touch\\u0020other", extra_body={"allowed-tools": ["Read"]}))
    assert not (notes / "other").exists()


def test_built_in_tools_beside_functions(presets, upstream):
    plain = complete(presets, "stub: tokens=1", tools=TOOLS)
    assert offered(upstream) == {"mcp__client__get_weather"}
    assert plain.headers["x-claude-warning"].startswith("Claude's own tools are off")
    for model, tools in [("agent", {"Bash", "Read", "Edit"}), ("reader", {"Read"})]:
        kept = complete(presets, "stub: tokens=1", model=model, tools=TOOLS)
        assert {"mcp__client__get_weather", *tools} <= offered(upstream)
        assert "x-claude-warning" not in kept.headers
    assert offered(upstream) == {"mcp__client__get_weather", "Read"}


def test_a_function_and_a_tool_of_claude_in_one_conversation(presets):
    called = complete(presets, call(), model="agent", tools=TOOLS).parse()
    assert [call.function.name for call in called.choices[0].message.tool_calls] == ["get_weather"]
    used = complete(presets, 'stub: tool=Bash input={"command":"echo\\u0020$((6*7))"}', model="agent", tools=TOOLS)
    assert used.parse().choices[0].message.content == "The tool said: 42"


def test_a_model_without_tools(presets, upstream):
    complete(presets, "stub: tokens=1", model="plain")
    assert offered(upstream) == set()
    complete(presets, "stub: tokens=1", model="plain", extra_body={"builtin-tools": True})
    assert "Bash" in offered(upstream)


def test_the_table_is_the_list(presets):
    assert list(listed(presets)) == ["claude-code", "agent", "reader", "plain"]
    with pytest.raises(openai.NotFoundError):
        complete(presets, "x", model="sonnet")


def test_another_preset_is_another_session(presets, upstream):
    def ask(model, *messages):
        roles = ["user", "assistant"] * len(messages)
        raw = presets.client().chat.completions.with_raw_response.create(
            model=model, messages=[{"role": role, "content": text} for role, text in zip(roles, messages)])
        return raw.headers["x-session-id"], raw.parse().choices[0].message.content

    session, answer = ask("agent", "the word is plum")
    assert ask("agent", "the word is plum", answer, "again")[0] == session
    other, _ = ask("plain", "the word is plum", answer, "again")
    assert other != session and offered(upstream) == set()
    assert upstream.spoken(upstream.last())[:2] == [("user", "the word is plum"), ("assistant", answer.strip())]


# MARK: Errors


@pytest.mark.parametrize("status", [429, 500, 503, 529])
def test_errors_do_not_name_the_upstream(open_server, status):
    with pytest.raises(openai.APIStatusError) as caught:
        complete(open_server, f"stub: status={status} key=address{status}")
    message = caught.value.body["message"]
    assert message and "127.0.0.1" not in message and "inference gateway" not in message
    with pytest.raises(anthropic.APIStatusError) as caught:
        Messages(library(open_server)).create(f"stub: status={status} key=addresses{status}")
    assert "127.0.0.1" not in str(caught.value.body)


def test_a_server_in_front_of_a_server_passes_one_error_on(make_server, open_server, tmp_path):
    outer = make_server(ANTHROPIC_BASE_URL=open_server.url, UPSTREAM_RETRY_TIMEOUT_MS="100")
    with pytest.raises(openai.APIStatusError) as caught:
        complete(outer, "stub: status=529 key=chain")
    message = caught.value.body["message"]
    assert message.count("API Error") <= 1 and "127.0.0.1" not in message
