"""Owners of objects that an account has beside transcripts and files: voice agents, their sessions.

The owner of an object is that of transcripts: the team of the key that made it, or the key.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, delete, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from ..call import Caller
from ..errors import StoreError
from .columns import moment, plain
from .database import Database
from .owners import Owner, owner_key
from .schema import owned
from .space import Space
from .statements import Prepared

_AT_ONCE = 500


_KEY = ("service", "region", "kind", "id")
_ROW = (*_KEY, "owner", "key_id", "key_name", "team", "at", "call_id")


def _adding(module: Any) -> Any:
    statement = module.insert(owned).values(**{name: bindparam(name) for name in _ROW})
    return statement.on_conflict_do_nothing().returning(owned.c.at)


def _is() -> ColumnElement[bool]:
    return and_(*(owned.c[name] == bindparam(f"b_{name}") for name in _KEY))


_add = Prepared(_adding(sqlite), postgresql=_adding(postgresql))
_find = Prepared(
    select(owned.c.key_id, owned.c.key_name, owned.c.team, owned.c.at, owned.c.call_id).where(_is())
)
_move = Prepared(
    update(owned).where(_is()).values(call_id=bindparam("b_call")).returning(owned.c.id)
)
_remove = Prepared(delete(owned).where(_is()).returning(owned.c.id))


class Objects:
    """The part of the Ledger that knows whose other objects are."""

    database: Database

    def own(
        self, space: Space, id: str, caller: Caller | None, *, call_id: int | None = None
    ) -> None:
        """Record that *caller* made an object; the first record of an id stays.

        Args:
            space: Where it is.
            id: Its id there.
            caller: Its maker.
            call_id: The ledger's row of a session; one that is resumed gets the new row.

        Raises:
            StoreError: Also if the id belongs to another owner.
        """
        values = _key(space, id) | {
            "owner": owner_key(caller),
            "key_id": caller.key_id if caller else None,
            "key_name": plain(caller.name) if caller else None,
            "team": plain(caller.team) if caller else None,
            "at": self.database.now,
            "call_id": call_id,
        }
        with self.database.write() as connection:
            if _add.first(connection, values) is not None:
                return
            found = _find.first(connection, _bound(space, id))
            if found is None or not _owner(found).is_of(owner_key(caller)):
                raise StoreError("An object's id is recorded for another owner")
            if call_id is not None:
                _move.run(connection, _bound(space, id) | {"b_call": call_id})

    def disown(self, space: Space, id: str) -> None:
        """Forget an object that is deleted."""
        with self.database.write() as connection:
            _remove.run(connection, _bound(space, id))

    def object_owner(self, space: Space, id: str) -> Owner | None:
        """Return an object's owner, by one indexed read; None if it was not made here.

        Its `row` is that of a session.
        """
        if "\0" in id:
            return None
        with self.database.read() as connection:
            found = _find.first(connection, _bound(space, id))
        return None if found is None else _owner(found)

    def own_objects(
        self, space: Space, caller: Caller, *, limit: int, below: str | None = None
    ) -> list[str]:
        """Return ids of the caller's objects, the newest first.

        Args:
            space: Where they are.
            caller: Their owner; one with the scope `all` gets everybody's.
            limit: Most of them.
            below: The object, the caller's own, behind which they begin; None for the newest.
        """
        statement = (
            select(owned.c.id)
            .where(_here(space))
            .order_by(owned.c.at.desc(), owned.c.id.desc())
            .limit(limit)
        )
        if caller.scope != "all":
            statement = statement.where(owned.c.owner == owner_key(caller))
        with self.database.read() as connection:
            if below is not None:
                row: Any = _find.first(connection, _bound(space, below))
                if row is None:
                    return []
                older = or_(owned.c.at < row.at, and_(owned.c.at == row.at, owned.c.id < below))
                statement = statement.where(older)
            return list(connection.scalars(statement))

    def object_owners(self, space: Space, ids: Sequence[str]) -> dict[str, Owner]:
        """Return the owner of each of *ids*; those not made here are left out."""
        known: dict[str, Owner] = {}
        with self.database.read() as connection:
            for start in range(0, len(ids), _AT_ONCE):
                some = [id for id in ids[start : start + _AT_ONCE] if "\0" not in id]
                statement = select(
                    owned.c.id,
                    owned.c.key_id,
                    owned.c.key_name,
                    owned.c.team,
                    owned.c.at,
                    owned.c.call_id,
                ).where(_here(space), owned.c.id.in_(some))
                known |= {row.id: _owner(row) for row in connection.execute(statement)}
        return known


def _key(space: Space, id: str) -> dict[str, Any]:
    return {"service": space.service, "region": space.region, "kind": space.kind, "id": id}


def _bound(space: Space, id: str) -> dict[str, Any]:
    return {f"b_{name}": value for name, value in _key(space, id).items()}


def _here(space: Space) -> ColumnElement[bool]:
    return and_(
        owned.c.service == space.service,
        owned.c.region == space.region,
        owned.c.kind == space.kind,
    )


def _owner(row: Any) -> Owner:
    whose = (row.key_id, row.key_name, row.team)
    return Owner(*whose, row.call_id, True, "object", {}, None, moment(row.at))
