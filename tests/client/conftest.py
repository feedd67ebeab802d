"""A stand-in gateway on a socket, and the arguments that lead completion() to it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest

from assemblyai_mw.testing import US_KEY, FakeAssemblyAI, serve


@pytest.fixture
def us() -> FakeAssemblyAI:
    return FakeAssemblyAI()


@pytest.fixture
def base(us: FakeAssemblyAI, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    for name in list(os.environ):
        if name.startswith("ASSEMBLYAI_"):
            monkeypatch.delenv(name)
    with serve(us.host("llm-gateway")) as url:
        yield {"api_base": f"{url}/v1", "api_key": US_KEY}
