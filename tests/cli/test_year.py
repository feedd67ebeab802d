"""A year with the ledger, played on each engine: the sums are those of before at every step."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cli_kit import ACCOUNT_KEY, Run
from click.testing import CliRunner, Result
from stack_kit import CHAT, Stack, chat
from store.frozen import lay
from store.kit import call_by, settled

from assemblyai_mw.cli import main
from assemblyai_mw.store import Holds, Keys, Ledger, erasing

GROUPS = ("day", "key", "team", "model", "tag")
NOW = datetime.now(UTC)
YEAR_AGO = NOW - timedelta(days=365)
HALF_A_YEAR_AGO = (NOW - timedelta(days=180)).date().isoformat()


@pytest.fixture
def places(database_url: str, postgresql_url: str, tmp_path: Path) -> tuple[str, str, str]:
    """The URLs of the ledger, of an empty database of the other engine, and of a third one."""
    there = postgresql_url
    if database_url.startswith("postgresql"):
        there = f"sqlite:///{tmp_path / 'there.db'}"
    return database_url, there, f"sqlite:///{tmp_path / 'back.db'}"


def commands(monkeypatch: pytest.MonkeyPatch) -> tuple[Run, Callable[[str], None]]:
    """Return what runs a command, and what says on which database."""
    for name in [name for name in os.environ if name.startswith("ASSEMBLYAI_")]:
        monkeypatch.delenv(name)

    def run(*args: str, status: int = 0) -> Result:
        result = CliRunner().invoke(main, args)
        assert result.exit_code == status, result.output
        return result

    def use(url: str) -> None:
        monkeypatch.setenv("ASSEMBLYAI_MW_DATABASE_URL", url)

    return run, use


def told(run: Run) -> dict[str, Any]:
    """Return all sums as the commands tell them, and the spend of the key."""
    sums = {by: json.loads(run("usage", "--by", by, "--format", "json").stdout) for by in GROUPS}
    return {**sums, "acme": json.loads(run("keys", "show", "acme", "--json").stdout)["spending"]}


def test_a_year(
    places: tuple[str, str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    run, use = commands(monkeypatch)
    # No worker has a key's look-up in its cache here.
    monkeypatch.setattr(erasing, "CACHED_S", 0.0)
    url, there, back = places
    use(url)

    # A customer comes, and spends each month.
    acme_key = json.loads(
        run("keys", "create", "acme", "--team", "acme inc", "--budget", "12", "--json").stdout
    )["key"]
    run("keys", "create", "gone", "--team", "gone inc")
    warned: list[Any] = []
    stack = Stack(url, options={"on_soft_budget": warned.append})
    keys, ledger = Keys(stack.keys.database), Ledger(stack.keys.database)
    acme, gone = keys.named("acme"), keys.named("gone")
    for month in range(12):
        at = (YEAR_AGO + timedelta(days=30 * month)).timestamp()
        settled(ledger, call_by(acme, at=at, tags={"feature": "captions"}), 750_000_000)
        settled(ledger, call_by(gone, at=at), 10_000_000 + month)
    with_transcript = stack.submit(acme_key)
    stack.finish()
    path = f"/assemblyai/v2/transcript/{with_transcript}"
    assert stack.ask("GET", path, acme_key).json["status"] == "completed"

    # It nears its budget, and is warned of; meets it, and is refused; is topped up, and goes on.
    settled(ledger, call_by(acme, at=NOW.timestamp()), 2_990_000_000)
    assert stack.ask("POST", CHAT, acme_key, json=chat("hi", max_tokens=10)).status_int == 200
    assert {each.window for each in warned} == {"total"}
    refused = stack.ask("POST", CHAT, acme_key, json=chat("hi", max_tokens=100_000))
    assert refused.status_int == 429
    run("keys", "set", "acme", "--add-budget", "100")
    # Within the second in which a key's look-up is cached the database decides all the same.
    assert stack.ask("POST", CHAT, acme_key, json=chat("hi", max_tokens=10)).status_int == 200
    assert ledger.pending() == 0
    sums = told(run)
    spent = Holds(keys.database).spent(acme)[0].as_dict()["spent_usd"]
    assert sums["acme"][0]["spent_usd"] == spent
    assert sums["acme"][0]["limit_usd"] == "112"

    # A backup, before anything is deleted.
    use(url)
    backup = tmp_path / "backup.db"
    run("ledger", "copy", f"sqlite:///{backup}")
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600

    # Half of the year is pruned, into a file.
    archive = tmp_path / "half.jsonl.gz"
    pruned = json.loads(
        run(
            "ledger", "prune", "--before", HALF_A_YEAR_AGO, "--export", str(archive), "--json"
        ).stdout
    )
    assert pruned["calls"] == 14
    assert told(run) == sums
    assert stack.ask("GET", path, acme_key).status_int == 200

    # Another customer leaves, with every trace of its name.
    for what in ("--key", "gone"), ("--team", "gone inc"):
        done = json.loads(run("erase", *what, "--json").stdout)
        for rows in sums.values():
            for row in rows:
                for group in ("key", "team"):
                    if row.get(group) == what[1]:
                        row[group] = done["pseudonym"]
        for by in GROUPS:
            sums[by].sort(key=repr)
    stack.close()

    def same() -> bool:
        now = told(run)
        return {**now, **{by: sorted(now[by], key=repr) for by in GROUPS}} == sums

    assert same()

    # The ledger moves to the other engine and from there to a third place.
    for source, target in ((url, there), (there, back)):
        use(source)
        run("ledger", "copy", target)
        assert (
            "not empty" in (refusal := run("ledger", "copy", target, status=1).stderr)
            or "there already" in refusal
        )
        use(target)
        assert same()

    # There it is in use at once: same key, same transcript, and ids that go on.
    last = max(c["id"] for c in json.loads(run("usage", "--by", "call", "--format", "json").stdout))
    stack = Stack(back)
    stack.transport.us.transcripts.clear()
    assert stack.ask("POST", CHAT, acme_key, json=chat("hi", max_tokens=10)).status_int == 200
    owner = stack.ledger.owner("us", with_transcript)
    assert owner is not None
    assert owner.belongs_to(acme)  # type: ignore[arg-type]
    assert max(call["id"] for call in stack.ledger.calls()) == last + 1
    stack.close()

    # Restored from the backup, it is as it was on that day: with the pruned calls, and the name.
    use(f"sqlite:///{backup}")
    calls = json.loads(run("usage", "--by", "call", "--format", "json").stdout)
    assert sum(call["key"] == "gone" for call in calls) == 12
    assert len(calls) == 12 * 2 + 4
    assert ACCOUNT_KEY not in json.dumps(calls)


def test_a_ledger_of_the_first_release_goes_the_same_way(
    places: tuple[str, str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    run, use = commands(monkeypatch)
    url, there, _ = places
    lay(url, 1)
    use(url)
    run("migrate")
    sums = {by: run("usage", "--by", by, "--format", "json").stdout for by in GROUPS}
    assert json.loads(run("ledger", "prune", "--before", "2100-01-01", "--json").stdout)["calls"]
    run("ledger", "copy", there, "--while-open")
    use(there)
    assert {by: run("usage", "--by", by, "--format", "json").stdout for by in GROUPS} == sums
