"""One line a call on the logger `assemblyai_mw`, and the same facts for callbacks.

The line is `name=value`, for people and for grep. `record.assemblyai_mw` has the same facts as a
JSON-able dict, where JSON formatters and structlog find them. Nothing in them is content, and
nothing a key.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from ..billing.price_book import format_usd
from ..http.bodies import CountingBody
from .log_file import LogFile
from .record import CallRecord, OnCall, iso, line_of

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse

    from ..call import Call

logger = logging.getLogger("assemblyai_mw")


def wanted(callbacks: Iterable[OnCall]) -> bool:
    """Whether any handler would see a record."""
    return bool(callbacks) or logger.isEnabledFor(logging.INFO)


def emit(call: Call, callbacks: Iterable[OnCall], *, status: int | None, bytes_out: int) -> None:
    """Log the call and run the callbacks; failures here do not affect the reply."""
    fields = _fields(call, status, bytes_out)
    if logger.isEnabledFor(logging.INFO):
        logger.handle(_log_record(fields))
    record = None
    for callback in callbacks:
        try:
            if type(callback) is LogFile:
                callback.add(fields)
                continue
            record = record or _record(call, fields)
            callback(record)
        except Exception:
            logger.exception("on_call: %r failed; the reply is not affected", callback)


def _record(call: Call, fields: Mapping[str, Any]) -> CallRecord:
    unknown = {"key": None, "team": None, "status": None, "request_id": call.id}
    at = call.started_at
    return CallRecord(**{**unknown, **fields, "at": at})


def _fields(call: Call, status: int | None, bytes_out: int) -> dict[str, Any]:
    """Return the fields of the call's `CallRecord`; straight away, for this runs for each call."""
    caller, usage = call.caller, call.usage
    known: dict[str, Any] = {"id": call.id, "at": iso(call.started)}
    if caller is not None:
        known["key"] = caller.name
        if caller.team is not None:
            known["team"] = caller.team
    known["route"] = call.route.prefix
    known["region"] = call.route.region
    known["method"] = call.method
    known["path"] = call.path
    if status is not None:
        known["status"] = status
    known["duration_ms"] = int((time.time() - call.started) * 1_000_000) / 1000
    known["bytes_out"] = bytes_out
    if call.row is not None:
        known["row"] = call.row
    if call.kind is not None:
        known["kind"] = call.kind
    if call.state is not None:
        known["state"] = call.state
    if usage is not None and usage.model is not None:
        known["model"] = usage.model
    if call.transcript_id is not None:
        known["transcript_id"] = call.transcript_id
    if usage is not None:
        audio_ms = usage.session_ms if usage.audio_ms is None else usage.audio_ms
        if audio_ms is not None:
            known["audio_seconds"] = audio_ms / 1000
        if usage.input_tokens is not None:
            known["input_tokens"] = usage.input_tokens
        if usage.output_tokens is not None:
            known["output_tokens"] = usage.output_tokens
    if call.session_end is not None:
        known["bytes_in"] = call.session_end.bytes_in
        known["ended_by"] = call.session_end.by
        if call.session_end.close_code is not None:
            known["close_code"] = call.session_end.close_code
    if call.price is not None:
        known["cost_usd"] = format_usd(call.price.nano)
    tags = {**call.tags, **caller.tags} if caller is not None and caller.tags else call.tags
    if tags:
        known["tags"] = tags
    if call.request_id and call.request_id != call.id:
        known["request_id"] = call.request_id
    if call.end_user is not None:
        known["end_user"] = call.end_user
    if call.replayed:
        known["replayed"] = True
    return known


def logged(
    answer: Callable[[StartResponse], Iterable[bytes]],
    call: Call,
    start_response: StartResponse,
    callbacks: Iterable[OnCall],
) -> Iterable[bytes]:
    """Return the reply of *answer*, and call `emit` when its last byte is out or it ends."""
    status = ""

    def start(line: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
        nonlocal status
        status = line
        if exc_info:
            return start_response(line, headers, exc_info)
        return start_response(line, headers)

    def end(bytes_out: int, whole: bool) -> None:
        if call.relayed:
            # The session goes on; its watcher logs its end.
            return
        # The head of a session's 101 goes to the client past the server, which may not get rid of
        # its own.
        code = int(status[:3]) if status and (whole or status[:3] == "101") else None
        emit(call, callbacks, status=code, bytes_out=bytes_out)

    body = answer(start)
    if type(body) is list:
        # A reply that is here already needs no watching.
        end(sum(map(len, body)), True)
        return body
    return CountingBody(body, end)


def _log_record(fields: Mapping[str, Any]) -> logging.LogRecord:
    # `logger.info` would walk the stack for a line number that is always this one.
    record = logging.getLogRecordFactory()(
        logger.name, logging.INFO, __file__, 0, "%s", (_Line(fields),), None, "emit"
    )
    record.assemblyai_mw = fields
    return record


class _Line:
    """A record's fields, which become text only where a handler writes them."""

    __slots__ = ("_fields",)

    def __init__(self, fields: Mapping[str, Any]) -> None:
        self._fields = fields

    def __str__(self) -> str:
        return line_of(self._fields)
