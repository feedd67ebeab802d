"""Owners of agents and sessions, on both databases."""

from __future__ import annotations

import pytest

from assemblyai_mw.call import MASTER, Caller
from assemblyai_mw.errors import StoreError
from assemblyai_mw.store import Ledger
from assemblyai_mw.store.space import Space

AGENTS, SESSIONS = Space("agents", "global", "agent"), Space("agents", "global", "session")
ANN, BEN = Caller(name="ann", key_id=None), Caller(name="ben", key_id=None)
RED, REDDER = Caller(name="r", key_id=None, team="red"), Caller(name="s", key_id=None, team="red")


@pytest.fixture
def ledger(database_url: str) -> Ledger:
    return Ledger(database_url)


def test_an_object_is_its_maker_s_in_its_own_space(ledger: Ledger) -> None:
    ledger.own(AGENTS, "a1", ANN)
    owner = ledger.object_owner(AGENTS, "a1")
    assert owner is not None
    assert (owner.belongs_to(ANN), owner.belongs_to(BEN), owner.belongs_to(MASTER)) == (1, 0, 1)
    for space in (SESSIONS, Space("agents", "eu", "agent"), Space("tts", "global", "agent")):
        assert ledger.object_owner(space, "a1") is None
    for id in ("a2", "A1", "", "a1\0", "a1 "):
        assert ledger.object_owner(AGENTS, id) is None


def test_the_first_record_of_an_object_stays(ledger: Ledger) -> None:
    ledger.own(AGENTS, "a1", RED)
    ledger.own(AGENTS, "a1", REDDER)
    with pytest.raises(StoreError, match="another owner"):
        ledger.own(AGENTS, "a1", ANN)
    owner = ledger.object_owner(AGENTS, "a1")
    assert owner is not None
    assert (owner.key_name, owner.belongs_to(REDDER)) == ("r", True)


def test_a_deleted_object_has_no_owner(ledger: Ledger) -> None:
    ledger.own(AGENTS, "a1", ANN)
    ledger.disown(AGENTS, "a1")
    ledger.disown(AGENTS, "a1")
    assert ledger.object_owner(AGENTS, "a1") is None


def test_lists_are_own_ones_newest_first_and_go_on(ledger: Ledger) -> None:
    for number in range(7):
        ledger.own(SESSIONS, f"s{number}", ANN if number % 2 else BEN)
    assert ledger.own_objects(SESSIONS, ANN, limit=2) == ["s5", "s3"]
    assert ledger.own_objects(SESSIONS, ANN, limit=2, below="s3") == ["s1"]
    assert ledger.own_objects(SESSIONS, ANN, limit=2, below="s1") == []
    assert ledger.own_objects(SESSIONS, ANN, limit=2, below="never") == []
    everybody = Caller(name="x", key_id=None, scope="all")
    assert len(ledger.own_objects(SESSIONS, everybody, limit=100)) == 7
    owners = ledger.object_owners(SESSIONS, [f"s{number}" for number in range(1200)] + ["\0"])
    assert {id for id, owner in owners.items() if owner.belongs_to(BEN)} == {"s0", "s2", "s4", "s6"}
