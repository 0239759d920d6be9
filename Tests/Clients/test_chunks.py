"""The chunks of chat completions, held against the official client's own types."""

import json
import urllib.request

import pydantic
import pytest
from openai.types.chat import ChatCompletion, ChatCompletionChunk

from scripts import SAID, call, calls, structured

CHUNK, WHOLE = pydantic.TypeAdapter(ChatCompletionChunk), pydantic.TypeAdapter(ChatCompletion)
FUNCTION = {"type": "function", "function": {"name": "get_weather", "parameters": {"type": "object", "properties": {}}}}


def complete(server, prompt, **body):
    body = {"model": "claude-code", "messages": [{"role": "user", "content": prompt}], **body}
    request = urllib.request.Request(
        f"{server.url}/v1/chat/completions", json.dumps(body).encode(), {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return answer.read().decode()


@pytest.mark.parametrize("prompt, body", [
    (SAID, {}), (f"{SAID} thinking=3", {}), (SAID, {"stream_options": {"include_usage": True}}),
    (call(key="chunks"), {"tools": [FUNCTION]}), (calls(3, key="chunks"), {"tools": [FUNCTION]}),
    (structured(city="Bonn"), {"tools": [FUNCTION], "tool_choice": "required"}),
    (structured(name="Bonn"), {"response_format": {"type": "json_object"}}),
    ('stub: tool=Bash input={"command":"pwd"}', {"allowed-tools": ["Bash"]}),
    ('stub: tool=Bash input={"command":"touch\\u0020chunks"}', {"permission-mode": "ask"}),
], ids=["text", "thinking", "usage", "call", "calls", "forced", "structured", "tool", "approval"])
def test_every_chunk_is_one_of_theirs(server, prompt, body):
    frames = complete(server, prompt, stream=True, **body).split("\n\n")
    assert frames[-2:] == ["data: [DONE]", ""]
    chunks = [json.loads(frame.removeprefix("data: ")) for frame in frames[:-2]]
    for chunk in chunks:
        CHUNK.validate_python(chunk, strict=True)
    reasons = [choice["finish_reason"] for chunk in chunks for choice in chunk["choices"]]
    assert len([reason for reason in reasons if reason]) == 1
    whole = json.loads(complete(server, prompt.replace("key=chunks", "key=whole"), **body))
    WHOLE.validate_python(whole, strict=True)
