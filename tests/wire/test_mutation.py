"""Mutated requests and replies, 1,000 of each and more; `mutate` says how to run 20,000.

Rows 57 (no request inside a request) and 85 (no reply that is none).
"""

from __future__ import annotations

import pytest

from . import mutate
from .kit_servers import Server, each_server
from .seeds import CANARY, FIELDS, FRAMINGS, REPLIES, REQUEST_LINES, REQUESTS

COUNTS = {"gthread": 500, "sync": 300, "waitress": 400}


@each_server
@pytest.mark.parametrize("which", ["requests", "replies"])
def test_c57_no_mutation_gets_through(wire: Server, which: str) -> None:
    assert mutate.run(wire, which, range(COUNTS[wire.kind])) == []


@pytest.mark.parametrize("wire, which, number", mutate.KEPT, indirect=["wire"])
def test_what_once_failed_does_not(wire: Server, which: str, number: int) -> None:
    assert mutate.TRIES[which](wire, number) is None


def test_seeds_are_many_and_each_one_its_own() -> None:
    assert len(REQUEST_LINES) + len(FIELDS) + len(FRAMINGS) >= 140
    assert len(set(REQUESTS)) == len(REQUESTS) >= 150
    assert len(set(REPLIES)) == len(REPLIES) >= 50
    assert sum(CANARY in seed for seed in REQUESTS) >= 90


def test_a_number_is_a_case() -> None:
    first = [mutate.mutated(REQUESTS, number) for number in range(1000)]
    assert first == [mutate.mutated(REQUESTS, number) for number in range(1000)]
    assert len(set(first)) > 900
