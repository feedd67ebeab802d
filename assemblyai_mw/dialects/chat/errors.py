"""The gateway's errors -> OpenAI's error object, by which SDKs choose their exceptions.

Three shapes arrive: `{"error": {"code", "message", "metadata"}}` (llm-gateway.yml),
`{"code", "message", "request_id", "metadata": {"errors": [...]}}` (what its handlers
send) and `{"error": "...", "status", "request_id"}` (what its authentication sends).
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from ...errors import error_payload
from ...routes import Dialect

# `type` and `code` by status, as OpenAI's API reference and its error guide name them.
_BY_STATUS: dict[int, tuple[str, str | None]] = {
    400: ("invalid_request_error", None),
    401: ("authentication_error", "invalid_api_key"),
    403: ("permission_error", "permission_denied"),
    404: ("not_found_error", "not_found"),
    429: ("rate_limit_error", "rate_limit_exceeded"),
    502: ("server_error", "upstream_error"),
    504: ("server_error", "upstream_timeout"),
}
_UNKNOWN_MODEL = re.compile(r"\bmodel \S+ is not supported\b", re.IGNORECASE)
_NO_ACCESS = re.compile(r"does not have access to this LLM Gateway model", re.IGNORECASE)
_UNSUPPORTED = re.compile(r"\b(?:does not|doesn't) support ['\"`]?(\w+)", re.IGNORECASE)
# "Streaming is not supported for this model", "this model cannot stream", in any words.
_NO_STREAM = re.compile(
    r"\b(?:not support|unsupported|cannot|can't|unable to)\w*\W{1,3}(?:\w+\W{1,3}){0,3}?(stream\w*)"
    r"|\b(stream\w*)\W{1,3}(?:\w+\W{1,3}){0,4}?"
    r"(?:(?:not|\w+n't)\W(?:\w+\W)?(?:support|available|allowed|enabled|possible)|unsupported)",
    re.IGNORECASE,
)
_STREAMING = frozenset({"stream", "streaming", "streamed", "streams"})
_CONTEXT = re.compile(
    r"\bcontext[ _-](?:length|window|limit|size)|\b(?:prompt|input|request) is too long"
    r"|\btoo many (?:input|prompt) tokens|\binput token count\b.{0,80}\bexceed",
    re.IGNORECASE,
)
MAX_MESSAGE_CHARS = 2000


class BadReply(Exception):
    """The gateway returned an invalid response; one line gives the reason.

    Attributes:
        error: The error for the caller; the reply's own words where it carries an error.
    """

    def __init__(self, reason: str, error: ApiError | None = None) -> None:
        super().__init__(reason)
        self.error = error or of_status(
            502, f"The LLM Gateway returned an invalid response: {reason}."
        )


@dataclass(frozen=True, slots=True)
class ApiError:
    """An error as OpenAI's clients know it.

    Attributes:
        status: HTTP status to answer with.
        type, code, param: OpenAI's fields.
        request_id: The gateway's id for the request, where it gave one.
        unsupported: The parameter that the model cannot take, where that is the matter.
    """

    status: int
    message: str
    type: str
    code: str | None = None
    param: str | None = None
    request_id: str | None = None
    unsupported: str | None = None

    def payload(self, dialect: Dialect = "openai") -> dict[str, Any]:
        """Return the JSON body in *dialect*."""
        return error_payload(
            dialect, self.status, self.message, code=self.code, type=self.type, param=self.param
        )

    @property
    def cannot_stream(self) -> bool:
        """The model was asked to stream and does not."""
        return self.status == 400 and self.unsupported in _STREAMING


def of_status(status: int, message: str, **more: Any) -> ApiError:
    """Return the error for *status*, with the `type` and `code` that go with it."""
    default = ("invalid_request_error" if status < 500 else "server_error", None)
    kind, code = _BY_STATUS.get(status, default)
    return ApiError(status, message, more.pop("type", kind), more.pop("code", code), **more)


def parsed(body: bytes) -> Any:
    """Return *body* as JSON, or None if it is not JSON."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def is_openai(payload: Any) -> bool:
    """Whether *payload* is an error object of OpenAI's or Anthropic's, as stages write it."""
    error = payload.get("error") if isinstance(payload, dict) else None
    return (
        isinstance(error, dict)
        and isinstance(error.get("message"), str)
        and isinstance(error.get("type"), str)
    )


def to_error(status: int, payload: Any, *, callers_key: bool = False) -> ApiError:
    """Return the gateway's error *payload* (parsed JSON or None) with HTTP *status*, as OpenAI's.

    An id that the gateway does not know is 404 `model_not_found`, and an account
    without access to it 403, though the gateway says 400 to both. A 401 is about the
    key that was sent upstream: unless that is the caller's (*callers_key*), the
    operator must mend it, and the caller gets 502.
    """
    if is_openai(payload):
        error = payload["error"]
        texts = {n: error[n] for n in ("code", "param") if isinstance(error.get(n), str)}
        unsupported = _unsupported(status, error["message"])
        return of_status(
            status,
            error["message"],
            type=error["type"],
            unsupported=unsupported and unsupported.lower(),
            **{"code": None, **texts},
        )
    message, details, request_id = _read(payload)
    if not 400 <= status <= 599:
        return of_status(502, f"The LLM Gateway answered with status {status}.")
    if status == 401 and not callers_key:
        return of_status(
            502,
            "AssemblyAI refused this gateway's own credentials; tell its operator.",
            code="upstream_credentials",
            request_id=request_id,
        )
    text = "; ".join(details)
    if text and message:
        text = f"{message}: {text}"
    text = (text or message or f"The LLM Gateway answered with status {status}.")[
        :MAX_MESSAGE_CHARS
    ]
    if status == 400 and _UNKNOWN_MODEL.search(text):
        return of_status(404, text, code="model_not_found", param="model", request_id=request_id)
    if status == 400 and _NO_ACCESS.search(text):
        return of_status(
            403, text, code="model_access_denied", param="model", request_id=request_id
        )
    if status == 400 and _CONTEXT.search(text):
        # By this code agents shorten their history.
        return of_status(
            400, text, code="context_length_exceeded", param="messages", request_id=request_id
        )
    unsupported = _unsupported(status, text)
    if unsupported is not None:
        return of_status(
            status,
            text,
            code="unsupported_parameter",
            param=unsupported,
            request_id=request_id,
            unsupported=unsupported.lower(),
        )
    return of_status(status, text, request_id=request_id)


def _unsupported(status: int, text: str) -> str | None:
    """Return the parameter that a 400 says the model cannot take, or None."""
    if status != 400:
        return None
    match = _UNSUPPORTED.search(text) or _NO_STREAM.search(text)
    return None if match is None else match[match.lastindex or 0]


def event_error(payload: dict[str, Any]) -> ApiError:
    """Return the error that an event in a stream carries; its code may be a status."""
    inner = payload.get("error")
    for code in (inner.get("code") if isinstance(inner, dict) else None, payload.get("code")):
        if isinstance(code, int) and not isinstance(code, bool) and 400 <= code <= 599:
            return to_error(code, payload)
    return to_error(502, payload)


def _read(payload: Any) -> tuple[str, list[str], str | None]:
    """Return message, details and request id of any of the three shapes."""
    if not isinstance(payload, dict):
        return "", [], None
    error = payload.get("error")
    source = error if isinstance(error, dict) else payload
    message = source.get("message")
    if not isinstance(message, str):
        message = error if isinstance(error, str) else ""
    metadata = source.get("metadata") or payload.get("metadata")
    errors = metadata.get("errors") if isinstance(metadata, dict) else None
    details = [item for item in errors if isinstance(item, str)] if isinstance(errors, list) else []
    request_id = payload.get("request_id")
    return message, details, request_id if isinstance(request_id, str) else None
