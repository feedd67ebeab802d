"""WSGI helpers (PEP 3333): inspect an inner app's reply."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed import OptExcInfo
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

Headers = list[tuple[str, str]]


class Reply:
    """An inner app's reply, before any of it went out.

    Iterating gives the body, item by item as the app yields it. The holder of a Reply must close
    it.

    Attributes:
        status: The status line without the version: `200 OK`.
        headers: Header pairs in their order.
        exc_info: The app's argument to start_response, to pass on.
    """

    __slots__ = ("_app_iter", "_items", "_pending", "exc_info", "headers", "status")

    def __init__(self, app: WSGIApplication, environ: WSGIEnvironment) -> None:
        self.status = ""
        self.headers: Headers = []
        self.exc_info: OptExcInfo | None = None
        self._pending: list[bytes] = []
        self._app_iter: Iterable[bytes] = app(environ, self._start)
        self._items: Iterator[bytes] | None = None
        if not self._has_started():
            # A generator app calls start_response at its first item.
            try:
                self._items = iter(self._app_iter)
                for item in self._items:
                    self._pending.append(item)
                    if self._has_started():
                        break
                if not self._has_started():
                    raise AssertionError("the app returned without calling start_response")
            except BaseException:
                self.close()
                raise

    def _start(
        self, status: str, headers: Headers, exc_info: OptExcInfo | None = None
    ) -> Callable[[bytes], Any]:
        self.status, self.headers, self.exc_info = status, headers, exc_info
        return self._pending.append

    def _has_started(self) -> bool:
        return self.status != ""

    @property
    def status_code(self) -> int:
        """The status as a number."""
        return int(self.status[:3])

    def is_a(self, kind: type) -> bool:
        """Whether the app's iterable itself is a *kind*."""
        return isinstance(self._app_iter, kind)

    def header(self, name: str) -> str | None:
        """Return the first value of header *name*, lower-case, or None."""
        for key, value in self.headers:
            if key.lower() == name:
                return value
        return None

    def start(self, start_response: StartResponse) -> None:
        """Pass status and headers on."""
        if self.exc_info:
            try:
                start_response(self.status, self.headers, self.exc_info)
            finally:
                self.exc_info = None
        else:
            start_response(self.status, self.headers)

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        if self._pending:
            return self._pending.pop(0)
        if self._items is None:
            self._items = iter(self._app_iter)
        return next(self._items)

    def close(self) -> None:
        """Close the app's iterable, as PEP 3333 requires of its consumer."""
        close = getattr(self._app_iter, "close", None)
        if close is not None:
            close()


def beginning(body: Iterable[bytes], size: int) -> bytes:
    """Return *size* bytes of a body or somewhat more, or all of it; the rest stays in it."""
    blocks: list[bytes] = []
    done = 0
    for block in body:
        blocks.append(block)
        done += len(block)
        if done >= size:
            break
    return b"".join(blocks)


def without_body(environ: WSGIEnvironment) -> WSGIEnvironment:
    """Return a copy of *environ* without the body: a host that parses forms could consume it."""
    seen = {**environ, "wsgi.input": io.BytesIO(), "CONTENT_LENGTH": "0"}
    seen.pop("HTTP_TRANSFER_ENCODING", None)
    return seen
