"""Native requests to the inner stages, in the name of a caller who asked for something else."""

from __future__ import annotations

import io
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..routes import Route
from .model import CALL_KEY, Call, new_id

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

# How the caller spelled its path and its body's coding, of which an inner call has its own.
_SPELLING = frozenset(
    {
        "RAW_URI",
        "REQUEST_URI",
        "HTTP_ACCEPT_ENCODING",
        "HTTP_CONTENT_ENCODING",
        "HTTP_TRANSFER_ENCODING",
    }
)
_KEPT = frozenset({"HTTP_HOST", "HTTP_USER_AGENT"})


def native(
    environ: WSGIEnvironment, mount: str, route: Route, method: str, path: str, **fields: Any
) -> WSGIEnvironment:
    """Return the environ of a native request below *mount*; *fields* over its own.

    Of the caller's header fields, only Host and User-Agent stay.
    """
    kept = {
        key: value for key, value in environ.items() if not key.startswith("HTTP_") or key in _KEPT
    }
    inner = _below(mount, route, path, kept)
    return inner | {
        "REQUEST_METHOD": method,
        "CONTENT_TYPE": "",
        "CONTENT_LENGTH": "",
        "wsgi.input": io.BytesIO(),
        **fields,
    }


def native_post(
    call: Call, environ: WSGIEnvironment, mount: str, route: Route, path: str
) -> WSGIEnvironment:
    """Return the environ of a native call with a JSON body, and move the Call to its *route*."""
    inner = _below(mount, route, path, environ)
    inner["CONTENT_TYPE"] = "application/json"
    return moved(call, inner, replace(route, door=call.route.door), path)


def _below(mount: str, route: Route, path: str, environ: WSGIEnvironment) -> WSGIEnvironment:
    inner = {key: value for key, value in environ.items() if key not in _SPELLING}
    return inner | {
        "SCRIPT_NAME": mount + route.prefix,
        "PATH_INFO": path,
        "QUERY_STRING": "",
        # The reply must be readable here, and without the field any coding would do.
        "HTTP_ACCEPT_ENCODING": "identity",
    }


def call_for(call: Call, route: Route, method: str, path: str) -> Call:
    """Return a Call of its own for a request that is made for *call*. It writes no log line."""
    return Call(
        id=new_id(),
        started=time.time(),
        route=route,
        method=method,
        path=path,
        tags=call.tags,
        request_id=call.request_id,
        caller=call.caller,
        trace_context=call.trace_context,
        inner=True,
    )


def moved(call: Call, environ: WSGIEnvironment, route: Route, path: str) -> WSGIEnvironment:
    """Move *call* to a native path, so that its row and its log line are that request's."""
    call.move(route, path)
    # Inner stages see a second try as a separate call.
    call.upstream = "unsent"
    call.row = call.usage = call.price = None
    return environ | {CALL_KEY: call}
