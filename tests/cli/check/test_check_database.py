"""`check` of the database: what cannot be written is told as wrong, and nothing stays written."""

from __future__ import annotations

import ctypes
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
from cli_kit import ACCOUNT_KEY
from postgres import PostgreSQL

from assemblyai_mw.store import Keys

ROOT = Path(__file__).resolve().parents[3]
# prctl(2), capabilities(7)
PR_CAPBSET_DROP, CAP_DAC_OVERRIDE = 24, 1


def _as_anybody() -> None:
    """Let file permissions hold for root too."""
    if os.geteuid() == 0:
        assert ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, CAP_DAC_OVERRIDE) == 0


def of_the_database(output: str) -> list[str]:
    return [line for line in output.splitlines() if re.match(r"\w+ +database: ", line)]


def check(url: str, folder: Path) -> tuple[int, list[str]]:
    """Run `check` as anybody; return its status and what it says of the database."""
    done = subprocess.run(
        [sys.executable, "-m", "assemblyai_mw", "check"],
        cwd=folder,
        env={
            "ASSEMBLYAI_API_KEY": ACCOUNT_KEY,
            "ASSEMBLYAI_MW_DATABASE_URL": url,
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
        },
        preexec_fn=_as_anybody,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stderr == ""
    return done.returncode, of_the_database(done.stdout)


# SQLite


def _file(folder: Path) -> Path:
    (folder / "ledger.db").chmod(0o444)
    return folder / "ledger.db"


def _folder(folder: Path) -> Path:
    folder.chmod(0o555)
    return folder


@pytest.mark.parametrize("open_elsewhere", [False, True], ids=["closed", "in use"])
@pytest.mark.parametrize("protect", [_file, _folder])
def test_a_ledger_that_may_only_be_read_is_wrong(
    tmp_path: Path, protect: Callable[[Path], Path], open_elsewhere: bool
) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    url = f"sqlite:///{folder / 'ledger.db'}"
    with Keys(url) as keys:
        keys.create("alice")
        if not open_elsewhere:
            keys.close()
        assert check(url, tmp_path)[0] == 0
        before = sorted(folder.iterdir())
        protected = protect(folder)
        try:
            status, lines = check(url, tmp_path)
        finally:
            folder.chmod(0o755)
        assert status == 1
        (wrong,) = [line for line in lines if line.startswith("wrong")]
        assert re.match(rf"wrong +database: this user may not .*{protected}\b", wrong)
        assert not any(line.startswith("ok") for line in lines)
        assert sorted(folder.iterdir()) == before


def test_a_good_ledger_is_written_to_and_stays_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    with Keys(f"sqlite:///{path}") as keys:
        keys.create("alice")
    before = path.read_bytes()
    status, (line,) = check(f"sqlite:///{path}", tmp_path)
    assert (status, line) == (0, f"ok     database: {path}: can be read and written")
    assert path.read_bytes() == before


# PostgreSQL


@pytest.fixture
def app_url(postgresql: PostgreSQL) -> str:
    """The URL of an empty database of a role of its own."""
    name = postgresql.fresh_database()
    with postgresql.connect() as server:
        server.execute(f"CREATE ROLE {name} LOGIN")
        server.execute(f"ALTER DATABASE {name} OWNER TO {name}")
    return postgresql.database_url(name, user=name)


def execute(server: PostgreSQL, url: str, statement: str) -> None:
    """Run a statement on the database of *url*; NAME stands for it and its role."""
    name = re.search(r"@/(\w+)", url)
    assert name is not None
    with server.connect(name[1]) as connection:
        connection.execute(statement.replace("NAME", name[1]).encode())


def counts(server: PostgreSQL, url: str) -> list[Any]:
    """Return what was ever written: rows of `meta`, and where the sequences stand."""
    name = re.search(r"@/(\w+)", url)
    assert name is not None
    with server.connect(name[1]) as connection:
        rows: list[Any] = connection.execute("SELECT * FROM meta ORDER BY name").fetchall()
        statement = "SELECT sequencename, last_value FROM pg_sequences ORDER BY 1"
        return rows + connection.execute(statement).fetchall()


READ_ONLY = "ALTER DATABASE NAME SET default_transaction_read_only = on"


Says = Callable[..., list[str]]


@pytest.fixture
def says(run: Any, app_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Says:
    """Run `check`, which must end with *status*; gives what it says of the database."""
    monkeypatch.chdir(tmp_path)
    environ = {"ASSEMBLYAI_API_KEY": ACCOUNT_KEY, "ASSEMBLYAI_MW_DATABASE_URL": app_url}
    return lambda status: of_the_database(run("check", status=status, environ=environ).output)


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        (READ_ONLY, "read-only transaction"),
        ("REVOKE INSERT ON calls FROM NAME", "permission denied for table calls"),
        ("REVOKE UPDATE ON holds FROM NAME", "permission denied for table holds"),
        ("REVOKE DELETE ON secrets FROM NAME", "permission denied for table secrets"),
        ("REVOKE ALL ON SEQUENCE calls_id_seq FROM NAME", "no right to the sequence of calls"),
    ],
)
def test_a_server_that_may_only_be_read_is_wrong(
    postgresql: PostgreSQL, app_url: str, says: Says, statement: str, said: str
) -> None:
    with Keys(app_url) as keys:
        keys.create("alice")
    assert says(status=0)
    before = counts(postgresql, app_url)
    execute(postgresql, app_url, statement)
    (line,) = says(status=1)
    assert re.match(rf"wrong +database: .*{said}", line)
    assert counts(postgresql, app_url) == before


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        (READ_ONLY, "read-only transaction"),
        (
            "ALTER SCHEMA public OWNER TO postgres; REVOKE CREATE ON SCHEMA public FROM NAME,"
            " PUBLIC",
            "permission denied for schema public",
        ),
    ],
)
def test_a_server_where_no_ledger_can_be_made_is_wrong(
    postgresql: PostgreSQL, app_url: str, says: Says, statement: str, said: str
) -> None:
    (line,) = says(status=0)
    assert line[:6].strip() == "note"
    execute(postgresql, app_url, statement)
    (line,) = says(status=1)
    assert re.match(rf"wrong +database: .*{said}", line)
    execute(postgresql, app_url, "SELECT 1")
    with pytest.raises(psycopg.errors.UndefinedTable):
        counts(postgresql, app_url)


def test_a_server_whose_driver_is_missing_is_wrong_in_one_line(run, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    environ = {
        "ASSEMBLYAI_API_KEY": ACCOUNT_KEY,
        "ASSEMBLYAI_MW_DATABASE_URL": "postgresql://u:hunter2@127.0.0.1:1/d",
    }
    remedy = "pip install 'assemblyai-mw[postgres]'"
    wrong = [
        line
        for line in run("check", status=1, environ=environ).output.splitlines()
        if line.startswith("wrong")
    ]
    assert [remedy in line for line in wrong] == [True]
    for command in (["keys", "list"], ["usage"], ["settle"], ["migrate"]):
        output = run(*command, status=2, environ=environ).output
        assert remedy in output
        assert output.count("\n") == 1
        assert "hunter2" not in output
