"""The Call that the stages of one request share.

model     the Call and its caller; the table of who writes and reads what
body      the request's body, read once
query     the request's query, where a stage changes it
billable  the billing facts of a request
entrance  the doors at which requests come in
reservation  what Budget leaves to the stage that writes the call's row
inner     the native requests that stages make behind them
session_kind  the sessions that are relayed, and how their messages are called
session_text  the texts of a session's client
"""

from ..routes import Route, route_for
from .body import json_of, read_body, replace_body
from .model import CALL_KEY, MASTER, UNREAD, Call, Caller, enter, enter_route, new_id, parse_tags
from .query import replace_query

__all__ = [
    "CALL_KEY",
    "MASTER",
    "UNREAD",
    "Call",
    "Caller",
    "Route",
    "enter",
    "enter_route",
    "json_of",
    "new_id",
    "parse_tags",
    "read_body",
    "replace_body",
    "replace_query",
    "route_for",
]
