"""Opening calls: the row that stands in the ledger before a billable request goes out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, insert

from .columns import micros, plain, to_json
from .schema import PENDING, calls
from .statements import Prepared
from .totals import kept_ids

if TYPE_CHECKING:
    from ..call import Call

COLUMNS = (
    "request_id",
    "at",
    "key_id",
    "key_name",
    "team",
    "end_user",
    "route",
    "service",
    "region",
    "method",
    "path",
    "kind",
    "model",
    "features",
    "tags",
    "due_at",
    "budgets",
)
# Parameters are those of `opened`; returns the row's id.
insert_call = Prepared(
    insert(calls)
    .values(**{name: bindparam(name) for name in COLUMNS}, state=PENDING, attempts=0)
    .returning(calls.c.id)
)


def opened(
    call: Call, *, kind: str, model: str | None, features: Mapping[str, Any] | None, due_at: int
) -> dict[str, Any]:
    """Return a call's row as it is opened; *due_at* is epoch microseconds."""
    caller = call.caller
    # A key's own tags take precedence: a client cannot change them.
    tags = {**call.tags, **(caller.tags if caller else {})}
    return {
        "request_id": call.id,
        "at": micros(call.started),
        "key_id": caller.key_id if caller else None,
        "key_name": caller.name if caller else None,
        "team": caller.team if caller else None,
        "end_user": plain(call.end_user),
        "route": plain(call.route.prefix),
        "service": call.route.service,
        "region": call.route.region,
        "method": plain(call.method),
        "path": plain(call.path),
        "kind": kind,
        "model": plain(model),
        "features": to_json(features or {}),
        "tags": to_json({plain(name): plain(value) for name, value in tags.items()}),
        "due_at": due_at,
        "budgets": kept_ids(caller.budgets) if caller else None,
    }
