"""Serve wire_app with Waitress or wsgiref on an inherited listening socket: KIND FD."""

from __future__ import annotations

import socket
import sys
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from wire_app import app


class ThreadedServer(ThreadingMixIn, WSGIServer):
    daemon_threads = True


def main(kind: str, fd: int) -> None:
    sock = socket.socket(fileno=fd)
    if kind == "waitress":
        import waitress

        waitress.serve(app, sockets=[sock], threads=8, max_request_body_size=1 << 31)
        return
    server = ThreadedServer(sock.getsockname(), WSGIRequestHandler, bind_and_activate=False)
    server.socket.close()
    server.socket = sock
    server.server_name, server.server_port = "127.0.0.1", sock.getsockname()[1]
    server.setup_environ()
    server.set_app(app)
    server.serve_forever()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
