"""Idempotency: a request that is repeated with its Idempotency-Key is billed once.

answers  what a repeated request is answered with
digest   the digest of a request, and of its body while that is read
scope    a caller, and its key, as hashes
stage    Idempotency
"""

from .stage import Idempotency

__all__ = ["Idempotency"]
