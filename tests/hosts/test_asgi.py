"""FastAPI and Starlette: the stack in an ASGI app by a2wsgi, under uvicorn."""

from __future__ import annotations

import http.client
import io
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from socket import create_server
from typing import Any

import assemblyai as aai
import openai
import pytest
import requests
import uvicorn
from a2wsgi import WSGIMiddleware
from stack_kit import config_of
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route

from assemblyai_mw import AssemblyAIMiddleware, Keys, Ledger
from assemblyai_mw.testing import FakeAssemblyAI, Hosts, serve_all


def no_page(environ: Any, start_response: Any) -> list[bytes]:
    start_response("404 Not Found", [("Content-Type", "text/plain"), ("Content-Length", "0")])
    return []


async def page(request: Any) -> PlainTextResponse:
    return PlainTextResponse("the host's own page")


@contextmanager
def served(stack: Any) -> Iterator[str]:
    bridge = WSGIMiddleware(stack, workers=40)
    app = Starlette(routes=[Route("/page", page), Mount("/", bridge)])
    with create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        while not server.started:
            time.sleep(0.01)
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(30)
            bridge.executor.shutdown()


@pytest.fixture
def fake() -> FakeAssemblyAI:
    return FakeAssemblyAI(polls=0, reply_to=lambda asked: "Paris it is.")


@pytest.fixture
def hosts(fake: FakeAssemblyAI) -> Iterator[Hosts]:
    with serve_all(fake) as hosts:
        yield hosts


@pytest.fixture
def url(hosts: Hosts, sqlite_url: str) -> Iterator[str]:
    stack = AssemblyAIMiddleware(no_page, config_of(sqlite_url, routes=hosts.routes))
    with served(stack) as url:
        yield url
    stack.close()


@pytest.fixture
def key(sqlite_url: str) -> str:
    return Keys(sqlite_url).create("alice").key


def test_the_sdks_and_the_apps_own_pages_are_served(
    url: str, key: str, fake: FakeAssemblyAI, sqlite_url: str
) -> None:
    assert requests.get(f"{url}/page", timeout=20).text == "the host's own page"
    assert requests.get(f"{url}/nothing", timeout=20).status_code == 404
    settings = aai.Settings(base_url=f"{url}/assemblyai", api_key=key, polling_interval=0.02)
    client = aai.Client(settings=settings)
    audio = b"some sized audio" * 500_000
    transcript = aai.Transcriber(client=client).transcribe(io.BytesIO(audio))
    client.http_client.close()
    assert transcript.text == fake.text
    assert [upload.size for upload in fake.uploads.values()] == [len(audio)]
    with openai.OpenAI(base_url=f"{url}/v1", api_key=key) as chats:
        message: Any = {"role": "user", "content": "x"}
        stream = chats.chat.completions.create(
            model="assemblyai/gpt-5", messages=[message], stream=True
        )
        words = [chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices]
    assert "".join(words) == "Paris it is."
    assert [row["state"] for row in Ledger(sqlite_url).calls()] == ["settled", "settled"]
    wrong = requests.get(f"{url}/assemblyai/v2/transcript", timeout=20)
    assert wrong.status_code == 401


def test_a_chunked_upload_is_refused(url: str, key: str, fake: FakeAssemblyAI) -> None:
    """a2wsgi shows an upload that broke off as one that ended."""
    reply = requests.post(
        f"{url}/assemblyai/v2/upload",
        data=iter([b"audio"]),
        headers={"Authorization": key},
        timeout=20,
    )
    assert reply.status_code == 411
    assert not fake.uploads


def test_an_upload_that_breaks_off_is_not_whole(url: str, key: str, fake: FakeAssemblyAI) -> None:
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=20)
    connection.putrequest("POST", "/assemblyai/v2/upload")
    for name, value in {"Authorization": key, "Content-Length": "1000"}.items():
        connection.putheader(name, value)
    connection.endheaders(b"audio")
    connection.close()
    again = requests.get(f"{url}/assemblyai/v2/transcript", headers={"Authorization": key})
    assert again.status_code == 200
    assert not fake.uploads


def test_a_session_is_not_carried(url: str, key: str) -> None:
    from websockets.exceptions import InvalidStatus
    from websockets.sync.client import connect

    at = f"ws{url[4:]}/streaming.assemblyai/v3/ws?sample_rate=16000"
    with (
        pytest.raises(InvalidStatus) as caught,
        connect(at, additional_headers={"Authorization": key}),
    ):
        pass
    assert caught.value.response.status_code == 403
    token = requests.get(
        f"{url}/streaming.assemblyai/v3/token?expires_in_seconds=60",
        headers={"Authorization": key},
        timeout=20,
    )
    # AssemblyAI's own, for a client that goes direct.
    assert not json.loads(token.text)["token"].startswith("st-")
