"""AssemblyAIMiddleware: the whole way of a request, outermost first."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from .call import enter
from .calllog import OnCall, resolve_callbacks
from .clock_watch import ClockWatch
from .config import Config, Upstream, load_config
from .errors import ConfigError, error_reply
from .hooks import (
    guards_of,
    metrics_app_of,
    request_metrics_of,
    soft_budget_callback,
    traced,
    webhook_of,
)
from .identity import Identify
from .middleware.auth import KeyAuth
from .middleware.budget import Budget, OnSoftBudget, soft_budget_teller
from .middleware.cost import CostLogger
from .middleware.forward import UpstreamForwarder
from .middleware.guardrails import Guardrails
from .middleware.isolation import Isolation
from .middleware.log import CallLog
from .middleware.openai import OpenAITranslator
from .middleware.policy import Policy
from .middleware.rate_limit import RateLimit
from .middleware.router import PrefixRouter
from .pricing import PriceBook
from .rate_storage import path_beside, storage_of
from .self_service import SelfService
from .settlement import BACKGROUND_PAGES, BackgroundSettler, Settler, under_way_s
from .store import Database, Holds, Keys, Ledger
from .translate import Model
from .transport import SocketTransport, Timeouts, Transport

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


class AssemblyAIMiddleware:
    """Put AssemblyAI behind *app*: its routes first, everything else is the app's.

        app.wsgi_app = AssemblyAIMiddleware(app.wsgi_app)

    Nothing but a composition: `__init__` builds one chain of stages for each route and
    hands them to a `PrefixRouter`. Whoever wants another way writes their own.

    Args:
        app: The host's WSGI app.
        config: A YAML file, a mapping of the same shape, a `Config`, or None: then the file
            that `ASSEMBLYAI_MW_CONFIG` names, else the environment alone.
        transport: How upstreams are reached; default pooled sockets.
        on_call: Called with a `CallRecord` after each call, beside the configured callbacks.
        on_soft_budget: Called with a `SoftBudget` once per window, when the soft part of a
            key's or team's budget is spent.
        identify: Who calls, where a request has no Authorization: see `KeyAuth`.

    Raises:
        ConfigError: The configuration is wrong; one line says what and where.
    """

    def __init__(
        self,
        app: WSGIApplication,
        config: str | os.PathLike[str] | Mapping[str, Any] | Config | None = None,
        *,
        transport: Transport | None = None,
        on_call: OnCall | Sequence[OnCall] = (),
        on_soft_budget: OnSoftBudget | None = None,
        identify: Identify | None = None,
    ) -> None:
        settings = config if isinstance(config, Config) else load_config(config)
        webhook = webhook_of(settings)
        on_soft_budget = soft_budget_callback(settings, on_soft_budget, webhook)
        requests = request_metrics_of(settings)
        guards = guards_of(settings)
        database = Database(settings.database_url)
        keys = Keys(database)
        budgets = settings.budgets
        soft_ratio = budgets.soft_ratio if budgets.soft_ratio < 1 else None
        ledger = Ledger(
            database,
            intent_due_s=under_way_s(settings.timeouts, "transcript"),
            accept_due_s=settings.settlement.first_poll_s,
            on_soft_budget=soft_budget_teller(on_soft_budget),
            soft_ratio=soft_ratio,
        )
        holds = Holds(database, soft_ratio=soft_ratio)
        clock_watch = ClockWatch(database.clock)
        rates = storage_of(settings.redis_url or path_beside(settings.database_url))
        prices = PriceBook.load(settings.prices)
        callbacks: list[OnCall] = [
            *resolve_callbacks(settings.callbacks, settings.source),
            *([on_call] if callable(on_call) else on_call),
            *([webhook] if webhook is not None and "call" in webhook.events else []),
        ]
        carrier = transport if transport is not None else SocketTransport()
        limits, timeouts = settings.limits, settings.timeouts
        settlement = (
            BackgroundSettler(
                lambda: Settler(
                    settings,
                    ledger=ledger,
                    prices=prices,
                    on_call=callbacks,
                    transport=transport,
                    max_pages=BACKGROUND_PAGES,
                ),
                pause_s=settings.settlement.first_poll_s,
            )
            if settings.settlement.enabled
            else None
        )
        patience = Timeouts(timeouts.connect_s, timeouts.read_s, timeouts.total_s)

        def known(inner: WSGIApplication) -> WSGIApplication:
            return KeyAuth(inner, keys=keys, master_key=settings.master_key, identify=identify)

        def admitted(inner: WSGIApplication) -> WSGIApplication:
            when_gone = settings.rate_limit.when_redis_is_gone
            logged = CallLog(
                known(RateLimit(inner, storage=rates, when_gone=when_gone)),
                on_call=[*callbacks, *([requests] if requests is not None else [])],
                reply_header=settings.request_id_header,
            )
            return traced(settings, logged)

        def guarded(inner: WSGIApplication) -> WSGIApplication:
            if not guards:
                return inner
            return Guardrails(inner, guards=guards, max_json_bytes=limits.max_json_bytes)

        def governed(upstream: Upstream) -> WSGIApplication:
            return Policy(
                Isolation(
                    Budget(
                        CostLogger(
                            UpstreamForwarder(
                                upstream.base_url,
                                api_key=upstream.api_key,
                                timeout=patience,
                                transport=carrier,
                                max_body_bytes=limits.max_upload_bytes,
                            ),
                            ledger=ledger,
                            prices=prices,
                            on_call=callbacks,
                            max_json_bytes=limits.max_json_bytes,
                            wake=settlement.wake if settlement else None,
                        ),
                        holds=holds,
                        prices=prices,
                        assumed_audio_s=budgets.assumed_audio_s,
                        hold_expires_s=budgets.hold_expires_s,
                        on_soft_budget=on_soft_budget,
                        max_json_bytes=limits.max_json_bytes,
                        clock_watch=clock_watch,
                    ),
                    ledger=ledger,
                    max_json_bytes=limits.max_json_bytes,
                ),
                max_json_bytes=limits.max_json_bytes,
            )

        native = {
            prefix: guarded(governed(upstream)) for prefix, upstream in settings.upstreams.items()
        }
        models, deployments = _deployments(settings)
        below = native | {
            prefix: guarded(governed(upstream)) for prefix, upstream in deployments.items()
        }
        translated = admitted(
            OpenAITranslator(_by_route(below), models=models, max_body_bytes=limits.max_json_bytes)
        )
        own = settings.self_service_path
        self.config = settings
        self.settlement = settlement
        self.webhook = webhook
        self.app = PrefixRouter(
            app,
            {prefix: admitted(inner) for prefix, inner in native.items()}
            | dict.fromkeys(settings.openai_routes, translated)
            | dict.fromkeys([own] if own else [], known(SelfService(database=database)))
            | metrics_app_of(settings, ledger, requests),
        )

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        return self.app(environ, start_response)


def _by_route(apps: Mapping[str, WSGIApplication]) -> WSGIApplication:
    """Return an app that hands a call to the app of the route it was moved to."""

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        call, environ = enter(environ)
        target = apps.get(call.route.prefix) or error_reply(
            call.route.dialect, 404, "There is no such route.", code="not_found"
        )
        return target(environ, start_response)

    return app


def _deployments(settings: Config) -> tuple[list[Model], dict[str, Upstream]]:
    """Return the model list, and an upstream for each address or key of its own in it.

    Those are mounted where the translator alone can reach them.
    """
    models: list[Model] = []
    upstreams: dict[str, Upstream] = {}
    for entry in settings.models:
        region = entry.region
        prefix = "/eu.llm-gateway.assemblyai" if region == "eu" else "/llm-gateway.assemblyai"
        route = settings.upstreams.get(prefix)
        base = entry.api_base.removesuffix("/v1") if entry.api_base else None
        key = entry.api_key or (route.api_key if route else None)
        own = None
        if (base or (route and route.base_url)) is None or key is None:
            raise ConfigError(
                f"{settings.source}: model_list: {entry.model_name}: expected api_base and "
                f"api_key, since the route {prefix} is taken away"
            )
        upstream = Upstream(base or route.base_url, key, region)  # type: ignore[union-attr]
        if upstream != route:
            own = next((p for p, known in upstreams.items() if known == upstream), None)
            if own is None:
                own = f"{'/eu.' if region == 'eu' else '/'}model-{len(upstreams) + 1}"
                own += ".llm-gateway.assemblyai"
                upstreams[own] = upstream
        models.append(Model(entry.model_name, entry.model, own))
    return models, upstreams
