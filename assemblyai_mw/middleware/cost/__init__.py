"""CostLogger, and the reads that show how a transcript ended."""

from .stage import CostLogger

__all__ = ["CostLogger"]
