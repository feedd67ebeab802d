"""What is left of a reply once it was read: nothing that a garbage collection must find."""

from __future__ import annotations

import gc

import pytest
from wire.kit_upstream import LAST_CHUNK, Upstream, chunk, reply

from assemblyai_mw.transport import Origin, Request, SocketTransport, Timeouts
from assemblyai_mw.transport.reply import Head

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    "answer, read",
    [
        pytest.param(reply(), True, id="c170-whole-with-its-head"),
        pytest.param(CHUNKED + chunk(b"a") + LAST_CHUNK, True, id="c170-chunks"),
        pytest.param(CHUNKED + chunk(b"a"), False, id="c170-left-in-the-midst"),
    ],
)
def test_a_reply_that_was_read_or_left_is_no_garbage(answer: bytes, read: bool) -> None:
    """llhttp's parser holds on to what it calls, which holds on to the parser."""
    transport, upstream = SocketTransport(), Upstream()
    upstream.answer = answer
    origin = Origin.parse(f"http://127.0.0.1:{upstream.port}")
    # What earlier tests left is no matter here.
    gc.collect()
    gc.disable()
    try:
        for _ in range(5):
            got = transport.send(origin, Request("GET", "/", [], None, None), Timeouts())
            if read:
                assert (got.whole or b"".join(got)) in (b'{"ok": true}', b"a")
            got.close()
            del got
        assert not [thing for thing in gc.get_objects() if isinstance(thing, Head)]
    finally:
        gc.enable()
        transport.close()
        upstream.close()
