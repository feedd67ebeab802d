"""`check --cron` and `check --json`: what a monitor reads, by exit status and as data."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cli_kit import ACCOUNT_KEY, Run, made

from assemblyai_mw.billing.price_book import Item, Price
from assemblyai_mw.billing.replies import Usage
from assemblyai_mw.cli.check import prices
from assemblyai_mw.store import Keys, Ledger

ENVIRON = {"ASSEMBLYAI_API_KEY": ACCOUNT_KEY}


def cron(run: Run, status: int, *more: str) -> list[str]:
    lines: list[str] = run("check", "--cron", *more, environ=ENVIRON, status=status).stdout
    return lines.splitlines() if isinstance(lines, str) else lines


def spend(keys: Keys, nano: int | None, *, key_id: int | None = None) -> None:
    """Close a call of today for *nano* dollars; for None without a price."""
    ledger = Ledger(keys.database)
    row = ledger.open(
        made(key_id, datetime.now(UTC), {}), kind="transcript", model="universal-2", features={}
    )
    price = nano and Price(nano, (Item("universal-2", "1", "second", "1/hour", nano),))
    usage = Usage("transcript", model="universal-2", audio_ms=1000)
    ledger.settle(row, usage=usage, price=price or None, reason=None if nano else "no price")


def open_for(keys: Keys, hours: float) -> int:
    at = datetime.now(UTC) - timedelta(hours=hours)
    ledger = Ledger(keys.database)
    return ledger.open(made(None, at, {}), kind="transcript", model=None, features={})


def test_it_says_nothing_where_all_is_well(run, keys):
    keys.create("alice", budget_usd="1")
    open_for(keys, 3.9)
    assert cron(run, 0) == []
    assert json.loads(run("check", "--cron", "--json", environ=ENVIRON).stdout) == []


def test_a_call_that_is_open_for_long_is_4_and_named(run, keys):
    open_for(keys, 1)
    row = open_for(keys, 27.5)
    (line,) = cron(run, 4)
    assert line.startswith(
        f"note   open calls: 2 open, the oldest for 1 d 3 h (row {row}, transcript); "
        "assemblyai-mw settle "
    )


def test_from_when_on_it_is_late_is_a_setting(run, keys, tmp_path):
    open_for(keys, 1)
    config = tmp_path / "mw.yaml"
    config.write_text("settlement: {late_after_s: 3500}\n")
    (line,) = run(
        "--config", str(config), "check", "--cron", environ=ENVIRON, status=4
    ).stdout.splitlines()
    assert "the oldest for 1 h 0 min" in line


def test_a_call_without_a_price_is_8(run, keys):
    spend(keys, None)
    (line,) = cron(run, 8)
    assert line.startswith("note   unpriced calls: 1 have no cost (unpriced); usage --by call")


def test_a_budget_over_its_mark_is_16_by_name_and_window(run, keys):
    near = keys.create("near", budget_usd="1", budget_monthly_usd="100").info
    keys.create("off", budget_usd="0")
    keys.create("own-mark", budget_usd="1", soft_budget_ratio=0.95)
    spend(keys, 800_000_000, key_id=near.key_id)
    (line,) = cron(run, 16)
    assert line == (
        "note   budgets: key near has spent 0.8 of its total budget of 1 USD, with 0 held; "
        "assemblyai-mw keys set near --budget USD changes the limit"
    )
    # `made` puts the key's calls into this team.
    keys.set_team("search", budget_daily_usd="0.9")
    lines = cron(run, 16)
    assert len(lines) == 2
    assert "team search has spent 0.8 of its daily budget of 0.9 USD" in lines[1]
    assert "assemblyai-mw teams set search --daily-budget USD" in lines[1]


def test_a_revoked_key_is_not_watched(run, keys):
    near = keys.create("near", budget_usd="1").info
    spend(keys, 900_000_000, key_id=near.key_id)
    keys.revoke("near")
    assert cron(run, 0) == []


def test_an_old_price_book_is_32(run, keys, monkeypatch: pytest.MonkeyPatch):
    keys.create("alice")
    monkeypatch.setattr(prices, "OLD_BOOK_DAYS", -1)
    (line,) = cron(run, 32)
    assert line.startswith("note   price book: newest price of ")
    assert line.endswith("; check for a newer release")


def test_several_are_summed_and_a_fault_is_1(run, keys, tmp_path):
    open_for(keys, 27)
    spend(keys, None)
    assert len(cron(run, 12)) == 2
    config = tmp_path / "mw.yaml"
    config.write_text("callbacks: [no_such_module_here.f]\n")
    result = run("--config", str(config), "check", "--cron", environ=ENVIRON, status=13)
    assert [line.split()[0] for line in result.stdout.splitlines()] == ["wrong", "note", "note"]
    # Without --cron the status is as it ever was.
    run("--config", str(config), "check", environ=ENVIRON, status=1)
    run("check", environ=ENVIRON, status=0)


def test_a_ledger_that_cannot_be_looked_at_is_no_silence(run, tmp_path):
    """As in a crontab line that runs in another directory."""
    (line,) = cron(run, 1)
    assert line.startswith(f"note   database: {tmp_path}/ledger.db is not there yet; ")
    run("check", environ=ENVIRON, status=0)


def test_a_ledger_of_an_earlier_schema_is_no_silence(run, keys):
    keys.create("alice")
    with keys.database.write() as connection:
        connection.exec_driver_sql("UPDATE meta SET value = '2' WHERE name = 'schema_version'")
    keys.database.close()
    (line,) = cron(run, 1)
    assert "schema 2; the first use, or assemblyai-mw migrate, brings it to " in line


def test_json_has_every_finding_with_its_hint(run, keys):
    open_for(keys, 27)
    shown = run("check", "--json", environ=ENVIRON).stdout
    found: list[dict[str, Any]] = json.loads(shown)
    assert all(list(each) == ["name", "level", "message", "hint"] for each in found)
    by_name = {each["name"]: each for each in found}
    assert by_name["configuration"] == {
        "name": "configuration",
        "level": "ok",
        "message": "environment",
        "hint": None,
    }
    assert by_name["open calls"]["level"] == "note"
    assert by_name["open calls"]["hint"].startswith("assemblyai-mw settle ")
    assert by_name["keys"]["hint"] == "assemblyai-mw keys create NAME makes one"
    assert {each["level"] for each in found} == {"ok", "note"}
    broken = run("check", "--json", status=1)
    (wrong,) = [each for each in json.loads(broken.stdout) if each["level"] == "wrong"]
    assert wrong["name"] == "configuration"


def test_a_key_with_control_characters_in_its_name_cannot_move_the_terminal(run, keys):
    near = keys.create("near", budget_usd="1").info
    ledger = Ledger(keys.database)
    spend(keys, 900_000_000, key_id=near.key_id)
    row = open_for(keys, 30)
    ledger.reschedule(row, datetime.now(UTC), reason="AssemblyAI said \x1b[2J")
    for line in cron(run, 20):
        assert "\x1b" not in line
