"""RateLimit, and the storage of its counts.

place    which file the workers of one host count rates in
stage    RateLimit
storage  storage of rate counts
"""

from .stage import RateLimit

__all__ = ["RateLimit"]
