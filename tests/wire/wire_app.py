"""The app under test: an ordinary host app behind the stack that the environment names.

Served as a module of its own (no package around it) by the server processes.

| variable       | meaning                                                                  |
|----------------|--------------------------------------------------------------------------|
| WIRE_UPSTREAMS | JSON, prefix -> base URL                                                 |
| WIRE_KEYS      | JSON, virtual key -> name                                                |
| WIRE_SECRET    | the account's key                                                        |
| WIRE_TIMEOUTS  | JSON, keyword arguments of `Timeouts`; empty for the defaults            |
| WIRE_LINT      | `wsgiref.validate` around and between all stages                         |
| WIRE_MOUNT     | a path under which werkzeug's DispatcherMiddleware mounts everything     |
| WIRE_CONFIG    | a YAML file: then the stack is AssemblyAIMiddleware(app, that file)      |
"""

from __future__ import annotations

import gc
import json
import logging
import os
import sys
import threading
from wsgiref.validate import validator

import psutil

logging.basicConfig(level=logging.DEBUG, stream=sys.stderr)
# A server's own debug log may print what clients sent; the claims are about this package's.
for noisy in ("waitress", "gunicorn"):
    logging.getLogger(noisy).setLevel(logging.INFO)


def host_app(environ, start_response):
    """Tell what the host app was given; count every canary that gets here."""
    path = environ["PATH_INFO"]
    if "canary" in path:
        print("CANARY reached the host app", file=sys.stderr, flush=True)
    if path == "/host/stats":
        gc.collect()
        process = psutil.Process()
        facts = {
            "pid": os.getpid(),
            "rss": process.memory_info().rss,
            "fds": process.num_fds(),
            "connections": len(
                [c for c in process.net_connections() if c.raddr and c.status == "ESTABLISHED"]
            ),
            "outgoing": sorted(
                [c.raddr.port, c.status]
                for c in process.net_connections()
                if c.raddr and c.raddr.port in UPSTREAM_PORTS
            ),
            "threads": threading.active_count(),
        }
    elif path == "/host/sockets":
        facts = {
            "pid": os.getpid(),
            "inodes": {
                fd: os.readlink(f"/proc/self/fd/{fd}")
                for fd in os.listdir("/proc/self/fd")
                if os.path.exists(f"/proc/self/fd/{fd}")
            },
        }
    elif path == "/host/raise":
        raise RuntimeError("the host's own failure")
    elif path == "/host/sink":
        size = 0
        while block := environ["wsgi.input"].read(1 << 20):
            size += len(block)
        facts = {"size": size}
    else:
        facts = {
            "host": True,
            "method": environ["REQUEST_METHOD"],
            "script_name": environ["SCRIPT_NAME"],
            "path_info": path,
            "query": environ.get("QUERY_STRING", ""),
            "authorization": environ.get("HTTP_AUTHORIZATION"),
            "own": sorted(key for key in environ if key.startswith("assemblyai")),
            "body": environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)).decode(),
        }
    body = json.dumps(facts).encode()
    start_response(
        "200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
    )
    return [body]


def between(app):
    return validator(app) if os.environ.get("WIRE_LINT") else app


def by_hand():
    from assemblyai_mw.middleware.auth.stage import KeyAuth
    from assemblyai_mw.middleware.forward import UpstreamForwarder
    from assemblyai_mw.middleware.router import PrefixRouter

    options = {}
    if os.environ.get("WIRE_TIMEOUTS"):
        from assemblyai_mw.transport import Timeouts

        options["timeout"] = Timeouts(**json.loads(os.environ["WIRE_TIMEOUTS"]))
    mounts = {}
    for prefix, base_url in json.loads(os.environ["WIRE_UPSTREAMS"]).items():
        forwarder = UpstreamForwarder(base_url, api_key=os.environ["WIRE_SECRET"], **options)
        mounts[prefix] = between(
            KeyAuth(between(forwarder), keys=json.loads(os.environ["WIRE_KEYS"]))
        )
    return between(PrefixRouter(between(host_app), mounts))


def by_config():
    from assemblyai_mw import AssemblyAIMiddleware

    return between(AssemblyAIMiddleware(between(host_app), os.environ["WIRE_CONFIG"]))


UPSTREAM_PORTS = {
    int(url.rsplit(":", 1)[1]) for url in json.loads(os.environ["WIRE_UPSTREAMS"]).values()
}
app = by_config() if os.environ.get("WIRE_CONFIG") else by_hand()
if os.environ.get("WIRE_MOUNT"):
    from werkzeug.middleware.dispatcher import DispatcherMiddleware

    app = DispatcherMiddleware(host_app, {os.environ["WIRE_MOUNT"]: app})
if os.environ.get("WIRE_WARM"):
    # What a host that warms itself up before the fork does: one request in the master.
    from webtest import TestApp

    for key in json.loads(os.environ["WIRE_KEYS"]):
        TestApp(app).get(
            "/assemblyai/v2/transcript/warm", headers={"Authorization": key}, status="*"
        )
