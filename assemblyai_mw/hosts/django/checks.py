"""System checks: `manage.py check`, and before `runserver` and `migrate`.

assemblyai_mw.E001  the configuration is wrong, or `wrap` cannot work with it
assemblyai_mw.W001  an environment variable is not set, such as the account's key
assemblyai_mw.W002  the WSGI application does not have AssemblyAI in front
assemblyai_mw.W003  MIDDLEWARE has users before sessions, so `identify` sees no user
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping
from typing import Any

from ...config import load_config
from ...config.load import CONFIG_VARIABLE, DATABASE_VARIABLE
from ...errors import ConfigError
from .wrapping import settings_config

_SESSION = "django.contrib.sessions.middleware.SessionMiddleware"
_USER = "django.contrib.auth.middleware.AuthenticationMiddleware"


class _AllSet(dict[str, str]):
    """The environment, as if every secret were in it: sites are built where their keys are not.

    Attributes:
        missing: The variables that were asked for and are not set.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        super().__init__(environ)
        self.missing: set[str] = set()

    def __contains__(self, name: object) -> bool:
        return super().__contains__(name) or name not in (CONFIG_VARIABLE, DATABASE_VARIABLE)

    def __missing__(self, name: str) -> str:
        self.missing.add(name)
        return "x" * 32


def check_configuration(app_configs: Any, **options: Any) -> list[Any]:
    """E001, W001: `settings.ASSEMBLYAI_MW`, or its file, or the environment."""
    from django.core.checks import Error, Warning

    try:
        load_config(settings_config())
    except ConfigError as error:
        environ = _AllSet(os.environ)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                load_config(settings_config(), environ)
        except ConfigError as wrong:
            # A URL, say, that a variable will hold cannot be judged yet.
            if wrong.variable not in environ.missing:
                return [Error(str(wrong), id="assemblyai_mw.E001")]
        return [Warning(str(error), id="assemblyai_mw.W001")]
    return []


def check_wsgi(app_configs: Any, **options: Any) -> list[Any]:
    """E001, W002: `settings.WSGI_APPLICATION` cannot be wrapped so, or is not wrapped."""
    from django.conf import settings
    from django.core.checks import Error, Warning
    from django.utils.module_loading import import_string

    from ...cli.check.app import find

    named = getattr(settings, "WSGI_APPLICATION", None)
    hint = f"In {named}: application = wrap(get_wsgi_application())"
    if named is None:
        text = "WSGI_APPLICATION is not set, so runserver does not use wsgi.py"
        return [Warning(text, id="assemblyai_mw.W002")]
    try:
        mounted, findings = find(import_string(named))
    except ConfigError as error:
        # Of the configuration alone the other check tells; this is what it comes to with `wrap`.
        if check_configuration(app_configs):
            return []
        return [Error(str(error), id="assemblyai_mw.E001")]
    except Exception as error:
        text = f"{named} cannot be imported: {type(error).__name__}"
        return [Warning(text, id="assemblyai_mw.W002")]
    if mounted is not None or not any(each.level == "wrong" for each in findings):
        return []
    return [
        Warning(f"{named} does not have AssemblyAI in front", hint=hint, id="assemblyai_mw.W002")
    ]


def check_middleware(app_configs: Any, **options: Any) -> list[Any]:
    """W003: who is logged in can only be read from a session that is there already."""
    from django.conf import settings
    from django.core.checks import Warning

    order = list(settings.MIDDLEWARE)
    if _SESSION in order and _USER in order and order.index(_USER) < order.index(_SESSION):
        text = f"MIDDLEWARE: expected {_SESSION} before {_USER}, for identify to see the user"
        return [Warning(text, id="assemblyai_mw.W003")]
    return []
