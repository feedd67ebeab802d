"""What the tests of the command line share."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from datetime import datetime

from click.testing import Result

from assemblyai_mw.call import Call, Caller
from assemblyai_mw.routes import route_for

ACCOUNT_KEY = "account-key-of-this-test"
Run = Callable[..., Result]


def made(key_id: int | None, at: datetime, tags: Mapping[str, str]) -> Call:
    return Call(
        id=os.urandom(8).hex(),
        started=at.timestamp(),
        route=route_for("/assemblyai"),
        method="POST",
        path="/v2/transcript",
        tags=dict(tags),
        caller=Caller("alice", key_id=key_id, team="search"),
    )
