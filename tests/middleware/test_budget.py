"""Budgets: held before a call goes out, given back on every way out, never overspent."""

from __future__ import annotations

import contextlib
import io
import json
import logging
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy import select
from stack_kit import API, CHAT, MASTER_KEY, Stack, chat
from webtest import TestApp

from assemblyai_mw import Budget, Caller, CostLogger, Database, Holds, Keys, Ledger, PriceBook
from assemblyai_mw.billing.compiled_book import canonical
from assemblyai_mw.call import CALL_KEY, Call
from assemblyai_mw.errors import StoreError, UpstreamError
from assemblyai_mw.routes import route_for
from assemblyai_mw.store import SoftBudget
from assemblyai_mw.store.clock import ClockWatch
from assemblyai_mw.store.schema import holds as table
from assemblyai_mw.testing import FakeAssemblyAI

LLM = "/llm-gateway.assemblyai/v1/chat/completions"
HOUR = 3600


@pytest.fixture
def stack(sqlite_url: str) -> Iterator[Stack]:
    stack = Stack(sqlite_url)
    yield stack
    stack.close()


@pytest.fixture
def both(database_url: str) -> Iterator[Stack]:
    """The same on each engine."""
    stack = Stack(database_url)
    yield stack
    stack.close()


def _standing(stack: Stack, key: str) -> dict[tuple[str, str], dict[str, Any]]:
    budgets = stack.ask("GET", "/assemblyai-mw/key/me", key).json["budgets"]
    return {(each["scope"], each["window"]): each for each in budgets}


def _total(stack: Stack, key: str) -> tuple[str, str]:
    total = _standing(stack, key)["key", "total"]
    return total["spent_usd"], total["held_usd"]


# What is held, and when it is not any more


def test_a_transcript_is_held_at_the_assumed_length_and_charged_at_its_own(both: Stack) -> None:
    """An hour of universal-3-5-pro is 0.21 USD (AssemblyAI's price list)."""
    key = both.key("a", budget_usd="0.50")
    both.us.next_result(audio_s=60)
    id = both.submit(key)
    assert _total(both, key) == ("0", "0.21")
    both.finish()
    assert both.ask("GET", f"{API}/v2/transcript/{id}", key).json["status"] == "completed"
    assert _total(both, key) == ("0.0035", "0")
    assert both.held() == 0


def test_a_chat_is_held_while_it_runs_and_then_charged(both: Stack) -> None:
    key = both.key("a", budget_usd="1")
    seen: list[int] = []
    both.us.reply_to = lambda asked: str(seen.append(both.held()))
    assert both.ask("POST", CHAT, key, json=chat()).status_int == 200
    assert seen[0] > 0
    assert both.held() == 0
    assert Decimal(_total(both, key)[0]) > 0


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param({"status": 400}, id="refused"),
        pytest.param({"status": 429}, id="too many"),
        pytest.param({"status": 500}, id="failed"),
        pytest.param({"drop": True}, id="dropped"),
        pytest.param({"status": 200, "body": b"<html>"}, id="nonsense"),
        pytest.param({"cut_after": 20}, id="cut short"),
    ],
)
@pytest.mark.parametrize("path", [LLM, CHAT])
def test_whatever_goes_wrong_a_chat_leaves_nothing_held(
    stack: Stack, fault: dict[str, Any], path: str
) -> None:
    key = stack.key("a", budget_usd="1")
    stack.us.fail_next(path="/v1/chat", **fault)
    model = "gpt-5-mini" if path == LLM else "assemblyai/gpt-5-mini"
    # A reply cut short must reach the server as an exception.
    with contextlib.suppress(UpstreamError):
        stack.ask("POST", path, key, json=chat("hi", model))
    assert stack.held() == 0


@pytest.mark.parametrize(
    "fault, spends",
    [
        pytest.param({"status": 400}, False, id="refused"),
        pytest.param({"drop": True}, True, id="no reply"),
        pytest.param({"status": 200, "body": b"<html>"}, True, id="nonsense"),
        pytest.param({"cut_after": 20}, True, id="cut short"),
    ],
)
def test_what_may_have_been_done_spends_what_was_held(
    stack: Stack, fault: dict[str, Any], spends: bool
) -> None:
    """Else a caller whose replies are too slow to come has no budget at all."""
    key = stack.key("a", budget_usd="1")
    stack.us.fail_next(path="/v1/chat", **fault)
    with contextlib.suppress(UpstreamError):
        stack.ask("POST", LLM, key, json=chat("hi", "gpt-5-mini"))
    spent, held = _total(stack, key)
    assert (Decimal(spent) > 0, Decimal(held)) == (spends, 0)


@pytest.mark.parametrize(
    "fault", [pytest.param({"status": status}, id=str(status)) for status in (400, 401, 429, 500)]
)
def test_a_submit_that_is_refused_leaves_nothing_held(stack: Stack, fault: dict[str, Any]) -> None:
    key = stack.key("a", budget_usd="1")
    stack.us.fail_next(path="/v2/transcript", **fault)
    reply = stack.ask("POST", f"{API}/v2/transcript", key, json={"audio_url": "https://x.y/a"})
    assert reply.status_int != 200
    assert stack.held() == 0


def test_a_transcript_that_fails_costs_nothing_and_leaves_nothing_held(stack: Stack) -> None:
    key = stack.key("a", budget_usd="1")
    stack.us.next_result(error="no speech")
    id = stack.submit(key)
    stack.finish()
    stack.ask("GET", f"{API}/v2/transcript/{id}", key)
    assert _total(stack, key) == ("0", "0")


def test_a_submit_of_which_nobody_knows_keeps_its_hold_for_settlement(stack: Stack) -> None:
    key = stack.key("a", budget_usd="1")
    stack.us.fail_next(path="/v2/transcript", drop=True)
    body = {"audio_url": "https://x.y/a", "speech_models": ["universal-3-5-pro"]}
    assert stack.ask("POST", f"{API}/v2/transcript", key, json=body).status_int == 502
    assert stack.held() == 210_000_000
    (row,) = stack.ledger.calls()
    stack.ledger.fail(row["id"], status=None)
    assert stack.held() == 0


class _Small:
    """A `Budget` around a `CostLogger` around an app of the test's own, for one caller."""

    def __init__(
        self, url: str, app: Any, *, clock: Callable[[], float] | None = None, **options: Any
    ) -> None:
        self.database = Database(url, **({"clock": clock} if clock else {}))
        self.holds, self.ledger = Holds(self.database), Ledger(self.database)
        self.new = Keys(self.database).create("a", budget_usd="1")
        self.caller = Caller("a", key_id=self.new.info.key_id, budgeted=True)
        self.budget = Budget(CostLogger(app, ledger=self.ledger), holds=self.holds, **options)

    def __call__(self, body: Any = None, path: str = "/v1/chat/completions") -> Any:
        call = Call(
            id="r",
            started=self.database.clock(),
            route=route_for("/llm-gateway.assemblyai"),
            method="POST",
            path=path,
            caller=self.caller,
        )
        return TestApp(self.budget).post_json(
            path, body or chat("hi", "gpt-5-mini"), extra_environ={CALL_KEY: call}, status="*"
        )

    def held(self) -> int:
        return self.holds.spent(self.caller)[0].held

    def close(self) -> None:
        self.database.close()


def _stream(environ: Any, start_response: Any) -> Iterator[bytes]:
    start_response("200 OK", [("Content-Type", "text/event-stream")])
    yield b"data: {}\n\n"
    yield b"data: {}\n\n"


def test_a_client_that_leaves_gives_the_hold_back(database_url: str) -> None:
    small = _Small(database_url, _stream)
    environ = TestApp(small.budget).RequestClass.blank("/v1/chat/completions").environ
    body = json.dumps(chat("hi", "gpt-5-mini", stream=True)).encode()
    environ |= {
        "REQUEST_METHOD": "POST",
        "wsgi.input": io.BytesIO(body),
        "CONTENT_LENGTH": str(len(body)),
        CALL_KEY: Call(
            "r",
            small.database.clock(),
            route_for("/llm-gateway.assemblyai"),
            "POST",
            "/v1/chat/completions",
            caller=small.caller,
        ),
    }
    reply = small.budget(environ, lambda *args: lambda data: None)
    next(iter(reply))
    assert small.held() > 0
    reply.close()
    assert small.held() == 0
    reply.close()
    small.close()


@pytest.mark.parametrize("leave", [False, True])
def test_a_stream_that_tells_no_usage_spends_what_was_held(database_url: str, leave: bool) -> None:
    """Else who leaves before the last event, or asks for no usage, has no budget at all."""
    seen: list[str | None] = []

    def stream(environ: Any, start_response: Any) -> Iterator[bytes]:
        seen.append(environ.get("HTTP_ACCEPT_ENCODING"))
        return _stream(environ, start_response)

    small = _Small(database_url, stream)
    body = json.dumps(chat("hi", "gpt-5-mini", stream=True)).encode()
    environ = TestApp(small.budget).RequestClass.blank("/v1/chat/completions").environ | {
        "REQUEST_METHOD": "POST",
        "HTTP_ACCEPT_ENCODING": "gzip, br",
        "wsgi.input": io.BytesIO(body),
        "CONTENT_LENGTH": str(len(body)),
        CALL_KEY: Call(
            "r",
            small.database.clock(),
            route_for("/llm-gateway.assemblyai"),
            "POST",
            "/v1/chat/completions",
            caller=small.caller,
        ),
    }
    reply = small.budget(environ, lambda *args: lambda data: None)
    for _ in zip(range(1), reply, strict=False) if leave else reply:
        held = small.held() or 0
    assert held > 0 or not leave
    reply.close()
    total = small.holds.spent(small.caller)[0]
    assert total.held == 0
    assert total.spent > 0
    assert not leave or total.spent == held
    assert [row["state"] for row in small.ledger.calls()] == ["unpriced"]
    assert seen == ["identity"]
    small.close()


def _raising(environ: Any, start_response: Any) -> Any:
    raise RuntimeError("a bug")


def _raising_late(environ: Any, start_response: Any) -> Iterator[bytes]:
    start_response("200 OK", [("Content-Type", "application/json")])
    yield b'{"a":'
    raise RuntimeError("a bug")


@pytest.mark.parametrize("app", [_raising, _raising_late])
def test_an_exception_gives_the_hold_back(database_url: str, app: Any) -> None:
    small = _Small(database_url, app)
    with pytest.raises(RuntimeError):
        small()
    assert small.held() == 0
    small.close()


def test_without_a_row_the_hold_goes_back(sqlite_url: str) -> None:
    """Where the stage within answers by itself, before any row is opened."""
    small = _Small(sqlite_url, _stream)
    refusing = Budget(
        lambda environ, start: (start("503 Service Unavailable", []), [b""])[1], holds=small.holds
    )
    small.budget = refusing
    assert small().status_int == 503
    assert small.held() == 0
    small.close()


def test_a_hold_of_a_worker_that_died_is_void_in_time(database_url: str) -> None:
    now = [1_800_000_000.0]
    steady = ClockWatch(lambda: now[0], steady=lambda: now[0])
    small = _Small(database_url, _stream, clock=lambda: now[0], clock_watch=steady)
    call = Call("dead", now[0], route_for("/x"), "POST", "/x", caller=small.caller)
    small.holds.take(call, 1_000_000_000, expires_in_s=HOUR)
    assert small().status_int == 429
    now[0] += HOUR
    assert small().status_int == 200
    small.close()


# What is refused, and what is said


def test_the_refusal_says_what_is_spent_held_needed_and_allowed(both: Stack) -> None:
    key = both.key("a", budget_usd="0.30")
    both.submit(key)
    body = {"audio_url": "https://x.y/a", "speech_models": ["universal-3-5-pro"]}
    both.us.requests.clear()
    reply = both.ask("POST", f"{API}/v2/transcript", key, json=body)
    assert reply.status_int == 429
    assert reply.json == {
        "error": "This call does not fit in the budget of this key: 0 USD spent, 0.21 USD held "
        "for calls under way, up to 0.21 USD needed for this one, limit 0.3 USD. "
        "This budget does not reset."
    }
    # Only calls under way stand in the way, and they end.
    assert reply.headers["Retry-After"] == "5"
    assert "x-should-retry" not in reply.headers
    assert both.us.requests == []


def test_openais_clients_read_insufficient_quota(stack: Stack) -> None:
    key = stack.key("a", budget_usd="0")
    error = stack.ask("POST", CHAT, key, json=chat()).json["error"]
    assert (error["code"], error["type"]) == ("insufficient_quota", "insufficient_quota")
    assert "limit 0 USD" in error["message"]
    assert stack.us.asked("POST") == []


@pytest.mark.parametrize("window", ["daily", "monthly"])
def test_where_a_window_resets_retry_after_says_when(stack: Stack, window: str) -> None:
    key = stack.key("a", **{f"budget_{window}_usd": "0.25"})
    stack.us.next_result(audio_s=HOUR)
    id = stack.submit(key)
    stack.finish()
    stack.ask("GET", f"{API}/v2/transcript/{id}", key)
    before = datetime.now(UTC)
    body = {"audio_url": "https://x.y/a", "speech_models": ["universal-3-5-pro"]}
    reply = stack.ask("POST", f"{API}/v2/transcript", key, json=body)
    assert reply.status_int == 429
    resets = datetime.fromisoformat(_standing(stack, key)["key", window]["resets_at"])
    assert f"the {window} budget of this key: 0.21 USD spent" in reply.json["error"]
    assert f"It resets at {resets:%Y-%m-%dT%H:%M:%SZ}." in reply.json["error"]
    wait = timedelta(seconds=int(reply.headers["Retry-After"]))
    assert (reply.headers.get("x-should-retry") == "false") == (wait > timedelta(minutes=1))
    assert abs(before + wait - resets) < timedelta(minutes=1)


def test_what_never_fits_is_not_worth_waiting_for(stack: Stack) -> None:
    reply = stack.ask("POST", CHAT, stack.key("a", budget_daily_usd="0.0001"), json=chat())
    assert reply.status_int == 429
    assert "Retry-After" not in reply.headers
    assert reply.headers["x-should-retry"] == "false"


def test_a_teams_budget_bounds_all_its_keys(both: Stack) -> None:
    both.keys.set_team("blue", budget_usd="0.40")
    one, two = both.key("one", team="blue"), both.key("two", team="blue", budget_usd="100")
    both.submit(one)
    body = {"audio_url": "https://x.y/a", "speech_models": ["universal-3-5-pro"]}
    reply = both.ask("POST", f"{API}/v2/transcript", two, json=body)
    assert reply.status_int == 429
    assert "the budget of this team: 0 USD spent, 0.21 USD held" in reply.json["error"]


def test_ones_finished_work_can_be_read_over_budget(stack: Stack) -> None:
    key = stack.key("a", budget_usd="0.21")
    stack.us.next_result(audio_s=HOUR)
    id = stack.submit(key)
    stack.finish()
    for _ in range(2):
        assert stack.ask("GET", f"{API}/v2/transcript/{id}", key).json["status"] == "completed"
    assert _total(stack, key) == ("0.21", "0")
    assert stack.ask("POST", CHAT, key, json=chat()).status_int == 429
    assert stack.ask("GET", f"{API}/v2/transcript/{id}/srt", key).status_int == 200
    assert stack.ask("GET", f"{API}/v2/transcript", key).status_int == 200


def test_a_key_without_a_budget_and_the_master_key_are_not_bound(stack: Stack) -> None:
    for key in (stack.key("free"), MASTER_KEY):
        assert stack.ask("POST", CHAT, key, json=chat()).status_int == 200
    assert stack.held() == 0


def test_a_budget_set_later_bounds_too(both: Stack) -> None:
    both.key("a")
    both.keys.set("a", budget_usd="0")
    key = both.keys.rotate("a").key
    assert both.ask("POST", CHAT, key, json=chat()).status_int == 429


UNPRICED = {
    "a model": (LLM, chat("hi", "nobody-knows-this")),
    "no model": (LLM, {"messages": []}),
    "one of several models": (LLM, chat("hi", "gpt-5-mini", fallbacks=[{"model": "unknown-1"}])),
    "a speech model": (
        f"{API}/v2/transcript",
        {"audio_url": "https://x.y", "speech_models": ["x"]},
    ),
    "a path that nobody knows": (f"{API}/v3/tomorrow", {"x": 1}),
    "lemur": (f"{API}/lemur/v3/generate/task", {"prompt": "x"}),
}


@pytest.mark.parametrize("case", UNPRICED)
def test_what_has_no_price_is_refused_on_a_budget(stack: Stack, case: str) -> None:
    path, body = UNPRICED[case]
    reply = stack.ask("POST", path, stack.key("a", budget_usd="5"), json=body)
    assert reply.status_int == 403
    assert "has a budget" in reply.json["error"]
    assert stack.us.requests == []
    assert stack.held() == 0


@pytest.mark.parametrize(
    "path, body, section, item",
    [
        pytest.param(LLM, chat("hi", "gpt-9: {x"), "chat", "gpt-9: {x", id="a chat model"),
        pytest.param(
            f"{API}/v2/transcript",
            {"audio_url": "https://x.y", "speech_models": ["universal-2", "universal-9"]},
            "transcript",
            "universal-9",
            id="a speech model",
        ),
        pytest.param(
            f"{API}/v2/transcript",
            {
                "audio_url": "https://x.y",
                "speech_models": ["universal-2"],
                "speech_understanding": {"request": {"action_items": {}}},
            },
            "transcript_addon",
            "speech_understanding.action_items",
            id="an add-on",
        ),
    ],
)
def test_the_refusal_names_what_has_no_price_and_the_line_that_gives_it_one(
    stack: Stack, path: str, body: dict[str, Any], section: str, item: str
) -> None:
    key = stack.key("a", budget_usd="5")
    error = stack.ask("POST", path, key, json=body).json["error"]
    noun = "add-on" if section.endswith("_addon") else "model"
    assert error.startswith(f"No price for {noun} {item!r}, and this key has a budget. ")
    line = re.search(rf"{section}: \{{.*\}}(?=\. Only)", error)
    assert line is not None
    filled = line[0].replace("DOLLARS", "0.5").replace("WHERE", "our contract")
    (priced,) = PriceBook.load(yaml.safe_load(filled))._book.items[section].keys() - (
        PriceBook.load()._book.items[section].keys()
    )
    assert priced == canonical(item)
    assert ("prices refresh" in error) == (section == "chat")


def test_a_token_for_a_session_that_is_not_metered_is_refused_on_a_budget(stack: Stack) -> None:
    path = "/streaming.assemblyai/v3/token?expires_in_seconds=60"
    key = stack.key("a", budget_usd="5")
    assert stack.ask("GET", path, key).status_int == 403
    assert stack.us.requests == []
    allowed = stack.key("b", budget_usd="5", allow_unpriced=True)
    assert stack.ask("GET", path, allowed).status_int == 200


def test_the_openai_route_says_model_unpriced(stack: Stack) -> None:
    key = stack.key("a", budget_usd="5")
    error = stack.ask("POST", CHAT, key, json=chat("hi", "assemblyai/nobody-knows")).json["error"]
    assert (error["code"], error["param"]) == ("model_unpriced", "model")


def test_a_key_may_be_allowed_what_has_no_price_until_its_budget_is_spent(stack: Stack) -> None:
    unpriced = chat("hi", "gpt-of-tomorrow")
    key = stack.key("a", budget_usd="5", allow_unpriced=True)
    assert stack.ask("POST", LLM, key, json=unpriced).status_int == 400
    assert len(stack.us.requests) == 1
    poor = stack.key("b", budget_usd="0", allow_unpriced=True)
    assert stack.ask("POST", LLM, poor, json=unpriced).status_int == 429


@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
def test_a_path_that_nobody_described_is_refused_to_a_key_with_a_budget(
    stack: Stack, method: str
) -> None:
    key = stack.key("a", budget_usd="5", allow_unpriced=True)
    reply = stack.ask(method, f"{API}/v3/tomorrow", key)
    assert reply.status_int == 403
    assert "this key has a budget" in reply.json["error"]
    assert stack.us.requests == []
    assert list(stack.ledger.calls()) == []


@pytest.mark.parametrize(
    "name", ["Model", "MAX_TOKENS", "Max_Tokens", "N", "\u017fpeech_model\u017f"]
)
def test_members_in_other_letters_do_not_get_round_a_budget(stack: Stack, name: str) -> None:
    key = stack.key("a", budget_usd="5")
    reply = stack.ask("POST", LLM, key, json={**chat("hi", "gpt-5-mini"), name: 1_000_000})
    assert reply.status_int == 400
    assert stack.us.requests == []


@pytest.mark.parametrize(
    "params, headers, status",
    [
        (b"{", {}, 400),
        (b"[]", {}, 400),
        (b'{"model":"a","model":"b"}', {}, 400),
        (b"{}", {"Content-Encoding": "gzip"}, 415),
    ],
)
def test_a_body_that_cannot_be_read_holds_nothing(
    stack: Stack, params: bytes, headers: dict[str, str], status: int
) -> None:
    headers = {"Authorization": stack.key("a", budget_usd="5"), **headers}
    headers["Content-Type"] = "application/json"
    assert stack.app.post(LLM, params, headers=headers, status="*").status_int == status
    assert stack.held() == 0


# Soft thresholds


def test_a_soft_threshold_is_told_once_a_window(
    database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    told: list[SoftBudget] = []
    stack = Stack(database_url, options={"on_soft_budget": told.append})
    key = stack.key("a", budget_daily_usd="1", soft_budget_ratio=0.2)
    with caplog.at_level(logging.WARNING, "assemblyai_mw.budget"):
        for _ in range(3):
            stack.us.next_result(audio_s=HOUR)
            id = stack.submit(key)
            stack.finish()
            stack.ask("GET", f"{API}/v2/transcript/{id}", key)
    assert [(each.window, each.spent, each.limit, each.ratio) for each in told] == [
        ("daily", 210_000_000, 1_000_000_000, 0.2)
    ]
    assert caplog.text.count("budget alert: key 'a'") == 1
    assert "0.21 USD spent" in caplog.text
    stack.close()


@pytest.mark.parametrize("alerts, warnings", [([10], 1), ([], 0), ([10, 15, 20, 90], 1)])
def test_the_configured_ratio_holds_for_keys_without_one(
    sqlite_url: str, alerts: list[float], warnings: int
) -> None:
    told: list[SoftBudget] = []
    options = {"on_soft_budget": told.append}
    stack = Stack(sqlite_url, options=options, general_settings={"budget_alerts": alerts})
    key = stack.key("a", budget_usd="1")
    stack.us.next_result(audio_s=HOUR)
    id = stack.submit(key)
    stack.finish()
    stack.ask("GET", f"{API}/v2/transcript/{id}", key)
    assert len(told) == warnings
    stack.close()


def test_a_callback_that_fails_breaks_no_call(
    sqlite_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(warning: SoftBudget) -> None:
        raise RuntimeError("a bug")

    stack = Stack(sqlite_url, options={"on_soft_budget": broken})
    key = stack.key("a", budget_usd="1", soft_budget_ratio=0.000001)
    for _ in range(2):
        assert stack.ask("POST", CHAT, key, json=chat()).status_int == 200
    assert "on_soft_budget" in caplog.text
    stack.close()


# Failing closed


def _served(environ: Any, start_response: Any) -> list[bytes]:
    raise AssertionError("something billable went out")


def test_a_database_that_is_gone_lets_nothing_out(stack: Stack, tmp_path: Path) -> None:
    key = stack.key("a", budget_usd="5")
    assert stack.ask("POST", CHAT, key, json=chat()).status_int == 200
    stack.us.requests.clear()
    (tmp_path / "ledger.db").rename(tmp_path / "elsewhere")
    submit = {"audio_url": "https://audio.example/a.mp3", "speech_models": ["universal-2"]}
    for path, body in ((CHAT, chat()), (LLM, chat()), (f"{API}/v2/transcript", submit)):
        reply = stack.ask("POST", path, key, json=body)
        assert reply.status_int == 503
        assert "cannot be" in reply.text
    assert stack.us.requests == []


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param("UPDATE meta SET value='99' WHERE name='schema_version'", id="newer schema"),
        pytest.param("ALTER TABLE holds RENAME TO half_done", id="half migrated"),
        pytest.param("DROP TABLE spend", id="a table gone"),
        pytest.param("DELETE FROM meta WHERE name='schema_version'", id="no version"),
    ],
)
def test_a_schema_that_is_not_ours_lets_nothing_out_and_says_why(
    database_url: str, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    first = Stack(database_url)
    key = first.key("a", budget_usd="5")
    with first.keys.database.write() as connection:
        connection.exec_driver_sql(damage)
    first.close()
    stack = Stack(database_url)
    reply = stack.ask("POST", CHAT, key, json=chat())
    assert reply.status_int == 503
    assert reply.json["error"]["message"]
    assert any(word in caplog.text for word in ("newer", "missing", "not a ledger"))
    assert stack.us.requests == []
    stack.close()


def test_holds_that_cannot_be_taken_let_nothing_out(sqlite_url: str) -> None:
    small = _Small(sqlite_url, _served)
    with small.database.write() as connection:
        connection.exec_driver_sql("ALTER TABLE spend RENAME TO gone")
    reply = small()
    assert reply.status_int == 503
    assert reply.json == {"error": "The ledger cannot be written, so no billable request is sent."}
    small.close()


def test_a_hold_that_cannot_be_given_back_does_not_break_the_reply(
    sqlite_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(environ: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"whole"]

    class Failing(Holds):
        def release(self, hold: Any) -> bool:
            raise StoreError("The database is busy")

    small = _Small(sqlite_url, refuse)
    small.budget = Budget(refuse, holds=Failing(small.database))
    assert small().body == b"whole"
    assert "stays until it expires" in caplog.text
    small.close()


@pytest.mark.parametrize("jump_s", [86_400.0, -86_400.0, 3_600.0, -301.0])
def test_a_clock_that_jumps_is_distrusted_for_a_minute(sqlite_url: str, jump_s: float) -> None:
    now, uptime = [1_800_000_000.0], [50.0]
    sent: list[int] = []

    def app(environ: Any, start_response: Any) -> Any:
        sent.append(1)
        return _stream(environ, start_response)

    watch = ClockWatch(lambda: now[0], steady=lambda: uptime[0])
    small = _Small(sqlite_url, app, clock=lambda: now[0], clock_watch=watch)
    assert small().status_int == 200
    now[0] += jump_s
    reply = small()
    assert reply.status_int == 503
    assert f"jumped by {jump_s:+.0f} seconds" in reply.json["error"]
    assert reply.headers["Retry-After"] == "60"
    assert sent == [1]
    for clock in (now, uptime):
        clock[0] += 61
    assert small().status_int == 200
    small.close()


def test_a_clock_that_is_slewed_or_slept_is_trusted() -> None:
    now, uptime = [1_800_000_000.0], [0.0]
    watch = ClockWatch(lambda: now[0], steady=lambda: uptime[0])
    for _ in range(100):
        assert watch.distrust() is None
        now[0] += 10.1
        uptime[0] += 10.0
    now[0] += 86_400
    uptime[0] += 86_400
    assert watch.distrust() is None


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param({}, id="by default"),
        pytest.param({"budgets": {"hold_expires_s": 60}}, id="set too short"),
    ],
)
def test_a_hold_lasts_as_long_as_its_call_may(sqlite_url: str, settings: Any) -> None:
    """A client that reads its stream slowly must not spend what it holds a second time."""
    left_s: list[float] = []
    stack = Stack(sqlite_url, **settings)
    send = stack.transport.send

    def look(*request: Any) -> Any:
        with stack.keys.database.read() as connection:
            ends = connection.scalar(select(table.c.expires_at))
        left_s.append((ends - stack.keys.database.now) / 1_000_000)
        return send(*request)

    stack.transport.send = look  # type: ignore[method-assign]
    assert stack.ask("POST", CHAT, stack.key("a", budget_usd=1), json=chat()).status_int == 200
    assert left_s[0] > 7200
    page = (Path(__file__).parents[2] / "docs" / "configuration.md").read_text("utf-8")
    (said,) = re.findall(r"`hold_expires_s` .* That is ([\d,]+) by default", page)
    said_s = int(said.replace(",", ""))
    assert said_s - 60 < left_s[0] <= said_s
    stack.close()


@pytest.mark.parametrize("kind, state", [("chat", "unpriced"), ("transcript", "pending")])
def test_a_worker_ended_in_the_midst_of_a_call_leaves_nothing_free(
    stack: Stack, kind: str, state: str
) -> None:
    """Gunicorn's timeout is a SystemExit in whatever line the worker waits."""
    send = stack.transport.send

    def send_and_end(origin: Any, request: Any, timeouts: Any) -> Any:
        send(origin, request, timeouts)
        raise SystemExit(1)

    stack.transport.send = send_and_end  # type: ignore[method-assign]
    key = stack.key("a", budget_usd=10)
    path = f"{API}/v2/transcript" if kind == "transcript" else LLM
    body = {"audio_url": "https://x.y/a.mp3"} if kind == "transcript" else chat("hi", "gpt-5-mini")
    with pytest.raises(SystemExit):
        stack.ask("POST", path, key, json=body)
    assert [row["state"] for row in stack.ledger.calls()] == [state]
    assert bool(stack.held()) == (state == "pending")


@pytest.mark.parametrize("options", [{"assumed_audio_s": 0}, {"hold_expires_s": -1}])
def test_lengths_must_be_lengths(sqlite_url: str, options: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="expected seconds"):
        Budget(_served, holds=sqlite_url, prices=PriceBook.load(), **options)


def test_the_stand_in_is_what_the_tests_think_it_is() -> None:
    """The lengths above are those that it reports."""
    fake = FakeAssemblyAI(keys=None)
    fake.next_result(audio_s=60)
    job = fake.new_transcript("account", {"audio_url": "x"}, "universal-3-5-pro", None)
    assert job.audio_duration == 60
