"""A relay between psycopg and PostgreSQL that counts round trips, and cuts where it is told to."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from pathlib import Path

NAME = ".s.PGSQL.5432"


class Relay:
    """Listens in *directory*, and passes each connection on to the server's socket.

    Attributes:
        round_trips: How often the client wrote after the server had; writes without an answer in
            between count once.
        cut: Told of what the client writes; `before` cuts the connection without passing it on,
            `during` after passing it on, `after` once the server's answer was passed on.
    """

    def __init__(self, directory: Path, server: Path) -> None:
        self.round_trips = 0
        self.cut: Callable[[bytes], str | None] = lambda data: None
        self._server = str(server / NAME)
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(directory / NAME))
        self._listener.listen(64)
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._pass, args=(client,), daemon=True).start()

    def _pass(self, client: socket.socket) -> None:
        server = socket.socket(socket.AF_UNIX)
        server.connect(self._server)
        answered = threading.Event()
        answered.set()
        cut_after = threading.Event()

        def back() -> None:
            try:
                while data := server.recv(1 << 16):
                    answered.set()
                    client.sendall(data)
                    # ReadyForQuery ends an answer, whatever comes before it.
                    if cut_after.is_set() and data[-6:-1] == b"Z\0\0\0\x05":
                        break
            except OSError:
                pass
            finally:
                _shut(client)
                _shut(server)

        answers = threading.Thread(target=back, daemon=True)
        answers.start()
        try:
            while data := client.recv(1 << 16):
                if answered.is_set():
                    self.round_trips += 1
                    answered.clear()
                how = self.cut(data)
                if how == "before":
                    break
                if how == "after":
                    cut_after.set()
                if how == "during":
                    _shut(client)
                server.sendall(data)
                if how == "during":
                    # It is read and done before the end of the connection is.
                    server.shutdown(socket.SHUT_WR)
                    answers.join(30)
                    break
        except OSError:
            pass
        finally:
            _shut(client)
            _shut(server)
            answers.join(30)
            client.close()
            server.close()


def _shut(end: socket.socket) -> None:
    try:
        end.shutdown(socket.SHUT_RDWR)
    except OSError:
        return
