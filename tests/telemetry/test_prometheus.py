"""The dashboard's panels and the alert rules, asked of a real Prometheus over a real app."""

from __future__ import annotations

import base64
import json
import os
import re
import socket
import threading
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_kit import Prometheus, needed, prometheus, promtool
from stack_kit import CHAT, Stack, chat
from werkzeug.serving import make_server

from assemblyai_mw.billing.price_book import Item, Price
from assemblyai_mw.billing.replies import Usage
from assemblyai_mw.call import Call, Caller
from assemblyai_mw.routes import route_for

pytestmark = needed
DOCS = Path(__file__).parents[2] / "docs"
RULES = DOCS / "alert-rules.yml"
METRICS, TOKEN = "/assemblyai-mw/metrics", "a-token-of-prometheus-0123"
NANO = 1_000_000_000
PANELS = {
    panel["title"]: [target["expr"] for target in panel["targets"]]
    for panel in json.loads((DOCS / "grafana-dashboard.json").read_text())["panels"]
}


def alerts() -> list[dict[str, Any]]:
    (group,) = yaml.safe_load(RULES.read_text())["groups"]
    rules: list[dict[str, Any]] = group["rules"]
    return rules


@dataclass
class Site:
    """An app that has served something since Prometheus began to watch it."""

    stack: Stack
    watched: Prometheus

    def panel(self, title: str, query: int = 0) -> dict[tuple[str, ...], float]:
        return self.watched.ask(PANELS[title][query])

    def value(self, title: str, query: int = 0) -> float:
        (value,) = self.panel(title, query).values()
        return value

    def rows(self, by: str) -> dict[str, dict[str, Any]]:
        return {row[by] or "": row for row in self.stack.ledger.usage(by)}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("prometheus")
    # As they stand there, but without the time for which each waits.
    rules = folder / "rules.yml"
    rules.write_text(re.sub(r"^ +for: .*\n", "", RULES.read_text(), flags=re.MULTILINE))
    stack = Stack(
        f"sqlite:///{folder}/ledger.db",
        general_settings={"metrics_path": METRICS, "metrics_token": TOKEN},
    )
    server = make_server("127.0.0.1", 0, stack.middleware, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    address = f"127.0.0.1:{server.port}"
    try:
        with prometheus(folder, address, path=METRICS, token=TOKEN, rules=rules) as watched:
            # It sees the ledger empty, and then every series is born above zero.
            watched.until(lambda: watched.ask("assemblyai_mw_held_dollars") != {})
            _serve_something(stack, address)
            made = Site(stack, watched)
            expected = sum(row["calls"] - row["pending"] for row in made.rows("key").values())
            watched.until(
                lambda: (
                    watched.ask("sum(assemblyai_mw_calls_total)") == {(): expected}
                    and watched.ask("sum(assemblyai_mw_session_ends_total)") == {(): 1}
                    and watched.ask("assemblyai_mw_pending_calls{kind='session'}") != {}
                )
            )
            yield made
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        stack.close()


def _serve_something(stack: Stack, address: str) -> None:
    alice, bob = stack.key("alice", team="search"), stack.key("bob", budget_usd="10")
    for secret in (alice, alice, bob):
        assert _post(address, CHAT, secret, chat()) == 200
    done = stack.submit(alice)
    stack.submit(alice)
    stack.us.finish(done)
    stack.ask("GET", f"/assemblyai/v2/transcript/{done}", alice)
    stack.us.fail_next(500, path="/v1/chat")
    assert _post(address, CHAT, alice, chat()) >= 500
    call = Call("x", datetime.now(UTC).timestamp(), route_for("/assemblyai"), "POST", "/v2/x")
    row = stack.ledger.open(call, kind="transcript", model="universal-2", features={})
    usage = Usage("transcript", model="universal-2", audio_ms=1000)
    stack.ledger.settle(row, usage=usage, price=None, reason="no price")
    carol = stack.keys.create("carol", budget_usd="1").info
    spent = replace(call, id="y", caller=Caller("carol", key_id=carol.key_id))
    row = stack.ledger.open(spent, kind="transcript", model="universal-2", features={})
    price = Price(900_000_000, (Item("universal-2", "1", "second", "1/hour", 900_000_000),))
    stack.ledger.settle(row, usage=usage, price=price)
    late = Call("late", datetime.now(UTC).timestamp() - 90_000, call.route, "POST", "/v2/x")
    stack.ledger.open(late, kind="transcript", model=None, features={})
    session = Call(
        "session",
        datetime.now(UTC).timestamp(),
        route_for("/streaming.assemblyai"),
        "GET",
        "/v3/ws",
    )
    stack.ledger.open_session(session, model=None, features={})
    _refused_session(address, stack.key("dora", region="us"))


def _post(address: str, path: str, key: str, body: Any) -> int:
    asked = urllib.request.Request(
        f"http://{address}{path}",
        data=json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(asked, timeout=30) as reply:
            reply.read()
            return int(reply.status)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code


def _refused_session(address: str, key: str) -> None:
    """Ask for a session with a key that may not have it."""
    host, _, port = address.partition(":")
    lines = [
        "GET /streaming.assemblyai/v3/ws?sample_rate=16000 HTTP/1.1",
        f"Host: {address}",
        f"Authorization: {key}",
        "Connection: Upgrade",
        "Upgrade: websocket",
        f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}",
        "Sec-WebSocket-Version: 13",
    ]
    with socket.create_connection((host, int(port)), timeout=30) as client:
        client.sendall("\r\n".join([*lines, "", ""]).encode())
        seen = b""
        while block := client.recv(65536):
            seen += block
        assert b" 101 " in seen.partition(b"\r\n")[0], seen


# The panels


def test_a_first_cost_counts_in_every_panel_of_costs(site: Site) -> None:
    """A series that Prometheus first sees above zero; `increase` would show none of it."""
    total = float(Decimal(site.stack.ledger.usage_total()["cost_usd"]))
    assert total > 0
    assert site.value("Cost, last 24 hours") == pytest.approx(total, rel=1e-9)
    assert site.watched.ask("increase(assemblyai_mw_cost_dollars_total[1h]) > 0") == {}
    for by in ("key", "team", "model"):
        rows = site.rows(by)
        assert len(rows) > 1
        # Prometheus drops a label whose value is empty.
        panel = site.panel(f"Cost per hour, by {by}")
        shown = {"".join(name): value for name, value in panel.items()}
        expected = {
            name: float(Decimal(row["cost_usd"]))
            for name, row in rows.items()
            if row["calls"] > row["pending"]
        }
        assert shown == pytest.approx(expected, rel=1e-9)


def test_calls_audio_and_tokens_are_the_ledgers(site: Site) -> None:
    rows = list(site.rows("key").values())

    def each(column: str) -> float:
        return pytest.approx(sum(row[column] for row in rows) / 5)

    closed = sum(row["calls"] - row["pending"] for row in rows)
    assert site.value("Closed calls per minute", 0) == pytest.approx(closed / 5)
    assert site.value("Closed calls per minute", 1) == each("failed") != 0
    title = "Audio, tokens and characters per minute"
    assert site.value(title, 0) == each("audio_seconds") != 0
    assert site.panel(title, 1) == {
        ("input",): each("input_tokens"),
        ("output",): each("output_tokens"),
    }
    assert site.value(title, 2) == each("cached_tokens")
    assert site.value(title, 3) == each("characters")


def test_what_is_open_held_and_unpriced_is_the_ledgers(site: Site) -> None:
    total = site.stack.ledger.usage_total()
    assert site.value("Calls not closed yet") == total["pending"] == 3
    assert site.value("Calls without a price") == total["unpriced"] == 1
    assert site.value("Held for calls under way") == site.stack.held() / NANO
    assert site.value("Oldest open call") == pytest.approx(90_000, abs=120)
    assert site.value("Open streaming sessions") == 1


def test_requests_and_ends_of_sessions_are_counted_from_their_first(site: Site) -> None:
    counts = {
        status: value * 300
        for (status,), value in site.panel("Requests per second, by status").items()
    }
    assert counts["200"] == pytest.approx(6)
    assert sum(counts.values()) == pytest.approx(7)
    ends = site.panel("Ends of streaming sessions per minute")
    assert list(ends.values()) == [pytest.approx(1 / 5)]


def test_budgets_have_their_shares(site: Site) -> None:
    rows = site.rows("key")
    shares = {
        ("carol", "key", "total"): 0.9,
        ("bob", "key", "total"): float(Decimal(rows["bob"]["cost_usd"])) / 10,
    }
    shown = site.panel("Budgets nearest to their limit")
    assert shown == pytest.approx(shares, rel=1e-9)
    assert site.value("Budgets over 80 %") == 1


def test_every_panel_is_compared_above(site: Site) -> None:
    source = Path(__file__).read_text()
    others = {title for title in PANELS if f'"{title}"' not in source}
    assert others == {f"Cost per hour, by {by}" for by in ("team", "model")}
    # Durations are the process's own; the ledger has none to compare.
    for expression in PANELS["Request duration, p50 and p95"]:
        site.watched.ask(expression)


# The rules


def test_every_rule_is_loaded_and_those_that_should_fire(site: Site) -> None:
    def firing() -> set[str]:
        return {
            alert["labels"]["alertname"]
            for alert in site.watched.api("alerts")["alerts"]
            if alert["state"] == "firing"
        }

    (group,) = site.watched.api("rules")["groups"]
    assert [rule["name"] for rule in group["rules"]] == [rule["alert"] for rule in alerts()]
    site.watched.until(lambda: {"AssemblyAISettlementLate", "AssemblyAICallsUnpriced"} <= firing())
    (group,) = site.watched.api("rules")["groups"]
    assert {rule["health"] for rule in group["rules"]} == {"ok"}
    assert firing() - {"AssemblyAIBudgetNearLimit"} == {
        "AssemblyAISettlementLate",
        "AssemblyAICallsUnpriced",
    }
    (text,) = (
        alert["annotations"]["summary"]
        for alert in site.watched.api("alerts")["alerts"]
        if alert["labels"]["alertname"] == "AssemblyAISettlementLate"
    )
    assert text.startswith("A transcript is open for 1d 1h ")


def series(text: str, values: str) -> dict[str, str]:
    return {"series": f"assemblyai_mw_{text}", "values": values}


COST = 'cost_dollars_total{key="a",team="t",model="m",job="app",instance="%s"}'
DURATIONS = 'request_duration_seconds_count{route="/x",method="GET",status="%s"}'
BUDGET = 'budget_%s_dollars{scope="key",name="a",window="total"}'
# What makes each rule fire, a value a minute, and after how long it does.
FIRES: dict[str, tuple[list[dict[str, str]], str]] = {
    "AssemblyAIMetricsMissing": ([series("held_dollars", "0 _x20")], "20m"),
    "AssemblyAILedgerUnavailable": ([series(DURATIONS % 503, "0+3x30")], "20m"),
    "AssemblyAIUnreachable": (
        [series(DURATIONS % 504, "0+1x30"), series(DURATIONS % 200, "0+9x30")],
        "20m",
    ),
    "AssemblyAISettlementLate": (
        [series('oldest_pending_seconds{kind="transcript"}', "14000+60x60")],
        "30m",
    ),
    "AssemblyAICallsUnpriced": (
        [series('unpriced_calls{key="a",team="t",model="m"}', "0 1x30")],
        "20m",
    ),
    "AssemblyAIBudgetNearLimit": (
        [series(BUDGET % "spent", "89 91x5"), series(BUDGET % "limit", "100x6")],
        "2m",
    ),
    # A tenth of a dollar an hour for eight days, then a dollar in ten minutes.
    "AssemblyAICostUnusual": ([series(COST % "1", "0+0.017x1151 20+1x6")], "11570m"),
}


def test_each_rule_fires_for_what_it_is_for_and_not_before(tmp_path: Path) -> None:
    """promtool plays each rule with a course of values."""
    assert "7 rules found" in promtool("check", "rules", str(RULES))
    assert list(FIRES) == [rule["alert"] for rule in alerts()]
    quiet = series("held_dollars", "0x1200")
    for name, (given, at) in FIRES.items():
        # A week is played in steps of ten minutes.
        pace = "10m" if name == "AssemblyAICostUnusual" else "1m"
        missing = name == "AssemblyAIMetricsMissing"
        fires = {"labels": f'{{alertname="{name}"}}', "value": 1}
        test = {
            "interval": pace,
            "input_series": given if missing else [*given, quiet],
            "promql_expr_test": [
                {
                    "expr": 'count by (alertname) (ALERTS{alertstate="firing"})',
                    "eval_time": at,
                    "exp_samples": [fires],
                },
                {"expr": 'ALERTS{alertstate="firing"}', "eval_time": "0m", "exp_samples": []},
            ],
        }
        file = tmp_path / f"{name}.yml"
        content = {"rule_files": [str(RULES)], "evaluation_interval": pace, "tests": [test]}
        file.write_text(yaml.safe_dump(content))
    promtool("test", "rules", *map(str, sorted(tmp_path.glob("*.yml"))))


def test_the_growth_of_a_counter_survives_what_prometheus_lives_through(tmp_path: Path) -> None:
    """The panels' expression, on courses of values a minute."""
    held = 'held_dollars{job="app",instance="%s"}'
    courses = {
        # An old ledger that Prometheus has just begun to read: its history is not of this hour.
        "young": ([series(COST % 1, "500x9 507"), series(held % 1, "0x10")], "10m", 7),
        # A series that is born at 3.
        "born": ([series(COST % 1, "_x4 3+1x5"), series(held % 1, "0x90")], "9m", 8),
        "born late": (
            [series(COST % 1, "_x80 3+1x9"), series(held % 1, "0x90")],
            "85m",
            8,
        ),
        # A gap in the scrapes exactly an hour ago.
        "gap": (
            [series(COST % 1, "100x9 _x20 100x99"), series(held % 1, "0x9 _x20 0x99")],
            "80m",
            0,
        ),
        # A deployment: another instance goes on where the first one ended.
        "deployed": (
            [
                series(COST % 1, "10+1x69"),
                series(COST % 2, "_x70 80+1x90"),
                series(held % 1, "0x69"),
                series(held % 2, "_x70 0x90"),
            ],
            "100m",
            60,
        ),
        # Two instances of one ledger are not twice its cost.
        "two": (
            [
                series(COST % 1, "10+1x90"),
                series(COST % 2, "10+1x90"),
                series(held % 1, "0x90"),
                series(held % 2, "0x90"),
            ],
            "80m",
            60,
        ),
    }
    (expression,) = PANELS["Cost per hour, by key"]
    tests = [
        {
            "name": name,
            "interval": "1m",
            "input_series": given,
            "promql_expr_test": [
                {
                    "expr": expression,
                    "eval_time": at,
                    "exp_samples": [{"labels": '{key="a"}', "value": value}],
                }
            ],
        }
        for name, (given, at, value) in courses.items()
    ]
    file = tmp_path / "tests.yml"
    file.write_text(yaml.safe_dump({"tests": tests}))
    promtool("test", "rules", str(file))
