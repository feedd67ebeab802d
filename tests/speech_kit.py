"""The whole stack with sessions of speech synthesis, in which a character costs a dollar."""

from __future__ import annotations

import contextlib
import json
import warnings
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

import assemblyai as aai
from metered_kit import Books, Metered, until
from stack_kit import MASTER_KEY
from websockets.sync.client import ClientConnection, connect

from assemblyai_mw.testing import FakeSpeech

NATIVE = "/us.tts.assemblyai"
MODEL = "assemblyai-tts-1"
DOLLAR = 10**9
# The price of a million, so that one costs a dollar.
PRICES: Mapping[str, Any] = {"tts": {"*": {"usd": 1_000_000, "source": "a test"}}}
FLUSH, CANCEL, TERMINATE = (json.dumps({"type": kind}) for kind in ("Flush", "Cancel", "Terminate"))

__all__ = ["CANCEL", "DOLLAR", "FLUSH", "MODEL", "PRICES", "TERMINATE", "Speech", "generate"]


def generate(text: str) -> str:
    return json.dumps({"type": "Generate", "text": text})


class Speech(Metered):
    """A stack with sessions of speech synthesis in this process."""

    def __init__(self, url: str, *, prices: Mapping[str, Any] = PRICES, **config: Any) -> None:
        super().__init__(url, prices=prices, **config)

    @contextlib.contextmanager
    def speech(
        self, key: str | None = MASTER_KEY, prefix: str = NATIVE, **query: Any
    ) -> Iterator[ClientConnection]:
        """A client's open session, before its Begin."""
        with speech(self.port, key, prefix, **query) as client:
            yield client

    def sdk(self, key: str, **options: Any) -> aai.TTSSession:
        """AssemblyAI's own client, for `with`."""
        return sdk_session(self.port, key, **options)

    def spoken(self) -> FakeSpeech:
        """The last session of the stand-in, when it is over there."""
        session = self.fake.speech_sessions[-1]
        assert self.fake.wait_for(lambda _: session.ended_by is not None)
        return session


@contextlib.contextmanager
def speech(
    port: int, key: str | None, prefix: str = NATIVE, **query: Any
) -> Iterator[ClientConnection]:
    asked = f"?{urlencode(query)}" if query else ""
    headers = {"Authorization": key} if key else {}
    url = f"ws://127.0.0.1:{port}{prefix}/v1/ws{asked}"
    with connect(url, additional_headers=headers, compression=None, max_size=None) as client:
        yield client


def sdk_session(port: int, key: str, **options: Any) -> aai.TTSSession:
    address = f"http://127.0.0.1:{port}{NATIVE}"
    client = aai.Client(settings=aai.Settings(api_key=key, tts_base_url=address))
    return aai.TTSSession(client=client, **options)


@contextlib.contextmanager
def quiet_sdk() -> Iterator[None]:
    """The SDK uses a client of `websockets` that newer releases call legacy."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        yield


def settled(books: Books, count: int = 1) -> list[Any]:
    """The rows, once none is pending."""
    until(lambda: len(books.rows()) >= count and not books.pending())
    return books.rows()
