"""Who may see what: the host's own login, else HTTP Basic with a key as the password."""

from __future__ import annotations

import base64
import binascii
import hmac
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

from ...errors import raised_at
from ...http.wsgi import without_body
from ...middleware.auth.stage import presented_digest
from ...secret import Secret
from ...store.usage_filter import Scope
from ..sight import MaySeeUsage, Seen

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

    from ...middleware.auth import KeySource

logger = logging.getLogger("assemblyai_mw.usage_page")

_MEMBERS = frozenset({"teams", "keys"})


class NotKnown(Exception):
    """Nobody says who asks, or the key is no live one."""


class HostFailed(Exception):
    """The host's own function failed."""


@dataclass(frozen=True, slots=True)
class Sight:
    """What a reader may see.

    Attributes:
        scope: The condition of every query; None is everything.
        label: What the page calls it.
    """

    scope: Scope | None
    label: str


EVERYTHING = Sight(None, "all teams and keys")


class Access:
    """Finds out what the sender of a request may see.

    Args:
        keys: Where virtual keys are looked up.
        master_key: A password that sees everything; None for none.
        may_see_usage: Asked first: returns "all", `{"teams": [...]}`, `{"keys": [...]}`, or None,
            and then a key is asked for. True is "all", and False is None.
    """

    def __init__(
        self,
        keys: KeySource,
        master_key: str | Secret | None,
        may_see_usage: MaySeeUsage | None,
    ) -> None:
        master = master_key.reveal() if isinstance(master_key, Secret) else master_key
        self._keys = keys
        self._master_hash = sha256(master.encode()).digest() if master else None
        self._may_see_usage = may_see_usage

    def of(self, environ: WSGIEnvironment, digest: bytes | None) -> Sight:
        """Return what the sender may see; *digest* is that of its password.

        Raises:
            NotKnown: Nothing.
            HostFailed: `may_see_usage` raised, or returned something else. It is logged.
            StoreError: Keys cannot be looked up.
        """
        if self._may_see_usage is not None:
            sight = _ask(self._may_see_usage, environ)
            if sight is not None:
                return sight
        if digest is None:
            raise NotKnown
        # As KeyAuth compares: by the whole hash.
        if self._master_hash is not None and hmac.compare_digest(digest, self._master_hash):
            return EVERYTHING
        caller = self._keys.find(digest)
        if caller is None:
            raise NotKnown
        if caller.team is not None:
            return Sight(Scope(teams=(caller.team,)), f"team {caller.team}")
        key = caller.name if caller.key_id is None else caller.key_id
        return Sight(Scope(keys=(key,)), f"key {caller.name}")


def password_digest(authorization: str) -> bytes | None:
    """Return the SHA-256 of the password of a Basic Authorization (RFC 7617); None without one."""
    scheme, _, given = authorization.strip().partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        pair = base64.b64decode(given.strip(), validate=True).decode("latin-1")
    except (ValueError, binascii.Error):
        return None
    _, colon, password = pair.partition(":")
    return presented_digest(f"Bearer {password}") if colon else None


def _ask(may_see_usage: MaySeeUsage, environ: WSGIEnvironment) -> Sight | None:
    try:
        return _read(may_see_usage(without_body(environ)))
    except Exception as error:
        logger.error("may_see_usage failed: %s at %s", type(error).__name__, raised_at(error))
        raise HostFailed from None


def _read(answer: Seen) -> Sight | None:
    if answer is None or answer is False:
        return None
    if answer == "all" or answer is True:
        return EVERYTHING
    if not isinstance(answer, Mapping) or not answer or not answer.keys() <= _MEMBERS:
        raise TypeError('expected "all", {"teams": [...]}, {"keys": [...]} or None')
    names = {kind: answer.get(kind, ()) for kind in ("teams", "keys")}
    for kind, values in names.items():
        if isinstance(values, str) or not all(isinstance(each, str) for each in values):
            raise TypeError(f"{kind}: expected a list of names")
    scope = Scope(teams=tuple(names["teams"]), keys=tuple(names["keys"]))
    said = [
        f"{kind if len(values) > 1 else kind[:-1]} {', '.join(map(str, values))}"
        for kind, values in (("teams", scope.teams), ("keys", scope.keys))
        if values
    ]
    return Sight(scope, " and ".join(map(str, said)) or "nothing")
