"""Tokens of streaming sessions: used once by all processes together, and dead with their key."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from assemblyai_mw.call import MASTER, Caller
from assemblyai_mw.store import Database, Keys, SessionTokens, TakenToken, hash_key
from assemblyai_mw.store.schema import session_tokens

from .kit import Clock, caller_of, opening, race

WHERE = {"service": "streaming", "region": "global"}


@pytest.fixture
def tokens(database: Database) -> SessionTokens:
    return SessionTokens(database)


def mint(tokens: SessionTokens, caller: Caller, **options: Any) -> bytes:
    """Return the hash of a token made for *caller*."""
    more = {"ttl_s": 60, "max_session_s": 600, "tags": {}, **WHERE, **options}
    return hash_key(tokens.mint(caller, **more))


def take(tokens: SessionTokens, digest: bytes, **options: Any) -> TakenToken | None:
    return tokens.take(digest, **{**WHERE, **options})


def test_a_token_is_long_and_only_its_hash_is_kept(
    tokens: SessionTokens, keys: Keys, database: Database
) -> None:
    caller = caller_of(keys)
    made = {tokens.mint(caller, ttl_s=60, max_session_s=60, tags={}, **WHERE) for _ in range(10)}
    assert len(made) == 10
    assert all(token.startswith("st-") and len(token) == 46 for token in made)
    with database.read() as connection:
        rows = connection.execute(select(session_tokens)).all()
    assert {row.hash for row in rows} == {hash_key(token) for token in made}
    assert not any(token in repr(row) for token in made for row in rows)


def test_a_token_gives_its_caller_once_with_the_rights_it_has_now(
    tokens: SessionTokens, keys: Keys
) -> None:
    caller = caller_of(keys, team="search", rpm=5, tags={"app": "web"})
    caller = replace(caller, end_user="user-7")
    digest = mint(tokens, caller, tags={"page": "talk"})
    keys.set("alice", rpm=7, budget_usd=1)
    expected = replace(caller, rpm=7, budgeted=True)
    assert take(tokens, digest) == TakenToken(expected, 600, {"page": "talk"})
    assert take(tokens, digest) is None


def test_a_token_has_the_team_that_the_host_named(tokens: SessionTokens, keys: Keys) -> None:
    keys.create("website", team="all")
    keys.set_team("tenant", max_sessions=3)
    caller = keys.named("website", team="tenant")
    assert caller is not None
    taken = take(tokens, mint(tokens, caller))
    assert taken is not None
    assert (taken.caller.team, taken.caller.team_max_sessions) == ("tenant", 3)


def test_the_master_key_has_tokens_too(tokens: SessionTokens) -> None:
    taken = take(tokens, mint(tokens, MASTER))
    assert taken is not None
    assert taken.caller == MASTER


def test_a_key_that_is_not_in_the_database_has_none(tokens: SessionTokens) -> None:
    with pytest.raises(ValueError, match="caller"):
        mint(tokens, Caller("mapped"))


def test_a_token_that_opened_nothing_is_given_back(tokens: SessionTokens, keys: Keys) -> None:
    digest = mint(tokens, caller_of(keys))
    assert not tokens.give_back(digest)
    assert take(tokens, digest) is not None
    assert tokens.give_back(digest)
    assert not tokens.give_back(digest)
    assert take(tokens, digest) is not None
    assert take(tokens, digest) is None


@pytest.mark.parametrize("other", [{"service": "agents"}, {"region": "eu"}])
def test_a_token_is_for_its_service_and_region_alone(
    tokens: SessionTokens, keys: Keys, other: dict[str, str]
) -> None:
    digest = mint(tokens, caller_of(keys))
    assert take(tokens, digest, **other) is None
    assert take(tokens, digest) is not None


def test_a_token_expires_to_the_second(tokens: SessionTokens, keys: Keys, clock: Clock) -> None:
    caller = caller_of(keys)
    early, late = mint(tokens, caller), mint(tokens, caller)
    clock.now += 59.999
    assert take(tokens, early) is not None
    clock.now += 0.001
    assert take(tokens, late) is None
    assert tokens.give_back(early)
    assert take(tokens, early) is None


@pytest.mark.parametrize("end", ["revoke", "expire"])
def test_a_token_is_dead_with_its_key(
    tokens: SessionTokens, keys: Keys, clock: Clock, end: str
) -> None:
    digest = mint(tokens, caller_of(keys))
    if end == "revoke":
        keys.revoke("alice")
        # Another key of the same name inherits nothing.
        keys.create("alice")
    else:
        keys.set("alice", expires_in="30s")
        clock.now += 30
    assert take(tokens, digest) is None


def test_a_token_outlives_the_secret_that_made_it(tokens: SessionTokens, keys: Keys) -> None:
    digest = mint(tokens, caller_of(keys))
    keys.rotate("alice")
    assert take(tokens, digest) is not None


def test_what_is_no_token_opens_nothing(tokens: SessionTokens) -> None:
    assert take(tokens, hash_key("st-unknown")) is None
    assert not tokens.give_back(hash_key("st-unknown"))


def test_expired_tokens_are_swept(
    tokens: SessionTokens, keys: Keys, database: Database, clock: Clock
) -> None:
    caller = caller_of(keys)
    for _ in range(3):
        mint(tokens, caller)
    clock.now += 30
    kept = mint(tokens, caller)
    clock.now += 30
    new = mint(tokens, caller)
    with database.read() as connection:
        assert set(connection.scalars(select(session_tokens.c.hash))) == {kept, new}


def _take_all(number: int, url: str, digests: list[bytes]) -> int:
    with opening(url, busy_timeout_s=60) as database:
        tokens = SessionTokens(database)
        return sum(take(tokens, digest) is not None for digest in digests)


def _mint_all(number: int, url: str, caller: Caller) -> int:
    with opening(url, busy_timeout_s=60) as database:
        tokens = SessionTokens(database)
        return len({mint(tokens, caller, ttl_s=0) for _ in range(50)})


def test_of_many_processes_one_uses_a_token(database_url: str) -> None:
    with opening(database_url) as database:
        caller = caller_of(Keys(database))
        digests = [mint(SessionTokens(database), caller) for _ in range(40)]
    assert sum(race(_take_all, database_url, digests)) == 40


def test_processes_that_sweep_at_once_do_not_wait_in_a_circle(database_url: str) -> None:
    with opening(database_url) as database:
        caller = caller_of(Keys(database))
    assert race(_mint_all, database_url, caller) == [50] * 4
