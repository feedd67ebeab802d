"""Puts AssemblyAI in front of Django's WSGI application, with Django's users as callers."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from ...config.at_start import for_the_runner
from ...endpoints.sight import Seen
from ...errors import ConfigError
from ...middleware.auth.identity import Answer
from ...stack import AssemblyAIMiddleware
from ...telemetry.record import OnCall
from ...telemetry.setup import OnSoftBudget
from ...transport import Transport
from ..named import named

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication
    from django.http import HttpRequest

SETTING = "ASSEMBLYAI_MW"
T = TypeVar("T")


def settings_config() -> str | os.PathLike[str] | Mapping[str, Any] | None:
    """Return `settings.ASSEMBLYAI_MW`: a YAML file's path, a mapping of its shape, or None.

    Raises:
        ConfigError: It is something else.
    """
    from django.conf import settings

    return named(getattr(settings, SETTING, None), f"settings.{SETTING}")


def wrap(
    application: WSGIApplication,
    *,
    identify: Callable[[HttpRequest], Answer] | None = None,
    may_see_usage: Callable[[HttpRequest], Seen] | None = None,
    transport: Transport | None = None,
    on_call: OnCall | Sequence[OnCall] = (),
    on_soft_budget: OnSoftBudget | None = None,
) -> AssemblyAIMiddleware:
    """Put AssemblyAI behind Django's *application*, configured by the settings' `ASSEMBLYAI_MW`.

    Args:
        application: The result of `get_wsgi_application()`.
        identify: Names the caller of a request without a key:

                def identify(request):
                    if not request.user.is_authenticated:
                        return None
                    user = str(request.user.pk)
                    return {"key": "web", "team": f"user-{user}", "end_user": user}

            The request has passed only the session and authentication middlewares of the settings,
            and has no body. `KeyAuth` documents the return values, and which browser requests
            count.
        may_see_usage: Says what the sender of a request may see of the usage page, such as
            `lambda request: "all" if request.user.is_staff else None`. The request is as for
            *identify*.
        transport, on_call, on_soft_budget: As `AssemblyAIMiddleware` has them.

    Raises:
        ConfigError: The configuration is wrong; or *identify* or *may_see_usage* is given, and the
            settings name no middleware for sessions or users.
    """
    try:
        config = settings_config()
        asked = None if identify is None else _Asked("identify", identify)
        seen = None if may_see_usage is None else _Asked("may_see_usage", may_see_usage)
    except ConfigError as error:
        raise for_the_runner(error) from None
    return AssemblyAIMiddleware(
        application,
        config,
        transport=transport,
        on_call=on_call,
        on_soft_budget=on_soft_budget,
        identify=asked,
        may_see_usage=seen,
    )


class _Asked(Generic[T]):
    """Calls *ask*, the argument *name*, with a request that has passed Django's own middlewares."""

    def __init__(self, name: str, ask: Callable[[HttpRequest], T]) -> None:
        self._ask = ask
        self._middlewares = _session_and_user(name)

    def __call__(self, environ: dict[str, Any]) -> T:
        from django.core.handlers.wsgi import WSGIRequest

        with _connections():
            request = WSGIRequest(environ)
            for middleware in self._middlewares:
                middleware.process_request(request)
            return self._ask(request)


def _session_and_user(name: str) -> list[Any]:
    """Return the settings' own middlewares for sessions and users, in their order."""
    from django.apps import apps
    from django.conf import settings
    from django.contrib.sessions.middleware import SessionMiddleware
    from django.utils.module_loading import import_string

    wanted: tuple[Any, ...] = (SessionMiddleware,)
    if apps.is_installed("django.contrib.auth"):
        # Its models cannot even be imported in a site that has no users.
        from django.contrib.auth.middleware import AuthenticationMiddleware

        wanted += (AuthenticationMiddleware,)
    named = [import_string(path) for path in settings.MIDDLEWARE]
    found = [each for each in named if isinstance(each, type) and issubclass(each, wanted)]
    if not found:
        raise ConfigError(
            f"{name}: expected SessionMiddleware or AuthenticationMiddleware in the settings' "
            "MIDDLEWARE, got neither"
        )
    return [each(_no_response) for each in found]


def _no_response(request: HttpRequest) -> Any:
    raise AssertionError("no response is asked for here")


@contextmanager
def _connections() -> Iterator[None]:
    """Django's request signals, which close stale database connections before and after."""
    from django.db import close_old_connections

    close_old_connections()
    try:
        yield
    finally:
        close_old_connections()
