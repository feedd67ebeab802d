"""An upstream by TLS: nginx in front of the compiled one, with an authority made on the spot."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import trustme

from .proxies import find, free_port, run_nginx

# Seconds after which the hasty port closes an idle connection.
HASTY_S = 1

SERVER = """\
    server {{
        listen 127.0.0.1:{port} ssl;
        ssl_certificate server.pem;
        ssl_certificate_key server.pem;
        ssl_protocols {protocol};
        keepalive_timeout {idle_s};
        location / {{
            proxy_pass http://bench;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_request_buffering off;
            proxy_buffering off;
            client_body_buffer_size 256k;
        }}
    }}
"""


@dataclass(frozen=True, slots=True)
class Front:
    """Ports on 127.0.0.1 that speak TLS.

    Attributes:
        authority: PEM file of the one that issued their certificate.
        port: TLS 1.3, sessions resumed, idle connections kept for ten minutes.
        older: The same by TLS 1.2.
        hasty: The first again, but idle connections are closed after `HASTY_S`.
    """

    authority: Path
    port: int
    older: int
    hasty: int


@contextmanager
def front(upstream_port: int) -> Iterator[Front]:
    """Run nginx in front of the plain *upstream_port*."""
    if find("nginx") is None:
        raise RuntimeError("this benchmark needs nginx, for an upstream by TLS")
    kinds = {
        "port": ("TLSv1.3", 600),
        "older": ("TLSv1.2", 600),
        "hasty": ("TLSv1.3", HASTY_S),
    }
    with tempfile.TemporaryDirectory() as folder:
        issuer = trustme.CA()
        authority = Path(folder, "authority.pem")
        issuer.cert_pem.write_to_path(authority)
        issuer.issue_cert("127.0.0.1", "localhost").private_key_and_cert_chain_pem.write_to_path(
            Path(folder, "server.pem")
        )
        ports = {name: free_port() for name in kinds}
        servers = "".join(
            SERVER.format(port=ports[name], protocol=protocol, idle_s=idle)
            for name, (protocol, idle) in kinds.items()
        )
        with run_nginx("TLS front", folder, servers, ports["port"], upstream_port, log="off"):
            yield Front(authority, **ports)
