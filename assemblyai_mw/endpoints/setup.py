"""The endpoints that a configuration asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..config import Config
from ..errors import ConfigError

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

    from ..store import Ledger
    from ..telemetry.metrics import RequestMetrics


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
