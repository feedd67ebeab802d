"""Owners of transcripts by id, and of uploaded files by URL."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    Table,
    Text,
    bindparam,
    case,
    cast,
    exists,
    func,
    literal,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite

from ..billing.audio_length import AudioFacts
from ..call import Caller
from ..errors import StoreError
from .columns import Moment, from_json, micros, moment, optional_moment
from .database import Database
from .schema import PENDING, SETTLED, calls, transcripts, uploads
from .statements import Bound, Prepared

_PAGE = 1000
_IDS_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Owner:
    """The owner of a transcript or upload, and facts of its request.

    Attributes:
        key_id, key_name, team: Of the key that made it, as they were then.
        row: Its ledger row; None for an upload.
        settled: Its cost is final (settled, failed or unpriced).
        kind, features, model: As given to `Ledger.open`; *model* is its name in totals.
        at: When it was made.
        audio: Audio facts of an upload.
    """

    key_id: int | None
    key_name: str | None
    team: str | None
    row: int | None
    settled: bool
    kind: str
    features: Mapping[str, Any]
    model: str | None
    at: datetime
    audio: AudioFacts | None = None

    def belongs_to(self, caller: Caller) -> bool:
        """Whether *caller* may see it: it is the team's, or the caller's own without a team."""
        if caller.master or caller.scope == "all":
            return True
        return self.is_of(owner_key(caller))

    def is_of(self, owner: str) -> bool:
        """Whether it is of *owner*, as `owner_key` says it."""
        return _owned_by(self.key_id, self.key_name, self.team) == owner


@dataclass(frozen=True, slots=True)
class TranscriptRow:
    """One transcript of a list.

    Attributes:
        id, region: At AssemblyAI.
        status: `queued` until its end was seen, then `completed` or `error`.
        created, completed: Moments as this ledger saw them.
        row: Its ledger row.
    """

    id: str
    region: str
    status: str
    created: datetime
    completed: datetime | None
    row: int
    key_id: int | None
    key_name: str | None
    team: str | None


def owner_key(caller: Caller | None) -> str:
    """Return the owner of the transcripts of *caller*: `team:NAME`, `key:ID`, or `name:NAME`."""
    if caller is None:
        return _owned_by(None, None, None)
    return _owned_by(caller.key_id, caller.name, caller.team)


def _owned_by(key_id: int | None, name: str | None, team: str | None) -> str:
    if team is not None:
        return f"team:{team}"
    return f"key:{key_id}" if key_id is not None else f"name:{name or ''}"


# The same of a row of `calls`.
_OWNER_OF_CALL = case(
    (calls.c.team.is_not(None), literal("team:") + calls.c.team),
    (calls.c.key_id.is_not(None), literal("key:") + cast(calls.c.key_id, Text)),
    else_=literal("name:") + func.coalesce(calls.c.key_name, ""),
)


# A call that was pruned had its end.
_with_calls = transcripts.outerjoin(calls, calls.c.id == transcripts.c.call_id)
_state = func.coalesce(calls.c.state, literal(SETTLED)).label("state")
_kind = func.coalesce(calls.c.kind, literal("transcript")).label("kind")

_find = Prepared(
    select(
        transcripts.c.key_id,
        transcripts.c.key_name,
        transcripts.c.team,
        transcripts.c.call_id,
        transcripts.c.at,
        _state,
        _kind,
        func.coalesce(calls.c.features, literal("{}")).label("features"),
        calls.c.model,
    )
    .select_from(_with_calls)
    .where(transcripts.c.region == bindparam("b_region"), transcripts.c.id == bindparam("b_id"))
)
_audio_ms = (
    select(calls.c.audio_ms)
    .select_from(_with_calls)
    .where(transcripts.c.region == bindparam("b_region"), transcripts.c.id == bindparam("b_id"))
)
_find_many = select(
    transcripts.c.id,
    transcripts.c.key_id,
    transcripts.c.key_name,
    transcripts.c.team,
    transcripts.c.call_id,
    transcripts.c.at,
    _state,
    _kind,
    calls.c.model,
).select_from(_with_calls)
_find_upload = Prepared(
    select(
        uploads.c.key_id,
        uploads.c.key_name,
        uploads.c.team,
        uploads.c.at,
        uploads.c.audio_ms,
        uploads.c.audio_channels,
        uploads.c.audio_counted,
    ).where(uploads.c.region == bindparam("b_region"), uploads.c.hash == bindparam("b_hash"))
)


def _adding(table: Table, names: Sequence[str]) -> Prepared:
    """Return the statement that adds a row, and returns nothing where it is there already."""

    def build(module: Any) -> Any:
        statement = module.insert(table).values(**{name: bindparam(name) for name in names})
        return statement.on_conflict_do_nothing().returning(table.c.at)

    return Prepared(build(sqlite), postgresql=build(postgresql))


_OWN = ("region", "id", "call_id", "owner", "key_id", "key_name", "team", "at", "status")


def _owning(module: Any) -> Any:
    made = select(
        calls.c.region,
        cast(bindparam("b_id"), Text),
        calls.c.id,
        _OWNER_OF_CALL,
        calls.c.key_id,
        calls.c.key_name,
        calls.c.team,
        calls.c.at,
        literal("queued"),
    ).where(calls.c.id == bindparam("b_row"))
    return module.insert(transcripts).from_select(_OWN, made).on_conflict_do_nothing()


_own = Prepared(_owning(sqlite), postgresql=_owning(postgresql))
_add_upload = _adding(
    uploads,
    (
        *("region", "hash", "key_id", "key_name", "team", "at"),
        *("audio_ms", "audio_channels", "audio_counted"),
    ),
)


class Transcripts:
    """The part of the Ledger that knows owners."""

    database: Database

    def owner(self, region: str, transcript_id: str) -> Owner | None:
        """Return the owner of a transcript, by one indexed read; None if it was not made here."""
        if "\0" in transcript_id:
            return None
        with self.database.read() as connection:
            row = _find.first(connection, {"b_region": region, "b_id": transcript_id})
        if row is None:
            return None
        return Owner(
            row.key_id,
            row.key_name,
            row.team,
            row.call_id,
            row.state != PENDING,
            row.kind,
            from_json(row.features),
            row.model,
            moment(row.at),
        )

    def owners(self, region: str, ids: Sequence[str]) -> dict[str, Owner]:
        """Return the owner of each of *ids*; ids not made here are left out.

        `features` are not read: lists need only the owners.
        """
        found: dict[str, Owner] = {}
        with self.database.read() as connection:
            for start in range(0, len(ids), _IDS_AT_ONCE):
                some = [id for id in ids[start : start + _IDS_AT_ONCE] if "\0" not in id]
                statement = _find_many.where(
                    transcripts.c.region == region, transcripts.c.id.in_(some)
                )
                for row in connection.execute(statement):
                    found[row.id] = Owner(
                        row.key_id,
                        row.key_name,
                        row.team,
                        row.call_id,
                        row.state != PENDING,
                        row.kind,
                        {},
                        row.model,
                        moment(row.at),
                    )
        return found

    def audio_ms(self, region: str, transcript_id: str) -> int | None:
        """Return the length of a transcript's audio in milliseconds, None until it is known."""
        if "\0" in transcript_id:
            return None
        with self.database.read() as connection:
            return connection.scalar(_audio_ms, {"b_region": region, "b_id": transcript_id})

    def own_upload(
        self,
        region: str,
        upload_url: str,
        caller: Caller | None,
        audio: AudioFacts | None = None,
    ) -> None:
        """Record that *caller* uploaded the file at *upload_url*; only the URL's hash is kept.

        The first record of a URL stays.

        Raises:
            StoreError: Also if the URL belongs to another owner.
        """
        values = {
            "region": region,
            "hash": _digest(upload_url),
            "key_id": caller.key_id if caller else None,
            "key_name": caller.name if caller else None,
            "team": caller.team if caller else None,
            "at": self.database.now,
            "audio_ms": audio.audio_ms if audio else None,
            "audio_channels": audio.channels if audio else None,
            "audio_counted": audio.counted if audio else None,
        }
        with self.database.write() as connection:
            if _add_upload.first(connection, values) is not None:
                return
            known = _find_upload.first(connection, {"b_region": region, "b_hash": values["hash"]})
            if _owned_by(known.key_id, known.key_name, known.team) != owner_key(caller):
                raise StoreError("The upload's URL is recorded for another owner")

    def upload_owner(self, region: str, upload_url: str) -> Owner | None:
        """Return the owner of the file at exactly this URL; None if it was not uploaded here."""
        parameters = {"b_region": region, "b_hash": _digest(upload_url)}
        with self.database.read() as connection:
            row = _find_upload.first(connection, parameters)
        if row is None:
            return None
        audio = None
        if row.audio_ms is not None or row.audio_channels is not None:
            audio = AudioFacts(row.audio_ms, row.audio_channels, bool(row.audio_counted))
        whose = (row.key_id, row.key_name, row.team)
        return Owner(*whose, None, True, "upload", {}, None, moment(row.at), audio)

    def transcripts(
        self, region: str, *, since: Moment | None = None, until: Moment | None = None
    ) -> Iterator[TranscriptRow]:
        """Yield all transcripts of a region, oldest first, made from *since* to before *until*."""
        last = 0
        while True:
            statement = _listing(region).where(transcripts.c.call_id > last)
            if since is not None:
                statement = statement.where(transcripts.c.at >= micros(since))
            if until is not None:
                statement = statement.where(transcripts.c.at < micros(until))
            with self.database.read() as connection:
                rows = connection.execute(
                    statement.order_by(transcripts.c.call_id).limit(_PAGE)
                ).all()
            yield from map(_shown, rows)
            if len(rows) < _PAGE:
                return
            last = rows[-1].call_id


def add_transcript(row: int, transcript_id: str) -> Bound:
    """Return the statement that makes the caller of *row* the owner of a transcript.

    It changes nothing where the id, or the row's transcript, is recorded already.
    """
    return _own.of({"b_row": row, "b_id": transcript_id})


def is_owned(row: Any, transcript_id: Any) -> ColumnElement[bool]:
    """Return the condition that a row of `calls` owns this transcript; both are expressions."""
    return exists().where(
        transcripts.c.call_id == row,
        transcripts.c.id == transcript_id,
        transcripts.c.region == calls.c.region,
    )


def _listing(region: str) -> Select[Any]:
    return select(
        transcripts.c.id,
        transcripts.c.region,
        transcripts.c.status,
        transcripts.c.at,
        transcripts.c.completed_at,
        transcripts.c.call_id,
        transcripts.c.key_id,
        transcripts.c.key_name,
        transcripts.c.team,
    ).where(transcripts.c.region == region)


def _shown(row: Any) -> TranscriptRow:
    return TranscriptRow(
        row.id,
        row.region,
        row.status,
        moment(row.at),
        optional_moment(row.completed_at),
        row.call_id,
        row.key_id,
        row.key_name,
        row.team,
    )


def _digest(url: str) -> bytes:
    return hashlib.sha256(url.encode("utf-8", "surrogatepass")).digest()
