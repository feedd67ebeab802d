"""Prometheus metrics: costs and calls from the ledger, latencies from each process.

Costs and calls are read from the ledger at each scrape, so that every worker on every host gives
the same numbers. Each worker measures its own request durations and counts the ends of its
sessions. For several workers `prometheus_client` adds them up through files in the directory that
PROMETHEUS_MULTIPROC_DIR names. Without it these two are left out, since each scrape would reach
another worker.

| name                                    | type      | labels                |
|-----------------------------------------|-----------|-----------------------|
| `assemblyai_mw_calls_total`             | counter   | key, team, model      |
| `assemblyai_mw_failed_calls_total`      | counter   | key, team, model      |
| `assemblyai_mw_cost_dollars_total`      | counter   | key, team, model      |
| `assemblyai_mw_audio_seconds_total`     | counter   | key, team, model      |
| `assemblyai_mw_tokens_total`            | counter   | the same, direction |
| `assemblyai_mw_cached_tokens_total`     | counter   | key, team, model      |
| `assemblyai_mw_unpriced_calls`          | gauge     | key, team, model      |
| `assemblyai_mw_pending_calls`           | gauge     | kind                  |
| `assemblyai_mw_oldest_pending_seconds`  | gauge     | kind                  |
| `assemblyai_mw_open_sessions`           | gauge     |                       |
| `assemblyai_mw_held_dollars`            | gauge     |                       |
| `assemblyai_mw_budget_limit_dollars`    | gauge     | scope, name, window   |
| `assemblyai_mw_budget_spent_dollars`    | gauge     | scope, name, window   |
| `assemblyai_mw_budget_held_dollars`     | gauge     | scope, name, window   |
| `assemblyai_mw_request_duration_seconds`| histogram | route, method, status |
| `assemblyai_mw_session_ends_total`      | counter   | route, ended_by, code |

Calls are billable calls, once closed; a transcript's cost appears when it is settled. A model is
one that the price book names or that AssemblyAI reported; all other names count as `other`. A
direction is `input` or `output`; cached tokens are part of the input. The audio seconds of a
streaming session are those that its socket was open, as AssemblyAI bills them. A session is no
request: its length is in no histogram of requests. A budget's scope is `key`, `team`, `tag` or
`end_user`, and its window `total`, `daily` or `monthly`; only budgets that are set have series, and
a temporary increase is in the limit. Needs the extra `prometheus`.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from ..store.lazy import ledger_of

if TYPE_CHECKING:
    from ..store import BudgetStatus, Database, Ledger
    from ..store.gauges import Sums
    from ..store.limits import Limits
    from .record import CallRecord

logger = logging.getLogger("assemblyai_mw.metrics")

PREFIX = "assemblyai_mw_"
# From a cached read to a long stream.
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300)
MULTIPROCESS_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
_GROUP = ("key", "team", "model")
_NANO = 1_000_000_000


class LedgerCollector(Collector):
    """The ledger's numbers, for a registry: `REGISTRY.register(LedgerCollector(ledger))`.

    A scrape costs one read of the running totals: a row a day, key, team and model.

    Args:
        ledger: A `Ledger`, a `Database` or its URL.
    """

    def __init__(self, ledger: Ledger | Database | str) -> None:
        self.ledger = ledger_of(ledger)

    def describe(self) -> Iterable[Metric]:
        """Return nothing: registering must not read the database before the fork."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """Yield the metrics.

        Raises:
            StoreError: The ledger cannot be read.
        """
        from ..store.gauges import gauges

        now = gauges(self.ledger.database, lost_after_s=self.ledger.lost_after_s)
        yield _counter("calls", "Calls that cost or could, and are closed.", now.sums, "calls")
        yield _counter("failed_calls", "Calls that failed, and cost nothing.", now.sums, "failed")
        yield _counter("cost_dollars", "What settled calls cost.", now.sums, "cost_nano", _NANO)
        yield _counter("audio_seconds", "Audio of settled calls.", now.sums, "audio_ms", 1000)
        tokens = CounterMetricFamily(
            f"{PREFIX}tokens", "Tokens of settled calls.", labels=(*_GROUP, "direction")
        )
        for each in now.sums:
            group = [each.key, each.team, each.model]
            tokens.add_metric([*group, "input"], each.input_tokens)
            tokens.add_metric([*group, "output"], each.output_tokens)
        yield tokens
        yield _counter(
            "cached_tokens", "Input tokens read from a cache.", now.sums, "cached_tokens"
        )
        yield _counter("characters", "Characters that were spoken.", now.sums, "characters")
        unpriced = GaugeMetricFamily(
            f"{PREFIX}unpriced_calls", "Closed calls that no price was found for.", labels=_GROUP
        )
        for each in now.sums:
            unpriced.add_metric([each.key, each.team, each.model], each.unpriced)
        yield unpriced
        pending = GaugeMetricFamily(
            f"{PREFIX}pending_calls", "Calls whose cost is not known yet.", labels=("kind",)
        )
        for kind, count in sorted((now.pending or {"transcript": 0}).items()):
            pending.add_metric([kind], count)
        yield pending
        oldest = GaugeMetricFamily(
            f"{PREFIX}oldest_pending_seconds",
            "Age of the oldest call whose cost is not known yet.",
            labels=("kind",),
        )
        for kind, age_s in sorted((now.oldest_s or {"transcript": 0.0}).items()):
            oldest.add_metric([kind], age_s)
        yield oldest
        sessions = GaugeMetricFamily(
            f"{PREFIX}open_sessions", "Streaming sessions under way, of all workers."
        )
        sessions.add_metric([], now.sessions)
        yield sessions
        held = GaugeMetricFamily(f"{PREFIX}held_dollars", "Budget held for calls under way.")
        held.add_metric([], now.held_nano / _NANO)
        yield held
        yield from _budgets(now.budgets)


def _budgets(budgets: Sequence[tuple[Limits, BudgetStatus]]) -> Iterator[GaugeMetricFamily]:
    for name, text in (
        ("limit", "Budgets as they bind now."),
        ("spent", "What is spent of each budget in its present window."),
        ("held", "What is held of each budget for calls under way."),
    ):
        family = GaugeMetricFamily(
            f"{PREFIX}budget_{name}_dollars", text, labels=("scope", "name", "window")
        )
        for limits, status in budgets:
            labels = [status.scope, limits.name, status.window]
            family.add_metric(labels, getattr(status, name) / _NANO)
        yield family


def _counter(
    name: str, text: str, sums: Iterable[Sums], column: str, unit: int = 1
) -> CounterMetricFamily:
    family = CounterMetricFamily(f"{PREFIX}{name}", text, labels=_GROUP)
    for each in sums:
        family.add_metric([each.key, each.team, each.model], getattr(each, column) / unit)
    return family


class RequestMetrics:
    """How long requests took, and how streaming sessions ended: an `on_call`.

        requests = RequestMetrics()
        app = AssemblyAIMiddleware(app, on_call=requests)

    Counts every call with a `CallRecord`, also free and refused ones. Status `0` is a reply that
    broke off. A streaming session, and one that was refused by a close code, counts by its end
    alone. The code is `none` where the client vanished, and `other` if it is not one that RFC 6455,
    AssemblyAI or this package sends.

    Args:
        registry: Where both are registered; default: one of its own.
    """

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        self.registry = registry if registry is not None else CollectorRegistry()
        self._durations = Histogram(
            f"{PREFIX}request_duration_seconds",
            "Time until the last byte of the reply.",
            ("route", "method", "status"),
            buckets=BUCKETS,
            registry=self.registry,
        )
        self._session_ends = Counter(
            f"{PREFIX}session_ends",
            "Ends of streaming sessions, refused ones too.",
            ("route", "ended_by", "code"),
            registry=self.registry,
        )

    def __call__(self, record: CallRecord) -> None:
        """Count one call."""
        if record.ended_by is not None:
            code = _code_label(record.close_code)
            self._session_ends.labels(record.route, record.ended_by, code).inc()
            return
        # A method can be any word that a client makes up; each would be a series for ever.
        method = record.method if record.method in _METHODS else "OTHER"
        labels = (record.route, method, str(record.status or 0))
        self._durations.labels(*labels).observe(record.duration_ms / 1000)


_METHODS = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})
# RFC 6455 7.4.1 and IANA's registry; AssemblyAI's own, by its page
# streaming/common-session-errors-and-closures; 4002 is this package's.
_CLOSE_CODES = frozenset({*range(1000, 1004), *range(1007, 1015), *range(3005, 3010), 4002})


def _code_label(code: int | None) -> str:
    if code is None:
        return "none"
    # A client may close with any of a thousand codes of its own.
    return str(code) if code in _CLOSE_CODES else "other"
