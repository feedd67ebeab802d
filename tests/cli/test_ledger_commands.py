"""`ledger copy`, `ledger prune`, `erase`: what they do, say, and leave alone."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from cli_kit import Run
from click.testing import CliRunner
from store.frozen import lay

from assemblyai_mw.cli import main, progress
from assemblyai_mw.cli.ledger import CALL_FIELDS
from assemblyai_mw.store import Database, Keys, Ledger

GROUPS = ("day", "key", "team", "model", "tag")


def sums(run: Run) -> list[str]:
    return [run("usage", "--by", by, "--format", "json").stdout for by in GROUPS]


@pytest.fixture
def frozen(run: Run, sqlite_url: str) -> Run:
    lay(sqlite_url, 5)
    run("migrate")
    return run


# A command that reads makes no ledger; one that makes one says where


@pytest.mark.parametrize(
    "command",
    [
        ["ledger", "copy", "sqlite:///copy.db"],
        ["ledger", "prune", "--before", "2026-01-01"],
        ["ledger", "prune", "--before", "2026-01-01", "--dry-run"],
        ["erase", "--key", "alice"],
        ["erase", "--team", "search", "--dry-run"],
    ],
)
def test_no_ledger_is_one_line_and_none_is_made(
    run: Run, command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = run(*command, status=1)
    assert f"{tmp_path / 'ledger.db'}: there is no ledger here" in result.stderr
    assert os.listdir(tmp_path) == []


def test_copy_says_where_it_made_the_ledger(
    run: Run, ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = run("ledger", "copy", "sqlite:///copy.db", "--while-open")
    assert f"Made a new ledger: {tmp_path / 'copy.db'}" in result.stderr
    assert "Rows and sums of both are equal." in result.stdout
    before = sums(run)
    monkeypatch.setenv("ASSEMBLYAI_MW_DATABASE_URL", "sqlite:///copy.db")
    assert sums(run) == before


def test_copy_says_what_it_copied_as_json(run: Run, ledger: Ledger, postgresql_url: str) -> None:
    result = run("ledger", "copy", postgresql_url, "--while-open", "--json")
    told = json.loads(result.stdout)
    assert told["tables"]["calls"]["rows"] == 4
    assert told["tables"]["calls"]["cost_nano"] == 12_345_000_000
    assert "@" not in told["target"]


def test_copy_into_what_is_not_empty_is_1_and_nothing(
    run: Run, ledger: Ledger, tmp_path: Path, postgresql_url: str
) -> None:
    taken = tmp_path / "taken.db"
    taken.write_bytes(b"something else")
    result = run("ledger", "copy", f"sqlite:///{taken}", "--while-open", status=1)
    assert "is there already" in result.stderr
    assert taken.read_bytes() == b"something else"
    run("ledger", "copy", postgresql_url, "--while-open")
    result = run("ledger", "copy", postgresql_url, "--while-open", status=1)
    assert "is not empty" in result.stderr
    result = run("ledger", "copy", "mysql://u:hunter2@h/x", status=2)
    assert "hunter2" not in result.stderr


def test_copy_of_calls_under_way_says_what_to_do(run: Run, ledger: Ledger, tmp_path: Path) -> None:
    with ledger.database.write() as connection:
        connection.exec_driver_sql("UPDATE calls SET transcript_id = NULL WHERE state = 'pending'")
    result = run("ledger", "copy", f"sqlite:///{tmp_path / 'copy.db'}", status=1)
    assert "1 calls are under way" in result.stderr
    assert "settle --stopped" in result.stderr
    assert not (tmp_path / "copy.db").exists()


def test_progress_is_a_line_now_and_then(
    run: Run, ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "_LINE_EVERY_S", 0.0)
    result = run("ledger", "copy", f"sqlite:///{tmp_path / 'copy.db'}", "--while-open")
    assert "Copying calls: " in result.stderr
    assert "Copying" not in result.stdout


# Prune


def test_prune_leaves_sums_and_says_what_is_no_longer_told(frozen: Run) -> None:
    before = sums(frozen)
    dry = frozen("ledger", "prune", "--before", "2100-01-01", "--dry-run", "--json")
    found = json.loads(dry.stdout)
    assert found["dry_run"] is True
    assert sums(frozen) == before
    result = frozen("ledger", "prune", "--before", "2100-01-01")
    assert f"{found['calls']} calls before 2100-01-01 00:00:00Z deleted" in result.stdout
    assert "--by end_user" in result.stdout
    assert sums(frozen) == before
    left = json.loads(frozen("usage", "--by", "call", "--format", "json").stdout)
    assert {call["state"] for call in left} == {"pending", "unpriced"}
    assert len(left) == found["kept"]
    # A report that lacks them says so, and one that does not is silent.
    for asked in (["--by", "call"], ["--by", "end_user"], ["--since", "2026-01-01T12:00"]):
        assert "were pruned" in frozen("usage", *asked).stderr
    for asked in (["--by", "team"], ["--since", "2026-01-01"]):
        assert frozen("usage", *asked).stderr == ""


@pytest.mark.parametrize("name", ["old.csv", "old.csv.gz", "old.jsonl", "old.JSONL.gz"])
def test_what_is_pruned_is_in_the_file(frozen: Run, tmp_path: Path, name: str) -> None:
    calls = json.loads(frozen("usage", "--by", "call", "--format", "json").stdout)
    gone = [call for call in calls if call["state"] in ("settled", "failed")]
    path = tmp_path / name
    result = frozen("ledger", "prune", "--before", "2100-01-01", "--export", str(path), "--json")
    assert json.loads(result.stdout)["calls"] == len(gone)
    data = path.read_bytes()
    text = (gzip.decompress(data) if name.lower().endswith(".gz") else data).decode()
    if ".csv" in name:
        rows = list(csv.DictReader(io.StringIO(text)))
        assert tuple(rows[0]) == CALL_FIELDS
        assert [row["cost_usd"] for row in rows] == [call["cost_usd"] for call in gone]
        assert [json.loads(row["tags"]) for row in rows] == [call["tags"] for call in gone]
    else:
        assert [json.loads(line) for line in text.splitlines()] == gone
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert sorted(each.name for each in tmp_path.iterdir() if "part" in each.name) == []


def test_every_field_of_a_call_is_a_column(frozen: Run, sqlite_url: str) -> None:
    with Database(sqlite_url) as database:
        for call in Ledger(database).calls():
            assert tuple(call) == CALL_FIELDS


@pytest.mark.parametrize(
    ("name", "status", "fault"),
    [
        ("old.txt", 2, "--export: expected a file .csv"),
        ("there.csv", 1, "is there already"),
        ("missing/old.csv", 1, "cannot be written: No such file"),
    ],
)
def test_an_export_that_cannot_be_written_deletes_nothing(
    frozen: Run, tmp_path: Path, name: str, status: int, fault: str
) -> None:
    (tmp_path / "there.csv").write_text("mine")
    before = frozen("usage", "--by", "call", "--format", "json").stdout
    path = str(tmp_path / name)
    result = frozen("ledger", "prune", "--before", "2100-01-01", "--export", path, status=status)
    assert fault in result.stderr
    assert frozen("usage", "--by", "call", "--format", "json").stdout == before
    assert (tmp_path / "there.csv").read_text() == "mine"


def test_an_export_to_a_full_disk_deletes_nothing(
    frozen: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    before = frozen("usage", "--by", "call", "--format", "json").stdout
    path = tmp_path / "old.csv"
    with monkeypatch.context() as patched:
        patched.setattr("assemblyai_mw.cli.export.os.fsync", full)
        result = frozen(
            "ledger", "prune", "--before", "2100-01-01", "--export", str(path), status=1
        )
    assert "No space left on device" in result.stderr
    assert frozen("usage", "--by", "call", "--format", "json").stdout == before
    assert [each.name for each in tmp_path.iterdir() if "old.csv" in each.name] == []


def test_nothing_to_prune_is_said(run: Run, ledger: Ledger, tmp_path: Path) -> None:
    path = tmp_path / "old.csv"
    result = run("ledger", "prune", "--before", "2020-01-01", "--export", str(path))
    assert "0 calls before 2020-01-01 00:00:00Z deleted" in result.stdout
    assert not path.exists()


# Erase


def test_erase_takes_a_key_out_and_says_what_is_left(run: Run, ledger: Ledger) -> None:
    dry = run("erase", "--key", "alice", "--dry-run")
    assert "Keys would be revoked: 1" in dry.stdout
    assert "Nothing was changed." in dry.stdout
    assert run("keys", "show", "alice").exit_code == 0
    done = json.loads(run("erase", "--key", "alice", "--json").stdout)
    assert done["revoked"] == ["alice"]
    rows = json.loads(run("usage", "--format", "json").stdout)
    assert [(row["key"], row["cost_usd"]) for row in rows] == [(done["pseudonym"], "12.345")]
    assert run("keys", "show", "alice", status=1).stderr
    assert "no row holds this name" in run("erase", "--key", "alice", status=1).stderr


def test_erase_wants_one_name(run: Run, ledger: Ledger) -> None:
    for asked in ([], ["--key", "a", "--team", "b"], ["--key", ""]):
        assert "expected one of" in run("erase", *asked, status=2).stderr


def test_the_actor_is_written_down(run: Run, ledger: Ledger, sqlite_url: str) -> None:
    run("erase", "--team", "search", "--actor", "dpo")
    newest = Keys(sqlite_url).history()[0]
    assert (newest.action, newest.actor) == ("erase", "dpo")


# Backups, by the page's own way


@pytest.mark.parametrize("way", ["python", "copy"])
def test_a_backup_is_its_owners_alone_and_can_be_restored(
    run: Run, ledger: Ledger, tmp_path: Path, way: str
) -> None:
    before = sums(run)
    backup = tmp_path / "backup.db"
    if way == "copy":
        run("ledger", "copy", f"sqlite:///{backup}", "--while-open")
    else:
        page = (Path(__file__).parents[2] / "docs" / "operate.md").read_text(encoding="utf-8")
        [line] = [each for each in page.splitlines() if each.startswith("umask 077; python -c")]
        line = line.replace("assemblyai_mw.db", "ledger.db").replace("python", sys.executable)
        subprocess.run(["sh", "-c", f"umask 022; {line}"], cwd=tmp_path, check=True, timeout=60)
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    run("keys", "create", "made-after-the-backup")
    ledger.database.close()
    for suffix in ("", "-wal", "-shm"):
        (tmp_path / f"ledger.db{suffix}").unlink(missing_ok=True)
    os.replace(backup, tmp_path / "ledger.db")
    assert sums(run) == before
    assert "made-after-the-backup" not in run("keys", "list").stdout
    assert run("keys", "create", "after-the-restore").exit_code == 0


def test_a_ledger_and_its_wal_are_their_owners_alone(run: Run, tmp_path: Path) -> None:
    old = os.umask(0o000)
    try:
        run("keys", "create", "alice")
        with Database(f"sqlite:///{tmp_path / 'ledger.db'}") as database:
            Keys(database).create("bob")
            modes = {p.name: stat.S_IMODE(p.stat().st_mode) for p in tmp_path.iterdir()}
    finally:
        os.umask(old)
    assert modes == {"ledger.db": 0o600, "ledger.db-wal": 0o600, "ledger.db-shm": 0o600}


def test_help_tells_what_is_there() -> None:
    told = CliRunner().invoke(main, ["ledger", "--help"]).stdout
    assert "copy" in told
    assert "prune" in told
