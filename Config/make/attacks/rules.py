"""Requests that must be refused, and in which words."""

import itertools

from .ground import KEY, Row, Server, json_of

CHAT = "/v1/chat/completions"
# Of all rules together, in bytes; the kernel takes 128 KiB in one argument.
RULE_BYTES = 128 * 1024
FOREIGN = "evil.example"


def code_of(answer):
    try:
        return json_of(answer)["error"]["code"]
    except (KeyError, TypeError, ValueError, IndexError):
        return None


def expect(row, expected, status, what):
    row.answer(str(status))
    row.require(status == expected, f"{what}: {status} for {expected}")


def chat(text, **fields):
    return {"model": "claude-code", "messages": [{"role": "user", "content": text}], **fields}


def idempotency(ground, server):
    row = Row("an idempotency key with another body", "the same key twice", None, False)
    fields = ["Idempotency-Key: one"]
    for text, expected in [("hi", 200), ("hi", 200), ("rm", 422)]:
        expect(row, expected, server.ask("POST", CHAT, chat(text), fields)[0], text)
    ground.report(row)


def long_rules(ground, server):
    row = Row("allowed-tools above the kernel's limit", f"{RULE_BYTES // 1024} KiB", None, False)
    rules = [f"Bash(echo {'x' * 1000}{n})" for n in range(RULE_BYTES // 1000 + 1)]
    for name in ["allowed-tools", "disallowed-tools"]:
        expect(row, 400, server.ask("POST", CHAT, chat("hi", **{name: rules}))[0], name)
    ground.report(row)


def guarded_health(ground, server, open_server):
    row = Row("/health", "no key; a foreign name", None, False)
    for path, expected in [("/health", 401), ("/health/live", 200), ("/health/ready", 200)]:
        expect(row, expected, server.ask("GET", path, key=None)[0], f"{path} without a key")
    expect(row, 200, server.ask("GET", "/health", key=KEY)[0], "/health with a key")
    for path, expected in [("/health", 403), ("/health/live", 200), ("/health/ready", 200)]:
        expect(row, expected, open_server.ask("GET", path, host=FOREIGN)[0], f"{path} by a foreign name")
        status = open_server.ask("GET", path, fields=[f"Origin: http://{FOREIGN}"])[0]
        expect(row, expected, status, f"{path} of a foreign page")
    expect(row, 200, open_server.ask("GET", "/health")[0], "/health without keys")
    ground.report(row)


def rebound_names(ground, open_server):
    row = Row("names of web pages, without keys", "Host and Origin", None, False)
    for path, method in itertools.product([CHAT, "/v1/models", "/api/claude", "/agent/start"], ["GET", "POST"]):
        status, answer = open_server.ask(method, path, host=FOREIGN)
        expect(row, 403, status, f"{method} {path}")
        row.require(code_of(answer) == "host_not_allowed", f"{path}: {code_of(answer)}")
        expect(row, 403, open_server.ask(method, path, fields=[f"Origin: http://{FOREIGN}"])[0], f"a page's {path}")
    ground.report(row)


def escaped_log(ground, server):
    """What a terminal would obey must not reach it."""
    row = Row("control characters in a path", "C1, U+2028/9, bidi", None, False)
    for number in [0x80, 0x9B, 0x2028, 0x2029, 0x202E, 0x2066, 0x200F]:
        text = chr(number).encode()
        path = "/log-" + "".join(f"%{byte:02X}" for byte in text)
        row.answer(str(server.ask("GET", path)[0]))
        row.require(text not in server.log.read_bytes(), f"U+{number:04X} is in the log as it came")
    row.require(b"/log-" in server.log.read_bytes(), "the path is not in the log")
    ground.report(row)


def run(ground, scale):
    server = Server(ground.folder)
    open_server = Server(ground.folder, keys=False)
    idempotency(ground, server)
    long_rules(ground, server)
    guarded_health(ground, server, open_server)
    rebound_names(ground, open_server)
    escaped_log(ground, server)
    server.stop()
    open_server.stop()
