"""Exceptions of completion(), by status, named as in OpenAI's Python client."""

from __future__ import annotations

from collections.abc import Mapping

import requests
import urllib3

from ..dialects.chat import ApiError
from ..dialects.chat.errors import of_status
from ..errors import MiddlewareError, RequestRefused


class APIError(MiddlewareError):
    """A call that failed.

    Attributes:
        status_code: HTTP status, or None where there was no reply.
        message: The failure, in one line.
        code, type, param: As in OpenAI's error object.
        request_id: The gateway's id for the request, where it gave one.
        retry_after_s: Seconds to wait, where the gateway said so.
        llm_provider: Always `assemblyai`, for handlers that name it.
    """

    llm_provider = "assemblyai"

    def __init__(
        self,
        message: str,
        *,
        status_code: int | None = None,
        code: str | None = None,
        type: str | None = None,
        param: str | None = None,
        request_id: str | None = None,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status_code = status_code
        self.code = code
        self.type = type
        self.param = param
        self.request_id = request_id
        self.retry_after_s = retry_after_s


class BadRequestError(APIError):
    """400: the request is malformed, or the model does not support it."""


class AuthenticationError(APIError):
    """401: no key, or one that AssemblyAI does not know."""


class PermissionDeniedError(APIError):
    """403: the account may not use this model."""


class NotFoundError(APIError):
    """404: no such model, or no such transcript."""


class RateLimitError(APIError):
    """429: too many requests; see `retry_after_s`."""


class InternalServerError(APIError):
    """5xx: the gateway failed, or sent an invalid reply."""


class APIConnectionError(APIError):
    """The gateway could not be reached, or the connection broke."""


class APITimeoutError(APIConnectionError):
    """The gateway took longer than the timeout."""


_BY_STATUS: dict[int, type[APIError]] = {
    400: BadRequestError,
    401: AuthenticationError,
    403: PermissionDeniedError,
    404: NotFoundError,
    429: RateLimitError,
}


def from_gateway(error: ApiError, headers: Mapping[str, str]) -> APIError:
    """Return the exception for the gateway's reply."""
    default = InternalServerError if error.status >= 500 else APIError
    after = headers.get("Retry-After", "")
    return _BY_STATUS.get(error.status, default)(
        error.message,
        status_code=error.status,
        code=error.code,
        type=error.type,
        param=error.param,
        request_id=error.request_id,
        retry_after_s=float(after) if after.isascii() and after.isdigit() else None,
    )


def from_refusal(refused: RequestRefused) -> APIError:
    """Return the exception for a request that was refused before sending."""
    error = of_status(refused.status, refused.message, param=refused.param)
    return _BY_STATUS.get(refused.status, APIError)(
        refused.message,
        status_code=refused.status,
        code=refused.code or error.code,
        type=refused.type or error.type,
        param=refused.param,
    )


def unreachable(error: Exception) -> APIConnectionError:
    """Return the exception for a failed connection; it holds no part of the request."""
    if isinstance(error, requests.Timeout | urllib3.exceptions.TimeoutError | TimeoutError):
        return APITimeoutError("The LLM Gateway took too long.")
    return APIConnectionError(
        f"The LLM Gateway could not be reached, or broke off ({type(error).__name__})."
    )
