"""Servers for the session; each test gets one with upstreams that know nothing yet."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .kit_client import GOOD_KEY, OTHER_KEY
from .kit_servers import Fleet, Server


@pytest.fixture(scope="session")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    fleet = Fleet(tmp_path_factory.mktemp("servers"))
    yield fleet
    fleet.stop()


@pytest.fixture
def wire(request: pytest.FixtureRequest, fleet: Fleet) -> Iterator[Server]:
    """The server whose kind the test names; afterwards no virtual key lies upstream."""
    server = fleet.get(request.param)
    yield server
    _no_virtual_key_upstream(server)


@pytest.fixture
def gthread(fleet: Fleet) -> Iterator[Server]:
    """Gunicorn with threads, for claims that do not depend on the server."""
    server = fleet.get("gthread")
    yield server
    _no_virtual_key_upstream(server)


def _no_virtual_key_upstream(server: Server) -> None:
    for upstream in (server.upstream, server.eu):
        for conn in upstream.conns:
            for key in (GOOD_KEY, OTHER_KEY):
                assert key.encode() not in conn.received
    server.restart_upstreams()
