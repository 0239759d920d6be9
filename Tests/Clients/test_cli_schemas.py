"""Which schemas the real CLI takes: what the server's form of schemas relies on. The CLI leaves out the others without an
error; its first line lists what is there."""

import json
import os
import subprocess
import threading

import pytest

INTEGER = {"type": "integer"}
TIMEOUT = 60


def record(**properties):
    return {"type": "object", "properties": properties}


def first_line(cli, upstream, folder, functions=(), schema=None):
    """The tools of the CLI's first line."""
    process = subprocess.Popen(
        [cli, "-p", "--verbose", "--output-format=stream-json", "--input-format=stream-json", "--strict-mcp-config",
         "--tools=", "--allowedTools=mcp__client"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=folder, text=True,
        env={"PATH": os.environ["PATH"], "HOME": str(folder), "ANTHROPIC_API_KEY": "sk-made-up",
             "ANTHROPIC_BASE_URL": upstream.url, "DISABLE_TELEMETRY": "1", "DISABLE_AUTOUPDATER": "1",
             "DISABLE_ERROR_REPORTING": "1", "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
             "ENABLE_TOOL_SEARCH": "false"})
    watchdog = threading.Timer(TIMEOUT, process.kill)
    watchdog.start()

    def send(line):
        process.stdin.write(json.dumps(line) + "\n")
        process.stdin.flush()

    def answer(message):
        if message["method"] == "initialize":
            return {"protocolVersion": message["params"]["protocolVersion"], "capabilities": {"tools": {}},
                    "serverInfo": {"name": "client", "version": "1"}}
        return {"tools": [{"name": name, "inputSchema": schema} for name, schema in functions]}

    initialize = {"subtype": "initialize"}
    if schema is not None:
        initialize["jsonSchema"] = schema
    if functions:
        initialize["sdkMcpServers"] = ["client"]
    send({"type": "control_request", "request_id": "i", "request": initialize})
    send({"type": "user", "message": {"role": "user", "content": "stub: tokens=1"}, "parent_tool_use_id": None,
          "session_id": ""})
    try:
        for line in process.stdout:
            line = json.loads(line) if line.startswith("{") else {"type": "none"}
            if line.get("subtype") == "init":
                return set(line["tools"])
            if line["type"] == "control_request":
                message = line["request"]["message"]
                reply = {"jsonrpc": "2.0", "id": message.get("id"), "result": answer(message)} if "id" in message else {
                    "jsonrpc": "2.0", "result": {}}
                send({"type": "control_response", "response": {
                    "subtype": "success", "request_id": line["request_id"], "response": {"mcp_response": reply}}})
    finally:
        watchdog.cancel()
        process.terminate()
        process.communicate()


# A schema; whether the CLI takes it for an answer (Ajv, draft-07, strict), and for a function (draft 2020-12).
TABLE = {
    "plain": (record(a=INTEGER), True, True),
    "$schema of draft-07": ({"$schema": "http://json-schema.org/draft-07/schema#", **record(a=INTEGER)}, True, True),
    "$schema of 2020-12": ({"$schema": "https://json-schema.org/draft/2020-12/schema", **record()}, False, True),
    "an unknown keyword": (record(a={**INTEGER, "example": 1}), False, True),
    "no type": (record(a={"minimum": 1}), True, True),
    "several types": (record(a={"type": ["integer", "string", "null"]}), True, True),
    "an unknown type": (record(a={"type": "bool"}), False, False),
    "an unknown format": (record(a={"type": "string", "format": "of-our-own"}), True, True),
    "a title that is no text": (record(a={**INTEGER, "title": None}), False, False),
    "a repeated value": (record(a={"enum": [1, 1.0]}), False, True),
    "a repeated name": ({**record(a=INTEGER), "required": ["a", "a"]}, False, False),
    "an undeclared name": ({**record(a=INTEGER), "required": ["b"]}, True, True),
    "a list in items": (record(a={"items": [INTEGER, INTEGER]}), True, False),
    "prefixItems": (record(a={"prefixItems": [INTEGER, INTEGER]}), False, True),
    "additionalItems alone": (record(a={"items": INTEGER, "additionalItems": False}), False, True),
    "dependencies": ({**record(a=INTEGER), "dependencies": {"a": ["b"]}}, True, True),
    "dependentRequired": ({**record(a=INTEGER), "dependentRequired": {"a": ["b"]}}, False, True),
    "if alone": ({**record(a=INTEGER), "if": {"required": ["a"]}}, False, True),
    "patterns beside properties": ({**record(ab=INTEGER), "patternProperties": {"^a": INTEGER}}, False, True),
    "a pattern of Python": (record(a={"pattern": "(?i)a"}), False, True),
    "an escape that ECMAScript does not need": (record(a={"pattern": "a\\-b"}), False, True),
    "flags of a group": (record(a={"pattern": "(?i:a)"}), True, True),
    "an exclusive bound of draft-04": (record(a={"minimum": 1, "exclusiveMinimum": True}), False, False),
    "a reference": ({**record(a={"$ref": "#/$defs/B"}), "$defs": {"B": INTEGER}}, True, True),
    "a reference to nothing": (record(a={"$ref": "#/$defs/B"}), False, True),
    "a reference to the root": (record(a={"$ref": "#"}), True, True),
    "an unfit name": (record(**{"$a": INTEGER}), True, False),
    "an unfit name below": (record(a=record(**{"$a": INTEGER})), True, True),
    "a long name": (record(**{"x" * 65: INTEGER}), True, False),
    "a dot in a name": (record(**{"a.b": INTEGER}), True, True),
}


@pytest.mark.parametrize("name", TABLE)
def test_a_schema_for_an_answer(cli, upstream, tmp_path, name):
    schema, is_taken, _ = TABLE[name]
    assert ("StructuredOutput" in first_line(cli, upstream, tmp_path, schema=schema)) == is_taken


def test_schemas_for_functions(cli, upstream, tmp_path):
    functions = [(f"f{index}", schema) for index, (schema, _, _) in enumerate(TABLE.values())]
    there = first_line(cli, upstream, tmp_path, functions)
    assert {name: f"mcp__client__f{index}" in there for index, name in enumerate(TABLE)} == {
        name: is_taken for name, (_, _, is_taken) in TABLE.items()}


def test_names_of_functions(cli, upstream, tmp_path):
    there = first_line(cli, upstream, tmp_path, [(name, record()) for name in ["n" * 115, "n" * 116, "a-b_9"]])
    assert there == {f"mcp__client__{'n' * 115}", "mcp__client__a-b_9"}


def test_a_function_whose_schema_is_no_object_loses_the_whole_list(cli, upstream, tmp_path):
    assert first_line(cli, upstream, tmp_path, [("f", record()), ("g", {**record(), "required": None})]) == set()
