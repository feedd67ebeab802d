"""What stages see of a session, and how they end it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, Protocol


class Cut(NamedTuple):
    """Why a session is ended here.

    Attributes:
        code: Close code, as AssemblyAI's page streaming/common-session-errors-and-closures has it.
        text: For the client, in an Error message before the close.
        drain: The upstream's last texts still pass, until it has ended the session.
        name: The code in words, for APIs whose errors have one; None: that of *code*.
    """

    code: int
    text: str
    drain: bool = False
    name: str | None = None


@dataclass(frozen=True, slots=True)
class End:
    """How a session ended.

    Attributes:
        seconds: From the upstream's 101 until it said that the session is over, or was left, by a
            clock that cannot be set.
        by: Who ended it: the `client`, the `upstream`, a `cut` from here, or an `error` of the
            upstream's.
        close_code: What the client was told, or told; None where it vanished.
        bytes_in, bytes_out: What came from the client, and what was passed on to it, frames
            included. The frames of our own at the end are not in it.
        cut: The cut, if there was one.
    """

    seconds: float
    by: Literal["client", "upstream", "cut", "error"]
    close_code: int | None
    bytes_in: int
    bytes_out: int
    cut: Cut | None = None


class OpenSession(Protocol):
    """What watchers can do with their session, from any thread."""

    def elapsed(self) -> float:
        """Return seconds from the upstream's 101 until now, or until the upstream's end."""

    def cut(self, cut: Cut) -> None:
        """End the session.

        The first cut counts. A later one without *drain* still stops the upstream's texts.
        """

    def end_after(self, seconds: float, cut: Cut, *, by: object) -> None:
        """Cut the session when it has lasted *seconds*, inf for never; the last call counts.

        Each *by* has a limit of its own; the earliest ends the session.
        """


class Watcher:
    """One stage's view of one session. The base class lets everything pass.

    `began` runs in the request's thread, before anything passes. The texts come in the relay's
    thread, where nothing may wait. Those of a client with *slow_client*, and of a server with
    *slow_server*, come on a thread beside it, one after the other, while that direction of the
    session waits. `ended` runs in the background thread, the innermost stage first.

    A client's texts come to the outermost stage first, a server's to the innermost. A text that was
    answered with a Cut never passes. Watchers behind see a server's all the same, and not a
    client's. One that raises ends the session.

    Attributes:
        session: The session, once it has begun.
    """

    session: OpenSession | None = None
    slow_client = False
    slow_server = False

    def began(self, session: OpenSession) -> None:
        """The upstream has answered the handshake."""
        self.session = session

    def cut(self, cut: Cut) -> None:
        """End the session, if it has begun."""
        if self.session is not None:
            self.session.cut(cut)

    def client_waits(self, text: bytes) -> bool:
        """Whether judging this text of a client may wait; asked where *slow_client* is set."""
        return self.slow_client

    def server_waits(self, text: bytes) -> bool:
        """Whether judging this text of a server may wait; asked where *slow_server* is set."""
        return self.slow_server

    def client_text(self, text: bytes) -> bytes | Cut | None:
        """Judge a client's text: None passes it, bytes take its place, a Cut ends the session."""
        return None

    def server_text(self, text: bytes) -> bytes | Cut | None:
        """Judge a server's text, likewise."""
        return None

    def close_reason(self, reason: str) -> str:
        """Return the reason in the server's close frame as the client may read it."""
        return reason

    def ended(self, end: End) -> None:
        """The session is over."""


def _error(cut: Cut) -> bytes:
    return json.dumps({"type": "Error", "error_code": cut.code, "error": cut.text}).encode()


@dataclass(frozen=True, slots=True)
class Words:
    """The texts with which sessions of one service end.

    Attributes:
        asks_end: `type` of the client's text that ends a session.
        says_end: `type` of the server's last text.
        error: Returns the text that tells a client why its session ends.
        drops: `type` of the client's text that drops what is still to come, where nobody will
            hear it; None where there is no such text.
        takes_binary: The client may send binary messages: audio.
    """

    asks_end: str
    says_end: str
    error: Callable[[Cut], bytes] = _error
    drops: str | None = None
    takes_binary: bool = True

    @property
    def end(self) -> bytes:
        """The client's text that ends a session."""
        return _typed(self.asks_end)

    @property
    def drop(self) -> bytes | None:
        """The client's text that drops what is still to come."""
        return None if self.drops is None else _typed(self.drops)

    def is_end_asked(self, text: bytes) -> bool:
        """Whether a client's text asks for the end."""
        return self.asks_end.encode() in text and type_of(text) == self.asks_end

    def is_end(self, text: bytes) -> bool:
        """Whether a server's text is its last one."""
        return self.says_end.encode() in text and type_of(text) == self.says_end


def _typed(kind: str) -> bytes:
    return json.dumps({"type": kind}, separators=(",", ":")).encode()


def message(text: bytes) -> dict[str, Any] | None:
    """Return a text's JSON object; None where it holds anything else."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def type_of(text: bytes) -> str | None:
    """Return the `type` of a message."""
    value = message(text)
    found = value.get("type") if value is not None else None
    return found if isinstance(found, str) else None
