"""A WebSocket handshake that goes upstream: written anew, without what is the client's own."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from stack_kit import Stack
from websockets.sync.client import connect
from werkzeug.serving import make_server

from assemblyai_mw.testing import US_KEY


@pytest.fixture
def stack(sqlite_url: str) -> Iterator[Stack]:
    made = Stack(sqlite_url)
    yield made
    made.close()


@pytest.fixture
def port(stack: Stack) -> Iterator[int]:
    server = make_server("127.0.0.1", 0, stack.middleware, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.port
    stack.middleware.close()
    server.shutdown()
    thread.join()
    server.server_close()


def test_c37_a_handshake_goes_upstream_without_extensions_and_credentials(stack, port):
    url = f"ws://127.0.0.1:{port}/streaming.assemblyai/v3/ws?speech_model=u3-rt-pro"
    headers = {
        "Authorization": stack.key("alice"),
        "Cookie": "login=of-the-host",
        "X-Forwarded-For": "192.0.2.1",
        "AssemblyAI-Version": "2025-05-12",
    }
    with connect(url, additional_headers=headers) as session:
        assert session.response is not None
        # The client offered compression; it was not agreed on.
        assert "Sec-WebSocket-Extensions" in session.request.headers
        assert "Sec-WebSocket-Extensions" not in session.response.headers
        offered = session.request.headers["Sec-WebSocket-Key"]
    (seen,) = stack.us.sessions
    names = [name.lower() for name, _ in seen.headers]
    fields = {name.lower(): value for name, value in seen.headers}
    assert len(names) == len(set(names))
    assert fields["authorization"] == US_KEY
    assert fields["sec-websocket-key"] == offered
    assert fields["sec-websocket-version"] == "13"
    assert fields["assemblyai-version"] == "2025-05-12"
    assert fields["host"] == "streaming.assemblyai.com"
    assert not {"cookie", "x-forwarded-for", "sec-websocket-extensions", "origin"} & set(names)
