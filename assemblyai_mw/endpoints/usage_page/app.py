"""UsagePage: the WSGI app of the usage page."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from importlib.resources import files
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from ...call import enter
from ...errors import StoreError
from ...http.private import PrivateReplies
from ...secret import Secret
from ...store.columns import moment
from ...store.export import CALL_COLUMNS, csv_lines, group_columns, json_rows
from ...store.lazy import ledger_of, resolve
from ...store.reader import Reader
from ...store.usage_filter import UsageFilter
from ..sight import MaySeeUsage
from .access import Access, HostFailed, NotKnown, Sight, password_digest
from .calls import call_page, calls_page, page_of
from .health import health_page
from .keys import keys_of, keys_page, rows_of, team_page
from .layout import Frame, document
from .markup import a, el, panel
from .overview import overview_page
from .view import BadQuery, View

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from ...middleware.auth import KeySource
    from ...store import Database, Ledger

logger = logging.getLogger("assemblyai_mw.usage_page")

Headers = list[tuple[str, str]]
_POLICY: Headers = [
    (
        "Content-Security-Policy",
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
        "frame-ancestors 'none'; base-uri 'none'",
    ),
    ("Referrer-Policy", "no-referrer"),
]
_HTML, _JSON = "text/html; charset=utf-8", "application/json; charset=utf-8"
_CSV, _CSS = "text/csv; charset=utf-8", "text/css; charset=utf-8"
_PHRASES = {
    200: "OK",
    303: "See Other",
    400: "Bad Request",
    401: "Unauthorized",
    404: "Not Found",
    405: "Method Not Allowed",
    503: "Service Unavailable",
}
_LOGIN = ("WWW-Authenticate", 'Basic realm="AssemblyAI usage", charset="UTF-8"')


@dataclass(frozen=True, slots=True)
class _Reply:
    body: str
    kind: str = _HTML
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()


class _Refused(Exception):
    def __init__(self, status: int, title: str, text: str, *headers: tuple[str, str]) -> None:
        super().__init__(text)
        self.status = status
        self.title = title
        self.headers = headers


class UsagePage:
    """The usage page as a WSGI app: mount it anywhere, or name `usage_path` in a configuration.

        application = DispatcherMiddleware(app, {"/usage": UsagePage(database, keys=keys)})

    Pages below it: `/`, `/calls`, `/calls/ID`, `/keys`, `/teams/NAME`, `/health`; the same rows for
    programs in `/overview.json`, `/overview.csv`, and so on of `/calls` and `/keys`. The query has
    all of a page's state: `period` (`today`, `7d`, `30d`, `month`, `last-month`, `YYYY-MM`) or
    `from` and `until` (days), `team`, `key`, `model`, `region`, `tag`, `end_user`, `state`, `by`,
    and `limit` up to 200.

    Answers GET and HEAD in HTML without scripts, and nothing from elsewhere is loaded; 400 for a
    wrong query, 401 without a key, 404 also for what the reader may not see, 405, and 503 if the
    ledger cannot be read.

    Args:
        database: A `Database`, its URL, or the `Ledger` to read.
        keys: Where the password is looked up: a virtual key's holder sees its team, else itself.
        master_key: The password that sees everything; None for none.
        may_see_usage: The host's own login, asked first: gets the environ, without body and
            Authorization, and returns "all", `{"teams": [...]}`, `{"keys": [...]}` or both, or
            None, and then a key is asked for. True is "all", False is None.
        soft_ratio: Share of a budget that warns, if neither key nor team sets one.
        command: How the command line is called, for commands to copy.
        prefix: Path of AssemblyAI's API from the host's root on, for a first call.
        newest_price: When the newest price of the book is from.
    """

    def __init__(
        self,
        database: Ledger | Database | str,
        *,
        keys: KeySource,
        master_key: str | Secret | None = None,
        may_see_usage: MaySeeUsage | None = None,
        soft_ratio: float | None = None,
        command: Sequence[str] = ("assemblyai-mw",),
        prefix: str | None = "/assemblyai",
        newest_price: datetime | None = None,
    ) -> None:
        self._ledger = ledger_of(database)
        self._access = Access(keys, master_key, may_see_usage)
        self._private = PrivateReplies("Authorization", *(["Cookie"] if may_see_usage else []))
        self._soft_ratio = soft_ratio
        self._command = tuple(command)
        self._prefix = prefix
        self._newest_price = newest_price
        self._files = {
            f"/{name}": _Reply(files(__package__).joinpath(name).read_text("utf-8"), kind)
            for name, kind in (("style.css", _CSS), ("icon.svg", "image/svg+xml"))
        }

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        _, environ = enter(environ)
        start_response = self._private(start_response)
        # From here on no frame holds the key itself: tracebacks show local variables.
        digest = password_digest(environ.pop("HTTP_AUTHORIZATION", ""))
        path = _text(environ.get("PATH_INFO", "")) or "/"
        frame = Frame(base=_base(environ), now=moment(0), origin=_origin(environ))
        try:
            reply = self._reply(environ, frame, path, digest)
        except BadQuery as error:
            title = f"The parameter {error.parameter[:80]} is wrong"
            reply = _error(frame, path, 400, title, str(error))
        except _Refused as error:
            reply = _error(frame, path, error.status, error.title, str(error), *error.headers)
        except StoreError as error:
            logger.error("the ledger cannot be read: %s", error)
            text = "Try again in a moment. The server's log says why."
            reply = _error(frame, path, 503, "The ledger cannot be read", text)
        body = reply.body.encode("utf-8", "replace")
        start_response(
            f"{reply.status} {_PHRASES[reply.status]}",
            [
                ("Content-Type", reply.kind),
                ("Content-Length", str(len(body))),
                *_POLICY,
                *reply.headers,
            ],
        )
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]

    def _reply(
        self, environ: WSGIEnvironment, frame: Frame, path: str, digest: bytes | None
    ) -> _Reply:
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            text = "This page only shows; it takes GET and HEAD."
            raise _Refused(405, "Method not allowed", text, ("Allow", "GET, HEAD"))
        if path in self._files:
            return self._files[path]
        sight = self._sight(environ, digest)
        ledger = resolve(self._ledger)
        reader = Reader(ledger.database, sight.scope, soft_ratio=self._soft_ratio)
        frame = replace(
            frame,
            now=moment(ledger.database.now),
            sees=sight.label,
            teams=reader.team_names(),
            command=self._command,
            prefix=self._prefix and _host_root(environ, frame.base) + self._prefix,
            may_manage=sight.scope is None,
        )
        shown = _Shown(frame, reader, ledger, self._newest_price)
        page = shown.find(path)
        if page is None:
            raise _nothing()
        view = View.of(environ.get("QUERY_STRING", ""), frame.now)
        if view.sent:
            at = frame.link(quote(path), view.query())
            return _Reply("", status=303, headers=(("Location", at),))
        reply = page(view)
        if reply is None:
            raise _nothing()
        return reply

    def _sight(self, environ: WSGIEnvironment, digest: bytes | None) -> Sight:
        try:
            return self._access.of(environ, digest)
        except NotKnown:
            text = (
                "Log in with any user name, and a key as the password: the master key sees "
                "everything, a virtual key its team, or without one itself."
            )
            raise _Refused(401, "Whose usage?", text, _LOGIN) from None
        except HostFailed:
            text = "This site's login could not be asked. Try again; its log says why."
            raise _Refused(503, "It is not known who you are", text) from None


class _Shown:
    """All pages, for one reader."""

    def __init__(
        self, frame: Frame, reader: Reader, ledger: Ledger, newest_price: datetime | None
    ) -> None:
        self._frame = frame
        self._reader = reader
        self._ledger = ledger
        self._newest_price = newest_price

    def find(self, path: str) -> Callable[[View], _Reply | None] | None:
        """Return the page at *path*; None if there is none."""
        first, _, rest = path[1:].partition("/")
        if first == "teams" and rest:
            return lambda view: self._team(view, rest)
        if first == "calls" and rest:
            is_id = rest.isascii() and rest.isdigit() and len(rest) < 19
            return (lambda view: self._call(view, int(rest))) if is_id else None
        return {
            "/": self._overview,
            "/calls": self._calls,
            "/keys": self._keys,
            "/health": self._health,
            "/overview.json": lambda view: self._sums(view, _JSON),
            "/overview.csv": lambda view: self._sums(view, _CSV),
            "/calls.json": lambda view: self._call_rows(view, _JSON),
            "/calls.csv": lambda view: self._call_rows(view, _CSV),
            "/keys.json": lambda view: self._key_rows(view, _JSON),
            "/keys.csv": lambda view: self._key_rows(view, _CSV),
        }.get(path)

    def _which(self, view: View, **more: str) -> UsageFilter:
        filters: dict[str, Any] = {**view.filters, **more}
        return UsageFilter(since=view.since, until=view.until, scope=self._reader.scope, **filters)

    def _overview(self, view: View) -> _Reply:
        which = self._which(view)
        return _Reply(overview_page(self._frame, view, self._reader, self._ledger, which))

    def _calls(self, view: View) -> _Reply:
        return _Reply(calls_page(self._frame, view, self._ledger, self._which(view)))

    def _call(self, view: View, id: int) -> _Reply | None:
        call = self._reader.call(id)
        return None if call is None else _Reply(call_page(self._frame, view, call))

    def _keys(self, view: View) -> _Reply:
        return _Reply(keys_page(self._frame, view, self._reader))

    def _team(self, view: View, team: str) -> _Reply | None:
        which = self._which(view, team=team)
        page = team_page(self._frame, view, self._reader, self._ledger, which, team)
        return None if page is None else _Reply(page)

    def _health(self, view: View) -> _Reply:
        from ...store.health import health

        found = health(
            self._ledger.database, self._reader.scope, lost_after_s=self._ledger.lost_after_s
        )
        return _Reply(health_page(self._frame, view, found, self._newest_price))

    def _sums(self, view: View, kind: str) -> _Reply:
        rows = self._ledger.usage(view.by, self._which(view))
        return _rows(kind, group_columns((view.by,)), rows)

    def _call_rows(self, view: View, kind: str) -> _Reply:
        found = page_of(self._ledger, view, self._which(view))
        return _rows(kind, CALL_COLUMNS, found.calls, self._next("/calls", kind, view, found.next))

    def _key_rows(self, view: View, kind: str) -> _Reply:
        found, after = keys_of(self._reader, view)
        rows = rows_of(self._frame, found)
        columns = list(rows[0]) if rows else ["name"]
        return _rows(kind, columns, rows, self._next("/keys", kind, view, after))

    def _next(self, path: str, kind: str, view: View, after: str | None) -> Headers:
        if after is None:
            return []
        ending = "json" if kind == _JSON else "csv"
        at = self._frame.link(f"{path}.{ending}", view.query(after=after))
        return [("Link", f'<{at}>; rel="next"')]


def _rows(
    kind: str,
    columns: Sequence[str],
    rows: Iterable[Mapping[str, Any]],
    headers: Headers | None = None,
) -> _Reply:
    lines: Iterator[str] = json_rows(rows) if kind == _JSON else csv_lines(columns, rows)
    return _Reply("".join(lines), kind, headers=tuple(headers or ()))


def _nothing() -> _Refused:
    return _Refused(404, "Nothing is here", "There is no such page, or it is not yours to see.")


def _error(
    frame: Frame, path: str, status: int, title: str, text: str, *headers: tuple[str, str]
) -> _Reply:
    if path.endswith((".json", ".csv")):
        return _Reply(json.dumps({"error": text}) + "\n", _JSON, status, headers)
    back = None if status == 401 else el("p", a(frame.link("/"), "To the overview"))
    page = document(frame, title, panel(_PHRASES[status], el("p", text), back))
    return _Reply(page, _HTML, status, headers)


def _text(latin: str) -> str:
    # WSGI strings are Latin-1 views of the bytes that came in (PEP 3333).
    return latin.encode("latin-1", "replace").decode("utf-8", "replace")


def _base(environ: WSGIEnvironment) -> str:
    """Return where the page is mounted, as a path that begins with one slash."""
    script = quote(environ.get("SCRIPT_NAME", "").encode("latin-1", "replace"), safe="/~")
    return f"/{script.strip('/')}" if script.strip("/") else ""


def _host_root(environ: WSGIEnvironment, base: str) -> str:
    """Return where the host app is mounted: above the prefix of this page."""
    from ...call import CALL_KEY

    call = environ.get(CALL_KEY)
    return base.removesuffix(call.route.prefix) if call is not None else ""


def _origin(environ: WSGIEnvironment) -> str:
    host = environ.get("HTTP_HOST") or environ.get("SERVER_NAME", "")
    return f"{environ.get('wsgi.url_scheme', 'http')}://{host}"
