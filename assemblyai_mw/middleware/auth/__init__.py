"""KeyAuth, and the identity bridge that it asks where a request has no key."""

from .stage import KeyAuth, KeySource

__all__ = ["KeyAuth", "KeySource"]
