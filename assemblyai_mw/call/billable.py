"""The billing facts of a request, the same for every stage."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from ..billing import decisive
from ..billing.decisive import Billable, Fault
from ..billing.operations import OWN_TOKENS, READS, Reading, is_variant, read
from ..errors import BadRequest, RequestRefused
from ..http.messages import request_target
from . import Call, json_of, read_body

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

    from ..routes import Door

MAX_JSON_BYTES = 16 * 1024 * 1024
# By the service behind it.
_DOOR_KINDS = {"api": "transcript", "llm-gateway": "chat", "tts": "tts"}


def reading_of(call: Call, environ: WSGIEnvironment) -> Reading:
    """Return the request's operation; read once, and kept with its kind on the Call.

    The checked path must be the path that is sent: a path that a laxer reader would take for a
    described one is answered as unknown.

    Raises:
        RequestRefused: 400 where the target could be read in two ways, as `request_target`
            says; 404 where the path is another spelling of a described one, 405 where it is
            described and the method is not. An object's path gets no 405 here, since its
            ownership is checked first.
    """
    if call.reading is not None:
        return call.reading
    service, path = call.route.service, call.path
    target = call.target = request_target(environ)
    spelled = target.partition("?")[0] if "?" in target else target
    reading = read(service, call.method, path)
    if reading.allow:
        if spelled != path:
            raise not_found()
        if reading.transcript_id is None and reading.object_id is None:
            check_method(call, reading)
    elif is_variant(service, path):
        raise not_found()
    operation = reading.operation
    if call.session is not None and operation is not None and operation.session:
        reading = replace(reading, kind=operation.kind)
    elif call.own_token:
        # It opens only sessions that are metered here, so it is free, and any key may have it.
        reading = replace(reading, operation=OWN_TOKENS[service], kind=None)
    call.reading, call.kind = reading, reading.kind
    return reading


def session_of(call: Call, environ: WSGIEnvironment) -> str | None:
    """Return whose messages the session speaks that the request opens; None if it opens none.

    Raises:
        RequestRefused: As `reading_of` does.
    """
    operation = reading_of(call, environ).operation
    return operation.session if operation is not None and call.session is not None else None


def reads_own_work(call: Call) -> bool:
    """Whether the request only reads transcripts; nothing is kept or refused."""
    operation = read(call.route.service, call.method, call.path).operation
    return operation is not None and operation.reads_transcripts


def door_kind(door: Door) -> str | None:
    """Return the kind of billable work that a door leads to, whichever API it speaks."""
    return _DOOR_KINDS.get(door.service)


def check_method(call: Call, reading: Reading) -> None:
    """Raise 405 where the path is described, and not with this method."""
    if not reading.allow or reading.operation is not None or call.method in READS:
        return
    allow = [*reading.allow, *(["HEAD"] if "GET" in reading.allow else [])]
    raise RequestRefused(
        f"Method not allowed; use {', '.join(reading.allow)}.",
        status=405,
        headers=[("Allow", ", ".join(sorted(allow)))],
    )


def not_found() -> RequestRefused:
    """Return the refusal of what is not there, or not theirs: the two look alike."""
    # AssemblyAI's own body (openapi.yml, components/responses/NotFound).
    return RequestRefused("Not found", status=404, code="not_found")


def undescribed(reason: str) -> RequestRefused:
    """Return the refusal of a path that no row of the table of operations describes."""
    return RequestRefused(
        f"This path is not known here, and {reason}.", status=403, code="forbidden"
    )


def json_object(
    call: Call, environ: WSGIEnvironment, *, max_bytes: int = MAX_JSON_BYTES
) -> dict[str, Any]:
    """Return the request's JSON object.

    Raises:
        RequestRefused: 415 where it is compressed, 413 where it is larger than
            *max_bytes*, 400 where it is no JSON object.
    """
    check_encoding(environ)
    read_body(call, environ, max_bytes=max_bytes)
    value = json_of(call)
    if not isinstance(value, dict):
        raise BadRequest("The body is not a JSON object.")
    return value


def check_encoding(environ: WSGIEnvironment) -> None:
    """Raise 415 if the body has a Content-Encoding: the checked bytes must be the sent ones."""
    if environ.get("HTTP_CONTENT_ENCODING", "identity").strip().lower() not in ("", "identity"):
        raise RequestRefused(
            "A body with a Content-Encoding cannot be read here; send it uncompressed, without "
            "that field.",
            status=415,
        )


def read_billable(
    call: Call, environ: WSGIEnvironment, kind: str, *, max_bytes: int = MAX_JSON_BYTES
) -> Billable:
    """Return the decisive members of the request, and their faults.

    Read once for all stages, until a stage replaces the body.

    Raises:
        RequestRefused: As `reading_of` does, and as `json_object` for operations in JSON; 400 for
            a query that could be read in two ways.
    """
    if call.billable is not None and call.billable[0] == kind:
        return call.billable[1]
    operation = reading_of(call, environ).operation
    form = operation.body if operation is not None else "bytes"
    if form == "json":
        body = json_object(call, environ, max_bytes=max_bytes)
        found = decisive.read(kind, body, size=len(call.body or b""))
    elif form == "query":
        query = environ.get("QUERY_STRING", "")
        if ";" in query:
            raise BadRequest("The query holds a ';', which some readers take for '&'; send %3B.")
        pairs = parse_qsl(query, keep_blank_values=True)
        found = decisive.read_query(kind, pairs)
    else:
        found = decisive.read(kind, {"model": environ.get("HTTP_X_AAI_MODEL")})
    call.billable = kind, found
    return found


def refuse(fault: Fault | None) -> None:
    """Raise 400 that names the member, where there is a *fault*.

    Raises:
        BadRequest: There is one.
    """
    if fault is not None:
        raise BadRequest(f"{fault.reason}.", param=fault.path)
