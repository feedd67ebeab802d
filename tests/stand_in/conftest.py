"""A stand-in, in-process and on a socket, and the real SDKs pointed at it."""

from __future__ import annotations

from collections.abc import Iterator

import assemblyai as aai
import openai
import pytest
from webtest import TestApp

from assemblyai_mw.testing import US_KEY, FakeAssemblyAI, serve


@pytest.fixture
def fake() -> FakeAssemblyAI:
    return FakeAssemblyAI()


@pytest.fixture
def url(fake: FakeAssemblyAI) -> Iterator[str]:
    with serve(fake) as served:
        yield served


@pytest.fixture
def app(fake: FakeAssemblyAI) -> TestApp:
    return TestApp(fake, extra_environ={"HTTP_AUTHORIZATION": US_KEY})


@pytest.fixture
def sdk(url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[aai.Transcriber]:
    """AssemblyAI's SDK, pointed at the stand-in as a user would point it."""
    monkeypatch.setattr(aai.Client, "_default", None)
    monkeypatch.setattr(aai.settings, "api_key", US_KEY)
    monkeypatch.setattr(aai.settings, "base_url", url)
    monkeypatch.setattr(aai.settings, "polling_interval", 0.001)
    yield aai.Transcriber()
    aai.Client.get_default().http_client.close()


@pytest.fixture
def llm(url: str) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(api_key=US_KEY, base_url=f"{url}/v1", max_retries=0) as client:
        yield client
