"""What marks tests of sessions."""

from __future__ import annotations

from typing import Any

import pytest

from .hosts import HAS_UWSGI, Server

# The SDK reads them of an exception of `websockets`, which would rather not give them any more.
SDK_IS_OLD = pytest.mark.filterwarnings("ignore:ConnectionClosed.(code|reason):DeprecationWarning")
needs_uwsgi = pytest.mark.skipif(not HAS_UWSGI, reason="uWSGI is not installed (pip install uwsgi)")


def with_uwsgi(servers: list[Server]) -> list[Any]:
    """Return the servers as parameters: tests of uWSGI are skipped where it is not installed."""
    return [
        pytest.param(each, marks=needs_uwsgi if each.name.startswith("uWSGI") else ())
        for each in servers
    ]
