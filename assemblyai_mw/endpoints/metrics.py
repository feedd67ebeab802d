"""`GET` on `metrics_path`: the ledger's sums and this process's request metrics, for Prometheus."""

from __future__ import annotations

import hmac
import logging
import os
from collections.abc import Iterable, Iterator
from hashlib import sha256
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry
from prometheus_client.core import Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from ..call import enter
from ..errors import StoreError
from ..http.private import PrivateReplies
from ..secret import Secret
from ..telemetry.metrics import PREFIX, LedgerCollector, RequestMetrics

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from ..store import Database, Ledger

logger = logging.getLogger("assemblyai_mw.metrics")

_private = PrivateReplies("Authorization")

MULTIPROCESS_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"


class MetricsApp:
    """`/metrics` as a WSGI app: mount it anywhere, or name `metrics_path` in a configuration.

        application = DispatcherMiddleware(app, {"/metrics": MetricsApp(ledger, token=TOKEN)})

    Answers GET and HEAD in the text format or OpenMetrics, as Prometheus requests; 401 without the
    token, 404 below its path, 405, and 503 if the ledger cannot be read.

    Args:
        ledger: A `Ledger`, a `Database` or its URL.
        token: Token that Prometheus must send, as `Authorization: Bearer TOKEN`. The numbers show
            the spend of each key, so public access needs an explicit None.
        requests: Adds its metrics. Several workers need PROMETHEUS_MULTIPROC_DIR, set before
            Python starts.
    """

    def __init__(
        self,
        ledger: Ledger | Database | str,
        *,
        token: str | Secret | None,
        requests: RequestMetrics | None = None,
    ) -> None:
        shown = token.reveal() if isinstance(token, Secret) else token
        if shown == "":
            raise ValueError("token: expected a token, or None")
        self._token = None if shown is None else sha256(shown.encode()).digest()
        self._ledger = LedgerCollector(ledger)
        self._requests = requests
        self._warned = False

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        _, environ = enter(environ)
        start_response = _private(start_response)
        allowed = self._may(environ.pop("HTTP_AUTHORIZATION", ""))
        if environ.get("PATH_INFO", "") not in ("", "/"):
            return _say(404, "Not Found")(environ, start_response)
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            return _say(405, "Method Not Allowed", ("Allow", "GET, HEAD"))(environ, start_response)
        if not allowed:
            return _say(401, "Unauthorized", ("WWW-Authenticate", "Bearer"))(
                environ, start_response
            )
        encode, content_type = choose_encoder(environ.get("HTTP_ACCEPT", ""))
        try:
            body = encode(self._collected(bool(environ.get("wsgi.multiprocess"))))
        except StoreError as error:
            logger.error("the ledger cannot be read: %s", error)
            return _say(503, "Service Unavailable")(environ, start_response)
        start_response(
            "200 OK",
            [
                ("Content-Type", content_type),
                ("Content-Length", str(len(body))),
            ],
        )
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]

    def _may(self, authorization: str) -> bool:
        if self._token is None:
            return True
        scheme, _, shown = authorization.partition(" ")
        digest = sha256(shown.strip().encode("latin-1", "replace")).digest()
        return scheme.lower() == "bearer" and hmac.compare_digest(digest, self._token)

    def _collected(self, multiprocess: bool) -> CollectorRegistry:
        registry = CollectorRegistry()
        registry.register(self._ledger)
        if os.environ.get(MULTIPROCESS_VARIABLE):
            registry.register(_Ours(MultiProcessCollector(None)))  # type: ignore[no-untyped-call]
        elif self._requests is not None and not multiprocess:
            registry.register(_Ours(self._requests.registry))
        elif self._requests is not None and not self._warned:
            self._warned = True
            logger.warning(
                "several workers and no %s: request durations and ends of sessions are left out",
                MULTIPROCESS_VARIABLE,
            )
        return registry


class _Ours(Collector):
    """This library's own metrics, of all that the host keeps in the same directory."""

    def __init__(self, source: Collector | CollectorRegistry) -> None:
        self._source = source

    def describe(self) -> Iterable[Metric]:
        return ()

    def collect(self) -> Iterator[Metric]:
        for metric in self._source.collect():
            if metric.name.startswith(PREFIX):
                yield metric


def _say(status: int, phrase: str, *headers: tuple[str, str]) -> WSGIApplication:
    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        body = f"{phrase}\n".encode()
        start_response(
            f"{status} {phrase}",
            [
                ("Content-Type", "text/plain; charset=utf-8"),
                ("Content-Length", str(len(body))),
                *headers,
            ],
        )
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]

    return app
