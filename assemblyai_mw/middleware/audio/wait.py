"""Waiting for a transcript, by the same polls as any client's."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ...call import CALL_KEY, Call, Route
from ...call.inner import call_for, native
from ...dialects.audio import failed_job, still_running, to_error
from ...dialects.audio.errors import JobError
from ...dialects.chat import BadReply
from ...dialects.chat.errors import parsed
from ...dialects.chat.gateway_reply import read_body_of
from ...errors import UpstreamError
from ...http.wsgi import Reply

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

logger = logging.getLogger("assemblyai_mw.audio")

# The JSON of a ten-hour transcript has about 30 MB.
MAX_TRANSCRIPT_BYTES = 64 << 20
GROWTH = 1.5
# Replies after which a later poll may succeed, and codes of our stages that say it will not.
_PASSING = frozenset({408, 429, 500, 502, 503, 504})
_FINAL = frozenset({"guardrail_failed", "upstream_credentials"})
_MAX_RETRY_AFTER_S = 30.0


class Wait:
    """Polls one transcript until it is complete, has failed, or the time is over.

    Args:
        app: The inner stages.
        pauses: Seconds before the first poll, and at most between two.
    """

    def __init__(self, app: WSGIApplication, pauses: tuple[float, float]) -> None:
        self._app = app
        self._pauses = pauses

    def until_done(
        self,
        call: Call,
        environ: WSGIEnvironment,
        mount: str,
        route: Route,
        transcript_id: str,
        deadline: tuple[float, float],
    ) -> Mapping[str, Any] | JobError:
        """Return the transcript once it is complete, else why there is none.

        *deadline* is a moment of the monotonic clock, and the seconds that it allowed.
        """
        end, allowed_s = deadline
        pause, most = self._pauses
        while True:
            left = end - time.monotonic()
            if left <= 0:
                return still_running(transcript_id, allowed_s)
            time.sleep(min(pause, left))
            found, wait_s = self._poll(call, environ, mount, route, transcript_id)
            if found is not None:
                return found
            pause = max(min(pause * GROWTH, most), wait_s)

    def _poll(
        self, call: Call, environ: WSGIEnvironment, mount: str, route: Route, transcript_id: str
    ) -> tuple[Mapping[str, Any] | JobError | None, float]:
        """Return the end, if one poll shows it, and for how long not to poll again."""
        path = f"/v2/transcript/{transcript_id}"
        poll = call_for(call, route, "GET", path)
        inner = native(environ, mount, route, "GET", path, **{CALL_KEY: poll})
        reply = Reply(self._app, inner)
        try:
            status = reply.status_code
            payload = parsed(read_body_of(reply, MAX_TRANSCRIPT_BYTES))
        except (BadReply, UpstreamError) as fault:
            logger.warning("transcript %s: a poll's reply is unreadable: %s", transcript_id, fault)
            return None, 0.0
        finally:
            reply.close()
        if status != 200:
            error = to_error(status, payload)
            if status in _PASSING and error.code not in _FINAL:
                return None, _retry_after(reply)
            return JobError(error, transcript_id, retry=False), 0.0
        if not isinstance(payload, dict):
            return None, 0.0
        if payload.get("status") not in ("completed", "error"):
            return None, 0.0
        # The poll that shows the end settles the row, and the caller's log line tells it.
        if poll.state is not None:
            call.state, call.usage, call.price = poll.state, poll.usage, poll.price
        if payload["status"] == "error":
            return failed_job(transcript_id, payload), 0.0
        return payload, 0.0


def _retry_after(reply: Reply) -> float:
    value = reply.header("retry-after") or ""
    return min(float(value), _MAX_RETRY_AFTER_S) if value.isascii() and value.isdigit() else 0.0
