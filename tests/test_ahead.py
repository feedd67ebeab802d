"""Sending ahead: in order, with its faults told, and never waited for in vain."""

import threading

import pytest

from assemblyai_mw.transport.ahead import Ahead


def test_pieces_are_sent_in_order() -> None:
    sent: list[bytes] = []
    ahead = Ahead(sent.append)
    for number in range(50):
        ahead.put((b"%d" % number, b","))
    ahead.wait()
    ahead.close()
    assert b"".join(sent) == b"".join(b"%d," % number for number in range(50))


def test_nothing_is_started_that_is_not_used() -> None:
    ahead = Ahead(lambda _: None)
    ahead.wait()
    ahead.close()
    assert not [t for t in threading.enumerate() if t.name == "assemblyai-mw-upload"]


def test_what_sending_raises_comes_out_and_the_rest_is_dropped() -> None:
    sent: list[bytes] = []

    def send(piece: bytes) -> None:
        if piece == b"2":
            raise ConnectionResetError("gone")
        sent.append(piece)

    def send_all() -> None:
        for number in range(50):
            ahead.put((b"%d" % number,))
        ahead.wait()

    ahead = Ahead(send)
    with pytest.raises(ConnectionResetError):
        send_all()
    ahead.close()
    assert sent == [b"0", b"1"]


def test_what_was_dropped_is_not_sent() -> None:
    sent: list[bytes] = []
    started, go_on = threading.Event(), threading.Event()

    def send(piece: bytes) -> None:
        started.set()
        go_on.wait(10)
        sent.append(piece)

    ahead = Ahead(send)
    ahead.put((b"0",))
    started.wait(10)
    ahead.put((b"1",))
    ahead.drop()
    go_on.set()
    ahead.close()
    assert sent == [b"0"]


def test_where_no_thread_is_to_be_had_pieces_are_sent_one_by_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def start(self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", start)
    sent: list[bytes] = []
    ahead = Ahead(sent.append)
    for number in range(5):
        ahead.put((b"%d" % number, b","))
    ahead.wait()
    ahead.close()
    assert b"".join(sent) == b"0,1,2,3,4,"
