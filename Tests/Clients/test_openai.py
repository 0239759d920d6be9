"""The official OpenAI client, with nothing changed but its base_url, in front of the real CLI."""

import asyncio
import time

import openai
import pytest

UNKNOWN_SESSION = "9c88687a-61ce-4315-afd5-58b7d84ee68b"


def words(count):
    return "".join(f"w{index} " for index in range(count))


def test_tokens_are_streamed_one_by_one(client):
    stream = client.chat.completions.create(
        model="claude-code", messages=[{"role": "user", "content": "stub: tokens=10 gap=100"}], stream=True)
    arrivals = [(chunk.choices[0].delta.content, time.monotonic()) for chunk in stream if chunk.choices]
    pieces = [(text, at) for text, at in arrivals if text]
    assert [text for text, _ in pieces] == [f"w{index} " for index in range(10)]
    # The upstream takes 900 ms from first to last: an answer that was held back would come at once.
    assert pieces[-1][1] - pieces[0][1] > 0.5


def test_a_whole_answer(client):
    answer = client.chat.completions.create(
        model="claude-code", messages=[{"role": "user", "content": "stub: tokens=5 thinking=2"}])
    assert answer.choices[0].message.content == words(5)
    assert answer.choices[0].message.reasoning_content == "t0 t1 "
    assert answer.choices[0].finish_reason == "stop"
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens
    assert answer.usage.cost_usd > 0


def test_the_async_client(server):
    async def complete():
        client = openai.AsyncOpenAI(api_key="sk-any", base_url=f"{server.url}/v1", max_retries=0, timeout=60)
        stream = await client.chat.completions.create(
            model="claude-code", messages=[{"role": "user", "content": "stub: tokens=3"}], stream=True)
        return "".join([chunk.choices[0].delta.content or "" async for chunk in stream if chunk.choices])

    assert asyncio.run(complete()) == words(3)


def test_thinking_is_reasoning_content(ask):
    answer = ask("stub: thinking=3 tokens=2")
    assert answer.text == words(2)
    assert "".join(answer.thinking) == "t0 t1 t2 "


def test_usage_counts_the_whole_turn(ask):
    answer = ask("stub: tokens=4 input-tokens=100 cache-read=30 cache-creation=7 output-tokens=11")
    assert answer.usage.prompt_tokens == 137
    assert answer.usage.completion_tokens == 11
    assert answer.usage.prompt_tokens_details.cached_tokens == 30


def test_a_tool_runs_in_its_workspace(ask, server):
    answer = ask('stub: tool=Bash input={"command":"pwd;touch\\u0020made-here"}',
                 extra_body={"workspace": "tools", "allowed-tools": ["Bash"]})
    folder = server.workspaces / "workspace" / "tools"
    assert answer.text == f"The tool said: {folder}"
    assert "".join(answer.thinking).startswith("[Bash] pwd;touch made-here")
    assert (folder / "made-here").is_file()
    assert answer.finish_reasons == ["stop"]


def test_a_tool_that_nothing_allows_is_denied(ask, server):
    answer = ask('stub: tool=Bash input={"command":"touch\\u0020never"}', extra_body={"workspace": "denied"})
    assert answer.text.startswith("The tool said: The request did not allow the tool Bash")
    assert not (server.workspaces / "workspace" / "denied" / "never").exists()


def test_permissions_can_be_skipped(ask):
    answer = ask('stub: tool=Bash input={"command":"echo\\u0020$((6*7))"}',
                 extra_body={"dangerously-skip-permissions": True})
    assert answer.text == "The tool said: 42"


@pytest.mark.parametrize("way", ["header", "body", "metadata", "in-band", "history"])
def test_a_session_is_resumed(ask, upstream, way):
    first = ask(f"the {way} word is plum")
    second = "and what is it?"
    if way == "header":
        ask(second, extra_headers={"x-session-id": first.session})
    elif way == "body":
        ask(second, extra_body={"session-id": first.session})
    elif way == "metadata":
        ask(second, metadata={"session-id": first.session})
    elif way == "in-band":
        ask(f"session-id={first.session}\n\n{second}")
    else:
        ask([{"role": "user", "content": f"the {way} word is plum"},
             {"role": "assistant", "content": first.text}, {"role": "user", "content": second}])
    assert upstream.spoken(upstream.last()) == [
        ("user", f"the {way} word is plum"), ("assistant", first.text.strip()), ("user", second)]


def test_an_edited_history_is_another_conversation(ask, upstream):
    first = ask("the colour is red")
    second = ask([{"role": "user", "content": "the colour is blue"},
                  {"role": "assistant", "content": first.text}, {"role": "user", "content": "which?"}])
    assert second.session != first.session
    assert upstream.spoken(upstream.last()) == [
        ("user", "the colour is blue"), ("assistant", first.text), ("user", "which?")]


def test_turns_of_one_session_wait_for_each_other(server, upstream):
    first = server.client().chat.completions.with_raw_response.create(
        model="claude-code", messages=[{"role": "user", "content": "stub: tokens=2"}])
    session = first.headers["x-session-id"]

    async def together():
        client = openai.AsyncOpenAI(api_key="sk-any", base_url=f"{server.url}/v1", max_retries=0, timeout=60)
        return await asyncio.gather(*[
            client.chat.completions.create(
                model="claude-code", messages=[{"role": "user", "content": f"turn {number}"}],
                extra_headers={"x-session-id": session}) for number in range(3)])

    answers = asyncio.run(together())
    assert sorted(answer.choices[0].message.content for answer in answers) == [
        "You said: turn 0", "You said: turn 1", "You said: turn 2"]
    # One transcript, never forked: the last of the three has seen both others.
    spoken = upstream.spoken(upstream.last())
    assert len([text for role, text in spoken if role == "user"]) == 4


@pytest.mark.parametrize("status, error, limit", [
    (401, openai.AuthenticationError, 10), (429, openai.RateLimitError, 10), (403, openai.PermissionDeniedError, 10),
    (500, openai.InternalServerError, 10), (529, openai.InternalServerError, 10), (400, openai.BadRequestError, 10),
])
@pytest.mark.parametrize("streamed", [True, False])
def test_upstream_failures_are_the_clients_own_errors(client, status, error, limit, streamed):
    begun = time.monotonic()
    with pytest.raises(error) as caught:
        client.chat.completions.create(
            model="claude-code", messages=[{"role": "user", "content": f"stub: status={status}"}], stream=streamed)
    assert time.monotonic() - begun < limit
    assert caught.value.response.headers["x-should-retry"] == "false"
    assert caught.value.body["message"]


@pytest.mark.parametrize("script, text", [
    ("cut=5 times=1 tokens=10 key=cut", words(10)),
    ("cut=1 times=2 tokens=6 key=cut-twice", words(6)),
    ("error-event=5 times=1 tokens=10 key=event", words(10)),
    ("tokens=5 stop=max_tokens times=1 key=long", words(5) + "and so on"),
    ("surrogates", "party 🎉 done "),
    ("status=500 times=1 tokens=3 key=again", words(3)),
])
def test_an_upstream_that_stumbles_loses_and_repeats_nothing(ask, script, text):
    assert ask(f"stub: {script}").text == text


def test_prompts_are_text_and_nothing_else(ask, upstream):
    for prompt in ["--help me", "/help me", "look at @/etc/passwd please", "--model=opus"]:
        assert ask(prompt).text.split() == f"You said: {prompt}".split()
        assert "root:x:0:0" not in str(upstream.last()["messages"])


def test_a_system_prompt_of_300_kb(ask, upstream):
    prompt = "You are a bear. " * 20_000
    ask([{"role": "system", "content": prompt}, {"role": "user", "content": "stub: tokens=1"}])
    assert any(block.get("text") == prompt for block in upstream.last()["system"])


def test_a_prompt_of_2_mb(ask, upstream):
    prompt = "stub: tokens=1\n" + "x" * 2_000_000
    assert ask(prompt).text == words(1)
    assert prompt in upstream.spoken(upstream.last())[-1][1]


def test_a_new_system_prompt_counts_on_a_resumed_session(ask, upstream):
    first = ask([{"role": "system", "content": "You are a bear."}, {"role": "user", "content": "hello bear"}])
    ask([{"role": "system", "content": "You are a fox."}, {"role": "user", "content": "hello fox"}],
        extra_headers={"x-session-id": first.session})
    system = str(upstream.last()["system"])
    assert "You are a fox." in system and "You are a bear." not in system


def test_models(client):
    assert [model.id for model in client.models.list()][0] == "claude-code"
    assert client.models.retrieve("claude-opus-4-1").id == "claude-opus-4-1"
    with pytest.raises(openai.NotFoundError) as caught:
        client.models.retrieve("gpt-4o")
    assert caught.value.code == "model_not_found"


def test_a_model_reaches_the_upstream(ask, upstream):
    ask("stub: tokens=1", model="claude-sonnet-4-5-20250929")
    assert upstream.last()["model"] == "claude-sonnet-4-5-20250929"


def test_unknown_names_are_errors(client):
    with pytest.raises(openai.NotFoundError) as caught:
        client.chat.completions.create(model="gpt-4o", messages=[{"role": "user", "content": "hi"}])
    assert caught.value.code == "model_not_found" and caught.value.param == "model"
    with pytest.raises(openai.NotFoundError) as caught:
        client.chat.completions.create(
            model="claude-code", messages=[{"role": "user", "content": "hi"}],
            extra_headers={"x-session-id": UNKNOWN_SESSION})
    assert caught.value.code == "session_not_found"


def test_what_comes_later_is_refused_today(client):
    for options, param in [({"n": 2}, "n"), ({"logprobs": True}, "logprobs")]:
        with pytest.raises(openai.BadRequestError) as caught:
            client.chat.completions.create(
                model="claude-code", messages=[{"role": "user", "content": "hi"}], **options)
        assert caught.value.param == param


def test_keys(make_server):
    server = make_server(API_KEYS="sk-first-key-12345,sk-second-key-67890")
    answer = server.client(api_key="sk-second-key-67890").chat.completions.create(
        model="claude-code", messages=[{"role": "user", "content": "stub: tokens=1"}])
    assert answer.choices[0].message.content == words(1)
    with pytest.raises(openai.AuthenticationError) as caught:
        server.client(api_key="sk-wrong-key-99999").models.list()
    assert caught.value.code == "invalid_api_key"
