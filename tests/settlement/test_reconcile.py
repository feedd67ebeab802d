"""`settle`, `reconcile` and `reprice`, as cron runs them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from click.testing import CliRunner, Result
from settlement_kit import COST, SUBMIT, House, build, close_databases
from sqlalchemy import delete, update

from assemblyai_mw.cli import main
from assemblyai_mw.store.schema import calls, transcripts
from assemblyai_mw.testing import US_KEY, FakeAssemblyAI, Hosts, serve_all


@pytest.fixture
def hosts() -> Iterator[Hosts]:
    with serve_all(FakeAssemblyAI(polls=0), FakeAssemblyAI(region="eu", polls=0)) as hosts:
        yield hosts


@pytest.fixture
def house(hosts: Hosts, database_url: str) -> Iterator[House]:
    yield build(hosts, database_url)
    close_databases()


def run(house: House, folder: Path, *arguments: str, **more: Any) -> Result:
    file = folder / "config.yaml"
    # JSON is YAML.
    file.write_text(json.dumps({**house.config, **more}))
    file.chmod(0o600)
    result = CliRunner().invoke(main, ["--config", str(file), *arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def differences(house: House, folder: Path, *arguments: str) -> list[dict[str, Any]]:
    result = run(house, folder, "reconcile", "--format", "json", *arguments)
    found: list[dict[str, Any]] = json.loads(result.stdout)
    assert result.exit_code == (1 if found else 0)
    return found


def test_settle_closes_everything_and_says_so(house: House, tmp_path: Path) -> None:
    for prefix in ("/assemblyai", "/eu.assemblyai"):
        house.submit(prefix)
    result = run(house, tmp_path, "settle")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == "settled 2 for 0.001083334 USD, failed 0, unpriced 0, still open 0\n"
    assert {row["cost_usd"] for row in house.ledger.calls()} == {COST}


def test_settle_exits_with_1_while_something_is_open(house: House, tmp_path: Path) -> None:
    house.hosts.us.next_result(polls=10**9)
    house.submit()
    result = run(house, tmp_path, "settle")
    assert result.exit_code == 1
    assert "still open 1, the oldest for " in result.stdout
    assert result.stdout.endswith("\n  1 open: the transcript is not finished\n")
    house.hosts.us.finish()
    assert run(house, tmp_path, "settle").exit_code == 0


def test_settle_on_a_stopped_server_leaves_nothing(house: House, tmp_path: Path) -> None:
    house.hosts.us.fail_next(drop=True, method="POST")
    house.submit(status=502)
    assert run(house, tmp_path, "settle").exit_code == 1
    result = run(house, tmp_path, "settle", "--stopped")
    assert (result.exit_code, house.row()["state"]) == (0, "failed")


def test_many_rows_are_settled_in_one_run(house: House, tmp_path: Path) -> None:
    for _ in range(120):
        house.submit()
    assert "settled 120 for" in run(house, tmp_path, "settle").stdout


@pytest.mark.parametrize("command", ["settle", "reconcile", "reprice"])
def test_wrong_configuration_exits_with_2(house: House, tmp_path: Path, command: str) -> None:
    result = run(house, tmp_path, command, timeouts={"read_s": "soon"})
    assert (result.exit_code, result.stdout) == (2, "")
    assert "read_s" in result.stderr


def test_nothing_differs_after_settlement(house: House, tmp_path: Path) -> None:
    house.submit(speaker_labels=True)
    house.submit("/eu.assemblyai")
    house.hosts.us.next_result(error="bad audio")
    house.submit()
    run(house, tmp_path, "settle")
    assert differences(house, tmp_path) == []
    assert run(house, tmp_path, "reconcile").stdout == "Nothing differs.\n"


def test_each_difference_is_named(house: House, tmp_path: Path) -> None:
    kept = {name: house.submit() for name in ("unknown", "unsettled", "missing", "amount")}
    house.hosts.us.fail_next(cut_after=20, method="POST")
    house.submit(status=502)
    lost = list(house.hosts.us.transcripts)[-1]
    run(house, tmp_path, "settle")
    with house.database.write() as connection:
        connection.execute(delete(transcripts).where(transcripts.c.id == kept["unknown"]))
        row = calls.c.transcript_id
        connection.execute(
            update(calls).where(row == kept["unsettled"]).values(state="pending", cost_nano=None)
        )
        connection.execute(update(calls).where(row == kept["amount"]).values(cost_nano=1))
    house.hosts.us.transcripts.pop(kept["missing"])
    found = {each["problem"]: each for each in differences(house, tmp_path)}
    assert {name: each["transcript_id"] for name, each in found.items()} == kept
    assert found["amount"]["ledger_usd"] == "0.000000001"
    assert found["amount"]["upstream_usd"] == COST
    assert found["unknown"]["key"] is None
    assert found["unsettled"]["key"] == "alice"
    assert lost not in kept.values()
    table = run(house, tmp_path, "reconcile")
    assert table.exit_code == 1
    assert kept["amount"] in table.stdout


def test_amounts_can_be_left_out_and_regions_chosen(house: House, tmp_path: Path) -> None:
    house.submit()
    run(house, tmp_path, "settle")
    with house.database.write() as connection:
        connection.execute(update(calls).values(cost_nano=1))
    before = len(house.hosts.us.requests)
    assert differences(house, tmp_path, "--no-amounts") == []
    assert len(house.hosts.us.requests) == before + 1
    assert differences(house, tmp_path, "--region", "eu") == []
    assert len(house.hosts.us.requests) == before + 1
    assert len(differences(house, tmp_path, "--region", "us")) == 1


def test_long_lists_are_read_to_their_end(house: House, tmp_path: Path) -> None:
    ids = [house.submit() for _ in range(3)]
    url = f"{house.hosts.routes['/assemblyai']}/v2/transcript"
    for _ in range(420):
        requests.post(url, json=SUBMIT, headers={"Authorization": US_KEY}, timeout=10)
    run(house, tmp_path, "settle")
    found = differences(house, tmp_path)
    assert len(found) == 420
    assert {each["problem"] for each in found} == {"unknown"}
    assert not {each["transcript_id"] for each in found} & set(ids)


def test_list_that_cannot_be_read_is_an_error_and_no_difference(
    house: House, tmp_path: Path
) -> None:
    house.hosts.us.fail_next(401, times=5)
    result = run(house, tmp_path, "reconcile")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "refuses the account's key" in result.stderr
    assert US_KEY not in result.stderr


def test_reprice_prices_what_has_a_price_by_now(house: House, tmp_path: Path) -> None:
    house.hosts.us.speech_models.add("brand-new")
    house.submit(speech_models=["brand-new"])
    run(house, tmp_path, "settle")
    assert house.row()["state"] == "unpriced"
    prices = {"transcript": {"brand-new": "0.36"}}
    assert "stay unpriced" in run(house, tmp_path, "reprice").stdout
    dry = run(house, tmp_path, "reprice", "--dry-run", prices=prices)
    assert "0.0013" in dry.stdout
    assert house.row()["state"] == "unpriced"
    assert run(house, tmp_path, "reprice", prices=prices).exit_code == 0
    assert (house.row()["state"], house.row()["cost_usd"]) == ("settled", "0.0013")
    (total,) = house.ledger.usage("key")
    assert (total["cost_usd"], total["unpriced"]) == ("0.0013", 0)
    assert "0.0013" not in run(house, tmp_path, "reprice", prices=prices).stdout


def test_check_warns_of_rows_that_stay_without_a_cost(house: House, tmp_path: Path) -> None:
    house.submit()
    fresh = run(house, tmp_path, "check").stdout
    assert "ok     open calls: 1 open" in fresh
    assert "unpriced calls" not in fresh
    with house.database.write() as connection:
        connection.execute(update(calls).values(at=calls.c.at - 2 * 86_400_000_000))
    assert (
        "note   open calls: 1 open, the oldest for 2 d 0 h" in run(house, tmp_path, "check").stdout
    )
    house.hosts.us.transcripts.clear()
    house.settle(after_s=10)
    assert house.row()["state"] == "unpriced"
    assert (
        "note   unpriced calls: 1 have no cost (unpriced)" in run(house, tmp_path, "check").stdout
    )
