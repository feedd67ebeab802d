"""Checks of the ledger's database URL."""

from __future__ import annotations

import hashlib
import os
import sqlite3
import tempfile
from pathlib import Path

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from ..errors import ConfigError
from .driver import check_driver


def checked_url(url: str) -> URL:
    """Return *url* parsed, PostgreSQL's with the driver that is used.

    Raises:
        ConfigError: It is no URL of a ledger, or its driver is not installed. Never shows it:
            it may hold a password.
    """
    expected = "expected sqlite:///FILE or postgresql://USER@HOST/DATABASE"
    try:
        parsed = make_url(url)
        backend = parsed.get_backend_name()
    except (ArgumentError, ValueError):
        raise ConfigError(f"database_url: {expected}") from None
    if backend == "sqlite":
        if parsed.drivername not in ("sqlite", "sqlite+pysqlite") or parsed.query or parsed.host:
            raise ConfigError(f"database_url: {expected}, without further options")
        if (parsed.database or "").startswith("file:"):
            raise ConfigError(f"database_url: {expected}, a path rather than a file: URI")
        if sqlite3.sqlite_version_info < (3, 35):
            raise ConfigError(f"database_url: SQLite {sqlite3.sqlite_version} is older than 3.35")
        return parsed
    # `postgres` is how hosting services spell it.
    if parsed.drivername not in ("postgresql", "postgres", "postgresql+psycopg"):
        raise ConfigError(f"database_url: {expected}")
    check_driver(url)
    return parsed.set(drivername="postgresql+psycopg")


def user_directories(url: str) -> tuple[Path, ...]:
    """Return the directories for this user's files about the database at *url*; none is made.

    The user's place for what programs keep (XDG base directories), then the system's place
    for temporary files, for servers whose user has no home.
    """
    user = os.getuid() if hasattr(os, "getuid") else 0
    name = f"{hashlib.sha256(url.encode()).hexdigest()[:16]}.closings"
    # Directly below the shared directory, where no other user can replace it (sticky bit).
    found = [Path(tempfile.gettempdir()) / f"assemblyai-mw-{user}-{name}"]
    state = os.environ.get("XDG_STATE_HOME") or os.path.join(
        os.path.expanduser("~"), ".local", "state"
    )
    if os.path.isabs(state):
        found.insert(0, Path(state) / "assemblyai-mw" / name)
    return tuple(found)
