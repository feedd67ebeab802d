"""Calls that stay open for too long are seen: in the log, in /metrics, and by `settle`."""

from __future__ import annotations

import io
import json
import logging
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest
from click.testing import CliRunner
from settlement_kit import House, build, close_databases

from assemblyai_mw.cli import main, settlement
from assemblyai_mw.settlement.background import BackgroundSettler
from assemblyai_mw.settlement.lateness import Lateness, age_text
from assemblyai_mw.store.gauges import gauges
from assemblyai_mw.store.oldest import claim_report, oldest_open
from assemblyai_mw.testing import FakeAssemblyAI, Hosts, serve_all

HOUR = 3600.0


@pytest.fixture(scope="module")
def hosts() -> Iterator[Hosts]:
    with serve_all(FakeAssemblyAI(polls=10_000)) as served:
        yield served


@pytest.fixture
def house(hosts: Hosts, database_url: str) -> Iterator[House]:
    made = build(hosts, database_url)
    yield made
    made.transport.close()
    close_databases()


def age(house: House, hours: float) -> None:
    """Make every call older."""
    with house.database.write() as connection:
        connection.exec_driver_sql(f"UPDATE calls SET at = at - {round(hours * HOUR * 1_000_000)}")


def late(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [r.getMessage() for r in caplog.records if "settlement is late" in r.getMessage()]


def test_one_line_an_hour_says_so_whoever_looks(house, caplog):
    workers = [Lateness(house.ledger, 4 * HOUR) for _ in range(3)]
    house.submit()
    for each in workers:
        each.look()
    assert late(caplog) == []
    age(house, 5.3)
    house.submit()
    for each in workers:
        # Not again within its minute.
        each.look()
    assert late(caplog) == []
    for _ in range(2):
        for each in workers:
            each._next = 0.0
            each.look()
    row = house.row(0)["id"]
    assert late(caplog) == [
        f"settlement is late: 2 calls are open, the oldest (row {row}, transcript) for 5 h 18 min: "
        "assemblyai-mw settle says why"
    ]
    with house.database.write() as connection:
        connection.exec_driver_sql(
            "UPDATE meta SET value = CAST(CAST(value AS BIGINT) - 3600000000 AS TEXT) "
            "WHERE name = 'late_settlement_reported_at'"
        )
    house.ledger.reschedule(row, time.time(), reason="AssemblyAI cannot be reached in us")
    for each in workers:
        each._next = 0.0
        each.look()
    assert len(late(caplog)) == 2
    assert late(caplog)[1].endswith(": AssemblyAI cannot be reached in us")
    assert caplog.records[-1].levelno == logging.ERROR


def test_the_settling_thread_looks(house, caplog):
    house.submit()
    age(house, 50)
    settler = BackgroundSettler(house.settler, pause_s=0.01)
    settler.wake()
    deadline = time.monotonic() + 30
    while not late(caplog):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    settler.stop(wait_s=30)
    assert "for 2 d 2 h" in late(caplog)[0]


def test_a_claim_is_one_processs_for_its_time(house):
    assert claim_report(house.database, 3600)
    assert not claim_report(house.database, 3600)
    assert claim_report(house.database, 0)


def test_the_age_is_in_the_gauges_by_kind(house):
    assert gauges(house.database).oldest_s == {}
    assert oldest_open(house.database) is None
    house.submit()
    age(house, 2)
    house.submit()
    ages = gauges(house.database).oldest_s
    assert set(ages) == {"transcript"}
    assert 2 * HOUR <= ages["transcript"] < 2 * HOUR + 60


@pytest.mark.parametrize(
    "seconds, text",
    [(0.0, "0 s"), (59.9, "59 s"), (60, "1 min"), (3600, "1 h 0 min"), (90_061, "1 d 1 h")],
)
def test_an_age_is_for_people(seconds: float, text: str) -> None:
    assert age_text(seconds) == text


# `settle`


def run_settle(house: House, tmp_path: Any, *options: str, status: int) -> Any:
    config = tmp_path / "mw.json"
    config.write_text(json.dumps(house.config))
    config.chmod(0o600)
    done = CliRunner().invoke(main, ["--config", str(config), "settle", *options])
    assert done.exit_code == status, done.output
    return done


def test_settle_says_what_it_does_off_a_terminal_too(house, tmp_path, monkeypatch):
    monkeypatch.setattr(settlement, "LINE_EVERY_S", 0.001)
    for _ in range(3):
        house.submit()
    done = run_settle(house, tmp_path, status=1)
    lines = done.stderr.splitlines()
    assert lines[0] == "Settling: 0 of 3"
    assert set(lines) <= {"Settling: 0 of 3", "Settling: 3 of 3"}
    summary, reason = done.stdout.splitlines()
    start = "settled 0 for 0 USD, failed 0, unpriced 0, still open 3, the oldest for "
    assert summary.startswith(start)
    assert reason == "  3 open: the transcript is not finished"


def test_settle_prints_json_and_is_quiet_with_nothing_to_do(house, tmp_path):
    done = run_settle(house, tmp_path, "--json", status=0)
    assert done.stderr == ""
    nothing = {"settled": 0, "cost_usd": "0", "failed": 0, "unpriced": 0, "open": 0}
    assert json.loads(done.stdout) == nothing | {"oldest_open_s": None, "reasons": []}
    house.submit()
    age(house, 1)
    done = run_settle(house, tmp_path, "--json", status=1)
    # Too quick for a line, which cron would mail.
    assert done.stderr == ""
    found = json.loads(done.stdout)
    assert found["open"] == 1
    assert 3600 <= found.pop("oldest_open_s") < 3700
    assert found["reasons"] == [{"reason": "the transcript is not finished", "open": 1}]
    by_hand = run_settle(house, tmp_path, "--json", "--call", "1", status=2)
    assert "--json: not with --call" in by_hand.output


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_in_a_terminal_progress_is_one_line(monkeypatch):
    terminal = _Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with settlement._Progress("Settling", 3) as progress:
        progress(1)
        progress(2)
    shown = terminal.getvalue()
    assert shown.startswith("\rSettling: 0 of 3\r")
    assert shown.endswith("\rSettling: 3 of 3\n")
    assert shown.count("\n") == 1
