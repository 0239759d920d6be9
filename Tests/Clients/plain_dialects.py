"""The dialects by plain HTTP: the same conversation in the words of each, for tests that go through all of them."""

import http.client
import json
import re

from scripts import PNG

IMAGE = object()
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}}


def post(server, path, body, key=None, **headers):
    """Status, headers and text of an answer."""
    headers = {"content-type": "application/json", **headers, **({"authorization": f"Bearer {key}"} if key else {})}
    connection = http.client.HTTPConnection("127.0.0.1", server.program.port, timeout=60)
    connection.request("POST", path, json.dumps(body), headers)
    response = connection.getresponse()
    text = response.read().decode()
    connection.close()
    return response.status, response.headers, text


def user(*parts):
    """What the user says: texts, and IMAGE."""
    return "user", parts


def assistant(text):
    return "assistant", (text,)


class Dialect:
    """`messages` are what `user` and `assistant` make, and what `called` and `results` do."""

    name = path = None
    tools = []
    is_streamed = False

    def post(self, server, messages, **options):
        headers = {name: options.pop(name) for name in ["x-session-id"] if name in options}
        key = options.pop("key", None)
        body = {"model": "claude-code", "stream": self.is_streamed, **self.body(messages), **options}
        return post(server, self.path, body, key, **headers)

    def converted(self, messages):
        return [item for message in messages for item in (
            [self.message(*message)] if isinstance(message, tuple) else message)]


class Chat(Dialect):
    name, path = "chat", "/v1/chat/completions"
    tools = [{"type": "function", "function": {"name": "get_weather", "parameters": SCHEMA}}]

    def body(self, messages):
        return {"messages": self.converted(messages)}

    def message(self, role, parts):
        image = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}}
        blocks = [image if part is IMAGE else {"type": "text", "text": part} for part in parts]
        return {"role": role, "content": parts[0] if len(parts) == 1 and parts[0] is not IMAGE else blocks}

    def answered(self, answer):
        """The answer with its calls, their results, and what the user says beside them."""
        message = json.loads(answer)["choices"][0]["message"]
        results = [{"role": "tool", "tool_call_id": call["id"], "content": "sunny"} for call in message["tool_calls"]]
        return lambda text: [[message], results, user(text)]


class StreamedChat(Chat):
    name, is_streamed = "streamed chat", True


class Messages(Dialect):
    name, path = "messages", "/v1/messages"
    tools = [{"name": "get_weather", "input_schema": SCHEMA}]

    def body(self, messages):
        return {"max_tokens": 1000, "messages": self.converted(messages)}

    def message(self, role, parts):
        image = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}}
        blocks = [image if part is IMAGE else {"type": "text", "text": part} for part in parts]
        return {"role": role, "content": parts[0] if len(parts) == 1 and parts[0] is not IMAGE else blocks}

    def answered(self, answer):
        content = json.loads(answer)["content"]
        results = [{"type": "tool_result", "tool_use_id": block["id"], "content": "sunny"}
                   for block in content if block["type"] == "tool_use"]
        return lambda text: [[{"role": "assistant", "content": content},
                              {"role": "user", "content": [*results, {"type": "text", "text": text}]}]]


class Responses(Dialect):
    name, path = "responses", "/v1/responses"
    tools = [{"type": "function", "name": "get_weather", "strict": False, "parameters": SCHEMA}]

    def body(self, messages):
        return {"input": self.converted(messages)}

    def message(self, role, parts):
        image = {"type": "input_image", "image_url": f"data:image/png;base64,{PNG}"}
        kind = "input_text" if role == "user" else "output_text"
        return {"type": "message", "role": role,
                "content": [image if part is IMAGE else {"type": kind, "text": part} for part in parts]}

    def answered(self, answer):
        calls = [item for item in json.loads(answer)["output"] if item["type"] == "function_call"]
        results = [{"type": "function_call_output", "call_id": call["call_id"], "output": "sunny"} for call in calls]
        return lambda text: [calls, results, user(text)]


DIALECTS = [Chat(), Messages(), Responses()]


# How the CLI passes on what the user says while a turn is at work (2.1.329).
MEANWHILE = "The user sent a new message while you were working:"


def texts(requests):
    """Each text of the user in requests that have arrived upstream, without the CLI's reminders."""
    for request in requests:
        for message in request["messages"]:
            content = message["content"]
            blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content
            for block in blocks:
                text = block.get("text", "")
                is_users = message["role"] == "user" or message["role"] == "system" and text.startswith(MEANWHILE)
                if text and is_users and not re.match(r"\s*<system-reminder>", text):
                    yield text
