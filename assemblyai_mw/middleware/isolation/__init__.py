"""Isolation: ids found in requests, lists cut down to one owner's."""

from .stage import Isolation

__all__ = ["Isolation"]
