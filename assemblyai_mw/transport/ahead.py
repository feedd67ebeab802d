"""Sending one block of a body while the next one is read.

Reading a large upload costs a server's worker about as much as sending it on: Gunicorn
copies each block several times under the interpreter's lock, and a send, which needs no
lock, can go on meanwhile.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable

# Blocks that wait to be sent, of 1 MiB each: what an upload holds in memory.
BLOCKS_AHEAD = 2


class Ahead:
    """Calls *send* with one piece after another, in a thread of its own.

    What *send* raises comes out of the next `put`, or of `wait`. Who uses it closes it.
    """

    def __init__(self, send: Callable[[bytes], None]) -> None:
        self._send = send
        self._queue: queue.Queue[tuple[bytes, ...] | None] = queue.Queue(BLOCKS_AHEAD)
        self._thread: threading.Thread | None = None
        self._fault: BaseException | None = None

    def put(self, pieces: tuple[bytes, ...]) -> None:
        """Have *pieces* sent after all before; wait while too many do."""
        if self._thread is None and not self._start():
            for piece in pieces:
                self._send(piece)
            return
        self._queue.put(pieces)
        self._raise()

    def wait(self) -> None:
        """Return when everything is sent."""
        self._queue.join()
        self._raise()

    def drop(self) -> None:
        """Send nothing more than what is being sent."""
        self._fault = self._fault or ConnectionAbortedError()

    def close(self) -> None:
        """End the thread, after what it is sending."""
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join()

    def _start(self) -> bool:
        """Start the thread; False where the system, or a Python that ends, gives none."""
        thread = threading.Thread(target=self._run, name="assemblyai-mw-upload", daemon=True)
        try:
            thread.start()
        except RuntimeError:
            return False
        self._thread = thread
        return True

    def _raise(self) -> None:
        if self._fault is not None:
            raise self._fault

    def _run(self) -> None:
        while (pieces := self._queue.get()) is not None:
            try:
                # After a fault the queue is emptied, so that nobody waits for ever.
                for piece in pieces if self._fault is None else ():
                    self._send(piece)
            except BaseException as fault:
                self._fault = fault
            finally:
                self._queue.task_done()
