"""The tables, one definition for SQLite and PostgreSQL.

Money is nano-dollars, moments are epoch microseconds in UTC, both in 64-bit integers;
JSON is text. A missing key or team is NULL in describing rows, and 0 or '' in the keys of running
totals, since a primary key holds no NULL.

| table          | a row is                                                              |
|----------------|-----------------------------------------------------------------------|
| meta           | a fact about this database: its schema version, its identity          |
| keys           | a virtual key: whose, what it may do and spend; never its secret      |
| secrets        | a secret's SHA-256, and whose it is; two of them while one is rotated |
| teams          | what a team may spend                                                 |
| budgets        | what the calls of a tag, or of an end user, may spend                 |
| audit          | one change of a key, a team, or one of these budgets                  |
| calls          | the ledger: one call that costs or could                              |
| transcripts    | who owns a transcript id, per region                                  |
| uploads        | who owns an uploaded file, by the hash of its URL; its audio's length |
| owned          | who owns another object of the account: an agent, its sessions, a hook |
| open_sessions  | a streaming session under way, as of its last checkpoint              |
| session_tokens | a token that opens one session: its SHA-256, and whose it is          |
| kept_answers   | what an Idempotency-Key stands for: its answer, for a day             |
| holds          | budget reserved for one call in flight                                |
| spend          | spent and held of one key, team or further budget in one window       |
| totals         | closed calls of one day, key, team and model, added up                |
| tag_totals     | closed calls of one day and tag, added up                             |
| tagged_totals  | closed calls of one day and key that have any tag, each counted once  |
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnClause,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    literal_column,
    text,
)

# Version of the tables below; `migrations` upgrades the ledgers of earlier versions.
SCHEMA_VERSION = 5

PENDING: Final = "pending"
SETTLED: Final = "settled"
FAILED: Final = "failed"
UNPRICED: Final = "unpriced"
# SQLite matches a partial index to a literal only, not to a parameter.
IS_PENDING: ColumnClause[str] = literal_column("'pending'")
IS_SETTLED: ColumnClause[str] = literal_column("'settled'")
IS_FAILED: ColumnClause[str] = literal_column("'failed'")
IS_UNPRICED: ColumnClause[str] = literal_column("'unpriced'")

metadata = MetaData()
# SQLite numbers rows automatically only if the column's type is exactly INTEGER.
Id = BigInteger().with_variant(Integer(), "sqlite")

meta = Table(
    "meta",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

keys = Table(
    "keys",
    metadata,
    Column("id", Id, primary_key=True),
    Column("name", Text, nullable=False),
    Column("prefix", Text, nullable=False),
    Column("team", Text),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger),
    Column("revoked_at", BigInteger),
    Column("region", Text),
    Column("scope", Text, nullable=False),
    Column("rpm", Integer),
    Column("team_rpm", Integer),
    Column("routes", Text),
    Column("models", Text),
    Column("features", Text),
    Column("denied_features", Text, nullable=False),
    Column("max_upload_bytes", BigInteger),
    Column("allow_unpriced", Boolean, nullable=False),
    Column("tags", Text, nullable=False),
    Column("budget_nano", BigInteger),
    Column("budget_daily_nano", BigInteger),
    Column("budget_monthly_nano", BigInteger),
    Column("soft_budget_ratio", Float),
    Column("max_sessions", Integer),
    Column("extra_budget_nano", BigInteger),
    Column("extra_budget_until", BigInteger),
    Column("tpm", Integer),
    Column("max_parallel", Integer),
    # Ids are identities: the id of a deleted row must never be reused.
    sqlite_autoincrement=True,
)
Index(
    "keys_live_name",
    keys.c.name,
    unique=True,
    sqlite_where=keys.c.revoked_at.is_(None),
    postgresql_where=keys.c.revoked_at.is_(None),
)
Index("keys_team", keys.c.team)

secrets = Table(
    "secrets",
    metadata,
    Column("hash", LargeBinary(32), primary_key=True),
    Column("key_id", Id, ForeignKey("keys.id"), nullable=False, index=True),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger),
)

teams = Table(
    "teams",
    metadata,
    Column("name", Text, primary_key=True),
    Column("budget_nano", BigInteger),
    Column("budget_daily_nano", BigInteger),
    Column("budget_monthly_nano", BigInteger),
    Column("soft_budget_ratio", Float),
    Column("rpm", Integer),
    Column("max_sessions", Integer),
    Column("extra_budget_nano", BigInteger),
    Column("extra_budget_until", BigInteger),
    Column("tpm", Integer),
    Column("max_parallel", Integer),
)

budgets = Table(
    "budgets",
    metadata,
    # The owner in `spend`, so that names stand here alone.
    Column("id", Id, primary_key=True),
    # `tag`, and `NAME=VALUE`; or `end_user`, and the user as the host names it.
    Column("scope", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("budget_nano", BigInteger),
    Column("budget_daily_nano", BigInteger),
    Column("budget_monthly_nano", BigInteger),
    Column("soft_budget_ratio", Float),
    Column("extra_budget_nano", BigInteger),
    Column("extra_budget_until", BigInteger),
    # Calls that are under way when a budget is cleared must not count in a later one.
    sqlite_autoincrement=True,
)
Index("budgets_owner", budgets.c.scope, budgets.c.owner, unique=True)

audit = Table(
    "audit",
    metadata,
    Column("id", Id, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("actor", Text),
    Column("action", Text, nullable=False),
    Column("key_id", Id),
    Column("key_name", Text),
    Column("team", Text),
    Column("detail", Text, nullable=False),
)
Index("audit_key", audit.c.key_id, audit.c.id)

calls = Table(
    "calls",
    metadata,
    Column("id", Id, primary_key=True),
    Column("request_id", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("key_id", Id),
    Column("key_name", Text),
    Column("team", Text),
    Column("end_user", Text),
    Column("route", Text, nullable=False),
    Column("service", Text, nullable=False),
    Column("region", Text, nullable=False),
    Column("method", Text, nullable=False),
    Column("path", Text, nullable=False),
    Column("kind", Text, nullable=False),
    # The name in totals; the requested facts are in `features`, the usage in `usage`.
    Column("model", Text),
    Column("features", Text, nullable=False),
    Column("tags", Text, nullable=False),
    Column("status", SmallInteger),
    Column("state", Text, nullable=False),
    Column("reason", Text),
    Column("transcript_id", Text),
    Column("audio_ms", BigInteger),
    Column("input_tokens", BigInteger),
    Column("output_tokens", BigInteger),
    Column("cached_tokens", BigInteger),
    Column("cost_nano", BigInteger),
    Column("breakdown", Text),
    Column("usage", Text),
    Column("duration_ms", BigInteger),
    Column("closed_at", BigInteger),
    Column("due_at", BigInteger),
    Column("attempts", Integer, nullable=False),
    # The hold of a call that ended unpriced: it counts as spent as long as it is that.
    Column("kept_nano", BigInteger),
    # The reply named no model with a price: priced by the requested model.
    Column("estimated", Boolean),
    Column("characters", BigInteger),
    # JSON list of the budgets of tags and end users that it counts in; NULL for none.
    Column("budgets", Text),
    # Transcripts and sessions name a call by its id, also one that was pruned.
    sqlite_autoincrement=True,
)
Index("calls_at", calls.c.at, calls.c.id)
Index("calls_team", calls.c.team, calls.c.at, calls.c.id)
Index("calls_key", calls.c.key_id, calls.c.at, calls.c.id)
Index("calls_key_name", calls.c.key_name, calls.c.at, calls.c.id)
Index("calls_model", calls.c.model, calls.c.at, calls.c.id)
Index(
    "calls_end_user",
    calls.c.end_user,
    calls.c.at,
    calls.c.id,
    sqlite_where=calls.c.end_user.is_not(None),
    postgresql_where=calls.c.end_user.is_not(None),
)
Index(
    "calls_failed",
    calls.c.at,
    calls.c.id,
    sqlite_where=calls.c.state == IS_FAILED,
    postgresql_where=calls.c.state == IS_FAILED,
)
Index(
    "calls_pending",
    calls.c.at,
    sqlite_where=calls.c.state == IS_PENDING,
    postgresql_where=calls.c.state == IS_PENDING,
)
Index(
    "calls_due",
    calls.c.due_at,
    sqlite_where=calls.c.state == IS_PENDING,
    postgresql_where=calls.c.state == IS_PENDING,
)
Index(
    "calls_unpriced",
    calls.c.id,
    sqlite_where=calls.c.state == IS_UNPRICED,
    postgresql_where=calls.c.state == IS_UNPRICED,
)

transcripts = Table(
    "transcripts",
    metadata,
    Column("region", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    # No foreign key: the call may have been pruned.
    Column("call_id", Id, nullable=False, unique=True),
    # `team:NAME`, `key:ID` or `name:NAME`: lists of one owner read one index range a status.
    Column("owner", Text, nullable=False),
    Column("key_id", Id),
    Column("key_name", Text),
    Column("team", Text),
    Column("at", BigInteger, nullable=False),
    Column("status", Text, nullable=False),
    Column("completed_at", BigInteger),
)
Index(
    "transcripts_listed",
    transcripts.c.region,
    transcripts.c.owner,
    transcripts.c.status,
    transcripts.c.call_id,
)
Index("transcripts_region", transcripts.c.region, transcripts.c.call_id)

uploads = Table(
    "uploads",
    metadata,
    Column("region", Text, primary_key=True),
    Column("hash", LargeBinary(32), primary_key=True),
    Column("key_id", Id),
    Column("key_name", Text),
    Column("team", Text),
    Column("at", BigInteger, nullable=False),
    # From the file's first bytes; counted: its length follows from the number of bytes.
    Column("audio_ms", BigInteger),
    Column("audio_channels", Integer),
    Column("audio_counted", Boolean),
)

owned = Table(
    "owned",
    metadata,
    Column("service", Text, primary_key=True),
    Column("region", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    # As in `transcripts`: lists of one owner read one index range.
    Column("owner", Text, nullable=False),
    Column("key_id", Id),
    Column("key_name", Text),
    Column("team", Text),
    Column("at", BigInteger, nullable=False),
    # The ledger's row that a session was last opened by, which may have been pruned.
    Column("call_id", Id),
)
Index(
    "owned_listed",
    owned.c.service,
    owned.c.region,
    owned.c.kind,
    owned.c.owner,
    owned.c.at,
    owned.c.id,
)

open_sessions = Table(
    "open_sessions",
    metadata,
    Column("call_id", Id, ForeignKey("calls.id"), primary_key=True),
    Column("request_id", Text, nullable=False),
    Column("key_id", Id),
    Column("team", Text),
    Column("at", BigInteger, nullable=False),
    # In no index: PostgreSQL then updates a row in place at each checkpoint.
    Column("seen_at", BigInteger, nullable=False),
    Column("elapsed_ms", BigInteger, nullable=False),
)
Index("open_sessions_key", open_sessions.c.key_id)
Index("open_sessions_team", open_sessions.c.team)

session_tokens = Table(
    "session_tokens",
    metadata,
    Column("hash", LargeBinary(32), primary_key=True),
    # None is the master key.
    Column("key_id", Id, ForeignKey("keys.id")),
    Column("team", Text),
    Column("service", Text, nullable=False),
    Column("region", Text, nullable=False),
    Column("end_user", Text),
    Column("tags", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("max_session_s", Integer, nullable=False),
    Column("used_at", BigInteger),
)
Index("session_tokens_expiry", session_tokens.c.expires_at)

kept_answers = Table(
    "kept_answers",
    metadata,
    # SHA-256 of the caller, and of the key that it sent.
    Column("scope", LargeBinary(32), primary_key=True),
    Column("key", LargeBinary(32), primary_key=True),
    Column("at", BigInteger, nullable=False),
    # Those of its call: they lead to its rows in the ledger.
    Column("request_id", Text, nullable=False),
    Column("call_at", BigInteger, nullable=False),
    # SHA-256 of the request; NULL as long as its body is being read.
    Column("digest", LargeBinary(32)),
    # Whether the call was billed is known; NULL while it is under way.
    Column("known", Boolean),
    # NULL without an answer.
    Column("status", SmallInteger),
    Column("headers", Text),
    Column("body", LargeBinary),
)
Index("kept_answers_at", kept_answers.c.at)

holds = Table(
    "holds",
    metadata,
    Column("id", Id, primary_key=True),
    Column("request_id", Text, nullable=False, index=True),
    # Never read: workers of earlier releases write it while a ledger is upgraded.
    Column("call_id", Id),
    Column("key_id", Id),
    Column("team", Text),
    Column("amount_nano", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False, index=True),
    Column("budgets", Text),
    sqlite_autoincrement=True,
)

spend = Table(
    "spend",
    metadata,
    Column("scope", Text, primary_key=True),
    Column("owner", Text, primary_key=True),
    Column("period", Text, primary_key=True),
    Column("spent_nano", BigInteger, nullable=False),
    Column("held_nano", BigInteger, nullable=False),
    # Never read: workers of earlier releases write it while a ledger is upgraded.
    Column("warned", Boolean, nullable=False),
    # The highest threshold that was told of, in millionths of the budget; NULL for none.
    Column("told", Integer),
)

SUMS = (
    "calls",
    "failed",
    "unpriced",
    "audio_ms",
    "input_tokens",
    "output_tokens",
    "cached_tokens",
    "cost_nano",
    "characters",
)


def _sums() -> list[Column[int]]:
    # Workers of the release before write no characters while a ledger is upgraded.
    return [
        *(Column(name, BigInteger, nullable=False) for name in SUMS[:-1]),
        Column(SUMS[-1], BigInteger, nullable=False, server_default=text("0")),
    ]


totals = Table(
    "totals",
    metadata,
    Column("day", Text, primary_key=True),
    Column("key_id", Id, primary_key=True, autoincrement=False),
    Column("key_name", Text, primary_key=True),
    Column("team", Text, primary_key=True),
    Column("model", Text, primary_key=True),
    *_sums(),
)
Index("totals_team", totals.c.team, totals.c.day)
Index("totals_key", totals.c.key_id, totals.c.day)
Index("totals_key_name", totals.c.key_name, totals.c.day)
Index("totals_model", totals.c.model, totals.c.day)

tag_totals = Table(
    "tag_totals",
    metadata,
    Column("day", Text, primary_key=True),
    Column("tag", Text, primary_key=True),
    *_sums(),
)

# A call with several tags counts in several rows of `tag_totals`. Totals less these are the calls
# without a tag. A row a key: one for all would make every settlement wait for the others.
tagged_totals = Table(
    "tagged_totals",
    metadata,
    Column("day", Text, primary_key=True),
    Column("key_id", Id, primary_key=True, autoincrement=False),
    *_sums(),
)
