"""What every room's tests share: the two engines, each empty for each test."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from postgres import PostgreSQL

from assemblyai_mw.store import Database

# The same inputs in each run, so that a run judges the change and not its luck. To look for new
# ones: `pytest --hypothesis-profile=search`.
settings.register_profile("repeat", derandomize=True, deadline=None)
settings.register_profile("search", derandomize=False, deadline=None)
settings.load_profile("repeat")

# Where pytest keeps the tests' files: thousands of ledgers would wait for a disk. Where the
# system's memory file system is as small as Docker makes it, or runs no programs, they do.
MEMORY, ENOUGH_BYTES = Path("/dev/shm"), 2 << 30
if MEMORY.is_dir() and os.access(MEMORY, os.W_OK):
    about = os.statvfs(MEMORY)
    if about.f_bavail * about.f_frsize >= ENOUGH_BYTES and not about.f_flag & os.ST_NOEXEC:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))


def pytest_collection_finish() -> None:
    """Leave the tests themselves out of garbage collection.

    Thousands of them, and all that they import, would be walked in each full collection, which
    tests of what is left behind ask for again and again.
    """
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    """One real PostgreSQL for the session; where it cannot start, tests fail."""
    server = PostgreSQL()
    yield server
    server.stop()


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """The URL of a SQLite file that is not there yet."""
    return f"sqlite:///{tmp_path / 'ledger.db'}"


@pytest.fixture
def postgresql_url(postgresql: PostgreSQL) -> str:
    """The URL of an empty PostgreSQL schema."""
    return postgresql.fresh_url()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """The URL of an empty database, on each engine in turn."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def module_database_url(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> str:
    """As `database_url`, once a module: for a ledger that its tests read and never write."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path_factory.mktemp('module') / 'ledger.db'}"
    server: PostgreSQL = request.getfixturevalue("postgresql")
    return server.fresh_url()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have ledgers wait half a second for the locks of others, in the place of five."""
    defaults = Database.__init__.__kwdefaults__
    assert defaults is not None
    monkeypatch.setitem(defaults, "busy_timeout_s", 0.5)
