"""A caller, and the key that it sent, as hashes. Pure."""

from __future__ import annotations

import json
import re
from hashlib import sha256
from typing import TYPE_CHECKING

from ...errors import BadRequest

if TYPE_CHECKING:
    from ...call import Caller

# Visible ASCII but the comma, with which servers join two fields of one name.
_KEY = re.compile(r"[!-+\--~]{1,255}")


def checked_key(value: str) -> str:
    """Return the value of an Idempotency-Key.

    Raises:
        BadRequest: It is not one key.
    """
    if not _KEY.fullmatch(value):
        raise BadRequest(
            "Idempotency-Key: expected one field of 1 to 255 visible ASCII characters, without a "
            "comma.",
            code="invalid_idempotency_key",
        )
    return value


def scope_of(caller: Caller) -> bytes:
    """Return the SHA-256 of a caller.

    Two users for whom the host vouches with the same key are two callers, and so are two teams.
    """
    who = "master" if caller.master else caller.name if caller.key_id is None else caller.key_id
    whole = [type(who).__name__, caller.master, who, caller.team, caller.end_user]
    return sha256(json.dumps(whole).encode()).digest()


def place_of(scope: bytes, key: str) -> bytes:
    """Return the SHA-256 of a caller's key; the same key of another caller has another one."""
    return sha256(scope + key.encode()).digest()
