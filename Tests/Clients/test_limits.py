"""Small promises about requests: keys of repetition, lists of rules, and who may look at /health."""

import http.client
import json

import pytest

from plain_dialects import DIALECTS, Chat, user
from scripts import SAID

FIRST_KEY, SECOND_KEY = "sk-first-of-limits", "sk-second-of-limits"
# Of all rules together, in bytes: what is fine, and what the kernel does not take in an argument.
FINE, TOO_LONG = 90 * 1024, 130 * 1024


@pytest.fixture(scope="module")
def keyed(make_server):
    return make_server(API_KEYS=f"{FIRST_KEY},{SECOND_KEY}")


def repeated(server, dialect, text, key, repetition, **options):
    """A request with an idempotency key: its status and its answer, but for what each answer has of its own."""
    body = {"model": "claude-code", **dialect.body([user(text)]), **options}
    connection = http.client.HTTPConnection("127.0.0.1", server.program.port, timeout=60)
    connection.request("POST", dialect.path, json.dumps(body), {
        "content-type": "application/json", "authorization": f"Bearer {key}", "idempotency-key": repetition})
    response = connection.getresponse()
    answer = json.loads(response.read())
    return response.status, {name: answer[name] for name in answer if name not in ["id", "created"]}


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
def test_an_idempotency_key_belongs_to_one_body(keyed, dialect):
    name = f"once-{dialect.name}"
    status, first = repeated(keyed, dialect, f"{SAID} key={name}", FIRST_KEY, name)
    assert status == 200
    runs = len(keyed.runs())
    assert repeated(keyed, dialect, f"{SAID} key={name}", FIRST_KEY, name) == (200, first)
    assert len(keyed.runs()) == runs
    for change in [{"text": "something else"}, {"text": f"{SAID} key={name}", "workspace": "elsewhere"}]:
        status, answer = repeated(keyed, dialect, change.pop("text"), FIRST_KEY, name, **change)
        assert status == 422 and answer["error"]["message"]
    assert len(keyed.runs()) == runs
    # Another principal's key is another key.
    assert repeated(keyed, dialect, f"{SAID} key={name}-other", SECOND_KEY, name)[0] == 200


@pytest.mark.parametrize("option", ["allowed-tools", "disallowed-tools"])
@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
def test_rules_that_the_kernel_does_not_take_are_refused(keyed, dialect, option):
    for size, expected in [(FINE, 200), (TOO_LONG, 400)]:
        rules = [f"Bash(echo {number:04}{'x' * 1000})" for number in range(size // 1016)]
        status, _, answer = dialect.post(keyed, [user(SAID)], key=FIRST_KEY, **{option: rules})
        assert status == expected, answer[:300]
        if expected == 400:
            error = json.loads(answer)["error"]
            assert error.get("param", option) == option and "posix_spawn" not in error["message"]


def look(server, path, **headers):
    connection = http.client.HTTPConnection("127.0.0.1", server.program.port, timeout=60)
    connection.request("GET", path, headers=headers)
    response = connection.getresponse()
    return response.status, json.loads(response.read())


PROBES = ["/health/live", "/health/ready"]


def test_health_is_for_those_with_a_key(keyed):
    status, answer = look(keyed, "/health")
    assert (status, answer["error"]["code"]) == (401, "invalid_api_key")
    status, answer = look(keyed, "/health", authorization=f"Bearer {FIRST_KEY}")
    assert status == 200 and "checks" in answer
    assert look(keyed, "/health", authorization="Bearer wrong")[0] == 401
    for path in PROBES:
        status, answer = look(keyed, path)
        assert status == 200 and list(answer) == ["status"]


@pytest.mark.parametrize("headers", [{"host": "evil.example"}, {"origin": "http://evil.example"}])
def test_without_keys_health_is_for_local_names(server, headers):
    status, answer = look(server, "/health", **headers)
    assert (status, answer["error"]["code"]) == (403, "host_not_allowed")
    assert look(server, "/health")[0] == 200
    for path in PROBES:
        status, answer = look(server, path, **headers)
        assert status == 200 and list(answer) == ["status"]


def test_a_list_of_rules_is_a_list_for_the_cli(keyed):
    """The longest list that is taken is taken whole: its last rule counts."""
    rules = [*[f"Bash(echo {number:04}{'x' * 1000})" for number in range(FINE // 1016)], "Bash(true)"]
    script = 'stub: tool=Bash input={"command":"true"}'
    status, _, answer = Chat().post(keyed, [user(script)], key=FIRST_KEY, **{"allowed-tools": rules})
    assert status == 200 and "permission" not in json.loads(answer)["choices"][0]["message"]["content"].lower()
