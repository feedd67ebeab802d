"""Cheroot leaves `%2F` in PATH_INFO: the target arrives as it was sent all the same."""

from __future__ import annotations

import http.client
import threading
from typing import Any

import pytest
from cheroot.wsgi import Server
from stack_kit import MASTER_KEY, config_of, host_app

from assemblyai_mw import AssemblyAIMiddleware
from assemblyai_mw.testing import FakeTransport


@pytest.fixture
def transport() -> FakeTransport:
    return FakeTransport()


@pytest.mark.parametrize(
    "target",
    ["/v2/x%2Fy", "/v2/x%2fy%20z?a=%2F", "/v2/x%252Fy%2Fz", "/v2/x%2541", "/v2/x?y=%2F"],
)
def test_an_escaped_slash_goes_through(
    sqlite_url: str, transport: FakeTransport, target: str
) -> None:
    app: Any = AssemblyAIMiddleware(host_app, config_of(sqlite_url), transport=transport)
    server = Server(("127.0.0.1", 0), app, numthreads=2)
    server.prepare()
    thread = threading.Thread(target=server.serve)
    thread.start()
    try:
        connection = http.client.HTTPConnection(*server.bind_addr, timeout=20)
        connection.request("GET", f"/assemblyai{target}", headers={"Authorization": MASTER_KEY})
        body = connection.getresponse().read()
        connection.request("GET", "/assemblyai%2Fv2/x", headers={"Authorization": MASTER_KEY})
        assert connection.getresponse().read() == b"host"
        connection.close()
    finally:
        server.stop()
        thread.join(20)
        app.close()
    assert body != b"host"
    assert [seen.target for seen in transport.us.requests] == [target]
