"""What a ceiling, the mode that a request asks for and the tools that it allows let run: a table, on the real CLI.

The user's settings say `defaultMode: acceptEdits` throughout, which must never count. `-s` prints the table."""

import concurrent.futures
import itertools
import json
import re

import pytest

from cli_home import Home
from plain_dialects import DIALECTS, Chat, post, user
from scripts import SAID, encoded

# From least to most.
MODES = ["plan", "default", "acceptEdits", "bypassPermissions"]
RULES = [[], ["Read"], ["Edit", "Write"], ["Bash"]]
WRITING = {"Edit", "Write", "Bash", "NotebookEdit"}
SETTINGS = {"permissions": {"defaultMode": "acceptEdits"}}
ROWS = list(itertools.product(MODES, [None, *MODES], RULES))
# CLIs that are started at once.
AT_ONCE = 3


def named(value):
    return "-".join(value) if isinstance(value, list) else str(value)


def expected(ceiling, asked, rules):
    """(status, param of the refusal, tools that run)"""
    if asked and MODES.index(asked) > MODES.index(ceiling):
        return 403, "permission-mode", set()
    if ceiling == "plan" and WRITING & set(rules):
        return 403, "allowed-tools", set()
    mode = asked or min("default", ceiling, key=MODES.index)
    runs = {"Write", "Bash"} & set(rules)
    if mode == "plan":
        # The CLI (2.1.329) lets edits that were allowed run in its plan mode, too, so the mode alone is no ceiling.
        runs -= {"Bash"}
    if mode == "acceptEdits":
        runs |= {"Write"}
    return 200, None, {"Write", "Bash"} if mode == "bypassPermissions" else runs


def tool(name, path):
    """A script that has the model use the tool to make the file. `Touch` is Bash with a command that a rule can name,
    and that acceptEdits lets run."""
    inputs = {"Bash": {"command": f"python3 -c 'open(\"{path}\", \"w\")'", "description": "x"},
              "Touch": {"command": f"touch {path}", "description": "x"},
              "Write": {"file_path": str(path), "content": "x"}}
    return f"stub: tool={name.replace('Touch', 'Bash')} input64={encoded(inputs[name])}"


@pytest.fixture(scope="module")
def bounded(make_server, tmp_path_factory):
    """A server for each ceiling, and others with further settings; each turn has a process of its own."""
    servers = {}

    def bounded(ceiling, **extra):
        key = (ceiling, *extra.items())
        if key not in servers:
            home = Home(tmp_path_factory.mktemp("ceiling"), SETTINGS)
            servers[key] = make_server(
                PERMISSION_CEILING=ceiling, HOME=str(home.path), CLAUDE_POOL_SPARES="0", CLAUDE_SESSION_IDLE_MS="0",
                CLAUDE_QUEUE_TIMEOUT_MS="60000", **extra)
        return servers[key]

    return bounded


def tried(server, dialect, name, **options):
    """(status, param, code, whether the tool ran) of a request that has the model use the tool."""
    workspace = re.sub(r"\W+", "-", " ".join([dialect.name, name, *map(named, options.values())])).strip("-")
    made = server.workspaces / "workspace" / workspace / "made"
    given = {key: value for key, value in options.items() if value}
    status, _, answer = dialect.post(server, [user(tool(name, made))], workspace=workspace, **given)
    error = json.loads(answer).get("error", {}) if status != 200 else {}
    # Anthropic's form has no parameter.
    code = error.get("code") or error.get("details", {}).get("error_code")
    return status, error.get("param"), code, made.exists()


@pytest.fixture(scope="module")
def table(bounded):
    """What was seen of each row."""
    def row(ceiling, asked, rules):
        options = {"permission-mode": asked, "allowed-tools": rules}
        return {name: tried(bounded(ceiling), Chat(), name, **options) for name in ["Write", "Bash"]}

    for ceiling in MODES:
        bounded(ceiling)
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        return dict(zip(map(named_row, ROWS), pool.map(lambda each: row(*each), ROWS)))


def named_row(row):
    return " ".join(map(named, row)) or "none"


@pytest.mark.parametrize("row", ROWS, ids=named_row)
def test_what_runs(table, row):
    status, param, runs = expected(*row)
    for name, (got, refused, code, ran) in table[named_row(row)].items():
        assert (got, ran) == (status, name in runs), f"{name}: {got}, {'ran' if ran else 'did not run'}"
        assert (refused, code) == ((param, "permission_ceiling") if param else (None, None))


def test_the_table(table):
    """Prints it."""
    print(f"\n{'ceiling':18} {'mode asked':18} {'allowed-tools':14} {'status':6}  ran")
    for ceiling, asked, rules in ROWS:
        seen = table[named_row((ceiling, asked, rules))]
        status = seen["Bash"][0] if seen["Bash"][0] == seen["Write"][0] else [answer[0] for answer in seen.values()]
        ran = ", ".join(name for name, answer in seen.items() if answer[3])
        print(f"{ceiling:18} {asked or '–':18} {', '.join(rules) or '–':14} {status!s:6}  {ran or '–'}")


# The other routes


@pytest.mark.parametrize("dialect", DIALECTS[1:], ids=lambda dialect: dialect.name)
def test_each_dialect_has_the_same_ceiling(bounded, dialect):
    assert tried(bounded("plan"), dialect, "Bash", **{"allowed-tools": ["Bash"]}) == (
        403, None if dialect.name == "messages" else "allowed-tools", "permission_ceiling", False)
    assert tried(bounded("default"), dialect, "Write", **{"allowed-tools": []}) == (200, None, None, False)


@pytest.mark.parametrize("path", ["/api/claude", "/agent/stream"])
def test_the_routes_of_the_cli_have_it_too(bounded, path):
    for ceiling, rules, status in [("plan", ["Bash"], 403), ("plan", ["Read"], 200), ("default", ["Bash"], 200)]:
        server, workspace = bounded(ceiling), f"route-{path.strip('/').replace('/', '-')}-{ceiling}-{named(rules)}"
        made = server.workspaces / "workspace" / workspace / "made"
        got, _, answer = post(server, path, {
            "prompt": tool("Bash", made), "workspace": workspace, "allowed-tools": rules})
        assert got == status, answer
        assert made.exists() == (ceiling == "default")
        if status == 403:
            assert json.loads(answer)["error"]["param"] == "allowed-tools"


def test_what_a_session_inherits_is_bounded_too(bounded):
    """Options hold for a session's next turns; so does the mode that was passed for none."""
    server = bounded("default")
    status, headers, _ = Chat().post(server, [user(SAID)], workspace="inherits")
    assert status == 200
    made = server.workspaces / "workspace" / "inherits" / "made"
    status, _, _ = Chat().post(server, [user(tool("Write", made))], **{"x-session-id": headers["x-session-id"]})
    assert (status, made.exists()) == (200, False)


# ALLOWED_TOOLS_CEILING


@pytest.mark.parametrize("bound, rules, status", [
    ("Read,Bash(touch:*)", None, 200), ("Read,Bash(touch:*)", ["Read"], 200),
    ("Read,Bash(touch:*)", ["Bash(touch:*)"], 200), ("Read,Bash(touch:*)", ["Read", "Bash(touch:*)"], 200),
    ("Read,Bash(touch:*)", ["Bash"], 403), ("Read,Bash(touch:*)", ["Write"], 403),
    ("Read,Bash(touch:*)", ["Read", "Write"], 403), ("Read,Bash(touch:*)", ["Bash(rm:*)"], 403),
    ("none", None, 200), ("none", ["Read"], 403), ("none", ["Bash"], 403),
])
def test_what_requests_may_allow_is_bounded(bounded, bound, rules, status):
    server = bounded("bypassPermissions", ALLOWED_TOOLS_CEILING=bound)
    got, param, code, ran = tried(server, Chat(), "Touch", **{"allowed-tools": rules})
    assert got == status
    assert (param, code) == (("allowed-tools", "permission_ceiling") if status == 403 else (None, None))
    assert ran == ("Bash(touch:*)" in (rules or []) and status == 200)
