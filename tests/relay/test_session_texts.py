"""What passes in a session, how fast, and who judges it."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from assemblyai_mw.relay import Cut, Relay, Watcher
from assemblyai_mw.relay.frames import (
    BINARY,
    CONTINUATION,
    PING,
    TEXT,
    close_frame,
    frame,
)
from assemblyai_mw.relay.pace import BURST, RATE, Pace

from .rig import (
    BEGIN,
    CUT,
    DRAIN,
    ERROR,
    TERMINATE,
    TERMINATION,
    Notes,
    Rig,
    finish,
    told,
    until,
)

# Backpressure


@pytest.mark.parametrize("reads_not", ["client", "upstream"])
def test_an_end_that_does_not_read_holds_the_other_and_no_memory(
    relay: Relay, reads_not: str
) -> None:
    rig = Rig(relay, small_buffers=True).begin()
    idle = getattr(rig, reads_not)
    busy = rig.client if idle is rig.upstream else rig.upstream
    chunk = frame(BINARY, bytes(30_000), masked=busy.masked)
    sent = busy.fills(chunk)
    assert rig.pending <= 2 * 64 * 1024
    # The other direction goes on.
    for at in range(50):
        idle.text(b'{"turn":%d}' % at)
        assert busy.says(TEXT, b'{"turn":%d}' % at)
    # And what was held comes, once it is read.
    for _ in range(sent):
        assert idle.says(BINARY, bytes(30_000))
    rig.client.leave()
    rig.upstream.leave()
    rig.gone()


def test_a_cut_session_is_heard_out_although_its_client_does_not_read(relay: Relay) -> None:
    rig = Rig(relay, small_buffers=True).begin()
    turn = frame(TEXT, b"t" * 10_000, masked=False)
    rig.upstream.fills(turn)
    rig.session.cut(DRAIN)
    assert rig.upstream.says(TEXT, TERMINATE)
    rig.client.leave()
    rig.upstream.leave()
    rig.gone()


def test_a_drain_keeps_a_bounded_number_of_bytes(relay: Relay) -> None:
    rig = Rig(relay, small_buffers=True).begin()
    rig.session.cut(DRAIN)
    assert rig.upstream.says(TEXT, TERMINATE)
    for _ in range(400):
        rig.upstream.text(b"t" * 30_000)
    rig.upstream.text(TERMINATION)
    end = rig.end
    assert end.by == "cut"
    assert rig.pending <= 2 * 1024 * 1024
    rig.client.leave()
    rig.gone()


# Watchers


def test_watchers_replace_and_refuse_texts_in_their_order(relay: Relay) -> None:
    class Adds(Watcher):
        def __init__(self, mark: bytes, slow: bool) -> None:
            self.mark = mark
            self.slow_client = self.slow_server = slow

        def client_text(self, text: bytes) -> bytes | None:
            return text + self.mark

        def server_text(self, text: bytes) -> bytes | None:
            return None if self.mark == b"3" else text + self.mark

    rig = Rig(relay, [Adds(b"1", False), Adds(b"2", True), Adds(b"3", False)])
    rig.client.text(b"c")
    rig.client.part(TEXT, b"d", fin=False)
    rig.client.part(CONTINUATION, b"d", fin=True)
    assert rig.upstream.says(TEXT, b"c123")
    assert rig.upstream.says(TEXT, b"dd123")
    rig.upstream.text(b"s")
    assert rig.client.says(TEXT, b"s21")
    assert rig.notes.client == [b"c123", b"dd123"]
    assert rig.notes.server == [b"s"]
    rig.client.leave()
    rig.upstream.leave()
    rig.gone()


class Slow(Watcher):
    """Waits with each text until it is let go."""

    slow_client = slow_server = True

    def __init__(self, verdict: Any = None) -> None:
        self.go = threading.Semaphore(0)
        self.has = threading.Semaphore(0)
        self.verdict = verdict

    def client_text(self, text: bytes) -> Any:
        self.has.release()
        assert self.go.acquire(timeout=20)
        return self.verdict

    server_text = client_text


def test_behind_a_slow_text_all_waits_and_other_sessions_go_on(relay: Relay) -> None:
    slow = Slow()
    rig = Rig(relay, [slow])
    sent = frame(TEXT, b"{}", masked=True)
    for at in range(20):
        sent += frame(BINARY, b"%d" % at, masked=True)
    rig.client.sock.sendall(sent)
    slow.has.acquire()
    other = Rig(relay).begin()
    for at in range(20):
        other.client.audio(b"%d" % at)
        assert other.upstream.says(BINARY, b"%d" % at)
        rig.client.audio(b"more")
    assert rig.session._up.passed == 0
    # The other direction does not wait.
    rig.upstream.audio(b"down")
    assert rig.client.says(BINARY, b"down")
    slow.go.release()
    assert rig.upstream.says(TEXT, b"{}")
    for at in range(20):
        assert rig.upstream.says(BINARY, b"%d" % at)
    for _ in range(20):
        assert rig.upstream.says(BINARY, b"more")
    for each in (rig, other):
        each.client.leave()
        each.upstream.leave()
        each.gone()


def test_texts_on_a_slow_thread_keep_their_order(relay: Relay) -> None:
    class Late(Watcher):
        slow_client = slow_server = True

    rig = Rig(relay, [Late(), Late()])
    for at in range(100):
        rig.client.text(b"%d" % at)
        rig.upstream.text(b"%d" % at)
    for at in range(100):
        assert rig.upstream.says(TEXT, b"%d" % at)
        assert rig.client.says(TEXT, b"%d" % at)
    rig.client.leave()
    rig.upstream.leave()
    rig.gone()


# The pace of a client's texts


def flood(rig: Rig, *, behind: bytes = b"") -> None:
    """Send more texts at once than are read in the time of a test."""
    rig.client.sock.sendall(frame(TEXT, b'{"type":"KeepAlive"}', masked=True) * 1000 + behind)
    until(lambda: rig.session._up._paused)


def test_a_flood_of_texts_is_read_at_its_pace_and_holds_no_other_session_up(relay: Relay) -> None:
    rig, other = Rig(relay).begin(), Rig(relay).begin()
    flood(rig)
    for at in range(100):
        other.client.audio(b"%d" % at)
        assert other.upstream.says(BINARY, b"%d" % at)
    assert len(rig.notes.client) < 1000
    # More of them come in their turn, and nothing that the client sends takes memory meanwhile.
    read = len(rig.notes.client)
    until(lambda: len(rig.notes.client) > read + 10)
    assert not rig.session._client.is_read
    for each in (rig, other):
        each.gone()


def test_audio_behind_a_flood_of_texts_keeps_its_place_and_passes(relay: Relay) -> None:
    rig = Rig(relay).begin()
    for at in range(int(BURST) + 5):
        rig.client.text(b"%d" % at)
    rig.client.audio(b"audio")
    for at in range(int(BURST) + 5):
        assert rig.upstream.says(TEXT, b"%d" % at)
    assert rig.upstream.says(BINARY, b"audio")
    rig.gone()


@pytest.mark.parametrize("ended_by", ["cut", "upstream"])
def test_a_session_ends_at_once_amid_a_flood_and_its_client_is_told(
    relay: Relay, ended_by: str
) -> None:
    rig = Rig(relay).begin()
    flood(rig, behind=close_frame(1000, masked=True))
    if ended_by == "cut":
        rig.session.cut(CUT)
        while rig.upstream.next() != (TEXT, TERMINATE):
            pass
        rig.upstream.text(TERMINATION)
        assert told(rig, ERROR)
    else:
        rig.upstream.text(TERMINATION)
        rig.upstream.close(1000)
        rig.upstream.leave()
        assert rig.client.says(TEXT, TERMINATION)
        assert rig.client.close_code() == 1000
    assert rig.client.ends()
    # What was not read by then was not judged either.
    assert len(rig.notes.client) < 1000
    finish(rig, by=ended_by)


def test_a_large_text_takes_the_turns_of_many() -> None:
    pace = Pace()
    assert pace.wait(1e6) == 0.0
    pace.count(1 << 20)
    assert pace.wait(1e6) > 1.0
    assert pace.wait(1e6 + 60) == 0.0
    for _ in range(int(BURST)):
        assert pace.wait(1e6 + 60) == 0.0
        pace.count(20)
    assert pace.wait(1e6 + 60) == 1 / RATE


@pytest.mark.parametrize("drain", [True, False])
def test_a_cut_while_a_slow_watcher_has_a_text(relay: Relay, drain: bool) -> None:
    slow = Slow()
    rig = Rig(relay, [slow])
    rig.client.sock.sendall(
        frame(TEXT, b"{}", masked=True) + b"\x02\x81\0\0\0\0a"  # begun, and it will not pass
    )
    slow.has.acquire()
    # It waits behind the client's.
    rig.upstream.text(b'{"type":"Turn"}')
    rig.session.cut(DRAIN if drain else CUT)
    assert rig.upstream.says(TEXT, TERMINATE)
    rig.upstream.text(TERMINATION)
    for _ in range(3):
        slow.go.release()
    if drain:
        assert rig.client.says(TEXT, b'{"type":"Turn"}')
    assert told(rig, ERROR)
    rig.client.close()
    assert rig.upstream.close_code() == 1000
    finish(rig, by="cut", close_code=3008)


def test_an_upstream_that_leaves_behind_a_slow_text_is_heard_out(relay: Relay) -> None:
    slow = Slow()
    rig = Rig(relay, [slow])
    rig.upstream.text(b'{"type":"Turn"}')
    slow.has.acquire()
    rig.upstream.text(TERMINATION)
    rig.upstream.close(1000)
    rig.upstream.leave()
    # Written to, it answers with RST, which is no reason to lose its last words.
    for _ in range(5):
        rig.client.audio(b"late")
    slow.go.release()
    slow.go.release()
    assert rig.client.says(TEXT, b'{"type":"Turn"}')
    assert rig.client.says(TEXT, TERMINATION)
    assert rig.client.close_code() == 1000
    rig.client.close()
    finish(rig, by="upstream", close_code=1000, cut=None)


@pytest.mark.parametrize("slow", [True, False])
@pytest.mark.parametrize("side", ["client", "server"])
def test_a_watcher_that_fails_ends_the_session(
    relay: Relay, caplog: Any, slow: bool, side: str
) -> None:
    class Fails(Watcher):
        slow_client = slow_server = slow

        def client_text(self, text: bytes) -> None:
            raise RuntimeError("a fault")

        server_text = client_text

    rig = Rig(relay, [Fails()])
    if side == "client":
        rig.client.text(b"secret")
    else:
        rig.upstream.text(b"secret")
    assert rig.upstream.says(TEXT, TERMINATE)
    rig.upstream.leave()
    assert rig.client.error_code() == 3005
    assert rig.client.close_code() == 3005
    rig.client.close()
    finish(rig, by="cut", close_code=3005)
    until(lambda: "RuntimeError: a fault" in caplog.text)


@pytest.mark.parametrize("slow", [True, False])
def test_a_text_that_ends_a_session_never_passes_even_where_texts_still_may(
    relay: Relay, slow: bool
) -> None:
    class Blocks(Watcher):
        slow_server = slow

        def server_text(self, text: bytes) -> Cut | None:
            return DRAIN if b"bad" in text else None

    rig = Rig(relay, [Blocks()]).begin()
    rig.upstream.text(b'{"bad":1}')
    assert rig.upstream.says(TEXT, TERMINATE)
    rig.upstream.text(b'{"bad":2}')
    rig.upstream.text(b'{"good":1}')
    rig.upstream.text(TERMINATION)
    assert rig.client.says(TEXT, b'{"good":1}')
    assert told(rig, ERROR)
    rig.client.close()
    finish(rig, by="cut")
    # The meter within sees all of them.
    assert rig.notes.server == [BEGIN, b'{"bad":1}', b'{"bad":2}', b'{"good":1}', TERMINATION]


def test_a_watcher_that_cannot_begin_ends_the_session_and_all_hear_of_it(
    relay: Relay, caplog: Any
) -> None:
    class Fails(Notes):
        def began(self, session: Any) -> None:
            raise RuntimeError("a fault")

    fails = Fails()
    rig = Rig(relay, [fails])
    assert rig.upstream.says(TEXT, TERMINATE)
    rig.upstream.text(TERMINATION)
    assert rig.client.error_code() == 3005
    assert rig.client.close_code() == 3005
    rig.client.close()
    finish(rig, by="cut", close_code=3005)
    assert fails.over.wait(20)
    assert "RuntimeError: a fault" in caplog.text
    # Its traceback has the session.
    caplog.clear()


def test_the_innermost_watcher_hears_of_the_end_first_and_one_that_fails_stops_nobody(
    relay: Relay, caplog: Any
) -> None:
    class Fails(Watcher):
        def ended(self, end: Any) -> None:
            raise RuntimeError("a fault")

    order: list[str] = []
    outer = Notes("outer", order)
    rig = Rig(relay, [outer, Fails(), Notes("inner", order)])
    rig.client.leave()
    rig.upstream.leave()
    assert outer.over.wait(20)
    assert order == ["inner", "outer"]
    rig.gone()
    assert "RuntimeError: a fault" in caplog.text
    # Its traceback has the session.
    caplog.clear()


# Early bytes


def test_early_bytes_of_both_ends_come_first(relay: Relay) -> None:
    rig = Rig(
        relay,
        client_early=frame(BINARY, b"glued", masked=True) + b"\x82",
        upstream_early=frame(TEXT, BEGIN, masked=False),
    )
    rig.client.sock.sendall(frame(BINARY, b"x", masked=True)[1:])
    assert rig.client.says(TEXT, BEGIN)
    assert rig.upstream.says(BINARY, b"glued")
    assert rig.upstream.says(BINARY, b"x")
    rig.client.leave()
    rig.upstream.leave()
    rig.gone()


def test_an_upstream_that_refuses_by_frame_is_passed_on(relay: Relay) -> None:
    error = b'{"type":"Error","error_code":1008,"error":"no"}'
    rig = Rig(
        relay,
        upstream_early=frame(TEXT, error, masked=False) + close_frame(1008, "no", masked=False),
    )
    assert rig.client.says(TEXT, error)
    assert rig.client.close_code() == 1008
    rig.client.close(1008)
    assert rig.upstream.close_code() == 1008
    rig.upstream.leave()
    finish(rig, by="upstream", close_code=1008)


# Floods


def test_pings_pass_and_hold_nothing(relay: Relay) -> None:
    rig = Rig(relay, small_buffers=True).begin()
    flood = frame(PING, b"", masked=True) * 5000
    rig.client.fills(flood)
    assert rig.pending <= 2 * 64 * 1024
    rig.client.leave()
    rig.upstream.leave()
    rig.gone()


def test_a_frame_that_comes_byte_by_byte_is_not_begun_upstream(relay: Relay) -> None:
    rig = Rig(relay).begin()
    slow = frame(BINARY, bytes(300), masked=True)
    for at in range(len(slow)):
        assert rig.session._up.passed == 0
        rig.client.sock.sendall(slow[at : at + 1])
    assert rig.upstream.says(BINARY, bytes(300))
    rig.client.leave()
    rig.upstream.leave()
    rig.gone()
