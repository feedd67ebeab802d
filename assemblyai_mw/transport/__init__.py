"""How bytes reach AssemblyAI. `SocketTransport` is the default; `RequestsTransport` is for
hosts that must leave through a corporate proxy or bring adapters of their own.
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
