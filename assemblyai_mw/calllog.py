"""One line a call on the logger `assemblyai_mw`, and the same facts for callbacks.

The line is `name=value`, for people and for grep. The same facts lie as a dict that JSON
can hold in `record.assemblyai_mw`, where JSON formatters and structlog find them. Nothing
in them is content, and nothing a key.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any, NamedTuple

from .errors import ConfigError
from .pricing import format_usd
from .taps import Counted

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse

    from .call import Call

logger = logging.getLogger("assemblyai_mw")

_NO_TAGS: Mapping[str, str] = {}


class CallRecord(NamedTuple):
    """What is told of a call once its reply has gone out. No content, no secrets.

    Attributes:
        id: Made for this call; the ledger's `request_id`.
        at: When it came in, UTC.
        key, team: The caller's, None for nobody known.
        route: The prefix, as mounted.
        path: At the upstream, without the query.
        status: As the client saw it; None where the reply broke off.
        duration_ms: Until the reply's last byte, or its end.
        bytes_out: Of the reply's body.
        row: The ledger's row, for calls that cost or could.
        kind: What billable work was asked for, as `usage.kind_of` names it.
        state: `pending`, `settled`, `failed` or `unpriced`: what this call did to the row.
        model, transcript_id, audio_seconds, input_tokens, output_tokens: Where known.
        cost_usd: Exact decimal, where this call settled one.
        tags: The caller's.
        request_id: The host's or client's `X-Request-Id`, else *id*; the line leaves it out then.
        end_user: The host's own user, where an identity bridge says so.
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

    def fields(self) -> dict[str, Any]:
        """Return what is known, by name, as JSON can hold it."""
        # Of a fixed length, so there is nothing for zip to check: this runs for each call.
        known = {name: value for name, value in zip(_FIELDS, self) if value is not None}  # noqa: B905
        known["at"] = self.at.isoformat("T", "milliseconds")[:23] + "Z"
        if not self.tags:
            del known["tags"]
        if self.request_id == self.id:
            del known["request_id"]
        return known

    def line(self) -> str:
        """Return the log line: `name=value`, one space between."""
        return _line(self.fields())


_FIELDS = CallRecord._fields
OnCall = Callable[[CallRecord], object]


def resolve_callbacks(paths: Iterable[str], source: str) -> list[OnCall]:
    """Return what the dotted *paths* of a configuration name.

    Raises:
        ConfigError: One cannot be imported, or is not callable; names *source*.
    """
    callbacks: list[OnCall] = []
    for path in paths:
        try:
            target = resolve_name(path)
        except (ImportError, AttributeError, ValueError) as error:
            raise ConfigError(
                f"{source}: callbacks: cannot import {path!r}: {type(error).__name__}"
            ) from error
        if not callable(target):
            raise ConfigError(f"{source}: callbacks: {path!r} is not callable")
        callbacks.append(target)
    return callbacks


def wanted(callbacks: Iterable[OnCall]) -> bool:
    """Whether anyone would see a record."""
    return bool(callbacks) or logger.isEnabledFor(logging.INFO)


def emit(call: Call, callbacks: Iterable[OnCall], *, status: int | None, bytes_out: int) -> None:
    """Log the call and tell the callbacks; nothing here can break a reply."""
    usage, price, caller = call.usage, call.price, call.caller
    record = CallRecord(
        call.id,
        datetime.fromtimestamp(call.started, UTC),
        caller.name if caller else None,
        caller.team if caller else None,
        call.route.prefix,
        call.route.region,
        call.method,
        call.path,
        status,
        round((time.time() - call.started) * 1000, 3),
        bytes_out,
        call.row,
        call.kind,
        call.state,
        usage.model if usage else None,
        call.transcript_id,
        usage.audio_ms / 1000 if usage and usage.audio_ms is not None else None,
        usage.input_tokens if usage else None,
        usage.output_tokens if usage else None,
        format_usd(price.nano) if price else None,
        {**call.tags, **caller.tags} if caller and caller.tags else call.tags,
        call.request_id or call.id,
        caller.end_user if caller else None,
    )
    tell(record, callbacks)


def logged(
    answer: Callable[[StartResponse], Iterable[bytes]],
    call: Call,
    start_response: StartResponse,
    callbacks: Iterable[OnCall],
    *,
    reply_header: str | None = None,
) -> Iterable[bytes]:
    """Return what *answer* does, and `emit` when its last byte is out or its end has come.

    *reply_header* names a header that tells the client the `request_id`, in replies that
    have none of that name.
    """
    status = ""

    def start(line: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
        nonlocal status
        status = line
        name = reply_header
        if name is not None and all(key.lower() != name.lower() for key, _ in headers):
            headers = [*headers, (name, call.request_id)]
        if exc_info:
            return start_response(line, headers, exc_info)
        return start_response(line, headers)

    def end(bytes_out: int, whole: bool) -> None:
        code = int(status[:3]) if whole and status else None
        emit(call, callbacks, status=code, bytes_out=bytes_out)

    body = answer(start)
    if type(body) is list:
        # A reply that is here already needs no watching.
        end(sum(map(len, body)), True)
        return body
    return Counted(body, end)


def tell(record: CallRecord, callbacks: Iterable[OnCall]) -> None:
    """Log a record and give it to the callbacks."""
    if logger.isEnabledFor(logging.INFO):
        fields = record.fields()
        # `logger.info` would walk the stack for a line number that is always this one.
        line = logging.getLogRecordFactory()(
            logger.name, logging.INFO, __file__, 0, "%s", (_Line(fields),), None, "emit"
        )
        line.assemblyai_mw = fields
        logger.handle(line)
    for callback in callbacks:
        try:
            callback(record)
        except Exception:
            logger.exception("on_call: %r failed; the reply is not affected", callback)


class _Line:
    """A record's fields, which become text only where a handler writes them."""

    __slots__ = ("_fields",)

    def __init__(self, fields: Mapping[str, Any]) -> None:
        self._fields = fields

    def __str__(self) -> str:
        return _line(self._fields)


def _line(fields: Mapping[str, Any]) -> str:
    return " ".join([f"{name}={_shown(value)}" for name, value in fields.items()])


def _shown(value: object) -> str:
    if type(value) is str:
        # A path or a tag can hold what a log line must not: one call is one line, and what
        # looks like another field stands in quotes, as logfmt has them.
        plain = value.isprintable() and " " not in value and '"' not in value
        return value if plain else json.dumps(value)
    if isinstance(value, Mapping):
        return _shown(",".join(f"{name}={tag}" for name, tag in value.items()))
    return str(value)
