"""Files that lie when the server starts, and links that lead elsewhere when it ends."""

import json
import os
import re
import struct
import time
import zlib

from .ground import BOTTOM, TOP, NoStart, Row, Server, json_of, spelled

HEADER = struct.Struct("<IIB")
NOBODY = 65534
CHAT = "/v1/chat/completions"
HI = {"model": "claude-code", "messages": [{"role": "user", "content": "hi"}]}
MCP = {"mcpServers": {"notes": {"command": "true"}}}
# Which numbers of a journal, and what they become; each is tried on journals that are sound otherwise.
JOURNAL_LIES = [
    (("at",), BOTTOM), (("at",), TOP), (("created_at",), BOTTOM), (("created_at",), TOP), (("turns",), TOP),
    (("input_tokens", "output_tokens", "cache_read_input_tokens"), TOP), (("input_tokens",), BOTTOM),
]
SESSION_LIES = [
    (("created", "lastUsed"), BOTTOM), (("created", "lastUsed"), TOP), (("turns",), TOP), (("cost",), 1e308),
]


def records(data):
    """(kind, payload) of each record of a journal; see Sources/Storage/JournalRecord.swift."""
    while data:
        length, _, kind = HEADER.unpack_from(data)
        yield kind, data[HEADER.size:HEADER.size + length]
        data = data[HEADER.size + length:]


def sealed(kind, payload):
    return HEADER.pack(len(payload), zlib.crc32(bytes([kind]) + payload), kind) + payload


def changed(payload, names, value):
    """The JSON with these numbers replaced, wherever they are."""
    for name in names:
        payload = re.sub(rb'("%b"\s*:\s*)-?[\d.eE+]+' % name.encode(), rb"\g<1>" + str(value).encode(), payload)
    return payload


def remembered(ground):
    """A server that has run an agent, a response and a session, and has ended; what they were called."""
    state = ground.folder / f"state-{time.monotonic_ns()}"
    state.mkdir()
    server = Server(ground.folder, STATE_PATH=str(state))
    _, answer = server.ask("POST", "/agent/start", {"prompt": "hi"})
    agent = json_of(answer)["agent_id"]
    _, answer = server.ask("POST", "/v1/responses", {"model": "claude-code", "input": "hi"})
    response = json_of(answer)["id"]
    _, answer = server.ask("POST", CHAT, HI)
    session = re.search(rb"x-session-id: (\S+)", answer).group(1).decode()
    settled(server, agent)
    server.stop()
    return server, state, agent, response, session


def settled(server, agent):
    for _ in range(200):
        status, answer = server.ask("GET", f"/agent/{agent}")
        if status != 200 or not re.search(rb'"status":"(queued|running)"', answer):
            return status
        time.sleep(0.02)
    return "busy"


def restarted(ground, row, former, state, use):
    """Starts a server on the state of a former one, uses it, and ends it."""
    try:
        server = Server(ground.folder, after=former, STATE_PATH=str(state))
    except NoStart as failure:
        row.require(False, str(failure))
        return ground.report(row)
    use(server)
    lives = server.is_alive()
    status = server.stop()
    row.require(lives and status == 0, f"the server is gone ({status})")
    ground.report(row)


def lying_journal(ground, names, value):
    former, state, agent, response, _ = remembered(ground)
    for path in (state / "runs").glob("*.journal"):
        lines = [(kind, changed(payload, names, value)) for kind, payload in records(path.read_bytes())]
        path.write_bytes(b"".join(sealed(kind, payload) for kind, payload in lines))
    row = Row(f"a journal whose {names[0]} is {spelled(value)}", "a start, reads, a turn", None, False)

    def use(server):
        for path in ["/agent", f"/agent/{agent}", f"/v1/responses/{response}", "/v1/runs", f"/agent/{agent}/events"]:
            row.answer(server.ask("GET", path, timeout=5)[0] or "none")
        row.answer(server.ask("POST", f"/agent/{agent}/input", {"prompt": "more"})[0] or "none")
        row.require(settled(server, agent) in (200, 404), "the agent does not settle")
        row.require("none" not in row.answers, "no answer")

    restarted(ground, row, former, state, use)


def lying_sessions(ground, names, value):
    former, state, _, _, session = remembered(ground)
    path = state / "sessions.jsonl"
    path.write_bytes(changed(path.read_bytes(), names, value))
    row = Row(f"a session whose {names[0]} is {spelled(value)}", "a start, lists, a turn", None, False)

    def use(server):
        row.answer(server.ask("GET", "/v1/sessions")[0] or "none")
        row.answer(server.ask("POST", CHAT, {**HI, "session-id": session})[0] or "none")
        row.answer(server.ask("GET", f"/v1/sessions/{session}")[0] or "none")
        row.require(row.answers == {200: 3}, "not all is answered")

    restarted(ground, row, former, state, use)


def planted_link(ground, suffix):
    """A link by the name that the server's scratch directory had, to somebody's files; the process's id is known since
    the shell that plants it becomes the server."""
    victim = ground.folder / f"victim{suffix}"
    (victim / "below").mkdir(parents=True)
    for name in ["letter", "a.journal", "below/letter"]:
        (victim / name).write_text("precious")
    plant = f'ln -s {victim} "$TMPDIR/claude-code-server-$$"{suffix}; exec "$@"'
    server = Server(ground.folder, command=["sh", "-c", plant, "sh"], SHUTDOWN_GRACE_MS="100")
    row = Row("a planted link, then SIGTERM", f"claude-code-server-<pid>{suffix}", None, False)
    row.answer(server.ask("POST", CHAT, HI)[0] or "none")
    row.require(server.stop() == 0, "the server does not end well")
    kept = sorted(str(path.relative_to(victim)) for path in victim.rglob("*") if path.is_file())
    row.require(kept == ["a.journal", "below/letter", "letter"], f"of three files there are {kept}")
    ground.report(row)


def taken_name(ground):
    """The same name, taken by another user: requests with MCP tools go on."""
    path = ground.folder / "mcp.json"
    path.write_text(json.dumps(MCP))
    take = f'mkdir -m 755 "$TMPDIR/claude-code-server-$$"; chown {NOBODY} "$TMPDIR/claude-code-server-$$"; exec "$@"'
    server = Server(ground.folder, command=["sh", "-c", take, "sh"], MCP_CONFIG_PATH=str(path))
    row = Row("a scratch name taken by another user", "mcp-allowed-tools", None, False)
    status = row.answer(str(server.ask("POST", CHAT, {**HI, "mcp-allowed-tools": ["mcp__notes__x"]})[0]))
    row.require(status == "200", f"answer {status}")
    row.require(server.stop() == 0, "the server does not end well")
    ground.report(row)


def run(ground, scale):
    for names, value in JOURNAL_LIES if scale == 1 else JOURNAL_LIES[:1]:
        lying_journal(ground, names, value)
    for names, value in SESSION_LIES if scale == 1 else SESSION_LIES[:1]:
        lying_sessions(ground, names, value)
    for suffix in ["", "-runs"]:
        planted_link(ground, suffix)
    if os.geteuid() == 0:
        taken_name(ground)
