"""Tools that are no plain functions, through the libraries: custom ones, Claude's own for the web, and what is left out."""

import anthropic
import openai
import pytest

from scripts import ANSWER, SAID, call, encoded

PATCH = {"type": "custom", "name": "patch", "description": "Edits files.",
         "format": {"type": "grammar", "syntax": "lark", "definition": "start: /.+/"}}
CHAT_PATCH = {"type": "custom", "custom": {"name": "patch", "description": "Edits files."}}
INPUT = 'a "b"\n\tgrüße\n'
WEATHER = {"type": "function", "function": {"name": "get_weather", "parameters": {"type": "object", "properties": {}}}}
SCRIPT = f"stub: key=custom tool=mcp__client__patch input64={encoded({'input': INPUT})} then=3"


@pytest.fixture(scope="module")
def bounded(make_server):
    return make_server(ALLOWED_TOOLS_CEILING="Read", CLAUDE_POOL_SPARES="0")


def offered(upstream):
    return {tool["name"] for tool in upstream.last()["tools"]}


def test_a_custom_tool_of_a_response(server, client, upstream):
    with client.responses.stream(model="claude-code", input=SCRIPT, tools=[PATCH]) as stream:
        events = list(stream)
        first = stream.get_final_response()
    made, = first.output
    assert (made.type, made.name, made.input) == ("custom_tool_call", "patch", INPUT)
    kinds = [event.type for event in events]
    assert kinds.count("response.custom_tool_call_input.delta") == kinds.count("response.custom_tool_call_input.done") == 1
    runs = server.runs()
    output = {"type": "custom_tool_call_output", "call_id": made.call_id, "output": "patched"}
    second = client.responses.create(
        model="claude-code", previous_response_id=first.id, input=[output], tools=[PATCH])
    assert second.output_text == ANSWER
    # It resumed the run that had waited.
    assert server.runs() == runs
    result, = upstream.blocks("tool_result")
    assert result["content"][0]["text"] == "patched"


def test_a_custom_tool_of_a_chat(client, upstream):
    messages = [{"role": "user", "content": SCRIPT}]
    answer = client.chat.completions.create(model="claude-code", messages=messages, tools=[CHAT_PATCH]).choices[0]
    made, = answer.message.tool_calls
    assert answer.finish_reason == "tool_calls"
    assert (made.type, made.custom.name, made.custom.input) == ("custom", "patch", INPUT)
    messages += [answer.message.model_dump(exclude_none=True),
                 {"role": "tool", "tool_call_id": made.id, "content": "patched"}]
    assert client.chat.completions.create(
        model="claude-code", messages=messages, tools=[CHAT_PATCH]).choices[0].message.content == ANSWER
    block, = upstream.blocks("tool_use")
    assert block["input"] == {"input": INPUT}


@pytest.mark.parametrize("tools,built_in,warning", [
    ([{"type": "web_search"}], {"WebSearch", "WebFetch"}, None),
    ([{"type": "web_search_preview", "search_context_size": "low"}], {"WebSearch", "WebFetch"},
     "ignored in web_search_preview: search_context_size"),
    ([{"type": "web_search", "external_web_access": False}, {"type": "file_search", "vector_store_ids": ["v"]}],
     {"WebSearch"}, "tools left out because they are not available here: file_search"),
])
def test_web_tools_beside_a_function(client, upstream, tools, built_in, warning):
    raw = client.responses.with_raw_response.create(
        model="claude-code", input=SAID, tools=[{"type": "function", "name": "f", "parameters": {}}, *tools])
    assert raw.parse().output_text == ANSWER
    assert (raw.headers.get("x-claude-warning") or "").split("; ") == [warning or ""]
    assert offered(upstream) == {"mcp__client__f", *built_in}


def test_a_search_that_the_model_makes(client, upstream):
    script = f"stub: key=bears tool=WebSearch input64={encoded({'query': 'polar bears'})} then=3"
    messages = [{"role": "user", "content": script}]
    answer = client.chat.completions.create(
        model="claude-code", messages=messages, extra_body={"web_search_options": {}})
    assert answer.choices[0].message.content == ANSWER
    asked = next(request for request in upstream.requests() if "key=bears" in str(request["messages"]))
    # Not hidden behind a search for tools, and Claude's others are still there.
    assert {"WebSearch", "WebFetch", "Bash"} <= {tool["name"] for tool in asked["tools"]}
    searched = [request for request in upstream.requests()
                if [tool.get("type") for tool in request.get("tools", [])] == ["web_search_20250305"]]
    assert "polar bears" in searched[-1]["messages"][-1]["content"][0]["text"]
    # Only for this turn: without the option the same session may not search.
    messages += [{"role": "assistant", "content": ANSWER}, {"role": "user", "content": script.replace("bears", "no")}]
    answer = client.chat.completions.create(model="claude-code", messages=messages)
    assert answer.choices[0].message.content == ANSWER
    result = upstream.blocks("tool_result")[-1]
    assert result["is_error"] and "WebSearch" in str(result["content"])


def test_a_ceiling_for_web_tools(bounded, upstream):
    client = bounded.client()
    with pytest.raises(openai.PermissionDeniedError) as refused:
        client.responses.create(model="claude-code", input=SAID, tools=[{"type": "web_search"}])
    assert refused.value.code == "permission_ceiling"
    assert refused.value.response.headers["x-should-retry"] == "false"
    raw = client.chat.completions.with_raw_response.create(
        model="claude-code", messages=[{"role": "user", "content": SAID}], tools=[WEATHER],
        extra_body={"web_search_options": {}})
    assert raw.headers["x-claude-warning"] == "This server's ceiling does not let requests approve WebSearch and WebFetch"
    assert offered(upstream) == {"mcp__client__get_weather"}


def test_tools_of_anthropic(server, upstream):
    client = anthropic.Anthropic(api_key="sk-any", base_url=server.url, max_retries=0)
    tools = [{"type": "bash_20250124", "name": "bash"}, {"type": "computer_20250124", "name": "computer"},
             {"type": "web_search_20250305", "name": "web_search", "max_uses": 2}]
    raw = client.messages.with_raw_response.create(
        model="claude-code", max_tokens=100, tools=tools,
        messages=[{"role": "user", "content": call("bash", key="bash", command="ls")}])
    block, = raw.parse().content
    assert (block.type, block.name, block.input) == ("tool_use", "bash", {"command": "ls"})
    assert raw.headers["x-claude-warning"] == (
        "ignored in web_search_20250305: max_uses; tools left out because they are not available here: "
        "computer_20250124")
    assert offered(upstream) == {"mcp__client__bash", "WebSearch"}


@pytest.mark.parametrize("more,param", [
    ({"mcp_servers": [{"type": "url", "name": "n", "url": "http://127.0.0.1:9"}]}, "mcp_servers"),
    ({"tools": [{"type": "code_execution_20250522", "name": "code_execution"}]}, "tools of type code_execution_20250522"),
])
def test_what_is_refused(server, more, param):
    client = anthropic.Anthropic(api_key="sk-any", base_url=server.url, max_retries=0)
    with pytest.raises(anthropic.BadRequestError) as refused:
        client.messages.create(
            model="claude-code", max_tokens=10, messages=[{"role": "user", "content": SAID}], extra_body=more)
    assert param in refused.value.body["error"]["message"]
