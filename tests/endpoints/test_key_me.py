"""What a key's holder sees of it, and nobody else's."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from stack_kit import CHAT, MASTER_KEY, Stack, chat
from webtest import TestApp

from assemblyai_mw import KeyAuth, SelfService
from assemblyai_mw.billing.money import format_usd

ME = "/assemblyai-mw/key/me"


@pytest.fixture
def stack(database_url: str) -> Iterator[Stack]:
    stack = Stack(database_url)
    yield stack
    stack.close()


def test_a_holder_sees_what_the_key_may_and_what_is_spent(stack: Stack) -> None:
    key = stack.key(
        "alice",
        team="blue",
        budget_usd="5",
        budget_daily_usd="1",
        rpm=60,
        region="us",
        expires_in="30d",
        models=["gpt-5*"],
        denied_features=["speaker_labels"],
    )
    stack.keys.set_team("blue", budget_monthly_usd="10")
    assert stack.ask("POST", CHAT, key, json=chat()).status_int == 200
    shown = stack.ask("GET", ME, key).json
    info = stack.keys.get("alice")
    budgets = shown.pop("budgets")
    assert info.expires_at is not None
    assert shown == {
        "key": "alice",
        "key_id": info.key_id,
        "team": "blue",
        "prefix": info.prefix,
        "expires_at": info.expires_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": "us",
        "scope": "own",
        "rpm": 60,
        "tpm": None,
        "max_parallel": None,
        "max_sessions": None,
        "team_rpm": None,
        "routes": None,
        "models": ["gpt-5*"],
        "features": None,
        "denied_features": ["speaker_labels"],
        "max_upload_bytes": None,
        "allow_unpriced": False,
    }
    (row,) = stack.ledger.calls()
    spent = row["cost_usd"]
    limits = [(each["scope"], each["window"], each["limit_usd"]) for each in budgets]
    assert limits == [
        ("key", "total", "5"),
        ("key", "monthly", None),
        ("key", "daily", "1"),
        ("team", "monthly", "10"),
    ]
    assert {(each["spent_usd"], each["held_usd"]) for each in budgets} == {(spent, "0")}


def test_nothing_of_other_keys_is_shown(stack: Stack) -> None:
    key, other = stack.key("a", team="blue"), stack.key("secretive", team="blue", budget_usd="3")
    stack.ask("POST", CHAT, other, json=chat())
    assert "secretive" not in stack.ask("GET", ME, key).text
    assert {each["scope"] for each in stack.ask("GET", ME, key).json["budgets"]} == {"key"}


@pytest.mark.parametrize("key", [None, "sk-unknown", ""])
def test_it_needs_a_key(stack: Stack, key: str | None) -> None:
    reply = stack.ask("GET", ME, key)
    assert reply.status_int == 401
    assert reply.headers["WWW-Authenticate"] == "Bearer"


def test_a_key_that_is_over_shows_nothing(stack: Stack) -> None:
    key = stack.key("a")
    stack.keys.revoke("a")
    assert stack.ask("GET", ME, key).status_int == 401


def test_a_name_given_on_shows_the_old_holder_nothing_of_the_new(stack: Stack) -> None:
    """Key look-ups are cached for a second; the name may be another's by then."""
    key = stack.key("a")
    assert stack.ask("GET", ME, key).status_int == 200
    stack.keys.revoke("a")
    stack.key("a", budget_usd="7")
    assert stack.ask("GET", ME, key).status_int == 401


def test_during_grace_both_secrets_show_the_same(stack: Stack) -> None:
    old = stack.key("a")
    new = stack.keys.rotate("a", grace=timedelta(hours=1)).key
    assert stack.ask("GET", ME, old).json == stack.ask("GET", ME, new).json


def test_the_master_key_has_no_budget(stack: Stack) -> None:
    shown = stack.ask("GET", ME, MASTER_KEY).json
    assert (shown["key"], shown["scope"], shown["budgets"]) == ("master", "all", [])


@pytest.mark.parametrize(
    "method, path, status",
    [("POST", ME, 405), ("DELETE", ME, 405), ("GET", ME + "/x", 404), ("GET", ME + "/", 200)],
)
def test_only_reading_is_possible(stack: Stack, method: str, path: str, status: int) -> None:
    assert stack.ask(method, path, stack.key("a")).status_int == status


def test_a_head_has_the_length_and_no_body(stack: Stack) -> None:
    key = stack.key("a")
    head, get = stack.ask("HEAD", ME, key), stack.ask("GET", ME, key)
    assert (head.body, head.headers["Content-Length"]) == (b"", str(len(get.body)))
    assert get.headers["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize("path", ["/my/key", None])
def test_the_path_is_configured(sqlite_url: str, path: str | None) -> None:
    own: Any = path if path else False
    stack = Stack(sqlite_url, general_settings={"self_service_path": own})
    key = stack.key("a")
    assert stack.ask("GET", ME, key).text == "host"
    if path:
        assert stack.ask("GET", path, key).json["key"] == "a"
    stack.close()


def test_without_the_database_it_is_503(sqlite_url: str) -> None:
    stack = Stack(sqlite_url)
    key = stack.key("a")
    assert stack.ask("GET", ME, key).status_int == 200
    with stack.keys.database.write() as connection:
        connection.exec_driver_sql("ALTER TABLE spend RENAME TO gone")
    assert stack.ask("GET", ME, key).status_int == 503
    stack.close()


def test_keys_from_a_plain_mapping_have_a_name_at_least(sqlite_url: str) -> None:
    app = TestApp(KeyAuth(SelfService(database=sqlite_url), keys={"k": "alice"}))
    shown = app.get("/", headers={"Authorization": "k"}).json
    assert (shown["key"], shown["key_id"], shown["budgets"]) == ("alice", None, [])


USAGE = f"{ME}/usage"


def test_the_holder_sees_the_keys_usage_by_day_and_model(stack: Stack) -> None:
    key, other = stack.key("alice", team="blue"), stack.key("bob", team="blue")
    for who in (key, key, other):
        assert stack.ask("POST", CHAT, who, json=chat()).status_int == 200
    today = datetime.now(UTC).date()
    shown = stack.ask("GET", USAGE, key).json
    rows = [row for row in stack.ledger.calls() if row["key"] == "alice"]
    assert shown == {
        "key": "alice",
        "since": (today - timedelta(days=29)).isoformat(),
        "until": (today + timedelta(days=1)).isoformat(),
        "usage": [
            {
                "day": str(rows[0]["at"])[:10],
                "model": rows[0]["model"],
                "calls": 2,
                "failed": 0,
                "unpriced": 0,
                "audio_seconds": 0.0,
                "input_tokens": sum(row["input_tokens"] for row in rows),
                "output_tokens": sum(row["output_tokens"] for row in rows),
                "cost_usd": format_usd(2 * int(Decimal(rows[0]["cost_usd"]) * 10**9)),
            }
        ],
    }
    days = f"since={today - timedelta(days=9)}&until={today}"
    assert stack.ask("GET", f"{USAGE}?{days}", key).json["usage"] == []
    # What the key made in another team is not the holder's any more.
    stack.keys.set("alice", team="green")
    stack.middleware.close()
    fresh = Stack(str(stack.middleware.config.database_url))
    assert fresh.ask("GET", USAGE, key).json["usage"] == []


@pytest.mark.parametrize(
    "query",
    [
        "since=yesterday",
        "since=20261101",
        "since=2026-11-02&until=2026-11-02",
        "since=2024-01-01&until=2026-01-01",
        "until=0001-01-01",
        "since=",
    ],
)
def test_other_days_are_a_400(stack: Stack, query: str) -> None:
    reply = stack.ask("GET", f"{USAGE}?{query}", stack.key("alice"))
    assert reply.status_int == 400
    assert "since" in reply.text or "until" in reply.text


def test_usage_needs_a_key_and_counts_as_a_read(stack: Stack) -> None:
    assert stack.ask("GET", USAGE, None).status_int == 401
    key = stack.key("alice", rpm=1)
    statuses = [stack.ask("GET", USAGE, key).status_int for _ in range(61)]
    assert statuses == [200] * 60 + [429]


def test_an_end_user_sees_its_own_calls_of_a_shared_key(database_url: str) -> None:
    def identify(environ: dict[str, Any]) -> Any:
        return {"key": "web", "end_user": environ["HTTP_X_USER"]}

    stack = Stack(database_url, options={"identify": identify})
    stack.key("web")
    for user in ("maria", "maria", "paul"):
        asked = stack.ask("POST", CHAT, None, json=chat(), headers={"X-User": user})
        assert asked.status_int == 200
    for user, calls in (("maria", [2]), ("paul", [1]), ("nobody", [])):
        usage = stack.ask("GET", USAGE, None, headers={"X-User": user}).json["usage"]
        assert [each["calls"] for each in usage] == calls
    stack.close()
