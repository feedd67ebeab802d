"""How bytes reach AssemblyAI. `SocketTransport` is the default; `RequestsTransport` is for
hosts that bring a `requests.Session` with adapters of their own.

at_once       recv and send that keep the interpreter's lock
base          the interface of transports: request and reply
connection    one connection: its socket, its timeouts, whether it can be reused
crossing      header fields that may cross, each way
memory        memory for the blocks of large bodies
origin        an upstream's URL, checked and split
piped         a connection with TLS over bytes, which can become a tunnel
pool          idle connections for reuse
proxy         an HTTP proxy on the way, and the tunnel through it
reply         reads a reply: the head by llhttp, the body as it arrives
sockets       the default transport: a thin HTTP/1.1 client on pooled sockets
tickets       TLS sessions to resume
tls           TLS settings of our own connections
tunnel        what an upgrade opens: a descriptor, TLS over bytes, TCP's own watch
upload        sends a body in blocks, and watches for an early reply of the upstream
via_requests  `RequestsTransport`
whole         complete replies over a `Transport`
"""

from .base import Headers, Request, Timeouts, Transport, Upgrading, UpstreamReply
from .origin import Origin
from .proxy import Proxy
from .sockets import SocketTransport
from .tunnel import TLSPipe, Tunnel
from .via_requests import RequestsTransport
from .whole import WholeReply, fetch

__all__ = [
    "Headers",
    "Origin",
    "Proxy",
    "Request",
    "RequestsTransport",
    "SocketTransport",
    "TLSPipe",
    "Timeouts",
    "Transport",
    "Tunnel",
    "Upgrading",
    "UpstreamReply",
    "WholeReply",
    "fetch",
]
