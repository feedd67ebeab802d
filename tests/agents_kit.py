"""Clients of Voice Agents: over real sockets, with the `websockets` library."""

from __future__ import annotations

import base64
import contextlib
import json
from collections.abc import Iterator
from typing import Any

import requests
from session_kit import WAIT_S, Site, until
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

AGENTS = "/agents.assemblyai"
# 4.50 USD an hour (prices.toml), in nano-dollars.
SECOND = 1_250_000
AUDIO = base64.b64encode(bytes(4800)).decode()
AGENT = {"name": "Guide", "system_prompt": "Be brief.", "voice": {"voice_id": "ivy"}}
SECRET = "a signing secret of more than 32 characters"


class Agent:
    """A client of one session."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket

    def send(self, said: str, **members: Any) -> None:
        self.socket.send(json.dumps({"type": said} | members))

    def begin(self, **config: Any) -> str:
        """Send the first `session.update`; return the session's id."""
        self.send("session.update", session=config or {"system_prompt": "Be brief."})
        return str(self.until("session.ready")["session_id"])

    def speak(self, chunks: int = 1) -> None:
        for _ in range(chunks):
            self.send("input.audio", audio=AUDIO)

    def message(self) -> dict[str, Any]:
        value = json.loads(self.socket.recv(WAIT_S))
        assert isinstance(value, dict)
        return value

    def until(self, said: str) -> dict[str, Any]:
        while (value := self.message())["type"] != said:
            assert value["type"] != "session.error", value
        return value

    def end(self) -> dict[str, Any]:
        """End the session; return its last message."""
        self.send("session.end")
        last = self.until("session.ended")
        self.rest()
        return last

    def rest(self) -> list[dict[str, Any]]:
        """Return what still comes, up to the close."""
        found = []
        with contextlib.suppress(ConnectionClosed):
            while True:
                found.append(self.message())
        return found

    def farewell(self) -> tuple[int | None, str, str]:
        """Return the close code, and the code and text of the error before it."""
        errors = [each for each in self.rest() if each["type"] == "session.error"]
        return self.socket.close_code, errors[-1]["code"], errors[-1]["message"]


@contextlib.contextmanager
def session(site: Site, key: str | None, query: str = "", **options: Any) -> Iterator[Agent]:
    """Open a session; the client leaves at the end of the block."""
    headers = {} if key is None else {"Authorization": f"Bearer {key}"}
    url = f"ws{site.url.removeprefix('http')}{AGENTS}/v1/ws{query}"
    with connect(url, additional_headers=headers, proxy=None, **options) as socket:
        yield Agent(socket)


def ask(site: Site, key: str, method: str, path: str, **options: Any) -> requests.Response:
    """Send a request to the agents' REST API."""
    return requests.request(
        method,
        f"{site.url}{AGENTS}{path}",
        headers={"Authorization": key},
        timeout=WAIT_S,
        **options,
    )


def make_agent(site: Site, key: str, **members: Any) -> str:
    reply = ask(site, key, "POST", "/v1/agents", json=AGENT | members)
    assert reply.status_code == 201, reply.text
    return str(reply.json()["id"])


def whole(site: Site, key: str) -> str:
    """Have a whole session; return its id."""
    with session(site, key) as agent:
        id = agent.begin()
        agent.end()
    return id


def row_of(site: Site) -> Any:
    """Return the only row of a session, once it is closed."""
    until(lambda: [row for row in site.rows() if row.kind == "agent" and row.state != "pending"])
    (row,) = [row for row in site.rows() if row.kind == "agent"]
    return row
