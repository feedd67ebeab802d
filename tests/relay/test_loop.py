"""The relay's thread: what fails in it, and numbers of descriptors that come again."""

from __future__ import annotations

import select
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from assemblyai_mw.relay import Relay, Watcher
from assemblyai_mw.relay.background import Background
from assemblyai_mw.relay.frames import BINARY, TEXT
from assemblyai_mw.relay.loop import Loop

from .rig import Rig, relaying, until


@pytest.fixture
def relay() -> Iterator[Relay]:
    with relaying() as relay:
        yield relay


def loop_of(relay: Relay) -> Loop:
    return relay._running()


def test_a_job_that_fails_stops_neither_the_others_nor_the_loop(relay: Relay, caplog: Any) -> None:
    loop, ran, hold = loop_of(relay), threading.Event(), threading.Event()
    loop.call(hold.wait)
    loop.call(lambda: 1 // 0)
    loop.call(ran.set)
    hold.set()
    assert ran.wait(20)
    until(lambda: "ZeroDivisionError" in caplog.text)


def test_a_job_beside_that_fails_stops_no_other(caplog: Any) -> None:
    beside, ran = Background("test"), threading.Event()
    beside.submit(lambda: 1 // 0)
    beside.submit(ran.set)
    assert ran.wait(20)
    beside.stop()
    beside.thread.join(20)
    assert "ZeroDivisionError" in caplog.text


def test_jobs_at_intervals_run_beside_and_go_on_after_a_fault(caplog: Any) -> None:
    ran = threading.Semaphore(0)

    def tick() -> None:
        ran.release()
        raise RuntimeError("a fault")

    beside = Background("test", ((0.001, tick),))
    for _ in range(5):
        assert ran.acquire(timeout=20)
    beside.stop()
    beside.thread.join(20)
    assert not beside.thread.is_alive()


def test_an_alarm_in_a_far_future_is_no_fault(relay: Relay, caplog: Any) -> None:
    rig = Rig(relay).begin()
    loop = loop_of(relay)
    loop.call(lambda: loop.alarm(rig.session, loop.now + 1e12))
    loop._alarms.clear()
    rig.client.audio(b"on")
    assert rig.upstream.says(BINARY, b"on")
    assert not caplog.records
    rig.gone()


def test_a_number_that_is_another_connection_s_already_gets_no_event_of_the_old_one(
    relay: Relay,
) -> None:
    """Both events come in one batch; the first closes the second's session."""
    taken: list[tuple[socket.socket, socket.socket]] = []

    class Ends(Watcher):
        def client_text(self, text: bytes) -> None:
            numbers = {wire.fd for wire in victim.session.ends}
            victim.session.fail()
            while numbers:
                pair = socket.socketpair()
                taken.append(pair)
                pair[0].send(b"not yours")
                pair[1].send(b"not yours")
                numbers -= {pair[0].fileno(), pair[1].fileno()}

    rig, victim = Rig(relay, [Ends()]).begin(), Rig(relay).begin()
    hold = threading.Event()
    loop_of(relay).call(hold.wait)
    rig.client.text(b"{}")
    victim.client.audio(b"late")
    victim.upstream.text(b"late")
    hold.set()
    assert rig.upstream.says(TEXT, b"{}")
    for each in (rig, victim):
        each.gone()
    assert taken
    for one, other in taken:
        assert one.recv(100) == other.recv(100) == b"not yours"
        one.close()
        other.close()


def test_a_call_after_the_end_writes_to_no_other_s_connection() -> None:
    relay = Relay()
    rig = Rig(relay).begin()
    rig.client.leave()
    rig.upstream.leave()
    loop = loop_of(relay)
    relay.close()
    until(lambda: not loop.background.thread.is_alive())
    pairs = [socket.socketpair() for _ in range(20)]
    rig.session.cut(None)  # type: ignore[arg-type]
    loop.background.submit(lambda: None)
    loop.say(10, "nobody hears it")
    ends = [each for pair in pairs for each in pair]
    assert select.select(ends, [], [], 0) == ([], [], [])
    for each in ends:
        each.close()
