"""The ids of a Voice Agent session: those that its client names, and its own."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from ...billing.agents import RESUMES, Id, ids_in_message
from ...call.session_kind import session_kind
from ...call.session_text import client_message, unknown
from ...errors import StoreError
from ...relay import Cut, Watcher
from ...relay.watch import message
from ...store.space import Space
from .ids import PLAIN_ID

if TYPE_CHECKING:
    from ...call import Call, Caller
    from ...store import Ledger

logger = logging.getLogger("assemblyai_mw.isolation")

# The same for another owner's and for one that never was.
_NO_SESSION = Cut(
    1008, "There is no such session, or it cannot be resumed any more.", name="session_not_found"
)
_NO_AGENT = Cut(1008, "There is no such agent.", name="agent_not_found")
_MISPLACED = Cut(3006, "The message names an agent or a session where none is documented.")
_UNKNOWABLE = Cut(3005, "Ownership cannot be checked at the moment; the session is over.")
_UNATTRIBUTED = Cut(3005, "AssemblyAI's session has no id that can be recorded; it is over.")


class SessionIds(Watcher):
    """Keeps a session's client to its own agents and sessions, and records whose the session is.

    A text that names another owner's object ends the session before it goes up. The session's id is
    recorded before its client learns it.
    """

    slow_server = True

    def __init__(self, ledger: Ledger, call: Call, caller: Caller) -> None:
        self._ledger = ledger
        self._call = call
        self._caller = caller
        self._kind = session_kind(call)
        self.slow_client = not caller.master
        # Audio comes all the time, and looking at it must cost next to nothing.
        self._begins = f'"{self._kind.begins}"'.encode()

    def client_waits(self, text: bytes) -> bool:
        """Only ids are looked up."""
        return not self._kind.is_audio(text)

    def server_waits(self, text: bytes) -> bool:
        """Only the session's beginning is recorded."""
        return self._begins in text

    def client_text(self, text: bytes) -> Cut | None:
        """Judge the ids in a client's text."""
        if self._caller.master or self._kind.is_audio(text):
            return None
        value = client_message(text)
        if isinstance(value, Cut):
            return value
        said = value.get("type")
        if said not in self._kind.messages:
            return unknown("whose objects it names could not be checked")
        named = ids_in_message(value)
        if said == RESUMES and not named:
            return _NO_SESSION
        try:
            for each in named:
                cut = self._judged(each)
                if cut is not None:
                    return cut
        except StoreError as error:
            logger.error("ownership cannot be checked: %s", error)
            return _UNKNOWABLE
        return None

    def _judged(self, named: Id) -> Cut | None:
        if not named.is_documented:
            return _MISPLACED
        if isinstance(named.value, str) and PLAIN_ID.fullmatch(named.value):
            owner = self._ledger.object_owner(self._space(named.kind), named.value)
            if owner is not None and owner.belongs_to(self._caller):
                return None
        return _NO_AGENT if named.kind == "agent" else _NO_SESSION

    def server_text(self, text: bytes) -> Cut | None:
        """Record whose a session is that begins."""
        value = message(text) if self._begins in text else None
        if value is None or value.get("type") != self._kind.begins:
            return None
        id = value.get("session_id")
        if not (isinstance(id, str) and PLAIN_ID.fullmatch(id)):
            return _UNATTRIBUTED
        try:
            self._ledger.own(self._space("session"), id, self._caller, call_id=self._call.row)
        except StoreError as error:
            logger.error("a session's owner cannot be recorded: %s", error)
            return _UNKNOWABLE
        return None

    def _space(self, kind: str) -> Space:
        route = self._call.route
        return Space(route.service, route.region, kind)
