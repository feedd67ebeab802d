"""What the loop's members and the loop need of each other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from ..transport.at_once import AtOnce
from .ends import Wire
from .watch import Cut, End, Watcher


class Member(Protocol):
    """What the loop runs."""

    @property
    def ends(self) -> tuple[Wire, ...]:
        """Its connections."""

    def on_event(self, wire: Wire, readable: bool, writable: bool) -> None:
        """Act on what a socket can do now."""

    def on_alarm(self, now: float) -> None:
        """Do what is due."""

    def cut(self, cut: Cut) -> None:
        """End; from any thread."""

    def fail(self) -> None:
        """End at once, after a fault of ours."""


class Watched(Member, Protocol):
    """A member whose watchers hear of its end."""

    watchers: tuple[Watcher, ...]


class Hub(Protocol):
    """What a member needs of the loop that runs it."""

    now: float
    at_once: AtOnce

    def call(self, job: Callable[[], object], member: Member | None = None) -> None:
        """Run *job* in the loop's thread; if it fails, *member* does."""

    def watch(self, fd: int, before: int, after: int) -> None:
        """Change what is waited for."""

    def alarm(self, member: Member, moment: float) -> None:
        """Call `on_alarm` at *moment*."""

    def beside(self, session: Watched, job: Callable[[], object]) -> None:
        """Run *job* on a thread that may wait; a direction of a session has one at a time."""

    def over(self, session: Watched, end: End) -> None:
        """The upstream's part is over: the watchers hear of it."""

    def forget(self, member: Member) -> None:
        """All ends are closed."""

    def say(self, level: int, line: str) -> None:
        """Log a line."""
