"""Exceptions for Python, and error replies in the caller's dialect.

AssemblyAI's routes answer `{"error": "..."}` (openapi.yml, components/responses),
OpenAI's `{"error": {"message", "type", "param", "code"}}` (OpenAI's API reference,
error object), Anthropic's `{"type": "error", "error": {"type", "message", "details"}}` (its
API reference, page *Errors*). Messages hold no secret and no part of a body.
"""

from __future__ import annotations

import json
import traceback
from collections.abc import Iterable, Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


# OpenAI's word for a refusal by content.
CONTENT_POLICY = "content_policy_violation"


class MiddlewareError(Exception):
    """Base class of this package's exceptions."""


class ConfigError(MiddlewareError):
    """The configuration is wrong: one line that names file, key and expectation.

    Attributes:
        variable: The environment variable whose value is wrong; None for a value written out.
    """

    variable: str | None = None


class StoreError(MiddlewareError):
    """The database could not be read or written; nothing billable may go out."""


class NoLedger(StoreError):
    """The expected ledger does not exist, and this caller does not create one."""


class _Unknown(MiddlewareError, KeyError):
    def __str__(self) -> str:
        # KeyError would show the message quoted, as it shows keys.
        return str(self.args[0])


class UnknownKey(_Unknown):
    """No key has this name."""


class UnknownTeam(_Unknown):
    """No team has this name."""


class UnknownBudget(_Unknown):
    """No budget is set for this tag or end user."""


class KeyExists(MiddlewareError, ValueError):
    """A key of this name is in use; names are free again once their key is revoked."""


class TeamInUse(MiddlewareError, ValueError):
    """A team has keys that are not revoked."""


class UpstreamError(MiddlewareError):
    """AssemblyAI was unreachable or sent an invalid reply (answered with 502)."""

    status = 502


class UpstreamTimeout(UpstreamError):
    """AssemblyAI was too slow (answered with 504)."""

    status = 504


class RequestRefused(MiddlewareError):
    """The request is refused here with *status*, and is not sent on.

    Attributes:
        status: HTTP status.
        code, type, param: OpenAI's fields; `type` follows from the status if None.
        headers: Further reply headers.
    """

    status = 400

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        code: str | None = None,
        type: str | None = None,
        param: str | None = None,
        headers: Sequence[tuple[str, str]] = (),
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = status or self.status
        self.code = code
        self.type = type
        self.param = param
        self.headers = list(headers)

    def reply(self, dialect: str) -> WSGIApplication:
        """Return the WSGI app that answers with this error."""
        return error_reply(
            dialect,
            self.status,
            self.message,
            code=self.code,
            type=self.type,
            param=self.param,
            headers=self.headers,
        )


class BadRequest(RequestRefused):
    """400: the request is malformed."""


class LengthRequired(RequestRefused):
    """411: the body's end cannot be known."""

    status = 411


class BodyTooLarge(RequestRefused):
    """413: the body is over a limit."""

    status = 413


# OpenAI's `type` by status, as openai-python's exceptions and the API reference name them.
_TYPES = {
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    429: "rate_limit_error",
}


def status_line(status: int) -> str:
    """Return a status as WSGI wants it, with its phrase, if it has one."""
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return f"{status} Error"


# Anthropic's (its API reference, page *Errors*).
_ANTHROPIC_TYPES = {
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    504: "timeout_error",
    529: "overloaded_error",
}


def error_payload(
    dialect: Literal["assemblyai", "openai", "anthropic"] | str,
    status: int,
    message: str,
    *,
    code: str | None = None,
    type: str | None = None,
    param: str | None = None,
    request_id: str | None = None,
) -> dict[str, object]:
    """Return the JSON of an error in *dialect*; its `type` follows from the status if None.

    Anthropic's has no `param` and types of its own; *code* is its `details.error_code` (the
    `anthropic` package, `APIStatusError`). It alone has *request_id*.
    """
    client = status < 500
    if dialect == "openai":
        kind = type or _TYPES.get(status, "invalid_request_error" if client else "server_error")
        return {"error": {"message": message, "type": kind, "param": param, "code": code}}
    if dialect == "anthropic":
        kind = _ANTHROPIC_TYPES.get(status, "invalid_request_error" if client else "api_error")
        error: dict[str, object] = {"type": kind, "message": message}
        if code is not None:
            error["details"] = {"error_code": code}
        told = {} if request_id is None else {"request_id": request_id}
        return {"type": "error", "error": error, **told}
    return {"error": message}


def error_reply(
    dialect: Literal["assemblyai", "openai", "anthropic"] | str,
    status: int,
    message: str,
    *,
    code: str | None = None,
    type: str | None = None,
    param: str | None = None,
    headers: Iterable[tuple[str, str]] = (),
) -> WSGIApplication:
    """Return a WSGI app that answers with an error in *dialect*."""
    payload = error_payload(dialect, status, message, code=code, type=type, param=param)
    body = json.dumps(payload).encode()
    reply_headers = [
        ("Content-Type", "application/json"),
        ("Content-Length", str(len(body))),
        ("Cache-Control", "no-store"),
        *headers,
    ]

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response(status_line(status), list(reply_headers))
        return [b""] if environ.get("REQUEST_METHOD") == "HEAD" else [body]

    return app


def broke_off(dialect: str, error: UpstreamError) -> WSGIApplication:
    """Return the app that answers for a reply that broke off: another try may be billed again."""
    return error_reply(
        dialect,
        error.status,
        "AssemblyAI's reply broke off. Whether it acted on the request is unknown.",
        code="upstream_error",
        headers=[("x-should-retry", "false")],
    )


def raised_at(error: BaseException) -> str:
    """Return file and line where *error* was raised, for logs: its text may hold a secret."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{frames[-1].filename}:{frames[-1].lineno}" if frames else "unknown"
