"""Peers below HTTP, plain and through TLS, with contexts made for them."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator

import pytest
import trustme
from wire.kit_peer import Peer, Script

from assemblyai_mw.transport import SocketTransport


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def server_context(authority: trustme.CA) -> ssl.SSLContext:
    """A server that proves to be localhost."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(made)
    return made


@pytest.fixture
def client_context(authority: trustme.CA) -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    authority.configure_trust(made)
    return made


@pytest.fixture
def make_peer(
    server_context: ssl.SSLContext, client_context: ssl.SSLContext
) -> Iterator[Callable[[Script, bool], Peer]]:
    """Makes peers that run a script: `make_peer(script, tls)`."""
    made: list[Peer] = []

    def make(script: Script, tls: bool) -> Peer:
        one = Peer(script, server_context if tls else None)
        one.transport = SocketTransport(ssl_context=client_context)
        made.append(one)
        return one

    yield make
    for one in made:
        one.close()


@pytest.fixture(params=["plain", "tls"])
def peer(
    request: pytest.FixtureRequest, make_peer: Callable[[Script, bool], Peer]
) -> Callable[[Script], Peer]:
    """Makes peers, once over plain sockets and once over TLS."""
    return lambda script: make_peer(script, request.param == "tls")
