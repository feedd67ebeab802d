"""Requests to the inner stages, on the caller's behalf and in the caller's name."""

from __future__ import annotations

import io
import time
from typing import TYPE_CHECKING, Any

from ...call import CALL_KEY, Call, Route, new_id
from ...call.entrance import SPELLING

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

_KEPT = frozenset({"HTTP_HOST", "HTTP_USER_AGENT"})


def native(
    environ: WSGIEnvironment, mount: str, route: Route, method: str, path: str, **fields: Any
) -> WSGIEnvironment:
    """Return the environ of a native request below *mount*; *fields* over its own."""
    inner = {
        key: value
        for key, value in environ.items()
        if key not in SPELLING and (not key.startswith("HTTP_") or key in _KEPT)
    }
    return inner | {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": mount + route.prefix,
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "CONTENT_TYPE": "",
        "CONTENT_LENGTH": "",
        # The reply must be readable here, and without the field any coding would do.
        "HTTP_ACCEPT_ENCODING": "identity",
        "wsgi.input": io.BytesIO(),
        **fields,
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
    call.route = route
    call.path = path
    call.reading = call.target = call.billable = None
    call.upstream = "unsent"
    return environ | {CALL_KEY: call}
