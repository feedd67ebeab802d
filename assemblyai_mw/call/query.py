"""The request's query, where a stage changes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..http.query import set_query
from .model import Call

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment


def replace_query(call: Call, environ: WSGIEnvironment, query: str) -> None:
    """Make *query* what every stage further in, and the upstream, receives."""
    set_query(environ, query)
    call.target = call.billable = None
