"""Isolation: callers reach only their own ids. AssemblyAI answers for any id in the account."""

from __future__ import annotations

import io
import logging
import re
from collections.abc import Collection, Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from ...billing.operations import (
    LIST,
    OBJECT_SERVICES,
    OWNED_SERVICES,
    SESSION_SERVICES,
    TRANSCRIPT_SERVICES,
    UPLOAD,
    Operation,
    Reading,
)
from ...call import Call, Caller, enter, json_of, read_body
from ...call.billable import (
    MAX_JSON_BYTES,
    check_encoding,
    check_method,
    not_found,
    reading_of,
    undescribed,
)
from ...errors import BadRequest, RequestRefused, StoreError, error_reply
from ...http.messages import content_length, is_chunked
from ...http.wsgi import Reply
from ...store.lazy import ledger_of
from ...store.owner_cache import Ownership
from ...transport.crossing import OVERRIDES
from .decoding import Effort
from .document import MAX_IDS, named_in
from .ids import (
    PLAIN_ID,
    both_cases,
    fully_decoded,
    ids_in_bytes,
    ids_like,
    is_plain,
    upload_key,
)
from .lists import CURSOR, ListQuery, reply_of
from .objects import Objects
from .own_rows import OwnRows
from .replies import NoList, base_url, json_in, json_reply, listed, through_here, unreadable, whole
from .uploads import audio_of, counted
from .walk import page_of

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from ...store import Database, Ledger

logger = logging.getLogger("assemblyai_mw.isolation")


# Headers that may override the request line at a server.
_OVERRIDES = tuple(f"HTTP_{name.upper().replace('-', '_')}" for name in OVERRIDES)
_NOT_FOR_LISTS = (
    "HTTP_TRANSFER_ENCODING",
    "HTTP_IF_NONE_MATCH",
    "HTTP_IF_MODIFIED_SINCE",
    "HTTP_RANGE",
    "RAW_URI",
    "REQUEST_URI",
)


class Isolation:
    """Keep each owner's transcripts, uploads and lists from all other callers.

    A transcript belongs to the team of the key that made it, or to the key if it has no team. For
    other callers each route with its id answers as for an id that does not exist: 404, with the
    same body and without asking AssemblyAI. This covers ids in paths and queries, also in unknown
    spellings and on unknown paths; ids in bodies (`transcript_id`, `transcript_ids`, at any depth;
    on unknown paths any word that is another owner's id); and the URLs of uploads. Lists hold the
    caller's rows, in full pages, with links that lead through this app: the only change to native
    replies. Only the master key reaches ids made outside the app.

    Voice agents, their sessions and webhook subscriptions have owners likewise. In a session, the
    ids that its client names are checked, and the session's own id is recorded before the client
    learns it.

    The stage counts an upload's bytes and reads the first 64 KiB as they pass. If they tell the
    length of the audio, it is stored with the owner.

    Reads `call.caller`, and every body except uploads for the hosts that know transcripts. Writes
    `call.owner`, `call.audio`. Answers itself: 401 without a caller, 404, AssemblyAI's own 403 for
    another owner's upload, 405 for changes to all transcripts at once, 400, 413 and 415 for a body
    that cannot be read, 503 if the ledger is unavailable.

    Args:
        app: The next WSGI app.
        ledger: A `Ledger`, a `Database` or its URL.
        max_json_bytes: Largest request that is read.
        owners: Cache of owners, shared with `CostLogger` if both are used.
    """

    def __init__(
        self,
        app: WSGIApplication,
        *,
        ledger: Ledger | Database | str,
        max_json_bytes: int = MAX_JSON_BYTES,
        owners: Ownership | None = None,
    ) -> None:
        self.app = app
        self.ledger = ledger_of(ledger)
        self.max_json_bytes = max_json_bytes
        self._owners = owners or Ownership(self.ledger)
        self._objects = Objects(
            app, ledger=self.ledger, ask=self._ask, max_json_bytes=max_json_bytes
        )

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        call, environ = enter(environ)
        caller = call.caller
        if caller is None:
            return error_reply(call.route.dialect, 401, "No key was checked for this call.")(
                environ, start_response
            )
        try:
            return self._guarded(call, caller, environ, start_response)
        except RequestRefused as error:
            return call.refused(error)(environ, start_response)
        except StoreError as error:
            logger.error("ownership cannot be checked: %s", error)
            return error_reply(
                call.route.dialect, 503, "Ownership cannot be checked at the moment."
            )(environ, start_response)

    def _guarded(
        self,
        call: Call,
        caller: Caller,
        environ: WSGIEnvironment,
        start_response: StartResponse,
    ) -> Iterable[bytes]:
        reading = reading_of(call, environ)
        operation = reading.operation
        if not caller.master:
            _refuse_unowned(call, reading)
            if not environ.keys().isdisjoint(_OVERRIDES):
                for key in _OVERRIDES:
                    environ.pop(key, None)
            if call.route.service in OBJECT_SERVICES:
                self._objects.check(call, caller, reading, environ)
            else:
                self._check_target(call, caller, reading, environ)
                if operation is not UPLOAD:
                    self._check_body(call, caller, operation, environ)
        check_method(call, reading)
        if call.route.service in OBJECT_SERVICES:
            return self._objects.answer(call, caller, reading, environ, start_response)
        if operation is UPLOAD:
            return self._upload(call, caller, environ, start_response)
        if operation is LIST:
            body = self._list(call, caller, environ, start_response)
            return body if call.method == "GET" else [b""]
        return self.app(environ, start_response)

    # Ids in paths and queries

    def _check_target(
        self, call: Call, caller: Caller, reading: Reading, environ: WSGIEnvironment
    ) -> None:
        """Raise 404 if the path or the query names another owner's transcript."""
        query = environ.get("QUERY_STRING", "")
        on_api = call.route.service == "api"
        if reading.transcript_id is not None:
            if not self._is_theirs(call, caller, reading.transcript_id, keep=True):
                raise not_found()
            if query:
                self._refuse_others(call, caller, ids_like(fully_decoded(query)))
            return
        path = fully_decoded(call.path)
        if on_api and not reading.allow:
            if _resembles_transcripts(path):
                raise not_found()
            if re.match("/+lemur/", path.lower()) and call.method != "POST":
                # The owners of LeMUR requests were not recorded; the service has ended.
                raise not_found()
        found = ids_like(f"{path} {fully_decoded(query)}" if query else path)
        if not on_api:
            self._refuse_others(call, caller, found)
        elif len(found) > MAX_IDS or not all(self._is_theirs(call, caller, id) for id in found):
            raise not_found()

    def _is_theirs(
        self, call: Call, caller: Caller, transcript_id: str, *, keep: bool = False
    ) -> bool:
        owner = self._owners.find(call.route.region, transcript_id)
        if keep:
            call.owner = owner
        return owner is not None and owner.belongs_to(caller)

    def _refuse_others(self, call: Call, caller: Caller, found: Collection[str]) -> None:
        """Raise 404 if one of *found* is another owner's transcript."""
        if not found:
            return
        if len(found) > MAX_IDS:
            raise RequestRefused("Too many identifiers in the request.", status=413)
        region = call.route.region
        # A host without a zone may ask the API of either.
        for zone in ("us", "eu") if region == "global" else (region,):
            owners = self.ledger.owners(zone, both_cases(found))
            if not all(owner.belongs_to(caller) for owner in owners.values()):
                raise not_found()

    # Ids and uploads in bodies

    def _check_body(
        self, call: Call, caller: Caller, operation: Operation | None, environ: WSGIEnvironment
    ) -> None:
        if not content_length(environ) and not is_chunked(environ):
            return
        known = operation is not None and operation.ids
        says_json = known or "json" in environ.get("CONTENT_TYPE", "").lower()
        if not (says_json or call.route.service in TRANSCRIPT_SERVICES):
            return
        check_encoding(environ)
        raw = read_body(call, environ, max_bytes=self.max_json_bytes)
        # A reader may go by the bytes rather than by the Content-Type.
        if says_json or raw.lstrip(b" \t\r\n\xef\xbb\xbf")[:1] in (b"{", b"["):
            if raw:
                self._check_json(call, caller, json_of(call), known)
        else:
            self._refuse_others(call, caller, ids_in_bytes(raw, MAX_IDS))

    def _check_json(self, call: Call, caller: Caller, body: object, known: bool) -> None:
        effort = Effort()
        named = named_in(body, effort, words=not known)
        if len(named.ids) > MAX_IDS:
            raise not_found()
        for transcript_id in named.ids:
            if not (
                isinstance(transcript_id, str)
                and PLAIN_ID.fullmatch(transcript_id)
                and self._is_theirs(call, caller, transcript_id)
            ):
                raise not_found()
        billed = body.get("audio_url") if isinstance(body, dict) else None
        if len(named.urls) > MAX_IDS:
            raise BadRequest("The body names too many files.")
        for url in named.urls:
            key, ours = upload_key(url, effort)
            owner = self.ledger.upload_owner(call.route.region, key)
            if (owner is None and ours) or (owner is not None and not owner.belongs_to(caller)):
                # AssemblyAI's own words for an upload of another account (openapi.yml, 403).
                raise RequestRefused("Cannot access uploaded file", status=403)
            if owner is not None and owner.audio is not None and url == billed:
                call.audio = owner.audio if is_plain(url, key) else owner.audio.told()
        self._refuse_others(call, caller, named.words)

    def _upload(
        self,
        call: Call,
        caller: Caller,
        environ: WSGIEnvironment,
        start_response: StartResponse,
    ) -> Iterable[bytes]:
        """Record the owner of a new upload before the client learns its URL."""
        environ["HTTP_ACCEPT_ENCODING"] = "identity"
        sent = counted(environ)
        reply = Reply(self.app, environ)
        if reply.status_code != 200:
            reply.start(start_response)
            return reply
        body = whole(reply)
        value = json_in(body, reply)
        url = value.get("upload_url") if isinstance(value, dict) else None
        if isinstance(url, str):
            audio = audio_of(sent, environ)
            self.ledger.own_upload(call.route.region, upload_key(url)[0], caller, audio)
        reply.start(start_response)
        return [body]

    # Lists

    def _list(
        self,
        call: Call,
        caller: Caller,
        environ: WSGIEnvironment,
        start_response: StartResponse,
    ) -> Iterable[bytes]:
        base = base_url(environ)
        query_string = environ.get("QUERY_STRING", "")
        try:
            if caller.master:
                value = listed(self._ask(call, environ, query_string))
                return json_reply(through_here(value, base), start_response)
            query = ListQuery.parse(query_string)
            for cursor in (query.before_id, query.after_id):
                if cursor is not None and not (
                    PLAIN_ID.fullmatch(cursor) and self._is_theirs(call, caller, cursor)
                ):
                    raise not_found()
            own = OwnRows(self.ledger, call.route.region, caller, query)
            page = page_of(query, partial(self._page, call, environ), own)
        except NoList as refused:
            return refused.answer(start_response)
        return json_reply(reply_of(page, query, base), start_response)

    def _page(
        self, call: Call, environ: WSGIEnvironment, query_string: str
    ) -> Mapping[str, Any] | None:
        """Return a page of the account's list, None where its cursor is not listed."""
        try:
            value = listed(self._ask(call, environ, query_string))
        except NoList as refused:
            if refused.status in (400, 404) and CURSOR.search(query_string):
                return None
            raise
        finally:
            call.inner = True
        if not isinstance(value.get("transcripts"), list):
            raise unreadable()
        return value

    def _ask(
        self, call: Call, environ: WSGIEnvironment, query: str, path: str | None = None
    ) -> Reply:
        """Ask AssemblyAI on the caller's behalf: for another query, or for another path too."""
        call.upstream_reads += 1
        inner = {
            **environ,
            "PATH_INFO": environ.get("PATH_INFO", "") if path is None else path,
            "REQUEST_METHOD": "GET",
            "QUERY_STRING": query,
            "CONTENT_LENGTH": "",
            "wsgi.input": io.BytesIO(),
            "HTTP_ACCEPT_ENCODING": "identity",
        }
        for key in _NOT_FOR_LISTS:
            inner.pop(key, None)
        call.target = None
        return Reply(self.app, inner)


def _refuse_unowned(call: Call, reading: Reading) -> None:
    """Raise 403 if the owner or the cost of a request is unknown here."""
    service = call.route.service
    if service not in OWNED_SERVICES:
        raise RequestRefused(
            "Ownership on this host is not known here; only the master key may use it.",
            status=403,
            code="forbidden",
        )
    known = reading.allow if service in OBJECT_SERVICES else reading.operation
    if not known and service in SESSION_SERVICES:
        raise undescribed("it may open a session that is not metered")


def _resembles_transcripts(path: str) -> bool:
    """Whether *path*, fully_decoded, could be read as a transcript's by a laxer reader."""
    loose = re.sub(r"[/\\]+", "/", re.sub(r";[^/]*", "", path.casefold()))
    # A dot segment or a non-letter could hide the word in between.
    return "/transcript" in loose or "transcript" in re.sub("[^a-z]", "", loose)
