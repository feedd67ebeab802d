"""The endpoints that a configuration asks for."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ..billing.layers import load
from ..config import Config
from ..errors import ConfigError
from ..store.lazy import lazy, resolve

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from ..middleware.auth import KeySource
    from ..store import Ledger
    from ..telemetry.metrics import RequestMetrics
    from .sight import MaySeeUsage


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


def usage_page_of(
    settings: Config, ledger: Ledger, keys: KeySource, may_see_usage: MaySeeUsage | None
) -> dict[str, WSGIApplication]:
    """Return the app at `usage_path`, by its path; nothing where there is none.

    Raises:
        ConfigError: *may_see_usage* is given, and there is no path.
    """
    if settings.usage_path is None:
        if may_see_usage is not None:
            raise ConfigError(
                f"{settings.source}: general_settings.usage_path: expected a path, such as "
                "/assemblyai-mw/usage, beside may_see_usage"
            )
        return {}
    # Made at the first request: it needs the database toolkit, which is slow to import.
    page = lazy(lambda: _usage_page(settings, ledger, keys, may_see_usage))

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        # A traceback shows this frame's variables, and the environ holds the reader's key.
        handed = [environ]
        del environ
        return resolve(page)(handed.pop(), start_response)

    return {settings.usage_path: app}


def _usage_page(
    settings: Config, ledger: Ledger, keys: KeySource, may_see_usage: MaySeeUsage | None
) -> WSGIApplication:
    from .usage_page import UsagePage

    book = load(settings.prices, refreshed=settings.refreshed_prices)
    entries = (entry for items in book.items.values() for entry in items.values())
    return UsagePage(
        ledger,
        keys=keys,
        master_key=settings.master_key,
        may_see_usage=may_see_usage,
        soft_ratio=settings.least_alert,
        command=_command(settings),
        prefix=next((at for at, to in settings.routes.items() if to.service == "api"), None),
        newest_price=max(since for entry in entries for since in entry.since),
    )


def _command(settings: Config) -> tuple[str, ...]:
    """Return how the command line is called for the ledger of *settings*."""
    if os.path.isfile(settings.source):
        return ("assemblyai-mw", "--config", os.path.abspath(settings.source))
    return ("assemblyai-mw",)
