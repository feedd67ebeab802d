"""SelfService: shows the holder of a key its limits and spend."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from ..call import Call, Caller, enter
from ..errors import BadRequest, RequestRefused, StoreError, UnknownKey
from ..store.lazy import lazy, resolve

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from ..store import Database, Holds, KeyInfo, Keys

logger = logging.getLogger("assemblyai_mw.self_service")

# A leap year.
MAX_DAYS = 366


class SelfService:
    """Show the holder of a key its limits and spend, as JSON; nothing of other keys.

    A terminal app: wrap it in `KeyAuth` and mount it at a path of your choice.

        {
          "key": "alice", "key_id": 1, "team": null, "prefix": "sk-AbCd...",
          "expires_at": null, "region": "eu", "scope": "own", "rpm": 60, "team_rpm": null,
          "tpm": null, "max_parallel": null, "max_sessions": null,
          "routes": null, "models": ["gpt-5*"], "features": null, "denied_features": [],
          "max_upload_bytes": null, "allow_unpriced": false,
          "budgets": [
            {"scope": "key", "window": "daily", "spent_usd": "0.12", "held_usd": "0.003",
             "limit_usd": "5", "remaining_usd": "4.877", "resets_at": "2026-11-23T00:00:00Z"}
          ]
        }

    `budgets` has the key's three windows (`total`, `monthly`, `daily`, by UTC), limited or not, and
    the limited windows of its team, of its tags and of the end user, whose names are not shown.
    Dollars are decimal strings.

    `/usage` below it has the key's calls by day and model, of the last 30 days or of
    `?since=2026-11-01&until=2026-12-01` (UTC days, *until* exclusive, a year and a day at most):

        {"key": "alice", "since": "2026-11-01", "until": "2026-12-01", "usage": [
          {"day": "2026-11-22", "model": "universal-2", "calls": 3, "failed": 0, "unpriced": 0,
           "audio_seconds": 12.5, "input_tokens": 0, "output_tokens": 0, "cost_usd": "0.002"}
        ]}

    They are closed calls of the key in its present team; for an end user of an identity bridge,
    that user's calls alone.

    Answers 401 without a caller, 400 for other days, 404 for other paths below its own, 405 to
    methods other than GET and HEAD, 503 if the database cannot be read.

    Args:
        database: A `Database`, or its URL.
    """

    def __init__(self, *, database: Database | str) -> None:
        self._keys = lazy(lambda: _keys(resolve(database)))
        self._holds = lazy(lambda: _holds(resolve(database)))

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        call, environ = enter(environ)
        try:
            value = self._answer(call, environ.get("QUERY_STRING", ""))
        except RequestRefused as error:
            return error.reply(call.route.dialect)(environ, start_response)
        except StoreError as error:
            logger.error("a key's budgets cannot be read: %s", error)
            refused = RequestRefused("The ledger cannot be read at the moment.", status=503)
            return refused.reply(call.route.dialect)(environ, start_response)
        body = json.dumps(value).encode()
        start_response(
            "200 OK",
            [
                ("Content-Type", "application/json"),
                ("Content-Length", str(len(body))),
            ],
        )
        return [b""] if call.method == "HEAD" else [body]

    def _answer(self, call: Call, query: str) -> dict[str, Any]:
        caller = call.caller
        if caller is None:
            raise _unknown()
        if call.path not in ("", "/", "/usage"):
            raise RequestRefused("Not found", status=404, code="not_found")
        if call.method not in ("GET", "HEAD"):
            raise RequestRefused(
                "Method not allowed; use GET.", status=405, headers=[("Allow", "GET, HEAD")]
            )
        info = self._info(caller)
        if call.path == "/usage":
            return self._usage(caller, *_days(query, self._holds.database.now))
        return {
            "key": caller.name,
            "key_id": caller.key_id,
            "prefix": info.prefix if info else None,
            "expires_at": _iso(info.expires_at) if info else None,
            **_rights(caller),
            "budgets": [
                {**each.as_dict(), "resets_at": _iso(each.resets_at)}
                for each in self._holds.spent(caller)
                if each.scope == "key" or each.limit is not None
            ],
        }

    def _usage(self, caller: Caller, since: date, until: date) -> dict[str, Any]:
        from ..store.own_usage import own_usage

        return {
            "key": caller.name,
            "since": since.isoformat(),
            "until": until.isoformat(),
            "usage": own_usage(self._holds.database, caller, since, until),
        }

    def _info(self, caller: Caller) -> KeyInfo | None:
        """Return the key's record; None for keys that are not in the database."""
        if caller.key_id is None:
            return None
        try:
            info = self._keys.get(caller.name)
        except UnknownKey:
            raise _unknown() from None
        if info.key_id != caller.key_id:
            # The key was revoked a moment ago, and a new key has its name.
            raise _unknown()
        return info


def _keys(database: Database | str) -> Keys:
    from ..store import Keys

    return Keys(database)


def _holds(database: Database | str) -> Holds:
    from ..store import Holds

    return Holds(database)


def _unknown() -> RequestRefused:
    return RequestRefused(
        "Authentication error, API key missing/invalid",
        status=401,
        code="invalid_api_key",
        headers=[("WWW-Authenticate", "Bearer")],
    )


def _days(query: str, now: int) -> tuple[date, date]:
    """Return the first day, and the one after the last."""
    given = dict(parse_qsl(query, keep_blank_values=True))
    today = datetime.fromtimestamp(now / 1_000_000, UTC).date()
    until = _day(given, "until", today + timedelta(days=1))
    since = _day(given, "since", max(date.min + timedelta(days=31), until) - timedelta(days=30))
    if not since < until or until - since > timedelta(days=MAX_DAYS):
        raise BadRequest(f"since, until: expected at most {MAX_DAYS} days in their order.")
    return since, until


def _day(given: Mapping[str, str], name: str, default: date) -> date:
    if name not in given:
        return default
    try:
        if len(given[name]) != len("2026-11-01"):
            raise ValueError
        return date.fromisoformat(given[name])
    except ValueError:
        raise BadRequest(f"{name}: expected a day such as 2026-11-01.", param=name) from None


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _rights(caller: Caller) -> dict[str, Any]:
    """Return the key's rights, by the declared options."""
    from ..store.key_options import KEY_OPTIONS

    return {
        each.name: each.shown(getattr(caller, each.column))
        for each in KEY_OPTIONS
        if hasattr(caller, each.column) and not each.private
    }
