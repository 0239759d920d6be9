"""The real CLI between our server and a scripted upstream; everything on loopback, with made-up keys."""

import contextlib
import json
import os
import pathlib
import re
import select
import subprocess
import time
import urllib.request

# Before the libraries are loaded: nothing is reported, traced or fetched.
os.environ.update(
    DO_NOT_TRACK="1", LANGSMITH_TRACING="false", LANGCHAIN_TRACING_V2="false", LITELLM_LOCAL_MODEL_COST_MAP="True",
    LITELLM_TELEMETRY="False", LOGFIRE_SEND_TO_LOGFIRE="false", OPENAI_AGENTS_DISABLE_TRACING="1", HF_HUB_OFFLINE="1")

import openai
import pytest

from scripts import weather

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / ".build" / "release"
START_TIMEOUT = 30


def pytest_configure(config):
    config.addinivalue_line("markers", "client(name): the client's row in docs/clients.md")
    config.addinivalue_line("markers", "feature(name): the feature's column")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    client, feature = item.get_closest_marker("client"), item.get_closest_marker("feature")
    if client and feature and "MATRIX" in os.environ and (report.when == "call" or report.failed):
        note = {"client": client.args[0], "feature": feature.args[0], "passed": report.passed}
        folder = pathlib.Path(os.environ["MATRIX"])
        folder.mkdir(parents=True, exist_ok=True)
        with open(folder / f"{os.getpid()}.jsonl", "a") as file:
            print(json.dumps(note), file=file)
    return report


class Program:
    """A child that says on standard output where it listens."""

    def __init__(self, arguments, environment, log, **options):
        self.log = open(log, "w+")
        self.process = subprocess.Popen(
            [str(argument) for argument in arguments], env=environment, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, **options)
        self.port = None
        for line in self.process.stdout:
            self.log.write(line)
            self.log.flush()
            found = re.search(r"url=unix:|127\.0\.0\.1:(\d+)", line)
            if found:
                self.port = int(found.group(1) or -1)
                break
        assert self.port, f"{arguments[0]} did not start: see {log}"
        # The pipe is drained by a copy of its own, or the program would stall when it is full.
        self.drain = subprocess.Popen(["cat"], stdin=self.process.stdout, stdout=self.log)

    def stop(self):
        if self.process.returncode is not None:
            return self.process.returncode
        self.process.terminate()
        status = self.process.wait(timeout=START_TIMEOUT)
        self.drain.wait(timeout=START_TIMEOUT)
        self.log.close()
        return status


def happens(condition, seconds):
    """Whether the condition comes true in time."""
    deadline = time.monotonic() + seconds
    poller = select.poll()
    while not condition():
        if time.monotonic() > deadline:
            return False
        poller.poll(20)
    return True


@pytest.fixture(scope="session")
def cli():
    path = pathlib.Path(os.environ.get("CLI", ""))
    assert path.is_file(), "the Claude Code CLI is missing: make cli"
    return path


class Upstream:
    """The scripted upstream, and what has arrived there."""

    def __init__(self, program):
        self.url = f"http://127.0.0.1:{program.port}"
        self.program = program

    def requests(self):
        with urllib.request.urlopen(f"{self.url}/__requests") as answer:
            return json.load(answer)

    def last(self):
        return self.requests()[-1]

    def heard(self):
        """What the client said in the last request, line by line, whether it came in messages or was told in one."""
        text = "\n".join(text for _, text in self.spoken(self.last()))
        lines = [re.sub("^(User|Assistant): ", "", line) for line in text.splitlines()]
        return [line for line in lines if line and not line.startswith(("This is the conversation", "stub:"))]

    def blocks(self, kind):
        return [block for message in self.last()["messages"] if not isinstance(message["content"], str)
                for block in message["content"] if block["type"] == kind]

    def images(self):
        """The images of the last request, in base64."""
        return [block["source"]["data"] for block in self.blocks("image")]

    def weather(self):
        """(city, result) of each call in the last request, in the order of the calls; results come in any."""
        results = {block["tool_use_id"]: block["content"] for block in self.blocks("tool_result")}
        return [(block["input"]["city"], results[block["id"]][0]["text"]) for block in self.blocks("tool_use")]

    @staticmethod
    def spoken(request):
        """(role, text) of each message, without what the CLI adds by itself."""
        messages = []
        for message in request["messages"]:
            content = message["content"]
            blocks = [content] if isinstance(content, str) else [block.get("text", "") for block in content]
            text = "".join(block for block in blocks if not block.lstrip().startswith("<system-reminder>"))
            if message["role"] != "system":
                messages.append((message["role"], text.strip()))
        return messages


@pytest.fixture(scope="session")
def upstream(tmp_path_factory):
    folder = tmp_path_factory.mktemp("upstream")
    environment = {"PATH": os.environ["PATH"]}
    program = Program([BUILD / "anthropic-stub", "--port", "0"], environment, folder / "log")
    yield Upstream(program)
    program.stop()


@pytest.fixture(scope="module", autouse=True)
def forgetful(upstream):
    """The upstream keeps some hundred requests: those of other files are of no use."""
    urllib.request.urlopen(urllib.request.Request(f"{upstream.url}/__requests", method="DELETE")).close()


class Server:
    def __init__(self, cli, upstream, folder, **extra):
        self.folder = folder
        self.workspaces = folder / "workspaces"
        # There already where a server follows another one.
        (folder / "home").mkdir(exist_ok=True)
        environment = {
            "PATH": os.environ["PATH"], "HOME": str(folder / "home"), "PORT": "0", "HOST": "127.0.0.1",
            "CLAUDE_CLI_PATH": str(cli), "WORKSPACE_BASE_PATH": str(self.workspaces), "IS_SANDBOX": "1",
            "ANTHROPIC_API_KEY": "sk-made-up", "ANTHROPIC_BASE_URL": upstream.url, "DISABLE_TELEMETRY": "1",
            "DISABLE_AUTOUPDATER": "1", "DISABLE_ERROR_REPORTING": "1",
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1", "SHUTDOWN_GRACE_MS": "500", **extra,
        }
        self.environment = environment
        self.program = Program([BUILD / "claude-code-server", "--env-file", "/dev/null"], environment, folder / "log")
        self.url = f"http://127.0.0.1:{self.program.port}"
        self.log = folder / "log"

    def client(self, **options):
        return openai.OpenAI(
            api_key=options.pop("api_key", "sk-any"), base_url=f"{self.url}/v1", max_retries=0, timeout=60, **options)

    def processes(self):
        """What /health says of the CLI's processes."""
        keys = [key for key in self.environment.get("API_KEYS", "").split(",") if key]
        request = urllib.request.Request(f"{self.url}/health", headers={"x-api-key": keys[0]} if keys else {})
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)["checks"]["processes"]["details"]

    def runs(self):
        """(session, process id) of each run, in the order they were started."""
        found = re.findall(r"run started .*?session=(\S+) pid=(\d+)", self.log.read_text())
        return [(session, int(pid)) for session, pid in found]

    def is_at_rest(self):
        """Whether no turn runs, and nothing is below the server but CLIs that wait for one."""
        figures = self.processes()
        return figures["running"] == 0 and figures["idle"] + figures["spare"] == figures["live"] == len(self.children())

    def comes_to_rest(self, seconds):
        return happens(self.is_at_rest, seconds)

    def children(self):
        """The ids of all processes below the server."""
        parents = {}
        for entry in pathlib.Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    stat = (entry / "stat").read_text()
                except OSError:
                    continue
                fields = stat[stat.rindex(")") + 2:].split()
                if fields[0] != "Z":
                    parents[int(entry.name)] = int(fields[1])
        found, open_ids = set(), {self.program.process.pid}
        while open_ids:
            open_ids = {pid for pid, parent in parents.items() if parent in open_ids} - found
            found |= open_ids
        return found


@contextlib.contextmanager
def servers(cli, upstream, tmp_path_factory):
    """What makes servers; they end together."""
    made = []

    def make(**extra):
        made.append(Server(cli, upstream, tmp_path_factory.mktemp("server"), **extra))
        return made[-1]

    yield make
    for server in made:
        assert server.program.stop() == 0, f"the server did not end well: see {server.log}"


@pytest.fixture(scope="module")
def make_server(cli, upstream, tmp_path_factory):
    """Servers of one file: their processes take gigabytes, and must not add up."""
    with servers(cli, upstream, tmp_path_factory) as make:
        yield make


@pytest.fixture(scope="session")
def make_lasting_server(cli, upstream, tmp_path_factory):
    with servers(cli, upstream, tmp_path_factory) as make:
        yield make


@pytest.fixture(scope="session")
def server(make_lasting_server):
    return make_lasting_server()


@pytest.fixture(scope="session")
def open_server(make_lasting_server):
    """For the matrix of clients: no spares, so that each process that was started was started for a turn."""
    return make_lasting_server(CLAUDE_POOL_SPARES="0", CLAUDE_MAX_PROCESSES="6", UPSTREAM_RETRY_TIMEOUT_MS="100")


class Function:
    """The client's function get_weather: notes its calls, and what the server's processes are meanwhile."""

    def __init__(self, server):
        self.server = server
        self.cities, self.during = [], []

    def get_weather(self, city: str) -> str:
        """The weather in a city."""
        self.cities.append(city)
        self.during.append(self.server.processes())
        return weather(city)

    def ran_in_one_process(self):
        """Whether the turn was parked while the function ran, and went on in its process."""
        assert all(figures["parked"] == 1 for figures in self.during)
        return {figures["spawned"] for figures in self.during} == {self.server.processes()["spawned"]}


@pytest.fixture
def function(open_server):
    return Function(open_server)


@pytest.fixture
def client(server):
    return server.client()


class Answer:
    """A streamed completion, put together as a client would."""

    def __init__(self, raw):
        self.session = raw.headers.get("x-session-id")
        self.warning = raw.headers.get("x-claude-warning")
        self.pieces, self.thinking, self.finish_reasons, self.roles, self.usage = [], [], [], [], None
        for chunk in raw.parse():
            if not chunk.choices:
                self.usage = chunk.usage
                continue
            choice = chunk.choices[0]
            if choice.delta.role:
                self.roles.append(choice.delta.role)
            if choice.delta.content:
                self.pieces.append(choice.delta.content)
            if getattr(choice.delta, "reasoning_content", None):
                self.thinking.append(choice.delta.reasoning_content)
            if choice.finish_reason:
                self.finish_reasons.append(choice.finish_reason)

    @property
    def text(self):
        return "".join(self.pieces)


@pytest.fixture
def ask(client):
    def ask(messages, **options):
        if isinstance(messages, str):
            messages = [{"role": "user", "content": messages}]
        raw = client.chat.completions.with_raw_response.create(
            model=options.pop("model", "claude-code"), messages=messages, stream=True,
            stream_options={"include_usage": True}, **options)
        answer = Answer(raw)
        assert answer.roles == ["assistant"]
        assert len(answer.finish_reasons) == 1
        return answer

    return ask
