"""Reports of many calls, of large sums and of made-up tags."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from assemblyai_mw.store import Keys, Ledger
from assemblyai_mw.store import totals as store_totals
from assemblyai_mw.store.schema import tag_totals

from .kit import call_by, caller_of, opened, opening, settled


def test_more_calls_than_a_page_come_each_once(sqlite_url: str) -> None:
    with opening(sqlite_url) as database:
        ledger = Ledger(database)
        first = opened(ledger, call_by(None))
        with database.write() as connection:
            # Many rows of one moment, as a busy second has: the page's edge lies among them.
            connection.exec_driver_sql(
                "WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i+1 FROM n WHERE i < 2500)"
                " INSERT INTO calls SELECT n.i, request_id, at, key_id, key_name, team, end_user,"
                " route, service, region, method, path, kind, model, features, tags, status,"
                " 'unpriced', reason, transcript_id, audio_ms, input_tokens, output_tokens,"
                " cached_tokens, cost_nano, breakdown, '{}', duration_ms, closed_at, due_at,"
                " attempts, kept_nano, estimated, characters, budgets FROM calls, n"
                " WHERE calls.id = ?",
                (first,),
            )
        assert [call["id"] for call in ledger.calls()] == list(range(1, 2501))
        assert [call["id"] for call in ledger.calls(limit=1500)] == list(range(2500, 1000, -1))
        assert [row["row"] for row in ledger.unpriced()] == list(range(2, 2501))
        assert len(list(ledger.unpriced(limit=1200))) == 1200


def test_sums_past_32_bits_and_past_what_floats_hold_are_exact(keys: Keys, ledger: Ledger) -> None:
    caller = caller_of(keys)
    for nano in (10**17 + 1, 10**17 + 2):
        settled(ledger, call_by(caller), nano)
    assert ledger.usage("key")[0]["cost_usd"] == "200000000.000000003"


def test_tags_that_callers_make_up_do_not_fill_the_totals(
    keys: Keys, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_totals, "MAX_TAGS_A_DAY", 3)
    for number in range(6):
        settled(ledger, call_by(None, tags={f"tag-{number}": "", "known": ""}), 7)
    with keys.database.read() as connection:
        found = connection.execute(select(tag_totals.c.tag, tag_totals.c.calls)).all()
    assert {row.tag: row.calls for row in found} == {"known": 6, "tag-0": 1, "tag-1": 1, "other": 4}
