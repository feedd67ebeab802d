"""A real PgBouncer for the tests, where Debian's package `pgbouncer` is installed."""

from __future__ import annotations

import shutil
import subprocess
import time
from typing import Any

import psycopg
from postgres import PostgreSQL

# Debian puts it where only root's PATH leads.
PROGRAM = shutil.which("pgbouncer", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")


class PgBouncer:
    """A transaction pooler with *pool_size* sessions for each database of *server*."""

    def __init__(self, server: PostgreSQL, pool_size: int) -> None:
        assert PROGRAM is not None
        self.directory = server.directory / f"pgbouncer-{time.monotonic_ns()}"
        self.directory.mkdir()
        (self.directory / "pgbouncer.ini").write_text(
            f"""
[databases]
* = host={server.directory} user=postgres
[pgbouncer]
pool_mode = transaction
default_pool_size = {pool_size}
max_client_conn = 500
unix_socket_dir = {self.directory}
listen_port = 6432
auth_type = any
pidfile = {self.directory}/pgbouncer.pid
logfile = {self.directory}/log
"""
        )
        server.give_away(self.directory)
        self._process = subprocess.Popen(
            [PROGRAM, "-q", str(self.directory / "pgbouncer.ini")],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=self.directory,
            **server.run_as,
        )
        for _ in range(100):
            try:
                self.connect("postgres").close()
                return
            except psycopg.OperationalError:
                assert self._process.poll() is None, (self.directory / "log").read_text()
                time.sleep(0.1)
        raise RuntimeError("pgbouncer does not answer")

    def url(self, database: str) -> str:
        """Return the URL of *database* through the pooler."""
        return f"postgresql://anybody@/{database}?host={self.directory}&port=6432"

    def connect(self, database: str) -> psycopg.Connection[Any]:
        """Return a connection through the pooler, past this package; it prepares nothing."""
        return psycopg.connect(
            host=str(self.directory),
            port=6432,
            dbname=database,
            user="anybody",
            autocommit=True,
            prepare_threshold=None,
        )

    def stop(self) -> None:
        """End it at once."""
        self._process.terminate()
        self._process.wait(30)
        shutil.rmtree(self.directory)
