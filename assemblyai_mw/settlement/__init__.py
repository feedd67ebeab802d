"""Finish what clients left open, and check the ledger against AssemblyAI's own list.

settler        closes open rows: asks for their transcript, or looks in the list
background     the same every few seconds, in a thread of each worker
reconcile      where the ledger and AssemblyAI's list differ
reprice        prices for rows that had none
account        AssemblyAI's REST API of one region
upstream_list  its list of transcripts, back to a moment
matching       which transcript came of a submit whose answer was lost
"""

from .background import BackgroundSettler
from .reconcile import Difference, reconcile
from .reprice import Repriced, reprice
from .settler import BACKGROUND_PAGES, Settler, Summary, under_way_s

__all__ = [
    "BACKGROUND_PAGES",
    "BackgroundSettler",
    "Difference",
    "Repriced",
    "Settler",
    "Summary",
    "reconcile",
    "reprice",
    "under_way_s",
]
