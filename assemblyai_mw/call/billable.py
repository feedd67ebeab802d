"""What a billable request asks for, read alike by every stage that decides by it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from ..billing.operations import READS, Reading, is_variant, read
from ..billing.replies import billing_facts
from ..errors import BadRequest, RequestRefused
from ..http.messages import request_tail
from . import Call, json_of, read_body

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

MAX_JSON_BYTES = 16 * 1024 * 1024

# Members by which rights and prices are decided, beside the features.
POLICY_FIELDS = frozenset(
    {
        "audio_url",
        "fallbacks",
        "final_model",
        "max_completion_tokens",
        "max_tokens",
        "messages",
        "model",
        "model_region",
        "n",
        "prompt",
        "speech_model",
        "speech_models",
        "speech_understanding",
        "tools",
        "transcript_id",
        "transcript_ids",
    }
)


def reading_of(call: Call, environ: WSGIEnvironment) -> Reading:
    """Return what the request is; read once, and kept with its kind on the Call.

    What is judged is what is sent: a path that a laxer reader would take for a described
    one is answered as a path that is not there.

    Raises:
        RequestRefused: 404 where the path is another spelling of a described one, 405 where
            it is described and the method is not, unless it is one transcript's: whether that
            is theirs comes first.
    """
    if call.reading is not None:
        return call.reading
    service, path = call.route.service, call.path
    reading = read(service, call.method, path)
    if reading.allow:
        tail = request_tail(environ)
        if tail is not None and tail != path:
            raise _not_there()
        if reading.transcript_id is None:
            check_method(call, reading)
    elif is_variant(service, path):
        raise _not_there()
    call.reading, call.kind = reading, reading.kind
    return reading


def reads_own_work(call: Call) -> bool:
    """Whether the request shows transcripts and asks for no work; nothing is kept or refused."""
    operation = read(call.route.service, call.method, call.path).operation
    return operation is not None and operation.reads_transcripts


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


def _not_there() -> RequestRefused:
    # AssemblyAI's own body (openapi.yml, components/responses/NotFound).
    return RequestRefused("Not found", status=404, code="not_found")


def undescribed(reason: str) -> RequestRefused:
    """Return the refusal of a path that no row of the table of operations describes."""
    return RequestRefused(
        f"What this path does is not known here, and {reason}.", status=403, code="forbidden"
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
    """Raise 415 where the body is compressed: what is checked must be what is sent."""
    if environ.get("HTTP_CONTENT_ENCODING", "identity").strip().lower() not in ("", "identity"):
        raise RequestRefused("A compressed body cannot be read here.", status=415)


def read_billable(
    call: Call, environ: WSGIEnvironment, kind: str, *, max_bytes: int = MAX_JSON_BYTES
) -> dict[str, Any]:
    """Return what `billing_facts` reads from the request.

    Raises:
        RequestRefused: As `reading_of` does, and as `json_object` for operations in JSON.
    """
    operation = reading_of(call, environ).operation
    form = operation.body if operation is not None else "bytes"
    if form == "json":
        body = json_object(call, environ, max_bytes=max_bytes)
        return billing_facts(kind, body, size=len(call.body or b""))
    if form == "query":
        return billing_facts(kind, dict(parse_qsl(environ.get("QUERY_STRING", ""))))
    return billing_facts(kind, {"model": environ.get("HTTP_X_AAI_MODEL")})


def reject_case_variants(body: dict[str, Any], features: frozenset[str] = frozenset()) -> None:
    """Refuse members that a reader blind to letter case would take for decisive ones.

    Go's encoding/json reads `Model` as `model`: then another model would run than the one
    that was allowed and priced.

    Raises:
        BadRequest: There is one, or a member is there in two spellings.
    """
    for name in body:
        folded = name.casefold()
        if folded != name and (folded in body or folded in POLICY_FIELDS or folded in features):
            raise BadRequest(f"The member {folded!r} must be spelled in lower case.")
