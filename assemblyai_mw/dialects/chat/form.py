"""What a request asks of its reply's form and the gateway has no setting for: done here.

- `stop`: the text ends before the first of the strings (OpenAI's API reference: "The
  returned text will not contain the stop sequence").
- `parallel_tool_calls: false`: at most one tool call.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ReplyForm:
    """The form that a reply gets here.

    Attributes:
        stop: Texts end before the first of these; none is empty.
        one_call: Only a choice's first tool call is passed on.
        names_stop: A choice that was cut says by which stop, in `stop_sequence`: OpenAI's form
            has no such member.
    """

    stop: tuple[str, ...] = ()
    one_call: bool = False
    names_stop: bool = False


AS_IT_COMES = ReplyForm()


def cut(text: str, stop: tuple[str, ...]) -> tuple[str, str] | None:
    """Return *text* up to the stop that begins first, and that stop; None where it holds none."""
    found = _first(text, stop)
    return None if found is None else (text[: found[0]], found[1])


class StopCutter:
    """Cut a text that comes in pieces: the result is that of `cut` on the whole text.

    Only text that may be the beginning of a stop is held back.

    Attributes:
        hit: The stop that was found, else None; what follows it gives nothing.
    """

    __slots__ = ("_held", "_longest", "_stop", "hit")

    def __init__(self, stop: tuple[str, ...]) -> None:
        self._stop = stop
        self._longest = max(map(len, stop))
        self._held = ""
        self.hit: str | None = None

    def feed(self, text: str) -> str:
        """Return the text that is free by now."""
        if self.hit is not None:
            return ""
        self._held += text
        found = _first(self._held, self._stop)
        open_at = self._open()
        # A stop that begins earlier than the one found may still be completed.
        if found is not None and found[0] <= open_at:
            return self._ended(*found)
        free, self._held = self._held[:open_at], self._held[open_at:]
        return free

    def end(self) -> str:
        """Return the held text once the text is over."""
        found = _first(self._held, self._stop)
        if found is not None:
            return self._ended(*found)
        free, self._held = self._held, ""
        return free

    def _open(self) -> int:
        """Return where the earliest stop begins that more text could complete, else the end."""
        size = len(self._held)
        for at in range(max(0, size - self._longest + 1), size):
            tail = self._held[at:]
            if any(len(tail) < len(stop) and stop.startswith(tail) for stop in self._stop):
                return at
        return size

    def _ended(self, at: int, stop: str) -> str:
        free, self._held = self._held[:at], ""
        self.hit = stop
        return free


def _first(text: str, stop: tuple[str, ...]) -> tuple[int, str] | None:
    """Return where the first stop begins, and which it is: of several there, the first to end."""
    found = [(at, len(each), each) for each in stop if (at := text.find(each)) >= 0]
    if not found:
        return None
    at, _, each = min(found)
    return at, each
