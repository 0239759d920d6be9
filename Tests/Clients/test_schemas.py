"""JSON schemas as clients write them, in every place that takes one; and which ones the real CLI accepts."""

import json
import os
import re
import subprocess
import threading
import urllib.error
import urllib.request

import pytest

from scripts import call, encoded, structured

INTEGER = {"type": "integer"}
TIMEOUT = 60


@pytest.fixture(scope="module")
def server(make_server):
    """Turns whose calls nobody answers do not wait for long."""
    return make_server(TOOL_RESULT_TIMEOUT_MS="5000", LOG_LEVEL="debug")


def record(**properties):
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def post(server, path, body):
    """Status and answer; the body gets what every dialect needs."""
    request = urllib.request.Request(
        f"{server.url}{path}", json.dumps({"model": "claude-code", "max_tokens": 100, **body}).encode(),
        {"content-type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def user(text):
    return [{"role": "user", "content": text}]


def answered(server, path, schema, output):
    """The answer by a schema, in one of the dialects."""
    script = f"stub: schema input64={encoded(output)}"
    if path == "/v1/chat/completions":
        form = {"type": "json_schema", "json_schema": {"name": "n", "schema": schema}}
        status, answer = post(server, path, {"messages": user(script), "response_format": form})
        return json.loads(answer["choices"][0]["message"]["content"]) if status == 200 else (status, answer)
    if path == "/v1/responses":
        form = {"type": "json_schema", "name": "n", "schema": schema}
        status, answer = post(server, path, {"input": script, "text": {"format": form}})
        return json.loads(answer["output"][-1]["content"][0]["text"]) if status == 200 else (status, answer)
    form = {"type": "json_schema", "schema": schema}
    status, answer = post(server, path, {"messages": user(script), "output_config": {"format": form}})
    return json.loads(answer["content"][-1]["text"]) if status == 200 else (status, answer)


CHAT = "/v1/chat/completions"
NODE = {"type": "object", "properties": {"name": {"type": "string"}, "next": {
    "anyOf": [{"$ref": "#/$defs/Node"}, {"type": "null"}]}}, "required": ["name", "next"]}
LIST = {"name": "a", "next": {"name": "b", "next": None}}

# A schema, and an answer by it.
SCHEMAS = {
    "draft 2019-09": ({"$schema": "https://json-schema.org/draft/2019-09/schema", **record(a=INTEGER)}, {"a": 1}),
    "draft-07, https": ({"$schema": "https://json-schema.org/draft-07/schema#", **record(a=INTEGER)}, {"a": 1}),
    "draft-04": ({"$schema": "http://json-schema.org/draft-04/schema#", "id": "https://x.test/a", **record(
        a={"type": "integer", "minimum": 0, "exclusiveMinimum": True})}, {"a": 1}),
    "annotations": (
        {"$id": "https://x.test/a", "$comment": "c", "example": {}, "x-order": 1, "propertyOrdering": ["a"], **record(
            a={"enum": ["x", "y"], "enumDescriptions": ["of x", "of y"], "examples": ["x"], "deprecated": True})},
        {"a": "x"}),
    "tuple, 2020-12": (record(a={
        "type": "array", "prefixItems": [INTEGER, {"type": "string"}], "minItems": 2, "maxItems": 2}), {"a": [1, "x"]}),
    "tuple, open": (record(a={"type": "array", "prefixItems": [INTEGER], "items": {"type": "string"}}),
                    {"a": [1, "x", "y"]}),
    "tuple, draft-07": (record(a={"type": "array", "items": [INTEGER, INTEGER]}), {"a": [1, 2]}),
    "recursion": ({**record(head={"$ref": "#/$defs/Node"}), "$defs": {"Node": NODE}}, {"head": LIST}),
    "recursion of the root": ({"$ref": "#/$defs/Node", "$defs": {"Node": NODE}}, LIST),
    "recursion to #": (record(name={"type": "string"}, next={"anyOf": [{"$ref": "#"}, {"type": "null"}]}), LIST),
    "definitions by id and anchor": (
        {**record(a={"$ref": "https://x.test/b"}, c={"$ref": "#c"}),
         "$defs": {"b": {"$id": "https://x.test/b", **INTEGER}, "c": {"$anchor": "c", **INTEGER}}}, {"a": 1, "c": 2}),
    "dependencies of 2020-12": ({**record(), "properties": {"a": INTEGER, "b": INTEGER}, "dependentRequired": {
        "a": ["b"]}}, {"a": 1, "b": 2}),
    "unevaluatedProperties": ({"type": "object", "properties": {"a": INTEGER}, "unevaluatedProperties": False},
                              {"a": 1}),
    "formats": (record(a={"type": "string", "format": "date-time"}, b={"type": "integer", "format": "int32"},
                       c={"type": "string", "format": "of-our-own"}),
                {"a": "2026-01-02T03:04:05Z", "b": 1, "c": "x"}),
    "patterns": (record(a={"type": "string", "pattern": r"^\d{3}\-\d{4}\Z"}), {"a": "123-4567"}),
    "types and nothing": (record(a={"type": ["integer", "string", "null"]}, b={"minimum": 1}, c={
        "type": "string", "nullable": True}, d=True), {"a": None, "b": 1, "c": None, "d": [1]}),
    "required but undeclared": ({**record(a=INTEGER), "required": ["b"], "additionalProperties": True}, {"b": 1}),
    "overlapping patterns": (record(a={"type": "object", "properties": {"ab": INTEGER}, "patternProperties": {
        "^a": {"minimum": 1}}, "additionalProperties": False}), {"a": {"ab": 1, "ac": 2}}),
}


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_schema_of_any_draft(server, name):
    schema, answer = SCHEMAS[name]
    assert answered(server, CHAT, schema, answer) == answer


@pytest.mark.parametrize("path", [CHAT, "/v1/responses", "/v1/messages"])
def test_a_schema_in_every_dialect(server, path):
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", "x-a": 1, **record(a=INTEGER)}
    assert answered(server, path, schema, {"a": 1}) == {"a": 1}


# A schema whose root the upstream does not take, and an answer by it.
ROOTS = {
    "list": ({"type": "array", "items": INTEGER}, [1, 2]),
    "union": ({"anyOf": [record(a=INTEGER), record(b=INTEGER)]}, {"b": 1}),
    "number": (INTEGER, 7),
    "anything": ({}, "text"),
    "patterns": ({"type": "object", "properties": {"ab": INTEGER}, "patternProperties": {"^a": INTEGER}}, {"ab": 1}),
}


@pytest.mark.parametrize("name", ROOTS)
@pytest.mark.parametrize("path", [CHAT, "/v1/responses", "/v1/messages"])
def test_a_root_of_any_form(server, upstream, path, name):
    schema, answer = ROOTS[name]
    assert answered(server, path, schema, {"answer": answer}) == answer
    sent = tool(upstream, "StructuredOutput")
    assert sent["type"] == "object" and not {"anyOf", "oneOf", "allOf", "$ref"} & set(sent)


# Where the fault is, and the schema.
FAULTS = {
    "properties.a.type": record(a={"type": "bool"}),
    "properties.a.$ref": record(a={"$ref": "#/$defs/B"}),
    "properties.a.exclusiveMinimum": record(a={"type": "integer", "exclusiveMinimum": True}),
    "properties.a.pattern": record(a={"type": "string", "pattern": "(?i)^a$"}),
    "required": {**record(a=INTEGER), "required": None},
    "properties.a": record(a=None),
    "properties.a.anyOf[1].enum": record(a={"anyOf": [INTEGER, {"enum": []}]}),
    "properties.a.maxContains": record(a={"contains": INTEGER, "maxContains": 2}),
}


@pytest.mark.parametrize("place", FAULTS)
def test_an_invalid_schema_is_refused_before_anything_starts(server, place):
    before = len(server.runs())
    status, answer = answered(server, CHAT, FAULTS[place], {})
    field = f"response_format.json_schema.schema.{place}"
    assert (status, answer["error"]["param"], answer["error"]["code"]) == (400, field, "invalid_schema")
    assert answer["error"]["message"].startswith(field)
    assert len(server.runs()) == before


# Functions

NAMES = ["$filter", "filter[id]", "@type", "a b", "größe", "x" * 65, "plain"]
VALID = re.compile("[a-zA-Z0-9_.-]{1,64}")


def function(name, schema):
    return {"type": "function", "function": {"name": name, "parameters": schema}}


def tool(upstream, name):
    return next(tool["input_schema"] for tool in upstream.last()["tools"] if tool["name"] == name)


def calls(message):
    return [(call["function"]["name"], json.loads(call["function"]["arguments"])) for call in message["tool_calls"]]


@pytest.mark.parametrize("streamed", [False, True])
def test_names_that_the_upstream_refuses(server, upstream, streamed):
    schema = record(**{name: INTEGER for name in NAMES})
    tools = [function("find", schema)]
    # What the model would be told tells which name is which.
    post(server, CHAT, {"messages": user("stub: tokens=1"), "tools": tools})
    sent = tool(upstream, "mcp__client__find")
    given = list(sent["properties"])
    assert all(VALID.fullmatch(name) for name in given) and len(set(given)) == len(NAMES)
    assert given[-1] == "plain" and sent["required"] == given

    script = call("find", **{name: number for number, name in enumerate(given)})
    expected = {name: number for number, name in enumerate(NAMES)}
    client, options = server.client(), {"model": "claude-code", "messages": user(script), "tools": tools}
    if streamed:
        deltas = [delta.function.arguments or "" for chunk in client.chat.completions.create(stream=True, **options)
                  for delta in chunk.choices[0].delta.tool_calls or []]
        assert json.loads("".join(deltas)) == expected
        return
    message = client.chat.completions.create(**options).choices[0].message.model_dump(exclude_none=True)
    assert calls(message) == [("find", expected)]
    # Another history goes to another session, with the names that the upstream knows.
    result = {"role": "tool", "tool_call_id": message["tool_calls"][0]["id"], "content": "none"}
    message["tool_calls"][0]["function"]["arguments"] = json.dumps({**expected, "plain": 100})
    post(server, CHAT, {"messages": [*user(f"again\n{script}"), message, result], "tools": tools})
    assert upstream.blocks("tool_use")[-1]["input"] == {
        **{name: number for number, name in enumerate(given)}, "plain": 100}


@pytest.mark.parametrize("path", [CHAT, "/v1/messages"])
def test_a_forced_call_by_any_schema(server, path):
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", "x-a": 1, **record(
        head={"$ref": "#/$defs/Node"}), "$defs": {"Node": NODE}}
    other = {"type": "object", "properties": {"$a": INTEGER}}
    if path == CHAT:
        forced = {"tools": [function("add", schema)], "tool_choice": "required"}
        status, answer = post(server, path, {"messages": user(structured(head=LIST)), **forced})
        assert status == 200 and calls(answer["choices"][0]["message"]) == [("add", {"head": LIST})]
        script = structured(call={"name": "add", "arguments": {"head": LIST}})
        forced = {"tools": [function("other", other), function("add", schema)], "tool_choice": "required"}
        status, answer = post(server, path, {"messages": user(script), **forced})
        assert status == 200 and calls(answer["choices"][0]["message"]) == [("add", {"head": LIST})]
        return
    forced = {"tools": [{"name": "add", "input_schema": schema}], "tool_choice": {"type": "tool", "name": "add"}}
    status, answer = post(server, path, {"messages": user(structured(head=LIST)), **forced})
    assert status == 200 and answer["content"][-1]["input"] == {"head": LIST}


@pytest.mark.parametrize("name", [name for name in SCHEMAS])
def test_a_function_with_a_schema_of_any_draft(server, upstream, name):
    status, _ = post(server, CHAT, {"messages": user("stub: tokens=1"), "tools": [function("f", SCHEMAS[name][0])]})
    assert status == 200 and tool(upstream, "mcp__client__f")["type"] == "object"


def test_past_calls_of_functions_with_other_names(server, upstream):
    names = ["web.search", "get weather", "n" * 120, "web.search", "web_search"]
    made = [{"id": f"c{number}", "type": "function", "function": {"name": name, "arguments": "{}"}}
            for number, name in enumerate(names)]
    results = [{"role": "tool", "tool_call_id": f"c{number}", "content": "r"} for number in range(len(names))]
    status, _ = post(server, CHAT, {"messages": [
        *user("look"), {"role": "assistant", "content": None, "tool_calls": made}, *results, *user("stub: tokens=1")]})
    assert status == 200
    sent = [block["name"] for block in upstream.blocks("tool_use")]
    assert sent[:2] == ["mcp__client__web_search-2", "mcp__client__get_weather"]
    assert sent[3:] == ["mcp__client__web_search-2", "mcp__client__web_search"]
    assert all(re.fullmatch("[a-zA-Z0-9_-]{1,128}", name) for name in sent)


def test_messages_take_as_many_tools_as_anthropic(server, upstream):
    tools = [{"name": f"f{number}", "input_schema": {"type": "object"}} for number in range(200)]
    tools.append({"name": "n" * 115, "input_schema": {"type": "object"}})
    status, _ = post(server, "/v1/messages", {"messages": user("stub: tokens=1"), "tools": tools})
    assert status == 200
    assert {tool["name"] for tool in upstream.last()["tools"]} == {f"mcp__client__{tool['name']}" for tool in tools}
