"""Answers kept for a day: claimed once by all processes together, and never billed twice."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, select

from assemblyai_mw.store import Answer, Claim, Database, Fate, KeptAnswer, KeptAnswers, Ledger
from assemblyai_mw.store.kept_answers import KEPT_S, SWEPT_AT_ONCE
from assemblyai_mw.store.schema import kept_answers

from .kit import NOON, Clock, call_by, opened, opening, price_of, race, used

SCOPE, KEY = b"s" * 32, b"k" * 32
ANSWER = Answer(200, [("Content-Type", "application/json")], b'{"id": "t-1", "z": "\xc3\xa9"}')


@pytest.fixture
def answers(database: Database) -> KeptAnswers:
    return KeptAnswers(database)


def claim_of(request_id: str, key: bytes = KEY, scope: bytes = SCOPE) -> Claim:
    return Claim(scope, key, request_id)


def claimed(
    answers: KeptAnswers, request_id: str, *, key: bytes = KEY, digest: bytes | None = b"d" * 32
) -> KeptAnswer | None:
    call = call_by(None, at=answers.database.clock())
    return answers.claim(claim_of(request_id, key), call, digest)


def count(database: Database) -> int:
    with database.read() as connection:
        return int(connection.scalar(select(func.count()).select_from(kept_answers)) or 0)


def test_the_first_claim_has_the_key_and_others_see_it_under_way(
    answers: KeptAnswers, clock: Clock
) -> None:
    assert claimed(answers, "one") is None
    clock.now += 7
    found = claimed(answers, "two", digest=b"e" * 32)
    assert found is not None
    assert (found.claim, found.age_s, found.digest) == (claim_of("one"), 7.0, b"d" * 32)
    assert (found.known, found.answer) == (None, None)


def test_an_answer_comes_back_byte_for_byte(answers: KeptAnswers) -> None:
    claimed(answers, "one")
    answers.keep(claim_of("one"), digest=b"e" * 32, known=True, answer=ANSWER)
    found = claimed(answers, "two")
    assert found is not None
    assert (found.answer, found.known, found.digest) == (ANSWER, True, b"e" * 32)


def test_a_digest_and_an_answer_may_be_unknown(answers: KeptAnswers) -> None:
    claimed(answers, "one", digest=None)
    answers.keep(claim_of("one"), digest=None, known=False, answer=None)
    found = claimed(answers, "two")
    assert found is not None
    assert (found.answer, found.known, found.digest) == (None, False, None)


def test_a_released_key_is_free_and_only_its_holder_may_release_it(answers: KeptAnswers) -> None:
    claimed(answers, "one")
    answers.release(claim_of("other"))
    assert claimed(answers, "two") is not None
    answers.release(claim_of("one"))
    assert claimed(answers, "two") is None


def test_who_has_lost_its_claim_keeps_nothing(answers: KeptAnswers, clock: Clock) -> None:
    claimed(answers, "one")
    clock.now += KEPT_S
    assert claimed(answers, "two") is None
    answers.keep(claim_of("one"), digest=None, known=True, answer=ANSWER)
    found = claimed(answers, "three")
    assert found is not None
    assert (found.claim.request_id, found.known, found.answer) == ("two", None, None)


def test_an_answer_lasts_for_24_hours_and_leaves_nothing_to_its_successor(
    answers: KeptAnswers, clock: Clock
) -> None:
    claimed(answers, "one")
    answers.keep(claim_of("one"), digest=b"d" * 32, known=True, answer=ANSWER)
    clock.now = NOON + KEPT_S - 0.001
    found = claimed(answers, "two")
    assert found is not None
    assert found.answer == ANSWER
    clock.now = NOON + KEPT_S
    assert claimed(answers, "three", digest=None) is None
    found = claimed(answers, "four")
    assert found is not None
    assert (found.known, found.answer, found.digest) == (None, None, None)


def test_the_same_key_of_another_scope_is_another_key(answers: KeptAnswers) -> None:
    assert claimed(answers, "one") is None
    call = call_by(None)
    assert answers.claim(claim_of("two", scope=b"t" * 32), call, None) is None


def test_pruning_leaves_what_is_younger_than_a_day(answers: KeptAnswers, clock: Clock) -> None:
    for number in range(230):
        claimed(answers, f"old {number}", key=number.to_bytes(32, "big"))
    clock.now += 1
    claimed(answers, "young")
    clock.now += KEPT_S - 1
    assert answers.prune(most=7) == 7
    assert answers.prune() == 223
    assert answers.prune() == 0
    assert count(answers.database) == 1
    assert claimed(answers, "again") is not None


def test_a_claim_deletes_some_old_answers_along_the_way(answers: KeptAnswers, clock: Clock) -> None:
    for number in range(SWEPT_AT_ONCE + 5):
        claimed(answers, f"old {number}", key=number.to_bytes(32, "big"))
    clock.now += KEPT_S
    claimed(answers, "one")
    assert count(answers.database) == 5 + 1
    claimed(answers, "two", key=b"2" * 32)
    assert count(answers.database) == 2


def test_the_ledger_tells_what_became_of_a_request(answers: KeptAnswers, ledger: Ledger) -> None:
    call = call_by(None)
    assert answers.claim(claim_of(call.id), call, None) is None
    found = answers.claim(claim_of("again"), call_by(None), None)
    assert found is not None
    assert answers.fate(found) == Fate(free=False, transcript_id=None)
    # Refused as a stream, and sent again whole: two rows of one request.
    first, second = opened(ledger, call), opened(ledger, call)
    ledger.fail(first, status=400)
    assert answers.fate(found) == Fate(free=False, transcript_id=None)
    ledger.resolve(second, "t-1")
    assert answers.fate(found) == Fate(free=False, transcript_id="t-1")
    assert ledger.settle(second, usage=used(), price=price_of(1))
    assert answers.fate(found) == Fate(free=False, transcript_id="t-1")


def test_a_request_whose_rows_all_failed_is_free(answers: KeptAnswers, ledger: Ledger) -> None:
    call = call_by(None)
    answers.claim(claim_of(call.id), call, None)
    ledger.fail(opened(ledger, call), status=None, reason="never reached AssemblyAI")
    found = answers.claim(claim_of("again"), call_by(None), None)
    assert found is not None
    assert answers.fate(found).free


def _claim_all(number: int, url: str, now: float, keys: int) -> int:
    won = 0
    with opening(url, clock=Clock(now)) as database:
        answers = KeptAnswers(database)
        for key in range(keys) if number % 2 else reversed(range(keys)):
            claim = Claim(SCOPE, key.to_bytes(32, "big"), f"{number}")
            won += answers.claim(claim, call_by(None), None) is None
    return won


def test_of_four_processes_one_has_each_key_new_or_of_yesterday(
    database_url: str, clock: Clock
) -> None:
    with opening(database_url, clock=clock) as database:
        answers = KeptAnswers(database)
        for key in range(0, 40, 2):
            claim = Claim(SCOPE, key.to_bytes(32, "big"), "yesterday")
            answers.claim(claim, call_by(None), None)
    won: list[Any] = race(_claim_all, database_url, clock.now + KEPT_S, 40)
    assert sum(won) == 40
