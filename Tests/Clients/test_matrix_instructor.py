"""Instructor in front of OpenAI's library, with nothing changed but the address."""

import importlib.metadata

import instructor
import openai
import pydantic
import pytest
from instructor.core import InstructorRetryException

from scripts import PNG, structured

pytestmark = pytest.mark.client(f"instructor {importlib.metadata.version('instructor')}")


class City(pydantic.BaseModel):
    name: str
    people: int


ULM = {"name": "Ulm", "people": 126_000}
PROMPT = structured(name="Ulm", people=126_000)


@pytest.fixture
def plain(open_server):
    return openai.OpenAI(api_key="sk-any", base_url=f"{open_server.url}/v1", max_retries=0, timeout=60)


@pytest.fixture(params=[instructor.Mode.TOOLS, instructor.Mode.JSON_SCHEMA])
def client(request, plain):
    return instructor.from_openai(plain, mode=request.param)


def create(client, content, **options):
    return client.chat.completions.create(
        model="claude-code", messages=[{"role": "user", "content": content}], response_model=City, max_retries=0,
        **options)


@pytest.mark.feature("structured output")
def test_structured_output(client):
    assert create(client, PROMPT).model_dump() == ULM


@pytest.mark.feature("forced call")
def test_a_forced_call(plain):
    city, completion = instructor.from_openai(plain).chat.completions.create_with_completion(
        model="claude-code", messages=[{"role": "user", "content": PROMPT}], response_model=City, max_retries=0)
    assert city.model_dump() == ULM
    assert [each.function.name for each in completion.choices[0].message.tool_calls] == ["City"]


@pytest.mark.feature("stream")
def test_a_streamed_answer(client):
    partial = list(client.chat.completions.create_partial(
        model="claude-code", messages=[{"role": "user", "content": PROMPT}], response_model=City, max_retries=0))
    assert partial[-1].model_dump() == ULM


@pytest.mark.feature("history")
def test_a_history_from_elsewhere(client, upstream):
    answer = client.chat.completions.create(
        model="claude-code", response_model=City, max_retries=0, messages=[
            {"role": "user", "content": "the fruit is lime"}, {"role": "assistant", "content": "Noted, lime."},
            {"role": "user", "content": f"which fruit?\n{PROMPT}"}])
    assert answer.model_dump() == ULM
    heard = upstream.heard()
    assert [line for line in heard if "lime" in line] == ["the fruit is lime", "Noted, lime."]


@pytest.mark.feature("image")
def test_an_image(client, upstream):
    assert create(client, [PROMPT, instructor.Image.from_base64(f"data:image/png;base64,{PNG}")]).model_dump() == ULM
    assert upstream.images() == [PNG]


@pytest.mark.feature("errors")
@pytest.mark.parametrize("status", [400, 403, 429])
def test_errors(client, status):
    with pytest.raises(InstructorRetryException) as caught:
        create(client, f"stub: status={status}")
    assert isinstance(caught.value.__cause__, openai.APIStatusError)
    assert caught.value.__cause__.status_code == status


@pytest.mark.feature("usage")
def test_usage(client):
    city, completion = client.chat.completions.create_with_completion(
        model="claude-code", messages=[{"role": "user", "content": f"{PROMPT} input-tokens=100 output-tokens=11"}],
        response_model=City, max_retries=0)
    assert city.model_dump() == ULM
    assert completion.usage.prompt_tokens >= 100 and completion.usage.completion_tokens >= 11
