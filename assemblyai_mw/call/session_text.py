"""The texts of a session's client, read alike by every stage that judges them."""

from __future__ import annotations

from typing import Any

from ..billing import decisive, speech
from ..billing.decisive import Billable
from ..errors import BadRequest
from ..http.lookalikes import folded
from ..http.strict_json import loads
from ..relay import Cut
from .session_kind import SessionKind


def client_message(text: bytes) -> dict[str, Any] | Cut:
    """Return a client's message, or the end of its session: two readers must see the same.

    AssemblyAI answers what is no JSON object with 3006. A `Type` beside the `type` would be another
    message to a reader that ignores letter case.
    """
    try:
        value = loads(text)
    except BadRequest as error:
        return Cut(3006, error.message)
    if not isinstance(value, dict):
        return Cut(3006, "The message is not a JSON object.")
    if "type" in value and any(folded(name) == "type" for name in value if name != "type"):
        return Cut(3006, "The message names its type twice.")
    return value


def words_in(text: bytes, reason: str) -> str | Cut | None:
    """Return the words that a client of speech synthesis sends; None for a text without any.

    Args:
        text: The client's text.
        reason: As for `update_in`, which refuses alike.
    """
    value = client_message(text)
    if isinstance(value, Cut):
        return value
    kind = value.get("type")
    if kind not in speech.MESSAGES:
        return unknown(reason)
    fault = decisive.read_words(value).fault("price")
    return speech.spoken(value) if fault is None else Cut(3006, f"{fault.reason}.")


def update_in(text: bytes, reason: str, kind: SessionKind) -> Billable | Cut | None:
    """Return the options that a client's text sets; None for a text that sets none.

    For keys whose rights or budget depend on it: a message that no documentation of ours knows, or
    that could be read in two ways, ends the session.

    Args:
        text: The client's text.
        reason: Why a message that is not known is refused: `this key has a budget`.
        kind: The session's.
    """
    if kind.is_audio(text):
        return None
    value = client_message(text)
    if isinstance(value, Cut):
        return value
    said = value.get("type")
    if said not in kind.messages:
        return unknown(reason)
    if said != kind.updates:
        return None
    found = decisive.read(kind.kind, value)
    fault = found.fault("price", "hold")
    return found if fault is None else Cut(3006, f"{fault.reason}.")


def unknown(reason: str) -> Cut:
    """Return the end of a session whose client sent a message that is not known here."""
    return Cut(1008, f"A message of this type is not known here, and {reason}.")
