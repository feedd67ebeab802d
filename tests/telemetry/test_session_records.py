"""Streaming sessions in logs, metrics and traces: told at their end, by how they ended."""

from __future__ import annotations

import json
import queue
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client.parser import text_string_to_metric_families
from stack_kit import MASTER_KEY, Stack
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect
from werkzeug.serving import make_server

from assemblyai_mw import CallLog, CallRecord
from assemblyai_mw.telemetry.metrics import RequestMetrics
from assemblyai_mw.telemetry.tracing import Tracing

METRICS = "/assemblyai-mw/metrics"
TOKEN = "a-token-of-prometheus-0123"
STREAMING = "/streaming.assemblyai"
MODEL = "universal-streaming-english"


class Served:
    """A stack on a socket, with the records of its calls and the spans."""

    def __init__(self, database_url: str) -> None:
        self.records: queue.Queue[CallRecord] = queue.Queue()
        self.stack = Stack(
            database_url,
            options={"on_call": self.records.put},
            general_settings={"metrics_path": METRICS, "metrics_token": TOKEN},
        )
        self.exporter = InMemorySpanExporter()
        provider = TracerProvider()
        provider.add_span_processor(SimpleSpanProcessor(self.exporter))
        app = Tracing(self.stack.middleware, tracer_provider=provider)
        self.server = make_server("127.0.0.1", 0, app, threaded=True)
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    def close(self) -> None:
        self.stack.middleware.close()
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()
        self.stack.close()

    def connect(self, key: str, **query: Any) -> Any:
        asked = {"sample_rate": 16_000, "speech_model": MODEL} | query
        parameters = "&".join(f"{name}={value}" for name, value in asked.items())
        return connect(
            f"ws://127.0.0.1:{self.server.port}{STREAMING}/v3/ws?{parameters}",
            additional_headers={"Authorization": key},
        )

    def session(self, key: str, **query: Any) -> CallRecord:
        """Have a session of a tenth of a second's audio; return its record."""
        with self.connect(key, **query) as session:
            session.recv()
            session.send(bytes(3200))
            session.send(json.dumps({"type": "Terminate"}))
            while json.loads(session.recv())["type"] != "Termination":
                pass
        return self.records.get(timeout=10)

    def metrics(self) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
        text = self.stack.ask("GET", METRICS, f"Bearer {TOKEN}").text
        return {
            (sample.name.removeprefix("assemblyai_mw_"), frozenset(sample.labels.items())): (
                sample.value
            )
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }


@pytest.fixture
def served(sqlite_url: str) -> Iterator[Served]:
    made = Served(sqlite_url)
    yield made
    made.close()


def test_a_session_has_one_record_with_its_end_and_its_cost(served):
    record = served.session(served.stack.key("alice", team="search"))
    (row,) = served.stack.ledger.calls()
    assert (record.status, record.kind, record.state) == (101, "session", "settled")
    assert (record.ended_by, record.close_code, record.model) == ("client", 1000, MODEL)
    assert record.cost_usd == row["cost_usd"]
    assert record.audio_seconds == 1
    assert record.bytes_in is not None
    assert record.bytes_in > 3200
    assert record.bytes_out > 100
    fields = record.fields()
    assert {"bytes_in", "ended_by", "close_code"} <= set(fields)
    assert served.records.empty()


def test_the_metrics_have_its_seconds_and_its_end_and_no_request(served):
    with served.connect(served.stack.key("alice")) as session:
        session.recv()
        assert served.metrics()["open_sessions", frozenset()] == 1
        session.send(json.dumps({"type": "Terminate"}))
        while json.loads(session.recv())["type"] != "Termination":
            pass
    served.records.get(timeout=10)
    seen = served.metrics()
    assert seen["open_sessions", frozenset()] == 0
    group = frozenset({"key": "alice", "team": "", "model": MODEL}.items())
    assert seen["audio_seconds_total", group] == 1
    assert seen["cost_dollars_total", group] == pytest.approx(0.15 / 3600, rel=1e-4)
    ends = {"route": STREAMING, "ended_by": "client", "code": "1000"}
    assert seen["session_ends_total", frozenset(ends.items())] == 1
    assert not [name for name, _ in seen if name == "request_duration_seconds_count"]


def test_a_session_that_is_refused_counts_by_its_code(served):
    with served.connect(served.stack.key("bob", region="us")) as session:
        assert json.loads(session.recv())["error_code"] == 1008
    record = served.records.get(timeout=10)
    assert (record.status, record.ended_by, record.close_code) == (101, "cut", 1008)
    ends = {"route": STREAMING, "ended_by": "cut", "code": "1008"}
    assert served.metrics()["session_ends_total", frozenset(ends.items())] == 1


def test_a_handshake_that_is_answered_in_http_is_a_request(served):
    with pytest.raises(InvalidStatus):
        served.connect("sk-nobody")
    record = served.records.get(timeout=10)
    assert (record.status, record.ended_by) == (401, None)
    request = {"route": STREAMING, "method": "GET", "status": "401"}
    seen = served.metrics()
    assert seen["request_duration_seconds_count", frozenset(request.items())] == 1
    assert not [name for name, _ in seen if name == "session_ends_total"]


def test_codes_of_a_clients_own_are_one_series():
    metrics = RequestMetrics()
    known = {"id": "1", "at": None, "key": None, "team": None, "route": STREAMING}
    known |= {"region": "global", "method": "GET", "path": "/v3/ws", "status": 101}
    for code in (None, 1000, 4002, *range(3100, 5000)):
        record = CallRecord(
            **known, duration_ms=1.0, bytes_out=0, ended_by="client", close_code=code
        )
        metrics(record)
    (family,) = (each for each in metrics.registry.collect() if each.name.endswith("session_ends"))
    codes = {s.labels["code"]: s.value for s in family.samples if s.name.endswith("_total")}
    assert codes == {"none": 1, "1000": 1, "4002": 2, "other": len(range(3100, 5000)) - 1}


def test_a_101_that_the_server_cannot_write_is_no_reply_that_broke_off():
    """Where the server speaks TLS itself, its socket is closed by then."""
    records: list[CallRecord] = []
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))

    def refused(environ: Any, start_response: Any) -> Any:
        start_response("101 Switching Protocols", [])
        return iter((b"",))

    app = Tracing(CallLog(refused, on_call=records.append), tracer_provider=provider)
    environ = {"REQUEST_METHOD": "GET", "SCRIPT_NAME": STREAMING, "PATH_INFO": "/v3/ws"}
    body: Any = app(environ, lambda *_: None)
    body.close()
    assert [record.status for record in records] == [101]
    (span,) = exporter.get_finished_spans()
    assert span.attributes["http.response.status_code"] == 101
    assert "error.type" not in span.attributes


def test_the_span_of_a_session_is_that_of_its_handshake(served):
    served.session(MASTER_KEY)
    (span,) = served.exporter.get_finished_spans()
    assert span.name == "session"
    assert span.attributes["http.response.status_code"] == 101
    assert span.attributes["assemblyai_mw.state"] in ("pending", "settled")
    assert "error.type" not in span.attributes
