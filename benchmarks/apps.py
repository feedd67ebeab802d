"""What is compared, as WSGI apps for Gunicorn: `benchmarks.apps:make('ours')`.

All of them forward `/assemblyai/...` to the upstream that BENCH_UPSTREAM names, over TLS with the
authority of BENCH_CA alone where that is set. Ours has everything on: key, policy, isolation,
ledger, and a log line for each call, written to a file. The others have nothing on, but "key and
forwarding", which asks ours for the key.
"""

from __future__ import annotations

import http.client
import os
import ssl
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from urllib.parse import urlsplit

PREFIX = "/assemblyai"
LLM_PREFIX = "/llm-gateway.assemblyai"
BLOCK = 64 * 1024
MAX_BLOCK = 1 << 20
HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade"}


def page(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """The host app's own page: what Gunicorn costs alone."""
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "5")])
    return [b"hello"]


def sink(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """Reads a body in 1 MiB blocks and forwards nothing."""
    left = int(environ["CONTENT_LENGTH"])
    while left:
        block = environ["wsgi.input"].read(min(MAX_BLOCK, left))
        if not block:
            break
        left -= len(block)
    start_response("200 OK", [("Content-Length", "2")])
    return [b"{}"]


def _target(environ: dict[str, Any]) -> str:
    path = environ["PATH_INFO"].removeprefix(PREFIX)
    return f"{path}?{environ['QUERY_STRING']}" if environ["QUERY_STRING"] else path


def _headers(environ: dict[str, Any]) -> dict[str, str]:
    headers = {
        name[5:].replace("_", "-").title(): value
        for name, value in environ.items()
        if name.startswith("HTTP_") and name not in ("HTTP_HOST", "HTTP_CONNECTION")
    }
    headers["Authorization"] = "account-key"
    for name in ("CONTENT_TYPE", "CONTENT_LENGTH"):
        if environ.get(name):
            headers[name.replace("_", "-").title()] = environ[name]
    return headers


def _passed(headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(name, value) for name, value in headers if name.lower() not in HOP_BY_HOP]


def _blocks(response: http.client.HTTPResponse) -> Iterator[bytes]:
    with response:  # `read1` alone leaves the connection waiting for an end that it saw
        while block := response.read1(BLOCK):
            yield block


def bare(upstream: str) -> Any:
    """The forwarder that one would write: http.client, a connection a thread, no features."""
    parts = urlsplit(upstream)
    authority = os.environ.get("BENCH_CA")
    context = ssl.create_default_context(cafile=authority) if authority else None
    local = threading.local()

    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        connection = getattr(local, "connection", None)
        if connection is None:
            at = (parts.hostname or "", parts.port)
            connection = local.connection = (
                http.client.HTTPSConnection(*at, context=context)
                if context
                else http.client.HTTPConnection(*at)
            )
        body = environ["wsgi.input"] if environ.get("CONTENT_LENGTH") else None
        connection.request(
            environ["REQUEST_METHOD"], _target(environ), body=body, headers=_headers(environ)
        )
        response = connection.getresponse()
        start_response(f"{response.status} {response.reason}", _passed(response.getheaders()))
        return _blocks(response)

    return app


def with_requests(upstream: str) -> Any:
    """The same on requests.Session."""
    import requests

    local = threading.local()

    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        session = getattr(local, "session", None)
        if session is None:
            session = local.session = requests.Session()
        response = session.request(
            environ["REQUEST_METHOD"],
            upstream + _target(environ),
            headers=_headers(environ),
            data=environ["wsgi.input"] if environ.get("CONTENT_LENGTH") else None,
            stream=True,
            allow_redirects=False,
            # Not the session's: the environment's bundle would stand in its place.
            verify=os.environ.get("BENCH_CA") or True,
        )
        headers = _passed(response.raw.headers.iteritems())
        start_response(f"{response.status_code} {response.reason}", headers)
        return response.raw.stream(BLOCK, decode_content=False)  # type: ignore[no-any-return]

    return app


def with_werkzeug(upstream: str) -> Any:
    """Werkzeug's ProxyMiddleware."""
    from werkzeug.middleware.http_proxy import ProxyMiddleware

    return ProxyMiddleware(page, {f"{PREFIX}/": {"target": upstream, "remove_prefix": True}})


def flask_app() -> Any:
    """A bare Flask app: a page, and the names of the modules that its process has."""
    import json
    import sys

    from flask import Flask

    app = Flask("bench")
    app.add_url_rule("/", "page", lambda: "hello")
    app.add_url_rule("/modules", "modules", lambda: json.dumps(sorted(sys.modules)))
    return app


def ours(upstream: str, host: Any = page) -> Any:
    """The whole stack, everything on, around *host*."""
    from assemblyai_mw import AssemblyAIMiddleware
    from assemblyai_mw.config import DEFAULT_ROUTES

    routes = dict.fromkeys(DEFAULT_ROUTES)
    return AssemblyAIMiddleware(
        host,
        {
            "routes": {**routes, PREFIX: upstream, LLM_PREFIX: upstream},
            "general_settings": {
                "database_url": os.environ["BENCH_DATABASE"],
                "log_file": os.environ["BENCH_LOG"],
            },
            "upstream": {"ca_file": os.environ.get("BENCH_CA") or None},
            "model_list": [
                {
                    "model_name": "assemblyai/*",
                    "litellm_params": {"model": "assemblyai/*", "api_key": "account-key"},
                }
            ],
        },
    )


def key_and_forwarding(upstream: str) -> Any:
    """Our own stages without all that a ledger is for: what a billable call is compared with."""
    from assemblyai_mw import KeyAuth, Keys, PrefixRouter, UpstreamForwarder

    stages = KeyAuth(
        UpstreamForwarder(upstream, api_key="account-key"), keys=Keys(os.environ["BENCH_DATABASE"])
    )
    return PrefixRouter(page, dict.fromkeys((PREFIX, LLM_PREFIX), stages))


def ours_realtime(upstream: str) -> Any:
    """The whole stack with a budget, for sessions; the host's `/work` keeps a thread busy."""
    from assemblyai_mw import AssemblyAIMiddleware
    from assemblyai_mw.config import DEFAULT_ROUTES

    def host(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if environ["PATH_INFO"] == "/work":
            sum(n * n for n in range(300_000))
        return page(environ, start_response)

    return AssemblyAIMiddleware(
        host,
        {
            "routes": {
                **dict.fromkeys(DEFAULT_ROUTES),
                LLM_PREFIX: upstream,
                "/streaming.assemblyai": upstream,
            },
            "general_settings": {
                "database_url": os.environ["BENCH_DATABASE"],
                "log_file": os.environ["BENCH_LOG"],
            },
            "model_list": [
                {
                    "model_name": "assemblyai/*",
                    "litellm_params": {"model": "assemblyai/*", "api_key": "account-key"},
                }
            ],
        },
    )


def ours_by_socket_send(upstream: str) -> Any:
    """The same, its small requests sent by Python's own `socket.send`."""
    from assemblyai_mw.transport import connection

    connection.holding_the_lock = lambda name: None  # type: ignore[assignment]
    return ours(upstream)


def make(name: str) -> Any:
    """Return the app called *name*."""
    upstream = os.environ["BENCH_UPSTREAM"]
    makers: dict[str, Callable[[str], Any]] = {
        "ours": ours,
        "ours on flask": lambda upstream: ours(upstream, flask_app()),
        "flask": lambda _: flask_app(),
        "ours by socket.send": ours_by_socket_send,
        "ours realtime": ours_realtime,
        "key and forwarding": key_and_forwarding,
        "http.client": bare,
        "requests": with_requests,
        "werkzeug": with_werkzeug,
        "gunicorn": lambda _: page,
        "sink": lambda _: sink,
    }
    return makers[name](upstream)
