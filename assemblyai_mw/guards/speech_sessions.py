"""Guards on sessions of speech synthesis: the words that a client sends, before they go up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..billing.speech import ENDS_REQUEST, GENERATE
from ..call.session_text import client_message, words_in
from ..http.strict_json import dumps_like
from ..relay import Cut, Watcher
from .protocol import Guardrail
from .sessions import cut_of, judged_by
from .verdicts import Refused, blocked

if TYPE_CHECKING:
    from ..call import Call

# Of a request's words, so much is judged again with those that follow, at least and at most: a
# finding may begin in one message and end in a later one.
LEAST_CHARS, MOST_CHARS = 2_000, 4_000
_SPANS = "a finding begins in words that were sent before"


class SpeechGuards(Watcher):
    """The guards of one session. What they block, or closed ones cannot judge, ends it.

    The messages of a request are spoken as one text, so each is judged with the words before it.
    What a guard changes in the new words goes up in their place. Where it would change words that
    are up already, the session ends, and the new ones do not go up.

    Args:
        guards: Guards of requests of speech synthesis, in their order.
        call: The session's call.
    """

    slow_client = True

    def __init__(self, guards: Sequence[Guardrail], call: Call) -> None:
        self._guards = tuple(guards)
        self._call = call
        self._told: set[tuple[str, ...]] = set()
        # The words of this request that have gone up.
        self._sent = ""

    def judged(self, parameters: dict[str, Any]) -> dict[str, Any]:
        """Return a handshake's parameters as the guards leave them; *parameters* if they do.

        Raises:
            Refused: A guard blocks them, or failed and is closed.
        """
        for guard in self._guards:
            parameters = judged_by(guard, parameters, self._call, self._told)
        return parameters

    def client_text(self, text: bytes) -> bytes | Cut | None:
        """Judge words, and pass what the guards leave of them."""
        words = words_in(text, "guards could not read it")
        if isinstance(words, Cut):
            return words
        if words is None:
            value = client_message(text)
            if isinstance(value, dict) and value.get("type") in ENDS_REQUEST:
                self._sent = ""
            return None
        left = words
        try:
            for guard in self._guards:
                left = self._left(guard, left)
        except Refused as error:
            return cut_of(error)
        self._sent = _tail(self._sent + left)
        return None if left == words else dumps_like({"type": GENERATE, "text": left}, text)

    def _left(self, guard: Guardrail, words: str) -> str:
        """Return what a guard leaves of *words*.

        Raises:
            Refused: It blocks them, or failed and is closed.
        """
        value = {"type": GENERATE, "text": self._sent + words}
        judged = judged_by(guard, value, self._call, self._told).get("text")
        if isinstance(judged, str) and judged.startswith(self._sent):
            return judged[len(self._sent) :]
        blocked(guard, "before", self._call, _SPANS, self._told)
        return words


def _tail(words: str) -> str:
    """Return the end of *words*, from a blank on where there is one."""
    if len(words) <= MOST_CHARS:
        return words
    tail = words[-LEAST_CHARS:]
    blank = next((at for at, letter in enumerate(tail) if letter.isspace()), 0)
    return tail[blank:]
