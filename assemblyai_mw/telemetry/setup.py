"""Callbacks, webhook, metrics and spans, made from the configuration."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from ..config import Config
from ..config.dotted import callables
from ..errors import ConfigError
from .log_file import LogFile
from .record import OnCall

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

    from ..store import SoftBudget
    from .metrics import RequestMetrics
    from .webhook import WebhookSink

OnSoftBudget = Callable[["SoftBudget"], object]


def callbacks_of(settings: Config) -> list[OnCall]:
    """Return the receivers of each call: the configured callbacks, and the log file.

    Raises:
        ConfigError: A callback cannot be imported or called, or the file cannot be opened.
    """
    callbacks: list[OnCall] = callables(settings.callbacks, f"{settings.source}: callbacks")
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
    """Return one callable for all receivers of budget warnings; None without any.

    Raises:
        ConfigError: A configured callable cannot be imported or called.
    """
    targets: list[OnSoftBudget] = [] if given is None else [given]
    targets += callables(
        settings.budgets.on_soft_budget, f"{settings.source}: budgets.on_soft_budget"
    )
    if webhook is not None and "soft_budget" in webhook.events:
        targets.append(webhook)
    if not targets:
        return None
    return targets[0] if len(targets) == 1 else _All(targets)


class _All:
    """Calls several receivers; one that fails does not stop the others."""

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
    """Return the request metrics, if `metrics_path` is set.

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


def tracing_of(settings: Config) -> list[Callable[[WSGIApplication], WSGIApplication]]:
    """Return the stage that makes a span of each call, if `tracing` is on.

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


def _missing(settings: Config, name: str, error: ImportError) -> ConfigError:
    return ConfigError(f"{settings.source}: {name}: needs {error.name}: install it")
