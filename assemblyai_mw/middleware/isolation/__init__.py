"""Isolation: finds ids in requests, and limits lists to one owner's transcripts."""

from .stage import Isolation

__all__ = ["Isolation"]
