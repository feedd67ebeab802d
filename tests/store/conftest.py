"""A ledger on each engine, with a clock that stands at noon."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from assemblyai_mw.store import Database, Holds, Keys, Ledger

from .kit import Clock, opening


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def database(database_url: str, clock: Clock) -> Iterator[Database]:
    with opening(database_url, clock=clock) as database:
        yield database


@pytest.fixture
def keys(database: Database) -> Keys:
    return Keys(database, actor="tests")


@pytest.fixture
def ledger(database: Database) -> Ledger:
    return Ledger(database)


@pytest.fixture
def holds(database: Database) -> Holds:
    return Holds(database)
