"""Slots: never more than there are, first come first served, fewer while the server is full."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from assemblyai_mw.store import slots as slots_module
from assemblyai_mw.store.slots import Slots


def waiting(slots: Slots, number: int) -> None:
    """Return once so many wait."""
    while len(slots._waiting) < number:
        threading.Event().wait(0.001)


def test_no_more_than_there_are_are_taken_at_once() -> None:
    slots, lock = Slots(3), threading.Lock()
    now = most = 0

    def work(_: int) -> None:
        nonlocal now, most
        for _ in range(50):
            assert slots.take(30)
            with lock:
                now += 1
                most = max(most, now)
            with lock:
                now -= 1
            slots.give_back()

    with ThreadPoolExecutor(12) as threads:
        list(threads.map(work, range(12)))
    assert 1 <= most <= 3
    assert [slots.take(0) for _ in range(4)] == [True, True, True, False]


def test_who_came_first_is_next_also_before_one_who_just_gave_back() -> None:
    slots, order = Slots(1), list[str]()
    assert slots.take(0)

    def wait(name: str) -> None:
        assert slots.take(30)
        order.append(name)
        slots.give_back()

    threads = []
    for number, name in enumerate("abc"):
        threads.append(threading.Thread(target=wait, args=(name,)))
        threads[-1].start()
        waiting(slots, number + 1)
    slots.give_back()
    wait("last")
    for thread in threads:
        thread.join(30)
    assert order == ["a", "b", "c", "last"]


def test_who_waited_in_vain_takes_no_turn_from_others() -> None:
    slots = Slots(1)
    assert slots.take(0)
    assert not slots.take(0.01)
    slots.give_back()
    assert slots.take(0)


def test_while_the_server_is_full_nobody_takes_more_than_there_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = 100.0
    monkeypatch.setattr(slots_module.time, "monotonic", lambda: now)
    slots = Slots(8)
    assert [slots.take(0) for _ in range(3)] == [True] * 3
    assert slots.give_back_unfilled()
    assert not slots.take(0)
    slots.give_back()
    assert slots.take(0)
    now += 2
    assert [slots.take(0) for _ in range(7)] == [True] * 6 + [False]


def test_one_alone_may_try_again_at_a_full_server() -> None:
    slots = Slots(8)
    assert slots.take(0)
    assert not slots.give_back_unfilled()
    assert [slots.take(0), slots.take(0)] == [True, False]


class _Interrupted(BaseException):
    """What a host raises in a thread to end it."""


@pytest.mark.parametrize("has_its_turn", [False, True])
def test_one_that_is_interrupted_while_it_waits_takes_no_slot_along(
    monkeypatch: pytest.MonkeyPatch, has_its_turn: bool
) -> None:
    slots = Slots(1)
    assert slots.take(0)

    def wait(turn: threading.Event, timeout: float | None = None) -> bool:
        if has_its_turn:
            slots.give_back()
            assert turn.is_set()
        raise _Interrupted

    with monkeypatch.context() as patch:
        patch.setattr(threading.Event, "wait", wait)
        with pytest.raises(_Interrupted):
            slots.take(30)
    if not has_its_turn:
        slots.give_back()
    assert slots.take(0)
    assert not slots.take(0)
