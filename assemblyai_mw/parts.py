"""What the stages of one stack share, made once from the configuration.

Everything that touches the database is made when it is first used, in the process that
uses it: nothing here outlives a fork, and importing an app does not wait for SQLAlchemy.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING

from .calllog import OnCall
from .clock_watch import ClockWatch
from .config import LLM_ROUTES, Config, Upstream
from .errors import ConfigError
from .hooks import (
    OnSoftBudget,
    callbacks_of,
    guards_of,
    request_metrics_of,
    soft_budget_callback,
    webhook_of,
)
from .late import is_made, late, original
from .logfile import LogFile
from .middleware.budget import soft_budget_teller
from .pricing import PriceBook
from .rate_path import path_beside
from .settlement.background import BackgroundSettler
from .settlement.patience import BACKGROUND_PAGES, first_look_s
from .translate import Model
from .transport import SocketTransport, Timeouts, Transport

if TYPE_CHECKING:
    from .guards import Guardrail
    from .metrics import RequestMetrics
    from .settlement.settler import Settler
    from .store import Database, Holds, Keys, Ledger
    from .webhook import WebhookSink


@dataclass(frozen=True, slots=True)
class Parts:
    """What `AssemblyAIMiddleware` composes its stages from.

    Attributes:
        transport, patience: How upstreams are reached, and for how long.
        on_call: All who want to hear of calls.
        rates: Where requests a minute are counted: a file, or a Redis by its URL.
        settlement: None where the configuration switches it off.
        models, deployments: The translator's model list, and the upstreams of entries with
            an address or key of their own, by the private prefix they are mounted under.
    """

    database: Database
    keys: Keys
    ledger: Ledger
    holds: Holds
    prices: PriceBook
    clock_watch: ClockWatch
    rates: str
    transport: Transport
    patience: Timeouts
    guards: Sequence[Guardrail]
    on_call: Sequence[OnCall]
    on_soft_budget: OnSoftBudget | None
    webhook: WebhookSink | None
    request_metrics: RequestMetrics | None
    settlement: BackgroundSettler | None
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
            ConfigError: Something that they name cannot be had.
        """
        webhook = webhook_of(settings)
        warn = soft_budget_callback(settings, on_soft_budget, webhook)
        callbacks: list[OnCall] = [
            *callbacks_of(settings),
            *([on_call] if callable(on_call) else on_call),
            *([webhook] if webhook is not None and "call" in webhook.events else []),
        ]
        ratio = settings.budgets.soft_ratio if settings.budgets.soft_ratio < 1 else None
        database = late(
            lambda: _store().Database(settings.database_url, auto_migrate=settings.auto_migrate)
        )
        ledger = late(
            lambda: _store().Ledger(
                original(database),
                intent_due_s=first_look_s(settings.timeouts),
                accept_due_s=settings.settlement.first_poll_s,
                on_soft_budget=soft_budget_teller(warn),
                soft_ratio=ratio,
            )
        )
        prices = PriceBook.load(settings.prices)
        models, deployments = deployments_of(settings)
        times = settings.timeouts
        return cls(
            database=database,
            keys=late(lambda: _store().Keys(original(database))),
            ledger=ledger,
            holds=late(lambda: _store().Holds(original(database), soft_ratio=ratio)),
            prices=prices,
            clock_watch=ClockWatch(time.time),
            rates=settings.redis_url or path_beside(settings.database_url),
            transport=transport if transport is not None else SocketTransport(),
            patience=Timeouts(times.connect_s, times.read_s, times.total_s),
            guards=guards_of(settings),
            on_call=callbacks,
            on_soft_budget=warn,
            webhook=webhook,
            request_metrics=request_metrics_of(settings),
            settlement=_settlement(settings, ledger, prices, callbacks, transport),
            models=models,
            deployments=deployments,
        )

    def close(self) -> None:
        """Stop the threads and close what is open in this process."""
        if self.settlement is not None:
            self.settlement.stop()
        if self.webhook is not None:
            self.webhook.close()
        for listener in self.on_call:
            if isinstance(listener, LogFile):
                listener.close()
        if is_made(self.database):
            self.database.close()
        if isinstance(self.transport, SocketTransport):
            self.transport.close()


def _store() -> ModuleType:
    from . import store

    return store


def _settlement(
    settings: Config,
    ledger: Ledger,
    prices: PriceBook,
    callbacks: Sequence[OnCall],
    transport: Transport | None,
) -> BackgroundSettler | None:
    if not settings.settlement.enabled:
        return None
    return BackgroundSettler(
        lambda: _settler()(
            settings,
            ledger=original(ledger),
            prices=prices,
            on_call=callbacks,
            transport=transport,
            max_pages=BACKGROUND_PAGES,
        ),
        pause_s=settings.settlement.first_poll_s,
    )


def _settler() -> type[Settler]:
    from .settlement.settler import Settler

    return Settler


def deployments_of(settings: Config) -> tuple[list[Model], dict[str, Upstream]]:
    """Return the model list, and an upstream for each address or key of its own in it.

    Those are mounted where the translator alone can reach them. An entry of a region whose
    route was taken away, and without an address of its own, leads nowhere and is left out.

    Raises:
        ConfigError: An entry with an address has no key.
    """
    models: list[Model] = []
    upstreams: dict[str, Upstream] = {}
    for entry in settings.models:
        prefix = LLM_ROUTES[entry.region]
        route = settings.upstreams.get(prefix)
        key = entry.api_key or (route.api_key if route else None)
        if entry.api_base is None and route is None:
            continue
        if key is None:
            raise ConfigError(
                f"{settings.source}: model_list: {entry.model_name}: expected api_key, "
                f"since the route {prefix} is taken away"
            )
        base = entry.api_base.removesuffix("/v1") if entry.api_base else None
        upstream = Upstream(base or (route.base_url if route else ""), key, entry.region)
        own = None
        if upstream != route:
            own = next((name for name, known in upstreams.items() if known == upstream), None)
            if own is None:
                own = f"{'/eu.' if entry.region == 'eu' else '/'}model-{len(upstreams) + 1}"
                own += ".llm-gateway.assemblyai"
                upstreams[own] = upstream
        models.append(Model(entry.model_name, entry.model, own))
    return models, upstreams
