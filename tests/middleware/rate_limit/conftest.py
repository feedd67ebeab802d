"""Both places where rates, tokens and calls under way are counted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from limits.storage import Storage
from redis_server import running_redis

from assemblyai_mw.middleware.rate_limit.storage import FileStorage, storage_of


@pytest.fixture(scope="session")
def redis_server() -> Iterator[Any]:
    """A real Redis on a socket of its own."""
    with running_redis() as server:
        yield server


@pytest.fixture
def redis_url(redis_server: Any) -> str:
    redis_server.flushall()
    return f"unix://{redis_server.socket_file}"


@pytest.fixture(params=["file", "redis"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Storage]:
    """Both places where rates are counted."""
    if request.param == "redis":
        made = storage_of(request.getfixturevalue("redis_url"))
        yield made
        made.storage.connection_pool.disconnect()  # type: ignore[attr-defined]
        made.storage.close()  # type: ignore[attr-defined]
    else:
        file = FileStorage(tmp_path / "rates")
        yield file
        file.close()
