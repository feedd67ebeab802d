"""Strict reading of OpenAI's responses and of their streams, by openai-python's own types."""

from __future__ import annotations

import json
from typing import Any, get_args

from openai import omit
from openai.lib.streaming.responses._responses import ResponseStreamState
from openai.types.responses import Response, ResponseStreamEvent
from openai_kit import unknown
from pydantic import TypeAdapter

from assemblyai_mw.http.sse import SSESplitter

# What openai-python has no field for: OpenAI's API reference has the first, the second is ours, and
# the third is what its clients raise.
BEYOND_THE_TYPES = {".store", ".usage.cost", ".error"}
EVENT: TypeAdapter[Any] = TypeAdapter(ResponseStreamEvent)
EVENT_TYPES = {
    get_args(cls.model_fields["type"].annotation)[0]: cls
    for cls in get_args(get_args(ResponseStreamEvent)[0])
}
END = ("response.completed", "response.incomplete", "response.failed")


def strictly(payload: dict[str, Any]) -> Response:
    """Return *payload* as a Response: all it asks for, nothing it knows not."""
    item = Response.model_validate(payload, strict=True)
    assert set(unknown(item)) <= BEYOND_THE_TYPES
    assert payload["store"] is False
    assert payload["object"] == "response"
    return item


def parsed(items: list[bytes]) -> list[dict[str, Any]]:
    """Return a stream's events; each is one item, and its type is named twice."""
    found = []
    for item in items:
        (event,) = SSESplitter().feed(item)
        assert event.data is not None
        payload = json.loads(event.data)
        assert event.event.decode() == payload["type"]
        found.append(payload)
    return found


def checked(items: list[bytes]) -> dict[str, Any]:
    """Check a whole stream by the rules of OpenAI's reference; return its last response."""
    events = parsed(items)
    for payload in events:
        event = EVENT_TYPES[payload["type"]].model_validate(payload, strict=True)
        beyond = {name.removeprefix(".response") for name in unknown(event)}
        assert beyond <= BEYOND_THE_TYPES
    assert [event["sequence_number"] for event in events] == list(range(len(events)))
    kinds = [event["type"] for event in events]
    assert kinds[:2] == ["response.created", "response.in_progress"]
    assert sum(kind in END for kind in kinds) == 1
    assert kinds[-1] in END
    last: dict[str, Any] = events[-1]["response"]
    strictly(last)
    assert {event["response"]["id"] for event in events if "response" in event} == {last["id"]}
    _check_items(events, last)
    if kinds[-1] != "response.failed":
        _accumulate(events)
    return last


def _check_items(events: list[dict[str, Any]], last: dict[str, Any]) -> None:
    added: dict[int, dict[str, Any]] = {}
    done: dict[int, dict[str, Any]] = {}
    said: dict[tuple[int, int | None], str] = {}
    open_parts: set[tuple[int, int]] = set()
    for event in events:
        kind, at = event["type"], event.get("output_index")
        if at is None:
            continue
        assert at not in done, "an item is over when it is done"
        if kind == "response.output_item.added":
            assert at == len(added)
            assert event["item"]["status"] == "in_progress"
            assert not event["item"].get("content")
            assert not event["item"].get("arguments")
            added[at] = event["item"]
            continue
        if kind == "response.output_item.done":
            assert event["item"]["id"] == added[at]["id"]
            done[at] = event["item"]
            assert not {part for part in open_parts if part[0] == at}
            continue
        assert event["item_id"] == added[at]["id"]
        part = event.get("content_index")
        if kind == "response.content_part.added":
            open_parts.add((at, part))
            said[at, part] = ""
        elif kind == "response.content_part.done":
            open_parts.remove((at, part))
        elif kind.endswith(".delta"):
            assert part is None or (at, part) in open_parts
            assert event["delta"]
            said[at, part] = said.get((at, part), "") + event["delta"]
        else:
            text = next(event[name] for name in ("text", "refusal", "arguments") if name in event)
            assert text == said.get((at, part), "")
    if last["status"] != "failed":
        assert [done[at] for at in sorted(done)] == last["output"]
    assert len(last["output"]) == len(added)


def _accumulate(events: list[dict[str, Any]]) -> None:
    """openai-python's own accumulator comes to the same items."""
    state: Any = ResponseStreamState(input_tools=omit, text_format=omit)
    for event in events:
        state.handle_event(EVENT.validate_python(event))
    snapshot = state._ResponseStreamState__current_snapshot
    final = events[-1]["response"]["output"]
    for item, whole in zip(snapshot.output, final, strict=True):
        assert item.id == whole["id"]
        if whole["type"] == "function_call":
            assert item.arguments == whole["arguments"]
        else:
            texts = [getattr(part, "text", None) for part in item.content]
            assert texts == [part.get("text") for part in whole["content"]]
