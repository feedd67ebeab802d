"""Service and zone of a route: by the upstream's host, else by the prefix's name."""

from __future__ import annotations

import pytest

from assemblyai_mw.config import DEFAULT_ROUTES
from assemblyai_mw.routes import Route, route_for


@pytest.mark.parametrize(
    "prefix, service, region, dialect",
    [
        ("/assemblyai", "api", "us", "assemblyai"),
        ("/us.assemblyai", "api", "us", "assemblyai"),
        ("/eu.assemblyai", "api", "eu", "assemblyai"),
        ("/llm-gateway.assemblyai", "llm-gateway", "us", "assemblyai"),
        ("/eu.llm-gateway.assemblyai", "llm-gateway", "eu", "assemblyai"),
        # AssemblyAI takes the nearest region where nothing names a zone.
        ("/streaming.assemblyai", "streaming", "global", "assemblyai"),
        ("/us.streaming.assemblyai", "streaming", "us", "assemblyai"),
        ("/eu.streaming.assemblyai", "streaming", "eu", "assemblyai"),
        ("/sync.assemblyai", "sync", "global", "assemblyai"),
        ("/us.sync.assemblyai", "sync", "us", "assemblyai"),
        ("/dictation.assemblyai", "dictation", "global", "assemblyai"),
        ("/eu.tts.assemblyai", "tts", "eu", "assemblyai"),
        ("/agents.assemblyai", "agents", "global", "assemblyai"),
        ("/eu.model-1.llm-gateway.assemblyai", "llm-gateway", "eu", "assemblyai"),
        ("/v1/chat/completions", "llm-gateway", "us", "openai"),
        ("", "api", "us", "assemblyai"),
        # What is nobody's name is the API: metered, and each caller's own.
        ("/speech", "api", "us", "assemblyai"),
        ("/eu.speech", "api", "eu", "assemblyai"),
        ("/sync", "sync", "global", "assemblyai"),
        ("/us.sync", "sync", "us", "assemblyai"),
        ("/agents", "agents", "global", "assemblyai"),
        # Below a mount point of the host's.
        ("/app/assemblyai", "api", "us", "assemblyai"),
        ("/app/eu.llm-gateway.assemblyai", "llm-gateway", "eu", "assemblyai"),
        ("/eu.app/streaming.assemblyai", "streaming", "eu", "assemblyai"),
        ("/us.app/streaming.assemblyai", "streaming", "global", "assemblyai"),
        ("/app/v1", "llm-gateway", "us", "openai"),
    ],
)
@pytest.mark.parametrize("base_url", [None, "http://127.0.0.1:9000", "https://gateway.example"])
def test_a_prefix_names_its_route(
    prefix: str, service: str, region: str, dialect: str, base_url: str | None
) -> None:
    """Also where it leads to a host that is not AssemblyAI's."""
    route = route_for(prefix, base_url)
    assert (route.service, route.region, route.dialect) == (service, region, dialect)
    assert not route.by_host


@pytest.mark.parametrize(
    "host, service, region",
    [
        ("api.assemblyai.com", "api", "us"),
        ("api.eu.assemblyai.com", "api", "eu"),
        ("llm-gateway.assemblyai.com", "llm-gateway", "us"),
        ("llm-gateway.eu.assemblyai.com", "llm-gateway", "eu"),
        ("streaming.assemblyai.com", "streaming", "global"),
        ("streaming.us.assemblyai.com", "streaming", "us"),
        ("streaming.eu.assemblyai.com", "streaming", "eu"),
        ("sync.assemblyai.com", "sync", "global"),
        ("dictation.eu.assemblyai.com", "dictation", "eu"),
        ("tts.us.assemblyai.com", "tts", "us"),
        ("agents.assemblyai.com", "agents", "global"),
        ("token.eu.assemblyai.com", "token", "eu"),
        # Spellings of one host.
        ("API.EU.AssemblyAI.COM", "api", "eu"),
        ("api.eu.assemblyai.com.", "api", "eu"),
        ("streaming.assemblyai.com:443", "streaming", "global"),
        ("api.eu.assemblyai.com/some/path", "api", "eu"),
        # AssemblyAI's, and known to nobody here.
        ("foo.assemblyai.com", "foo", "global"),
        ("foo.eu.assemblyai.com", "foo", "eu"),
        ("api.staging.assemblyai.com", "api.staging", "global"),
        ("eu.api.assemblyai.com", "eu.api", "global"),
        ("eu.assemblyai.com", "eu", "global"),
        ("assemblyai.com", "assemblyai.com", "global"),
    ],
)
@pytest.mark.parametrize("prefix", ["/live", "/v1/live", "/sync.assemblyai", "/llm-gateway"])
def test_a_host_of_assemblyais_says_what_stands_behind_any_prefix(
    host: str, service: str, region: str, prefix: str
) -> None:
    route = route_for(prefix, f"https://{host}")
    assert (route.service, route.region, route.dialect) == (service, region, "assemblyai")
    assert route.by_host


@pytest.mark.parametrize(
    "url",
    [
        "https://api.eu.assemblyai.com.evil.example",
        "https://xassemblyai.com",
        "https://api-eu-assemblyai.com",
        "https://assemblyai.com.example",
        "https://evil.example/api.eu.assemblyai.com",
        "http://127.0.0.1:9000",
        "http://[::1]:9000",
    ],
)
def test_another_host_decides_nothing(url: str) -> None:
    assert route_for("/live", url) == Route("/live", "api", "us")
    assert route_for("/streaming.assemblyai", url).region == "global"


@pytest.mark.parametrize("prefix", DEFAULT_ROUTES)
def test_a_default_prefix_says_what_its_host_does(prefix: str) -> None:
    """So that a stand-in on loopback is treated as AssemblyAI's host is."""
    by_name, by_host = route_for(prefix), route_for(prefix, DEFAULT_ROUTES[prefix])
    assert by_host.by_host
    assert (by_name.service, by_name.region) == (by_host.service, by_host.region)
