"""What the stand-in's model answers the clients: known answers to known questions (pure).

Question -> answer, so that a client can say whether it got what it asked for:

    What is the capital of France?            Paris is the capital of France.
    What is the weather in Rome [and Oslo]?   a call of `get_weather` for each city, all at once;
                                              after their results, these
    a schema, or a tool that is no weather    the novel Emma, by the names of its members
    How many messages are there?              their number
"""

from __future__ import annotations

import json
import re
from typing import Any

from assemblyai_mw.testing import ChatAnswer

Json = dict[str, Any]
WEATHER = "get_weather"
CAPITAL = "Paris is the capital of France."
KNOWN: Json = {"title": "Emma", "year": 1815, "city": "Rome"}
# aider's "whole" format: a file's name, and the file in a fence.
EDIT = 'greeting.py\n```\nprint("Hello, world")\n```'


def answer(asked: Json) -> ChatAnswer:
    """Return the model's answer to a request of the LLM Gateway."""
    messages = asked["messages"]
    since = _last_question(messages)
    question = _text(messages[since])
    results = [_text(m) for m in messages[since:] if m["role"] == "tool"]
    tools = {t["function"]["name"]: t["function"]["parameters"] for t in asked.get("tools") or ()}
    cities = re.findall(r"Rome|Oslo", question)
    if asked.get("tool_choice") != "none":
        if WEATHER in tools and cities and not results:
            return ChatAnswer(tool_calls=[(WEATHER, {"city": city}) for city in cities])
        forms = [name for name in tools if name != WEATHER]
        if forms and not _answered(messages, forms[0]):
            return ChatAnswer(tool_calls=[(forms[0], filled(tools[forms[0]]))])
    if asked.get("response_format"):
        return ChatAnswer(json.dumps(filled(asked["response_format"]["json_schema"]["schema"])))
    if results:
        return ChatAnswer("The tools said: " + "; ".join(results))
    if "How many messages" in question:
        return ChatAnswer(f"There are {len(messages)} messages.")
    if "greeting.py" in " ".join(_text(m) for m in messages):
        return ChatAnswer(EDIT)
    if "Emma" in question:
        return ChatAnswer(json.dumps({"title": "Emma", "year": 1815}))
    return ChatAnswer(CAPITAL)


def filled(schema: Any, root: Any = None) -> Any:
    """Return a value that *schema* allows, members by `KNOWN`."""
    root = schema if root is None else root
    if "$ref" in schema:
        found = root
        for name in schema["$ref"].removeprefix("#/").split("/"):
            found = found[name]
        return filled(found, root)
    for many in ("anyOf", "oneOf", "allOf"):
        if schema.get(many):
            return filled(schema[many][0], root)
    if schema.get("properties"):
        return {
            name: KNOWN[name] if name in KNOWN else filled(member, root)
            for name, member in schema["properties"].items()
        }
    if schema.get("type") == "array":
        return [filled(schema.get("items", {}), root)]
    plain: Json = {"integer": 1, "number": 1.5, "boolean": True, "object": {}}
    if schema == {"type": "object"}:
        return {name: KNOWN[name] for name in ("title", "year")}
    return plain.get(schema.get("type", "string"), "text")


def _last_question(messages: list[Json]) -> int:
    return max((at for at, m in enumerate(messages) if m["role"] == "user"), default=0)


def _answered(messages: list[Json], name: str) -> bool:
    """Whether the tool was called, and its result is the last that there is."""
    if messages[-1]["role"] != "tool":
        return False
    called = {
        call["id"]
        for message in messages
        for call in message.get("tool_calls") or ()
        if call["function"]["name"] == name
    }
    return messages[-1]["tool_call_id"] in called


def _text(message: Json) -> str:
    content = message.get("content")
    if isinstance(content, list):
        return " ".join(part.get("text", "") for part in content)
    return content or ""
