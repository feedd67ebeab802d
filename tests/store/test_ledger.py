"""The ledger: a row before, an owner in between, one end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from assemblyai_mw.billing.audio_length import AudioFacts
from assemblyai_mw.call import Caller
from assemblyai_mw.errors import StoreError
from assemblyai_mw.routes import route_for
from assemblyai_mw.store import Database, Holds, Keys, Ledger, Owner, UsageFilter

from .kit import NOON, Clock, call_by, caller_of, opened, opening, price_of, race, settled, used


def transcribed(ledger: Ledger, caller: Caller | None, transcript_id: str, **options: Any) -> int:
    row = opened(ledger, call_by(caller, **options))
    ledger.accept(row, status=200, transcript_id=transcript_id)
    return row


def shown(ledger: Ledger, row: int) -> dict[str, Any]:
    """Return a call as reports give it."""
    (call,) = [call for call in ledger.calls() if call["id"] == row]
    return call


def test_an_open_call_is_pending_and_says_what_was_asked(keys: Keys, ledger: Ledger) -> None:
    caller = caller_of(keys, team="search", tags={"team": "fixed"})
    call = call_by(caller, tags={"team": "mine", "feature": "captions"})
    asked = {"models": ["universal-2", "a"]}
    row = ledger.open(call, kind="transcript", model="universal-2", features=asked)
    assert shown(ledger, row) == {
        "id": row,
        "at": "2026-11-22T12:00:00.000000Z",
        "key": "alice",
        "key_id": caller.key_id,
        "team": "search",
        "end_user": None,
        "route": "/assemblyai",
        "region": "us",
        "method": "POST",
        "path": "/v2/transcript",
        "kind": "transcript",
        "model": "universal-2",
        "status": None,
        "state": "pending",
        "reason": None,
        "estimated": False,
        "audio_seconds": None,
        "input_tokens": None,
        "output_tokens": None,
        "cached_tokens": None,
        "characters": None,
        "cost_usd": None,
        "transcript_id": None,
        "tags": {"team": "fixed", "feature": "captions"},
        "features": asked,
        "breakdown": None,
        "request_id": call.id,
        "duration": None,
        "closed_at": None,
    }


def test_a_settled_call_has_its_cost_and_where_it_comes_from(
    keys: Keys, ledger: Ledger, clock: Clock
) -> None:
    row = transcribed(ledger, caller_of(keys), "t1")
    clock.now = NOON + 30
    assert ledger.settle(
        row, usage=used(12_500, "universal-3-pro"), price=price_of(729_167), duration_s=0.25
    )
    told = shown(ledger, row)
    assert (told["state"], told["cost_usd"], told["model"]) == (
        "settled",
        "0.000729167",
        "universal-3-pro",
    )
    assert (told["status"], told["transcript_id"], told["audio_seconds"]) == (200, "t1", 12.5)
    assert [line["amount_usd"] for line in told["breakdown"]] == ["0.000729167"]
    assert (told["duration"], told["closed_at"]) == (0.25, "2026-11-22T12:00:30.000000Z")


def test_a_call_shows_its_own_model_and_is_counted_under_another(
    keys: Keys, ledger: Ledger
) -> None:
    """To the end, also where it gets its price later on."""
    caller = caller_of(keys)
    rows = [
        ledger.open(call_by(caller), kind="transcript", model="other", features={"models": [name]})
        for name in ("a", "b", "c")
    ]
    open_, failed, priced = rows

    def told() -> list[tuple[Any, ...]]:
        return [
            (group["model"], group["calls"], group["failed"], group["unpriced"], group["cost_usd"])
            for since in (None, NOON - 60)
            for group in ledger.usage("model", UsageFilter(since=since))
        ]

    assert told() == [("other", 3, 0, 0, "0")] * 2
    ledger.fail(failed, status=400)
    ledger.settle(priced, usage=used(model="c"), price=None, reason="none", metrics_label="other")
    assert told() == [("other", 3, 1, 1, "0")] * 2
    assert [each["model"] for each in ledger.unpriced()] == ["c"]
    assert ledger.reprice(priced, price_of(7))
    assert told() == [("other", 3, 1, 0, "0.000000007")] * 2
    assert [call["model"] for call in ledger.calls()] == ["a", "b", "c"]
    assert [due.model for due in ledger.unanswered("us") if due.row == open_] == ["a"]


def test_a_failed_call_costs_nothing(keys: Keys, ledger: Ledger) -> None:
    row = opened(ledger, call_by(caller_of(keys)))
    assert ledger.fail(row, status=400, reason="bad audio")
    told = shown(ledger, row)
    assert (told["state"], told["cost_usd"], told["status"], told["reason"]) == (
        "failed",
        "0",
        400,
        "bad audio",
    )


def test_without_a_price_a_call_is_unpriced_and_never_free(keys: Keys, ledger: Ledger) -> None:
    caller = caller_of(keys)
    row = opened(ledger, call_by(caller))
    assert ledger.settle(row, usage=used(), price=None, reason="no price for m")
    told = shown(ledger, row)
    assert (told["state"], told["cost_usd"], told["reason"]) == ("unpriced", None, "no price for m")
    assert ledger.usage("key")[0]["unpriced"] == 1


def test_an_unpriced_call_is_priced_once_when_the_price_is_known(
    keys: Keys, ledger: Ledger, holds: Holds
) -> None:
    caller = caller_of(keys, tags={"feature": "captions"})
    row = opened(ledger, call_by(caller))
    ledger.settle(row, usage=used(90_000), price=None, reason="unknown")
    other = opened(ledger, call_by(caller))
    ledger.settle(other, usage=None, price=None, reason="its reply was never seen")
    (found,) = ledger.unpriced()
    assert (found["row"], found["usage"]["audio_ms"], found["at"].timestamp()) == (
        row,
        90_000,
        NOON,
    )
    assert [ledger.reprice(row, price_of(70)), ledger.reprice(row, price_of(70))] == [True, False]
    assert list(ledger.unpriced()) == []
    for by in ("key", "tag", "model", "day", "team"):
        (sums,) = ledger.usage(by)
        assert (sums["calls"], sums["unpriced"], sums["cost_usd"]) == (2, 1, "0.00000007")
        assert sums["audio_seconds"] == 90
    assert holds.spent(caller)[0].spent == 70
    assert not ledger.settle(row, usage=used(), price=price_of(1))


@pytest.mark.parametrize("end", ["settle", "unpriced", "fail"])
@pytest.mark.parametrize("again", ["settle", "fail"])
def test_a_call_ends_once(keys: Keys, ledger: Ledger, holds: Holds, end: str, again: str) -> None:
    caller = caller_of(keys)
    row = opened(ledger, call_by(caller))
    first = (
        ledger.fail(row, status=500)
        if end == "fail"
        else ledger.settle(row, usage=used(), price=price_of(5) if end == "settle" else None)
    )
    told = shown(ledger, row)
    second = (
        ledger.fail(row, status=404)
        if again == "fail"
        else ledger.settle(row, usage=used(), price=price_of(6))
    )
    assert (first, second) == (True, False)
    assert shown(ledger, row) == told
    assert holds.spent(caller)[0].spent == (5 if end == "settle" else 0)
    assert ledger.usage("key")[0]["calls"] == 1


def test_a_row_that_is_not_there_does_not_end(ledger: Ledger) -> None:
    assert not ledger.settle(99, usage=None, price=price_of(1))
    assert not ledger.fail(99, status=None)
    assert ledger.usage("key") == []
    with pytest.raises(StoreError, match="no row 99"):
        ledger.accept(99, status=200, transcript_id="t1")


def _settle_all(number: int, url: str, rows: list[int]) -> list[int]:
    with opening(url, busy_timeout_s=60) as database:
        ledger = Ledger(database)
        order = rows if number % 2 else rows[::-1]
        return [row for row in order if ledger.settle(row, usage=used(), price=price_of(3))]


def test_each_call_is_charged_once_by_all_processes_together(
    database_url: str, keys: Keys, ledger: Ledger, holds: Holds
) -> None:
    caller = caller_of(keys, team="search", tags={"a": "1", "b": "2"})
    rows = [opened(ledger, call_by(caller)) for _ in range(50)]
    won = race(_settle_all, database_url, rows)
    assert sorted(row for part in won for row in part) == rows
    assert [each.spent for each in holds.spent(caller)] == [150] * 6
    for by in ("key", "team", "model", "day", "tag"):
        assert {(each["calls"], each["cost_usd"]) for each in ledger.usage(by)} == {
            (50, "0.00000015")
        }


def test_the_owner_is_known_as_soon_as_the_id_is(keys: Keys, ledger: Ledger) -> None:
    caller = caller_of(keys, team="search")
    row = transcribed(ledger, caller, "t1")
    owner = ledger.owner("us", "t1")
    assert owner == Owner(
        caller.key_id,
        "alice",
        "search",
        row,
        False,
        "transcript",
        {},
        "universal-2",
        datetime.fromtimestamp(NOON, UTC),
    )
    ledger.settle(row, usage=used(), price=price_of(1))
    later = ledger.owner("us", "t1")
    assert later is not None
    assert later.settled
    assert ledger.owner("eu", "t1") is None
    assert ledger.owner("us", "T1") is None
    assert ledger.owner("us", "t1\0") is None
    assert ledger.owner("us", "' OR 1=1 --") is None


@pytest.mark.parametrize(
    "maker, reader, may",
    [
        (Caller("a", 1), Caller("a", 1), True),
        (Caller("a", 1), Caller("a", 2), False),
        (Caller("a", 1), Caller("a"), False),
        (Caller("a", 1, team="t"), Caller("b", 2, team="t"), True),
        (Caller("a", 1, team="t"), Caller("a", 1), False),
        (Caller("a", 1), Caller("a", 1, team="t"), False),
        (Caller("a"), Caller("a"), True),
        (Caller("a"), Caller("b"), False),
        (Caller("key:1"), Caller("x", 1), False),
        (Caller("a", 1), Caller("b", 2, scope="all"), True),
        (Caller("a", 1), Caller("master", master=True), True),
        (Caller("master", master=True), Caller("a", 1), False),
    ],
)
def test_a_transcript_is_its_teams_or_else_its_keys(
    sqlite_url: str, maker: Caller, reader: Caller, may: bool
) -> None:
    with opening(sqlite_url) as database:
        ledger = Ledger(database)
        transcribed(ledger, maker, "t1")
        ledger.own_upload("us", "https://cdn/upload/1", maker)
        for owner in (ledger.owner("us", "t1"), ledger.upload_owner("us", "https://cdn/upload/1")):
            assert owner is not None
            assert owner.belongs_to(reader) == may


def test_accepting_again_changes_nothing_and_stealing_is_refused(
    keys: Keys, ledger: Ledger
) -> None:
    alice, bob = caller_of(keys), caller_of(keys, "bob")
    row = transcribed(ledger, alice, "t1")
    ledger.accept(row, status=200, transcript_id="t1")
    other = opened(ledger, call_by(bob))
    with pytest.raises(StoreError, match="already known"):
        ledger.accept(other, status=200, transcript_id="t1")
    owner = ledger.owner("us", "t1")
    assert owner is not None
    assert owner.key_name == "alice"
    told = shown(ledger, other)
    assert told["transcript_id"] is None


def test_an_answer_that_was_never_seen_is_resolved_later(keys: Keys, ledger: Ledger) -> None:
    caller = caller_of(keys)
    row = opened(ledger, call_by(caller))
    ledger.resolve(row, "t1")
    owner = ledger.owner("us", "t1")
    assert owner is not None
    assert (owner.row, owner.belongs_to(caller)) == (row, True)


def test_uploads_are_known_by_their_exact_url(keys: Keys, ledger: Ledger) -> None:
    alice, bob = caller_of(keys), caller_of(keys, "bob")
    url = "https://cdn.assemblyai.com/upload/1"
    ledger.own_upload("us", url, alice)
    ledger.own_upload("us", url, alice)
    with pytest.raises(StoreError, match="another owner"):
        ledger.own_upload("us", url, bob)
    owner = ledger.upload_owner("us", url)
    assert owner is not None
    assert (owner.key_name, owner.row, owner.kind) == ("alice", None, "upload")
    assert ledger.upload_owner("eu", url) is None
    assert ledger.upload_owner("us", url + "/") is None


@pytest.mark.parametrize(
    "audio",
    [
        None,
        AudioFacts(60_000, 1, True),
        AudioFacts(60_000),
        AudioFacts(None, 6),
        AudioFacts(86_400_000, 256),
    ],
)
def test_what_is_known_of_an_upload_comes_with_its_owner(
    keys: Keys, ledger: Ledger, audio: AudioFacts | None
) -> None:
    url = "https://cdn.assemblyai.com/upload/1"
    alice = caller_of(keys)
    ledger.own_upload("us", url, alice, audio)
    ledger.own_upload("us", url, alice, AudioFacts(1000, 1, True))
    owner = ledger.upload_owner("us", url)
    assert owner is not None
    assert owner.audio == audio


def test_transcripts_of_a_region_come_oldest_first_within_their_moments(
    keys: Keys, ledger: Ledger
) -> None:
    alice, bob = caller_of(keys), caller_of(keys, "bob")
    for number in range(7):
        transcribed(ledger, alice, f"a{number}")
        transcribed(ledger, bob, f"b{number}", at=NOON + 1)
    eu = opened(ledger, call_by(alice, route=route_for("/eu.assemblyai")))
    ledger.accept(eu, status=200, transcript_id="eu1")
    both = [f"{name}{number}" for number in range(7) for name in "ab"]
    assert [row.id for row in ledger.transcripts("us")] == both
    assert [row.id for row in ledger.transcripts("eu")] == ["eu1"]
    assert [row.id for row in ledger.transcripts("us", until=NOON + 1)] == both[::2]
    assert [row.id for row in ledger.transcripts("us", since=NOON + 1)] == both[1::2]


def test_a_transcript_shows_how_it_ended(keys: Keys, ledger: Ledger) -> None:
    alice = caller_of(keys)
    done, broken = transcribed(ledger, alice, "done"), transcribed(ledger, alice, "broken")
    transcribed(ledger, alice, "open")
    ledger.settle(done, usage=used(), price=price_of(1))
    ledger.fail(broken, status=None, reason="no speech")
    ends = {row.id: row.status for row in ledger.transcripts("us")}
    assert ends == {"done": "completed", "broken": "error", "open": "queued"}


def test_owners_are_found_many_at_once(keys: Keys, ledger: Ledger) -> None:
    alice = caller_of(keys)
    rows = {f"t{number}": transcribed(ledger, alice, f"t{number}") for number in range(3)}
    found = ledger.owners("us", ["t0", "t2", "no"])
    assert {name: owner.row for name, owner in found.items()} == {
        "t0": rows["t0"],
        "t2": rows["t2"],
    }


def test_open_calls_come_due_and_are_leased_to_one(
    keys: Keys, database: Database, clock: Clock
) -> None:
    ledger = Ledger(database, intent_due_s=600, accept_due_s=3)
    caller = caller_of(keys, tags={"a": "b"})
    silent = opened(ledger, call_by(caller))
    accepted = transcribed(ledger, caller, "t1")
    assert ledger.due() == []
    (first,) = ledger.due(NOON + 3, lease_s=60)
    assert (first.row, first.transcript_id, first.attempts, first.status) == (
        accepted,
        "t1",
        1,
        200,
    )
    assert (first.key_name, first.tags, first.service) == ("alice", {"a": "b"}, "api")
    assert ledger.due(NOON + 62) == []
    (again,) = ledger.due(NOON + 63)
    assert (again.row, again.attempts) == (accepted, 2)
    assert ledger.reschedule(accepted, NOON + 1000)
    clock.now = NOON + 600
    assert [due.row for due in ledger.due()] == [silent]
    assert ledger.reschedule(silent, NOON + 600, duration_s=1.5)
    assert ledger.reschedule(silent, NOON + 600)
    (ended,) = ledger.due()
    assert ended.ended == ended.at + timedelta(seconds=1.5)
    assert again.ended is None
    ledger.settle(accepted, usage=used(), price=price_of(1))
    assert not ledger.reschedule(accepted, NOON)
    assert ledger.pending() == 1
    assert ledger.make_due_now() == 1
    assert [due.row for due in ledger.due()] == [silent]


def test_the_longest_waiting_calls_are_leased_first(keys: Keys, ledger: Ledger) -> None:
    rows = [opened(ledger, call_by(caller_of(keys, f"key {n}"))) for n in range(4)]
    for row, due in zip(rows, (40, 10, 30, 20), strict=True):
        ledger.reschedule(row, NOON + due)
    assert {due.row for due in ledger.due(NOON + 100, limit=2)} == {rows[1], rows[3]}


def _lease(number: int, url: str, now: float) -> list[int]:
    with opening(url, busy_timeout_s=60) as database:
        ledger = Ledger(database)
        leased = []
        while found := ledger.due(now, limit=5, lease_s=600):
            leased += [due.row for due in found]
        return leased


def test_each_open_call_is_leased_by_one_of_all_processes(
    database_url: str, keys: Keys, ledger: Ledger
) -> None:
    caller = caller_of(keys)
    rows = [transcribed(ledger, caller, f"t{number}") for number in range(40)]
    leased = race(_lease, database_url, NOON + 10)
    assert sorted(row for part in leased for row in part) == rows


@pytest.mark.parametrize("text", ["a\0b", "\ud800", "x" * 100_000, "'; DROP TABLE calls; --"])
def test_odd_text_is_kept_as_far_as_a_database_can(keys: Keys, ledger: Ledger, text: str) -> None:
    call = call_by(caller_of(keys), path=text, tags={"odd": text[:100]})
    row = ledger.open(call, kind="other", model=text, features={"odd": text[:100]})
    ledger.settle(row, usage=None, price=None, reason=text)
    told = shown(ledger, row)
    assert told["path"] == text[:2048].replace("\0", "\ufffd").replace("\ud800", "?")
    assert told["reason"] == told["path"] == told["model"]
    kept = text[:100].replace("\0", "\ufffd").replace("\ud800", "?")
    assert told["tags"]["odd"] == kept
    assert [each["tag"] for each in ledger.usage("tag")] == [f"odd={kept}"]
    assert len(ledger.usage("model")) == 1


def test_a_call_without_any_caller_is_recorded(ledger: Ledger) -> None:
    row = settled(ledger, call_by(None), 4)
    told = shown(ledger, row)
    assert (told["key"], told["team"], told["cost_usd"]) == (None, None, "0.000000004")
    assert [(each["key"], each["calls"]) for each in ledger.usage("key")] == [("", 1)]


def test_features_that_are_no_json_are_refused(ledger: Ledger) -> None:
    with pytest.raises(ValueError, match="JSON"):
        ledger.open(call_by(None), kind="chat", model=None, features={"max": float("nan")})
    with pytest.raises(TypeError):
        ledger.open(call_by(None), kind="chat", model=None, features={"max": object()})
    assert list(ledger.calls()) == []
