"""KeyAuth, and the identity bridge for requests without a key."""

from .stage import KeyAuth, KeySource

__all__ = ["KeyAuth", "KeySource"]
