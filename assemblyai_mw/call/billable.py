"""What a billable request asks for, read alike by every stage that decides by it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from ..billing.replies import billing_facts
from ..billing.spelling import folded
from ..errors import BadRequest, RequestRefused
from . import Call, json_of, read_body

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

MAX_JSON_BYTES = 16 * 1024 * 1024
# Kinds whose request is a JSON object; the others are audio, or a query.
JSON_KINDS = frozenset({"transcript", "chat", "understanding", "lemur", "tts"})

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
    """Return what `usage.billing_facts` reads from the request.

    Raises:
        RequestRefused: As `json_object` does, for the kinds that are JSON.
    """
    if kind in JSON_KINDS:
        body = json_object(call, environ, max_bytes=max_bytes)
        return billing_facts(kind, body, size=len(call.body or b""))
    if kind == "token":
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
        plain = folded(name)
        if plain != name and (plain in body or plain in POLICY_FIELDS or plain in features):
            raise BadRequest(f"The member {plain!r} must be spelled in lower case.")
