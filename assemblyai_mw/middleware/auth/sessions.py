"""Who opens a streaming session: by a token of its own, and for as long as its key is live."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import unquote_plus

from ...billing.operations import read
from ...call import Call, Caller
from ...errors import StoreError
from ...http.query import set_query
from ...relay import Cut, End, OpenSession, Relay, Watcher

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

    from ...store import SessionTokens
    from ...store.session_tokens import TakenToken

logger = logging.getLogger("assemblyai_mw.auth")

TOKEN_PREFIX = "st-"
# A revoked key's sessions end within two of these.
CHECK_S = 1.0
_REVOKED = Cut(1008, "The key of this session is not valid any more.")


def opens_session(call: Call) -> bool:
    """Whether a handshake is on a path where sessions are relayed: tokens are taken there alone."""
    operation = read(call.route.service, call.method, call.path).operation
    return operation is not None and operation.session is not None


def is_token_form(authorization: str) -> bool:
    """Whether an Authorization value may hold a token of ours."""
    return authorization.strip().rpartition(" ")[2].startswith(TOKEN_PREFIX)


def token_to_header(environ: WSGIEnvironment) -> bool:
    """Move `token` from a handshake's query into Authorization; return whether it was there.

    Every stage within, and every log of theirs, sees the query without it. What cannot be one
    token of ours counts as invalid credentials: a key is never taken from a query, which access
    logs print.
    """
    query = environ.get("QUERY_STRING", "")
    parts = query.split("&")
    given = [part for part in parts if unquote_plus(part.partition("=")[0]) == "token"]
    if not given:
        return False
    set_query(environ, "&".join(part for part in parts if part not in given))
    value = unquote_plus(given[0].partition("=")[2])
    ours = len(given) == 1 and value.startswith(TOKEN_PREFIX)
    both = "HTTP_AUTHORIZATION" in environ
    environ["HTTP_AUTHORIZATION"] = value if ours and not both else ""
    return True


class TokenAuth:
    """Takes tokens, and gives those back whose handshake came to nothing.

    Both SDKs try a handshake again that failed; a token is used up by the session that it opened.
    """

    def __init__(self, tokens: SessionTokens) -> None:
        self._tokens = tokens

    def take(self, call: Call, digest: bytes) -> TakenToken | None:
        """Use the token with this SHA-256 up; None if it opens nothing here. Raises StoreError."""
        return self._tokens.take(digest, service=call.route.service, region=call.route.region)

    def give_back(self, digest: bytes) -> None:
        """Let a token be used again."""
        try:
            self._tokens.give_back(digest)
        except StoreError as error:
            logger.error("a token could not be given back: %s", error)


class KeyWatch:
    """Ends the sessions of keys that are revoked or expired, by one look for all of a process.

    A store of another kind, which has no `live`, is asked for each of them again.
    """

    def __init__(self, keys: object, relay: Relay) -> None:
        self._keys = keys
        self._open: set[SessionKey] = set()
        relay.every(CHECK_S, self._check)

    def watcher(
        self, caller: Caller, max_session_s: int | None, find: Callable[[], Caller | None] | None
    ) -> SessionKey:
        """Return the watcher of a caller's session; *find* looks its key up again."""
        return SessionKey(self, caller.key_id, max_session_s, find)

    def began(self, session: SessionKey) -> None:
        """Look after a session."""
        self._open.add(session)

    def ended(self, session: SessionKey) -> None:
        """Look after it no more."""
        self._open.discard(session)

    def _check(self) -> None:
        under_way = self._open.copy()
        if not under_way:
            return
        find: Callable[[set[int]], frozenset[int]] | None = getattr(self._keys, "live", None)
        try:
            if find is not None:
                live = find({s.key_id for s in under_way if s.key_id is not None})
                dead = [s for s in under_way if s.key_id is not None and s.key_id not in live]
            else:
                dead = [s for s in under_way if s.find is not None and s.find() is None]
        except StoreError:
            # The ledger's own watchers end the sessions if it stays away.
            return
        for session in dead:
            session.cut(_REVOKED)


class SessionKey(Watcher):
    """Ends one session with its key, or when its token's time is over."""

    def __init__(
        self,
        keys: KeyWatch,
        key_id: int | None,
        max_session_s: int | None,
        find: Callable[[], Caller | None] | None,
    ) -> None:
        self.key_id = key_id
        self.find = find
        self._keys = keys
        self._max_s = max_session_s

    def began(self, session: OpenSession) -> None:
        """Set the longest time, and look after the key."""
        super().began(session)
        if self._max_s is not None:
            text = f"The session has lasted the {self._max_s} seconds of its token."
            session.end_after(self._max_s, Cut(3008, text, drain=True), by=self)
        self._keys.began(self)

    def ended(self, end: End) -> None:
        """Look after the key no more."""
        self._keys.ended(self)
