"""What the scripted upstream is asked to do by a line in the user's message, and what comes of it."""

import base64
import json

ANSWER = "w0 w1 w2 "
SAID = "stub: tokens=3"
PNG = ("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGNgAAIAAAIAAeIhvDMAAAAASUVORK5CYII=")
USAGE = "stub: tokens=3 input-tokens=100 cache-read=30 output-tokens=11"
CITIES = ["city0", "city1", "city2", "city3", "city4"]


def encoded(value):
    return base64.b64encode(json.dumps(value).encode()).decode()


def call(name="get_weather", key="one", **arguments):
    """One call of the client's function; then its result, in words."""
    return f"stub: key={key} tool=mcp__client__{name} input64={encoded(arguments or {'city': 'Bonn'})}"


def calls(count, name="get_weather", key="all"):
    """Calls in one message, with CITIES; then their results, in words."""
    return f"stub: key={key} tools=mcp__client__{name}:{count} input64={encoded({'city': 'city%n'})}"


def structured(**answer):
    """An answer after the schema."""
    return f"stub: schema input64={encoded(answer)}"


def weather(city):
    return f"sunny in {city}"


WEATHER = [(city, weather(city)) for city in CITIES]
