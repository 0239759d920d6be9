"""Text completions, with OpenAI's own library."""

import openai
import pytest

from scripts import ANSWER, SAID


@pytest.fixture
def completions(client):
    return client.completions


def test_a_completion(completions):
    answer = completions.create(model="claude-code", prompt=SAID, max_tokens=16)
    assert (answer.object, answer.model, answer.id[:5]) == ("text_completion", "claude-code", "cmpl-")
    assert [(choice.text, choice.finish_reason) for choice in answer.choices] == [(ANSWER, "stop")]
    assert answer.usage.completion_tokens > 0


def test_a_streamed_completion(completions):
    chunks = list(completions.create(
        model="claude-code", prompt=[SAID], stream=True, stream_options={"include_usage": True}))
    choices = [choice for chunk in chunks for choice in chunk.choices]
    assert "".join(choice.text for choice in choices) == ANSWER
    assert [choice.finish_reason for choice in choices if choice.finish_reason] == ["stop"]
    assert [chunk.usage is not None for chunk in chunks] == [False] * (len(chunks) - 1) + [True]


def test_a_stop_sequence(completions):
    answer = completions.create(model="claude-code", prompt="stub: tokens=10", stop=["w3"])
    assert (answer.choices[0].text, answer.choices[0].finish_reason) == ("w0 w1 w2 ", "stop")


@pytest.mark.parametrize("change, param", [
    ({"prompt": ["a", "b"]}, "prompt"), ({"prompt": [1, 2]}, "prompt"), ({"prompt": [[1, 2]]}, "prompt"),
    ({"n": 2}, "n"), ({"best_of": 2}, "best_of"), ({"logprobs": 1}, "logprobs"), ({"echo": True}, "echo"),
    ({"suffix": "x"}, "suffix"), ({"extra_body": {"permission-mode": "ask"}}, "permission-mode"),
])
def test_what_cannot_be_honoured_is_refused(completions, change, param):
    with pytest.raises(openai.BadRequestError) as caught:
        completions.create(**{"model": "claude-code", "prompt": "x", **change})
    assert caught.value.param == param


def test_embeddings_are_not_there_and_say_so(client):
    with pytest.raises(openai.NotFoundError) as caught:
        client.embeddings.create(model="claude-code", input="x")
    assert "Claude has no embeddings" in str(caught.value)


def test_a_base_url_that_is_nearly_right_is_named(server):
    client = openai.OpenAI(api_key="any", base_url=server.url, max_retries=0)
    with pytest.raises(openai.NotFoundError) as caught:
        client.chat.completions.create(model="claude-code", messages=[{"role": "user", "content": "x"}])
    assert "The path is /v1/chat/completions: the base URL of OpenAI's clients ends in /v1" in str(caught.value)
