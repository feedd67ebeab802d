"""Connections that readers leave open: no transaction on any, few of them, none after a fault."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.pool import QueuePool

from assemblyai_mw.store.idle_connections import Readers


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    made = create_engine(f"sqlite:///{tmp_path}/x.db", poolclass=QueuePool, max_overflow=100)
    yield made
    made.dispose()


def out(engine: Engine) -> int:
    """How many connections the pool has given out."""
    assert isinstance(engine.pool, QueuePool)
    return engine.pool.checkedout()


def test_one_reader_after_the_other_has_the_same_connection(engine: Engine) -> None:
    readers = Readers()
    seen = set()
    for _ in range(5):
        with readers.one_of(engine) as connection:
            seen.add(connection)
            assert connection.scalar(text("SELECT 1")) == 1
        # SQLAlchemy begins by itself; nothing of that is left for the next one.
        assert not connection.in_transaction()
    assert len(seen) == 1
    assert out(engine) == 1
    readers.close()
    assert out(engine) == 0


def test_a_connection_on_which_something_went_wrong_is_given_back(engine: Engine) -> None:
    readers = Readers()
    with pytest.raises(ZeroDivisionError), readers.one_of(engine):
        raise ZeroDivisionError
    assert out(engine) == 0


def test_of_many_that_read_at_once_few_stay(engine: Engine) -> None:
    readers = Readers()
    together = threading.Barrier(20)

    def read() -> None:
        with readers.one_of(engine):
            together.wait(10)

    threads = [threading.Thread(target=read) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert out(engine) == 8
    readers.close()
    assert out(engine) == 0


def test_who_reads_while_they_are_closed_leaves_none_behind(engine: Engine) -> None:
    readers = Readers()
    with readers.one_of(engine):
        readers.close()
        assert out(engine) == 1
    assert out(engine) == 0
