"""Serve a site with Waitress or wsgiref on an inherited listening socket: KIND FD MODULE:APP."""

import socket
import sys
from importlib import import_module
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

kind, fd, spec = sys.argv[1:]
module, _, name = spec.partition(":")
app = getattr(import_module(module), name)
listener = socket.socket(fileno=int(fd))
if kind == "waitress":
    import waitress

    waitress.serve(app, sockets=[listener], threads=8)
else:
    server = WSGIServer(listener.getsockname(), WSGIRequestHandler, bind_and_activate=False)
    server.socket.close()
    server.socket = listener
    server.server_name, server.server_port = "127.0.0.1", listener.getsockname()[1]
    server.setup_environ()
    server.set_app(app)
    server.serve_forever()
