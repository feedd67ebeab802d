"""One owner's lists of Voice Agents' objects, by the ledger's ids.

AssemblyAI lists everything in the account. Shapes, of its reference pages and public clients, read
2026-11-25: agents are one array of `{id, name, ...}`; sessions are `{"sessions", "has_more",
"response_metadata": {"next_cursor"}}`, newest first, by `limit`, `cursor`, `status` and `agent_id`;
subscriptions are `{"subscriptions", "has_more", ...}`, by `limit` and `cursor`.

AssemblyAI's cursors could tell one owner of another's sessions, so they are not passed on: a cursor
here is the id of the caller's own last object. A page takes one read of the account's list, and one
more for each object that is not on it, at most `MAX_READS`; what it does not reach is on the next.
Where others have made the account's list too large to be read, all own objects are read so.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from ...billing.operations import LIST_AGENTS, Operation
from ...call import Call, Caller
from ...call.billable import not_found
from ...errors import BadRequest, RequestRefused
from ...http.wsgi import Reply
from ...store.space import Space
from .ids import PLAIN_ID
from .lists import through
from .replies import NoList, TooLarge, base_url, json_in, unreadable, whole

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

    from ...store import Ledger

Item = Mapping[str, Any]

# Requests that one page may take.
MAX_READS = 20
# Most of a page (list-sessions, list-webhook-subscriptions), its default, and AssemblyAI's most.
_SIZES = {"session": (200, 50, "200"), "webhook-subscription": (100, 20, "100")}
_MEMBER = {"session": "sessions", "webhook-subscription": "subscriptions"}
# What the list shows of an agent.
_AGENT_LISTED = ("id", "name", "created_at", "updated_at")
# What a session's own page shows beyond its line in the list.
_NOT_LISTED = frozenset({"config", "artifacts"})
_AGENTS_HOST = re.compile(r"agents(?:\.[a-z0-9-]+)?\.assemblyai\.com")


class ObjectLists:
    """Answers lists of agents, sessions and subscriptions for a caller that may not see all.

    Args:
        ledger: Where owners are.
        ask: Asks AssemblyAI on a caller's behalf: call, environ, query, path.
    """

    def __init__(self, ledger: Ledger, ask: Callable[..., Reply]) -> None:
        self._ledger = ledger
        self._ask = ask

    def answer(
        self, call: Call, caller: Caller, operation: Operation, environ: WSGIEnvironment
    ) -> Any:
        """Return the list as AssemblyAI would show an account that has the caller's objects alone.

        Raises:
            NoList: AssemblyAI's own refusal.
            RequestRefused: 400 for a wrong parameter, 404 for a cursor of another owner's.
        """
        if operation is LIST_AGENTS:
            return self._agents(call, caller, environ)
        kind = str(operation.object)
        most, usual, _ = _SIZES[kind]
        given = _parameters(environ.get("QUERY_STRING", ""))
        text = given.pop("limit", "") or str(usual)
        if not re.fullmatch("[0-9]{1,4}", text) or not 1 <= int(text) <= most:
            raise BadRequest(f"limit must be a number from 1 to {most}.", param="limit")
        below = given.pop("cursor", "") or None
        space = Space(call.route.service, call.route.region, kind)
        if below is not None:
            found = self._ledger.object_owner(space, below) if PLAIN_ID.fullmatch(below) else None
            if found is None or not found.belongs_to(caller):
                raise not_found()
        page = _Page(self, call, environ, kind, given)
        items, last, more = page.fill(space, caller, int(text), below)
        value = {_MEMBER[kind]: items, "has_more": more}
        value["response_metadata"] = {"next_cursor": last if more and last else ""}
        led: dict[str, Any] = self.through_here(value, base_url(environ))
        return led

    def _agents(self, call: Call, caller: Caller, environ: WSGIEnvironment) -> list[Item]:
        space = Space(call.route.service, call.route.region, "agent")
        try:
            listed = self.read(call, environ, environ.get("QUERY_STRING", ""))
        except TooLarge:
            return self._each_agent(call, caller, environ, space)
        if not isinstance(listed, list):
            # The rows of another shape cannot be assigned to owners.
            raise unreadable()
        agents = [each for each in listed if isinstance(each, dict)]
        ids = [each["id"] for each in agents if isinstance(each.get("id"), str)]
        owners = self._ledger.object_owners(space, ids)
        mine = {id for id, owner in owners.items() if owner.belongs_to(caller)}
        return [each for each in agents if each.get("id") in mine]

    def _each_agent(
        self, call: Call, caller: Caller, environ: WSGIEnvironment, space: Space
    ) -> list[Item]:
        """Return the caller's agents by a read of each. Raises TooLarge where they are too many."""
        ids = self._ledger.own_objects(space, caller, limit=MAX_READS + 1)
        if len(ids) > MAX_READS:
            raise TooLarge
        page = _Page(self, call, environ, "agent", {})
        found = [item for id in ids if (item := page.one(id)) is not None]
        return [{name: item[name] for name in _AGENT_LISTED if name in item} for item in found]

    def read(
        self, call: Call, environ: WSGIEnvironment, query: str, path: str | None = None
    ) -> Any:
        """Return AssemblyAI's JSON. Raises NoList where it answers with another status."""
        try:
            reply = self._ask(call, environ, query, path)
            body = whole(reply)
            if reply.status_code != 200:
                raise NoList(reply, body)
            return json_in(body, reply)
        finally:
            call.inner = True

    @staticmethod
    def through_here(value: Any, base: str) -> Any:
        """Return JSON in which links to AssemblyAI's host lead through *base*; else *value*.

        Clients follow them with their key in hand: past the app they would show it to AssemblyAI.
        Recordings lie elsewhere, and their links stay.
        """
        if isinstance(value, str):
            return through(base, value) if _leads_there(value) else value
        if isinstance(value, list):
            items = [ObjectLists.through_here(each, base) for each in value]
            return value if all(a is b for a, b in zip(items, value, strict=True)) else items
        if isinstance(value, dict):
            members = {name: ObjectLists.through_here(each, base) for name, each in value.items()}
            return value if all(members[name] is each for name, each in value.items()) else members
        return value


class _Page:
    """One page of a list, and the requests that it takes."""

    def __init__(
        self,
        lists: ObjectLists,
        call: Call,
        environ: WSGIEnvironment,
        kind: str,
        filters: dict[str, str],
    ) -> None:
        self._lists = lists
        self._call = call
        self._environ = environ
        self._kind = kind
        self._filters = filters
        self._left = MAX_READS

    def fill(
        self, space: Space, caller: Caller, limit: int, below: str | None
    ) -> tuple[list[Item], str | None, bool]:
        """Return the page's items, the last object looked at, and whether there is more."""
        ids = self._lists._ledger.own_objects(space, caller, limit=limit + 1, below=below)
        items: list[Item] = []
        last: str | None = None
        seen = self._account() if ids else {}
        for id in ids[:limit]:
            item = seen.get(id)
            if item is None:
                if self._left == 0:
                    return items, last, True
                item = self.one(id)
            last = id
            if item is not None and self._matches(item):
                items.append(item)
        return items, last, len(ids) > limit

    def _account(self) -> dict[str, Item]:
        """Return the newest of the account's list, by id."""
        self._left -= 1
        query = urlencode([("limit", _SIZES[self._kind][2]), *self._filters.items()])
        try:
            value = self._lists.read(self._call, self._environ, query)
        except TooLarge:
            return {}
        rows = value.get(_MEMBER[self._kind]) if isinstance(value, dict) else None
        if not isinstance(rows, list):
            raise unreadable()
        return {
            row["id"]: row
            for row in rows
            if isinstance(row, dict) and isinstance(row.get("id"), str)
        }

    def one(self, id: str) -> Item | None:
        """Return one object as the list would show it; None where it is gone."""
        self._left -= 1
        path = f"{self._environ.get('PATH_INFO', '')}/{id}"
        try:
            value = self._lists.read(self._call, self._environ, "", path)
        except NoList as refused:
            if refused.status == 404:
                return None
            raise
        if not isinstance(value, dict) or value.get("id") != id:
            raise unreadable()
        return {name: each for name, each in value.items() if name not in _NOT_LISTED}

    def _matches(self, item: Item) -> bool:
        return all(
            item.get(name) == value
            for name, value in self._filters.items()
            if name in ("status", "agent_id")
        )


def _parameters(query: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        if found.setdefault(name, value) != value:
            raise BadRequest("A parameter is given twice, with different values.")
    unknown = found.keys() - {"limit", "cursor", "status", "agent_id"}
    if unknown:
        # What it selects, the ledger cannot.
        raise RequestRefused(
            "A parameter of this list is not known here.", status=400, code="bad_request"
        )
    return {name: value for name, value in found.items() if value}


def _leads_there(url: str) -> bool:
    if "://" not in url or "agents." not in url:
        return False
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    host = parts.hostname or ""
    return parts.scheme in ("http", "https", "wss") and _AGENTS_HOST.fullmatch(host) is not None
