"""The Call that the stages of one request share.

model     the Call, its caller and its route; the table of who writes and reads what
billable  what a billable request asks for
"""

from .model import (
    CALL_KEY,
    Call,
    Caller,
    Region,
    Route,
    enter,
    enter_route,
    json_of,
    new_id,
    parse_tags,
    read_body,
    replace_body,
    route_for,
)

__all__ = [
    "CALL_KEY",
    "Call",
    "Caller",
    "Region",
    "Route",
    "enter",
    "enter_route",
    "json_of",
    "new_id",
    "parse_tags",
    "read_body",
    "replace_body",
    "route_for",
]
