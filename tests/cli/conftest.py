"""A command line with a database of its own."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest
from cli_kit import Run, made
from click.testing import CliRunner, Result

from assemblyai_mw.billing.price_book import Item, Price
from assemblyai_mw.billing.replies import Usage
from assemblyai_mw.cli import main
from assemblyai_mw.store import Database, Keys, Ledger


@pytest.fixture
def run(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command with no variable set but the database's."""
    for name in [name for name in os.environ if name.startswith("ASSEMBLYAI_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("ASSEMBLYAI_MW_DATABASE_URL", sqlite_url)

    def run(*args: str, status: int = 0, environ: Mapping[str, str] | None = None) -> Result:
        result = CliRunner().invoke(main, args, env=environ or {})
        assert result.exit_code == status, result.output
        assert "Traceback" not in result.output
        return result

    return run


@pytest.fixture
def keys(sqlite_url: str) -> Keys:
    return Keys(sqlite_url)


@pytest.fixture
def ledger(sqlite_url: str) -> Ledger:
    """A ledger of four calls: two settled, one without a price, one pending."""
    database = Database(sqlite_url)
    alice = Keys(database).create("alice", team="search")
    ledger = Ledger(database)
    at = datetime(2026, 11, 20, 12, tzinfo=UTC)
    rows = [
        ("universal-2", 12_000_000_000, {"feature": "captions"}),
        ("=cmd|' /C calc'!A0", 345_000_000, {"feature": "captions", "v": "2"}),
        ("nobody-knows", None, {}),
    ]
    for index, (model, nano, tags) in enumerate(rows):
        call = made(alice.info.key_id, at + timedelta(hours=index), tags)
        row = ledger.open(call, kind="transcript", model=model, features={})
        ledger.accept(row, status=200, transcript_id=f"t{index}")
        price = nano and Price(nano, (Item(model, "60", "second", "720/hour", nano),))
        ledger.settle(
            row,
            usage=Usage("transcript", model=model, audio_ms=60_000),
            price=price or None,
            reason=None if nano else "no price",
        )
    pending = made(alice.info.key_id, at + timedelta(days=1), {})
    ledger.open(pending, kind="transcript", model=None, features={})
    return ledger
