"""Other WSGI frameworks: the one line, their own pages, and both SDKs through a server."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import assemblyai as aai
import openai
import pytest
import requests
from stack_kit import config_of
from werkzeug.serving import make_server

from assemblyai_mw import AssemblyAIMiddleware, Keys, Ledger
from assemblyai_mw.testing import FakeAssemblyAI, serve_all

PAGE = "the host's own page"


def bottle() -> Any:
    import bottle

    app = bottle.Bottle()
    app.route("/page", callback=lambda: PAGE)
    return app


def falcon() -> Any:
    import falcon

    class Page:
        def on_get(self, request: Any, response: Any) -> None:
            response.text = PAGE

    app = falcon.App()
    app.add_route("/page", Page())
    return app


def pyramid() -> Any:
    from pyramid.config import Configurator
    from pyramid.response import Response

    with Configurator() as config:
        config.add_route("page", "/page")
        config.add_view(lambda request: Response(PAGE), route_name="page")
        return config.make_wsgi_app()


@contextmanager
def served(app: Any) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        thread.join(20)
        server.server_close()


@pytest.mark.parametrize("framework", [bottle, falcon, pyramid])
def test_a_wrapped_app_serves_the_sdks_and_its_own_pages(
    framework: Callable[[], Any], sqlite_url: str
) -> None:
    fake = FakeAssemblyAI(polls=0, reply_to=lambda asked: "Paris.")
    with serve_all(fake) as hosts:
        app = AssemblyAIMiddleware(framework(), config_of(sqlite_url, routes=hosts.routes))
        key = Keys(sqlite_url).create("alice").key
        with served(app) as url:
            assert requests.get(f"{url}/page", timeout=20).text == PAGE
            assert requests.get(f"{url}/nothing", timeout=20).status_code == 404
            settings = aai.Settings(
                base_url=f"{url}/assemblyai", api_key=key, polling_interval=0.02
            )
            client = aai.Client(settings=settings)
            transcript = aai.Transcriber(client=client).transcribe(io.BytesIO(b"audio" * 9000))
            client.http_client.close()
            assert transcript.text == fake.text
            with openai.OpenAI(base_url=f"{url}/v1", api_key=key) as chats:
                stream = chats.chat.completions.create(
                    model="assemblyai/gpt-5",
                    messages=[{"role": "user", "content": "x"}],
                    stream=True,
                )
                words = [chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices]
            assert "".join(words) == "Paris."
            wrong = requests.get(f"{url}/assemblyai/v2/transcript", timeout=20)
            assert wrong.status_code == 401
        app.close()
    assert [row["key"] for row in Ledger(sqlite_url).calls()] == ["alice", "alice"]
