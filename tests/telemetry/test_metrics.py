"""Metrics: the ledger's own numbers from any of several workers, behind a token."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry, Counter
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import func, select
from stack_kit import CHAT, MASTER_KEY, Stack, chat, config_of
from urllib3 import encode_multipart_formdata
from webob import Request
from webtest import TestApp

from assemblyai_mw import AssemblyAIMiddleware, Keys, Ledger
from assemblyai_mw.call import Call
from assemblyai_mw.endpoints.metrics import MetricsApp
from assemblyai_mw.errors import ConfigError
from assemblyai_mw.routes import route_for
from assemblyai_mw.store import SharedBudgets, UsageFilter
from assemblyai_mw.store.schema import totals
from assemblyai_mw.telemetry.metrics import LedgerCollector, RequestMetrics
from assemblyai_mw.testing import FakeAssemblyAI, serve_all

METRICS = "/assemblyai-mw/metrics"
TOKEN = "a-token-of-prometheus-0123"
DOCS = Path(__file__).parents[2] / "docs"


Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def samples_of(text: str) -> Samples:
    """Samples by name and labels, as Prometheus' own parser reads them."""
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def value(seen: Samples, name: str, **labels: str) -> float:
    return seen[f"assemblyai_mw_{name}", frozenset(labels.items())]


def total(seen: Samples, name: str, **labels: str) -> float:
    """The sum over all labels that are not given."""
    return sum(
        value
        for (each, have), value in seen.items()
        if each == f"assemblyai_mw_{name}" and have >= frozenset(labels.items())
    )


@pytest.fixture
def stack(database_url: str) -> Iterator[Stack]:
    made = Stack(database_url, general_settings={"metrics_path": METRICS, "metrics_token": TOKEN})
    yield made
    made.close()


def scrape(stack: Stack) -> Samples:
    return samples_of(stack.ask("GET", METRICS, f"Bearer {TOKEN}").text)


def test_the_numbers_are_the_ledgers(stack):
    alice, bob = stack.key("alice", team="search"), stack.key("bob", budget_usd="5")
    for secret in (alice, alice, bob):
        assert stack.ask("POST", CHAT, secret, json=chat()).status_int == 200
    transcript = stack.submit(alice)
    stack.submit(bob)
    stack.us.finish(transcript)
    stack.ask("GET", f"/assemblyai/v2/transcript/{transcript}", alice)
    stack.us.fail_next(500, path="/v1/chat")
    stack.ask("POST", CHAT, alice, json=chat())
    seen = scrape(stack)
    rows = stack.ledger.usage("key")
    assert {row["key"] for row in rows} == {"alice", "bob"}
    for row in rows:
        key = row["key"]
        assert total(seen, "calls_total", key=key) == row["calls"] - row["pending"]
        assert total(seen, "failed_calls_total", key=key) == row["failed"]
        cost = total(seen, "cost_dollars_total", key=key)
        assert cost == pytest.approx(float(Decimal(row["cost_usd"])), rel=1e-12)
        assert cost > 0
        assert total(seen, "audio_seconds_total", key=key) == row["audio_seconds"]
        for way in ("input", "output"):
            assert total(seen, "tokens_total", key=key, direction=way) == row[f"{way}_tokens"]
    assert value(seen, "pending_calls", kind="transcript") == 1
    assert value(seen, "open_sessions") == 0
    assert value(seen, "held_dollars") == stack.held() / 1_000_000_000 > 0


def test_sessions_count_until_they_have_had_no_checkpoint_for_a_minute(stack):
    route = route_for("/streaming.assemblyai")
    for name in ("one", "two"):
        call = Call(name, time.time(), route, "GET", "/v3/ws")
        assert stack.ledger.open_session(call, model=None, features={})
    assert value(scrape(stack), "open_sessions") == 2
    with stack.keys.database.write() as connection:
        connection.exec_driver_sql(
            "UPDATE open_sessions SET seen_at = seen_at - 61000000 WHERE request_id = 'one'"
        )
    assert value(scrape(stack), "open_sessions") == 1
    assert value(scrape(stack), "pending_calls", kind="session") == 2


MADE_UP = ["x" * 128, 'a"} 1', "a\\", "*", "other", *(f"model-{n}" for n in range(20))]
KNOWN = [f"{n}/gpt-5-mini" for n in range(20)] + ["GPT-5-MINI", "gpt_5 mini"]


def models_of(seen: Samples) -> set[str]:
    return {labels["model"] for _, each in seen if "model" in (labels := dict(each))}


def test_names_that_callers_make_up_are_one_series(stack):
    alice = stack.key("alice")
    asked = []
    for name in MADE_UP + KNOWN:
        body = chat(model=name)
        gateway = "/llm-gateway.assemblyai/v1/chat/completions"
        assert stack.ask("POST", gateway, alice, json=body).status_int == 400
        speech = {"audio_url": "https://x.y/a.mp3", "speech_models": [name]}
        assert stack.ask("POST", "/assemblyai/v2/transcript", alice, json=speech).status_int == 400
        asked += [name] * 2
    assert models_of(scrape(stack)) == {"other", "gpt-5-mini"}
    with stack.keys.database.read() as connection:
        assert connection.scalar(select(func.count()).select_from(totals)) == 2
    groups = {row["model"]: row["calls"] for row in stack.ledger.usage("model")}
    assert groups == {"other": 2 * len(MADE_UP), "gpt-5-mini": 2 * len(KNOWN)}
    # A part of a day is read from the calls themselves.
    recent = stack.ledger.usage("model", UsageFilter(since=time.time() - 3600))
    assert {row["model"]: row["calls"] for row in recent} == groups
    assert [row["model"] for row in stack.ledger.calls()] == asked


def test_what_assemblyai_names_is_counted_by_its_name(stack):
    """Also a model that no price book knows yet, and one that it priced under another."""
    alice, gateway = stack.key("alice"), "/llm-gateway.assemblyai/v1/chat/completions"
    stack.us.models["gpt-9"] = stack.us.models["gpt-5-mini"]
    stack.us.speech_models.add("universal-9")
    for model, reported in (("gpt-9", None), ("gpt-5-mini", "us.gpt-5-mini-v1:0")):
        stack.us.next_answer("hi", model=reported)
        assert stack.ask("POST", gateway, alice, json=chat(model=model)).status_int == 200
        stream = chat(model=model, stream=True)
        stack.us.next_answer("hi", model=reported)
        assert stack.ask("POST", gateway, alice, json=stream).status_int == 200
    for fields in ({}, {"audio_duration": None}):
        stack.us.next_result(**fields)
        made = stack.submit(alice, speech_models=["universal-9"])
        stack.us.finish()
        stack.ask("GET", f"/assemblyai/v2/transcript/{made}", alice)
    names = {"gpt-9", "us.gpt-5-mini-v1:0", "universal-9"}
    assert {row["model"]: row["calls"] for row in stack.ledger.usage("model")} == dict.fromkeys(
        names, 2
    )
    assert models_of(scrape(stack)) == names


@pytest.mark.parametrize(
    "model, counted", [("universal-3-5-pro", "universal-3-5-pro"), ("made-up", "other")]
)
def test_a_header_that_no_reply_confirms_is_counted_if_the_book_knows_it(stack, model, counted):
    """The synchronous API's replies name no model."""
    body, kind = encode_multipart_formdata(
        {"config": '{"sample_rate": 8000}', "audio": ("a.pcm", b"\0" * 16_000)}
    )
    request = Request.blank("/sync.assemblyai/v1/transcribe", method="POST", body=body)
    key = stack.key("a")
    request.headers.update({"Authorization": key, "X-AAI-Model": model, "Content-Type": kind})
    assert request.get_response(stack.middleware).json["text"]
    (row,) = stack.ledger.calls()
    assert (row["state"], row["model"]) == ("settled", model)
    assert [group["model"] for group in stack.ledger.usage("model")] == [counted]


def test_an_empty_ledger_has_gauges_and_no_money(stack):
    seen = scrape(stack)
    assert value(seen, "held_dollars") == 0
    assert not [name for name, _ in seen if name.startswith("assemblyai_mw_cost")]


def test_requests_are_measured_refused_ones_too(stack):
    stack.ask("GET", "/assemblyai/v2/transcript", None)
    stack.ask("GET", "/assemblyai/v2/transcript", MASTER_KEY)
    stack.ask("TRACE", "/assemblyai/v2/transcript", MASTER_KEY)
    seen, name = scrape(stack), "request_duration_seconds_count"
    assert value(seen, name, route="/assemblyai", method="GET", status="401") == 1
    assert value(seen, name, route="/assemblyai", method="GET", status="200") == 1
    assert total(seen, name) == 3
    assert total(seen, name, method="OTHER") == 1


def test_openmetrics_is_spoken_where_it_is_asked_for(stack):
    accept = {"Accept": "application/openmetrics-text; version=1.0.0"}
    reply = stack.ask("GET", METRICS, f"Bearer {TOKEN}", headers=accept)
    assert reply.headers["Content-Type"].startswith("application/openmetrics-text")
    assert reply.text.endswith("# EOF\n")


@pytest.mark.parametrize(
    "authorization",
    [None, "", "Bearer", "Bearer wrong", f"Basic {TOKEN}", TOKEN, f"Bearer {MASTER_KEY}"],
)
def test_nobody_without_the_token_sees_who_spends_what(stack, authorization):
    reply = stack.ask("GET", METRICS, authorization)
    assert reply.status_int == 401
    assert "assemblyai" not in reply.text


@pytest.mark.parametrize(
    "method, path, status",
    [("POST", METRICS, 405), ("GET", METRICS + "/x", 404), ("HEAD", METRICS, 200)],
)
def test_other_methods_and_paths(stack, method, path, status):
    reply = stack.ask(method, path, f"Bearer {TOKEN}")
    assert (reply.status_int, reply.body if method == "HEAD" else b"") == (status, b"")


def test_without_a_token_of_its_own_the_master_key_opens_it(sqlite_url):
    stack = Stack(sqlite_url, general_settings={"metrics_path": METRICS})
    assert stack.ask("GET", METRICS, f"Bearer {MASTER_KEY}").status_int == 200
    assert stack.ask("GET", METRICS, None).status_int == 401
    stack.close()


def test_a_path_that_nothing_guards_is_refused_at_start(sqlite_url, monkeypatch):
    monkeypatch.delenv("ASSEMBLYAI_MW_MASTER_KEY", raising=False)
    config = config_of(sqlite_url, general_settings={"metrics_path": METRICS, "master_key": None})
    with pytest.raises(ConfigError, match="metrics_token or master_key"):
        AssemblyAIMiddleware(lambda *_: [], config)


def test_a_ledger_that_cannot_be_read_is_a_503(tmp_path):
    app = TestApp(MetricsApp(f"sqlite:///{tmp_path}/no/such/folder.db", token=None))
    assert app.get("/", status="*").status_int == 503


def test_a_hosts_own_registry_can_hold_the_collector(stack):
    stack.ask("POST", CHAT, MASTER_KEY, json=chat())
    registry = CollectorRegistry()
    registry.register(LedgerCollector(stack.ledger))
    labels = {"key": "master", "team": "", "model": "gpt-5-mini"}
    assert registry.get_sample_value("assemblyai_mw_calls_total", labels) == 1


def test_a_hosts_own_metrics_are_not_shown_here(stack):
    registry = CollectorRegistry()
    Counter("hosts_secrets", "Not ours.", registry=registry).inc()
    app = TestApp(MetricsApp(stack.ledger, token=None, requests=RequestMetrics(registry)))
    assert "hosts_secrets" not in app.get("/").text


def test_durations_of_one_worker_among_several_are_left_out(stack, caplog):
    app = MetricsApp(stack.ledger, token=None, requests=RequestMetrics())
    for _ in range(2):
        reply = TestApp(app, extra_environ={"wsgi.multiprocess": True}).get("/", status="*")
        assert "request_duration" not in reply.text
    assert caplog.text.count("PROMETHEUS_MULTIPROC_DIR") == 1


# Several workers

SERVED = """
import json, os
from assemblyai_mw import AssemblyAIMiddleware

def host(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [str(os.getpid()).encode()]

app = AssemblyAIMiddleware(host, json.loads(os.environ["TEST_CONFIG"]))
"""


def fetch(url: str, body: Any = None, **headers: str) -> bytes:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(
        url, data, {"Content-Type": "application/json", **headers}, method="POST" if data else "GET"
    )
    with urllib.request.urlopen(request, timeout=30) as reply:
        content: bytes = reply.read()
        return content


@pytest.mark.slow
def test_under_four_gunicorn_workers_each_scrape_shows_the_ledgers_numbers(tmp_path, sqlite_url):
    fake = FakeAssemblyAI()
    (tmp_path / "served.py").write_text(SERVED)
    shared = tmp_path / "shared"
    shared.mkdir()
    with serve_all(us=fake) as hosts:
        config = config_of(sqlite_url, routes=hosts.routes)
        config["general_settings"] |= {"metrics_path": METRICS, "metrics_token": TOKEN}
        output = (tmp_path / "log").open("wb")
        server = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "-w", "4", "-b", "127.0.0.1:0", "served:app"],
            cwd=tmp_path,
            env={
                **os.environ,
                "TEST_CONFIG": json.dumps(config),
                "PROMETHEUS_MULTIPROC_DIR": str(shared),
                "PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path]),
            },
            stdout=output,
            stderr=output,
        )
        try:
            url = listening(tmp_path / "log", server)
            alice = Keys(sqlite_url).create("alice").key
            pids = set()
            for _ in range(40):
                fetch(f"{url}{CHAT}", chat(), Authorization=alice)
                pids.add(fetch(f"{url}/"))
            assert len(pids) > 1, "one worker answered everything"
            pages = [
                samples_of(fetch(f"{url}{METRICS}", Authorization=f"Bearer {TOKEN}").decode())
                for _ in range(12)
            ]
        finally:
            server.terminate()
            server.wait(30)
            output.close()
    (mine,) = Ledger(sqlite_url).usage("key")
    labels = {"key": "alice", "team": "", "model": "gpt-5-mini"}
    for seen in pages:
        assert value(seen, "calls_total", **labels) == mine["calls"] == 40
        cost = value(seen, "cost_dollars_total", **labels)
        assert cost == pytest.approx(float(mine["cost_usd"]), rel=1e-12)
        count = "request_duration_seconds_count"
        assert total(seen, count, method="POST", status="200") == 40


def listening(log: Path, server: subprocess.Popen[bytes]) -> str:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and server.poll() is None:
        found = re.search(r"Listening at: (http://[\d.:]+)", log.read_text("utf-8", "replace"))
        if found:
            return found[1]
        time.sleep(0.05)
    raise AssertionError(log.read_text("utf-8", "replace"))


# The dashboard


def test_the_dashboard_asks_only_for_metrics_that_there_are(stack):
    stack.keys.set_team("blue", budget_usd=7)
    stack.ask("POST", CHAT, MASTER_KEY, json=chat())
    families = text_string_to_metric_families(stack.ask("GET", METRICS, f"Bearer {TOKEN}").text)
    there = {name for name, _ in scrape(stack)}
    # One without a series yet has no sample.
    there |= {f"{family.name}_total" for family in families if family.type == "counter"}
    dashboard = json.loads((DOCS / "grafana-dashboard.json").read_text())
    asked = {
        name
        for panel in dashboard["panels"]
        for target in panel.get("targets", ())
        for name in re.findall(r"assemblyai_mw_\w+", target["expr"])
    }
    assert len(asked) >= 8
    assert asked <= there


def test_budgets_that_are_set_have_limit_spent_and_held_by_name(stack):
    shared = SharedBudgets(stack.keys.database)
    shared.set(tag="customer=acme", budget_daily_usd="2.5")
    shared.set(end_user="maria", budget_usd=1)
    stack.keys.set_team("blue", budget_monthly_usd=7)
    key = stack.key("alice", team="blue", budget_usd=5, tags={"customer": "acme"})
    gone = stack.key("gone", budget_usd=5)
    stack.key("free")
    assert stack.ask("POST", CHAT, key, json=chat()).status_int == 200
    assert stack.ask("POST", CHAT, gone, json=chat()).status_int == 200
    stack.submit(key)
    stack.keys.revoke("gone")
    stack.keys.set("alice", extra_budget_usd=2, extra_budget_for="1d")
    seen = scrape(stack)
    expected = {
        ("key", "alice", "total"): 7,
        ("team", "blue", "monthly"): 7,
        ("tag", "customer=acme", "daily"): 2.5,
        ("end_user", "maria", "total"): 1,
    }
    (cost,) = (
        float(row["cost_usd"])
        for row in stack.ledger.calls()
        if row["key"] == "alice" and row["cost_usd"]
    )
    for name in ("limit", "spent", "held"):
        found = {
            tuple(dict(labels)[each] for each in ("scope", "name", "window")): amount
            for (metric, labels), amount in seen.items()
            if metric == f"assemblyai_mw_budget_{name}_dollars"
        }
        assert found.keys() == expected.keys()
        if name == "limit":
            assert found == expected
        else:
            used = {amount for (scope, *_), amount in found.items() if scope != "end_user"}
            assert found["end_user", "maria", "total"] == 0
            assert used == ({cost} if name == "spent" else {value(seen, "held_dollars")})
