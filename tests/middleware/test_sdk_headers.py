"""What the SDKs say of themselves reaches AssemblyAI, and their key does not."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from wsgiref.simple_server import WSGIRequestHandler, make_server

import assemblyai as aai
import openai
import pytest
from stack_kit import MASTER_KEY, Stack

from assemblyai_mw.testing import US_KEY

# As assemblyai-node-sdk 4.27.0 sends them, in Chromium and in Node.
NODE = {
    "Content-Type": "application/json",
    "AssemblyAI-Agent": "AssemblyAI/1.0 (sdk=JavaScript/4.27.0)",
    "User-Agent": "node AssemblyAI/1.0 (sdk=JavaScript/4.27.0 runtime_env=Node/22.1.0)",
    "Accept": "*/*",
    "Accept-Language": "*",
}


class Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None: ...


@pytest.fixture
def stack(sqlite_url: str) -> Iterator[Stack]:
    made = Stack(sqlite_url)
    yield made
    made.close()


@pytest.fixture
def url(stack: Stack) -> Iterator[str]:
    with make_server("127.0.0.1", 0, stack.middleware, handler_class=Quiet) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_the_python_sdks_headers_go_upstream(stack: Stack, url: str) -> None:
    settings = aai.Settings(base_url=f"{url}/assemblyai", api_key=MASTER_KEY)
    client = aai.Client(settings=settings)
    aai.Transcriber(client=client).submit("https://example.com/a.mp3")
    client.http_client.close()
    sent = stack.us.requests[-1]
    assert "AssemblyAI/1.0 (sdk=Python/" in (sent.header("user-agent") or "")
    assert sent.headers_of("authorization") == [US_KEY]
    assert sent.header("content-type") == "application/json"
    assert sent.header("accept") == "*/*"


def test_the_openai_sdks_headers_stay_here_but_for_its_name(stack: Stack, url: str) -> None:
    with openai.OpenAI(base_url=f"{url}/v1", api_key=MASTER_KEY, organization="org") as client:
        client.chat.completions.create(
            model="assemblyai/gpt-5-mini", messages=[{"role": "user", "content": "hi"}]
        )
    sent = stack.us.requests[-1]
    assert (sent.header("user-agent") or "").startswith("OpenAI/Python")
    names = {name.lower() for name, _ in sent.headers}
    assert not any(name.startswith(("x-stainless", "openai-")) for name in names)


def test_the_node_sdks_headers_go_upstream(stack: Stack) -> None:
    stack.ask("GET", "/assemblyai/v2/transcript/x", MASTER_KEY, headers=NODE)
    sent = stack.us.requests[-1]
    for name in ("AssemblyAI-Agent", "User-Agent", "Accept", "Accept-Language"):
        assert sent.header(name) == NODE[name]
