"""Sessions by wss: the real SDKs, nginx with the blocks that docs/ shows, and Gunicorn."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from assemblyai.streaming.v3 import (
    AsyncStreamingClient,
    StreamingClient,
    StreamingClientOptions,
    StreamingEvents,
    StreamingParameters,
)
from nginx import PROGRAM, Nginx, nginx
from npm_kit import node_modules, run_node

from .hosts import GTHREAD
from .marks import SDK_IS_OLD
from .streaming_kit import AUDIO, MODEL, ROUTE, Site, Speaker, streaming_site, until

pytestmark = [
    SDK_IS_OLD,
    pytest.mark.skipif(PROGRAM is None, reason="Debian's nginx-light is not installed"),
]
NODE_SDK = Path(__file__).parent / "clients" / "node_sdk.cjs"
SOCKETS = f"{ROUTE}/v3/ws"


@pytest.fixture(scope="module")
def site(tmp_path_factory: Any) -> Iterator[Site]:
    with streaming_site(GTHREAD, tmp_path_factory.mktemp("site")) as site:
        yield site


@pytest.fixture(scope="module")
def proxy(site: Site, tmp_path_factory: Any) -> Iterator[Nginx]:
    with nginx(site.address, tmp_path_factory.mktemp("proxy") / "nginx") as proxy:
        yield proxy


@pytest.fixture(scope="module")
def modules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return node_modules(tmp_path_factory)


@pytest.fixture
def trusting(proxy: Nginx, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have Python's clients trust the proxy's certificate."""
    monkeypatch.setenv("SSL_CERT_FILE", str(proxy.authority))


def node(proxy: Nginx, modules: Path, key: str, **options: Any) -> list[dict[str, Any]]:
    """Run a session of the Node SDK and return what its user sees, in order."""
    told = {"https": f"https://{proxy.address}{ROUTE}", "wss": f"wss://{proxy.address}{ROUTE}"}
    argument = json.dumps({**told, "key": key, "tenths": 20, **options})
    done = run_node(NODE_SDK, modules, argument, NODE_EXTRA_CA_CERTS=str(proxy.authority))
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.parametrize("by_token", [False, True], ids=["by key", "by token"])
def test_the_node_sdk_streams(site: Site, proxy: Nginx, modules: Path, by_token: bool) -> None:
    rows = len(site.rows())
    events = node(proxy, modules, site.key, byToken=by_token)
    session = site.fake.sessions[-1]
    assert events[0] == {"event": "open", "id": session.id}
    assert {"event": "turn", "transcript": "good morning", "end_of_turn": True} in events
    assert [event for event in events if event["event"] in ("error", "rejected")] == []
    assert (session.ended_by, session.audio_bytes) == ("terminate", 20 * len(AUDIO))
    assert site.settled(rows + 1)[-1]["key"] == "alice"
    assert "st-" not in proxy.log.read_text()


@pytest.mark.usefixtures("trusting")
@pytest.mark.parametrize("by_token", [False, True], ids=["by key", "by token"])
def test_the_python_sdk_streams(site: Site, proxy: Nginx, by_token: bool) -> None:
    rows = len(site.rows())
    host = f"{proxy.address}{ROUTE}"
    options = {}
    if by_token:
        keyed = StreamingClient(StreamingClientOptions(api_key=site.key, api_host=host))
        options = {"api_key": None, "token": keyed.create_temporary_token(expires_in_seconds=60)}
        # Nothing of the SDK's own closes it.
        keyed._client._http_client.close()
    speaker = Speaker(host, site.key, **options).connect()
    speaker.speak()
    speaker.wait("Turn")
    speaker.end()
    assert speaker.errors == []
    assert len(speaker.heard["Termination"]) == 1
    assert site.settled(rows + 1)[-1]["key"] == "alice"
    assert "st-" not in proxy.log.read_text()


@pytest.mark.usefixtures("trusting")
def test_the_async_python_sdk_streams(site: Site, proxy: Nginx) -> None:
    rows = len(site.rows())
    heard: list[str] = []

    async def stream() -> None:
        options = StreamingClientOptions(api_key=site.key, api_host=f"{proxy.address}{ROUTE}")
        client = AsyncStreamingClient(options)
        turned = asyncio.Event()
        for event in StreamingEvents:
            client.on(event, lambda _, event: (heard.append(event.type), turned.set()))
        await client.connect(StreamingParameters(sample_rate=16_000, speech_model=MODEL))
        for _ in range(20):
            await client.stream(AUDIO)
        await turned.wait()
        await client.disconnect(terminate=True)

    asyncio.run(stream())
    assert (heard[0], heard[-1]) == ("Begin", "Termination")
    site.settled(rows + 1)


REFUSALS = {
    # Limits of the key; the code; the text's beginning; how often the Node SDK tries.
    "a list": ({"models": ["assemblyai/u3-rt-pro"]}, 1008, "This key may not use the model", 3),
    "a budget": ({"budget_usd": "0.0001"}, 4002, "This call does not fit in the budget", 1),
    "sessions": ({"max_sessions": 0}, 3009, "Too many sessions: this key may have 0", 3),
}


@pytest.mark.usefixtures("trusting")
@pytest.mark.parametrize("name", REFUSALS)
def test_both_sdks_show_the_reason_of_a_refusal(
    site: Site, proxy: Nginx, modules: Path, name: str
) -> None:
    """The Python SDK never tries again; the Node SDK does, unless the code forbids it."""
    limits, code, text, tries = REFUSALS[name]
    key = site.keys.create(name, **limits).key
    sessions, rows = len(site.fake.sessions), len(site.rows())

    before = len(proxy.requests(SOCKETS))
    ((event),) = node(proxy, modules, key)
    assert (event["event"], event["code"]) == ("rejected", code)
    assert event["message"].startswith(text)
    assert len(proxy.requests(SOCKETS)) - before == tries

    speaker = Speaker(f"{proxy.address}{ROUTE}", key).connect()
    ((shown, message),) = speaker.errors
    assert (shown, message.startswith(text)) == (code, True)
    speaker.end()
    assert len(proxy.requests(SOCKETS)) - before == tries + 1
    assert (len(site.fake.sessions), len(site.rows())) == (sessions, rows)


@pytest.mark.usefixtures("trusting")
def test_a_wrong_key_is_an_http_401(site: Site, proxy: Nginx, modules: Path) -> None:
    """The Node SDK tries that again too, as it does with AssemblyAI."""
    before = len(proxy.requests(SOCKETS))
    assert node(proxy, modules, "sk-wrong") == [
        {"event": "rejected", "message": "Unexpected server response: 401"}
    ]
    assert len(proxy.requests(SOCKETS)) - before == 3
    speaker = Speaker(f"{proxy.address}{ROUTE}", "sk-wrong").connect()
    assert speaker.errors == [(401, "WebSocket handshake rejected (HTTP 401)")]


@pytest.mark.usefixtures("trusting")
def test_a_key_that_is_revoked_ends_its_sessions(site: Site, proxy: Nginx, modules: Path) -> None:
    rows = len(site.rows())
    key = site.keys.create("leaver").key
    speaker = Speaker(f"{proxy.address}{ROUTE}", key).connect()
    sessions = len(site.fake.sessions)
    speaker.speak()
    speaker.wait("Turn")
    site.keys.revoke("leaver")
    speaker.wait("Error")
    assert speaker.errors == [(1008, "The key of this session is not valid any more.")]
    speaker.end()
    site.settled(rows + 1)
    until(lambda: site.fake.sessions[sessions - 1].ended_by == "terminate")
