"""Streaming sessions: whether the server can carry them, and has room and time for them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from ...billing.operations import SESSION_HOSTS
from ...config import Config
from ...relay.lingering import CALLERS, STRANGERS
from .finding import Finding

# The client's connection, the way to AssemblyAI, and the dead end that the server is left with.
DESCRIPTORS_PER_SESSION = 3
# Of a worker itself: listeners, the ledger, connections of requests and kept to upstreams.
DESCRIPTORS_OF_A_WORKER = 100
# And the clients that it reads from after it has refused their uploads.
DESCRIPTORS_BESIDES = DESCRIPTORS_OF_A_WORKER + STRANGERS.limit + CALLERS.limit
# Gunicorn's workers that leave the connection within reach, by their names and modules.
_CARRIES = ("sync", "gthread", "gevent")
_MODULES = ("gunicorn.workers.sync.", "gunicorn.workers.gthread.", "gunicorn.workers.ggevent.")
# Servers without a socket for the app, by a word in their `Server` header.
_WITHOUT = {"waitress": "Waitress", "mod_wsgi": "mod_wsgi", "granian": "Granian"}
_OTHERS = "run Gunicorn with threads"


def relays(config: Config) -> bool:
    """Whether sessions are to be relayed, and a route leads to their host."""
    services = {route.service for route in config.routes.values()}
    return config.streaming.relay and not services.isdisjoint(SESSION_HOSTS)


def descriptors(config: Config) -> Iterator[Finding]:
    """Whether a process started here could open as many descriptors as its sessions need."""
    if not relays(config):
        return
    try:
        import resource
    except ImportError:  # Windows, which has no such limit.
        return
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    sessions = config.streaming.max_sessions_per_worker
    needed = DESCRIPTORS_PER_SESSION * sessions + DESCRIPTORS_BESIDES
    if soft == resource.RLIM_INFINITY or soft >= needed:
        yield Finding("ok", "descriptors", f"{needed:,} for {sessions:,} sessions in a worker")
        return
    fit = (soft - DESCRIPTORS_BESIDES) // DESCRIPTORS_PER_SESSION
    yield Finding(
        "note",
        "descriptors",
        f"{sessions:,} sessions in a worker need {needed:,}, and a process started here may open "
        f"{soft:,}",
        f"ulimit -n {needed}, LimitNOFILE={needed} in a systemd unit, or streaming: "
        f"max_sessions_per_worker: {max(1, fit)}",
    )


def under_gunicorn(config: Config, settings: Any) -> Iterator[Finding]:
    """The effects of Gunicorn's *settings* on sessions."""
    if not relays(config):
        return
    worker = str(settings.worker_class_str)
    if not (worker.startswith(_MODULES) or worker.partition("_")[0] in _CARRIES):
        yield _cannot(config, f"Gunicorn's {worker} worker hands the app no socket", _OTHERS)
        return
    if settings.is_ssl:
        yield _over_tls(config, settings, worker)
    else:
        yield Finding("ok", "sessions", f"Gunicorn's {worker} worker can carry them")
    own = config.streaming
    need_s = own.drain_s + own.terminate_s
    for name in ("graceful_timeout", "timeout"):
        limit_s = getattr(settings, name)
        if name == "timeout" and limit_s == 0:  # No limit.
            continue
        if need_s >= limit_s:
            yield Finding(
                "wrong",
                "sessions",
                f"a worker that stops is killed after {limit_s} s ({name}), and its sessions may "
                f"take {need_s:g} s to end (streaming: drain_s and terminate_s)",
                f"{name} = {int(need_s) + 5}, or a smaller drain_s",
            )


def behind(config: Config, server: str) -> Iterator[Finding]:
    """Whether a running server, by its `Server` header, can carry sessions, where that tells."""
    if not relays(config):
        return
    for word, name in _WITHOUT.items():
        if word in server.lower():
            yield _cannot(config, f"{name} hands the app no socket", _OTHERS)


def _over_tls(config: Config, settings: Any, worker: str) -> Finding:
    if worker != "gthread" and "gthread" not in worker:
        return _cannot(
            config,
            f"Gunicorn does TLS itself (certfile), which its {worker} worker cannot hand over",
            "let a proxy in front do TLS",
        )
    return Finding(
        "note",
        "sessions",
        f"Gunicorn does TLS itself (certfile), so each session holds one of the {settings.threads} "
        "thread(s) of its worker, and few may",
        "let a proxy in front do TLS",
    )


def _cannot(config: Config, reason: str, hint: str) -> Finding:
    level: Literal["note", "wrong"] = "note"
    if config.streaming.tokens == "own":
        level = "wrong"
        hint += "; or leave streaming: tokens out, since its tokens would open no session"
    return Finding(level, "sessions", reason, hint)
