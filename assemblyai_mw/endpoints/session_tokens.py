"""Tokens of our own for streaming sessions, in the place of AssemblyAI's."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from ..call import Call, enter
from ..errors import BadRequest, RequestRefused, StoreError

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from ..store import SessionTokens as Store

logger = logging.getLogger("assemblyai_mw.tokens")

# streaming-token.yml: bounds in seconds, and the longest session's default.
_EXPIRES, _SESSION = ("expires_in_seconds", 1, 600), ("max_session_duration_seconds", 60, 10_800)


class SessionTokens:
    """Answer `GET /v3/token` as AssemblyAI does, with a token that opens one session here.

    Its session is the caller's: metered, held and limited with its key, and with the end user and
    the tags of this request. It is dead once the key is.

    Reads `call.caller`, `call.vouched`, `call.tags` and the query. Answers itself, in any case: 400
    for numbers out of AssemblyAI's bounds, 403 for a caller whose rights are not those of a stored
    key, 405, 503.

    Args:
        tokens: Where tokens are kept.
    """

    def __init__(self, tokens: Store) -> None:
        self.tokens = tokens

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        call, environ = enter(environ)
        try:
            app = self._answer(call, environ)
        except RequestRefused as error:
            app = call.refused(error)
        except StoreError as error:
            logger.error("no token can be made: %s", error)
            refused = RequestRefused(
                "The ledger cannot be written, so no token is made.",
                status=503,
                code="ledger_unavailable",
            )
            app = call.refused(refused)
        return app(environ, start_response)

    def _answer(self, call: Call, environ: WSGIEnvironment) -> WSGIApplication:
        if call.method != "GET":
            raise RequestRefused(
                "Method not allowed; use GET.", status=405, headers=[("Allow", "GET")]
            )
        caller = call.caller
        stored = caller is not None and caller.key_id is not None and not call.vouched
        if caller is None or not (stored or caller.master):
            raise RequestRefused(
                "Only a key can have tokens: the rights of this caller are not those of a key.",
                status=403,
                code="forbidden",
            )
        query = parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True)
        ttl_s = _number(query, *_EXPIRES)
        if ttl_s is None:
            raise BadRequest("expires_in_seconds is required.", param="expires_in_seconds")
        token = self.tokens.mint(
            caller,
            service=call.route.service,
            region=call.route.region,
            ttl_s=ttl_s,
            max_session_s=_number(query, *_SESSION) or _SESSION[2],
            tags={**call.tags, **caller.tags},
        )
        body = json.dumps({"token": token, "expires_in_seconds": ttl_s}).encode()

        def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            length = ("Content-Length", str(len(body)))
            start_response("200 OK", [("Content-Type", "application/json"), length])
            return [body]

        return app


def _number(query: list[tuple[str, str]], name: str, low: int, high: int) -> int | None:
    given = [value for key, value in query if key == name]
    if not given:
        return None
    value = given[0]
    if len(given) > 1 or not (value.isascii() and value.isdecimal() and len(value) < 6):
        raise BadRequest(f"{name} must be between {low} and {high}.", param=name)
    if not low <= int(value) <= high:
        raise BadRequest(f"{name} must be between {low} and {high}.", param=name)
    return int(value)
