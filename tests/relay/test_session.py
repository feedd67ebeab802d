"""Sessions: who may leave when, and what is said to the other."""

from __future__ import annotations

import gc
import json
import logging
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from assemblyai_mw.relay import Cut, Relay, Watcher
from assemblyai_mw.relay.frames import (
    BINARY,
    CLOSE,
    CONTINUATION,
    HOLD_BYTES,
    PING,
    TEXT,
    close_frame,
    frame,
)

from .rig import BEGIN, TERMINATE, TERMINATION, Notes, Rig, fds, relaying, until

CUT = Cut(3008, "The budget is used up.")
DRAIN = Cut(3008, "The budget is used up.", drain=True)
ERROR = {"type": "Error", "error_code": 3008, "error": "The budget is used up."}


@pytest.fixture
def relay() -> Iterator[Relay]:
    with relaying() as relay:
        yield relay


@pytest.fixture
def brief() -> Iterator[Relay]:
    """A relay that waits but a moment for the upstream's end."""
    with relaying(terminate_s=0.05) as relay:
        yield relay


def told(rig: Rig, error: dict[str, Any]) -> bool:
    """Whether the client is told this reason next, and then a close with its code."""
    opcode, text = rig.client.next()
    assert opcode == TEXT
    return json.loads(text) == error and rig.client.close_code() == error["error_code"]


def finish(rig: Rig, **expected: Any) -> None:
    """Check the facts of the end, and that nothing is left."""
    end = rig.end
    assert {name: getattr(end, name) for name in expected} == expected
    assert 0 <= end.seconds < 60
    assert rig.session.elapsed() == end.seconds
    rig.gone()


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


def test_a_client_that_vanishes_within_a_large_frame_leaves_no_place_for_an_end(
    relay: Relay,
) -> None:
    rig = Rig(relay).begin()
    large = frame(BINARY, bytes(HOLD_BYTES + 100), masked=True)
    rig.client.sock.sendall(large[:-10])
    rig.client.leave()
    assert rig.upstream.ends()
    assert rig.upstream.raw == large[:-10]
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


# A cut


@pytest.mark.parametrize("drain", [True, False])
def test_a_cut_hears_the_upstream_out_and_then_tells_the_client(relay: Relay, drain: bool) -> None:
    rig = Rig(relay).begin()
    rig.session.cut(DRAIN if drain else CUT)
    assert rig.upstream.says(TEXT, TERMINATE)
    rig.client.audio(b"too late")
    rig.upstream.text('{"type":"Turn"}')
    rig.upstream.text(TERMINATION)
    assert rig.upstream.close_code() == 1000
    assert rig.upstream.ends()
    if drain:
        assert rig.client.says(TEXT, b'{"type":"Turn"}')
    # SDKs stop reading at Termination: they must come to the reason.
    assert told(rig, ERROR)
    rig.client.close(3008)
    assert rig.client.ends()
    finish(rig, by="cut", close_code=3008, cut=DRAIN if drain else CUT)
    assert rig.notes.server == [BEGIN, b'{"type":"Turn"}', TERMINATION]


def test_a_cut_before_begin(relay: Relay) -> None:
    rig = Rig(relay)
    rig.session.cut(CUT)
    assert rig.upstream.says(TEXT, TERMINATE)
    rig.upstream.text(BEGIN)
    rig.upstream.text(TERMINATION)
    assert told(rig, ERROR)
    rig.client.close()
    finish(rig, by="cut", close_code=3008)


def test_a_cut_while_a_session_begins_comes_behind_the_handshake(relay: Relay) -> None:
    class Cuts(Watcher):
        def began(self, session: Any) -> None:
            session.cut(CUT)
            session.end_after(0.0, DRAIN, by=self)
            time.sleep(0.02)

    rig = Rig(relay, [Cuts()])
    assert rig.upstream.says(TEXT, TERMINATE)
    rig.upstream.text(TERMINATION)
    assert told(rig, ERROR)
    rig.client.close()
    finish(rig, by="cut", close_code=3008, cut=CUT)


def test_the_first_cut_counts_and_a_stricter_one_still_stops_the_texts(relay: Relay) -> None:
    rig = Rig(relay).begin()
    rig.session.cut(DRAIN)
    assert rig.upstream.says(TEXT, TERMINATE)
    rig.session.cut(Cut(1008, "Blocked."))
    rig.session.cut(Cut(1012, "Restart.", drain=True))
    until(lambda: not rig.relay._loop._jobs)  # type: ignore[union-attr]
    rig.upstream.text('{"type":"Turn"}')
    rig.upstream.text(TERMINATION)
    assert told(rig, ERROR)
    rig.client.close()
    finish(rig, by="cut", cut=DRAIN)


def test_a_cut_within_a_fragmented_text_drops_it(relay: Relay) -> None:
    rig = Rig(relay).begin()
    rig.client.part(TEXT, b'{"type":', fin=False)
    rig.upstream.part(TEXT, b'{"type":', fin=False)
    until(lambda: rig.session._up.received == 14 and rig.session._down.received > len(BEGIN) + 2)
    rig.session.cut(DRAIN)
    assert rig.upstream.says(TEXT, TERMINATE)
    rig.client.part(CONTINUATION, b'"UpdateConfiguration"}', fin=True)
    rig.upstream.part(CONTINUATION, b'"Turn"}', fin=True)
    rig.upstream.text(TERMINATION)
    assert rig.client.says(TEXT, b'{"type":')
    assert rig.client.says(CONTINUATION, b'"Turn"}')
    assert told(rig, ERROR)
    rig.client.close()
    finish(rig, by="cut")


def test_a_cut_within_a_large_frame_ends_the_upstream_at_once(relay: Relay) -> None:
    rig = Rig(relay).begin()
    large = frame(BINARY, bytes(HOLD_BYTES + 100), masked=True)
    rig.client.sock.sendall(large[:-10])
    until(lambda: rig.session._up.is_within_frame)
    rig.session.cut(CUT)
    assert rig.upstream.ends()
    assert rig.upstream.raw == large[:-10]
    assert told(rig, ERROR)
    rig.client.close()
    finish(rig, by="cut", close_code=3008)


def test_a_client_within_a_large_frame_is_told_nothing(relay: Relay) -> None:
    rig = Rig(relay).begin()
    large = frame(BINARY, bytes(HOLD_BYTES + 100), masked=False)
    rig.upstream.sock.sendall(large[:-10])
    until(lambda: rig.session._down.is_within_frame)
    rig.session.cut(CUT)
    assert rig.upstream.says(TEXT, TERMINATE)
    rig.upstream.sock.sendall(large[-10:])
    rig.upstream.text(TERMINATION)
    assert rig.client.ends()
    assert rig.client.raw.endswith(large[:-10])
    finish(rig, by="cut", close_code=None, cut=CUT)


def test_a_fragment_behind_a_refused_text_does_not_count_as_passed(relay: Relay) -> None:
    """The upstream never saw its beginning, so it must not see an end of it."""

    class Refuses(Watcher):
        def client_text(self, text: bytes) -> Cut:
            return CUT

    rig = Rig(relay, [Refuses()]).begin()
    begun = frame(BINARY, b"a", masked=True)
    rig.client.sock.sendall(frame(TEXT, b"{}", masked=True) + bytes((begun[0] & 0x7F,)) + begun[1:])
    assert rig.upstream.says(TEXT, TERMINATE)
    rig.upstream.text(TERMINATION)
    assert told(rig, ERROR)
    rig.client.close()
    finish(rig, by="cut")


def test_a_cut_after_termination_ends_at_once(relay: Relay) -> None:
    rig = Rig(relay).begin()
    rig.upstream.text(TERMINATION)
    assert rig.client.says(TEXT, TERMINATION)
    rig.session.cut(CUT)
    assert rig.upstream.close_code() == 1000
    assert told(rig, ERROR)
    rig.client.close()
    finish(rig, by="cut", close_code=3008)


def test_a_cut_after_the_close_changes_nothing(relay: Relay) -> None:
    rig = Rig(relay).begin()
    rig.upstream.close(1000)
    assert rig.client.close_code() == 1000
    rig.session.cut(CUT)
    rig.client.close()
    assert rig.upstream.close_code() == 1000
    rig.upstream.leave()
    finish(rig, by="upstream", close_code=1000, cut=None)


@pytest.mark.parametrize("leaves", [True, False])
def test_a_termination_that_never_comes_is_not_waited_for_for_ever(
    brief: Relay, leaves: bool
) -> None:
    rig = Rig(brief).begin()
    if leaves:
        rig.client.leave()
    else:
        rig.session.cut(CUT)
    assert rig.upstream.says(TEXT, TERMINATE)
    assert rig.upstream.close_code() == 1000
    assert rig.upstream.ends()
    if not leaves:
        assert told(rig, ERROR)
        rig.client.close()
    finish(rig, by="client" if leaves else "cut")
    assert rig.notes.server == [BEGIN]


def test_a_client_that_never_closes_is_closed(brief: Relay, monkeypatch: Any) -> None:
    monkeypatch.setattr("assemblyai_mw.relay.session.CLOSE_S", 0.05)
    rig = Rig(brief).begin()
    rig.session.cut(CUT)
    assert told(rig, ERROR)
    for _ in range(100):
        rig.client.audio(b"still here")
    assert rig.client.ends()
    finish(rig, by="cut")


@pytest.mark.parametrize("moment", ["cut", "told"])
def test_a_client_that_vanishes_during_a_cut(relay: Relay, moment: str) -> None:
    rig = Rig(relay).begin()
    rig.session.cut(CUT)
    assert rig.upstream.says(TEXT, TERMINATE)
    if moment == "cut":
        rig.client.leave()
        until(lambda: rig.session._client_gone)
    rig.upstream.text(TERMINATION)
    if moment == "told":
        assert told(rig, ERROR)
        rig.client.reset()
    finish(rig, by="cut", close_code=None if moment == "cut" else 3008, cut=CUT)


# Limits


def test_the_earliest_limit_ends_a_session(relay: Relay) -> None:
    rig = Rig(relay).begin()
    rig.session.end_after(0.001, Cut(1008, "replaced"), by="a")
    rig.session.end_after(1e12, Cut(1008, "later"), by="a")
    rig.session.end_after(0.05, CUT, by="b")
    rig.session.end_after(float("inf"), Cut(1008, "never"), by="c")
    assert rig.upstream.says(TEXT, TERMINATE)
    assert rig.session.elapsed() >= 0.05
    rig.upstream.text(TERMINATION)
    assert told(rig, ERROR)
    rig.client.close()
    finish(rig, by="cut", cut=CUT)


def test_limits_that_are_moved_often_leave_no_alarms_behind(relay: Relay) -> None:
    rig = Rig(relay).begin()
    loop = relay._loop
    assert loop is not None
    for at in range(500):
        rig.session.end_after(0.01 + at / 1000 if at < 50 else 50.0, CUT, by="budget")
        if at < 50:
            rig.session.end_after(50.0, CUT, by="budget")
    ran = threading.Event()
    loop.call(ran.set)
    assert ran.wait(20)
    until(lambda: len(loop._alarms) <= 3)
    rig.client.leave()
    rig.upstream.leave()
    rig.gone()


def test_an_idle_session_ends_and_any_byte_keeps_it(relay: Relay) -> None:
    relay.idle_s = 0.2
    rig = Rig(relay).begin()
    for _ in range(8):
        rig.client.part(PING, b"", fin=True)
        rig.upstream.next()
        time.sleep(0.05)
    assert rig.session.cut_by is None
    assert rig.upstream.says(TEXT, TERMINATE)
    rig.upstream.text(TERMINATION)
    _, text = rig.client.next()
    assert json.loads(text)["error"] == "Nothing was sent for 0.2 seconds; the session is over."
    assert rig.client.close_code() == 3008
    rig.client.close()
    finish(rig, by="cut", close_code=3008)


# Violations


@pytest.mark.parametrize(
    "bad, code",
    [
        (frame(TEXT, b"unmasked", masked=False), 1002),
        (frame(TEXT, b"\xff", masked=True), 1007),
        (b"\xc2\x80\0\0\0\0", 1002),
        (b"\x82\xff" + b"\0" * 4 + b"\xff" * 8, 3007),
        (b"\x81\xff" + b"\0" * 4 + b"\xff" * 8, 3006),
        (b"\x88\x82\0\0\0\0\x03\xed", 1002),
        (b"\x88\x82\0\0\0\0\x03\xee", 1002),
        (b"GET / HTTP/1.1\r\n\r\n", 1002),
    ],
)
def test_a_client_that_breaks_the_protocol_is_cut(relay: Relay, bad: bytes, code: int) -> None:
    rig = Rig(relay).begin()
    rig.client.sock.sendall(frame(BINARY, b"good", masked=True) + bad)
    assert rig.upstream.says(BINARY, b"good")
    assert rig.upstream.says(TEXT, TERMINATE)
    rig.client.audio(b"nothing that follows is read")
    rig.upstream.text(TERMINATION)
    assert rig.client.error_code() == code
    assert rig.client.close_code() == code
    rig.client.leave()
    finish(rig, by="cut", close_code=code)


def test_an_upstream_that_breaks_the_protocol_is_left(relay: Relay, caplog: Any) -> None:
    rig = Rig(relay).begin()
    with caplog.at_level(logging.WARNING):
        rig.upstream.sock.sendall(frame(TEXT, b"{}", masked=False) + b"\x83\x00")
        assert rig.client.says(TEXT, b"{}")
        assert rig.client.error_code() == 3005
        assert rig.client.close_code() == 3005
        # An upstream that still listens need not bill a session that nobody hears.
        assert rig.upstream.says(TEXT, TERMINATE)
        assert rig.upstream.close_code() == 1000
        rig.client.close()
        finish(rig, by="error", close_code=3005)
        until(lambda: "frames are broken" in caplog.text)


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
    for at in range(300):
        rig.client.text(b"%d" % at)
        rig.upstream.text(b"%d" % at)
    for at in range(300):
        assert rig.upstream.says(TEXT, b"%d" % at)
        assert rig.client.says(TEXT, b"%d" % at)
    rig.client.leave()
    rig.upstream.leave()
    rig.gone()


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
