"""The only SQL: virtual keys, the ledger, and budget holds, on SQLite or PostgreSQL.

Names are imported at their first use: SQLAlchemy takes longer to import than everything else here
together, and an app that wraps itself at import need not wait for it.

admission         the hold and the row of a call, in one transaction before it goes out
clock             detects jumps of the wall clock, by a clock that cannot be set
closing           the end of one call, in plain values that can be written later
closing_statements  the statements that close calls
closings          closes calls: once, with spend and totals in one transaction
columns           conversion between callers' values and columns
copying           copies a whole ledger into an empty database
creation          creates the schema, and checks that it is complete
database          one engine a process, two kinds of transaction, one kind of error
driver            checks of a PostgreSQL URL before connecting
engine            one process's connections to one database
erasing           takes a name out of every table
export            reports as JSON and CSV, for the command line and the usage page
failures          the errors of SQLAlchemy and of the drivers, told in one line
gauges            the ledger's present sums, for a monitor that reads them every few seconds
group_commit      threads that wait for one lock have their transactions written by one commit
health            how the ledger does: open calls, settlement, size
history           changes of keys and teams, with old and new values
holds             budget reserved for calls in flight, so that no number of workers can overspend
idle_connections  connections that stay open between two reads of a SQLite file
key_info          keys and teams as values, made from their rows
kept_answers      answers kept for requests that are repeated with their Idempotency-Key
key_options       the options of keys and teams, each declared once
keys              virtual keys: made, found, rotated, revoked
lazy              objects that are made at their first use
leases            leases of open calls, so that only one process settles each
ledger            one row a billable call, closed exactly once
limits            budgets as they bind at one moment, and thresholds that are told of once
listing           one owner's transcripts in the order of their calls, for lists
marks             budgets of live keys and of teams that have reached their soft mark
oldest            how long the oldest open call has been open
on_database       base class of keys, ledger and holds: each works on one database
opening           the row of a call before it goes out
option_kinds      kinds of values that a key's option may have
overview          the sums of one view of the usage page
own_usage         one key's calls by day and model, for its holder
owned             owners of voice agents, their sessions, and other objects of an account
owner_cache       cache of transcripts' owners
owners            owners of transcripts by id, and of uploaded files by URL
pruning           deletes old calls; sums and owners stay
reader            what one reader may see of calls, keys, teams and budgets
renewals          holds of many calls that grow in one transaction
report            the ledger call by call, or summed
schema            the tables, one definition for SQLite and PostgreSQL
session_tokens    tokens that open one streaming session each
sessions          streaming sessions under way: limits, checkpoints
shared_budgets    budgets of tags and end users
slots             limits a process's connections, and keeps the order of waiters
space             where an object's id is one
sqlite_file       a ledger's SQLite file
statements        statements compiled once, run on the driver's own cursor
teams             limits that all keys of a team share
totals            running totals of keys and teams, and sums for reports
transactions      few messages to PostgreSQL, few commits of a SQLite file
trial             whether every table can be written
unwritten         closings that could not be written
urls              checks of the ledger's database URL
usage_filter      which calls a report is of
usage_names       what a report may be grouped and filtered by, in words
usage_query       the sums of calls by group, for every report and for metrics
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .admission import Admitted, Hold, Refusal
    from .database import Database
    from .history import Change
    from .holds import BudgetStatus, Holds
    from .kept_answers import Answer, Claim, Fate, KeptAnswer, KeptAnswers
    from .key_info import BudgetInfo, KeyInfo, NewKey, TeamInfo
    from .keys import Keys, hash_key
    from .leases import Due, LastSeen
    from .ledger import Ledger
    from .limits import SoftBudget
    from .on_database import as_database
    from .owners import Owner, TranscriptRow, owner_key
    from .report import CallPage
    from .session_tokens import SessionTokens, TakenToken
    from .sessions import SessionLimit
    from .shared_budgets import SharedBudgets
    from .usage_filter import Scope, UsageFilter

__all__ = [
    "Admitted",
    "Answer",
    "BudgetInfo",
    "BudgetStatus",
    "CallPage",
    "Change",
    "Claim",
    "Database",
    "Due",
    "Fate",
    "Hold",
    "Holds",
    "KeptAnswer",
    "KeptAnswers",
    "KeyInfo",
    "Keys",
    "LastSeen",
    "Ledger",
    "NewKey",
    "Owner",
    "Refusal",
    "Scope",
    "SessionLimit",
    "SessionTokens",
    "SharedBudgets",
    "SoftBudget",
    "TakenToken",
    "TeamInfo",
    "TranscriptRow",
    "UsageFilter",
    "as_database",
    "hash_key",
    "owner_key",
]

_MODULES = {
    **dict.fromkeys(("Admitted", "Hold", "Refusal"), "admission"),
    **dict.fromkeys(("Holds", "BudgetStatus"), "holds"),
    **dict.fromkeys(("Answer", "Claim", "Fate", "KeptAnswer", "KeptAnswers"), "kept_answers"),
    **dict.fromkeys(("BudgetInfo", "KeyInfo", "NewKey", "TeamInfo"), "key_info"),
    **dict.fromkeys(("Keys", "hash_key"), "keys"),
    **dict.fromkeys(("Due", "LastSeen"), "leases"),
    **dict.fromkeys(("Owner", "TranscriptRow", "owner_key"), "owners"),
    **dict.fromkeys(("SessionTokens", "TakenToken"), "session_tokens"),
    **dict.fromkeys(("Scope", "UsageFilter"), "usage_filter"),
    "CallPage": "report",
    "Change": "history",
    "Database": "database",
    "Ledger": "ledger",
    "SessionLimit": "sessions",
    "SharedBudgets": "shared_budgets",
    "SoftBudget": "limits",
    "as_database": "on_database",
}


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f".{_MODULES[name]}", __name__), name)
    globals()[name] = value
    return value
