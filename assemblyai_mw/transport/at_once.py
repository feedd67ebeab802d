"""recv(2) and send(2) that keep the interpreter's lock.

Python's own release it around each call and wake its next waiter. For a call that cannot wait
(MSG_DONTWAIT) that is useless: it ends before the other thread runs. Where the host's threads
compute, getting the lock back takes 5 ms for each of them (`sys.getswitchinterval`).
"""

from __future__ import annotations

import functools
import socket
from collections.abc import Callable
from typing import Any, Literal

FLAGS = getattr(socket, "MSG_DONTWAIT", 0) | getattr(socket, "MSG_NOSIGNAL", 0)


@functools.cache
def holding_the_lock(name: Literal["recv", "send"]) -> Callable[[int, Any, int, int], int] | None:
    """Return the call (fd, bytes or address, size, flags), or None where it cannot be had.

    It returns a count, or -1 where it failed. Its flags are `FLAGS`.
    """
    try:
        # Not at import: the hosts that never come here need not wait for it.
        import ctypes

        call: Any = getattr(ctypes.PyDLL(None), name)
        pointer = ctypes.c_char_p if name == "send" else ctypes.c_void_p
    except (ImportError, AttributeError, OSError):
        return None
    call.argtypes = [ctypes.c_int, pointer, ctypes.c_size_t, ctypes.c_int]
    call.restype = ctypes.c_ssize_t
    declared: Callable[[int, Any, int, int], int] = call
    return declared


class AtOnce:
    """Both calls, for one thread: what is received goes through one buffer.

    Args:
        size: Bytes to receive at most.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._send = holding_the_lock("send")
        self._recv = holding_the_lock("recv")
        if self._recv is not None:
            import ctypes

            self._string_at = ctypes.string_at
            self._buffer = ctypes.create_string_buffer(size)
            self._address = ctypes.addressof(self._buffer)

    def receive(self, fd: int) -> bytes | None:
        """Return what is there, empty at the end; None where only an error could tell."""
        if self._recv is None:
            return None
        count = self._recv(fd, self._address, self._size, FLAGS)
        return None if count < 0 else self._string_at(self._address, count)

    def send(self, fd: int, data: bytes) -> int:
        """Return how much the kernel took; 0 also where it failed."""
        return 0 if self._send is None else max(0, self._send(fd, data, len(data), FLAGS))
