"""Servers for the session; each test gets one with upstreams that know nothing yet."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import trustme

from assemblyai_mw.middleware.forward import UpstreamForwarder

from .kit_client import GOOD_KEY, OTHER_KEY
from .kit_direct import forwarder
from .kit_peer import Peer, Script
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


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ca.pem and, signed by it or not, one .pem a case with its key."""
    folder = tmp_path_factory.mktemp("tls")
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    now = datetime.now(UTC)
    past = {"not_before": now - timedelta(days=9), "not_after": now - timedelta(days=1)}
    for name, host, signer, validity in [
        ("good", "localhost", authority, {}),
        ("other-name", "elsewhere.example", authority, {}),
        ("wildcard", "*.localhost", authority, {}),
        ("expired", "localhost", authority, past),
        ("self-signed", "localhost", trustme.CA(), {}),
    ]:
        issued = signer.issue_cert(host, **validity)
        issued.private_key_pem.write_to_path(str(folder / f"{name}.key"))
        for number, blob in enumerate(issued.cert_chain_pems):
            blob.write_to_path(str(folder / f"{name}.pem"), append=number > 0)
    return folder


@pytest.fixture(params=["plain", "tls"])
def peer(request: pytest.FixtureRequest, certificates: Path) -> Iterator[Callable[[Script], Peer]]:
    """Makes peers that run a script, once over plain sockets and once over TLS."""
    made = []

    def make(script: Script) -> Peer:
        server = ca = None
        if request.param == "tls":
            server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            server.load_cert_chain(certificates / "good.pem", certificates / "good.key")
            ca = certificates / "ca.pem"
        made.append(Peer(script, server, ca))
        return made[-1]

    yield make
    for one in made:
        one.close()


def _no_virtual_key_upstream(server: Server) -> None:
    for upstream in (server.upstream, server.eu):
        for conn in upstream.conns:
            for key in (GOOD_KEY, OTHER_KEY):
                assert key.encode() not in conn.received
    server.restart_upstreams()
