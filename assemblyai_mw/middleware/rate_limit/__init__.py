"""RateLimit, and where requests are counted."""

from .stage import RateLimit

__all__ = ["RateLimit"]
