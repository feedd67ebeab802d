"""Reads of transcripts by clients, which settle their ledger rows.

These are a poll, a sub-resource that states the end, a list, and the read before a deletion. The
row is closed once, even if several readers see the end.
"""

from __future__ import annotations

import io
import logging
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from ...billing.operations import LIST
from ...billing.price_book import PriceBook
from ...billing.replies import transcript_outcome
from ...call import UNREAD, Call
from ...call.billable import reading_of
from ...errors import StoreError
from ...http.bodies import JSONTee, log_exceptions
from ...http.encoding import narrow_encoding
from ...http.wsgi import Reply, beginning
from ...settlement.closing import MAX_REPLY_BYTES, close_call, read_object, shows_end
from ...store.owner_cache import Ownership

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from ...store import Ledger, Owner

logger = logging.getLogger("assemblyai_mw.cost")


class Polls:
    """Passes free calls to *app*, and reads replies that may show a transcript's end."""

    def __init__(
        self, app: WSGIApplication, *, ledger: Ledger, prices: PriceBook, owners: Ownership
    ) -> None:
        self.app = app
        self.ledger = ledger
        self.prices = prices
        self._owners = owners

    def __call__(
        self, call: Call, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        """Answer a call that costs nothing."""
        reading = reading_of(call, environ)
        if call.method == "HEAD":
            return self.app(environ, start_response)
        if reading.operation is LIST:
            return self._tapped(call, environ, start_response, self._listed)
        if reading.operation is None or not reading.operation.shows_end:
            return self.app(environ, start_response)
        call.transcript_id = reading.transcript_id
        owner = self._owner(call, reading.transcript_id or "")
        if owner is None or owner.settled:
            return self.app(environ, start_response)
        if call.method == "DELETE":
            self._settle_first(call, owner, environ)

        def seen(call: Call, transcript: Mapping[str, Any]) -> None:
            self._seen(call, owner, transcript)

        return self._tapped(call, environ, start_response, seen)

    def _owner(self, call: Call, transcript_id: str) -> Owner | None:
        if call.owner is UNREAD:
            try:
                call.owner = self._owners.find(call.route.region, transcript_id)
            except StoreError as error:
                # The read is free and continues; the row is settled later.
                logger.error("transcript %s is not metered: %s", transcript_id, error)
                call.owner = None
        owner: Owner | None = call.owner
        return owner

    def _tapped(
        self,
        call: Call,
        environ: WSGIEnvironment,
        start_response: StartResponse,
        seen: Callable[[Call, Mapping[str, Any]], None],
    ) -> Iterable[bytes]:
        """Pass a reply on; *seen* reads its content."""
        narrow_encoding(environ)
        reply = Reply(self.app, environ)
        if reply.status_code != 200:
            reply.start(start_response)
            return reply
        encoding = reply.header("content-encoding")

        def end(body: bytes | None) -> None:
            value = read_object(body, encoding) if body is not None else None
            if value is not None:
                seen(call, value)

        reply.start(start_response)
        return JSONTee(reply, log_exceptions(end), max_bytes=MAX_REPLY_BYTES)

    def _listed(self, call: Call, value: Mapping[str, Any]) -> None:
        """Act on a list: fail its errors for free, and settle its completed transcripts soon."""
        ended = {}
        items = value.get("transcripts")
        for item in items if isinstance(items, list) else ():
            if isinstance(item, dict) and item.get("status") in ("completed", "error"):
                ended[str(item.get("id"))] = item["status"]
        try:
            owners = self.ledger.owners(call.route.region, list(ended)) if ended else {}
            open_rows = {id: o.row for id, o in owners.items() if o.row and not o.settled}
            done = [row for id, row in open_rows.items() if ended[id] == "completed"]
            if done:
                self.ledger.make_due_now(done)
            for id, row in open_rows.items():
                if ended[id] == "error":
                    self.ledger.fail(row, status=None)
        except StoreError as error:
            logger.error("a list is not metered: %s", error)

    def _settle_first(self, call: Call, owner: Owner, environ: WSGIEnvironment) -> None:
        """Read a transcript before it is deleted; afterwards it shows less."""
        get = {
            **environ,
            "REQUEST_METHOD": "GET",
            "CONTENT_LENGTH": "",
            "wsgi.input": io.BytesIO(),
        }
        get.pop("HTTP_TRANSFER_ENCODING", None)
        try:
            reply = Reply(self.app, get)
            try:
                body = beginning(reply if reply.status_code == 200 else (), MAX_REPLY_BYTES)
                value = read_object(body, reply.header("content-encoding"))
                if value is not None:
                    self._seen(call, owner, value)
            finally:
                reply.close()
        except Exception as error:
            logger.warning("transcript %s: %s", call.transcript_id, type(error).__name__)
        call.upstream = "unsent"

    def _seen(self, call: Call, owner: Owner, transcript: Mapping[str, Any]) -> None:
        """Settle a transcript by a reply that shows it, if it shows its end."""
        outcome = transcript_outcome(transcript, owner.features, call.route.region)
        if owner.row is None or not shows_end(transcript, outcome):
            return
        if close_call(self.ledger, self.prices, call, owner.row, outcome, owner.at):
            assert call.transcript_id is not None
            self._owners.settled(call.route.region, call.transcript_id, owner)
