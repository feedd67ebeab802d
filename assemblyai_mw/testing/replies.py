"""Requests and replies between the stand-in's front and its services."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from .seen import SeenRequest

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

Headers = list[tuple[str, str]]

# openapi.yml, components/responses.
_API_MESSAGES = {
    401: "Authentication error, API token missing/invalid",
    404: "Not found",
    429: "Too Many Requests",
    500: "Internal Server Error",
}


@dataclass(slots=True)
class Request:
    """A request whose body has been read.

    Attributes:
        body: The first bytes of an upload, else all of it.
        account: The account; empty if no key was needed.
        origin: Scheme and authority the client used.
    """

    seen: SeenRequest
    environ: WSGIEnvironment
    account: str = ""

    @property
    def method(self) -> str:
        """HEAD counts as GET: the front leaves the body out."""
        return "GET" if self.seen.method == "HEAD" else self.seen.method

    @property
    def path(self) -> str:
        """The decoded path."""
        return self.seen.path

    @property
    def query(self) -> dict[str, str]:
        """The query's values, the last one of each name."""
        return dict(parse_qsl(self.seen.query, keep_blank_values=True))

    @property
    def body(self) -> bytes:
        """The bytes kept of the body."""
        return self.seen.kept

    @property
    def origin(self) -> str:
        """The URL at which the client reached this stand-in."""
        scheme = self.environ.get("wsgi.url_scheme", "http")
        return f"{scheme}://{self.environ.get('HTTP_HOST', 'localhost')}"

    def json_object(self) -> dict[str, Any] | None:
        """Return the body if it is a JSON object, else None."""
        try:
            value = json.loads(self.body)
        except (ValueError, RecursionError):
            return None
        return value if isinstance(value, dict) else None


@dataclass(slots=True)
class Answer:
    """A reply: bytes, or an iterable that is sent as it comes."""

    status: int
    headers: Headers = field(default_factory=list)
    body: bytes | Iterable[bytes] = b""

    @classmethod
    def json(cls, value: Any, *, status: int = 200, headers: Headers | None = None) -> Answer:
        """Return a JSON reply."""
        body = json.dumps(value).encode()
        return cls(status, [("Content-Type", "application/json"), *(headers or [])], body)

    @classmethod
    def text(cls, value: str) -> Answer:
        """Return a plain text reply."""
        return cls(200, [("Content-Type", "text/plain; charset=utf-8")], value.encode())

    @property
    def status_line(self) -> str:
        """Status and phrase."""
        try:
            return f"{self.status} {HTTPStatus(self.status).phrase}"
        except ValueError:
            return f"{self.status} Unknown"


def api_error(status: int, message: str | None = None) -> Answer:
    """Return `{"error": "..."}`, the shape of the REST and the streaming hosts."""
    text = message or _API_MESSAGES.get(status) or HTTPStatus(status).phrase
    return Answer.json({"error": text}, status=status)
