"""What cannot be read or sent at once is left to Python's own calls."""

from __future__ import annotations

import socket

import pytest

from assemblyai_mw.transport import at_once as module
from assemblyai_mw.transport.at_once import AtOnce


def test_it_receives_what_is_there_and_sends_what_the_kernel_takes() -> None:
    one, other = socket.socketpair()
    with one, other:
        calls = AtOnce(4)
        assert calls.receive(one.fileno()) is None
        assert calls.send(other.fileno(), b"a\0bcd") == 5
        assert calls.receive(one.fileno()) == b"a\0bc"
        assert calls.receive(one.fileno()) == b"d"
        other.close()
        assert calls.receive(one.fileno()) == b""
        assert calls.send(one.fileno(), b"x") == 0


def test_without_ctypes_it_leaves_all_to_python(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "holding_the_lock", lambda name: None)
    one, other = socket.socketpair()
    with one, other:
        calls = AtOnce(4)
        other.sendall(b"abc")
        assert calls.receive(one.fileno()) is None
        assert calls.send(one.fileno(), b"x") == 0
        assert one.recv(4) == b"abc"
