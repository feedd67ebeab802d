"""Erases a name: of an end user, a key or a team. A pseudonym takes its place; sums stay.

Each text column is listed here once. A new one belongs into `NAMES`, `JSON_NAMES` or `NO_NAMES`;
a test compares them with the schema.
"""

from __future__ import annotations

import json
import secrets as random
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, delete, func, or_, select, text, update

from .columns import from_json, to_json
from .database import Database
from .history import add_change
from .schema import calls, holds, kept_answers, keys, metadata, secrets, session_tokens, spend

Kind = Literal["key", "team", "end_user"]

# Kind of name -> the columns that hold it, and in which form.
NAMES: Mapping[Kind, Mapping[str, str]] = {
    "key": {
        "keys.name": "{}",
        "audit.key_name": "{}",
        "audit.actor": "{}",
        "calls.key_name": "{}",
        "transcripts.key_name": "{}",
        "transcripts.owner": "name:{}",
        "uploads.key_name": "{}",
        "owned.key_name": "{}",
        "owned.owner": "name:{}",
        "totals.key_name": "{}",
    },
    "team": {
        "keys.team": "{}",
        "teams.name": "{}",
        "audit.team": "{}",
        "audit.actor": "{}",
        "calls.team": "{}",
        "transcripts.team": "{}",
        "transcripts.owner": "team:{}",
        "uploads.team": "{}",
        "owned.team": "{}",
        "owned.owner": "team:{}",
        "open_sessions.team": "{}",
        "session_tokens.team": "{}",
        "holds.team": "{}",
        "spend.owner": "{}",
        "totals.team": "{}",
    },
    "end_user": {
        "audit.actor": "{}",
        "calls.end_user": "{}",
        "budgets.owner": "{}",
        "session_tokens.end_user": "{}",
    },
}
# JSON columns with names in them, and the members that hold one: itself, or as old and new.
JSON_NAMES: Mapping[str, Mapping[Kind, tuple[str, ...]]] = {
    "audit.detail": {
        "key": ("name", "key", "key_name"),
        "team": ("team",),
        "end_user": ("end_user",),
    }
}
# Texts that people write, in which a name may stand all the same: they are told, and left.
FREE_TEXTS = frozenset(
    {"calls.tags", "keys.tags", "session_tokens.tags", "tag_totals.tag", "calls.reason"}
)
# Columns that hold other things too, and the scope in which they hold this name: `spend.owner` of a
# key is its id, `budgets.owner` may be a tag.
_SCOPES = {"spend.owner": "team", "budgets.owner": "end_user"}
# Facts, ids and lists of this program's own words.
NO_NAMES = frozenset(
    {
        *(
            "meta.name",
            "meta.value",
            "audit.action",
            "holds.request_id",
            "open_sessions.request_id",
        ),
        *("keys.prefix", "keys.region", "keys.scope", "keys.routes", "keys.models"),
        *("keys.features", "keys.denied_features", "kept_answers.request_id"),
        *("kept_answers.headers", "session_tokens.service", "session_tokens.region"),
        *("calls.request_id", "calls.route", "calls.service", "calls.region", "calls.method"),
        *("calls.path", "calls.kind", "calls.model", "calls.features", "calls.state"),
        *("calls.transcript_id", "calls.breakdown", "calls.usage"),
        *("transcripts.region", "transcripts.id", "transcripts.status", "uploads.region"),
        *("owned.service", "owned.region", "owned.kind", "owned.id", "tagged_totals.day"),
        *("budgets.scope", "calls.budgets", "holds.budgets"),
        *("spend.scope", "spend.period", "totals.day", "totals.model", "tag_totals.day"),
    }
)
# Tables of which other transactions lock several rows at a time, and in which order.
_LOCK_ORDERS: Mapping[str, tuple[Any, ...]] = {
    calls.name: (calls.c.id,),
    holds.name: (holds.c.id,),
    spend.name: (func.length(spend.c.period), spend.c.period),
}
# Key look-ups are cached for at most 1 s; then no worker starts a call in this name.
CACHED_S = 1.5


@dataclass(frozen=True, slots=True)
class Erased:
    """What was erased, or would be.

    Attributes:
        kind: `key`, `team` or `end_user`.
        pseudonym: What stands in the place of the name; None for a dry run.
        rows: By column (`calls.team`), the rows that held the name; by table
            (`kept_answers`), the rows that were deleted.
        revoked: Names of keys that were revoked.
        left: By column, rows with a text that people write, in which the name still stands.
    """

    kind: Kind
    pseudonym: str | None
    rows: Mapping[str, int]
    revoked: tuple[str, ...]
    left: Mapping[str, int]


def would_erase(database: Database, kind: Kind, name: str) -> Erased:
    """Return what `erase` would do; nothing is changed."""
    with database.snapshot() as connection:
        live = tuple(connection.scalars(select(keys.c.name).where(*_live(kind, name))))
        rows = dict(_count(connection, kind, name))
        return Erased(kind, None, rows, live, dict(_texts_with(connection, kind, name)))


def erase(
    database: Database,
    kind: Kind,
    name: str,
    *,
    actor: str | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> Erased:
    """Put a pseudonym in the place of a name in every table, then remove the old bytes.

    A live key of that name, or in that team, is revoked first. The change of all rows is one
    transaction. Afterwards a SQLite file is written anew and its -wal file emptied, so that no
    byte of the name is left in them; on PostgreSQL a VACUUM removes the old rows.

    Raises:
        StoreError: The database cannot be written, or the old bytes cannot be removed now: the
            names are replaced already then, and another call removes the bytes.
    """
    pseudonym = f"erased-{random.token_hex(6)}"
    by = None if actor == name else actor
    revoked = _revoke(database, kind, name, by)
    if revoked:
        sleep(CACHED_S)
    with database.write() as connection:
        rows = dict(_count(connection, kind, name))
        if rows:
            _delete(connection, kind, name)
            _replace(connection, kind, name, pseudonym)
            add_change(
                connection,
                database.now,
                by,
                "erase",
                {"kind": kind, "rows": sum(rows.values())},
                key_id=None,
                key_name=pseudonym if kind == "key" else None,
                team=pseudonym if kind == "team" else None,
            )
        left = dict(_texts_with(connection, kind, name))
    _remove_bytes(database)
    return Erased(kind, pseudonym, rows, revoked, left)


def _live(kind: Kind, name: str) -> list[ColumnElement[bool]]:
    if kind == "end_user":
        return [keys.c.id < 0]
    whose = keys.c.name if kind == "key" else keys.c.team
    return [whose == name, keys.c.revoked_at.is_(None)]


def _revoke(database: Database, kind: Kind, name: str, actor: str | None) -> tuple[str, ...]:
    with database.write() as connection:
        now = database.now
        ended = update(keys).where(*_live(kind, name)).values(revoked_at=now)
        rows = connection.execute(ended.returning(keys.c.id, keys.c.name, keys.c.team)).all()
        for row in rows:
            whose = {"key_id": row.id, "key_name": row.name, "team": row.team}
            add_change(connection, now, actor, "revoke", {}, **whose)
    return tuple(sorted(row.name for row in rows))


def _column(name: str) -> Any:
    table, _, column = name.partition(".")
    return metadata.tables[table].c[column]


def _places(kind: Kind, name: str) -> Iterator[tuple[str, Any, ColumnElement[bool], str]]:
    """Yield each column, as text and itself, the condition of a row with the name, and the form."""
    for where, form in NAMES[kind].items():
        column = _column(where)
        condition = column == form.format(name)
        scope = _SCOPES.get(where)
        if scope is not None:
            condition &= column.table.c.scope == scope
        yield where, column, condition, form


def _count(connection: Connection, kind: Kind, name: str) -> Iterator[tuple[str, int]]:
    for where, column, condition, _ in _places(kind, name):
        found = select(func.count()).select_from(column.table).where(condition)
        if count := connection.scalar(found):
            yield where, count
    for where, members in JSON_NAMES.items():
        if count := sum(1 for _ in _renamed(connection, where, members[kind], name, "")):
            yield where, count
    for table, condition in _deleted(kind, name):
        if count := connection.scalar(select(func.count()).select_from(table).where(condition)):
            yield table.name, count


def _replace(connection: Connection, kind: Kind, name: str, pseudonym: str) -> None:
    for _, column, condition, form in _places(kind, name):
        order = _LOCK_ORDERS.get(column.table.name)
        if order is not None and connection.dialect.name == "postgresql":
            locked = select(column).where(condition).order_by(*order).with_for_update()
            connection.execute(select(func.count()).select_from(locked.subquery()))
        values = {column.name: form.format(pseudonym)}
        connection.execute(update(column.table).where(condition).values(values))
    for where, members in JSON_NAMES.items():
        column = _column(where)
        for row, detail in list(_renamed(connection, where, members[kind], name, pseudonym)):
            changed = update(column.table).where(column.table.c.id == row)
            connection.execute(changed.values({column.name: detail}))


def _renamed(
    connection: Connection, where: str, members: tuple[str, ...], name: str, pseudonym: str
) -> Iterator[tuple[int, str]]:
    """Yield the id and the new text of each row whose JSON holds the name in *members*."""
    column = _column(where)
    for row in connection.execute(select(column.table.c.id, column).where(_holds(column, name))):
        before = from_json(row[1])
        after = _walked(before, members, name, pseudonym)
        if after != before:
            yield row[0], to_json(after)


def _walked(value: Any, members: tuple[str, ...], name: str, pseudonym: str, at: str = "") -> Any:
    if isinstance(value, dict):
        return {
            member: _walked(inner, members, name, pseudonym, at if member in _OLD_NEW else member)
            for member, inner in value.items()
        }
    return pseudonym if value == name and at in members else value


_OLD_NEW = ("old", "new")


def _holds(column: Any, name: str) -> ColumnElement[bool]:
    """The condition of a row in whose text the name stands, plain or as JSON writes it."""
    forms = sorted({name, json.dumps(name)[1:-1]})
    return or_(*(func.replace(column, form, "") != column for form in forms))


def _deleted(kind: Kind, name: str) -> Iterator[tuple[Any, ColumnElement[bool]]]:
    whose = {"key": calls.c.key_name, "team": calls.c.team, "end_user": calls.c.end_user}[kind]
    made = select(calls.c.request_id).where(whose == name)
    yield kept_answers, kept_answers.c.request_id.in_(made)
    if kind == "key":
        of_key = select(keys.c.id).where(keys.c.name == name)
        yield session_tokens, session_tokens.c.key_id.in_(of_key)
    else:
        column = session_tokens.c.team if kind == "team" else session_tokens.c.end_user
        yield session_tokens, column == name


def _delete(connection: Connection, kind: Kind, name: str) -> None:
    for table, condition in _deleted(kind, name):
        connection.execute(delete(table).where(condition))
    if kind == "key":
        # Nobody sends them any more.
        of_key = select(keys.c.id).where(keys.c.name == name)
        connection.execute(delete(secrets).where(secrets.c.key_id.in_(of_key)))


def _texts_with(connection: Connection, kind: Kind, name: str) -> Iterator[tuple[str, int]]:
    for where in sorted({*FREE_TEXTS, "budgets.owner"}):
        column = _column(where)
        found = select(func.count()).select_from(column.table).where(_holds(column, name))
        if where == "budgets.owner":
            found = found.where(column.table.c.scope == "tag")
        if count := connection.scalar(found):
            yield where, count
    for where, members in JSON_NAMES.items():
        column, count = _column(where), 0
        for (detail,) in connection.execute(select(column).where(_holds(column, name))):
            rest = _walked(from_json(detail), members[kind], name, "")
            count += name in json.dumps(rest, ensure_ascii=False)
        if count:
            yield where, count


def _remove_bytes(database: Database) -> None:
    if database.is_sqlite:
        database.rewrite(alone=False)
        return
    with database.read() as connection:
        for table in metadata.sorted_tables:
            connection.execute(text(f"VACUUM {table.name}"))
