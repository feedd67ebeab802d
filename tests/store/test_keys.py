"""Virtual keys: made, found, ended, replaced; and nothing of them kept but a hash."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert

from assemblyai_mw.billing import layers
from assemblyai_mw.billing.features import check_names
from assemblyai_mw.call import Caller
from assemblyai_mw.errors import KeyExists, TeamInUse, UnknownKey, UnknownTeam
from assemblyai_mw.store import Database, Hold, Holds, Keys, Ledger, hash_key, schema
from assemblyai_mw.store.key_options import KEY_OPTIONS, TEAM_OPTIONS

from .kit import (
    NOON,
    Clock,
    call_by,
    caller_of,
    opened,
    opening,
    price_of,
    race,
    settled,
    sqlite_path,
    used,
)


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
    keys.set("alice", expires_at=NOON + 100)
    clock.now = NOON + 50
    assert keys.find(hash_key(secret)) is not None
    keys.set("alice", expires_at=NOON)
    assert keys.find(hash_key(secret)) is None
    keys.set("alice", expires_at=None)
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


@pytest.mark.parametrize(
    "act",
    [
        pytest.param(lambda keys: keys.rotate("alice"), id="rotate"),
        pytest.param(lambda keys: keys.set("alice", expires_at=None), id="set"),
    ],
)
def test_a_revoked_key_does_not_come_back(keys: Keys, act: Any) -> None:
    keys.create("alice")
    keys.revoke("alice")
    with pytest.raises(UnknownKey, match="revoked"):
        act(keys)


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


def test_every_change_leaves_what_was_and_what_is(keys: Keys) -> None:
    made = keys.create("alice", team="search", budget_usd="0.10", rpm=60)
    rotated = keys.rotate("alice", grace="1h")
    keys.set("alice", expires_at=NOON + 60)
    keys.set("alice", budget_daily_usd=2, rpm=None, models=["gpt-5*"], scope="all")
    keys.set_team("search", budget_monthly_usd=9)
    keys.set_team("search", budget_monthly_usd=None, rpm=7)
    keys.revoke("alice")
    changes = keys.history()
    assert {change.actor for change in changes} == {"tests"}
    assert [(change.action, change.detail) for change in changes] == [
        ("revoke", {}),
        (
            "set_team",
            {"budget_monthly_usd": {"old": "9", "new": None}, "rpm": {"old": None, "new": 7}},
        ),
        ("set_team", {"budget_monthly_usd": {"old": None, "new": "9"}}),
        (
            "set",
            {
                "budget_daily_usd": {"old": None, "new": "2"},
                "rpm": {"old": 60, "new": None},
                "scope": {"old": "own", "new": "all"},
                "models": {"old": None, "new": ["gpt-5*"]},
            },
        ),
        ("set", {"expires_at": {"old": None, "new": "2026-11-22T12:01:00.000000Z"}}),
        (
            "rotate",
            {
                "prefix": {"old": made.prefix, "new": rotated.prefix},
                "old_secret_until": "2026-11-22T13:00:00.000000Z",
            },
        ),
        ("create", {"prefix": made.prefix, "budget_usd": "0.1", "rpm": 60, "team": "search"}),
    ]
    assert [change.action for change in keys.history("alice")] == [
        "revoke",
        "set",
        "set",
        "rotate",
        "create",
    ]
    assert [change.action for change in keys.history(team="search")] == ["set_team", "set_team"]


def test_what_changes_nothing_is_no_change(keys: Keys) -> None:
    keys.create("alice", rpm=60, models=["b", "a"], tags={"x": "1", "y": "2"})
    before = keys.get("alice")
    assert keys.set("alice", rpm=60, models=["a", "b", "a"], tags={"y": "2", "x": "1"}) == before
    keys.set_team("search", rpm=1)
    keys.set_team("search", rpm=1)
    assert [change.action for change in keys.history()] == ["set_team", "create"]


CHANGES: dict[str, tuple[Any, Any]] = {
    "team": ("search", "sales"),
    "budget_usd": ("1.5", "2"),
    "budget_daily_usd": ("1", "0"),
    "budget_monthly_usd": ("1", "0.000000001"),
    "soft_budget_ratio": (0.5, 0.75),
    "extra_budget_usd": ("20", "0.5"),
    "extra_budget_until": (datetime(2027, 1, 1, tzinfo=UTC), datetime(2028, 1, 1, tzinfo=UTC)),
    "rpm": (60, 61),
    "team_rpm": (100, 50),
    "tpm": (10_000, 20_000),
    "max_parallel": (4, 8),
    "max_sessions": (5, 0),
    "expires_at": (datetime(2027, 1, 1, tzinfo=UTC), datetime(2028, 1, 1, tzinfo=UTC)),
    "region": ("eu", "us"),
    "scope": ("all", "own"),
    "routes": (["/assemblyai"], ["/eu.assemblyai", "/v1"]),
    "models": (["universal-2"], ["gpt-5*"]),
    "features": (["speaker_labels"], []),
    "denied_features": (["redact_pii"], ["auto_chapters"]),
    "max_upload_bytes": (10, 0),
    "allow_unpriced": (True, False),
    "tags": ({"a": "1"}, {"b": "2"}),
}


def test_the_table_of_changes_has_every_option() -> None:
    assert CHANGES.keys() == {option.name for option in KEY_OPTIONS}


@pytest.mark.parametrize("name", CHANGES)
def test_set_changes_one_option_and_none_clears_it(keys: Keys, name: str) -> None:
    first, second = CHANGES[name]
    team: dict[str, Any] = {} if name == "team" else {"team": "search"}
    plain = keys.create("plain", **team).info.as_dict()
    # These two stand together.
    if name == "extra_budget_usd":
        team |= {"extra_budget_until": datetime(2030, 1, 1, tzinfo=UTC)}
    if name == "extra_budget_until":
        team |= {"extra_budget_usd": "1"}
    secret = keys.create("alice", **team, **{name: first}).key
    other = keys.create("bob", **team, **{name: second})
    whole = {"name", "key_id", "prefix"}

    def same(one: dict[str, Any], two: dict[str, Any]) -> bool:
        return {k: v for k, v in one.items() if k not in whole} == {
            k: v for k, v in two.items() if k not in whole
        }

    changed = keys.set("alice", **{name: second})
    assert changed == keys.get("alice")
    assert same(changed.as_dict(), other.info.as_dict())
    found, like = keys.find(hash_key(secret)), keys.find(hash_key(other.key))
    assert found is not None
    assert like is not None
    assert found == replace(like, name="alice", key_id=found.key_id)
    assert same(keys.set("alice", **{name: None}).as_dict(), plain)


def test_every_right_of_a_caller_is_an_option_or_comes_from_elsewhere() -> None:
    elsewhere = {"name", "key_id", "master", "budgeted", "budgets", "end_user"}
    elsewhere |= {"team_max_sessions", "team_tpm", "team_max_parallel"}
    columns = {option.column for option in KEY_OPTIONS}
    assert {field.name for field in fields(Caller)} - columns == elsewhere
    assert columns <= set(schema.keys.c.keys())
    assert {option.column for option in TEAM_OPTIONS} <= set(schema.teams.c.keys())


def test_a_budget_is_topped_up(keys: Keys) -> None:
    keys.create("alice", budget_usd=5)
    assert keys.set("alice", add_budget_usd="2.5").budget_nano == 7_500_000_000
    assert keys.history("alice")[0].detail == {"budget_usd": {"old": "5", "new": "7.5"}}


def test_top_ups_at_once_all_count_beside_spending(keys: Keys, ledger: Ledger) -> None:
    caller = caller_of(keys, "alice", budget_usd="1")

    def work(number: int) -> None:
        keys.set("alice", add_budget_usd="0.000000001")
        settled(ledger, call_by(caller), number)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(1, 41)))
    assert keys.get("alice").budget_nano == 1_000_000_040
    assert Holds(keys.database).spent(caller)[0].spent == sum(range(1, 41))
    changes = [each.detail["budget_usd"] for each in keys.history("alice")[:-1]]
    assert len(changes) == 40
    # Each begins where the one before it ended.
    assert [each["old"] for each in changes[:-1]] == [each["new"] for each in changes[1:]]


@pytest.mark.parametrize(
    "changes, error",
    [
        pytest.param({}, "expected an option to change", id="nothing"),
        pytest.param({"add_budget_usd": 1}, "add_budget_usd: there is no total", id="no total"),
        pytest.param({"add_budget_usd": 1, "budget_usd": 2}, "expected one of them", id="both"),
        pytest.param({"add_budget_usd": -1}, "add_budget_usd: expected dollars", id="negative"),
        pytest.param({"team_rpm": 5}, "team_rpm: expected a key with a team", id="no team"),
        pytest.param({"rpm": -1, "region": "eu"}, "rpm: expected", id="one of two"),
        pytest.param({"features": ["speaker_lables"]}, "did you mean speaker_labels", id="name"),
    ],
)
def test_a_change_without_sense_changes_nothing(
    keys: Keys, changes: dict[str, Any], error: str
) -> None:
    before = keys.create("alice").info
    with pytest.raises(ValueError, match=error):
        keys.set("alice", **changes)
    assert keys.get("alice") == before
    assert len(keys.history()) == 1


def test_an_argument_that_is_no_option_is_named_with_the_nearest(keys: Keys) -> None:
    with pytest.raises(
        TypeError, match=r"^budget_us: unexpected argument; did you mean budget_usd"
    ):
        keys.create("alice", budget_us=1)
    assert keys.list() == []


@pytest.mark.parametrize(
    "option, names, error",
    [
        ("features", ["speaker_lables"], "features: speaker_lables .* speaker_labels"),
        ("denied_features", ["pii"], "denied_features: pii is no feature; known are "),
        ("denied_features", ["punctuate"], "punctuate is a setting"),
        ("features", ["domain.medical-v_1"], "domain.medical-v1"),
        ("features", ["speech_understanding.translaton"], "speech_understanding.translation"),
        ("features", ["Speaker_Labels"], "speaker_labels"),
        ("features", ["x" * 100], "^features: a name is no feature"),
    ],
)
def test_features_that_no_request_can_have_are_refused(
    sqlite_url: str, option: str, names: list[str], error: str
) -> None:
    with opening(sqlite_url) as database:
        keys = Keys(database)
        with pytest.raises(ValueError, match=error):
            keys.create("alice", **{option: names})
        assert keys.list() == []
        assert keys.create("alice", allow_unknown=True, **{option: names})


@pytest.mark.parametrize(
    "name", ["domain.legal-v1", "speech_understanding.moderation", "punctuate", "voice_focus"]
)
def test_features_of_tomorrow_and_settings_are_allowed(sqlite_url: str, name: str) -> None:
    with opening(sqlite_url) as database:
        assert Keys(database).create("alice", features=[name]).info.features == {name}


def test_every_feature_with_a_price_has_a_known_name() -> None:
    book = layers.load()
    priced = {name for kind in ("transcript", "session") for name in book.free[kind]}
    for section in ("transcript_addon", "session_addon"):
        priced |= {entry.name for entry in book.items[section].values()}
    # On the cards, and no documented parameter asks for it.
    check_names("features", priced - {"speaker_labels_experimental"})


_AT_ONCE = (
    ({"rpm": 7}, {"rpm": 9}),
    ({"max_upload_bytes": 8}, {"budget_usd": 9}),
    ({"team": "t"}, {"budget_daily_usd": 9}),
    ({"region": "eu"}, {"budget_monthly_usd": 9}),
)


def _change(number: int, url: str) -> None:
    keys = Keys(url)
    of_key, of_team = _AT_ONCE[number]
    for _ in range(5):
        keys.set("alice", add_budget_usd=1)
    keys.set("alice", **of_key)
    keys.set_team("search", **of_team)
    keys.database.close()


def test_of_changes_at_the_same_time_none_is_lost(database_url: str, keys: Keys) -> None:
    keys.create("alice", budget_usd=1)
    race(_change, database_url)
    info = keys.get("alice")
    assert info.budget_nano == 21_000_000_000
    assert (info.rpm, info.max_upload_bytes, info.team, info.region) == (7, 8, "t", "eu")
    (team,) = keys.teams()
    assert (team.rpm, team.budget_nano, team.budget_daily_nano, team.budget_monthly_nano) == (
        9,
        *[9_000_000_000] * 3,
    )
    budgets = [c.detail["budget_usd"] for c in keys.history("alice") if "budget_usd" in c.detail]
    # Newest first: each begins where the one before it ended.
    assert [change["old"] for change in budgets[:-1]] == [
        change["new"] for change in budgets[1:-1]
    ] + ["1"]


def test_a_row_of_an_earlier_release_is_still_history(keys: Keys, database: Database) -> None:
    keys.create("alice")
    with database.write() as connection:
        connection.execute(
            insert(schema.audit).values(
                at=1, action="set_budget", key_name="alice", detail='{"budget_nano":5}'
            )
        )
    newest = keys.history("alice")[0]
    assert (newest.action, newest.actor, newest.detail) == ("set_budget", None, {"budget_nano": 5})


def test_a_moved_key_works_for_its_new_team_and_leaves_the_old_ones_work(
    keys: Keys, ledger: Ledger, holds: Holds
) -> None:
    keys.set_team("search", budget_usd=10)
    keys.set_team("sales", budget_usd=10)
    old = caller_of(keys, team="search", budget_usd=10)
    mate = caller_of(keys, "bob", team="search")
    # In flight while the key moves: held, and not yet with a transcript.
    call = call_by(old)
    hold = holds.take(call, 400, expires_in_s=600)
    assert isinstance(hold, Hold)
    row = opened(ledger, call)
    keys.set("alice", team="sales")
    new = keys.named("alice")
    assert new is not None
    assert (new.team, new.key_id) == ("sales", old.key_id)
    ledger.accept(row, status=200, transcript_id="t1")
    assert ledger.settle(row, usage=used(), price=price_of(100))
    for caller, team in ((old, "search"), (new, "sales")):
        standings = {
            (each.scope, each.owner): (each.spent, each.held)
            for each in holds.spent(caller)
            if each.window == "total"
        }
        assert standings == {
            ("key", str(old.key_id)): (100, 0),
            ("team", team): (100 if team == "search" else 0, 0),
        }
    owner = ledger.owner("us", "t1")
    assert owner is not None
    assert [owner.belongs_to(caller) for caller in (old, mate, new)] == [True, True, False]
    assert [row.id for row in ledger.transcripts("us")] == ["t1"]
    settled(ledger, call_by(new), 5)
    assert [row["cost_usd"] for row in ledger.usage("team")] == ["0.000000005", "0.0000001"]


def test_a_hold_that_is_given_back_after_a_move_frees_whom_it_bound(
    keys: Keys, holds: Holds
) -> None:
    keys.set_team("search", budget_usd=10)
    old = caller_of(keys, team="search", budget_usd=10)
    hold = holds.take(call_by(old), 400, expires_in_s=600)
    assert isinstance(hold, Hold)
    keys.set("alice", team=None)
    assert holds.release(hold)
    assert {each.held for each in holds.spent(old)} == {0}


def test_a_team_is_deleted_once_no_key_is_in_it(
    keys: Keys, ledger: Ledger, holds: Holds, clock: Clock
) -> None:
    keys.set_team("search", budget_usd=10, rpm=5)
    alice = caller_of(keys, team="search")
    keys.create("bob", team="search", expires_in="1s")
    clock.now += 2
    row = opened(ledger, call_by(alice))
    ledger.accept(row, status=200, transcript_id="t1")
    ledger.settle(row, usage=used(), price=price_of(100))
    with pytest.raises(TeamInUse, match=r"^The team search has keys: alice, bob \(expired\);"):
        keys.delete_team("search")
    assert keys.team("search").rpm == 5
    keys.set("alice", team=None)
    keys.revoke("bob")
    keys.delete_team("search")
    assert keys.teams() == []
    assert keys.team("search").as_dict() == {
        "name": "search",
        **dict.fromkeys(option.name for option in TEAM_OPTIONS),
    }
    newest = keys.history(team="search")[0]
    assert (newest.action, newest.detail) == (
        "delete_team",
        {"budget_usd": {"old": "10", "new": None}, "rpm": {"old": 5, "new": None}},
    )
    assert {each.spent for each in holds.spent(Caller("x", team="search"))} == {100}
    owner = ledger.owner("us", "t1")
    assert owner is not None
    assert owner.belongs_to(Caller("x", team="search"))
    with pytest.raises(UnknownTeam, match=r"^No limits are set for the team search$"):
        keys.delete_team("search")


def test_a_team_that_nobody_named_is_unknown(keys: Keys) -> None:
    keys.create("alice", team="search")
    with pytest.raises(UnknownTeam, match=r"^No team is named serach; did you mean search"):
        keys.team("serach")
    assert keys.team("search").budget_nano is None
    assert [each.name for each in keys.team_keys("search")] == ["alice"]


def test_a_change_of_budget_keeps_what_is_not_named(keys: Keys) -> None:
    keys.create("alice", budget_usd=5, budget_daily_usd=1, soft_budget_ratio=0.8)
    changed = keys.set("alice", budget_daily_usd=None)
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
