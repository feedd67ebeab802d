"""CostLogger, and the reads that settle transcripts."""

from .stage import CostLogger

__all__ = ["CostLogger"]
