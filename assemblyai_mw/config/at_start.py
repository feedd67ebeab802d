"""A wrong configuration at start, as one line of the program that starts the app.

Each of these programs prints a traceback for an exception that it does not know, and one line for
one of its own. So the error is raised as both: a `ConfigError` for Python, and an exception of the
programs that are loaded.
"""

from __future__ import annotations

import sys

from ..errors import ConfigError


def for_the_runner(error: ConfigError) -> ConfigError:
    """Return *error*, without the frames below, as an exception that the host's program knows."""
    bases: list[type[Exception]] = []
    if "flask.cli" in sys.modules:
        from click import ClickException

        bases.append(ClickException)
    if "django.core.management.base" in sys.modules:
        from django.core.management.base import CommandError

        bases.append(CommandError)
    if "gunicorn.arbiter" in sys.modules:
        from gunicorn.errors import AppImportError

        # Of a worker's app, and of an app that the master loads (--preload).
        bases += [AppImportError, RuntimeError]
    if not bases:
        return error.with_traceback(None)
    members = {"__module__": ConfigError.__module__, "__doc__": ConfigError.__doc__, "exit_code": 2}
    made: ConfigError = type("ConfigError", (ConfigError, *bases), members)(str(error))
    return made
