"""TokenLimit: tokens a minute of the chats of a key and its team."""

from __future__ import annotations

import logging
import math
import os
from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, Any

from ...billing.chat import most_tokens
from ...call import Call, enter
from ...call.billable import MAX_JSON_BYTES, read_billable, reading_of, refuse
from ...errors import RequestRefused
from ...http.bodies import CountingBody
from ...store.lazy import lazy
from .outage import Outage, WhenGone

if TYPE_CHECKING:
    from _typeshed import OptExcInfo
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment
    from limits.storage import Storage

    from .counts import Counts, Taken, Window

logger = logging.getLogger("assemblyai_mw.rate_limit")

Headers = list[tuple[str, str]]
_LIMIT, _REMAINING = "X-RateLimit-Limit-Tokens", "X-RateLimit-Remaining-Tokens"


class TokenLimit:
    """Answer 429 to chats above the `tpm` of the key or of its team.

    No sixty seconds hold more tokens than allowed, input and output together, over all workers,
    and over all hosts with one Redis. Before the reply a chat counts with the most tokens that a
    budget's hold assumes: those of its prompt, and its `max_tokens` for each choice. The usage of
    the reply then takes their place. A chat that was not done counts nothing; one whose usage is
    unknown keeps the estimate.

    Reads `call.caller`, the body of chats, `call.state` and `call.usage`. A 429 carries
    `retry-after` where waiting helps. It and the replies to chats carry
    `x-ratelimit-limit-tokens` and `x-ratelimit-remaining-tokens`, as OpenAI names them. Keys and
    teams without the limit cost nothing. Answers 400 if a member that decides a hold is not as
    documented.

    Wrap it around the `Budget` and the `CostLogger`.

    Args:
        app: The next WSGI app.
        counts: A `Counts`, a file's path, or a Redis by its URL.
        when_gone: `open` lets chats through while tokens cannot be counted, `closed` answers 503.
        assumed_audio_s: Seconds assumed for a transcript that a chat reads.
        max_json_bytes: Largest JSON request that is read.

    Raises:
        ConfigError: *when_gone* is invalid.
    """

    def __init__(
        self,
        app: WSGIApplication,
        *,
        counts: Counts | Storage | str | os.PathLike[str],
        when_gone: WhenGone = "open",
        assumed_audio_s: float = 3600.0,
        max_json_bytes: int = MAX_JSON_BYTES,
    ) -> None:
        self.app = app
        self._counts = lazy(lambda: _counts(counts))
        self._outage = Outage(when_gone, "tokens")
        self.assumed_audio_s = assumed_audio_s
        self.max_json_bytes = max_json_bytes

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        call, environ = enter(environ)
        caller = call.caller
        if caller is None or caller.master or (caller.tpm is None and caller.team_tpm is None):
            return self.app(environ, start_response)
        try:
            if reading_of(call, environ).kind != "chat":
                return self.app(environ, start_response)
            found = read_billable(call, environ, "chat", max_bytes=self.max_json_bytes)
            refuse(found.fault("hold"))
            from .counts import windows_of

            windows = windows_of(caller, "tpm")
            if not windows:
                return self.app(environ, start_response)
            estimate = sum(most_tokens(found.asked, assumed_audio_s=self.assumed_audio_s))
            taken = self._take(windows, estimate)
        except RequestRefused as error:
            return call.refused(error)(environ, start_response)
        if taken is None:
            return self.app(environ, start_response)
        end = partial(self._end, call, windows, taken, estimate)
        try:
            body = self.app(environ, _adding(start_response, _told(windows, taken, estimate)))
        except BaseException:
            end()
            raise
        return CountingBody(body, lambda *_: end())

    def _take(self, windows: list[Window], estimate: int) -> Taken | None:
        from limits.errors import StorageError

        from .counts import Full

        if self._outage.lasts:
            self._outage.check()
            return None
        try:
            taken = self._counts.take(windows, estimate)
        except StorageError as error:
            self._outage.failed(error)
            return None
        self._outage.over()
        if isinstance(taken, Full):
            raise _refusal(taken, estimate)
        return taken

    def _end(self, call: Call, windows: list[Window], taken: Taken, estimate: int) -> None:
        """Count what the chat used, in the place of the estimate."""
        from limits.errors import StorageError

        usage = call.usage
        if (call.row is None and call.upstream == "unsent") or call.state == "failed":
            used = 0
        elif usage is None or usage.input_tokens is None:
            used = estimate
        else:
            used = usage.input_tokens + (usage.output_tokens or 0)
        if used == estimate:
            return
        try:
            self._counts.correct(windows, taken.second, used - estimate)
        except StorageError:
            # The estimate stays for its minute; the next chat finds out, and says so.
            logger.info("the tokens of a chat stay as they were estimated")


def _refusal(full: Any, estimate: int) -> RequestRefused:
    whose = full.window.name.partition("/")[0]
    remaining = max(0, full.window.limit - full.used)
    message = (
        f"Too many tokens: this {whose} may use {full.window.limit} a minute, {full.used} are in "
        f"use, and this request may take up to {estimate}. "
    )
    headers = [(_LIMIT, str(full.window.limit)), (_REMAINING, str(remaining))]
    if full.wait_s is None:
        message += "It never fits; ask for fewer max_tokens, or send a shorter prompt."
        headers.append(("x-should-retry", "false"))
    else:
        message += f"It fits in {full.wait_s} s at the latest."
        headers.append(("Retry-After", str(math.ceil(full.wait_s))))
    return RequestRefused(message, status=429, code="rate_limit_exceeded", headers=headers)


def _told(windows: list[Window], taken: Taken, estimate: int) -> Headers:
    """Return the headers of the window with the fewest tokens left."""
    left = [
        (max(0, window.limit - used - estimate), window.limit)
        for window, used in zip(windows, taken.used, strict=True)
    ]
    remaining, limit = min(left)
    return [(_LIMIT, str(limit)), (_REMAINING, str(remaining))]


def _adding(start_response: StartResponse, told: Headers) -> StartResponse:
    names = {name.lower() for name, _ in told}

    def start(
        status: str, headers: Headers, exc_info: OptExcInfo | None = None
    ) -> Callable[[bytes], Any]:
        if not any(name.lower() in names for name, _ in headers):
            headers = [*headers, *told]
        if exc_info:
            return start_response(status, headers, exc_info)
        return start_response(status, headers)

    return start


def _counts(where: Counts | Storage | str | os.PathLike[str]) -> Counts:
    from .counts import counts_of

    return counts_of(where)
