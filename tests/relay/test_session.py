"""Sessions: who may leave when, and what is said to the other."""

from __future__ import annotations

import gc
import threading
import time
import weakref
from collections.abc import Callable
from typing import Any

import pytest

from assemblyai_mw.relay import Relay
from assemblyai_mw.relay.frames import (
    BINARY,
    CLOSE,
    CONTINUATION,
    HOLD_BYTES,
    TEXT,
    frame,
)

from .rig import (
    BEGIN,
    CUT,
    DRAIN,
    TERMINATE,
    TERMINATION,
    Rig,
    fds,
    finish,
    until,
)

# The client ends it


def test_a_client_that_terminates_hears_termination_and_close(relay: Relay) -> None:
    rig = Rig(relay).begin()
    rig.client.audio(b"a" * 1600)
    rig.client.text(TERMINATE)
    assert rig.upstream.says(BINARY, b"a" * 1600)
    assert rig.upstream.says(TEXT, TERMINATE)
    rig.upstream.text(TERMINATION)
    rig.upstream.close(1000)
    assert rig.client.says(TEXT, TERMINATION)
    assert rig.client.close_code() == 1000
    rig.client.close(1000)
    assert rig.upstream.close_code() == 1000
    rig.upstream.leave()
    finish(
        rig,
        by="client",
        close_code=1000,
        cut=None,
        bytes_in=4 + 4 + 1600 + 6 + len(TERMINATE) + 8,
        bytes_out=len(rig.client.raw),
    )
    assert rig.notes.server == [BEGIN, TERMINATION]
    assert rig.notes.client == [TERMINATE]


@pytest.mark.parametrize("code", [1000, 1001, None])
def test_a_client_that_closes_unasked_is_answered_and_the_upstream_ended(
    relay: Relay, code: int | None
) -> None:
    rig = Rig(relay).begin()
    rig.client.close(code)
    assert rig.client.close_code() == code
    assert rig.upstream.says(TEXT, TERMINATE)
    rig.upstream.text('{"type":"Turn"}')
    rig.upstream.text(TERMINATION)
    assert rig.upstream.close_code() == 1000
    assert rig.upstream.ends()
    assert rig.client.ends()
    finish(rig, by="client", close_code=code, cut=None)
    # The meter hears what the session cost.
    assert rig.notes.server[-1] == TERMINATION


@pytest.mark.parametrize("how", ["leave", "reset"])
def test_a_client_that_vanishes_has_its_session_ended(relay: Relay, how: str) -> None:
    rig = Rig(relay).begin()
    getattr(rig.client, how)()
    assert rig.upstream.says(TEXT, TERMINATE)
    rig.upstream.text(TERMINATION)
    assert rig.upstream.close_code() == 1000
    assert rig.upstream.ends()
    finish(rig, by="client", close_code=None, cut=None)
    assert rig.notes.server[-1] == TERMINATION


def test_a_client_that_asked_for_the_end_and_vanishes_is_not_asked_for_again(relay: Relay) -> None:
    rig = Rig(relay).begin()
    rig.client.text(TERMINATE)
    rig.client.leave()
    assert rig.upstream.says(TEXT, TERMINATE)
    rig.upstream.text(TERMINATION)
    assert rig.upstream.close_code() == 1000
    finish(rig, by="client", close_code=None)


@pytest.mark.parametrize("fin", [True, False])
def test_a_frame_that_a_vanished_client_began_is_filled_up_before_our_own_text(
    relay: Relay, fin: bool
) -> None:
    rig = Rig(relay).begin()
    large = frame(BINARY, bytes(HOLD_BYTES + 100), masked=True)
    large = bytes((large[0] if fin else large[0] & 0x7F,)) + large[1:]
    rig.client.sock.sendall(large[:-10])
    rig.client.leave()
    opcode, payload = rig.upstream.next()
    assert (opcode, len(payload)) == (BINARY, HOLD_BYTES + 100)
    assert rig.upstream.raw.startswith(large[:-10] + bytes(10))
    if not fin:
        assert rig.upstream.says(CONTINUATION, b"")
    assert rig.upstream.says(TEXT, TERMINATE)
    rig.upstream.text(TERMINATION)
    assert rig.upstream.close_code() == 1000
    finish(rig, by="client", close_code=None)


def test_a_client_that_vanishes_within_a_small_frame_is_cut_at_its_border(relay: Relay) -> None:
    rig = Rig(relay).begin()
    rig.client.sock.sendall(frame(BINARY, bytes(1600), masked=True)[:-1])
    rig.client.leave()
    assert rig.upstream.says(TEXT, TERMINATE)
    rig.upstream.text(TERMINATION)
    finish(rig, by="client")


@pytest.mark.parametrize("parts", [1, 3])
def test_a_message_of_audio_is_ended_before_our_own_text(relay: Relay, parts: int) -> None:
    rig = Rig(relay).begin()
    for at in range(parts):
        rig.client.part(CONTINUATION if at else BINARY, b"a", fin=False)
    rig.client.leave()
    for at in range(parts):
        assert rig.upstream.says(CONTINUATION if at else BINARY, b"a")
    assert rig.upstream.says(CONTINUATION, b"")
    assert rig.upstream.says(TEXT, TERMINATE)
    rig.upstream.text(TERMINATION)
    finish(rig, by="client")


def test_a_begun_text_of_a_client_that_vanishes_never_passes(relay: Relay) -> None:
    rig = Rig(relay).begin()
    rig.client.part(TEXT, b'{"type":"Upd', fin=False)
    rig.client.leave()
    assert rig.upstream.says(TEXT, TERMINATE)
    rig.upstream.text(TERMINATION)
    finish(rig, by="client")


# The upstream ends it


@pytest.mark.parametrize("how", ["leave", "reset"])
def test_an_upstream_that_vanishes_is_told_of(relay: Relay, how: str) -> None:
    rig = Rig(relay).begin()
    getattr(rig.upstream, how)()
    assert rig.client.error_code() == 3005
    assert rig.client.close_code() == 3005
    rig.client.close(3005)
    assert rig.client.ends()
    finish(rig, by="error", close_code=3005)
    assert rig.end.cut is not None


@pytest.mark.parametrize("code", [1000, 3005, 4001, None])
@pytest.mark.parametrize("termination", [True, False])
def test_an_upstream_s_close_passes_with_its_code(
    relay: Relay, code: int | None, termination: bool
) -> None:
    rig = Rig(relay).begin()
    if termination:
        rig.upstream.text(TERMINATION)
        assert rig.client.says(TEXT, TERMINATION)
    rig.upstream.close(code)
    assert rig.client.close_code() == code
    rig.client.close(code)
    assert rig.upstream.close_code() == code
    rig.upstream.leave()
    assert rig.client.ends()
    finish(rig, by="upstream", close_code=code, cut=None)


def test_an_upstream_that_says_the_end_and_leaves_without_a_close_is_closed_for(
    relay: Relay,
) -> None:
    rig = Rig(relay).begin()
    rig.upstream.text(TERMINATION)
    rig.upstream.leave()
    assert rig.client.says(TEXT, TERMINATION)
    assert rig.client.close_code() == 1000
    rig.client.close()
    finish(rig, by="upstream", close_code=1000, cut=None)


def test_a_client_that_does_not_answer_a_close_is_left(brief: Relay) -> None:
    rig = Rig(brief).begin()
    rig.upstream.text(TERMINATION)
    rig.upstream.close(1000)
    assert rig.client.says(TEXT, TERMINATION)
    assert rig.client.close_code() == 1000
    assert rig.client.ends()
    assert rig.upstream.close_code() == 1000
    finish(rig, by="upstream", close_code=1000)


def test_the_clock_stops_when_the_upstream_closes_and_not_when_the_client_answers(
    relay: Relay,
) -> None:
    rig = Rig(relay).begin()
    rig.upstream.close(3005)
    assert rig.client.close_code() == 3005
    stopped = rig.session.elapsed()
    time.sleep(0.02)
    assert rig.session.elapsed() == stopped
    rig.client.leave()
    finish(rig, by="upstream", close_code=3005, seconds=stopped)


def test_both_ends_may_close_at_once(relay: Relay) -> None:
    for _ in range(20):
        rig = Rig(relay).begin()
        go = threading.Barrier(2)

        def close(rig: Rig = rig, go: threading.Barrier = go) -> None:
            go.wait()
            rig.upstream.close(1001)

        thread = threading.Thread(target=close)
        thread.start()
        go.wait()
        rig.client.close(1000)
        thread.join()
        assert rig.client.close_code() in (1000, 1001)
        rig.upstream.leave()
        assert rig.client.ends()
        finish(rig, cut=None)
        assert rig.end.by in ("client", "upstream")


def test_the_last_text_counts_although_the_upstream_took_nothing_more(relay: Relay) -> None:
    """A server that closes with audio unread resets the connection behind its last words."""
    for _ in range(10):
        rig = Rig(relay).begin()
        hold = threading.Event()
        rig.relay._loop.call(hold.wait)  # type: ignore[union-attr]
        rig.client.audio(b"late")
        rig.client.text(TERMINATE)
        rig.upstream.text(TERMINATION)
        rig.upstream.close(1000)
        rig.upstream.leave()
        hold.set()
        assert rig.client.says(TEXT, TERMINATION)
        assert rig.client.close_code() == 1000
        rig.client.leave()
        finish(rig, close_code=1000, cut=None)


# What is left

WAYS_OUT: list[Callable[[Rig], object]] = [
    lambda rig: rig.client.leave(),
    lambda rig: rig.client.reset(),
    lambda rig: rig.client.close(),
    lambda rig: rig.client.text(TERMINATE),
    lambda rig: rig.client.sock.sendall(b"\xff\xff"),
    lambda rig: rig.upstream.leave(),
    lambda rig: rig.upstream.reset(),
    lambda rig: rig.upstream.close(3005),
    lambda rig: rig.upstream.sock.sendall(b"\xff\xff"),
    lambda rig: rig.session.cut(CUT),
    lambda rig: rig.session.cut(DRAIN),
    lambda rig: rig.session.end_after(0.0, CUT, by=1),
]


def test_no_way_out_leaves_a_descriptor_a_thread_or_an_object(
    brief: Relay, monkeypatch: Any
) -> None:
    monkeypatch.setattr("assemblyai_mw.relay.session.CLOSE_S", 0.05)
    brief.idle_s = 0.5
    Rig(brief).gone()
    gc.collect()
    before, threads = fds(), threading.active_count()
    left = []
    for _ in range(5):
        rigs = [Rig(brief).begin() for _ in WAYS_OUT]
        for rig, way_out in zip(rigs, WAYS_OUT, strict=True):
            way_out(rig)
        for rig in rigs:
            assert rig.end
            rig.gone()
        left += [weakref.ref(rig.session) for rig in rigs]
        del rigs, rig
    assert brief.open == 0
    gc.collect()
    until(lambda: fds() <= before)
    assert threading.active_count() == threads
    until(lambda: gc.collect() is not None and not [ref for ref in left if ref() is not None])
    assert not brief._loop._wires  # type: ignore[union-attr]


def test_a_fault_of_ours_ends_that_session_alone(relay: Relay, caplog: Any) -> None:
    rig, other = Rig(relay).begin(), Rig(relay).begin()

    def fails() -> None:
        raise RuntimeError("a fault")

    rig.session.call(fails)
    assert rig.client.ends()
    finish(rig, by="error", close_code=None)
    other.client.audio(b"on")
    assert other.upstream.says(BINARY, b"on")
    until(lambda: "RuntimeError: a fault" in caplog.text)
    other.client.leave()
    other.upstream.leave()
    other.gone()


def test_a_close_frame_is_the_last_that_the_upstream_gets(relay: Relay) -> None:
    rig = Rig(relay).begin()
    rig.upstream.text(TERMINATION)
    assert rig.client.says(TEXT, TERMINATION)
    rig.client.close(1000)
    assert rig.upstream.next() == (CLOSE, b"\x03\xe8")
    rig.client.leave()
    assert rig.upstream.ends()
    finish(rig, by="client", close_code=1000)
