"""Checks of a PostgreSQL URL before connecting: the driver, and known options.

Without SQLAlchemy, so that an app's start can ask.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from urllib.parse import parse_qsl

from ..errors import ConfigError

# Arguments of psycopg.connect() that are no options of libpq: in a URL they would come as text.
_DRIVER_ARGUMENTS = ("autocommit", "context", "cursor_factory", "prepare_threshold", "row_factory")


def check_driver(url: str) -> None:
    """Stop the start for a PostgreSQL *url* that cannot work; other URLs pass.

    Raises:
        ConfigError: psycopg is not installed, or *url* has an option of the driver's.
    """
    if not url.partition("://")[0].startswith("postgres"):
        return
    for name, _ in parse_qsl(url.partition("?")[2], keep_blank_values=True):
        if name == "prepare_threshold":
            raise ConfigError(
                "database_url: prepare_threshold is no option of the URL; "
                "set general_settings.database_prepare"
            )
        if name in _DRIVER_ARGUMENTS:
            raise ConfigError(f"database_url: {name} is no option of the URL")
    if find_spec("psycopg") and (find_spec("psycopg_binary") or find_spec("psycopg_c")):
        return
    try:
        # It may still find libpq, the C library, on its own.
        import_module("psycopg")
    except ImportError:
        raise ConfigError(
            "database_url: PostgreSQL needs psycopg: pip install 'assemblyai-mw[postgres]'"
        ) from None
