"""Empty databases of either engine, for benchmarks that fill a ledger of their own."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path


@contextmanager
def databases(engine: str) -> Iterator[Callable[[], str]]:
    """Give a function that returns the URL of one more empty database of `sqlite` or `postgresql`.

    All of them are gone at the end.
    """
    if engine == "postgresql":
        sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
        from postgres import PostgreSQL

        server = PostgreSQL()
        try:
            yield server.fresh_url
        finally:
            server.stop()
        return
    with tempfile.TemporaryDirectory(prefix="aamw-bench-") as folder:
        numbers = count(1)
        yield lambda: f"sqlite:///{folder}/ledger-{next(numbers)}.db"
