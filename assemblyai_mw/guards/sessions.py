"""Guards on streaming sessions: their parameters, and their texts in both directions."""

from __future__ import annotations

import copy
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..billing import decisive
from ..billing.sessions import MESSAGES
from ..call.session_text import client_message
from ..errors import CONTENT_POLICY
from ..http.strict_json import dumps_like
from ..relay import Cut, Watcher
from .protocol import Guardrail
from .verdicts import Refused, encoded, needs_copy, parsed, verdict_of

if TYPE_CHECKING:
    from ..call import Call

# Messages of the server without words of anybody's (streaming-v3.yml; SDK 1.8.2). Others, those of
# tomorrow among them, are judged.
NO_WORDS = frozenset(
    {"Begin", "Error", "Heartbeat", "Silence", "SpeechStarted", "Termination", "Warning"}
)
_UNKNOWN = Cut(1008, "A message of this type is not known here, and guards could not read it.")


class SessionGuards(Watcher):
    """The guards of one session. What they block, or closed ones cannot judge, ends it.

    Args:
        before: Guards of what the client sends.
        after: Guards of what the server sends.
        call: The session's call.
    """

    def __init__(self, before: Sequence[Guardrail], after: Sequence[Guardrail], call: Call) -> None:
        self._before = before
        self._after = after
        self._call = call
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

    def client_text(self, text: bytes) -> bytes | Cut | None:
        """Judge what a client sets, and pass what the guards leave of it."""
        if not self._before:
            return None
        value = client_message(text)
        if isinstance(value, Cut):
            return value
        if value.get("type") not in MESSAGES:
            return _UNKNOWN
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
        fault = decisive.read("session", value).fault("price", "words")
        return changed if fault is None else Cut(3006, f"{fault.reason}.")

    def server_text(self, text: bytes) -> bytes | Cut | None:
        """Judge a text with words; what the guards leave of it takes its place."""
        passed = text
        for guard in self._after:
            # Each gets a copy of its own.
            value = parsed(passed)
            if isinstance(value, dict) and str(value.get("type")) in NO_WORDS:
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
