"""The raw stream, curl, MCP, and clients that leave: with the real CLI."""

import http.client
import json
import os
import pathlib
import re
import select
import signal
import subprocess
import sys

import pytest

from conftest import ROOT


def post(server, path, body, timeout=60):
    connection = http.client.HTTPConnection("127.0.0.1", server.program.port, timeout=timeout)
    connection.request("POST", path, json.dumps(body), {"content-type": "application/json"})
    return connection, connection.getresponse()


def lines(response):
    """The JSON of each data frame."""
    return [json.loads(line[6:]) for line in response.read().decode().splitlines() if line.startswith("data: ")]


def wait_for_exit(pids, seconds):
    """Waits until each process is gone; returns those that are not in time."""
    left = []
    for pid in pids:
        try:
            descriptor = os.pidfd_open(pid)
        except ProcessLookupError:
            continue
        if not select.select([descriptor], [], [], seconds)[0]:
            left.append(pid)
        os.close(descriptor)
    return left


def test_the_raw_stream_is_the_clis_own(server):
    _, response = post(server, "/api/claude", {"prompt": "stub: tokens=3"})
    assert response.headers["content-type"].startswith("text/event-stream")
    messages = lines(response)
    assert messages[0]["type"] == "system" and messages[0]["subtype"] == "init"
    assert messages[0]["session_id"] == response.headers["x-session-id"]
    assert messages[-1]["type"] == "result" and messages[-1]["result"].strip() == "w0 w1 w2"
    kinds = {message["type"] for message in messages}
    assert "stream_event" not in kinds and "control_response" not in kinds
    assert [m["message"]["content"][0]["text"] for m in messages if m["type"] == "assistant"] == ["w0 w1 w2 "]


def test_partial_messages_on_demand(server):
    _, response = post(server, "/api/claude", {"prompt": "stub: tokens=3", "include-partial-messages": True})
    deltas = [message["event"]["delta"]["text"] for message in lines(response)
              if message["type"] == "stream_event" and message["event"]["type"] == "content_block_delta"]
    assert deltas == ["w0 ", "w1 ", "w2 "]


def test_slash_commands_work_on_the_raw_stream(server, upstream):
    before = len(upstream.requests())
    _, response = post(server, "/api/claude", {"prompt": "/context"})
    result = lines(response)[-1]
    assert result["type"] == "result" and result["num_turns"] == 0
    assert len(upstream.requests()) == before


def test_a_raw_session_is_resumed_in_its_workspace(server, upstream):
    _, response = post(server, "/api/claude", {"prompt": "remember the pear", "workspace": "orchard"})
    session = lines(response)[-1]["session_id"]
    _, response = post(server, "/api/claude", {"prompt": "stub: tokens=1", "session-id": session})
    messages = lines(response)
    assert messages[0]["cwd"] == str(server.workspaces / "workspace" / "orchard")
    assert upstream.spoken(upstream.last())[0] == ("user", "remember the pear")


def test_an_unknown_session_is_a_404(server):
    _, response = post(
        server, "/api/claude", {"prompt": "hi", "session-id": "9c88687a-61ce-4315-afd5-58b7d84ee68b"})
    assert response.status == 404
    assert json.loads(response.read())["error"]["code"] == "session_not_found"


@pytest.mark.parametrize(("page", "least", "last"), [
    ("README.md", 5, r"data: \[DONE\]"), ("docs/api.md", 3, r'data: \{.*"type":"result".*\}')])
def test_the_first_curl_of_each_page(server, page, least, last):
    text = (ROOT / page).read_text()
    start = text.index("curl -N ")
    command = text[start:text.index("```", start)].replace("localhost:3000", f"127.0.0.1:{server.program.port}")
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=60, check=True)
    frames = [line for line in done.stdout.splitlines() if line]
    assert re.fullmatch(last, frames[-1])
    assert len(frames) >= least


@pytest.mark.parametrize("example", re.findall(r"```python\n(.*?)```", (ROOT / "docs/api.md").read_text(), re.S))
def test_the_python_examples_of_the_api(server, example):
    program = example.replace("localhost:3000", f"127.0.0.1:{server.program.port}")
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip()


def test_an_mcp_tool(make_server, tmp_path):
    config = tmp_path / "mcp-config.json"
    script = pathlib.Path(__file__).with_name("mcp_notes.py")
    config.write_text(json.dumps({"mcpServers": {"notes": {"command": sys.executable, "args": [str(script)]}}}))
    server = make_server(MCP_CONFIG_PATH=str(config))
    prompt = 'stub: tool=mcp__notes__read input={"title":"plums"}'
    connection, response = post(
        server, "/api/claude", {"prompt": prompt, "mcp-allowed-tools": ["mcp__notes__read", "mcp__github__get_repo"]})
    assert response.headers["x-claude-warning"] == "unknown MCP tools dropped: mcp__github__get_repo"
    messages = lines(response)
    assert [entry["name"] for entry in messages[0]["mcp_servers"]] == ["notes"]
    assert messages[-1]["result"] == "The tool said: the note about plums"


@pytest.mark.parametrize("script", [
    "stub: delay=60000 tokens=1", "stub: tokens=2 stall=1",
    'stub: tool=Bash input={"command":"setsid\\u0020bash\\u0020-c\\u0020\\"trap\\u0020true\\u0020TERM;while\\u0020true;do\\u0020read\\u0020-t\\u002060\\u0020<>/dev/zero;done\\""}',
])
def test_a_client_that_leaves_takes_its_turn_with_it(make_server, upstream, script):
    server = make_server(PROCESS_KILL_TIMEOUT_MS="2000")
    seen = len(upstream.requests())
    connection, response = post_without_answer(
        server, {"prompt": script, "allowed-tools": ["Bash"], "include-partial-messages": True})
    watched = watch(server, upstream, seen, wants_tool="tool=" in script)
    connection.close()
    # PROCESS_KILL_TIMEOUT_MS and one second more.
    assert server.comes_to_rest(3)
    server.program.stop()
    assert wait_for_exit(watched, 0) == []


def post_without_answer(server, body):
    connection = http.client.HTTPConnection("127.0.0.1", server.program.port, timeout=60)
    connection.request("POST", "/api/claude", json.dumps(body), {"content-type": "application/json"})
    return connection, None


def watch(server, upstream, seen, wants_tool):
    """The processes below the server, once the turn has come as far as it is to come."""
    poller = select.poll()
    for _ in range(300):
        children = server.children()
        has_tool = any(b"setsid" in command(pid) or b"trap" in command(pid) for pid in children)
        if children and len(upstream.requests()) > seen and (has_tool or not wants_tool):
            return children
        poller.poll(100)
    raise AssertionError("the turn did not begin")


def command(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def test_a_stopping_server_takes_everything_with_it(make_server, upstream):
    server = make_server()
    seen = len(upstream.requests())
    connection, _ = post_without_answer(server, {"prompt": "stub: tokens=2 stall=1"})
    watched = watch(server, upstream, seen, wants_tool=False)
    server.program.process.send_signal(signal.SIGTERM)
    assert wait_for_exit(watched | {server.program.process.pid}, 10) == []
    connection.close()
