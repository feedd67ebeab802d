"""FeaturePolicyGuard: AssemblyAI's own features, forced or forbidden for a key or a team."""

from __future__ import annotations

import copy
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from ..billing.features import features_of
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
    refused in submits and in speech understanding, by their names in the ledger
    (`domain.medical-v1`, `speech_understanding.translation`). Only POST /v2/transcript can be
    forced: the synchronous and streaming APIs have no such body. Remove those routes from the key.

    Args:
        force: Members of the submit's JSON.
        forbid: Names of features.
        keys, teams: Keys and teams that the guard applies to; None for both means all. The master
            key is bound only if it is named, as `master`.
        name: For refusals and logs.

    Raises:
        ValueError: Nothing is forced or forbidden, or a feature is both.
    """

    kinds = frozenset({"transcript", "understanding"})

    def __init__(
        self,
        *,
        force: Mapping[str, Any] | None = None,
        forbid: Collection[str] = (),
        keys: Collection[str] | None = None,
        teams: Collection[str] | None = None,
        name: str = "feature_policy",
    ) -> None:
        if isinstance(forbid, str) or isinstance(keys, str) or isinstance(teams, str):
            raise ValueError("forbid, keys, teams: expected lists")
        self.force = dict(force or {})
        self.forbid = frozenset(forbid)
        if not self.force and not self.forbid:
            raise ValueError("force, forbid: expected one of them")
        both = features_of(self.force) & self.forbid
        if both:
            raise ValueError(f"force, forbid: {', '.join(sorted(both))} is in both")
        self.keys = None if keys is None else frozenset(keys)
        self.teams = None if teams is None else frozenset(teams)
        self.name = name

    def before(self, call: Call, body: dict[str, Any]) -> dict[str, Any] | Block | None:
        """Refuse forbidden features, and put forced values into a submit."""
        if not self._binds(call):
            return None
        lower = {name[:MAX_FOLDED_CHARS].casefold(): value for name, value in body.items()}
        asked = features_of(body) | features_of(lower)
        for feature in sorted(asked & self.forbid):
            return Block(f"{feature} may not be used")
        if call.kind != "transcript" or not self.force:
            return None
        names = {folded(name) for name in self.force}
        kept = {name: value for name, value in body.items() if folded(name) not in names}
        forced = {**kept, **copy.deepcopy(self.force)}
        return None if forced == body else forced

    def _binds(self, call: Call) -> bool:
        caller = call.caller
        if caller is None:
            return True
        if self.keys is None and self.teams is None:
            return not caller.master
        return caller.name in (self.keys or ()) or caller.team in (self.teams or ())
