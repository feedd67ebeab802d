"""RateLimit, and the storage of its counts."""

from .stage import RateLimit

__all__ = ["RateLimit"]
