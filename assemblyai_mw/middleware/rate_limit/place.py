"""Which file the workers of one host count rates in. Apart from `storage`, which loads `limits`."""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
from pathlib import Path

from ...errors import ConfigError


def path_beside(database_url: str) -> str:
    """Return the file in which one host's workers count rates, for a ledger's URL.

    Beside a SQLite ledger; for PostgreSQL in a directory of this user's in the system's
    place for temporary files.

    Raises:
        ConfigError: That directory is somebody else's.
    """
    # Not by `urllib`: where it refuses a host, it shows the password beside it.
    scheme, _, rest = database_url.partition("://")
    if scheme.partition("+")[0] == "sqlite":
        file = rest.removeprefix("/")
        return ":memory:" if file in ("", ":memory:") else f"{file}.rates"
    user = os.getuid() if hasattr(os, "getuid") else 0
    directory = Path(tempfile.gettempdir()) / f"assemblyai-mw-{user}"
    directory.mkdir(mode=0o700, exist_ok=True)
    found = directory.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != user or found.st_mode & 0o022:
        raise ConfigError(f"{directory}: expected a directory that only this user can write")
    name = hashlib.sha256(database_url.encode()).hexdigest()[:16]
    return str(directory / f"{name}.rates")
