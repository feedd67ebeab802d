"""Guards on streaming sessions: their parameters, and their texts in both directions."""

from __future__ import annotations

import copy
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..billing import decisive
from ..call.session_kind import SessionKind
from ..call.session_text import client_message, unknown
from ..errors import CONTENT_POLICY
from ..http.strict_json import dumps_like
from ..relay import Cut, Watcher
from .protocol import Guardrail
from .verdicts import Refused, encoded, needs_copy, parsed, verdict_of

if TYPE_CHECKING:
    from ..call import Call

_UNREADABLE = "guards could not read it"


class SessionGuards(Watcher):
    """The guards of one session. What they block, or closed ones cannot judge, ends it.

    Args:
        before: Guards of what the client sends.
        after: Guards of what the server sends.
        call: The session's call.
        kind: How the session speaks.
    """

    def __init__(
        self,
        before: Sequence[Guardrail],
        after: Sequence[Guardrail],
        call: Call,
        kind: SessionKind,
    ) -> None:
        self._before = before
        self._after = after
        self._call = call
        self._kind = kind
        # A guard may wait; and one action a guard is told, not one a text.
        self.slow_client = bool(before)
        self.slow_server = bool(after)
        self._told: set[tuple[str, ...]] = set()

    def judged(self, value: dict[str, Any]) -> dict[str, Any]:
        """Return parameters, or a client's message, as the guards leave them; *value* if they do.

        Raises:
            Refused: A guard blocks it, or failed and is closed.
        """
        for guard in self._before:
            value = judged_by(guard, value, self._call, self._told)
        return value

    def client_waits(self, text: bytes) -> bool:
        """Audio holds no words."""
        return not self._kind.is_audio(text)

    def server_waits(self, text: bytes) -> bool:
        """Neither does a reply's audio."""
        return not self._kind.is_speech(text)

    def client_text(self, text: bytes) -> bytes | Cut | None:
        """Judge what a client sets, and pass what the guards leave of it."""
        if not self._before or self._kind.is_audio(text):
            return None
        value = client_message(text)
        if isinstance(value, Cut):
            return value
        if value.get("type") not in self._kind.messages:
            return unknown(_UNREADABLE)
        if len(value) == 1:
            return None
        try:
            judged = self.judged(value)
        except Refused as error:
            return cut_of(error)
        changed = None
        if judged is not value:
            changed = dumps_like(judged, text)
            value = client_message(changed)
            if isinstance(value, Cut):
                return value
        fault = decisive.read(self._kind.kind, value).fault("price", "words")
        return changed if fault is None else Cut(3006, f"{fault.reason}.")

    def server_text(self, text: bytes) -> bytes | Cut | None:
        """Judge a text with words; what the guards leave of it takes its place."""
        if self._kind.is_speech(text):
            return None
        passed = text
        for guard in self._after:
            # Each gets a copy of its own.
            value = parsed(passed)
            if isinstance(value, dict) and str(value.get("type")) in self._kind.no_words:
                break
            try:
                verdict = verdict_of(
                    guard,
                    "after",
                    self._call,
                    guard.guard.after,
                    self._call,
                    value,
                    told=self._told,
                )
            except Refused as error:
                return cut_of(error)
            if verdict is not None:
                passed = encoded(verdict)
        return None if passed is text else passed


def judged_by(
    guard: Guardrail, value: dict[str, Any], call: Call, told: set[tuple[str, ...]]
) -> dict[str, Any]:
    """Return what a session's client sets or says as a guard leaves it; *value* if it does.

    Raises:
        Refused: The guard blocks it, or failed and is closed.
    """
    given = copy.deepcopy(value) if needs_copy(guard.guard) else value
    verdict = verdict_of(guard, "before", call, guard.guard.before, call, given, told=told)
    return value if verdict is None else dict(json.loads(json.dumps(verdict)))


def cut_of(error: Refused) -> Cut:
    """Return the end of a session: for its content, or for a guard that could not judge it."""
    return Cut(1008 if error.code == CONTENT_POLICY else 3005, error.message)
