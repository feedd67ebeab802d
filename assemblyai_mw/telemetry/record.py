"""The record of a call that callbacks get, and its log line of `name=value`."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, NamedTuple


def line_of(fields: Mapping[str, Any]) -> str:
    """Return the result of `CallRecord.fields` as a line, with one space between fields.

    Paths and tags may hold line breaks, or text that looks like another field. Such values are
    quoted, as in logfmt, so that one call is one line.
    """
    names = tuple(fields)
    template = _templates.get(names)
    if template is None:
        # Some dozens: callers cannot choose field names.
        template = _templates[names] = " ".join([f"{name}=%s" for name in names])
    line = template % tuple(fields.values())
    # Mostly there is no value that needs quotes: all that is left are the spaces in between.
    odd = line.encode("utf-8", "replace").translate(None, _PLAIN)
    if "tags" not in fields and odd == _SPACES[: len(fields) - 1]:
        return line
    return " ".join([f"{name}={_shown(value)}" for name, value in fields.items()])


_PLAIN = bytes(set(range(0x21, 0x7F)) - {ord('"')})
_SPACES = b" " * 64
_templates: dict[tuple[str, ...], str] = {}


def _shown(value: object) -> str:
    if isinstance(value, Mapping):
        value = ",".join([f"{name}={tag}" for name, tag in value.items()])
    text = str(value)
    plain = text.isprintable() and " " not in text and '"' not in text
    return text if plain else json.dumps(text)


_NO_TAGS: Mapping[str, str] = {}


class CallRecord(NamedTuple):
    """The facts of a call once its reply has gone out. No content, no secrets.

    Attributes:
        id: Made for this call; the ledger's `request_id`.
        at: Time of arrival, UTC.
        key, team: The caller's; None if unknown.
        route: The prefix, as mounted.
        path: At the upstream, without the query.
        status: As the client saw it; None if the reply broke off.
        duration_ms: Until the reply's last byte, or its end.
        bytes_out: Of the reply's body.
        row: The ledger row of a billable call.
        kind: Kind of billable work, by `billing.operations`.
        state: The row's state after this call: `pending`, `settled`, `failed` or `unpriced`.
        model, transcript_id, audio_seconds, input_tokens, output_tokens: Where known.
        cost_usd: Exact decimal, if this call settled a row.
        tags: The caller's.
        request_id: The host's or client's `X-Request-Id`, else *id*; the log line then omits it.
        end_user: The host's own user, if an identity bridge names one; else the user that a chat
            request names.
        bytes_in, ended_by, close_code: Of a streaming session: bytes from the client; who ended
            it, `client`, `upstream`, `cut` (from here) or `error`; the code that it was closed
            with.
        replayed: The answer was that of an earlier request with the same Idempotency-Key; nothing
            was sent, and nothing billed.
    """

    id: str
    at: datetime
    key: str | None
    team: str | None
    route: str
    region: str
    method: str
    path: str
    status: int | None
    duration_ms: float
    bytes_out: int
    row: int | None = None
    kind: str | None = None
    state: str | None = None
    model: str | None = None
    transcript_id: str | None = None
    audio_seconds: float | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    cost_usd: str | None = None
    tags: Mapping[str, str] = _NO_TAGS
    request_id: str | None = None
    end_user: str | None = None
    bytes_in: int | None = None
    ended_by: str | None = None
    close_code: int | None = None
    replayed: bool | None = None

    def fields(self) -> dict[str, Any]:
        """Return the known fields by name, as JSON types."""
        known = {name: value for name, value in self._asdict().items() if value is not None}
        known["at"] = iso(self.at.timestamp())
        if not self.tags:
            del known["tags"]
        if self.request_id == self.id:
            del known["request_id"]
        return known

    def line(self) -> str:
        """Return the log line: `name=value`, one space between."""
        return line_of(self.fields())


def iso(seconds: float) -> str:
    """Return a moment as ISO 8601, UTC, in milliseconds; calls of one second share its text."""
    global _second
    whole = int(seconds)
    known, text = _second
    if known != whole:
        text = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(whole))
        _second = whole, text
    return text + _MILLISECONDS[int((seconds - whole) * 1000)]


OnCall = Callable[[CallRecord], object]


_second = (0, "1970-01-01T00:00:00")


_MILLISECONDS = [f".{number:03d}Z" for number in range(1000)]
