"""Conversations that are large in each way a conversation can be, on each route that plans one."""

from .ground import Scene

MEGABYTE = 1_000_000
LINES = [1, 4, 30]
SHORT_MESSAGES = [10_000, 100_000]
CALLS = [5_000, 10_000, 20_000, 40_000]
OPTION_LINES = 200_000
JSON_BYTES, NESTING = 30 * MEGABYTE, 100
# Of the server, in MB: a body of 30 MB is held as bytes, as values and as what is sent to the CLI.
RSS = 768
# The same for JSON of 15 million values, which are larger than their text.
JSON_RSS = 1200
SAID = b'{"role":"assistant","content":"ok"}'
HI = b'{"role":"user","content":"hi"}'
WRAPPED = b'{"model":"claude-code","max_tokens":100,"%b":[%b]%b}'


def user(text):
    return b'{"role":"user","content":"' + text + b'"}'


class Dialect:
    def __init__(self, name, path, calls, key=b"messages"):
        self.name, self.path, self.calls, self.key = name, path, calls, key

    def body(self, *messages, extra=b""):
        return WRAPPED % (self.key, b",".join(messages), extra)

    def past(self, text):
        """A conversation in which the text was said before."""
        return self.body(user(text), SAID, HI)


def chat_calls(count):
    call = b'{"id":"c%d","type":"function","function":{"name":"f","arguments":"{}"}}'
    calls = b",".join(call % n for n in range(count))
    results = [b'{"role":"tool","tool_call_id":"c%d","content":"r"}' % n for n in range(count)]
    return [HI, b'{"role":"assistant","content":null,"tool_calls":[' + calls + b"]}", *results, HI]


def messages_calls(count):
    calls = b",".join(b'{"type":"tool_use","id":"c%d","name":"f","input":{}}' % n for n in range(count))
    results = b",".join(b'{"type":"tool_result","tool_use_id":"c%d","content":"r"}' % n for n in range(count))
    return [HI, b'{"role":"assistant","content":[' + calls + b"]}",
            b'{"role":"user","content":[' + results + b',{"type":"text","text":"hi"}]}']


def response_calls(count):
    calls = [b'{"type":"function_call","call_id":"c%d","name":"f","arguments":"{}"}' % n for n in range(count)]
    results = [b'{"type":"function_call_output","call_id":"c%d","output":"r"}' % n for n in range(count)]
    return [HI, *calls, *results, HI]


DIALECTS = [
    Dialect("chat", "/v1/chat/completions", chat_calls), Dialect("messages", "/v1/messages", messages_calls),
    Dialect("responses", "/v1/responses", response_calls, b"input"),
    Dialect("count_tokens", "/v1/messages/count_tokens", messages_calls),
]


def json_shapes():
    """(name, an unknown field) of JSON that is large in what it is made of."""
    inner = b"[" * NESTING + b"]" * NESTING
    yield "zeros", b',"x":[' + b"0," * (JSON_BYTES // 2) + b"0]"
    yield "equal keys", b',"x":{' + b'"k":0,' * (JSON_BYTES // 6) + b'"k":0}'
    yield "nested arrays", b',"x":[' + (inner + b",") * (JSON_BYTES // (2 * NESTING + 1)) + inner + b"]"


def shapes(dialect, is_quick):
    """(name, sent, body)"""
    for size in LINES if not is_quick else LINES[1:2]:
        yield "one line in the past", f"{size} MB", dialect.past(b"x" * size * MEGABYTE)
    size = LINES[-1] if not is_quick else LINES[1]
    yield "blanks in the past", f"{size} MB", dialect.past(b" " * size * MEGABYTE)
    for count in SHORT_MESSAGES if not is_quick else SHORT_MESSAGES[:1]:
        yield "short messages", f"{count:,}", dialect.body(*[user(b"a"), SAID] * (count // 2), HI)
    for count in CALLS if not is_quick else CALLS[1:2]:
        yield "calls with results", f"{count:,}", dialect.body(*dialect.calls(count))
    yield "option lines in the past", f"workspace=a ×{OPTION_LINES:,}", dialect.past(b"workspace=a\\n" * OPTION_LINES)
    for name, field in json_shapes() if not is_quick else []:
        yield f"JSON: {name}", f"{len(field) // MEGABYTE} MB", dialect.body(HI, extra=field)


def post(path, body):
    def work(server, row):
        row.answer(server.ask("POST", path, body)[0] or "none")
        row.require("none" not in row.answers, "no answer")
    return work


def run(ground, scale):
    for dialect in DIALECTS:
        with Scene(ground.folder, ground.report) as scene:
            for name, sent, body in shapes(dialect, scale < 1):
                limit = JSON_RSS if name.startswith("JSON") else RSS
                scene.attack(f"{dialect.name}: {name}", sent, post(dialect.path, body), rss=limit)
