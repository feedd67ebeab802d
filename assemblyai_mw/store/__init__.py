"""The only SQL: virtual keys, the ledger, and budget holds, on SQLite or PostgreSQL."""

from .database import Database, as_database
from .holds import Hold, Holds, Refusal, Standing
from .key_info import Change, KeyInfo, NewKey, TeamInfo
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
