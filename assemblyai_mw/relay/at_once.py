"""recv(2) and send(2) that keep the interpreter's lock.

Python's own release it around each call. Where the host's threads compute, getting it back takes
5 ms for each of them (`sys.getswitchinterval`), and a frame that passes needs both calls. They
never wait here, so they end long before another thread could begin.
"""

from __future__ import annotations

import ctypes
import socket
from typing import Any

_FLAGS = getattr(socket, "MSG_DONTWAIT", 0) | getattr(socket, "MSG_NOSIGNAL", 0)


class AtOnce:
    """The two calls, for one thread: what is received goes through one buffer.

    Args:
        size: Bytes to receive at most.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._buffer = ctypes.create_string_buffer(size)
        self._address = ctypes.addressof(self._buffer)
        library = ctypes.PyDLL(None)
        self._recv = _declared(library.recv, ctypes.c_void_p)
        self._send = _declared(library.send, ctypes.c_char_p)

    def receive(self, fd: int) -> bytes | None:
        """Return what is there, empty at the end; None where only an error could tell."""
        count: int = self._recv(fd, self._address, self._size, _FLAGS)
        return None if count < 0 else ctypes.string_at(self._address, count)

    def send(self, fd: int, data: bytes) -> int:
        """Return how much the kernel took; 0 also where it failed."""
        count: int = self._send(fd, data, len(data), _FLAGS)
        return max(0, count)


def _declared(function: Any, pointer: Any) -> Any:
    function.argtypes = [ctypes.c_int, pointer, ctypes.c_size_t, ctypes.c_int]
    function.restype = ctypes.c_ssize_t
    return function
