"""The only SQL: virtual keys, the ledger, and budget holds, on SQLite or PostgreSQL.

Names are imported at their first use: SQLAlchemy takes longer to import than everything else here
together, and an app that wraps itself at import need not wait for it.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .database import Database
    from .history import Change
    from .holds import BudgetStatus, Hold, Holds, Refusal
    from .key_info import KeyInfo, NewKey, TeamInfo
    from .keys import Keys, hash_key
    from .leases import Due
    from .ledger import Ledger
    from .on_database import as_database
    from .owners import Owner, TranscriptRow, owner_key
    from .totals import SoftBudget

__all__ = [
    "BudgetStatus",
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
    "TeamInfo",
    "TranscriptRow",
    "as_database",
    "hash_key",
    "owner_key",
]

_MODULES = {
    **dict.fromkeys(("Hold", "Holds", "Refusal", "BudgetStatus"), "holds"),
    **dict.fromkeys(("KeyInfo", "NewKey", "TeamInfo"), "key_info"),
    **dict.fromkeys(("Keys", "hash_key"), "keys"),
    **dict.fromkeys(("Owner", "TranscriptRow", "owner_key"), "owners"),
    "Change": "history",
    "Database": "database",
    "Due": "leases",
    "Ledger": "ledger",
    "SoftBudget": "totals",
    "as_database": "on_database",
}


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f".{_MODULES[name]}", __name__), name)
    globals()[name] = value
    return value
