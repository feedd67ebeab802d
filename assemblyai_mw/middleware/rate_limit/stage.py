"""RateLimit: requests a minute for a key and its team; reads count separately."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Collection, Iterable
from functools import cache
from typing import TYPE_CHECKING, Any

from ...call import Caller, enter
from ...call.billable import reads_own_work
from ...errors import RequestRefused
from ...store.lazy import lazy
from .outage import Outage, WhenGone

if TYPE_CHECKING:
    from _typeshed import OptExcInfo
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment
    from limits.storage import Storage
    from limits.strategies import MovingWindowRateLimiter

# Clients poll, list and read their paid work many times: reads allowed for each request of the
# rate, and the least a minute.
READS_A_REQUEST = 10
LEAST_READS = 60

Headers = list[tuple[str, str]]


class RateLimit:
    """Answer 429 to requests above the `rpm` of the key or of its team.

    The window is a sliding one: no sixty seconds hold more requests than allowed. All workers of a
    host share one file; several hosts share one Redis. Refused requests do not count. Keys and
    teams without a rate are not counted.

    Reads of the caller's own transcripts and their list count in a second window, of ten times the
    rate and at least 60 a minute, so that a client can poll its jobs. A list counts as the upstream
    requests that it took.

    Reads `call.caller`, the request's operation, and on the way out `call.upstream_reads`. The
    master key has no rate. A 429 carries `retry-after`, the seconds until the next request fits,
    and `x-ratelimit-limit`, `-remaining` and `-reset` (seconds). Other replies carry these too,
    unless AssemblyAI sent such fields: those pass unchanged.

    If the storage is unreachable, *when_gone* decides: `open` lets calls through (budgets still
    apply), `closed` answers 503. The failure is logged once, and so is its end.

        app = KeyAuth(RateLimit(app, storage="redis://localhost:6379/0"), keys=keys)

    Args:
        app: The next WSGI app.
        storage: A file path, a `redis://` URL, or a `limits` storage with moving windows.
        when_gone: `open` or `closed`.
        reading: Prefixes of self-service routes, which count as reads.

    Raises:
        ConfigError: The storage cannot be used, or *when_gone* is invalid.
    """

    def __init__(
        self,
        app: WSGIApplication,
        *,
        storage: Storage | str | os.PathLike[str],
        when_gone: WhenGone = "open",
        reading: Collection[str] = (),
    ) -> None:
        self.app = app
        self._outage = Outage(when_gone)
        self._reading = frozenset(reading)
        # A file is opened at the first counted request; a URL is checked now.
        is_file = not isinstance(storage, str) or "://" not in storage
        is_file = is_file and isinstance(storage, str | os.PathLike)
        self._windows = lazy(lambda: _windows(storage)) if is_file else _windows(storage)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        call, environ = enter(environ)
        caller = call.caller
        if caller is None or caller.master or (caller.rpm is None and caller.team_rpm is None):
            return self.app(environ, start_response)
        reads = call.route.prefix in self._reading or reads_own_work(call)
        rates = _rates(caller, reads=reads)
        try:
            headers = self._hit(rates) if rates else []
        except RequestRefused as error:
            return call.refused(error)(environ, start_response)
        if not headers:
            return self.app(environ, start_response)

        def told() -> Headers:
            further = call.upstream_reads - 1
            return self._charge(rates, further) or headers if reads and further > 0 else headers

        return self.app(environ, _adding(start_response, told))

    @property
    def storage(self) -> Storage:
        """The storage of the hits."""
        return self._windows.storage

    def _hit(self, rates: list[_Rate]) -> Headers:
        """Count the request and return its rate and headers' values; raise if it does not fit."""
        from limits.errors import StorageError

        if self._outage.lasts:
            self._outage.check()
            return []
        try:
            for rate in rates[1:]:
                # A request that the team's rate refuses must not count against the key's.
                if not self._windows.test(rate.item, *rate.who):
                    raise self._refusal(rate)
            for rate in rates:
                if not self._windows.hit(rate.item, *rate.who):
                    raise self._refusal(rate)
            headers = self._tightest(rates)
        except StorageError as error:
            self._outage.failed(error)
            return []
        self._outage.over()
        return headers

    def _charge(self, rates: list[_Rate], hits: int) -> Headers:
        """Count the upstream requests that a reply took, even past the limit."""
        from limits.errors import StorageError

        try:
            for rate in rates:
                if not self._windows.hit(rate.item, *rate.who, cost=hits):
                    for _ in range(hits):
                        if not self._windows.hit(rate.item, *rate.who):
                            break
            return self._tightest(rates)
        except StorageError:
            # The next request finds out, and says so.
            return []

    def _tightest(self, rates: list[_Rate]) -> Headers:
        return min(map(self._told, rates), key=lambda told: told[0])[1]

    def _told(self, rate: _Rate) -> tuple[int, Headers]:
        stats = self._windows.get_window_stats(rate.item, *rate.who)
        remaining = max(0, stats.remaining)
        reset = max(0, math.ceil(stats.reset_time - time.time()))
        return remaining, [
            ("X-RateLimit-Limit", str(rate.item.amount)),
            ("X-RateLimit-Remaining", str(remaining)),
            ("X-RateLimit-Reset", str(reset)),
        ]

    def _refusal(self, rate: _Rate) -> RequestRefused:
        _, told = self._told(rate)
        wait = max(1, int(told[2][1]))
        told[1:] = [(told[1][0], "0"), (told[2][0], str(wait))]
        return RequestRefused(
            f"Too many requests: this {rate.whose} may make {rate.item.amount} "
            f"{'reads ' if rate.reads else ''}a minute. The next one fits in {wait} s.",
            status=429,
            code="rate_limit_exceeded",
            headers=[("Retry-After", str(wait)), *told],
        )


class _Rate:
    """One rate limit: its holder, its item, and whether it counts reads."""

    __slots__ = ("item", "reads", "who", "whose")

    def __init__(self, rpm: int, whose: str, name: str, *, reads: bool) -> None:
        from .storage import PerMinute

        self.item = PerMinute(max(LEAST_READS, READS_A_REQUEST * rpm) if reads else rpm)
        self.reads = reads
        self.whose = whose
        self.who = ("reads", whose, name) if reads else (whose, name)


def _windows(storage: Storage | str | os.PathLike[str]) -> MovingWindowRateLimiter:
    from limits.strategies import MovingWindowRateLimiter

    from .storage import storage_of

    return MovingWindowRateLimiter(storage_of(storage))


def _rates(caller: Caller, *, reads: bool) -> list[_Rate]:
    """Return the rates that bound a caller: the key's, then its team's."""
    rates: list[_Rate] = []
    if caller.rpm is not None:
        who = caller.name if caller.key_id is None else str(caller.key_id)
        rates.append(_Rate(caller.rpm, "key", who, reads=reads))
    if caller.team_rpm is not None and caller.team is not None:
        rates.append(_Rate(caller.team_rpm, "team", caller.team, reads=reads))
    return rates


def _is_of_requests(name: str) -> bool:
    """Whether a reply's field is of the kind that is added here, and not of `TokenLimit`'s."""
    return name.startswith("x-ratelimit-") and not name.endswith("-tokens")


def _adding(start_response: StartResponse, told: Callable[[], Headers]) -> StartResponse:
    told = cache(told)

    def start(
        status: str, headers: Headers, exc_info: OptExcInfo | None = None
    ) -> Callable[[bytes], Any]:
        added = told()
        if not any(_is_of_requests(name.lower()) for name, _ in headers):
            headers = [*headers, *added]
        if exc_info:
            return start_response(status, headers, exc_info)
        return start_response(status, headers)

    return start
