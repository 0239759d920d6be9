"""Anthropic's own library, and its types to hold answers against."""

import json
import re
import urllib.request

import anthropic
import pydantic
from anthropic.types import Message

TOOLS = [{"name": "get_weather", "description": "The weather in a city.", "input_schema": {
    "type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}}]
SCHEMA = {"type": "object", "properties": {"name": {"type": "string"}, "people": {"type": "integer"}}}
THINKING = {"type": "enabled", "budget_tokens": 1024}


def library(server, **options):
    return anthropic.Anthropic(
        **{"api_key": "sk-any", "base_url": server.url, "max_retries": 0, "timeout": 60, **options})


def user(content):
    return {"role": "user", "content": content}


def assistant(content):
    return {"role": "assistant", "content": content}


class Messages:
    """Sends messages, and holds whatever comes against the library's own types."""

    def __init__(self, client):
        self.client = client

    @staticmethod
    def body(content, **options):
        messages = [user(content)] if isinstance(content, str) else content
        return {"model": "claude-code", "max_tokens": 1024, "messages": messages, **options}

    def create(self, content, **options):
        return self.raw(content, **options).parse()

    def raw(self, content, **options):
        raw = self.client.messages.with_raw_response.create(**self.body(content, **options))
        checked(Message, json.loads(raw.text()))
        return raw

    def streamed(self, content, **options):
        """The message that the library makes of a stream."""
        with self.client.messages.stream(**self.body(content, **options)) as stream:
            return stream.get_final_message()

    def events(self, content, **options):
        """(name, document) of each event, as it comes over the wire."""
        body = json.dumps({**self.body(content, **options), "stream": True}).encode()
        request = urllib.request.Request(
            f"{str(self.client.base_url).rstrip('/')}/v1/messages", body, {"content-type": "application/json", "x-api-key": "sk-any"})
        with urllib.request.urlopen(request) as answer:
            frames = re.sub("(?m)^: ping\n", "", answer.read().decode()).split("\n\n")
        assert frames.pop() == ""
        return [(name, json.loads(data)) for name, data in
                [re.fullmatch("event: (.*)\ndata: (.*)", frame).groups() for frame in frames]]


def checked(kind, document):
    """The document as a value of the library's: nothing is missing in it, and nothing is there that it does not know."""
    def strangers(value):
        if isinstance(value, pydantic.BaseModel):
            yield from value.model_extra or {}
            value = dict(value)
        for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else []:
            yield from strangers(each)

    value = pydantic.TypeAdapter(kind).validate_python(document, strict=False)
    assert list(strangers(value)) == []
    return value


def texts(message):
    return [block.text for block in message.content if block.type == "text"]


def result(call, content, **options):
    return {"type": "tool_result", "tool_use_id": call.id, "content": content, **options}
