"""What must not get in, and what must not get out."""

import http.client
import json
import os
import shutil
import socket
import subprocess

import pytest

from conftest import BUILD, Program


def request(port, method="GET", path="/v1/models", headers=None, body=None):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request(method, path, body, headers or {})
    response = connection.getresponse()
    return response.status, dict(response.getheaders()), response.read().decode()


@pytest.mark.parametrize("headers, status", [
    ({}, 200), ({"Host": "localhost"}, 200), ({"Host": "[::1]:3000"}, 200), ({"Host": "rebound.example"}, 403),
    ({"Origin": "https://evil.example"}, 403), ({"Origin": "null"}, 403), ({"Host": "box.example"}, 200),
    ({"Origin": "https://app.example"}, 200),
])
def test_web_pages_do_not_reach_a_server_without_keys(make_server, guarded, headers, status):
    got, answered, body = request(guarded.program.port, headers=headers)
    assert got == status
    assert answered["x-content-type-options"] == "nosniff"
    if status == 403:
        assert json.loads(body)["error"]["code"] == "host_not_allowed"


@pytest.fixture(scope="module")
def guarded(make_server):
    return make_server(ALLOWED_HOSTS="box.example", ALLOWED_ORIGINS="https://app.example",
                       PERMISSION_CEILING="acceptEdits", IN_BAND_OPTIONS="off")


def complete(server, text, **fields):
    body = {"model": "claude-code", "messages": [{"role": "user", "content": text}], **fields}
    status, _, answer = request(
        server.program.port, "POST", "/v1/chat/completions", {"content-type": "application/json"}, json.dumps(body))
    return status, json.loads(answer)


def test_nothing_above_the_ceiling(guarded):
    for fields in [{"dangerously-skip-permissions": True}, {"permission-mode": "auto"},
                   {"metadata": {"permission-mode": "bypassPermissions"}}, {"file-mentions": True}]:
        status, answer = complete(guarded, "hi", **fields)
        assert (status, answer["error"]["code"]) == (403, "permission_ceiling")
    status, answer = complete(guarded, "stub: tokens=1", **{"permission-mode": "acceptEdits"})
    assert status == 200


def test_below_the_highest_ceiling_a_workspaces_hooks_do_not_run(guarded, server):
    hook = {"hooks": {"SessionStart": [{"hooks": [{"type": "command", "command": "touch hook-ran"}]}]}}
    for target, runs in [(guarded, False), (server, True)]:
        workspace = target.workspaces / "workspace" / "hooked"
        (workspace / ".claude").mkdir(parents=True)
        (workspace / ".claude" / "settings.json").write_text(json.dumps(hook))
        status, _ = complete(target, "stub: tokens=1", workspace="hooked")
        assert status == 200
        assert (workspace / "hook-ran").exists() == runs


def test_options_in_messages_can_be_switched_off(guarded, upstream):
    status, answer = complete(guarded, "workspace=../etc\ndangerously-skip-permissions=true\n\nhello")
    assert status == 200
    assert "dangerously-skip-permissions=true" in upstream.spoken(upstream.last())[-1][1]


SECRETS = {
    "API_KEYS": "sk-planted-first-0001,sk-planted-second-0002", "ANTHROPIC_API_KEY": "sk-ant-planted-0003",
}


def test_no_secret_gets_out(make_server, tmp_path):
    config = tmp_path / "mcp.json"
    config.write_text(json.dumps({"mcpServers": {"notes": {"command": "true", "env": {"TOKEN": "planted-token-0004"}}}}))
    server = make_server(MCP_CONFIG_PATH=str(config), **SECRETS)
    port, heard = server.program.port, []
    good = {"authorization": "Bearer sk-planted-first-0001", "content-type": "application/json"}
    script = 'stub: tool=Bash input={"command":"env|grep\\u0020-c\\u0020^API_KEY"}'
    body = json.dumps({"model": "claude-code", "messages": [{"role": "user", "content": script}],
                       "allowed-tools": ["Bash"], "mcp-allowed-tools": ["mcp__notes__x"]})
    for method, path, headers, sent in [
        ("GET", "/health", good, None), ("GET", "/v1/models", {}, None),
        ("GET", "/v1/models", {"authorization": "Bearer sk-planted-wrong-0005"}, None),
        ("GET", "/v1/models?key=sk-planted-first-0001", {"x-api-key": "sk-planted-second-0002"}, None),
        ("POST", "/v1/chat/completions", good, body), ("POST", "/v1/chat/completions", good, "{broken"),
        ("POST", "/api/claude", good, json.dumps({"prompt": "stub: status=400"})),
    ]:
        status, answered, text = request(port, method, path, headers, sent)
        heard += [str(answered), text]
    # The tool itself looked: no variable of ours was there to be seen.
    assert "The tool said: 0" in heard[9] or "Exit code 1" in heard[9]
    assert server.program.stop() == 0
    said = "\n".join(heard) + server.log.read_text()
    for secret in ["sk-planted-first-0001", "sk-planted-second-0002", "sk-ant-planted-0003", "planted-token-0004",
                   "sk-planted-wrong-0005"]:
        assert secret not in said


def test_children_cannot_read_the_servers_environment(cli, upstream, tmp_path):
    shutil.copy(BUILD / "claude-code-server", tmp_path / "claude-code-server")
    tmp_path.chmod(0o755)
    for parent in tmp_path.parents:
        if parent.name.startswith("pytest"):
            parent.chmod(0o755)
    as_nobody = {"user": 65534, "group": 65534} if os.geteuid() == 0 else {}
    environment = {"PATH": os.environ["PATH"], "PORT": "0", "API_KEY": "sk-planted-first-0001", "HOST": "127.0.0.1",
                   "WORKSPACE_BASE_PATH": "/nonexistent"}
    program = Program([tmp_path / "claude-code-server", "--env-file", "/dev/null"], environment, tmp_path / "log",
                      **as_nobody)
    read = subprocess.run(["cat", f"/proc/{program.process.pid}/environ"], capture_output=True, **as_nobody)
    assert read.returncode != 0 and b"planted" not in read.stdout
    assert program.stop() == 0


def test_a_unix_domain_socket(make_server, tmp_path_factory):
    path = tmp_path_factory.mktemp("socket") / "claude.sock"
    server = make_server(HOST=f"unix:{path}")
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(30)
        client.connect(str(path))
        client.sendall(b"GET /v1/models HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        assert client.makefile("rb").readline() == b"HTTP/1.1 200 OK\r\n"
    assert server.program.stop() == 0
