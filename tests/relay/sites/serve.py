"""Serve an app on an inherited listening socket with a server without a command: NAME FD MODULE."""

import socket
import sys
from importlib import import_module

name, fd, module = sys.argv[1], int(sys.argv[2]), sys.argv[3]
if name == "pywsgi":
    from gevent import monkey

    monkey.patch_all()
elif name == "eventlet":
    import warnings

    # It says of itself that new projects should not use it.
    warnings.simplefilter("ignore", DeprecationWarning)
    import eventlet

    eventlet.monkey_patch()

application = import_module(module).application
listener = socket.socket(fileno=fd)
port = listener.getsockname()[1]
if name == "pywsgi":
    from gevent.pywsgi import WSGIServer
    from gevent.socket import socket as gevent_socket

    WSGIServer(gevent_socket(fileno=listener.detach()), application).serve_forever()
elif name == "eventlet":
    from eventlet import wsgi

    wsgi.server(listener, application)
elif name == "cheroot":
    from cheroot.wsgi import Server

    server = Server(("127.0.0.1", port), application, numthreads=4)

    def bind(*_: object) -> None:
        server.socket = listener

    server.bind = bind
    server.safe_start()
elif name == "waitress":
    import waitress

    waitress.serve(application, sockets=[listener], threads=4)
elif name == "werkzeug":
    from werkzeug.serving import make_server

    make_server("127.0.0.1", port, application, threaded=True, fd=fd).serve_forever()
elif name == "wsgiref":
    from wsgiref.simple_server import WSGIRequestHandler
    from wsgiref.simple_server import WSGIServer as Server

    server = Server(("127.0.0.1", port), WSGIRequestHandler, bind_and_activate=False)
    server.socket.close()
    server.socket = listener
    server.server_name, server.server_port = "127.0.0.1", port
    server.setup_environ()
    server.set_app(application)
    server.serve_forever()
elif name == "a2wsgi":
    import asyncio

    import uvicorn
    from a2wsgi import WSGIMiddleware

    config = uvicorn.Config(WSGIMiddleware(application), ws="none", lifespan="off")
    asyncio.run(uvicorn.Server(config).serve(sockets=[listener]))
