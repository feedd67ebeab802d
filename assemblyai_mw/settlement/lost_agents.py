"""Voice Agent sessions whose process died: AssemblyAI is asked how long they lasted."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from ..billing.agents import RESUMED, stored_outcome
from ..billing.sessions import SESSION_ID
from ..billing.usage import Outcome
from ..errors import UpstreamError
from ..store.space import Space
from .rest_api import Accounts, refusal

if TYPE_CHECKING:
    from ..store import Due, LastSeen, Ledger

# For how long, and how often, AssemblyAI is asked before a session is estimated.
TELL_WITHIN_S, TELL_AGAIN_S = 600.0, 30.0
# By how much its answer may pass the time since the session began: clocks differ.
TOLD_SLACK_MS = 2000
_LATER = Outcome("pending", reason="AssemblyAI does not tell its length yet")


class AgentLengths:
    """Asks for the lengths of lost sessions.

    Args:
        accounts: The accounts of the hosts.
        ledger: Which entry each session was last opened by.
        clock: Unix seconds.
        say: Logs a line, by its level.
    """

    def __init__(
        self,
        accounts: Accounts,
        ledger: Ledger,
        *,
        clock: Callable[[], float],
        say: Callable[[int, str], None],
    ) -> None:
        self._accounts = accounts
        self._ledger = ledger
        self._clock = clock
        self._say = say

    def told(self, due: Due, seen: LastSeen, *, is_last: bool) -> Outcome | None:
        """Return what AssemblyAI tells of a lost session; pending while it may yet tell.

        None where it tells nothing: of streaming sessions, and of a Voice Agent's that is unknown
        there, or that went on in another call, since it tells one length for both.

        Args:
            due: The open call.
            seen: When its session was last seen.
            is_last: It is not asked again.
        """
        session_id = due.features.get(SESSION_ID)
        if not isinstance(session_id, str) or due.features.get(RESUMED):
            return None
        account = self._accounts.of_agents(due.region, due.route)
        space = Space(due.service, due.region, "session")
        owner = self._ledger.object_owner(space, session_id)
        if account is None or owner is None or owner.row != due.row:
            return None
        now = datetime.fromtimestamp(self._clock(), UTC)
        waits = not is_last and now < seen.lost_at + timedelta(seconds=TELL_WITHIN_S)
        try:
            answer = account.agent_session(session_id)
        except UpstreamError as error:
            self._say(logging.WARNING, f"AssemblyAI cannot be asked about a session: {error}")
            return _LATER if waits else None
        if answer.status == 404:
            return None
        if answer.status != 200 or answer.value is None:
            self._say(logging.WARNING, str(refusal(answer)))
            return _LATER if waits else None
        outcome = stored_outcome(answer.value, due.features, due.region)
        if outcome.state == "pending":
            return _LATER if waits else None
        most_ms = (now - due.at).total_seconds() * 1000 + TOLD_SLACK_MS
        usage = outcome.usage
        if usage is None or usage.session_ms is None or usage.session_ms > most_ms:
            return None
        return outcome
