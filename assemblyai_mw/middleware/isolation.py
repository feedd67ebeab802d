"""Isolation: is this id theirs? AssemblyAI answers for any id in the account; this does not."""

from __future__ import annotations

import io
import json
import logging
import re
from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from ..call import Call, Caller, enter, json_of, read_body
from ..decoding import decode
from ..errors import BadRequest, RequestRefused, StoreError, UpstreamError, error_reply
from ..listing import ListQuery, reply_of, rewritten, walk
from ..ownership import Ownership
from ..store import Database, Ledger
from ..wsgi import Reply

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

logger = logging.getLogger("assemblyai_mw.isolation")

MAX_JSON_BYTES = 16 * 1024 * 1024
MAX_LIST_BYTES = 4 * 1024 * 1024

# Only this spelling of an id is looked up, and the very same string is sent.
_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")
_TRANSCRIPT = re.compile(r"/v2/transcript/([A-Za-z0-9_-]{1,128})(/[a-z]+(?:-[a-z]+)*)?")
# What could be an id where nobody knows the path: long, with a digit in it.
_LIKE_AN_ID = re.compile(r"(?=[^0-9]*[0-9])[A-Za-z0-9_-]{16,}")
_ID_MEMBERS = ("transcript_id", "transcript_ids")
_WRITES = frozenset({"POST", "PUT", "PATCH"})
_NO_BODY_KEYS = (
    "HTTP_TRANSFER_ENCODING",
    "HTTP_IF_NONE_MATCH",
    "HTTP_IF_MODIFIED_SINCE",
    "HTTP_RANGE",
    "RAW_URI",
    "REQUEST_URI",
)


class Isolation:
    """Keep one owner's transcripts, uploads and lists from everyone else.

    A transcript belongs to the team of the key that made it, or to the key where it has no
    team. For anyone else each route with its id answers like an id that never was: 404,
    the same body, and AssemblyAI is not asked. That holds for ids in paths, also in
    spellings and on paths that nobody knows, for ids in JSON bodies (`transcript_id`,
    `transcript_ids`, at any depth), and for the URLs of uploads. Lists hold the caller's
    rows, in full pages, with links that lead through this app: the one change to native
    replies. Ids made outside the app are the master key's alone.

    Reads `call.caller`. Answers by itself: 401 without a caller, 404, AssemblyAI's own 403
    for someone else's upload, 503 where the ledger cannot say whose an id is.

    Args:
        app: The next WSGI app.
        ledger: A `Ledger`, or what `Ledger` takes.
        max_json_bytes: Largest JSON request that is read.
    """

    def __init__(
        self,
        app: WSGIApplication,
        *,
        ledger: Ledger | Database | str,
        max_json_bytes: int = MAX_JSON_BYTES,
    ) -> None:
        self.app = app
        self.ledger = ledger if isinstance(ledger, Ledger) else Ledger(ledger)
        self.max_json_bytes = max_json_bytes
        self._owners = Ownership(self.ledger)

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
            return error.reply(call.route.dialect)(environ, start_response)
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
        path, service = call.path, call.route.service
        if service == "api":
            if path == "/v2/transcript" and call.method == "GET":
                return self._list(call, caller, environ, start_response)
            if path == "/v2/upload" and call.method == "POST":
                return self._upload(call, caller, environ, start_response)
        if not caller.master:
            self._check_path(call, caller, environ)
            if call.method in _WRITES:
                self._check_body(call, caller, environ)
        return self.app(environ, start_response)

    # Ids in paths

    def _check_path(self, call: Call, caller: Caller, environ: WSGIEnvironment) -> None:
        path = call.path
        if call.route.service == "api":
            match = _TRANSCRIPT.fullmatch(path)
            if match is not None:
                if not self._is_theirs(call, caller, match[1]):
                    raise _not_found()
                return
            if path == "/v2/transcript":
                return
            if _resembles_transcripts(path):
                raise _not_found()
            if path.lower().startswith("/lemur/v3/") and call.method not in _WRITES:
                # Nobody kept whose LeMUR requests are whose; the service has ended.
                raise _not_found()
        words = {*path.split("/"), *re.split("[&=]", environ.get("QUERY_STRING", ""))}
        for word in words:
            plain = unquote(word)
            if (
                _LIKE_AN_ID.fullmatch(plain)
                and not self._is_theirs(call, caller, plain)
                and (call.route.service == "api" or self._is_someones(call, plain))
            ):
                raise _not_found()

    def _is_theirs(self, call: Call, caller: Caller, transcript_id: str) -> bool:
        owner = self._owners.find(call.route.region, transcript_id)
        return owner is not None and owner.belongs_to(caller)

    def _is_someones(self, call: Call, transcript_id: str) -> bool:
        return self._owners.find(call.route.region, transcript_id) is not None

    # Ids and uploads in bodies

    def _check_body(self, call: Call, caller: Caller, environ: WSGIEnvironment) -> None:
        known = call.path in ("/v2/transcript", "/v1/chat/completions", "/v1/understanding")
        if not known and "json" not in environ.get("CONTENT_TYPE", "").lower():
            # Audio, mostly. What is no JSON names no transcript that we know of.
            return
        if environ.get("HTTP_CONTENT_ENCODING", "identity").lower() != "identity":
            raise RequestRefused("A compressed body cannot be read here.", status=415)
        read_body(call, environ, max_bytes=self.max_json_bytes)
        if not call.body and not known:
            return
        body = json_of(call)
        for transcript_id in ids_in(body):
            if not (
                isinstance(transcript_id, str)
                and _ID.fullmatch(transcript_id)
                and self._is_theirs(call, caller, transcript_id)
            ):
                raise _not_found()
        if call.path == "/v2/transcript" and isinstance(body, dict):
            self._check_upload(call, caller, body.get("audio_url"))

    def _check_upload(self, call: Call, caller: Caller, url: object) -> None:
        if not isinstance(url, str):
            return
        key, ours = upload_key(url)
        owner = self.ledger.upload_owner(call.route.region, key)
        if (owner is None and ours) or (owner is not None and not owner.belongs_to(caller)):
            # AssemblyAI's own words for an upload of another account (openapi.yml, 403).
            raise RequestRefused("Cannot access uploaded file", status=403)

    def _upload(
        self,
        call: Call,
        caller: Caller,
        environ: WSGIEnvironment,
        start_response: StartResponse,
    ) -> Iterable[bytes]:
        """Note whose the new upload is before its URL is told."""
        environ["HTTP_ACCEPT_ENCODING"] = "identity"
        reply = Reply(self.app, environ)
        if reply.status_code != 200:
            reply.start(start_response)
            return reply
        try:
            body = self._whole(reply)
        except UpstreamError as error:
            return error_reply(call.route.dialect, error.status, "AssemblyAI's reply broke off.")(
                environ, start_response
            )
        value = _json(body, reply)
        url = value.get("upload_url") if isinstance(value, dict) else None
        if isinstance(url, str):
            self.ledger.own_upload(call.route.region, upload_key(url)[0], caller)
        reply.start(start_response)
        return [body]

    def _whole(self, reply: Reply) -> bytes:
        try:
            blocks = []
            size = 0
            for block in reply:
                blocks.append(block)
                size += len(block)
                if size > MAX_LIST_BYTES:
                    raise UpstreamError("the reply is too large")
            return b"".join(blocks)
        finally:
            reply.close()

    # Lists

    def _list(
        self,
        call: Call,
        caller: Caller,
        environ: WSGIEnvironment,
        start_response: StartResponse,
    ) -> Iterable[bytes]:
        region = call.route.region
        base = base_url(environ)
        if caller.master:
            try:
                value = self._listed(self._ask(environ, environ.get("QUERY_STRING", "")))
            except _Refused as refused:
                return refused.answer(start_response)
            details, items = value.get("page_details"), value.get("transcripts")
            if isinstance(details, dict):
                value["page_details"] = rewritten(details, base)
            if isinstance(items, list):
                value["transcripts"] = [
                    rewritten(item, base) if isinstance(item, dict) else item for item in items
                ]
            return _json_reply(value, start_response)
        query = ListQuery.parse(environ.get("QUERY_STRING", ""))
        for cursor in (query.before_id, query.after_id):
            if cursor is not None and not (
                _ID.fullmatch(cursor) and self._is_theirs(call, caller, cursor)
            ):
                raise _not_found()

        def fetch(query_string: str) -> dict[str, Any]:
            value = self._listed(self._ask(environ, query_string))
            call.inner = True
            return value

        def own(ids: Sequence[str]) -> Collection[str]:
            owners = self.ledger.owners(region, ids)
            return [id for id, owner in owners.items() if owner.belongs_to(caller)]

        try:
            page = walk(query, fetch, own)
        except _Refused as refused:
            return refused.answer(start_response)
        return _json_reply(reply_of(page, query, base), start_response)

    def _ask(self, environ: WSGIEnvironment, query: str) -> Reply:
        inner = {
            **environ,
            "QUERY_STRING": query,
            "CONTENT_LENGTH": "",
            "wsgi.input": io.BytesIO(),
            "HTTP_ACCEPT_ENCODING": "identity",
        }
        for key in _NO_BODY_KEYS:
            inner.pop(key, None)
        return Reply(self.app, inner)

    def _listed(self, reply: Reply) -> dict[str, Any]:
        """Return the account's list, or raise with the reply that is none."""
        body = b""
        try:
            body = self._whole(reply)
            value = _json(body, reply)
        except UpstreamError as error:
            raise RequestRefused("AssemblyAI's reply broke off.", status=error.status) from error
        if reply.status_code != 200 or not isinstance(value, dict):
            raise _Refused(reply, body)
        return value


class _Refused(Exception):
    """AssemblyAI answered a list with something else; the caller gets that."""

    def __init__(self, reply: Reply, body: bytes) -> None:
        super().__init__(reply.status)
        self._reply = reply
        self._body = body

    def answer(self, start_response: StartResponse) -> Iterable[bytes]:
        self._reply.start(start_response)
        return [self._body]


def ids_in(body: object) -> Iterable[object]:
    """Yield what stands under `transcript_id` and `transcript_ids`, at any depth.

    A JSON schema may name a property like that; what describes one is no id.
    """
    if isinstance(body, dict):
        for name, value in body.items():
            if name in _ID_MEMBERS and not isinstance(value, dict) and value is not None:
                yield from value if isinstance(value, list) else (value,)
            else:
                yield from ids_in(value)
    elif isinstance(body, list):
        for value in body:
            yield from ids_in(value)


def upload_key(url: str) -> tuple[str, bool]:
    """Return what an upload's URL is remembered by, and whether it is AssemblyAI's at all.

    Query, fragment, letter case of the host and %-spelling do not make another file.
    """
    try:
        parts = urlsplit(url.strip())
        host = (parts.hostname or "").rstrip(".").lower()
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        raise BadRequest("audio_url is not a URL.") from None
    ours = host == "assemblyai.com" or host.endswith(".assemblyai.com")
    path = re.sub("/{2,}", "/", unquote(parts.path))
    return f"{host}{port}{path}", ours


def base_url(environ: WSGIEnvironment) -> str:
    """Return this app's own address of the route, as the client reached it (PEP 3333)."""
    host = environ.get("HTTP_HOST", "")
    if not re.fullmatch(r"[A-Za-z0-9.-]+(:[0-9]{1,5})?|\[[0-9a-fA-F:.]+\](:[0-9]{1,5})?", host):
        host = f"{environ['SERVER_NAME']}:{environ['SERVER_PORT']}"
    return f"{environ['wsgi.url_scheme']}://{host}{environ.get('SCRIPT_NAME', '')}"


def _resembles_transcripts(path: str) -> bool:
    """Whether *path* could be read as a transcript's by someone less strict."""
    loose = unquote(unquote(path)).lower()
    loose = re.sub(r"[/\\]+", "/", re.sub(r";[^/]*", "", loose))
    return "/transcript" in loose


def _not_found() -> RequestRefused:
    # AssemblyAI's own body (openapi.yml, components/responses/NotFound).
    return RequestRefused("Not found", status=404, code="not_found")


def _json(body: bytes, reply: Reply) -> Any:
    decoded = decode(body, reply.header("content-encoding"), max_bytes=MAX_LIST_BYTES)
    try:
        return json.loads(decoded or b"")
    except (ValueError, RecursionError):
        return None


def _json_reply(value: object, start_response: StartResponse) -> Iterable[bytes]:
    body = json.dumps(value).encode()
    start_response(
        "200 OK",
        [
            ("Content-Type", "application/json"),
            ("Content-Length", str(len(body))),
            ("Cache-Control", "private, no-store"),
        ],
    )
    return [body]
