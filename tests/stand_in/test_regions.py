"""One stand-in a region, in-process and on a socket a host."""

from __future__ import annotations

import hashlib

import pytest
from webtest import TestApp

from assemblyai_mw.errors import UpstreamError
from assemblyai_mw.middleware.forward import UpstreamForwarder
from assemblyai_mw.middleware.router import PrefixRouter
from assemblyai_mw.testing import EU_KEY, US_KEY, FakeTransport, serve_all
from assemblyai_mw.transport import Origin, Request, Timeouts

from .kit import get


def test_a_whole_stack_runs_without_a_socket() -> None:
    transport = FakeTransport()
    forwarders = {
        "/assemblyai": UpstreamForwarder(
            "https://api.assemblyai.com", api_key=US_KEY, transport=transport
        ),
        "/eu": UpstreamForwarder(
            "https://api.eu.assemblyai.com", api_key=EU_KEY, transport=transport
        ),
        "/x": UpstreamForwarder("https://example.com", api_key=US_KEY, transport=transport),
    }
    app = TestApp(PrefixRouter(lambda *_: [], forwarders))

    upload = app.post("/assemblyai/v2/upload?a=%41", b"audio").json["upload_url"]
    assert transport.us.uploads[upload].sha256 == hashlib.sha256(b"audio").hexdigest()
    assert transport.us.requests[0].target == "/v2/upload?a=%41"
    assert transport.eu.requests == []
    assert app.get("/eu/v2/transcript").json["transcripts"] == []
    assert transport.eu.requests[0].header("authorization") == EU_KEY

    transport.us.fail_next(drop=True)
    app.get("/assemblyai/v2/transcript", status=502)
    transport.us.fail_next(cut_after=3)
    with pytest.raises(UpstreamError, match="before its end"):
        app.get("/assemblyai/v2/transcript")
    app.get("/x/", status=502)


def test_a_transport_without_sockets_takes_bodies_in_blocks() -> None:
    transport = FakeTransport()
    upstream = Origin.parse("https://api.assemblyai.com")
    headers = [("Authorization", US_KEY)]
    for length in (None, 5):
        blocks = iter([b"ab", b"", b"cde"])
        request = Request("POST", "/v2/upload", headers, blocks, length)
        reply = transport.send(upstream, request, Timeouts())
        assert (reply.status, request.sent) == (200, True)
        reply.close()
        assert transport.us.requests[-1].body == b"abcde"


def test_each_region_stands_alone_and_each_host_has_its_port() -> None:
    with serve_all() as hosts:
        assert hosts.routes.keys() == {
            "/assemblyai",
            "/eu.assemblyai",
            "/llm-gateway.assemblyai",
            "/eu.llm-gateway.assemblyai",
            "/streaming.assemblyai",
            "/eu.streaming.assemblyai",
            "/sync.assemblyai",
        }
        assert len(set(hosts.routes.values())) == 7
        assert get(hosts.routes["/eu.assemblyai"], "/v2/transcript", EU_KEY)[0] == 200
        assert get(hosts.routes["/eu.streaming.assemblyai"], "/v2/transcript", EU_KEY)[0] == 404
        assert hosts.us.requests == []
        assert [(r.region, r.service) for r in hosts.eu.requests] == [
            ("eu", "api"),
            ("eu", "streaming"),
        ]
        assert "gpt-5" in hosts.us.models
        assert "gpt-5" not in hosts.eu.models
