"""ParallelLimit: so many requests of a key and its team at once."""

from __future__ import annotations

import logging
import os
from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

from ...call import Call, enter
from ...call.billable import reads_own_work
from ...errors import RequestRefused
from ...http.bodies import CountingBody
from .outage import Outage, WhenGone
from .places import Places

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment
    from limits.storage import Storage

    from .counts import Window

logger = logging.getLogger("assemblyai_mw.rate_limit")

# Nobody knows when another call ends; clients that try again go on to wait longer.
RETRY_AFTER_S = 1


class ParallelLimit:
    """Answer 429 to requests above the `max_parallel` of the key or of its team.

    A request is under way from here on until its reply has ended, streams included, over all
    workers, and over all hosts with one Redis. Reads of the caller's own transcripts do not count,
    so that a client can poll its jobs. Neither do streaming sessions, which have `max_sessions`.
    The requests of a worker that was killed count for one more minute.

    Reads `call.caller` and the request's operation. A 429 carries `retry-after`. Keys and teams
    without the limit cost nothing.

    Args:
        app: The next WSGI app.
        places: A `Places`, a file's path, or a Redis by its URL.
        when_gone: `open` lets calls through while the places cannot be counted, `closed` answers
            503.
        reading: Prefixes of self-service routes, which do not count.

    Raises:
        ConfigError: *when_gone* is invalid.
    """

    def __init__(
        self,
        app: WSGIApplication,
        *,
        places: Places | Storage | str | os.PathLike[str],
        when_gone: WhenGone = "open",
        reading: Collection[str] = (),
    ) -> None:
        self.app = app
        self.places = places if isinstance(places, Places) else Places(places)
        self._outage = Outage(when_gone, "calls under way")
        self._reading = frozenset(reading)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        call, environ = enter(environ)
        caller = call.caller
        if (
            caller is None
            or caller.master
            or (caller.max_parallel is None and caller.team_max_parallel is None)
            or call.session is not None
            or call.route.prefix in self._reading
            or reads_own_work(call)
        ):
            return self.app(environ, start_response)
        from .counts import windows_of

        windows = windows_of(caller, "max_parallel")
        if not windows:
            return self.app(environ, start_response)
        try:
            entered = self._enter(windows, call)
        except RequestRefused as error:
            return call.refused(error)(environ, start_response)
        if not entered:
            return self.app(environ, start_response)
        try:
            body = self.app(environ, start_response)
        except BaseException:
            self._leave(windows, call)
            raise
        if isinstance(body, list | tuple):
            # All of it is here; a server takes a list's length for that of the reply.
            self._leave(windows, call)
            return body
        return CountingBody(body, lambda *_: self._leave(windows, call))

    def _enter(self, windows: list[Window], call: Call) -> bool:
        from limits.errors import StorageError

        if self._outage.lasts:
            self._outage.check()
            return False
        try:
            full = self.places.enter(windows, call.id)
        except StorageError as error:
            self._outage.failed(error)
            return False
        self._outage.over()
        if full is not None:
            whose = full.name.partition("/")[0]
            raise RequestRefused(
                f"Too many requests at once: this {whose} may have {full.limit} under way.",
                status=429,
                code="too_many_parallel_requests",
                headers=[("Retry-After", str(RETRY_AFTER_S))],
            )
        return True

    def _leave(self, windows: list[Window], call: Call) -> None:
        from limits.errors import StorageError

        try:
            self.places.leave(windows, call.id)
        except StorageError:
            logger.error("a place is not given back; its lease ends by itself")
