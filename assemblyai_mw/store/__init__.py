"""The only SQL: virtual keys, the ledger, and budget holds, on SQLite or PostgreSQL.

Names are imported when they are first used: the command line reads `key_options`, which is
pure, and a host that mounts its commands need not wait for SQLAlchemy.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .database import Database, as_database
    from .history import Change
    from .holds import Hold, Holds, Refusal, Standing
    from .key_info import KeyInfo, NewKey, TeamInfo
    from .keys import Keys, hash_key
    from .ledger import Ledger
    from .settling import Due
    from .spending import SoftBudget
    from .transcripts import Owner, TranscriptRow, owner_key

__all__ = [
    "Change",
    "Database",
    "Due",
    "Hold",
    "Holds",
    "KeyInfo",
    "Keys",
    "Ledger",
    "NewKey",
    "Owner",
    "Refusal",
    "SoftBudget",
    "Standing",
    "TeamInfo",
    "TranscriptRow",
    "as_database",
    "hash_key",
    "owner_key",
]

_LATE = {
    **dict.fromkeys(("Database", "as_database"), ".database"),
    "Change": ".history",
    **dict.fromkeys(("Hold", "Holds", "Refusal", "Standing"), ".holds"),
    **dict.fromkeys(("KeyInfo", "NewKey", "TeamInfo"), ".key_info"),
    **dict.fromkeys(("Keys", "hash_key"), ".keys"),
    "Ledger": ".ledger",
    "Due": ".settling",
    "SoftBudget": ".spending",
    **dict.fromkeys(("Owner", "TranscriptRow", "owner_key"), ".transcripts"),
}


def __getattr__(name: str) -> object:
    if name not in _LATE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(_LATE[name], __name__), name)
    globals()[name] = value
    return value
