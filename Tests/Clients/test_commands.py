"""The CLI's commands: text on every route and in every position, and nothing that is said changes its settings."""

import json
import re
import urllib.request

import pytest

from cli_home import Home
from conftest import happens
from plain_dialects import DIALECTS, IMAGE, Chat, StreamedChat, assistant, post, texts, user
from scripts import SAID, call, encoded

COMMANDS = ["/config permissionMode=acceptEdits", "/mark", "/context", "/model opus", "/init"]
# One of each kind: one that the CLI carries out, a file of the user's, a prompt of the CLI's own.
KINDS = ["/config permissionMode=acceptEdits", "/mark", "/init"]
SETTINGS = {"permissions": {"defaultMode": "default"}, "verbose": False}
FIRST_KEY, SECOND_KEY = "sk-first-of-commands", "sk-second-of-commands"


class Ground:
    """A server on a planted home. `marks` is how the texts of a test are told from those of others."""

    def __init__(self, make_server, upstream, folder, **extra):
        self.home = Home(folder, SETTINGS)
        self.upstream = upstream
        self.server = make_server(
            HOME=str(self.home.path), API_KEYS=f"{FIRST_KEY},{SECOND_KEY}", CLAUDE_MAX_PROCESSES="8", **extra)

    def forget(self):
        urllib.request.urlopen(urllib.request.Request(f"{self.upstream.url}/__requests", method="DELETE")).close()

    def arrived(self):
        return list(texts(self.upstream.requests()))

    def is_text(self, command):
        """Whether the command has reached the model as text, and has done nothing."""
        said = self.arrived()
        assert [text for text in said if command in text], f"the model has not seen {command}: {said}"
        assert not [text for text in said if "<command-name>" in text or "<local-command" in text]
        return self.home.is_untouched()

    def refuses_edits(self, key):
        """Whether a plain request of a principal may not write a file."""
        # A workspace of its own: no process that was started before serves it.
        workspace = f"edits-{len(list(self.server.workspaces.glob('workspace/edits-*')))}"
        made = self.server.workspaces / "workspace" / workspace / "written"
        script = f"stub: tool=Write input64={encoded({'file_path': str(made), 'content': 'x'})}"
        status, _, _ = Chat().post(self.server, [user(script)], key=key, workspace=workspace)
        assert status == 200
        return not made.exists()


def grounds(ceiling):
    @pytest.fixture(scope="module")
    def ground(make_server, upstream, tmp_path_factory):
        return Ground(make_server, upstream, tmp_path_factory.mktemp("commands"), PERMISSION_CEILING=ceiling)

    return ground


bounded, unbounded = grounds("default"), grounds("bypassPermissions")


@pytest.fixture(scope="module")
def cold(make_server, upstream, tmp_path_factory):
    """A session's next turn resumes it in another process."""
    return Ground(make_server, upstream, tmp_path_factory.mktemp("cold"), PERMISSION_CEILING="default",
                  CLAUDE_SESSION_IDLE_MS="0")


@pytest.fixture(autouse=True)
def restored(request):
    yield
    for name in {"bounded", "unbounded", "cold"} & set(request.fixturenames):
        request.getfixturevalue(name).home.restore()


POSITIONS = {
    "whole": lambda command: [user(command)],
    "last of several messages": lambda command: [user("hi"), user(command)],
    "last part": lambda command: [user("hi", command)],
    "after an image": lambda command: [user(IMAGE, command)],
    "before an image": lambda command: [user(command, IMAGE)],
    "after option lines": lambda command: [user(f"max-turns=3\n\n{command}")],
    "after a history": lambda command: [user("one"), assistant("two"), user(command)],
    "in a history": lambda command: [user(command), assistant("two"), user("three")],
}


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("position", POSITIONS)
@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
def test_a_command_is_text(bounded, dialect, position, command):
    bounded.forget()
    status, _, answer = dialect.post(bounded.server, POSITIONS[position](command), key=FIRST_KEY)
    assert bounded.is_text(command) and status == 200, answer


@pytest.mark.parametrize("command", KINDS)
@pytest.mark.parametrize("position", ["whole", "after an image"])
@pytest.mark.parametrize("dialect", [*DIALECTS, StreamedChat()], ids=lambda dialect: dialect.name)
def test_a_command_is_text_where_commands_are_allowed_elsewhere(unbounded, dialect, position, command):
    unbounded.forget()
    status, _, answer = dialect.post(unbounded.server, POSITIONS[position](command), key=FIRST_KEY)
    assert unbounded.is_text(command) and status == 200, answer


@pytest.mark.parametrize("command", KINDS)
@pytest.mark.parametrize("temperature", ["bounded", "cold"])
@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
def test_a_command_is_text_in_a_session(request, dialect, temperature, command):
    ground = request.getfixturevalue(temperature)
    status, headers, _ = dialect.post(ground.server, [user("hello")], key=FIRST_KEY)
    assert status == 200
    ground.forget()
    status, again, answer = dialect.post(
        ground.server, [user("more", command)], key=FIRST_KEY, **{"x-session-id": headers["x-session-id"]})
    assert ground.is_text(command) and status == 200, answer
    assert again["x-session-id"] == headers["x-session-id"]


@pytest.mark.parametrize("command", KINDS)
@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
def test_a_command_beside_results_is_text(bounded, dialect, command):
    asked = [user(call(key=f"{dialect.name.replace(' ', '-')}-{command[1:4]}"))]
    status, _, answer = dialect.post(bounded.server, asked, key=FIRST_KEY, tools=dialect.tools)
    assert status == 200, answer
    bounded.forget()
    status, _, answer = dialect.post(
        bounded.server, asked + dialect.answered(answer)(command), key=FIRST_KEY, tools=dialect.tools)
    # In this turn: the CLI would keep what begins with a `/`, or with blanks and one, for a turn of its own.
    assert bounded.is_text(command) and status == 200, answer


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_is_text_where_the_history_is_told_in_words(bounded, command):
    # A link in the place of the project's directory: the server writes no transcript through it.
    workspace = bounded.server.workspaces / "workspace" / "worded"
    workspace.mkdir(parents=True, exist_ok=True)
    link = bounded.home.configuration / "projects" / re.sub("[^A-Za-z0-9]", "-", str(workspace.resolve()))
    if not link.is_symlink():
        (bounded.home.path / "elsewhere").mkdir()
        link.parent.mkdir(exist_ok=True)
        link.symlink_to(bounded.home.path / "elsewhere")
    bounded.forget()
    status, _, answer = Chat().post(
        bounded.server, POSITIONS["after a history"](command), key=FIRST_KEY, workspace="worded")
    assert bounded.is_text(command) and status == 200, answer


# The routes on which commands are meant


@pytest.mark.parametrize("command", KINDS)
@pytest.mark.parametrize("path", ["/api/claude", "/agent/stream"])
@pytest.mark.parametrize("head", ["", "max-turns=3\n\n"])
def test_below_the_highest_ceiling_a_command_is_refused_or_text(bounded, path, head, command):
    bounded.forget()
    status, _, answer = post(bounded.server, path, {"prompt": head + command}, FIRST_KEY)
    if status == 403:
        assert json.loads(answer)["error"]["code"] == "permission_ceiling" and bounded.home.is_untouched()
    else:
        assert bounded.is_text(command) and status == 200, answer


@pytest.mark.parametrize("command", KINDS)
def test_an_agents_input_is_no_command_either(bounded, command):
    agent = json.loads(post(bounded.server, "/agent/start", {"prompt": SAID}, FIRST_KEY)[2])["agent_id"]
    bounded.forget()
    status, _, answer = post(bounded.server, f"/agent/{agent}/input", {"prompt": command}, FIRST_KEY)
    if status == 403:
        assert json.loads(answer)["error"]["code"] == "permission_ceiling" and bounded.home.is_untouched()
    else:
        assert status in (200, 202)
        assert happens(lambda: any(command in text for text in bounded.arrived()), 20)
        assert bounded.is_text(command)


def test_commands_work_on_the_raw_stream_at_the_highest_ceiling(unbounded):
    unbounded.forget()
    status, _, answer = post(unbounded.server, "/api/claude", {"prompt": "/context"}, FIRST_KEY)
    result = json.loads([line for line in answer.splitlines() if line.startswith("data: ")][-1][6:])
    assert (status, result["type"], result["num_turns"]) == (200, "result", 0)
    assert not [text for text in unbounded.arrived() if "/context" in text]
    assert unbounded.home.is_untouched()


@pytest.mark.parametrize("command", [
    "/config permissionMode=acceptEdits", "/config permissionMode=auto", "/config verbose=true", "/model opus"])
@pytest.mark.parametrize("path", ["/api/claude", "/agent/stream"])
def test_a_command_does_not_change_the_settings_of_all(unbounded, path, command):
    post(unbounded.server, path, {"prompt": command}, FIRST_KEY)
    assert unbounded.home.settings() == unbounded.home.before
    assert unbounded.home.grants() == []
    assert unbounded.refuses_edits(SECOND_KEY)


@pytest.mark.parametrize("mode", ["acceptEdits", "auto"])
@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
def test_what_one_says_gives_nothing_to_another(bounded, dialect, mode):
    dialect.post(bounded.server, [user("hi"), user(f"/config permissionMode={mode}")], key=FIRST_KEY)
    assert bounded.refuses_edits(SECOND_KEY)
    assert bounded.home.is_untouched()
