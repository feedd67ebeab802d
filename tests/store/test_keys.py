"""Virtual keys: made, found, ended, replaced; and nothing of them kept but a hash."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from assemblyai_mw.call import Caller
from assemblyai_mw.errors import KeyExists, UnknownKey
from assemblyai_mw.store import Database, Holds, Keys, Ledger, hash_key

from .kit import NOON, Clock, call_by, caller_of, opened, opening, race, settled, sqlite_path


def test_a_new_key_is_found_with_everything_it_may_do(keys: Keys) -> None:
    made = keys.create(
        "alice",
        team="search",
        region="eu",
        scope="all",
        rpm=60,
        team_rpm=100,
        routes=["/assemblyai", "/eu.assemblyai"],
        models=["universal-2"],
        features=["speaker_labels"],
        denied_features=["redact_pii"],
        max_upload_bytes=10,
        allow_unpriced=True,
        budget_usd="1.5",
        tags={"cost_center": "7"},
    )
    assert made.key.startswith("sk-")
    assert keys.find(hash_key(made.key)) == Caller(
        name="alice",
        key_id=made.info.key_id,
        team="search",
        region="eu",
        scope="all",
        rpm=60,
        team_rpm=100,
        routes=frozenset({"/assemblyai", "/eu.assemblyai"}),
        models=frozenset({"universal-2"}),
        features=frozenset({"speaker_labels"}),
        denied_features=frozenset({"redact_pii"}),
        max_upload_bytes=10,
        allow_unpriced=True,
        budgeted=True,
        tags={"cost_center": "7"},
    )


def test_a_plain_key_may_do_everything_and_has_no_budget(keys: Keys) -> None:
    made = keys.create("alice")
    assert keys.find(hash_key(made.key)) == Caller("alice", made.info.key_id)


def test_secrets_are_random_long_and_shown_once(keys: Keys) -> None:
    made = [keys.create(f"key {number}") for number in range(20)]
    assert len({new.key for new in made}) == 20
    # 22 characters of base64 are the first to hold 128 bits.
    assert all(len(new.key.removeprefix("sk-")) >= 22 for new in made)
    listed = repr(keys.list()) + repr(keys.history()) + repr(made)
    assert not any(new.key in listed for new in made)
    assert all(new.key.startswith(new.prefix.removesuffix("...")) for new in made)


def test_no_file_of_the_database_ever_holds_a_key(tmp_path: Path) -> None:
    with opening(f"sqlite:///{tmp_path / 'ledger.db'}") as database:
        keys = Keys(database)
        secrets = [keys.create("alice").key, keys.rotate("alice", grace="1h").key]
        keys.find(hash_key(secrets[0]))
        keys.revoke("alice")
        files = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert {"ledger.db", "ledger.db-wal"} <= files.keys()
    for content in files.values():
        for secret in secrets:
            assert secret.encode() not in content
            assert secret.removeprefix("sk-").encode() not in content


@pytest.mark.parametrize(
    "text",
    [
        "' OR '1'='1",
        "'; DROP TABLE keys; --",
        '" OR ""="',
        "*",
        "%",
        "_",
        "sk-",
        "",
        "\0",
        "\ud800",
        "$ne",
        "sk-" + "a" * 100_000,
    ],
)
def test_no_spelling_of_a_key_is_another_key(keys: Keys, text: str) -> None:
    keys.create("alice")
    assert keys.find(hash_key(text)) is None
    assert [info.name for info in keys.list()] == ["alice"]


def test_a_keys_hash_is_not_a_key(keys: Keys) -> None:
    digest = hash_key(keys.create("alice").key)
    assert keys.find(hash_key(digest)) is None
    assert keys.find(hash_key(digest.hex())) is None
    assert keys.find(digest[:-1]) is None


def test_hostile_names_are_only_names(keys: Keys, ledger: Ledger) -> None:
    name = "x'; DELETE FROM calls; --"
    caller = caller_of(keys, name, team="t%_'\"")
    settled(ledger, call_by(caller), 5)
    assert keys.get(name).team == "t%_'\""
    assert [row["team"] for row in ledger.usage("team")] == ["t%_'\""]


@pytest.mark.parametrize(
    "after_s, found", [(59.999999, True), (60, False), (61, False), (-86_400, True)]
)
def test_c103_a_key_is_dead_from_the_moment_it_expires(
    keys: Keys, clock: Clock, after_s: float, found: bool
) -> None:
    secret = keys.create("alice", expires_in=timedelta(minutes=1)).key
    clock.now = NOON + after_s
    assert (keys.find(hash_key(secret)) is not None) == found


@pytest.mark.parametrize(
    "text, seconds", [("90s", 90), ("15m", 900), ("12h", 43_200), ("30d", 2_592_000)]
)
def test_durations_are_written_with_their_unit(keys: Keys, text: str, seconds: int) -> None:
    expires = keys.create("alice", expires_in=text).info.expires_at
    assert expires == datetime.fromtimestamp(NOON + seconds, UTC)


def test_expiry_moves_and_goes(keys: Keys, clock: Clock) -> None:
    secret = keys.create("alice", expires_at=datetime.fromtimestamp(NOON + 10, UTC)).key
    keys.expire("alice", NOON + 100)
    clock.now = NOON + 50
    assert keys.find(hash_key(secret)) is not None
    keys.expire("alice", NOON)
    assert keys.find(hash_key(secret)) is None
    keys.expire("alice", None)
    assert keys.find(hash_key(secret)) is not None


def test_a_revoked_key_is_dead_at_once_in_every_process(
    database_url: str, keys: Keys, clock: Clock
) -> None:
    secret = keys.create("alice").key
    with opening(database_url, clock=clock) as elsewhere:
        assert Keys(elsewhere).find(hash_key(secret)) is not None
        keys.revoke("alice")
        assert Keys(elsewhere).find(hash_key(secret)) is None
    assert keys.get("alice").revoked_at == datetime.fromtimestamp(NOON, UTC)


def test_revoking_twice_keeps_the_first_moment(keys: Keys, clock: Clock) -> None:
    keys.create("alice")
    first = keys.revoke("alice")
    clock.now += 5
    assert keys.revoke("alice") == first


def test_a_revoked_name_is_free_and_its_next_owner_inherits_nothing(
    keys: Keys, ledger: Ledger, holds: Holds
) -> None:
    old = caller_of(keys, budget_usd=1)
    row = opened(ledger, call_by(old))
    ledger.accept(row, status=200, transcript_id="t1")
    settled(ledger, call_by(old), 1000)
    keys.revoke("alice")
    new = caller_of(keys, budget_usd=1)
    owner = ledger.owner("us", "t1")
    assert owner is not None
    assert owner.belongs_to(old)
    assert not owner.belongs_to(new)
    assert [standing.spent for standing in holds.spent(new)] == [0, 0, 0]
    assert [info.key_id for info in keys.list()] == [old.key_id, new.key_id]
    assert keys.get("alice").key_id == new.key_id


def test_a_name_in_use_is_refused(keys: Keys) -> None:
    keys.create("alice")
    with pytest.raises(KeyExists, match="alice"):
        keys.create("alice")


def _create(number: int, url: str) -> str:
    try:
        return Keys(url).create("alice").name
    except KeyExists:
        return "refused"


def test_of_processes_that_want_one_name_one_gets_it(database_url: str, keys: Keys) -> None:
    assert sorted(race(_create, database_url)) == ["alice", "refused", "refused", "refused"]
    assert len(keys.list()) == 1


@pytest.mark.parametrize("act", ["get", "revoke", "rotate"])
def test_a_key_that_is_not_there_is_unknown(keys: Keys, act: str) -> None:
    with pytest.raises(UnknownKey, match=r"^No key is named nobody$"):
        getattr(keys, act)("nobody")


@pytest.mark.parametrize("act", ["rotate", "set_budget"])
def test_a_revoked_key_does_not_come_back(keys: Keys, act: str) -> None:
    keys.create("alice")
    keys.revoke("alice")
    with pytest.raises(UnknownKey, match="revoked"):
        getattr(keys, act)("alice")


def test_rotation_keeps_the_key_and_its_transcripts(keys: Keys, ledger: Ledger) -> None:
    old = caller_of(keys)
    row = opened(ledger, call_by(old))
    ledger.accept(row, status=200, transcript_id="t1")
    made = keys.rotate("alice")
    new = keys.find(hash_key(made.key))
    assert new == old
    owner = ledger.owner("us", "t1")
    assert owner is not None
    assert owner.belongs_to(new)
    assert keys.get("alice").prefix == made.prefix


@pytest.mark.parametrize(
    "grace, after_s, old_works",
    [
        pytest.param(timedelta(0), 0, False, id="no grace, at once"),
        pytest.param("1h", 3599.999999, True, id="just inside the grace"),
        pytest.param("1h", 3600, False, id="at its end"),
    ],
)
def test_the_old_secret_works_until_its_grace_is_over(
    keys: Keys, clock: Clock, grace: Any, after_s: float, old_works: bool
) -> None:
    old = keys.create("alice").key
    new = keys.rotate("alice", grace=grace).key
    clock.now = NOON + after_s
    assert (keys.find(hash_key(old)) is not None) == old_works
    assert keys.find(hash_key(new)) is not None


def test_a_second_rotation_cuts_the_first_ones_grace(keys: Keys) -> None:
    secrets = [keys.create("alice").key]
    secrets += [keys.rotate("alice", grace="1h").key, keys.rotate("alice").key]
    found = [keys.find(hash_key(secret)) is not None for secret in secrets]
    assert found == [False, False, True]


def test_every_change_leaves_an_audit_row(keys: Keys) -> None:
    keys.create("alice", team="search", budget_usd="0.10")
    keys.rotate("alice", grace="1h")
    keys.expire("alice", NOON + 60)
    keys.set_budget("alice", budget_daily_usd=2)
    keys.set_team("search", budget_monthly_usd=9)
    keys.revoke("alice")
    changes = keys.history()
    assert [change.action for change in changes] == [
        "revoke",
        "set_team",
        "set_budget",
        "expire",
        "rotate",
        "create",
    ]
    assert {change.actor for change in changes} == {"tests"}
    assert changes[-1].detail["budget_usd"] == "0.1"
    assert changes[2].detail == {"budget_daily_nano": 2_000_000_000}
    assert len(keys.history("alice")) == 5


def test_a_change_of_budget_keeps_what_is_not_named(keys: Keys) -> None:
    keys.create("alice", budget_usd=5, budget_daily_usd=1, soft_budget_ratio=0.8)
    changed = keys.set_budget("alice", budget_daily_usd=None)
    assert (changed.budget_nano, changed.budget_daily_nano) == (5_000_000_000, None)
    assert changed == keys.get("alice")
    assert changed.soft_budget_ratio == 0.8


def test_a_teams_limits_hold_for_each_of_its_keys(keys: Keys) -> None:
    secret = keys.create("alice", team="search").key
    other = keys.create("bob", team="sales").key
    team = keys.set_team("search", budget_usd="2.5", rpm=30)
    assert keys.set_team("search", budget_daily_usd=1).budget_nano == team.budget_nano
    caller = keys.find(hash_key(secret))
    assert caller is not None
    assert (caller.budgeted, caller.team_rpm) == (True, 30)
    bystander = keys.find(hash_key(other))
    assert bystander is not None
    assert (bystander.budgeted, bystander.team_rpm) == (False, None)
    assert [info.as_dict()["budget_usd"] for info in keys.teams()] == ["2.5"]


@pytest.mark.parametrize(
    "options, named",
    [
        ({"name": ""}, "name"),
        ({"name": "a\nb"}, "name"),
        ({"name": " a"}, "name"),
        ({"name": "a" * 257}, "name"),
        ({"name": "master"}, "name"),
        ({"team": ""}, "team"),
        ({"budget_usd": -1}, "budget_usd"),
        ({"budget_usd": "nan"}, "budget_usd"),
        ({"budget_usd": "1e999"}, "budget_usd"),
        ({"budget_usd": float("inf")}, "budget_usd"),
        ({"budget_usd": "ten"}, "budget_usd"),
        ({"budget_usd": True}, "budget_usd"),
        ({"budget_daily_usd": "0.0000000001"}, "budget_daily_usd"),
        ({"budget_monthly_usd": 10**12}, "budget_monthly_usd"),
        ({"soft_budget_ratio": 0}, "soft_budget_ratio"),
        ({"soft_budget_ratio": 1.1}, "soft_budget_ratio"),
        ({"rpm": -1}, "rpm"),
        ({"rpm": 1.5}, "rpm"),
        ({"team_rpm": 2**40}, "team_rpm"),
        ({"expires_in": "soon"}, "expires_in"),
        ({"expires_in": "0d"}, "expires_in"),
        ({"expires_in": "999999999d"}, "expires_in"),
        ({"expires_in": timedelta(-1)}, "expires_in"),
        ({"expires_at": datetime(2027, 1, 1)}, "expires_at"),  # noqa: DTZ001
        ({"expires_in": "1d", "expires_at": datetime(2027, 1, 1, tzinfo=UTC)}, "expires_in"),
        ({"region": "uk"}, "region"),
        ({"scope": "some"}, "scope"),
        ({"routes": "/assemblyai"}, "routes"),
        ({"models": [""]}, "models"),
        ({"features": [1]}, "features"),
        ({"max_upload_bytes": -1}, "max_upload_bytes"),
        ({"tags": {"": "x"}}, "tags"),
        ({"tags": {"x": 1}}, "tags"),
    ],
    ids=str,
)
def test_options_without_sense_are_named_and_nothing_is_made(
    sqlite_url: str, options: dict[str, Any], named: str
) -> None:
    with opening(sqlite_url) as database:
        keys = Keys(database)
        with pytest.raises(ValueError, match=f"^{named}"):
            keys.create(**{"name": "alice", **options})
        assert keys.list() == []


@pytest.mark.parametrize(
    "amount, nano",
    [
        ("0", 0),
        (0, 0),
        ("0.000000001", 1),
        (0.1, 100_000_000),
        (Decimal("12.345678901"), 12_345_678_901),
        (1_000_000_000, 10**18),
        (" 5 ", 5_000_000_000),
    ],
    ids=str,
)
def test_dollars_are_kept_to_the_nano(sqlite_url: str, amount: Any, nano: int) -> None:
    with opening(sqlite_url) as database:
        assert Keys(database).create("alice", budget_usd=amount).info.budget_nano == nano


def test_finding_a_key_reads_by_index_alone(sqlite_url: str) -> None:
    with opening(sqlite_url) as database:
        keys, ledger = Keys(database), Ledger(database)
        secret = keys.create("alice").key
        seen: list[str] = []
        with database.read() as connection:
            raw = connection.connection.driver_connection
            assert raw is not None
            raw.set_trace_callback(seen.append)
        keys.find(hash_key(secret))
        ledger.owner("us", "t1")
        assert len(seen) == 2
        for statement in seen:
            plan = raw.execute(f"EXPLAIN QUERY PLAN {statement}").fetchall()
            assert not [step for step in plan if step[3].startswith("SCAN")]
        raw.set_trace_callback(None)


def test_keys_takes_a_url(sqlite_url: str) -> None:
    keys = Keys(sqlite_url)
    assert keys.create("alice").as_dict()["name"] == "alice"
    assert isinstance(keys.database, Database)
    assert Path(sqlite_path(sqlite_url)).exists()
    keys.database.close()
