"""Voice agents at the stand-in: it is as strict as AssemblyAI's pages are."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from assemblyai_mw.testing import US_KEY, FakeAssemblyAI, serve

from .kit import get

BEGIN = {"type": "session.update", "session": {"system_prompt": "Be brief."}}


@pytest.fixture
def host(fake: FakeAssemblyAI) -> Iterator[str]:
    with serve(fake.host("agents")) as url:
        yield url


def opened(host: str, query: str = "", **headers: str) -> ClientConnection:
    url = f"ws{host.removeprefix('http')}/v1/ws{query}"
    return connect(url, additional_headers=headers, proxy=None)


@contextlib.contextmanager
def session(host: str) -> Iterator[ClientConnection]:
    with opened(host, Authorization=f"Bearer {US_KEY}") as client:
        yield client


def say(client: ClientConnection, *messages: Any) -> dict[str, Any]:
    """Send messages; return the answer to the last."""
    for message in messages:
        client.send(message if isinstance(message, str | bytes) else json.dumps(message))
        answer: dict[str, Any] = json.loads(client.recv(10))
    return answer


@pytest.mark.parametrize(
    "message, code",
    [
        ("no JSON", "invalid_format"),
        (b"\0\0", "invalid_format"),
        ([], "invalid_format"),
        ({"type": "KeepAlive"}, "invalid_format"),
        ({"type": "input.audio", "audio": "?"}, "invalid_audio"),
        ({"type": "input.audio"}, "invalid_audio"),
        ({"type": "session.update", "session": {"greeting": "Hi"}}, "immutable_field"),
        ({"type": "session.update", "session": {"output": {"voice": "ivy"}}}, "immutable_field"),
        ({"type": "session.update", "session": {"agent_id": "x"}}, "invalid_config"),
        ({"type": "session.update", "session": {"unknown": 1}}, "invalid_config"),
        ({"type": "tool.result", "call_id": "c", "result": {}}, "invalid_format"),
    ],
)
def test_a_wrong_message_is_told_and_the_session_stays(host: str, message: Any, code: str) -> None:
    with session(host) as client:
        assert say(client, BEGIN)["type"] == "session.ready"
        answer = say(client, message)
        assert (answer["type"], answer["code"]) == ("session.error", code)
        assert say(client, {"type": "session.end"})["type"] == "session.ended"


def test_nothing_but_a_beginning_comes_first(host: str, fake: FakeAssemblyAI) -> None:
    with session(host) as client:
        assert say(client, {"type": "input.audio", "audio": ""})["code"] == "invalid_format"
        wrong = {"type": "session.update", "session": {"agent_id": "x", "greeting": "Hi"}}
        assert say(client, wrong)["code"] == "invalid_config"
        assert say(client, BEGIN)["session_id"].startswith("sess_")
    assert len(fake.agent_sessions) == 1


def test_a_session_can_be_resumed_in_its_grace_alone(host: str, fake: FakeAssemblyAI) -> None:
    with session(host) as client:
        id = say(client, BEGIN)["session_id"]
    assert fake.wait_for(lambda f: f.agent_sessions[-1].lost_at is not None)
    resume = {"type": "session.resume", "session_id": id}
    with session(host) as client:
        assert say(client, resume)["session_id"] == id
    assert fake.wait_for(lambda f: f.agent_sessions[-1].lost_at is not None)
    fake.agent_settings.grace_s = 0
    with session(host) as client:
        assert say(client, resume)["code"] == "session_not_found"
        with pytest.raises(ConnectionClosed):
            client.recv(10)
        assert client.close_code == 1008
    assert fake.agent_sessions[-1].over_at is not None


@pytest.mark.parametrize("authorization", ["", US_KEY, "Bearer wrong", f"Basic {US_KEY}"])
def test_the_socket_takes_a_bearer_token_alone(host: str, authorization: str) -> None:
    with pytest.raises(InvalidStatus) as refused:
        opened(host, Authorization=authorization)
    assert refused.value.response.status_code == 401


def test_a_token_opens_one_session(host: str) -> None:
    status, body = get(host, "/v1/token?expires_in_seconds=60", US_KEY)
    token = json.loads(body)["token"]
    assert status == 200
    with opened(host, f"?token={token}") as client:
        assert say(client, BEGIN)["type"] == "session.ready"
    with opened(host, f"?token={token}") as client:
        assert json.loads(client.recv(10))["code"] == "unauthorized"
    assert get(host, "/v1/agents", f"Bearer {US_KEY}") == (200, b"[]")
    assert get(host, "/v1/agents", "wrong")[0] == 401
