"""Stored responses that are large, and what is read of them at once."""

import json
import threading

from .ground import Scene

MEGABYTE = 1_000_000
SIZE = 30 * MEGABYTE
ITEMS, READERS = 300_000, 30
# OpenAI's bounds: 16 pairs, 64 bytes of key, 512 of value.
PAIRS, KEY_BYTES, VALUE_BYTES = 16, 64, 512
ROUTE = "/v1/responses"
RSS = 768
# In a JSON string. Without it the simulator repeats its prompt, which is longer than any model's answer.
ANSWER = rb"\nsimulate: tokens=3"


def create(server, row, fields, stream=False):
    """Posts a response; its id, or None where it was refused."""
    body = b'{"model":"claude-code","stream":%b,%b}' % (b"true" if stream else b"false", fields)
    status, answer = server.ask("POST", ROUTE, body)
    row.answer(status or "none")
    row.require(status, "no answer")
    if status != 200:
        return None
    mark = b'"id":"resp_'
    return "resp_" + answer.split(mark, 1)[1].split(b'"', 1)[0].decode() if mark in answer else None


def streamed(fields):
    return lambda server, row: create(server, row, fields, stream=True)


def bounds(server, row):
    """What is within the bounds is taken, one more is not."""
    def metadata(count, key, value):
        return json.dumps({f"{n:0{key}}": "v" * value for n in range(count)})

    for count, key, value, expected in [
        (PAIRS, KEY_BYTES, VALUE_BYTES, 200), (PAIRS + 1, KEY_BYTES, VALUE_BYTES, 400),
        (1, KEY_BYTES + 1, 1, 400), (1, 1, VALUE_BYTES + 1, 400),
    ]:
        fields = b'"input":"hi","metadata":' + metadata(count, key, value).encode()
        status, _ = server.ask("POST", ROUTE, b'{"model":"claude-code",%b}' % fields)
        row.answer(status or "none")
        row.require(status == expected, f"{count} pairs of {key} and {value} bytes: {status}")


def read(server, row, path, count):
    """GETs it so many times at once, each read to the end."""
    lock = threading.Lock()

    def one():
        status = server.ask("GET", path)[0] or "none"
        with lock:
            row.answer(status)

    threads = [threading.Thread(target=one) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def run(ground, scale):
    size = SIZE if scale == 1 else SIZE // 10
    items = int(ITEMS * scale)
    large = b"x" * size
    megabytes = f"{size // MEGABYTE} MB"
    with Scene(ground.folder, ground.report) as scene:
        scene.attack("metadata at its bounds", "−1, 0, +1", bounds, latency=False)
        for name, fields in [
            ("instructions", b'"input":"hi","instructions":"' + large + b'"'),
            ("metadata", b'"input":"hi","metadata":{"k":"' + large + b'"}'), ("input", b'"input":"' + large + ANSWER + b'"'),
        ]:
            scene.attack(f"{name}, streamed", megabytes, streamed(fields), rss=RSS)
        follow(scene, "of a large response", b'"input":"' + large + ANSWER + b'"')
        many = b",".join([b'{"role":"user","content":"a"}'] * items)
        scene.attack("items", f"{items:,}", streamed(b'"input":[' + many + b"]"), rss=RSS)
        follow(scene, f"of {items:,} items", b'"input":[' + many + b"]")


def follow(scene, name, fields):
    """What can be done with a response once it is stored; where it is refused, nothing."""
    ids = []

    def keep(server, row):
        ids[:] = [create(server, row, fields)]

    scene.attack(f"storing {name.removeprefix('of ')}", "POST", keep, rss=RSS)
    if not ids[0]:
        return
    scene.attack(f"reading {name}", f"GET ×{READERS} at once",
                 lambda server, row: read(server, row, f"{ROUTE}/{ids[0]}", READERS), rss=RSS)
    more = b'"input":"hi","previous_response_id":"%b"' % ids[0].encode()
    # The first time in its process, the second time from its history.
    for time in ["first", "second"]:
        scene.attack(f"continuing {name}", f"previous_response_id, {time}",
                     lambda server, row: create(server, row, more), rss=RSS)
