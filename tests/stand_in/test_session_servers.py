"""Where sessions run: over `FakeTransport`, over one host alone, and over no other WSGI server."""

from __future__ import annotations

import base64
import json
import os
import socket
from typing import Any

import pytest
from webtest import TestApp

from assemblyai_mw.errors import UpstreamError, UpstreamTimeout
from assemblyai_mw.testing import EU_KEY, US_KEY, FakeAssemblyAI, FakeTransport, serve
from assemblyai_mw.transport import Origin, Request, Timeouts
from assemblyai_mw.transport.tunnel import Tunnel

from .kit import exchange
from .streaming_kit import KEY, Raw, address, handshake, library
from .test_streaming import over

STREAMING = Origin.parse("https://streaming.assemblyai.com")


def asked(target: str = "/v3/ws", key: str = US_KEY) -> Request:
    headers = [
        ("Connection", "Upgrade"),
        ("Upgrade", "websocket"),
        ("Sec-WebSocket-Version", "13"),
        ("Sec-WebSocket-Key", base64.b64encode(bytes(16)).decode()),
        ("Authorization", key),
    ]
    return Request("GET", target, headers)


def test_a_transport_without_sockets_gives_one_end_of_a_pair() -> None:
    transport = FakeTransport()
    for host, key, fake in (
        ("streaming.assemblyai.com", US_KEY, transport.us),
        ("streaming.eu.assemblyai.com", EU_KEY, transport.eu),
    ):
        origin, request = Origin.parse(f"https://{host}"), asked("/v3/ws?sample_rate=8000", key)
        tunnel = transport.upgrade(origin, request, Timeouts())
        assert isinstance(tunnel, Tunnel)
        assert (tunnel.status, tunnel.reason, tunnel.tls) == (101, "Switching Protocols", None)
        assert ("Upgrade", "websocket") in tunnel.headers
        assert request.sent
        client = Raw(socket.socket(fileno=tunnel.fd))
        assert client.message()["type"] == "Begin"
        client.say({"type": "Terminate"})
        assert client.close_code() == 1000
        client.close()
        assert over(fake).ended_by == "terminate"


def test_a_transport_without_sockets_refuses_and_fails() -> None:
    transport = FakeTransport()
    reply = transport.upgrade(STREAMING, asked(key="wrong"), Timeouts())
    assert not isinstance(reply, Tunnel)
    assert (reply.status, b"".join(reply)) == (
        401,
        b'{"error": "Authentication error, API token missing/invalid"}',
    )
    reply.close()
    transport.us.fail_next(drop=True)
    with pytest.raises(UpstreamError, match="dropped"):
        transport.upgrade(STREAMING, asked(), Timeouts())
    transport.us.fail_next_session(no_reply=True)
    with pytest.raises(UpstreamTimeout):
        transport.upgrade(STREAMING, asked(), Timeouts(read_s=0.05))
    for rst in (True, False):
        tunnel = transport.upgrade(STREAMING, asked(), Timeouts())
        assert isinstance(tunnel, Tunnel)
        with socket.socket(fileno=tunnel.fd) as ours:
            client = Raw(ours)
            client.message()
            transport.us.sessions[-1].vanish(rst=rst)
            with pytest.raises(EOFError):
                client.frame()
            client.close()


def test_a_tunnel_is_closed_once() -> None:
    transport = FakeTransport()
    tunnel = transport.upgrade(STREAMING, asked(), Timeouts())
    assert isinstance(tunnel, Tunnel)
    tunnel.close()
    tunnel.close()
    assert tunnel.fd == -1
    assert over(transport.us).ended_by == "vanished"


def test_another_server_cannot_give_a_connection_away(app: TestApp) -> None:
    headers = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": KEY,
    }
    environ = {"SERVER_PROTOCOL": "HTTP/1.1"}
    assert (
        "serve"
        in app.get("/v3/ws", headers=headers, extra_environ=environ, status=501).json["error"]
    )


def test_an_app_of_ones_own_can_take_the_connection_over() -> None:
    """As from Werkzeug's server: a dead end takes the place of the server's descriptor."""
    taken: list[socket.socket] = []

    class Body(list[bytes]):
        def close(self) -> None:
            far.close()

    dead, far = socket.socketpair()

    def app(environ: Any, start_response: Any) -> Any:
        servers = environ["werkzeug.socket"]
        mine = servers.dup()
        os.dup2(dead.fileno(), servers.fileno(), inheritable=False)
        dead.close()
        early = environ["wsgi.input"].rfile.peek()
        taken.append(mine)
        mine.sendall(b"taken over, after " + early)
        start_response("101 Switching Protocols", [("Upgrade", "websocket")])
        return Body()

    with serve(app) as url, socket.create_connection(address(url)) as client:
        client.sendall(handshake() + b"glued bytes")
        assert client.recv(99) == b"taken over, after glued bytes"
        taken[0].sendall(b"!")
        assert client.recv(99) == b"!"
        taken[0].close()
        assert client.recv(99) == b""
    assert len(taken) == 1


def test_one_host_alone_takes_sessions() -> None:
    fake = FakeAssemblyAI()
    with serve(fake.host("streaming")) as url, library(url) as client:
        assert json.loads(client.recv())["type"] == "Begin"
    with serve(fake.host("api")) as url:
        assert exchange(url, handshake()).startswith(b"HTTP/1.1 404 ")
