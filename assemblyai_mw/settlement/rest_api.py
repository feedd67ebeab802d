"""Asking AssemblyAI's REST APIs on the ledger's own behalf, region by region."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from ..config import Config, Upstream
from ..errors import UpstreamError
from ..routes import Region, Zone
from ..transport import Origin, Request, Timeouts, Transport, fetch
from .closing import MAX_REPLY_BYTES, read_object

PAGE = 200
# Longest wait for a Retry-After: the account may have been topped up meanwhile.
MAX_RETRY_AFTER_S = 600.0
# No client waits for these replies; slower requests are retried later.
MAX_TOTAL_S = 120.0


@dataclass(frozen=True, slots=True)
class Answer:
    """One reply of AssemblyAI.

    Attributes:
        status: HTTP status.
        value: Its JSON object; None where it holds none, or more than can be read.
        retry_after_s: Seconds AssemblyAI asks to wait, None where it does not.
    """

    status: int
    value: Mapping[str, Any] | None
    retry_after_s: float | None = None


class Account:
    """One REST API with the account's key there; nothing else is ever asked.

    Redirects are not followed and the environment's proxies and `.netrc` do not count, so
    that the key reaches *upstream* alone.

    Args:
        upstream: Base URL, key and region.
        transport: How it is reached.
        timeouts: For each request.
    """

    def __init__(self, upstream: Upstream, transport: Transport, timeouts: Timeouts) -> None:
        self.region: Region = upstream.region
        self._origin = Origin.parse(upstream.base_url)
        self._key = upstream.api_key
        self._transport = transport
        self._timeouts = timeouts

    def transcript(self, transcript_id: str) -> Answer:
        """Return a transcript as AssemblyAI has it now. Raises UpstreamError."""
        return self._get(f"/v2/transcript/{quote(transcript_id, safe='')}")

    def page(self, before_id: str | None = None) -> Answer:
        """Return the newest transcripts of the account, or those older than *before_id*.

        Raises UpstreamError.
        """
        query = {"limit": str(PAGE), **({"before_id": before_id} if before_id else {})}
        return self._get(f"/v2/transcript?{urlencode(query)}")

    def agent_session(self, session_id: str) -> Answer:
        """Return a Voice Agent session as AssemblyAI has it now. Raises UpstreamError."""
        return self._get(f"/v1/sessions/{quote(session_id, safe='')}")

    def _get(self, target: str) -> Answer:
        fields = [
            ("Accept", "application/json"),
            ("Accept-Encoding", "gzip"),
            ("User-Agent", "assemblyai-mw"),
        ]
        request = Request("GET", target, [("Authorization", self._key.reveal()), *fields])
        reply = fetch(
            self._transport, self._origin, request, self._timeouts, max_bytes=MAX_REPLY_BYTES
        )
        value = None
        if reply.body is not None:
            value = read_object(reply.body, reply.headers.get("content-encoding"))
        return Answer(reply.status, value, _seconds(reply.headers.get("retry-after")))


class Accounts:
    """The account of each region, as the configuration's routes lead there.

    A row is looked up where it was sent: on its own route if that still exists in its region, else
    on another route to the same region's API, never in another region.

    Args:
        config: The configuration.
        transport: How hosts are reached.
    """

    def __init__(self, config: Config, transport: Transport) -> None:
        times = config.timeouts
        total = min(times.total_s, MAX_TOTAL_S)
        self._timeouts = Timeouts(min(times.connect_s, total), min(times.read_s, total), total)
        self._transport = transport
        self._agents = {
            prefix: config.upstreams[prefix]
            for prefix, route in config.routes.items()
            if route.service == "agents"
        }
        self._upstreams = {
            prefix: config.upstreams[prefix]
            for prefix, route in config.routes.items()
            if route.service == "api"
        }
        self._open: dict[Upstream, Account] = {}

    def find(self, region: str, route: str | None = None) -> Account | None:
        """Return the account that knows a row of *region*, None where no route leads there."""
        own = self._upstreams.get(route or "")
        if own is None or own.region != region:
            own = next((u for u in self._upstreams.values() if u.region == region), None)
        return None if own is None else self._account(own)

    def of_agents(self, region: str, route: str) -> Account | None:
        """Return the Voice Agent API that a session was opened on, None where it leads no more."""
        own = self._agents.get(route)
        return None if own is None or own.region != region else self._account(own)

    def _account(self, own: Upstream) -> Account:
        account = self._open.get(own)
        if account is None:
            account = self._open[own] = Account(own, self._transport, self._timeouts)
        return account

    def regions(self) -> list[Zone]:
        """Return the regions that a route leads to, US first."""
        found = {upstream.region for upstream in self._upstreams.values()}
        zones: tuple[Zone, ...] = ("us", "eu")
        return [zone for zone in zones if zone in found]

    def each(self, region: str) -> list[Account]:
        """Return every account that routes of *region* lead to."""
        prefixes = [p for p, upstream in self._upstreams.items() if upstream.region == region]
        found = [self.find(region, prefix) for prefix in prefixes]
        return list(dict.fromkeys(account for account in found if account is not None))


def refusal(answer: Answer) -> UpstreamError:
    """Return the reason for a status other than 200, for a log."""
    if answer.status in (401, 403):
        return UpstreamError(f"AssemblyAI refuses the account's key (status {answer.status})")
    return UpstreamError(f"AssemblyAI answered with status {answer.status}")


def _seconds(value: str | None) -> float | None:
    if value is None or not (value.isascii() and value.isdigit()) or len(value) > 9:
        return None
    return min(float(value), MAX_RETRY_AFTER_S)
