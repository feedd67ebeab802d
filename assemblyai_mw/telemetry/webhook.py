"""WebhookSink: posts calls and budget warnings to the operator's URL, signed.

Signatures follow the Standard Webhooks specification (standardwebhooks.com, 1.0.0,
"symmetric"), whose libraries verify them: headers `webhook-id`, `webhook-timestamp` and
`webhook-signature: v1,BASE64`, where the last is the HMAC-SHA256 of
`{id}.{timestamp}.{body}`. Retries carry the same id, so that a receiver can recognise them.
"""

from __future__ import annotations

import atexit
import base64
import binascii
import contextlib
import hashlib
import hmac
import json
import logging
import os
import random
import secrets
import threading
import time
import weakref
from collections import deque
from collections.abc import Collection
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ..billing.price_book import format_usd
from ..errors import ConfigError
from ..secret import Secret
from ..transport.origin import Origin
from .record import CallRecord

if TYPE_CHECKING:
    from collections.abc import Callable

    import requests

    from ..store import SoftBudget

logger = logging.getLogger("assemblyai_mw.webhook")

EVENTS = ("call", "soft_budget")
FIRST_PAUSE_S = 1.0
MAX_PAUSE_S = 60.0
# How long an ending process waits for queued events.
AT_EXIT_S = 3.0
_TRY_AGAIN = frozenset({408, 409, 425, 429})


class WebhookSink:
    """Post `CallRecord`s and `SoftBudget`s, in the background, in their order.

        sink = WebhookSink("https://ops.example.com/hook", secret="whsec_...")
        app = AssemblyAIMiddleware(app, on_call=sink, on_soft_budget=sink)

    The body is `{"type": "call" | "soft_budget", "timestamp": "...Z", "data": {...}}`; a call's
    data are the fields of the log line. Calls never wait: each worker queues its events. If
    *queue_size* of them wait, new ones are dropped, counted and logged. An event whose answer is
    not 2xx is posted again after 1, 2, 4 ... up to 60 seconds, or after `retry-after`, *max_tries*
    times in all. A 4xx other than 408, 409, 425 and 429 is not retried. A killed worker loses its
    queue: the record is the ledger.

    The thread starts with the first event, in the process that has it, so that forking
    servers need no hook.

    Args:
        url: https, or http to this machine. Redirects are not followed, and proxies and
            `.netrc` of the environment not used.
        secret: Signs each post: `whsec_` and base64 as the specification has it, or any text.
        events: Which are posted.
        timeout_s: Seconds for connecting and for each wait on an answer.
        max_tries: Posts of one event.
        queue_size: Events that wait.

    Attributes:
        sent, dropped: Counts of this process.

    Raises:
        ConfigError: The URL or the secret cannot be used.
    """

    def __init__(
        self,
        url: str,
        *,
        secret: str | Secret,
        events: Collection[str] = EVENTS,
        timeout_s: float = 10.0,
        max_tries: int = 6,
        queue_size: int = 1000,
        first_pause_s: float = FIRST_PAUSE_S,
    ) -> None:
        origin = Origin.parse(url)
        if not events or not set(events) <= set(EVENTS):
            raise ConfigError(f"events: expected some of {', '.join(EVENTS)}")
        if max_tries < 1 or queue_size < 1 or not timeout_s > 0 or not first_pause_s > 0:
            raise ConfigError("timeout_s, max_tries, queue_size: expected numbers above 0")
        self.url = url
        # For logs: many receivers identify their senders by a secret path.
        self._shown = f"{origin.scheme}://{origin.authority}"
        self.events = frozenset(events)
        self.timeout_s = timeout_s
        self.max_tries = max_tries
        self.queue_size = queue_size
        self.first_pause_s = first_pause_s
        self._key = _key_of(secret)
        self._worker: _Worker | None = None
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"WebhookSink({self._shown})"

    def __call__(self, event: CallRecord | SoftBudget) -> None:
        """Queue one event; returns at once."""
        kind = "call" if isinstance(event, CallRecord) else "soft_budget"
        if kind in self.events:
            self._mine().put(kind, event)

    @property
    def sent(self) -> int:
        """Events that this process has delivered."""
        return self._worker.sent if self._worker is not None else 0

    @property
    def dropped(self) -> int:
        """Events that this process has given up."""
        return self._worker.dropped if self._worker is not None else 0

    def close(self, timeout_s: float = AT_EXIT_S) -> bool:
        """Post the queue, for *timeout_s* seconds at most, and stop; True if all went out."""
        worker = self._worker
        if worker is None or worker.pid != os.getpid():
            return True
        return worker.stop(timeout_s)

    def sign(self, message_id: str, timestamp: int, body: bytes) -> str:
        """Return the `webhook-signature` of a post."""
        signed = f"{message_id}.{timestamp}.".encode() + body
        digest = hmac.new(self._key, signed, hashlib.sha256).digest()
        return "v1," + base64.b64encode(digest).decode()

    def _mine(self) -> _Worker:
        """Return this process's worker; a forked child inherits a queue that is not its own."""
        worker = self._worker
        if worker is not None and worker.pid == os.getpid():
            return worker
        if worker is not None:
            # The lock may have been held in the parent when it forked.
            self._lock = threading.Lock()
        with self._lock:
            worker = self._worker
            if worker is None or worker.pid != os.getpid():
                worker = self._worker = _Worker(self)
                atexit.register(_stop, weakref.ref(worker))
            return worker


def _stop(reference: Callable[[], _Worker | None]) -> None:
    worker = reference()
    if worker is not None and worker.pid == os.getpid():
        worker.stop(AT_EXIT_S)


class _Worker:
    """The queue of one process, and the thread that empties it."""

    def __init__(self, sink: WebhookSink) -> None:
        self.pid = os.getpid()
        self.sent = self.dropped = 0
        self._sink = sink
        self._queue: deque[tuple[str, str, float, Any]] = deque()
        self._changed = threading.Condition()
        self._closing = False
        self._busy = False
        self._full = False
        self._give_up_at: float | None = None
        self._thread: threading.Thread | None = None

    def put(self, kind: str, event: CallRecord | SoftBudget) -> None:
        with self._changed:
            if self._closing or len(self._queue) >= self._sink.queue_size:
                self.dropped += 1
                if not self._full:
                    self._full = True
                    logger.error("%r: the queue is full; events are dropped", self._sink)
                return
            self._queue.append((f"msg_{secrets.token_hex(16)}", kind, time.time(), event))
            if self._thread is None:
                self._start()
            self._changed.notify_all()

    def _start(self) -> None:
        thread = threading.Thread(target=self._run, name="assemblyai_mw webhook", daemon=True)
        try:
            thread.start()
        except RuntimeError as error:
            # The queue stays; the next event tries again.
            logger.error("%r: cannot start: %s", self._sink, error)
            return
        self._thread = thread

    def stop(self, timeout_s: float) -> bool:
        thread = self._thread
        with self._changed:
            self._closing = True
            self._give_up_at = time.monotonic() + timeout_s
            self._changed.notify_all()
        if thread is not None and thread is not threading.current_thread():
            thread.join(timeout_s)
        with self._changed:
            left = len(self._queue) + self._busy
        if left:
            logger.error("%r: stopped with %s events not delivered", self._sink, left)
        return not left

    def _run(self) -> None:
        import requests

        session = requests.Session()
        # No proxy and no .netrc of the environment: the operator named this address.
        session.trust_env = False
        with contextlib.closing(session):
            while True:
                with self._changed:
                    while not self._queue and not self._closing:
                        self._changed.wait()
                    if not self._queue or self._too_late():
                        return
                    item = self._queue.popleft()
                    self._busy = True
                try:
                    delivered = self._deliver(session, *item)
                except Exception:
                    logger.exception("%r: an event could not be posted", self._sink)
                    delivered = False
                with self._changed:
                    self._busy = False
                    self._full = self._full and len(self._queue) >= self._sink.queue_size
                    self.sent += delivered
                    self.dropped += not delivered

    def _too_late(self) -> bool:
        return self._give_up_at is not None and time.monotonic() >= self._give_up_at

    def _deliver(
        self, session: requests.Session, message_id: str, kind: str, at: float, event: Any
    ) -> bool:
        moment = datetime.fromtimestamp(at, UTC)
        message = {"type": kind, "timestamp": _iso(moment), "data": data_of(event)}
        body = json.dumps(message, separators=(",", ":")).encode()
        pause, fault = self._sink.first_pause_s, ""
        for attempt in range(1, self._sink.max_tries + 1):
            fault, again, wait = self._post(session, message_id, body)
            if not fault:
                return True
            if not again or attempt == self._sink.max_tries:
                break
            # Workers that failed together should not come back together.
            if not self._pause(max(wait, pause * random.uniform(0.75, 1.25))):
                fault += "; the process ends"
                break
            pause = min(pause * 2, MAX_PAUSE_S)
        logger.error("%r: %s event %s is given up: %s", self._sink, kind, message_id, fault)
        return False

    def _post(
        self, session: requests.Session, message_id: str, body: bytes
    ) -> tuple[str, bool, float]:
        """Return what went wrong, if trying again may help, and the seconds to wait before."""
        sink, timestamp = self._sink, int(time.time())
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "assemblyai-mw",
            "webhook-id": message_id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": sink.sign(message_id, timestamp, body),
        }
        import requests

        try:
            with session.post(
                sink.url,
                data=body,
                headers=headers,
                timeout=sink.timeout_s,
                allow_redirects=False,
                stream=True,
            ) as reply:
                status = reply.status_code
                wait = _seconds(reply.headers.get("retry-after", ""))
        except requests.RequestException as error:
            return type(error).__name__, True, 0.0
        if 200 <= status < 300:
            return "", False, 0.0
        return f"status {status}", status >= 500 or status in _TRY_AGAIN, wait

    def _pause(self, seconds: float) -> bool:
        """Wait, or return False where the process ends before."""
        until = time.monotonic() + seconds
        with self._changed:
            while (left := until - time.monotonic()) > 0:
                if self._give_up_at is not None and until >= self._give_up_at:
                    return False
                self._changed.wait(left)
        return True


def data_of(event: CallRecord | SoftBudget) -> dict[str, Any]:
    """Return an event as JSON can hold it; money is decimal dollars in text."""
    if isinstance(event, CallRecord):
        return event.fields()
    return {
        "scope": event.scope,
        "name": event.name,
        "owner": event.owner,
        "team": event.team,
        "window": event.window,
        "spent_usd": format_usd(event.spent),
        "held_usd": format_usd(event.held),
        "limit_usd": format_usd(event.limit),
        "ratio": event.ratio,
        "resets_at": None if event.resets_at is None else _iso(event.resets_at),
    }


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _seconds(retry_after: str) -> float:
    return min(float(retry_after), MAX_PAUSE_S) if retry_after.isdecimal() else 0.0


def _key_of(secret: str | Secret) -> bytes:
    text = secret.reveal() if isinstance(secret, Secret) else secret
    if text.startswith("whsec_"):
        try:
            key = base64.b64decode(text.removeprefix("whsec_"), validate=True)
        except (binascii.Error, ValueError):
            raise ConfigError("secret: expected base64 after whsec_") from None
    else:
        key = text.encode()
    if len(key) < 16:
        raise ConfigError("secret: expected at least 16 bytes")
    return key
