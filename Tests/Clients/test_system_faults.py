"""System calls that fail under the server: each ends in a clear answer, and the server goes on."""

import http.client
import json
import os
import pathlib
import resource
import select
import shutil
import socket
import subprocess

import pytest

from conftest import BUILD, Program

CHAT = json.dumps({"model": "claude-code", "messages": [{"role": "user", "content": "hello"}]})


def start(tmp_path, before=None, user=None, **extra):
    """The server on the simulator, with limits set by `before` in the child."""
    for name in ["claude-code-server", "claude-simulator"]:
        shutil.copy(BUILD / name, tmp_path / name)
    for folder in [tmp_path, *[parent for parent in tmp_path.parents if parent.name.startswith("pytest")]]:
        folder.chmod(0o755)
    (tmp_path / "base").mkdir(exist_ok=True)
    if user:
        os.chown(tmp_path / "base", user, user)
    environment = {"PATH": os.environ["PATH"], "PORT": "0", "HOST": "127.0.0.1", "HOME": str(tmp_path / "base"),
                   "WORKSPACE_BASE_PATH": str(tmp_path / "base"), "SHUTDOWN_GRACE_MS": "100", **extra}
    owner = {"user": user, "group": user} if user else {}
    return Program([tmp_path / "claude-code-server", "--simulate", "--env-file", "/dev/null"], environment,
                   tmp_path / "log", preexec_fn=before, **owner)


def post(port, path="/v1/chat/completions", body=CHAT):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("POST", path, body, {"content-type": "application/json"})
    response = connection.getresponse()
    return response.status, json.loads(response.read())


def limit(kind, value):
    return lambda: resource.setrlimit(kind, (value, value))


def test_without_descriptors_accepting_pauses_and_recovers(tmp_path):
    program = start(tmp_path, limit(resource.RLIMIT_NOFILE, 40))
    address = ("127.0.0.1", program.port)
    crowd = [socket.create_connection(address, timeout=30) for _ in range(60)]
    # The kernel has accepted them all; the server has descriptors for some, and says so.
    until(lambda: "cannot accept connections for now" in log(tmp_path))
    for client in crowd:
        client.close()
    status, answer = post(program.port)
    assert (status, answer["choices"][0]["message"]["content"]) == (200, "You said: hello")
    assert program.stop() == 0


def test_without_descriptors_for_a_child_the_answer_is_503(tmp_path):
    program = start(tmp_path, limit(resource.RLIMIT_NOFILE, 24))
    address = ("127.0.0.1", program.port)
    held = []
    status = 200
    while status == 200:
        held.append(socket.create_connection(address, timeout=30))
        held[-1].sendall(b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n")
        held[-1].recv(4096)
        status, answer = post(program.port)
    assert (status, answer["error"]["code"]) == (503, "overloaded")
    for client in held:
        client.close()
    until(lambda: post(program.port)[0] == 200)
    assert program.stop() == 0


def test_without_processes_the_answer_is_503(tmp_path):
    # The limit counts all threads of a user: root, who has none, becomes one that nothing else runs under.
    user = 54321 if os.geteuid() == 0 else None
    allowed = threads_of(user or os.geteuid()) + 20
    program = start(tmp_path, limit(resource.RLIMIT_NPROC, allowed), user=user)
    hanging = json.dumps({"prompt": "simulate: hang"})
    held = []
    for _ in range(30):
        held.append(http.client.HTTPConnection("127.0.0.1", program.port, timeout=30))
        held[-1].request("POST", "/api/claude", hanging, {"content-type": "application/json"})
        response = held[-1].getresponse()
        if response.status != 200:
            break
    assert (response.status, json.loads(response.read())["error"]["code"]) == (503, "overloaded")
    for connection in held:
        connection.sock and connection.sock.close()
        connection.close()
    until(lambda: post(program.port)[0] == 200)
    assert program.stop() == 0


def threads_of(user):
    count = 0
    for entry in pathlib.Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and entry.stat().st_uid == user:
                count += len(list((entry / "task").iterdir()))
        except OSError:
            continue
    return count


def test_a_full_disk_is_an_error_for_its_request(tmp_path):
    base = tmp_path / "full"
    base.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4k,nr_inodes=2", "tmpfs", str(base)])
    if mounted.returncode != 0:
        # Without the right to mount, a place where nothing can be made stands in for one where nothing fits.
        base = pathlib.Path("/proc/claude-code-server")
    try:
        program = start(tmp_path, WORKSPACE_BASE_PATH=str(base))
        post(program.port)
        status, answer = post(program.port, body=json.dumps({**json.loads(CHAT), "workspace": "one-more"}))
        assert (status, answer["error"]["code"]) == (500, "workspace_unusable")
        assert program.stop() == 0
    finally:
        if mounted.returncode == 0:
            subprocess.run(["umount", str(base)], check=True)


@pytest.mark.parametrize("script", ["exec 0<&-; echo gone >&2; exit 3", "kill -9 $$", "exec 0<&- ; exec sleep 60"])
def test_a_cli_that_does_not_listen_is_an_error(tmp_path, script):
    cli = tmp_path / "deaf"
    cli.write_text(f"#!/bin/sh\n{script}\n")
    cli.chmod(0o755)
    program = start(tmp_path, CLAUDE_INACTIVITY_TIMEOUT_MS="500", PROCESS_KILL_TIMEOUT_MS="500")
    assert program.stop() == 0
    environment = {"PATH": os.environ["PATH"], "PORT": "0", "HOST": "127.0.0.1", "HOME": str(tmp_path),
                   "WORKSPACE_BASE_PATH": str(tmp_path / "base"), "CLAUDE_CLI_PATH": str(cli),
                   "CLAUDE_INACTIVITY_TIMEOUT_MS": "500", "PROCESS_KILL_TIMEOUT_MS": "500"}
    program = Program([tmp_path / "claude-code-server", "--env-file", "/dev/null"], environment, tmp_path / "log")
    # Larger than a pipe: the rest of the prompt is still unsent when the reader is gone.
    body = json.dumps({"model": "claude-code", "messages": [{"role": "user", "content": "x" * 1_000_000}]})
    status, answer = post(program.port, body=body)
    assert status in (500, 502, 504) and answer["error"]["message"]
    assert program.stop() == 0


def log(tmp_path):
    return (tmp_path / "log").read_text()


def until(condition):
    """Waits on the log or the server with a deadline; each look is a step of the program itself."""
    poller = select.poll()
    for _ in range(600):
        if condition():
            return
        poller.poll(50)
    raise AssertionError("it did not happen in 30 s")
