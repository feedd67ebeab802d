"""FeaturePolicyGuard: AssemblyAI's own features, forced or forbidden for a key or a team."""

from __future__ import annotations

import copy
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from ..billing.features import features_of
from ..billing.sessions import PARAMETERS, session_asked, used_features
from ..http.lookalikes import MAX_FOLDED_CHARS, folded
from .protocol import Block

if TYPE_CHECKING:
    from ..call import Call


class FeaturePolicyGuard:
    """Force parameters into transcript submits, and refuse features.

        FeaturePolicyGuard(
            force={"redact_pii": True, "redact_pii_policies": ["person_name", "email_address"]},
            forbid=["sentiment_analysis"],
            teams=["support"],
        )

    Forced values replace the caller's, in any spelling of the member's name. The ledger, the budget
    and the key's own rules see the forced values, and the key pays for them. Forbidden features are
    refused in submits, in speech understanding, and in streaming sessions and their updates, by
    their names in the ledger (`domain.medical-v1`, `speech_understanding.translation`).

    Values are forced into POST /v2/transcript, and into the parameters of streaming sessions. A
    session for which a parameter is forced that sessions do not have is refused. The synchronous
    API has no such parameters: remove its routes from the key.

    Args:
        force: Members of the submit's JSON.
        force_sessions: Parameters of sessions; None for those of *force*.
        forbid: Names of features.
        keys, teams: Keys and teams that the guard applies to; None for both means all. The master
            key is bound only if it is named, as `master`.
        name: For refusals and logs.

    Raises:
        ValueError: Nothing is forced or forbidden, or a feature is both.
    """

    kinds = frozenset({"transcript", "understanding", "session"})

    def __init__(
        self,
        *,
        force: Mapping[str, Any] | None = None,
        force_sessions: Mapping[str, Any] | None = None,
        forbid: Collection[str] = (),
        keys: Collection[str] | None = None,
        teams: Collection[str] | None = None,
        name: str = "feature_policy",
    ) -> None:
        if isinstance(forbid, str) or isinstance(keys, str) or isinstance(teams, str):
            raise ValueError("forbid, keys, teams: expected lists")
        self.force = dict(force or {})
        self.force_sessions = dict(self.force if force_sessions is None else force_sessions)
        self.forbid = frozenset(forbid)
        if not self.force and not self.force_sessions and not self.forbid:
            raise ValueError("force, force_sessions, forbid: expected one of them")
        both = (features_of(self.force) | _session_features(self.force_sessions)) & self.forbid
        if both:
            raise ValueError(f"force, forbid: {', '.join(sorted(both))} is in both")
        missing = set(force_sessions or ()) - PARAMETERS.keys()
        if missing:
            raise ValueError(f"force_sessions: {', '.join(sorted(missing))}: no such parameter")
        self.keys = None if keys is None else frozenset(keys)
        self.teams = None if teams is None else frozenset(teams)
        self.name = name

    def before(self, call: Call, body: dict[str, Any]) -> dict[str, Any] | Block | None:
        """Refuse forbidden features, and put forced values into a submit or a session."""
        if not self._binds(call):
            return None
        in_session = call.kind == "session"
        read = _session_features if in_session else features_of
        lower = {name[:MAX_FOLDED_CHARS].casefold(): value for name, value in body.items()}
        for feature in sorted((read(body) | read(lower)) & self.forbid):
            return Block(f"{feature} may not be used")
        force = self.force
        if in_session:
            force = self.force_sessions
            missing = sorted(force.keys() - PARAMETERS.keys())
            if missing:
                return Block(f"{missing[0]} is forced, and sessions do not have it")
            if call.upstream != "unsent":
                # An update sets what it names.
                set_now = {folded(name) for name in body}
                force = {name: item for name, item in force.items() if folded(name) in set_now}
        if call.kind not in ("transcript", "session") or not force:
            return None
        names = {folded(name) for name in force}
        kept = {name: value for name, value in body.items() if folded(name) not in names}
        forced = {**kept, **copy.deepcopy(force)}
        return None if forced == body else forced

    def _binds(self, call: Call) -> bool:
        caller = call.caller
        if caller is None:
            return True
        if self.keys is None and self.teams is None:
            return not caller.master
        return caller.name in (self.keys or ()) or caller.team in (self.teams or ())


def _session_features(parameters: Mapping[str, Any]) -> frozenset[str]:
    return used_features(session_asked(parameters))
