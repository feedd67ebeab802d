"""Servers for the session; each test gets one with upstreams that know nothing yet."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from assemblyai_mw.middleware.forward import UpstreamForwarder

from .kit_client import GOOD_KEY, OTHER_KEY
from .kit_direct import forwarder
from .kit_servers import Fleet, Server
from .kit_upstream import Upstream


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
def upstream() -> Iterator[Upstream]:
    """An upstream of the test's own."""
    upstream = Upstream()
    yield upstream
    upstream.close()


@pytest.fixture
def forward() -> Iterator[Callable[..., UpstreamForwarder]]:
    """Makes forwarders to a port, and closes their connections when the test is over."""
    made = []

    def make(port: int, **options: Any) -> UpstreamForwarder:
        made.append(forwarder(port, **options))
        return made[-1]

    yield make
    for one in made:
        one.transport.close()


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
