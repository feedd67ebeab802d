"""A wrong configuration at start, as one line of the program that starts the app.

Each of these programs prints a traceback for an exception that it does not know, and one line for
one of its own. So the error is raised as both: a `ConfigError` for Python, and an exception of the
programs that are loaded.
"""

from __future__ import annotations

import sys

from ..errors import ConfigError

# A module that says that a program is loaded, and the exception that it prints as one line.
_PROGRAMS = (
    ("flask.cli", "click", "ClickException"),
    ("django.core.management.base", "django.core.management.base", "CommandError"),
    ("gunicorn.arbiter", "gunicorn.errors", "AppImportError"),
    # With --preload Gunicorn's master loads the app.
    ("gunicorn.arbiter", "builtins", "RuntimeError"),
)


def for_the_runner(error: ConfigError) -> ConfigError:
    """Return *error*, without the frames below, as an exception that the host's program knows."""
    bases = tuple(
        getattr(sys.modules[module], name)
        for program, module, name in _PROGRAMS
        if program in sys.modules
    )
    if not bases:
        return error.with_traceback(None)
    members = {"__module__": ConfigError.__module__, "__doc__": ConfigError.__doc__, "exit_code": 2}
    made: ConfigError = type("ConfigError", (ConfigError, *bases), members)(str(error))
    return made
