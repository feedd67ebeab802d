"""OpenTelemetry: each call a span, with the GenAI semantic conventions' attributes.

Conventions: opentelemetry.io/docs/specs/semconv/gen-ai (`gen_ai.*`, of 1.37 and later,
still in development there) and .../http (stable). Content is never in a span. Needs
`opentelemetry-api` (the extra `otel`), and an SDK that the host has set up: without one
the API records nothing.

On every call: `http.request.method`, `http.response.status_code`, `http.route` (the
prefix), `url.path`, and of `assemblyai_mw.`: `call_id`, `region`, `key`, `team`, `state`,
`transcript_id`, where known.

On billable calls: `gen_ai.operation.name` (`chat`; else the call's kind: `transcript`, ...),
`gen_ai.provider.name` (`assemblyai`), and once the usage is known `gen_ai.response.model`,
`gen_ai.usage.input_tokens`, `gen_ai.usage.output_tokens`, `assemblyai_mw.audio_seconds`,
`assemblyai_mw.cost_usd`. A transcript's usage is known to the read that settles it.

The span of a streaming session is that of its handshake: it ends with the 101, before the session
has a length or a cost. The log line at the session's end has these, under the same `call_id`.

`error.type` is the status from 500 on, and `broken_off` for a reply that was cut short.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from opentelemetry import propagate as propagation
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import Span, SpanKind, Status, StatusCode

from ..billing.price_book import format_usd
from ..call import Call, enter
from ..http.bodies import CountingBody

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_CARRIED = ("traceparent", "tracestate", "baggage")


class Tracing:
    """Record each call as a span, from its first byte in to its last byte out.

    Outermost of the stages of a route. The span's parent is the host's current span, else the
    caller's `traceparent`. The span is current while the stages run, so that the host's
    instrumented database shows inside it. It is not current while a streamed body goes out: that is
    the server's time.

    A caller's `traceparent`, `tracestate` and `baggage` are not forwarded. With *propagate*
    AssemblyAI gets this span's context with the caller's baggage: the stage writes
    `call.trace_context`.

    Args:
        app: The next WSGI app.
        propagate: Send this span's context upstream.
        tracer_provider: Default: the host's global one.
    """

    def __init__(
        self,
        app: WSGIApplication,
        *,
        propagate: bool = False,
        tracer_provider: trace.TracerProvider | None = None,
    ) -> None:
        self.app = app
        self.propagate = propagate
        self._tracer = trace.get_tracer("assemblyai_mw", tracer_provider=tracer_provider)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        call, environ = enter(environ)
        parent = None
        if not trace.get_current_span().get_span_context().is_valid:
            parent = propagation.extract(_carrier(environ))
        span = self._tracer.start_span(
            f"{call.method} {call.route.prefix}", context=parent, kind=SpanKind.CLIENT
        )
        if self.propagate:
            call.trace_context = _context_of(span, parent)
        status = ""

        def start(line: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            nonlocal status
            status = line
            if exc_info:
                return start_response(line, headers, exc_info)
            return start_response(line, headers)

        def end(_: int, whole: bool) -> None:
            # As for the log: the server does not always get rid of a session's 101.
            sent = status and (whole or status[:3] == "101")
            _describe(span, call, int(status[:3]) if sent else None)
            span.end()

        try:
            # Its own exceptions may quote the data sent.
            with trace.use_span(span, record_exception=False, set_status_on_exception=False):
                body = self.app(environ, start)
        except BaseException:
            end(0, False)
            raise
        if type(body) is list:
            end(0, True)
            return body
        return CountingBody(body, end)


def _carrier(environ: WSGIEnvironment) -> dict[str, str]:
    keys = {name: f"HTTP_{name.upper()}" for name in _CARRIED}
    return {name: environ[key] for name, key in keys.items() if key in environ}


def _context_of(span: Span, parent: Context | None) -> list[tuple[str, str]]:
    """Return the fields that carry *span*, by the propagators that the host has set up."""
    carrier: dict[str, str] = {}
    propagation.inject(carrier, context=trace.set_span_in_context(span, parent))
    return [(name.title(), value) for name, value in carrier.items()]


def _describe(span: Span, call: Call, status: int | None) -> None:
    """Set the span's attributes from the call."""
    if not span.is_recording():
        return
    usage, price, caller = call.usage, call.price, call.caller
    if call.kind is not None:
        span.set_attribute("gen_ai.operation.name", call.kind)
        span.set_attribute("gen_ai.provider.name", "assemblyai")
        # The conventions' form; who was asked is known only now.
        span.update_name(f"{call.kind} {usage.model}" if usage and usage.model else call.kind)
    known: dict[str, Any] = {
        "http.request.method": call.method,
        "http.response.status_code": status,
        "http.route": call.route.prefix,
        "url.path": call.path,
        "gen_ai.response.model": usage.model if usage else None,
        "gen_ai.usage.input_tokens": usage.input_tokens if usage else None,
        "gen_ai.usage.output_tokens": usage.output_tokens if usage else None,
        "assemblyai_mw.call_id": call.id,
        "assemblyai_mw.key": caller.name if caller else None,
        "assemblyai_mw.team": caller.team if caller else None,
        "assemblyai_mw.region": call.route.region,
        "assemblyai_mw.state": call.state,
        "assemblyai_mw.transcript_id": call.transcript_id,
        "assemblyai_mw.audio_seconds": usage.audio_ms / 1000
        if usage and usage.audio_ms is not None
        else None,
        "assemblyai_mw.cost_usd": format_usd(price.nano) if price else None,
    }
    for name, value in known.items():
        if value is not None:
            span.set_attribute(name, value)
    if status is None or status >= 500:
        span.set_attribute("error.type", "broken_off" if status is None else str(status))
        span.set_status(Status(StatusCode.ERROR))
