"""KeyAuth: identifies the caller by key; unknown callers are refused."""

from __future__ import annotations

import hmac
import logging
import re
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from ...call import MASTER, Call, Caller, enter
from ...errors import BadRequest, ConfigError, RequestRefused, StoreError, error_reply
from ...http.origins import is_protected, listed
from ...http.private import PrivateReplies
from ...secret import Secret
from .identity import Identify, Identity, ask, refuse_other_sites
from .sessions import KeyWatch, TokenAuth, is_token_form, opens_session, token_to_header

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from ...relay import Relay
    from ...store import SessionTokens

logger = logging.getLogger("assemblyai_mw.auth")

Known = TypeVar("Known")

# Longest time for which a worker caches a key look-up.
CACHE_SECONDS = 1.0
CACHE_ENTRIES = 4096
# Gunicorn allows 8,190 bytes a header; our keys have 46. Longer ones are not looked up.
MAX_KEY_CHARS = 512
# The AssemblyAI SDK for JavaScript always sends the field, also for a page that has no key.
_NO_CREDENTIALS = re.compile(r"(?i:[ \t]*(?:bearer)?[ \t]*)")
_CREDENTIALS = re.compile(r"(?i:bearer[ \t]+)?([\x21-\x2b\x2d-\x7e\x80-\xff]+)")


class KeySource(Protocol):
    """The store of keys: `store.Keys`, or any object with these methods.

    With `live(key_ids: set[int]) -> frozenset[int]` too, one question a second tells which keys of
    all open sessions are live; without it, each of those keys is looked up again. With
    `has_end_user_budgets() -> bool` and `end_user_budget(end_user: str) -> int | None` too, the
    budgets of end users bind.
    """

    def find(self, key_hash: bytes) -> Caller | None:
        """Return the caller whose live key has this SHA-256, or None.

        Raises:
            StoreError: It cannot be known now.
        """

    def named(self, name: str, *, team: str | None = None) -> Caller | None:
        """Return the caller whose live key has this name; in *team*, if one is given.

        Asked only where `KeyAuth` has an *identify*.

        Raises:
            StoreError: It cannot be known now.
        """


class KeyAuth:
    """Let requests with a live key through; answer others with 401.

    Takes `Authorization: Bearer sk-...` (any case) and the bare key, as the OpenAI and
    the AssemblyAI SDK send it. A doubled Authorization is refused. On routes that speak
    Anthropic's dialect the key may also come in `X-Api-Key`; two different keys are refused. The
    body is not read before the key is known. Key look-ups are cached for at most 1 s, so a revoked
    key stops working everywhere within that time. If the store is unavailable, the answer is 503.

    A WebSocket handshake may have a token of a session instead, in Authorization or as
    `?token=`, where no key is taken. The token is taken out of the query. It is used up by the
    session that it opens. A session ends within two seconds after its key is revoked or expires.

    With *identify*, the host vouches for requests without a key (no Authorization, or one without
    credentials), such as those of its logged-in users. The callable gets the environ, without the
    body. It returns the name of a key, whose policy, rates and budgets then apply; or a mapping
    (`key`, optionally `team`, `end_user`, `tags`); or a `Caller`; or None for 401. **Users who
    share a key and have no team of their own see each other's transcripts.** Browsers send cookies
    with requests from any page, so such a request must come from the site's own pages, by
    Sec-Fetch-Site or Origin, or from a page of *login_origins*; else it is 403.
    If *identify* raises, the answer is 503.

    Reads the Authorization header, and X-Api-Key where a key may come in it. Writes
    `call.caller`. Passes the environ on without these headers, so that no inner stage and no debug
    page can show a key. Every reply, errors included, depends on the key. It gets
    `Cache-Control: private, no-store` in place of its own cache fields, a `Vary` that names the
    headers with the key (with *identify* also Cookie), and `X-Content-Type-Options: nosniff`.

    Args:
        app: The next WSGI app.
        keys: A `store.Keys`, or a mapping of keys to names or `Caller`s.
        master_key: A key that may see and do everything.
        cache_seconds: Seconds for which a key look-up is cached, at most 1.
        identify: Identifies the caller of a request without Authorization.
        tokens: Tokens that open a streaming session each, instead of a key.
        relay: The forwarder's relay; the sessions of a key end with it.
        login_origins: Further origins whose pages may use the host's login; those of plain http
            are left out, but for this machine's.

    Raises:
        ConfigError: A key in the mapping is empty, *cache_seconds* is out of range, or one of
            *login_origins* is no origin.
    """

    def __init__(
        self,
        app: WSGIApplication,
        *,
        keys: KeySource | Mapping[str, str | Caller],
        master_key: str | Secret | None = None,
        cache_seconds: float = CACHE_SECONDS,
        identify: Identify | None = None,
        tokens: SessionTokens | None = None,
        relay: Relay | None = None,
        login_origins: Iterable[str] = (),
    ) -> None:
        if not 0 <= cache_seconds <= CACHE_SECONDS:
            raise ConfigError(f"cache_seconds: expected 0 to {CACHE_SECONDS:g}")
        self.app = app
        self.keys: KeySource = _MappedKeys(keys) if isinstance(keys, Mapping) else keys
        master = master_key.reveal() if isinstance(master_key, Secret) else master_key
        if master == "":
            raise ConfigError("master_key: expected a key, got an empty string")
        self._master_hash = sha256(master.encode()).digest() if master else None
        self._cache_seconds = cache_seconds
        self._identify = identify
        self._login_origins = frozenset(
            filter(is_protected, listed(login_origins, "login_origins"))
        )
        self._tokens = None if tokens is None else TokenAuth(tokens)
        self._watch = None if relay is None else KeyWatch(self.keys, relay)
        login = ("Cookie",) if identify else ()
        self._private = PrivateReplies("Authorization", *login)
        self._private_by_either = PrivateReplies("Authorization", "X-Api-Key", *login)
        self._cache: OrderedDict[object, tuple[float, Any]] = OrderedDict()
        self._lock = threading.Lock()
        self._store_failing = False

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        call, environ = enter(environ)
        if call.route.dialect == "anthropic":
            start_response = self._private_by_either(start_response)
            api_key_to_header(environ)
        else:
            start_response = self._private(start_response)
        has_key = _NO_CREDENTIALS.fullmatch(environ.get("HTTP_AUTHORIZATION", "")) is None
        if not has_key:
            environ.pop("HTTP_AUTHORIZATION", None)
        in_query = is_token = False
        if call.session is not None:
            in_query = token_to_header(environ)
            is_token = is_token_form(environ.get("HTTP_AUTHORIZATION", ""))
        # From here on no frame holds the key itself: tracebacks show local variables.
        digest = presented_digest(environ.pop("HTTP_AUTHORIZATION", ""))
        tokens = self._tokens if is_token and opens_session(call) else None
        find: Callable[[], Caller | None] | None = None
        try:
            _check_expect(environ)
            if tokens is not None and digest is not None:
                caller = self._by_token(tokens, call, digest)
            elif in_query:
                caller = None
            elif not has_key and self._identify is not None:
                caller, find = self._identified_by_host(self._identify, call, environ)
            elif digest is not None:
                find = partial(self._find, digest)
                caller = find()
            else:
                caller = None
        except RequestRefused as error:
            return call.refused(error)(environ, start_response)
        except StoreError as error:
            if not self._store_failing:
                logger.error("keys cannot be looked up: %s", error)
            self._store_failing = True
            return error_reply(call.route.dialect, 503, "Keys cannot be checked at the moment.")(
                environ, start_response
            )
        if caller is None:
            return _unauthorized(
                call.route.dialect, "Authentication error, API key missing/invalid"
            )(environ, start_response)
        call.caller = caller
        if call.session is None:
            return self.app(environ, start_response)
        if self._watch is not None:
            call.session.append(self._watch.watcher(caller, call.max_session_s, find))
        try:
            return self.app(environ, start_response)
        finally:
            heard = call.relayed and not call.unheard
            if tokens is not None and digest is not None and not heard:
                tokens.give_back(digest)

    def _by_token(self, tokens: TokenAuth, call: Call, digest: bytes) -> Caller | None:
        """Return the caller for whom a token was made, and use it up."""
        taken = tokens.take(call, digest)
        if taken is None:
            return None
        call.max_session_s = taken.max_session_s
        # Who made the token says what it is for, and not who holds it.
        tagged = replace(taken.caller, tags={**taken.caller.tags, **taken.tags})
        return self._with_end_user(tagged, taken.caller.end_user)

    def _find(self, digest: bytes) -> Caller | None:
        """Return the live caller of the key with this SHA-256.

        Look-up and cache use the whole hash, so that no comparison stops at the first wrong byte of
        a key.
        """
        if self._master_hash is not None and hmac.compare_digest(digest, self._master_hash):
            return MASTER
        return self._cached(digest, lambda: self.keys.find(digest))

    def _identified_by_host(
        self, identify: Identify, call: Call, environ: WSGIEnvironment
    ) -> tuple[Caller | None, Callable[[], Caller | None] | None]:
        """Return the caller that the host identifies, or None, and how its key is looked up."""
        identity = ask(identify, environ)
        if identity is None:
            return None, None
        refuse_other_sites(call, environ, self._login_origins)
        if identity.caller is not None:
            call.vouched = True
            return self._with_end_user(identity.caller, identity.caller.end_user), None
        find = partial(self._of, identity)
        return find(), find

    def _of(self, identity: Identity) -> Caller | None:
        name, team = identity.key, identity.team
        caller = self._cached((name, team), lambda: self.keys.named(name, team=team))
        if caller is None:
            logger.warning("identify names the key %r, which is not a live key", name[:80])
            return None
        tags = {**caller.tags, **identity.tags}
        return self._with_end_user(replace(caller, tags=tags), identity.end_user)

    def _with_end_user(self, caller: Caller, end_user: str | None) -> Caller:
        """Return *caller* for the host's *end_user*, bound by that user's budget if there is one.

        Without such budgets it costs one statement a second and process.
        """
        if end_user is None:
            return caller
        caller = replace(caller, end_user=end_user)
        any_budgets: Callable[[], bool] | None = getattr(self.keys, "has_end_user_budgets", None)
        if caller.master or any_budgets is None or not self._cached("end users", any_budgets):
            return caller
        budget_of: Callable[[str], int | None] = self.keys.end_user_budget  # type: ignore[attr-defined]
        found = self._cached(("end user", end_user, ""), lambda: budget_of(end_user))
        return caller if found is None else caller.bound_by(found)

    def _cached(self, name: object, look_up: Callable[[], Known]) -> Known:
        now = time.monotonic()
        known = self._cache.get(name)
        if known is not None and now < known[0]:
            found: Known = known[1]
            return found
        found = look_up()
        self._store_failing = False
        with self._lock:
            self._cache[name] = (now + self._cache_seconds, found)
            self._cache.move_to_end(name)
            if len(self._cache) > CACHE_ENTRIES:
                self._cache.popitem(last=False)
        return found


def _check_expect(environ: WSGIEnvironment) -> None:
    """Refuse `Expect` without content, before any key counts.

    RFC 9110 10.1.1 forbids it. Waitress 3.0.2 then reads the next request on the connection into
    this one's headers, so its sender would call with this one's key.
    """
    if environ.get("HTTP_EXPECT") and not (
        environ.get("CONTENT_LENGTH") or environ.get("HTTP_TRANSFER_ENCODING")
    ):
        raise BadRequest("Expect was sent without content.")


def api_key_to_header(environ: WSGIEnvironment) -> None:
    """Move the key in X-Api-Key, if one is there, to Authorization.

    A key in both is one. Two different ones are joined as servers join a doubled field, so that
    neither counts.
    """
    given = environ.pop("HTTP_X_API_KEY", "")
    if _NO_CREDENTIALS.fullmatch(given) is not None:
        return
    other = environ.get("HTTP_AUTHORIZATION", "")
    if _NO_CREDENTIALS.fullmatch(other) is not None:
        environ["HTTP_AUTHORIZATION"] = given
    elif presented_digest(given) != presented_digest(other):
        environ["HTTP_AUTHORIZATION"] = f"{other},{given}"


def presented_digest(authorization: str) -> bytes | None:
    """Return the SHA-256 of the key in an Authorization value; None unless there is exactly one.

    Servers join a doubled header with a comma, and our keys contain none.
    """
    match = _CREDENTIALS.fullmatch(authorization)
    if match is None or len(match[1]) > MAX_KEY_CHARS:
        return None
    # WSGI strings are Latin-1 views of the bytes that came in (PEP 3333, Unicode issues).
    return sha256(match[1].encode("latin-1", "replace")).digest()


def _unauthorized(dialect: str, message: str) -> WSGIApplication:
    return error_reply(
        dialect,
        401,
        message,
        code="invalid_api_key",
        headers=[("WWW-Authenticate", "Bearer")],
    )


class _MappedKeys:
    """Keys from a mapping; only their hashes are kept."""

    def __init__(self, keys: Mapping[str, str | Caller]) -> None:
        if any(not key for key in keys):
            raise ConfigError("keys: expected non-empty keys")
        self._callers = {
            sha256(key.encode()).digest(): owner
            if isinstance(owner, Caller)
            else Caller(name=str(owner))
            for key, owner in keys.items()
        }

    def find(self, key_hash: bytes) -> Caller | None:
        return self._callers.get(key_hash)

    def named(self, name: str, *, team: str | None = None) -> Caller | None:
        for caller in self._callers.values():
            if caller.name == name:
                return caller if team is None else replace(caller, team=team)
        return None
