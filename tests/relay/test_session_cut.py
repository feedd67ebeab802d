"""Sessions that are ended here: cuts, limits, and peers that break the protocol."""

from __future__ import annotations

import json
import logging
import threading
import time
from typing import Any

import pytest

from assemblyai_mw.relay import Cut, Relay, Watcher
from assemblyai_mw.relay.frames import (
    BINARY,
    CONTINUATION,
    HOLD_BYTES,
    PING,
    TEXT,
    frame,
)

from .rig import (
    BEGIN,
    CUT,
    DRAIN,
    ERROR,
    TERMINATE,
    TERMINATION,
    Rig,
    finish,
    told,
    until,
)

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


def test_a_client_that_stays_within_a_large_frame_is_cut_all_the_same(relay: Relay) -> None:
    rig = Rig(relay).begin()
    large = frame(BINARY, bytes(HOLD_BYTES + 100), masked=True)
    rig.client.sock.sendall(large[:-10])
    until(lambda: rig.session._up.passed == len(large) - 10)
    rig.session.cut(CUT)
    assert rig.upstream.next()[0] == BINARY
    assert rig.upstream.says(TEXT, TERMINATE)
    # The rest of the frame comes too late: it goes nowhere.
    rig.client.sock.sendall(large[-10:])
    rig.client.audio(b"more")
    rig.upstream.text(TERMINATION)
    assert told(rig, ERROR)
    rig.client.close()
    assert rig.upstream.close_code() == 1000
    finish(rig, by="cut", close_code=3008)


def test_a_client_within_a_large_frame_is_told_nothing(relay: Relay) -> None:
    rig = Rig(relay).begin()
    large = frame(BINARY, bytes(HOLD_BYTES + 100), masked=False)
    before = rig.session._down.passed
    rig.upstream.sock.sendall(large[:-10])
    until(lambda: rig.session._down.passed == before + len(large) - 10)
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
    # Their masks are random, and each worker of the tests needs the same names.
    ids=range(8),
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
