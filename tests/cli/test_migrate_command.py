"""`migrate`; and commands that read make no ledger."""

from __future__ import annotations

from pathlib import Path

import pytest
from cli_kit import ACCOUNT_KEY, Run
from store.frozen import engine_of, lay, rows

from assemblyai_mw.store import Database, Keys
from assemblyai_mw.store.migrations import MIGRATIONS
from assemblyai_mw.store.schema import SCHEMA_VERSION


@pytest.fixture
def run_there(run: Run, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command on a database of each engine in turn."""
    monkeypatch.setenv("ASSEMBLYAI_MW_DATABASE_URL", database_url)
    return run


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def place(url: str) -> str:
    database = Database(url)
    assert engine_of(url) != "sqlite" or database.describe().startswith("/")
    return database.describe()


def steps(version: int) -> str:
    return "".join(f"  {m.NUMBER}: {m.SUMMARY}\n" for m in MIGRATIONS if version < m.NUMBER)


def test_migrate_says_where_and_what_and_does_it(run_there: Run, database_url: str):
    lay(database_url, 1)
    where = place(database_url)
    assert run_there("migrate").output == (
        f"{where}: from schema 1 to {SCHEMA_VERSION}\n{steps(1)}Done.\n"
    )
    assert ("schema_version", str(SCHEMA_VERSION)) in rows(database_url)["meta"]
    assert run_there("migrate").output == (
        f"{where}: schema {SCHEMA_VERSION} is current; nothing to do.\n"
    )


def test_a_dry_run_says_the_same_and_changes_nothing(
    run_there: Run, database_url: str, tmp_path: Path
):
    lay(database_url, 1)
    before, files = rows(database_url), contents(tmp_path)
    assert run_there("migrate", "--dry-run").output == (
        f"{place(database_url)}: from schema 1 to {SCHEMA_VERSION}\n{steps(1)}"
        "Nothing was changed.\n"
    )
    assert (rows(database_url), contents(tmp_path)) == (before, files)


@pytest.mark.parametrize("options", [[], ["--dry-run"]])
def test_migrate_makes_no_ledger(
    run_there: Run, database_url: str, tmp_path: Path, options: list[str]
):
    result = run_there("migrate", *options, status=1)
    assert result.stdout == ""
    assert result.stderr.startswith(f"Error: {place(database_url)}: there is no ledger here")
    assert len(result.stderr.splitlines()) == 1
    assert contents(tmp_path) == {}
    assert Database(database_url).version() is None


def test_migrate_leaves_a_file_that_is_no_ledger_alone(run: Run, tmp_path: Path):
    (tmp_path / "ledger.db").write_text("not a database")
    result = run("migrate", status=1)
    assert "file is not a database" in result.stderr
    assert contents(tmp_path) == {"ledger.db": b"not a database"}


def test_without_auto_migrate_commands_name_migrate_and_migrate_works(
    run_there: Run, database_url: str, tmp_path: Path
):
    lay(database_url, 1)
    config = tmp_path / "mw.yaml"
    config.write_text("general_settings: {auto_migrate: off}\n")
    before = rows(database_url)
    for command in (["keys", "list"], ["usage"], ["keys", "create", "alice"]):
        result = run_there("--config", str(config), *command, status=1)
        assert result.stderr.count("\n") == 1
        assert f"schema 1, and this assemblyai-mw needs {SCHEMA_VERSION}" in result.stderr
        assert "run assemblyai-mw migrate" in result.stderr
    found = run_there("--config", str(config), "check", status=1)
    assert "run assemblyai-mw migrate" in found.stdout
    assert rows(database_url) == before
    run_there("--config", str(config), "migrate")
    assert "everything" in run_there("--config", str(config), "keys", "list").stdout


def test_a_command_migrates_at_first_use(run_there: Run, database_url: str):
    lay(database_url, 1)
    assert "everything" in run_there("keys", "list").stdout
    assert ("schema_version", str(SCHEMA_VERSION)) in rows(database_url)["meta"]


def test_check_neither_makes_nor_migrates(run_there: Run, database_url: str, tmp_path: Path):
    environ = {"ASSEMBLYAI_API_KEY": ACCOUNT_KEY}
    assert "there yet; the first use makes it" in run_there("check", environ=environ).stdout
    assert Database(database_url).version() is None
    lay(database_url, 1)
    before, files = rows(database_url), contents(tmp_path)
    found = run_there("check", environ=environ).stdout
    assert f"schema 1; the first use, or assemblyai-mw migrate, brings it to {SCHEMA_VERSION}" in (
        found
    )
    assert (rows(database_url), contents(tmp_path)) == (before, files)


@pytest.mark.parametrize(
    "command",
    [
        "keys list",
        "keys show alice",
        "keys history alice",
        "keys revoke alice",
        "teams list",
        "usage",
        "usage --by call",
        "reconcile",
        "settle",
        "reprice",
    ],
)
def test_commands_on_a_ledger_make_none(
    run_there: Run, database_url: str, tmp_path: Path, command: str
):
    result = run_there(*command.split(), status=1, environ={"ASSEMBLYAI_API_KEY": ACCOUNT_KEY})
    assert result.stdout == ""
    assert result.stderr.splitlines() == [
        f"Error: {place(database_url)}: there is no ledger here; keys create, or the app's first"
        " use, makes one"
    ]
    assert contents(tmp_path) == {}
    assert Database(database_url).version() is None


@pytest.mark.parametrize("command", ["keys create alice", "teams set search --rpm 5"])
def test_a_command_that_makes_the_ledger_says_where_once(
    run_there: Run, database_url: str, command: str
):
    result = run_there(*command.split(), "--json")
    assert result.stderr == f"Made a new ledger: {place(database_url)}\n"
    assert run_there("keys", "list").stderr == ""
    assert run_there("keys", "create", "bob", "--json").stderr == ""


def test_a_relative_path_is_said_in_full(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ASSEMBLYAI_MW_DATABASE_URL")
    assert f"Error: {tmp_path}/assemblyai_mw.db: there is no ledger here" in (
        run("keys", "list", status=1).stderr
    )
    assert f"Made a new ledger: {tmp_path}/assemblyai_mw.db" in run("keys", "create", "a").stderr


def test_keys_made_elsewhere_are_not_shown_from_an_empty_ledger(run: Run, sqlite_url: str):
    Keys(sqlite_url).create("alice")
    elsewhere = sqlite_url.replace("ledger.db", "other.db")
    run("keys", "list", status=1, environ={"ASSEMBLYAI_MW_DATABASE_URL": elsewhere})
