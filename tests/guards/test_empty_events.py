"""Events without data pass through the guards of a stream: some providers send them to keep
a connection open."""

from __future__ import annotations

import pytest

from assemblyai_mw.guards.windows import Flowing, Held
from assemblyai_mw.http.sse import parse_event


@pytest.mark.parametrize("raw", [b"data:\n\n", b"data: \n\n", b": ping\n\n"])
def test_an_empty_event_passes(raw: bytes) -> None:
    assert Flowing([]).feed(parse_event(raw)) == [raw]
    held = Held()
    held.feed(parse_event(raw))
    assert list(held.release({})) == [raw]
