"""Universal spares of the real CLI: bound to a request that no other spare fits."""

import json

import pytest

from conftest import happens
from test_native import lines, post
from test_pool import tool


@pytest.fixture
def own(make_server):
    """A server whose spares are up: one for default turns and two universal ones."""
    server = make_server(PROCESS_KILL_TIMEOUT_MS="2000")
    assert happens(lambda: (server.processes()["spare"], server.processes()["universal"]) == (3, 2), 20)
    server.spares = server.children()
    return server


def raw(server, prompt, **options):
    """A turn on the raw stream: its first line, its result, and the process that served it."""
    _, response = post(server, "/api/claude", {"prompt": prompt, **options})
    assert response.status == 200
    messages = lines(response)
    init = next(message for message in messages if message.get("subtype") == "init")
    return init, messages[-1]["result"], server.runs()[-1][1]


def claimed(server, pid):
    """Whether the process was there before its request; the spare for default turns fits none of these requests."""
    return pid in server.spares


def test_a_new_workspace_claims_a_spare(own, upstream):
    init, result, pid = raw(
        own, tool("pwd"), workspace="new", model="sonnet", effort="low",
        **{"permission-mode": "plan", "allowed-tools": ["Bash(pwd)"], "system-prompt": "You are a heron."})
    assert claimed(own, pid)
    workspace = own.workspaces / "workspace" / "new"
    assert init["cwd"] == str(workspace) and init["permissionMode"] == "plan"
    assert result.split("\n")[0] == f"The tool said: {workspace}"
    request = upstream.last()
    assert request["model"].startswith("claude-sonnet") and request["output_config"] == {"effort": "low"}
    assert "You are a heron." in json.dumps(request["system"])
    assert own.processes()["reused"] == 1


def test_what_a_claimed_process_was_not_allowed_is_denied(own, upstream):
    _, result, pid = raw(own, tool("touch x"), workspace="strict", **{"allowed-tools": ["Bash(pwd)"]})
    assert claimed(own, pid) and result.startswith("The tool said: The request did not allow the tool Bash")
    assert not (own.workspaces / "workspace" / "strict" / "x").exists()


def test_functions_claim_a_spare_of_their_own(own, upstream):
    tools = [{"type": "function", "function": {"name": name, "parameters": {"type": "object", "properties": {}}}}
             for name in ["one", "two"]]
    answer = own.client().chat.completions.create(
        model="claude-code", messages=[{"role": "user", "content": "stub: tool=mcp__client__two"}], tools=tools,
        extra_body={"workspace": "functions"})
    assert [call.function.name for call in answer.choices[0].message.tool_calls] == ["two"]
    assert [tool["name"] for tool in upstream.last()["tools"]] == ["mcp__client__one", "mcp__client__two"]
    assert claimed(own, own.runs()[-1][1])


def test_a_schema_claims_a_spare(own, upstream):
    schema = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"],
              "additionalProperties": False}
    answer = own.client().chat.completions.create(
        model="claude-code", messages=[{"role": "user", "content": 'stub: schema input={"a":1}'}],
        response_format={"type": "json_schema", "json_schema": {"name": "n", "schema": schema}},
        extra_body={"workspace": "schema"})
    assert json.loads(answer.choices[0].message.content) == {"a": 1}
    assert claimed(own, own.runs()[-1][1])


def test_a_session_goes_on_in_its_claimed_process(own, upstream):
    init, _, pid = raw(own, "the bird is a heron", workspace="again")
    again, _, same = raw(own, "which bird?", **{"session-id": init["session_id"]})
    assert (again["session_id"], same) == (init["session_id"], pid) and claimed(own, pid)
    assert [text for _, text in upstream.spoken(upstream.last())] == [
        "the bird is a heron", "You said: the bird is a heron", "which bird?"]


def test_a_workspace_whose_settings_need_a_start_gets_one(own, upstream):
    settings = own.workspaces / "workspace" / "set" / ".claude"
    settings.mkdir(parents=True)
    (settings / "settings.json").write_text(json.dumps({"env": {"MARK": "yes"}}))
    _, result, pid = raw(own, tool("printenv MARK"), workspace="set", **{"allowed-tools": ["Bash(printenv:*)"]})
    assert not claimed(own, pid) and result == "The tool said: yes"
    assert own.processes()["crashed"] == 0
