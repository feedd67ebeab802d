"""OpenTelemetry spans: one a call, with what it was and cost, and never its content."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode
from stack_kit import CHAT, MASTER_KEY, Stack, chat
from webtest import TestApp

from assemblyai_mw.telemetry.tracing import Tracing

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = f"00-{TRACE}-b7ad6b7169203331-01"
SUBMIT = "/assemblyai/v2/transcript"


class Traced:
    """A stack whose calls are spans, and the spans."""

    def __init__(self, stack: Stack, **options: Any) -> None:
        self.exporter = InMemorySpanExporter()
        provider = TracerProvider()
        provider.add_span_processor(SimpleSpanProcessor(self.exporter))
        self.tracer = provider.get_tracer("host")
        self.stack = stack
        # The very stages of the stack, with a tracer of the test's own.
        stack.app = TestApp(
            Tracing(stack.middleware, tracer_provider=provider, **options), lint=False
        )

    def spans(self) -> list[Any]:
        return list(self.exporter.get_finished_spans())

    def one(self) -> Any:
        (span,) = self.spans()
        return span


@pytest.fixture
def stack(sqlite_url: str) -> Iterator[Stack]:
    made = Stack(sqlite_url)
    yield made
    made.close()


def test_a_chat_is_a_span_with_the_conventions_attributes(stack):
    traced = Traced(stack)
    stack.ask("POST", CHAT, stack.key("alice", team="search"), json=chat("heron-in-the-question"))
    span = traced.one()
    (row,) = stack.ledger.calls()
    assert span.name == "chat gpt-5-mini"
    assert span.kind is SpanKind.CLIENT
    expected = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "assemblyai",
        "gen_ai.response.model": "gpt-5-mini",
        "gen_ai.usage.input_tokens": row["input_tokens"],
        "gen_ai.usage.output_tokens": row["output_tokens"],
        "http.request.method": "POST",
        "http.response.status_code": 200,
        "assemblyai_mw.key": "alice",
        "assemblyai_mw.team": "search",
        "assemblyai_mw.cost_usd": row["cost_usd"],
        "assemblyai_mw.state": "settled",
        "assemblyai_mw.call_id": row["request_id"],
    }
    assert {name: span.attributes[name] for name in expected} == expected
    assert "heron" not in span.to_json()


def test_a_streams_span_ends_with_its_last_byte_and_knows_its_usage(stack):
    traced = Traced(stack)
    stack.ask("POST", CHAT, MASTER_KEY, json=chat(stream=True))
    assert traced.one().attributes["gen_ai.usage.output_tokens"] > 0


def test_a_transcripts_audio_shows_on_the_read_that_settles_it(stack):
    traced = Traced(stack)
    path = f"{SUBMIT}/{stack.submit(MASTER_KEY)}"
    stack.finish()
    stack.ask("GET", path, MASTER_KEY)
    submit, read = traced.spans()
    assert submit.attributes["gen_ai.operation.name"] == "transcript"
    assert read.attributes["assemblyai_mw.audio_seconds"] > 0
    assert "gen_ai.operation.name" not in read.attributes


@pytest.mark.parametrize("status, error", [(200, None), (404, None), (500, "500"), (503, "503")])
def test_only_faults_of_the_server_are_errors(status, error):
    def app(environ: Any, start_response: Any) -> list[bytes]:
        start_response(f"{status} X", [("Content-Type", "text/plain")])
        return [b"x"]

    traced = Traced(FakeStack(app))
    traced.stack.app.get("/v2/x", status="*")
    span = traced.one()
    assert span.attributes.get("error.type") == error
    assert (span.status.status_code is StatusCode.ERROR) == (error is not None)


class FakeStack:
    """Any app in a stack's place."""

    def __init__(self, app: Any) -> None:
        self.middleware = app
        self.app: Any = None


def test_a_reply_that_breaks_off_is_an_error_and_its_exception_is_not_quoted():
    def app(environ: Any, start_response: Any) -> Any:
        start_response("200 OK", [("Content-Type", "text/plain")])
        yield b"x"
        raise RuntimeError("heron")

    traced = Traced(FakeStack(app))
    with pytest.raises(RuntimeError):
        traced.stack.app.get("/v2/x")
    span = traced.one()
    assert span.attributes["error.type"] == "broken_off"
    assert "heron" not in span.to_json()


def test_an_app_that_raises_ends_its_span():
    def app(environ: Any, start_response: Any) -> Any:
        raise RuntimeError("heron")

    traced = Traced(FakeStack(app))
    with pytest.raises(RuntimeError):
        traced.stack.app.get("/v2/x")
    assert "heron" not in traced.one().to_json()


def sent_parent(stack: Stack) -> str | None:
    return stack.us.requests[-1].header("traceparent")


def test_a_callers_context_is_the_parent_and_does_not_go_upstream(stack):
    traced = Traced(stack)
    stack.ask(
        "GET",
        "/llm-gateway.assemblyai/v1/models",
        MASTER_KEY,
        headers={"traceparent": PARENT, "tracestate": "a=b", "baggage": "user=7"},
    )
    assert f"{traced.one().context.trace_id:032x}" == TRACE
    assert f"{traced.one().parent.span_id:016x}" == "b7ad6b7169203331"
    sent = stack.us.requests[-1]
    assert [sent.header(name) for name in ("traceparent", "tracestate", "baggage")] == [None] * 3


def test_without_a_callers_context_nothing_goes_upstream(stack):
    Traced(stack)
    stack.ask("GET", "/llm-gateway.assemblyai/v1/models", MASTER_KEY)
    assert sent_parent(stack) is None


@pytest.mark.parametrize("headers", [{}, {"traceparent": PARENT, "tracestate": "a=b"}])
def test_with_propagation_the_spans_own_context_goes_upstream(stack, headers):
    traced = Traced(stack, propagate=True)
    stack.ask("GET", "/llm-gateway.assemblyai/v1/models", MASTER_KEY, headers=headers)
    context = traced.one().context
    assert sent_parent(stack).startswith(f"00-{context.trace_id:032x}-{context.span_id:016x}-")


def test_with_propagation_the_callers_state_and_baggage_go_along(stack):
    Traced(stack, propagate=True)
    headers = {"traceparent": PARENT, "tracestate": "a=b", "baggage": "user=7"}
    stack.ask("GET", "/llm-gateway.assemblyai/v1/models", MASTER_KEY, headers=headers)
    sent = stack.us.requests[-1]
    assert (sent.header("tracestate"), sent.header("baggage")) == ("a=b", "user=7")


def test_a_context_that_a_setting_sends_too_goes_once(sqlite_url):
    stack = Stack(sqlite_url, upstream={"headers": ["traceparent"]})
    Traced(stack, propagate=True)
    path = "/llm-gateway.assemblyai/v1/models"
    stack.ask("GET", path, MASTER_KEY, headers={"traceparent": PARENT})
    sent = [value for name, value in stack.us.requests[-1].headers if name == "Traceparent"]
    assert len(sent) == 1
    assert sent != [PARENT]
    stack.close()


def test_the_hosts_current_span_is_the_parent(stack):
    traced = Traced(stack)
    with traced.tracer.start_as_current_span("request") as outer:
        stack.ask("GET", SUBMIT, MASTER_KEY, headers={"traceparent": PARENT})
    mine = next(span for span in traced.spans() if span.name != "request")
    assert mine.parent.span_id == outer.get_span_context().span_id


def test_the_span_is_current_while_the_stages_run():
    seen = []

    def app(environ: Any, start_response: Any) -> list[bytes]:
        seen.append(trace.get_current_span().get_span_context().span_id)
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"x"]

    traced = Traced(FakeStack(app))
    traced.stack.app.get("/v2/x")
    assert seen == [traced.one().context.span_id]


def test_a_configuration_switches_it_on(sqlite_url):
    """With no SDK set up the API records nothing, and calls go their way."""
    stack = Stack(sqlite_url, tracing=True)
    assert stack.ask("POST", CHAT, MASTER_KEY, json=chat()).status_int == 200
    stack.close()


def test_a_hostile_context_is_no_parent(stack):
    traced = Traced(stack)
    for value in ("", "junk", "00-" + "0" * 32 + "-" + "0" * 16 + "-01", "x" * 5000):
        stack.ask("GET", SUBMIT, MASTER_KEY, headers={"traceparent": value})
    assert [span.parent for span in traced.spans()] == [None] * 4
    assert json.loads(traced.spans()[0].to_json())["parent_id"] is None
