"""AssemblyAI as a Flask extension.

    from assemblyai_mw.hosts.flask import AssemblyAI

    assemblyai = AssemblyAI()          # or AssemblyAI(app)
    assemblyai.init_app(app)

It sets `app.wsgi_app = AssemblyAIMiddleware(app.wsgi_app, app.config["ASSEMBLYAI_MW"])`, adds the
command line as `flask assemblyai ...`, and lets `identify` use Flask's session.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from ..cli import group_for
from ..config import load_config
from ..config.at_start import for_the_runner
from ..endpoints.sight import Seen
from ..errors import ConfigError
from ..http.origins import EVERY
from ..middleware.auth.identity import Answer
from ..middleware.cors import BESIDE_LOGIN
from ..stack import AssemblyAIMiddleware
from ..telemetry.record import OnCall
from ..telemetry.setup import OnSoftBudget
from ..transport import Transport
from .named import named

if TYPE_CHECKING:
    from flask import Flask

EXTENSION = "assemblyai_mw"
SETTING = "ASSEMBLYAI_MW"

WhoCalls = Callable[[], Answer]
MaySee = Callable[[], Seen]
F = TypeVar("F", bound=WhoCalls)
S = TypeVar("S", bound=MaySee)


class AssemblyAI:
    """Put AssemblyAI behind a Flask app.

    The configuration is *config*, or `app.config["ASSEMBLYAI_MW"]`: a YAML file's path or a mapping
    of its shape. Without either it is the default of `AssemblyAIMiddleware(app)`. The middleware is
    at `app.extensions["assemblyai_mw"]`.

    Wrap `app.wsgi_app` in `ProxyFix` and similar middlewares afterwards, so that they are outside.

    Args:
        app: The app; None if `init_app` gets it later.
        config, transport, on_call, on_soft_budget: As `AssemblyAIMiddleware` has them.
        identify, may_see_usage: As the decorators of these names take them.
    """

    def __init__(
        self,
        app: Flask | None = None,
        config: str | os.PathLike[str] | Mapping[str, Any] | None = None,
        *,
        transport: Transport | None = None,
        on_call: OnCall | Sequence[OnCall] = (),
        on_soft_budget: OnSoftBudget | None = None,
        identify: WhoCalls | None = None,
        may_see_usage: MaySee | None = None,
    ) -> None:
        self._config = config
        self._transport = transport
        self._on_call = on_call
        self._on_soft_budget = on_soft_budget
        self._identify = identify
        self._may_see_usage = may_see_usage
        self._open_to_all = False
        if app is not None:
            self.init_app(app)

    def init_app(
        self,
        app: Flask,
        config: str | os.PathLike[str] | Mapping[str, Any] | None = None,
        *,
        transport: Transport | None = None,
        on_call: OnCall | Sequence[OnCall] | None = None,
        on_soft_budget: OnSoftBudget | None = None,
        identify: WhoCalls | None = None,
        may_see_usage: MaySee | None = None,
    ) -> None:
        """Wrap *app* and give it the `flask assemblyai` commands.

        Arguments given here count for this app, instead of those of the extension.

        Raises:
            ConfigError: The configuration is wrong, or the app is wrapped already.
        """
        if EXTENSION in app.extensions:
            raise for_the_runner(
                ConfigError("AssemblyAI.init_app: this app has AssemblyAI behind it already")
            )
        config = self._config if config is None else config
        own, own_sight = identify, may_see_usage
        try:
            if config is None:
                config = named(app.config.get(SETTING), f'app.config["{SETTING}"]')
            settings = load_config(config)
        except ConfigError as error:
            raise for_the_runner(error) from None
        # `identify` may register a function later, and then refuses to.
        closed = EVERY not in settings.cors_origins or (own or self._identify) is not None
        app.extensions[EXTENSION] = middleware = AssemblyAIMiddleware(
            app.wsgi_app,
            settings,
            transport=transport or self._transport,
            on_call=self._on_call if on_call is None else on_call,
            on_soft_budget=on_soft_budget or self._on_soft_budget,
            identify=(lambda environ: self._ask(app, environ, own)) if closed else None,
            may_see_usage=(
                (lambda environ: self._ask_sight(app, environ, own_sight))
                if settings.usage_path is not None or (own_sight or self._may_see_usage)
                else None
            ),
        )
        self._open_to_all |= not closed
        app.wsgi_app = middleware  # type: ignore[method-assign] # as Flask's manual has it
        app.cli.add_command(group_for(config, name="assemblyai"))

    def identify(self, identify: F) -> F:
        """Register *identify*, which names the caller of a request without a key; a decorator.

            @assemblyai.identify
            def identify():
                if not current_user.is_authenticated:
                    return None
                user = current_user.get_id()
                return {"key": "web", "team": f"user-{user}", "end_user": user}

        It is called in the request's context, with `session`, `request`, `current_app` and
        Flask-Login's `current_user`. `before_request` functions have not run, and the request has
        no body. `KeyAuth` documents its return values, and which browser requests count.

        Raises:
            ConfigError: `cors_origins` lets pages of all origins in.
        """
        if self._open_to_all:
            raise for_the_runner(ConfigError(f"general_settings.cors_origins: {BESIDE_LOGIN}"))
        self._identify = identify
        return identify

    def may_see_usage(self, may_see_usage: S) -> S:
        """Register *may_see_usage*, asked what the sender may see of the usage page; a decorator.

            @assemblyai.may_see_usage
            def may_see_usage():
                return "all" if current_user.is_authenticated and current_user.is_admin else None

        It is called as `identify` is, for requests below `usage_path` alone.
        `endpoints.usage_page.UsagePage` documents its return values; after None, a key is asked
        for.
        """
        self._may_see_usage = may_see_usage
        return may_see_usage

    def _ask_sight(self, app: Flask, environ: dict[str, Any], own: MaySee | None) -> Seen:
        may_see_usage = own or self._may_see_usage
        if may_see_usage is None:
            return None
        with app.request_context(environ):
            return may_see_usage()

    def _ask(self, app: Flask, environ: dict[str, Any], own: WhoCalls | None) -> Answer:
        identify = own or self._identify
        if identify is None:
            return None
        with app.request_context(environ):
            return identify()
