"""One stand-in a region, in-process and on a socket a host."""

from __future__ import annotations

import hashlib

import pytest
from webtest import TestApp

from assemblyai_mw.config import DEFAULT_ROUTES
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
        assert hosts.routes.keys() == DEFAULT_ROUTES.keys()
        # What has no zone is the US side's, on the same port.
        shared = [p for p in hosts.routes if p.startswith("/us.") and p != "/us.tts.assemblyai"]
        for prefix in shared:
            assert hosts.routes[prefix] == hosts.routes[prefix.replace("us.", "")]
        assert len(set(hosts.routes.values())) == len(hosts.routes) - len(shared)
        assert get(hosts.routes["/eu.assemblyai"], "/v2/transcript", EU_KEY)[0] == 200
        assert get(hosts.routes["/eu.streaming.assemblyai"], "/v2/transcript", EU_KEY)[0] == 404
        assert hosts.us.requests == []
        assert [(r.region, r.service) for r in hosts.eu.requests] == [
            ("eu", "api"),
            ("eu", "streaming"),
        ]
        assert "gpt-5" in hosts.us.models
        assert "gpt-5" not in hosts.eu.models


def test_the_smaller_hosts_answer_in_their_own_shapes() -> None:
    """Shapes of the Python SDK 1.8.2."""
    transport = FakeTransport()
    headers = [("Authorization", US_KEY), ("Content-Type", "application/json")]

    def ask(host: str, method: str, target: str, body: bytes = b"") -> tuple[int, dict[str, str]]:
        request = Request(method, target, headers, body or None, len(body) if body else None)
        reply = transport.send(Origin.parse(f"https://{host}"), request, Timeouts())
        b"".join(reply)
        reply.close()
        return reply.status, {name.lower(): value for name, value in reply.headers}

    status, sent = ask("tts.us.assemblyai.com", "POST", "/v1/speech", b'{"text": "Hello."}')
    assert (status, sent["x-tts-billed-characters"]) == (200, "6")
    assert ask("tts.us.assemblyai.com", "POST", "/v1/speech", b"{}")[0] == 400
    assert ask("tts.us.assemblyai.com", "GET", "/v1/speech")[0] == 405
    assert ask("agents.assemblyai.com", "GET", "/v1/token?expires_in_seconds=60")[0] == 200
    assert ask("agents.assemblyai.com", "GET", "/v3/token?expires_in_seconds=60")[0] == 404
    status, sent = ask("dictation.assemblyai.com", "POST", "/v1/transcribe", b"{}")
    assert (status, sent["content-type"]) == (400, "application/problem+json")
