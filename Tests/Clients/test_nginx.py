"""Config/nginx.conf.example, really run: the official OpenAI client, nginx, our server, the real CLI."""

import grp
import http.client
import json
import os
import pathlib
import pwd
import re
import shutil
import socket
import statistics
import subprocess
import time

import openai
import pytest

from conftest import BUILD, ROOT, START_TIMEOUT
from test_native import watch

EXAMPLE = ROOT / "Config" / "nginx.conf.example"
UNIX_SERVER = "server unix:/run/claude-code-server/http.sock;"
TCP_SERVER = "server 127.0.0.1:3000;"
MAIN = """
daemon off;
worker_processes 1;
pid nginx.pid;
{user}
events {{ }}
http {{
  access_log off;
  client_body_temp_path body;
  proxy_temp_path proxy;
  fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi;
  scgi_temp_path scgi;
  include {site};
}}
"""


def nginx_program():
    # Debian keeps it where only root looks.
    path = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin")
    assert path, "nginx is missing: make tools"
    return path


def swap(text, old, new):
    assert text.count(old) == 1, f"not once in {EXAMPLE.name}: {old}"
    return text.replace(old, new)


def write_configuration(folder, site):
    """A prefix directory of its own, with the site in it; the command that uses it."""
    (folder / "site.conf").write_text(site)
    # Started as root, nginx would give its work to a user who may not enter the folder.
    name, group = pwd.getpwuid(os.geteuid()).pw_name, grp.getgrgid(os.getegid()).gr_name
    user = f"user {name} {group};" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(MAIN.format(user=user, site=folder / "site.conf"))
    return [nginx_program(), "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", "stderr"]


class Nginx:
    """The example with the test's addresses in place of its own, in front of a server."""

    def __init__(self, folder, upstream, *changes):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        site = swap(EXAMPLE.read_text(), "listen 80;", f"listen 127.0.0.1:{self.port};")
        for old, new in [(TCP_SERVER, f"server {upstream};"), *changes]:
            site = swap(site, old, new)
        # It takes over the open socket (NGINX), so nobody can take the port, and early clients wait in its queue.
        descriptor = self.listener.fileno()
        self.process = subprocess.Popen(
            write_configuration(folder, site), env={"NGINX": f"{descriptor};"}, pass_fds=[descriptor],
            stderr=open(folder / "log", "w"))

    def client(self, **options):
        return openai.OpenAI(api_key="sk-any", base_url=f"{self.url}/v1", max_retries=0, timeout=60, **options)

    def post(self, body, path="/v1/chat/completions"):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request("POST", path, json.dumps(body), {"content-type": "application/json"})
        return connection

    def stop(self):
        self.listener.close()
        self.process.terminate()
        assert self.process.wait(timeout=START_TIMEOUT) == 0


@pytest.fixture
def make_nginx(tmp_path_factory):
    running = []

    def make(upstream, *changes):
        running.append(Nginx(tmp_path_factory.mktemp("nginx"), upstream, *changes))
        return running[-1]

    yield make
    for nginx in running:
        nginx.stop()


@pytest.fixture
def nginx(server, make_nginx):
    return make_nginx(f"127.0.0.1:{server.program.port}")


@pytest.fixture(scope="module")
def impatient_server(make_server):
    return make_server(UPSTREAM_RETRY_TIMEOUT_MS="100")


def ask(prompt, **options):
    return {"model": "claude-code", "messages": [{"role": "user", "content": prompt}], **options}


def test_the_example_as_it_stands(tmp_path):
    done = subprocess.run(
        [*write_configuration(tmp_path, EXAMPLE.read_text()), "-t"], capture_output=True, text=True, timeout=60)
    assert "syntax is ok" in done.stderr, done.stderr
    assert "[warn]" not in done.stderr, done.stderr
    # Port 80 is tried too, and is root's.
    assert done.returncode == 0 or "Permission denied" in done.stderr, done.stderr


# The server tells nginx by a header not to buffer; without it the example must do. The last row shows that a proxy that
# holds tokens back would be noticed here.
NO_HEADER = ("proxy_ignore_client_abort off;", "proxy_ignore_headers X-Accel-Buffering;")
GZIP = ("gzip off;", "gzip on; gzip_proxied any; gzip_types text/event-stream;")


@pytest.mark.parametrize("changes, is_held_back", [
    ([], False),
    ([NO_HEADER], False),
    ([NO_HEADER, GZIP, ("proxy_buffering off;", "proxy_buffering on;")], True),
], ids=["as it stands", "without the header", "a proxy that holds back"])
def test_tokens_come_one_by_one(server, make_nginx, changes, is_held_back):
    nginx = make_nginx(f"127.0.0.1:{server.program.port}", *changes)
    arrivals = []
    for chunk in nginx.client().chat.completions.create(**ask("stub: tokens=10 gap=100"), stream=True):
        if chunk.choices and chunk.choices[0].delta.content:
            arrivals.append((chunk.choices[0].delta.content, time.monotonic()))
    assert [text for text, _ in arrivals] == [f"w{index} " for index in range(10)]
    gaps = [later - earlier for (_, earlier), (_, later) in zip(arrivals, arrivals[1:])]
    # The upstream says a word every 100 ms.
    assert (statistics.median(gaps) < 0.02) if is_held_back else (statistics.median(gaps) > 0.05), gaps


@pytest.mark.parametrize("path, body", [
    ("/v1/chat/completions", ask("stub: tokens=2 stall=1", stream=True)),
    ("/v1/chat/completions", ask("stub: delay=60000 tokens=1", stream=True)),
    ("/v1/chat/completions", ask("stub: delay=60000 tokens=1")),
    ("/api/claude", {"prompt": "stub: tokens=2 stall=1"}),
], ids=["mid-stream", "before the stream", "not streamed", "raw"])
def test_a_client_that_leaves_is_noticed_behind_nginx(make_server, make_nginx, upstream, path, body):
    server = make_server(PROCESS_KILL_TIMEOUT_MS="2000")
    nginx = make_nginx(f"127.0.0.1:{server.program.port}")
    seen = len(upstream.requests())
    connection = nginx.post(body, path)
    watch(server, upstream, seen, wants_tool=False)
    assert server.processes()["running"] == 1
    connection.close()
    # PROCESS_KILL_TIMEOUT_MS and one second more.
    assert server.comes_to_rest(3)


def test_a_client_that_leaves_after_the_first_token(make_server, make_nginx, upstream):
    server = make_server(PROCESS_KILL_TIMEOUT_MS="2000")
    nginx = make_nginx(f"127.0.0.1:{server.program.port}")
    with nginx.client() as client:
        stream = client.chat.completions.create(**ask("stub: tokens=2 stall=1"), stream=True)
        assert next(chunk for chunk in stream if chunk.choices[0].delta.content)
        assert server.processes()["running"] == 1
        stream.close()
    assert server.comes_to_rest(3)


@pytest.mark.parametrize("streamed", [True, False])
@pytest.mark.parametrize("status, error", [
    (429, openai.RateLimitError), (401, openai.AuthenticationError), (500, openai.InternalServerError)])
def test_errors_pass_as_they_are(impatient_server, make_nginx, status, error, streamed):
    server, nginx = impatient_server, make_nginx(f"127.0.0.1:{impatient_server.program.port}")
    direct, behind = [], []
    for url, found in [(server.url, direct), (nginx.url, behind)]:
        client = openai.OpenAI(api_key="sk-any", base_url=f"{url}/v1", max_retries=0, timeout=60)
        with pytest.raises(error) as caught:
            client.chat.completions.create(**ask(f"stub: status={status}"), stream=streamed)
        headers = caught.value.response.headers
        found += [caught.value.status_code, caught.value.body, headers["content-type"], headers["x-should-retry"]]
    assert behind == direct
    assert behind[1]["message"]


def test_unknown_urls_and_request_ids(nginx):
    with pytest.raises(openai.NotFoundError) as caught:
        nginx.client().post("/nowhere", cast_to=object, options={"headers": {"x-request-id": "mine-1"}})
    assert caught.value.code == "unknown_url" and caught.value.request_id == "mine-1"
    models = nginx.client().models.with_raw_response.list()
    assert re.fullmatch("[0-9a-f]{32}", models.headers["x-request-id"])
    spoiled = nginx.client().models.with_raw_response.list(extra_headers={"x-request-id": "not {sane}"})
    assert re.fullmatch("[0-9a-f]{32}", spoiled.headers["x-request-id"])


def test_a_request_of_2_mb(nginx, upstream):
    prompt = "stub: tokens=1\n" + "x" * 2_000_000
    assert nginx.client().chat.completions.create(**ask(prompt)).choices[0].message.content == "w0 "
    assert prompt in upstream.spoken(upstream.last())[-1][1]


def test_nginxs_own_errors_have_the_servers_form(nginx, make_nginx, tmp_path):
    # An answer comes before the body has been sent: the client of OpenAI would only see a broken pipe.
    connection = http.client.HTTPConnection("127.0.0.1", nginx.port, timeout=60)
    connection.putrequest("POST", "/v1/chat/completions")
    connection.putheader("content-type", "application/json")
    connection.putheader("content-length", str(32 * 1024 * 1024 + 1))
    connection.endheaders()
    answer = connection.getresponse()
    assert answer.status == 413 and answer.headers["content-type"] == "application/json"
    assert json.load(answer)["error"]["code"] == "body_too_large"
    orphan = make_nginx(f"unix:{tmp_path}/nobody.sock")
    with pytest.raises(openai.InternalServerError) as caught:
        orphan.client().chat.completions.create(**ask("hi"))
    assert caught.value.status_code == 502 and caught.value.code == "server_unreachable"
    assert caught.value.response.headers["x-should-retry"] == "false"


def test_a_unix_domain_socket(make_nginx, cli, tmp_path):
    path = tmp_path / "http.sock"
    environment = {
        "PATH": os.environ["PATH"], "HOME": str(tmp_path), "HOST": f"unix:{path}", "CLAUDE_CLI_PATH": str(cli),
        "WORKSPACE_BASE_PATH": str(tmp_path)}
    server = subprocess.Popen(
        [BUILD / "claude-code-server", "--env-file", "/dev/null"], env=environment, stdout=subprocess.PIPE, text=True)
    try:
        assert any("listening" in line for line in server.stdout)
        # As one would by hand: the comment sign goes before the other line.
        nginx = make_nginx("127.0.0.1:9", (f"# {UNIX_SERVER}", f"server unix:{path};"), ("server 127.0.0.1:9;", ""))
        assert [model.id for model in nginx.client().models.list()][0] == "claude-code"
    finally:
        server.terminate()
        server.communicate(timeout=START_TIMEOUT)
