"""The parts from which a stack is built, made from its configuration."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING

from ..billing.price_book import PriceBook
from ..config import Config, Upstream, transport_of
from ..dialects.chat import Model
from ..middleware.budget import soft_budget_teller
from ..middleware.openai.deployments import deployments_of
from ..middleware.rate_limit import Places
from ..middleware.rate_limit.place import path_beside
from ..relay import Relay
from ..settlement.background import BackgroundSettler
from ..settlement.deadlines import BACKGROUND_PAGES, first_look_s, under_way_s
from ..store.clock import ClockWatch
from ..store.driver import check_driver
from ..store.lazy import is_resolved, lazy, resolve
from ..store.owner_cache import Ownership
from ..telemetry.log_file import LogFile
from ..telemetry.record import OnCall
from ..telemetry.setup import (
    OnSoftBudget,
    callbacks_of,
    request_metrics_of,
    soft_budget_callback,
    webhook_of,
)
from ..transport import SocketTransport, Timeouts, Transport

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

    from .. import store
    from ..guards import Guardrail
    from ..settlement.settler import Settler
    from ..store import Database, Holds, Keys, Ledger
    from ..telemetry.metrics import RequestMetrics
    from ..telemetry.webhook import WebhookSink

    Stage = Callable[[WSGIApplication], WSGIApplication]


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts from which `AssemblyAIMiddleware` builds its stages.

    Attributes:
        transport, timeouts: Transport to the upstreams, and its timeouts.
        on_call: All callbacks for calls.
        rates: Storage of rate counts: a file, or a Redis by its URL.
        places: The places of calls under way, in the same storage.
        settlement: None if the configuration disables it.
        relay: Relays streaming sessions; None if the configuration disables it.
        tokens: Tokens that open one of them each.
        answers: Answers kept for requests that are repeated with their Idempotency-Key.
        models, deployments: The translator's model list, and the upstreams of entries with
            an address or key of their own, by the private prefix they are mounted under.
    """

    database: Database
    keys: Keys
    tokens: store.SessionTokens
    answers: store.KeptAnswers
    ledger: Ledger
    holds: Holds
    owners: Ownership
    prices: PriceBook
    clock_watch: ClockWatch
    rates: str
    places: Places
    transport: Transport
    timeouts: Timeouts
    guards: Sequence[Guardrail]
    on_call: Sequence[OnCall]
    on_soft_budget: OnSoftBudget | None
    webhook: WebhookSink | None
    request_metrics: RequestMetrics | None
    settlement: BackgroundSettler | None
    relay: Relay | None
    models: Sequence[Model]
    deployments: dict[str, Upstream]

    @classmethod
    def of(
        cls,
        settings: Config,
        *,
        transport: Transport | None,
        on_call: OnCall | Sequence[OnCall],
        on_soft_budget: OnSoftBudget | None,
    ) -> Parts:
        """Return the parts for *settings*.

        Raises:
            ConfigError: Something that they name cannot be loaded or opened.
        """
        webhook = webhook_of(settings)
        warn = soft_budget_callback(settings, on_soft_budget, webhook)
        callbacks: list[OnCall] = [
            *callbacks_of(settings),
            *([on_call] if callable(on_call) else on_call),
            *([webhook] if webhook is not None and "call" in webhook.events else []),
        ]
        alerts = [each / 100 for each in settings.budget_alerts]
        check_driver(settings.database_url)
        database = lazy(lambda: _store().Database.of(settings.database))
        ledger = lazy(
            lambda: _store().Ledger(
                resolve(database),
                intent_due_s=first_look_s(settings.timeouts),
                accept_due_s=settings.settlement.first_poll_s,
                on_soft_budget=soft_budget_teller(warn),
                soft_ratios=alerts,
                checkpoint_s=settings.streaming.checkpoint_s,
            )
        )
        prices = settings.price_book()
        rates = settings.redis_url or path_beside(settings.database_url)
        models, deployments = deployments_of(settings)
        if transport is None:
            transport = transport_of(settings.upstream)
        return cls(
            database=database,
            keys=lazy(lambda: _store().Keys(resolve(database))),
            tokens=lazy(lambda: _store().SessionTokens(resolve(database))),
            answers=lazy(lambda: _store().KeptAnswers(resolve(database))),
            ledger=ledger,
            holds=lazy(lambda: _store().Holds(resolve(database), soft_ratios=alerts)),
            owners=Ownership(ledger),
            prices=prices,
            clock_watch=ClockWatch(time.time),
            rates=rates,
            places=Places(rates, most_s=under_way_s(settings.timeouts)),
            transport=transport,
            timeouts=settings.timeouts,
            guards=_guards(settings),
            on_call=callbacks,
            on_soft_budget=warn,
            webhook=webhook,
            request_metrics=request_metrics_of(settings),
            settlement=_settlement(settings, ledger, prices, callbacks, transport),
            relay=_relay(settings),
            models=models,
            deployments=deployments,
        )

    def close(self) -> None:
        """Stop the threads and close this process's connections and files."""
        if self.relay is not None:
            self.relay.close()
        if self.settlement is not None:
            self.settlement.stop()
        if self.webhook is not None:
            self.webhook.close()
        self.places.close()
        for listener in self.on_call:
            if isinstance(listener, LogFile):
                listener.close()
        if is_resolved(self.database):
            self.database.close()
        if isinstance(self.transport, SocketTransport):
            self.transport.close()


def _relay(settings: Config) -> Relay | None:
    own = settings.streaming
    if not own.relay:
        return None
    return Relay(
        max_sessions=own.max_sessions_per_worker,
        idle_s=own.idle_s,
        terminate_s=own.terminate_s,
        drain_s=own.drain_s,
    )


def _store() -> ModuleType:
    from .. import store

    return store


def _settlement(
    settings: Config,
    ledger: Ledger,
    prices: PriceBook,
    callbacks: Sequence[OnCall],
    transport: Transport,
) -> BackgroundSettler | None:
    if not settings.settlement.enabled:
        return None
    return BackgroundSettler(
        lambda: _settler()(
            settings,
            ledger=resolve(ledger),
            prices=prices,
            on_call=callbacks,
            transport=transport,
            max_pages=BACKGROUND_PAGES,
        ),
        pause_s=settings.settlement.first_poll_s,
    )


def _guards(settings: Config) -> Sequence[Guardrail]:
    if not settings.guardrails:
        return ()
    from ..guards.setup import guards_of

    return guards_of(settings)


def _settler() -> type[Settler]:
    from ..settlement.settler import Settler

    return Settler
