"""What a repeated request is answered with: the kept answer, or why there is none. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING

from ...errors import RequestRefused, status_line

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from ...store import Answer

# Stripe's name of the field that tells a repeated answer from a new one.
REPLAYED = ("Idempotent-Replayed", "true")
TRANSCRIPT_ID = "X-AssemblyAI-MW-Transcript-Id"
MAX_RETRY_AFTER_S = 60
# What an equal answer needs of a reply's head. Fields of the exchange, such as Date, are made anew.
_KEPT_FIELDS = frozenset(
    {
        "content-disposition",
        "content-encoding",
        "content-language",
        "content-type",
        "location",
        "x-should-retry",
    }
)
_KEPT_PREFIXES = ("assemblyai-", "openai-", "x-aai-", "x-assemblyai-")
_NO_RETRY = ("x-should-retry", "false")


def reused() -> RequestRefused:
    """Return the refusal of a key that stands for another request."""
    return RequestRefused(
        "This Idempotency-Key was used for another request; a new request needs a new key.",
        status=422,
        code="idempotency_key_reused",
        headers=[_NO_RETRY],
    )


def in_use(age_s: float) -> RequestRefused:
    """Return the refusal while the first request, of *age_s* seconds, is under way."""
    wait_s = min(MAX_RETRY_AFTER_S, max(1, math.ceil(age_s)))
    return RequestRefused(
        "The first request with this Idempotency-Key is still under way.",
        status=409,
        code="idempotency_key_in_use",
        headers=[("Retry-After", str(wait_s))],
    )


def not_kept() -> RequestRefused:
    """Return the refusal of a request whose answer was billed, and not kept."""
    return RequestRefused(
        "The request with this Idempotency-Key was answered and billed, and its answer was a "
        "stream or too large to be kept; a new request needs a new key.",
        status=422,
        code="idempotent_answer_not_kept",
        headers=[_NO_RETRY],
    )


def kept_fields(headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return those of a reply's fields that its repetition needs."""
    return [
        (name, value)
        for name, value in headers
        if name.lower() in _KEPT_FIELDS or name.lower().startswith(_KEPT_PREFIXES)
    ]


def again(answer: Answer, transcript_id: str | None) -> WSGIApplication:
    """Return the app that gives *answer* again, with the transcript that is known by now."""
    headers = [*answer.headers]
    names = {name.lower() for name, _ in headers}
    if transcript_id is not None and TRANSCRIPT_ID.lower() not in names:
        headers.append((TRANSCRIPT_ID, transcript_id))
    if answer.status >= 500 and _NO_RETRY[0] not in names:
        headers.append(_NO_RETRY)
    headers += [
        ("Content-Length", str(len(answer.body))),
        ("Cache-Control", "no-store"),
        REPLAYED,
    ]

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response(status_line(answer.status), headers)
        return [answer.body] if answer.body else []

    return app


def unknown(transcript_id: str | None) -> RequestRefused:
    """Return the refusal of a request of which nobody knows whether it was billed."""
    message = (
        "The first request with this Idempotency-Key got no answer. Whether AssemblyAI acted on it "
        "is unknown; a new key sends, and perhaps bills, it again."
    )
    headers = [_NO_RETRY]
    if transcript_id is not None:
        message = (
            "The answer to the first request with this Idempotency-Key is lost. It made the "
            f"transcript {transcript_id}."
        )
        headers.append((TRANSCRIPT_ID, transcript_id))
    return RequestRefused(message, status=504, code="idempotency_outcome_unknown", headers=headers)
