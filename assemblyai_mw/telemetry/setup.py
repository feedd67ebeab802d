"""What a configuration names and the stack hangs on its stages: guards, webhook, alerts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any

from ..config import Config, GuardrailEntry
from ..errors import ConfigError
from .call_log import OnCall, resolve_callbacks
from .log_file import LogFile

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

    from ..guards import Guardrail
    from ..store import Ledger, SoftBudget
    from .metrics import RequestMetrics
    from .webhook import WebhookSink

OnSoftBudget = Callable[["SoftBudget"], object]


def guards_of(settings: Config) -> list[Guardrail]:
    """Return the configured guards, made and ready.

    Raises:
        ConfigError: One cannot be imported or made.
    """
    return [_guardrail(entry, settings.source) for entry in settings.guardrails]


def _guardrail(entry: GuardrailEntry, source: str) -> Guardrail:
    from ..guards import Guardrail

    place = f"{source}: guardrails: {entry.name}"
    guard: Any = _imported(entry.guard, place)
    is_made = not isinstance(guard, type) and (hasattr(guard, "before") or hasattr(guard, "after"))
    if is_made and entry.options:
        raise ConfigError(f"{place}: expected no options, since {entry.guard!r} is made already")
    try:
        if not is_made:
            guard = guard(**entry.options)
        return Guardrail(
            guard,
            name=entry.name,
            mode=entry.mode,
            on_error=entry.on_error,
            timeout_s=entry.timeout_s,
        )
    except ImportError as error:
        raise ConfigError(f"{place}: {entry.guard!r} needs {error.name}: install it") from error
    except (TypeError, ValueError) as error:
        raise ConfigError(f"{place}: {' '.join(str(error).split())}") from error


def callbacks_of(settings: Config) -> list[OnCall]:
    """Return what is told of each call: the configured callbacks, and the log file.

    Raises:
        ConfigError: A callback cannot be imported or called, or the file cannot be opened.
    """
    callbacks = resolve_callbacks(settings.callbacks, settings.source)
    if settings.log_file is not None:
        callbacks.append(LogFile(settings.log_file))
    return callbacks


def webhook_of(settings: Config) -> WebhookSink | None:
    """Return the configured webhook, or None."""
    webhook = settings.webhook
    if webhook.url is None or webhook.secret is None:
        return None
    from .webhook import WebhookSink

    return WebhookSink(
        webhook.url,
        secret=webhook.secret,
        events=webhook.events,
        timeout_s=webhook.timeout_s,
        max_tries=webhook.max_tries,
        queue_size=webhook.queue_size,
    )


def soft_budget_callback(
    settings: Config, given: OnSoftBudget | None, webhook: WebhookSink | None
) -> OnSoftBudget | None:
    """Return one callable for all that want budget warnings; None where nobody does.

    Raises:
        ConfigError: A configured one cannot be imported or called.
    """
    targets: list[OnSoftBudget] = [] if given is None else [given]
    for path in settings.budgets.on_soft_budget:
        place = f"{settings.source}: budgets.on_soft_budget"
        target = _imported(path, place)
        if not callable(target):
            raise ConfigError(f"{place}: {path!r} is not callable")
        targets.append(target)
    if webhook is not None and "soft_budget" in webhook.events:
        targets.append(webhook)
    if not targets:
        return None
    return targets[0] if len(targets) == 1 else _All(targets)


class _All:
    """Tells several; one that fails keeps nobody else from being told."""

    def __init__(self, targets: Sequence[OnSoftBudget]) -> None:
        self._targets = targets

    def __call__(self, warning: SoftBudget) -> None:
        faults = []
        for target in self._targets:
            try:
                target(warning)
            except Exception as error:
                faults.append(error)
        if faults:
            raise ExceptionGroup("on_soft_budget", faults)


def request_metrics_of(settings: Config) -> RequestMetrics | None:
    """Return what measures requests, where `metrics_path` asks for it.

    Raises:
        ConfigError: prometheus_client is not installed.
    """
    if settings.metrics_path is None:
        return None
    try:
        from .metrics import RequestMetrics
    except ImportError as error:
        raise _missing(settings, "general_settings.metrics_path", error) from error
    return RequestMetrics()


def metrics_app_of(
    settings: Config, ledger: Ledger, requests: RequestMetrics | None
) -> dict[str, WSGIApplication]:
    """Return the app at `metrics_path`, by its path; nothing where there is none.

    Raises:
        ConfigError: Neither a token nor a master key guards it.
    """
    if settings.metrics_path is None:
        return {}
    from .metrics import MetricsApp

    token = settings.metrics_token or settings.master_key
    if token is None:
        raise ConfigError(
            f"{settings.source}: general_settings.metrics_path: expected metrics_token or "
            "master_key beside it: its numbers say who spends what"
        )
    return {settings.metrics_path: MetricsApp(ledger, token=token, requests=requests)}


def tracing_of(settings: Config) -> list[Callable[[WSGIApplication], WSGIApplication]]:
    """Return the stage that makes a span of each call, where `tracing` asks for it.

    Raises:
        ConfigError: opentelemetry-api is not installed.
    """
    if not settings.tracing.enabled:
        return []
    try:
        from .tracing import Tracing
    except ImportError as error:
        raise _missing(settings, "tracing", error) from error
    return [partial(Tracing, propagate=settings.tracing.propagate)]


def _imported(path: str, place: str) -> Any:
    try:
        return resolve_name(path)
    except (ImportError, AttributeError, ValueError) as error:
        raise ConfigError(f"{place}: cannot import {path!r}: {type(error).__name__}") from error


def _missing(settings: Config, name: str, error: ImportError) -> ConfigError:
    return ConfigError(f"{settings.source}: {name}: needs {error.name}: install it")
