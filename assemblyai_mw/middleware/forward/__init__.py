"""UpstreamForwarder, and the handshakes that it relays."""

from .stage import UpstreamForwarder

__all__ = ["UpstreamForwarder"]
