"""How bytes reach AssemblyAI. `SocketTransport` is the default; `RequestsTransport` is for
hosts that must leave through a corporate proxy or bring adapters of their own.

base          the interface of transports: request and reply
connection    one connection: its socket, its timeouts, whether it can be reused
crossing      header fields that may cross, each way
memory        memory for the blocks of large bodies
origin        an upstream's URL, checked and split
pool          idle connections for reuse
reply         reads a reply: the head by llhttp, the body as it arrives
sockets       the default transport: a thin HTTP/1.1 client on pooled sockets
tls           TLS settings of our own connections
upload        sends a body in blocks, and watches for an early reply of the upstream
via_requests  `RequestsTransport`
whole         complete replies over a `Transport`
"""

from .base import Headers, Request, Timeouts, Transport, UpstreamReply
from .origin import Origin
from .sockets import SocketTransport
from .via_requests import RequestsTransport
from .whole import WholeReply, fetch

__all__ = [
    "Headers",
    "Origin",
    "Request",
    "RequestsTransport",
    "SocketTransport",
    "Timeouts",
    "Transport",
    "UpstreamReply",
    "WholeReply",
    "fetch",
]
