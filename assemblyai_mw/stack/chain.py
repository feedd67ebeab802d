"""AssemblyAIMiddleware: all stages of a request, outermost first."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from types import FunctionType, MethodType
from typing import TYPE_CHECKING, Any

from ..call import enter
from ..config import Config, load_config
from ..config.at_start import for_the_runner
from ..endpoints.key_me import SelfService
from ..endpoints.session_tokens import SessionTokens
from ..endpoints.setup import metrics_app_of, usage_page_of
from ..endpoints.sight import MaySeeUsage
from ..errors import ConfigError, error_reply
from ..http.origins import EVERY
from ..middleware.audio import AudioTranscriber
from ..middleware.auth import KeyAuth
from ..middleware.auth.identity import Identify
from ..middleware.budget import Budget
from ..middleware.cors import BESIDE_LOGIN, Cors
from ..middleware.cost import CostLogger
from ..middleware.forward import UpstreamForwarder
from ..middleware.idempotency import Idempotency
from ..middleware.isolation import Isolation
from ..middleware.lingering import LingeringClose
from ..middleware.log import CallLog
from ..middleware.openai import OpenAITranslator
from ..middleware.policy import Policy
from ..middleware.rate_limit import ParallelLimit, RateLimit, TokenLimit
from ..middleware.realtime import Realtime
from ..middleware.router import PrefixRouter
from ..routes import door_route
from ..settlement.deadlines import under_way_s
from ..telemetry.record import OnCall
from ..telemetry.setup import (
    OnSoftBudget,
    tracing_of,
)
from ..transport import Transport
from .parts import Parts

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from ..guards import Guardrail

    Stage = Callable[[WSGIApplication], WSGIApplication]

logger = logging.getLogger("assemblyai_mw.stack")


class AssemblyAIMiddleware:
    """Put AssemblyAI behind *app*: it serves AssemblyAI's routes; *app* serves all other paths.

        app.wsgi_app = AssemblyAIMiddleware(app.wsgi_app)

    This is only a composition. `__init__` builds one chain of stages, and a `PrefixRouter` leads
    every route into it. The innermost app chooses the forwarder by the call's route. `repr()`
    prints the chain. Your own composition may leave stages out or add some.

    Args:
        app: The host's WSGI app.
        config: A YAML file, a mapping of the same shape, or a `Config`. None reads the file that
            `ASSEMBLYAI_MW_CONFIG` names, else only the environment.
        transport: Transport to the upstreams; default: pooled sockets, with `upstream:` in the
            configuration.
        on_call: Called with a `CallRecord` after each call, in addition to the configured
            callbacks.
        on_soft_budget: Called with a `SoftBudget` once per window, when the soft part of a
            key's or team's budget is spent.
        identify: Identifies the caller of a request without Authorization; see `KeyAuth`.
        may_see_usage: Says what the sender of a request may see of the page at `usage_path`; see
            `endpoints.usage_page.UsagePage`.

    Raises:
        ConfigError: The configuration is wrong; the message is one line with place and reason.
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
        may_see_usage: MaySeeUsage | None = None,
    ) -> None:
        try:
            self._compose(app, config, transport, on_call, on_soft_budget, identify, may_see_usage)
        except ConfigError as error:
            raise for_the_runner(error) from None

    def _compose(
        self,
        app: WSGIApplication,
        config: str | os.PathLike[str] | Mapping[str, Any] | Config | None,
        transport: Transport | None,
        on_call: OnCall | Sequence[OnCall],
        on_soft_budget: OnSoftBudget | None,
        identify: Identify | None,
        may_see_usage: MaySeeUsage | None,
    ) -> None:
        settings = config if isinstance(config, Config) else load_config(config)
        parts = Parts.of(
            settings, transport=transport, on_call=on_call, on_soft_budget=on_soft_budget
        )
        max_json_bytes = settings.limits.max_json_bytes
        # If a hold expires during its call, two calls may spend the same money.
        hold_s = max(settings.budgets.hold_expires_s, under_way_s(settings.timeouts))

        own = settings.self_service_path
        metrics = [parts.request_metrics] if parts.request_metrics else []
        admission: list[Stage] = [
            LingeringClose,
            *_cors(settings, login=identify is not None),
            *tracing_of(settings),
            partial(
                CallLog,
                on_call=[*parts.on_call, *metrics],
                reply_header=settings.request_id_header,
            ),
            partial(
                KeyAuth,
                keys=parts.keys,
                master_key=settings.master_key,
                identify=identify,
                tokens=parts.tokens,
                relay=parts.relay,
                login_origins=settings.cors_origins if identify is not None else (),
            ),
            partial(Realtime, relay=parts.relay, tokens=settings.streaming.tokens),
            partial(
                RateLimit,
                storage=parts.rates,
                when_gone=settings.rate_limit.when_redis_is_gone,
                reading=[own] if own else [],
            ),
            partial(
                ParallelLimit,
                places=parts.places,
                when_gone=settings.rate_limit.when_redis_is_gone,
                reading=[own] if own else [],
            ),
        ]
        governance: list[Stage] = [
            partial(
                Idempotency,
                answers=parts.answers,
                content=settings.idempotency_content,
                bases=settings.openai_bases,
                max_json_bytes=max_json_bytes,
                max_body_bytes=settings.limits.max_upload_bytes,
                under_way_s=under_way_s(settings.timeouts),
            ),
            partial(
                OpenAITranslator,
                models=parts.models,
                max_body_bytes=max_json_bytes,
                default_max_tokens=settings.default_max_tokens,
                bases=settings.openai_bases,
                reply_cost=settings.reply_cost,
            ),
            partial(
                AudioTranscriber,
                models=parts.models,
                bases=settings.openai_bases,
                routes=settings.routes,
                wait_s=settings.timeouts.audio_wait_s,
                max_file_bytes=settings.limits.max_upload_bytes,
            ),
            *_guardrails(parts.guards, max_json_bytes),
            partial(
                Policy,
                max_json_bytes=max_json_bytes,
                routes=settings.routes.values(),
                bases=settings.openai_bases,
            ),
            partial(
                Isolation,
                ledger=parts.ledger,
                owners=parts.owners,
                max_json_bytes=max_json_bytes,
            ),
            partial(
                TokenLimit,
                counts=parts.rates,
                when_gone=settings.rate_limit.when_redis_is_gone,
                assumed_audio_s=settings.budgets.assumed_audio_s,
                max_json_bytes=max_json_bytes,
            ),
            partial(
                Budget,
                holds=parts.holds,
                prices=parts.prices,
                assumed_audio_s=settings.budgets.assumed_audio_s,
                assumed_channels=settings.budgets.assumed_channels,
                hold_expires_s=hold_s,
                on_soft_budget=parts.on_soft_budget,
                max_json_bytes=max_json_bytes,
                clock_watch=parts.clock_watch,
                relay=parts.relay,
                session_slice_s=settings.streaming.hold_slice_s,
            ),
            partial(
                CostLogger,
                ledger=parts.ledger,
                owners=parts.owners,
                prices=parts.prices,
                on_call=parts.on_call,
                max_json_bytes=max_json_bytes,
                wake=parts.settlement.wake if parts.settlement else None,
                relay=parts.relay,
                checkpoint_s=settings.streaming.checkpoint_s,
                reply_cost=settings.reply_cost,
            ),
        ]
        forwarders = {
            prefix: UpstreamForwarder(
                upstream.base_url,
                api_key=upstream.api_key,
                timeout=parts.timeouts,
                transport=parts.transport,
                max_body_bytes=settings.limits.max_upload_bytes,
                headers=settings.upstream.headers,
                relay=parts.relay,
            )
            for prefix, upstream in {**settings.upstreams, **parts.deployments}.items()
        }
        governed = _within(governance, _minting(SessionTokens(parts.tokens), _by_route(forwarders)))
        if own:
            governed = _beside(own, SelfService(database=parts.database), governed)
        admitted = _within(admission, governed)
        mounts = [*settings.upstreams, *settings.doors, *([own] if own else [])]

        self.config = settings
        self.parts = parts
        self.app = PrefixRouter(
            app,
            dict.fromkeys(mounts, admitted)
            | {
                at: _within(_cors(settings, login=False), endpoint)
                for at, endpoint in metrics_app_of(
                    settings, parts.ledger, parts.request_metrics
                ).items()
            }
            | usage_page_of(settings, parts.ledger, parts.keys, may_see_usage),
            routes=settings.routes | {at: door_route(at, to) for at, to in settings.doors.items()},
        )
        if settings.doors:
            logger.info("doors for other APIs' clients: %s", ", ".join(settings.doors))
        self._chain = ["PrefixRouter", *map(_name_of, [*admission, *governance])]
        self._forwarders = forwarders

    def __repr__(self) -> str:
        lines = [*self._chain, *(f"{at} -> {app!r}" for at, app in self._forwarders.items())]
        return "\n  ".join(["AssemblyAIMiddleware:", *lines])

    def close(self) -> None:
        """Stop the background threads and close this process's connections and files.

        Servers need not call it; tests that make many stacks should.
        """
        self.parts.close()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        # A traceback shows this frame's variables, and the environ holds the caller's key.
        handed = [environ]
        del environ
        return self.app(handed.pop(), start_response)


def _within(stages: Sequence[Stage], app: WSGIApplication) -> WSGIApplication:
    """Return *app* inside *stages*, of which the first is the outermost."""
    for stage in reversed(stages):
        app = stage(_method_of(app))
    return _method_of(app)


def _method_of(app: Any) -> WSGIApplication:
    """Return *app*'s `__call__` method: Python calls a method faster than an object."""
    is_one = isinstance(app, FunctionType | MethodType)
    method: WSGIApplication = app if is_one else app.__call__
    return method


def _cors(settings: Config, *, login: bool) -> list[Stage]:
    """Return the stage for pages of other origins, where the configuration lists any.

    Raises:
        ConfigError: It lists all, and *login* lets some of them act as a logged-in user.
    """
    origins = settings.cors_origins
    if not origins:
        return []
    if login and EVERY in origins:
        raise ConfigError(f"{settings.source}: general_settings.cors_origins: {BESIDE_LOGIN}")
    header = settings.request_id_header
    return [partial(Cors, origins=origins, login=login, expose=[header] if header else [])]


def _guardrails(guards: Sequence[Guardrail], max_json_bytes: int) -> list[Stage]:
    if not guards:
        return []
    from ..middleware.guardrails import Guardrails

    return [partial(Guardrails, guards=guards, max_json_bytes=max_json_bytes)]


def _name_of(stage: Stage) -> str:
    made_by = stage.func if isinstance(stage, partial) else stage
    return getattr(made_by, "__name__", None) or repr(stage)


def _by_route(forwarders: Mapping[str, UpstreamForwarder]) -> WSGIApplication:
    """Return the innermost app: it hands each call to the forwarder of its route."""
    apps = {prefix: _method_of(forwarder) for prefix, forwarder in forwarders.items()}

    def forward(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        call, environ = enter(environ)
        target = apps.get(call.route.prefix) or error_reply(
            call.route.dialect, 404, "There is no such route.", code="not_found"
        )
        return target(environ, start_response)

    return forward


def _minting(tokens: WSGIApplication, app: WSGIApplication) -> WSGIApplication:
    """Return *app* with *tokens* for the requests of tokens that are made here."""

    def choose(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        call, environ = enter(environ)
        return (tokens if call.own_token else app)(environ, start_response)

    return choose


def _beside(prefix: str, endpoint: WSGIApplication, app: WSGIApplication) -> WSGIApplication:
    """Return *app* with *endpoint* for one route, whose calls skip the inner stages."""

    def choose(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        call, environ = enter(environ)
        target = endpoint if call.route.prefix == prefix else app
        return target(environ, start_response)

    return choose
