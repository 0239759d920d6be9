"""Errors, as Anthropic's own library sees them."""

import json
import urllib.error
import urllib.request

import anthropic
import pytest

from messages_library import Messages, assistant, library, texts, user
from scripts import ANSWER, SAID

pytestmark = pytest.mark.client(f"anthropic {anthropic.__version__}")


@pytest.fixture
def messages(server):
    return Messages(library(server))


@pytest.mark.feature("errors")
@pytest.mark.parametrize("status, error, kind", [
    (400, anthropic.BadRequestError, "invalid_request_error"),
    (403, anthropic.PermissionDeniedError, "permission_error"), (429, anthropic.RateLimitError, "rate_limit_error"),
    (500, anthropic.InternalServerError, "api_error"), (529, anthropic.InternalServerError, "overloaded_error"),
])
def test_upstream_failures_are_the_librarys_own_errors(open_server, status, error, kind):
    messages = Messages(library(open_server, max_retries=2))
    for ask in [messages.create, messages.streamed]:
        with pytest.raises(error) as caught:
            ask(f"stub: status={status} key=messages")
        assert caught.value.type == kind
        # The library does not run the agent again.
        assert caught.value.response.request.headers["x-stainless-retry-count"] == "0"


def test_a_failure_in_the_middle_of_a_stream(make_server):
    server = make_server(CLAUDE_INACTIVITY_TIMEOUT_MS="1500")
    messages = Messages(library(server))
    with pytest.raises(anthropic.APIStatusError) as caught:
        messages.streamed("stub: tokens=5 stall=3")
    assert caught.value.type == "timeout_error"
    events = messages.events("stub: tokens=5 stall=3")
    assert events[-1][0] == "error" and events[-1][1]["error"]["type"] == "timeout_error"
    assert not {"message_delta", "message_stop"} & {name for name, _ in events}


@pytest.mark.parametrize("change, param", [
    ({"max_tokens": 0}, "max_tokens"), ({"messages": []}, "messages"), ({"stop_sequences": "x"}, "stop_sequences"),
    ({"tools": [{"type": "code_execution_20250522", "name": "code_execution"}]}, "tools[0]"),
    ({"messages": [user("x"), assistant("The answer is (")]}, "messages"),
    ({"messages": [user([{"type": "tool_result", "tool_use_id": "a", "content": "x"}])]}, "messages"),
    ({"messages": [user([{"type": "image", "source": {"type": "url", "url": "https://x.example/a.png"}}])]},
     "messages[0].content[0]"),
])
def test_bad_requests(messages, change, param):
    with pytest.raises(anthropic.BadRequestError) as caught:
        messages.create("x", **change)
    error = caught.value
    assert (error.type, error.body["type"]) == ("invalid_request_error", "error")
    assert error.api_message.startswith(param)
    assert error.request_id == error.response.headers["x-request-id"] == error.body["request_id"]


def test_unknown_names(messages):
    with pytest.raises(anthropic.NotFoundError) as caught:
        messages.create("x", model="gpt-4o")
    assert (caught.value.type, caught.value.error_code) == ("not_found_error", "model_not_found")
    with pytest.raises(anthropic.NotFoundError) as caught:
        messages.create("x", extra_headers={"x-session-id": "9c88687a-61ce-4315-afd5-58b7d84ee68b"})
    assert caught.value.error_code == "session_not_found"


def test_keys(make_server):
    server = make_server(API_KEYS="sk-first-key-12345")
    for options in [{"api_key": "sk-first-key-12345"}, {"api_key": None, "auth_token": "sk-first-key-12345"},
                    {"api_key": None, "default_headers": {"x-api-key": "sk-first-key-12345"}}]:
        assert texts(Messages(library(server, **options)).create(SAID)) == [ANSWER]
    with pytest.raises(anthropic.AuthenticationError) as caught:
        Messages(library(server, api_key="sk-wrong-key-99999")).create("x")
    assert caught.value.type == "authentication_error" and caught.value.request_id


@pytest.mark.parametrize("method, path, status, kind", [
    ("GET", "/v1/messages", 405, "invalid_request_error"), ("POST", "/v1/messages/batches", 404, "not_found_error"),
])
def test_what_is_not_there(server, method, path, status, kind):
    request = urllib.request.Request(server.url + path, b"{}" if method == "POST" else None, method=method)
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request)
    body = json.load(caught.value)
    assert (caught.value.code, body["type"], body["error"]["type"]) == (status, "error", kind)
    assert body["request_id"] == caught.value.headers["request-id"]
    assert status != 405 or caught.value.headers["allow"] == "OPTIONS, POST"
