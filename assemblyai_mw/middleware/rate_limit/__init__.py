"""Limits in time: requests a minute, tokens a minute, requests at once; and their counts.

counts    tokens of the last minute and calls under way, in the storage of the rates
outage    what to do while the counts cannot be reached
parallel  ParallelLimit
place     which file the workers of one host count rates in
places    the places of this process's calls under way
stage     RateLimit
storage   storage of rate counts
tokens    TokenLimit
"""

from .parallel import ParallelLimit
from .places import Places
from .stage import RateLimit
from .tokens import TokenLimit

__all__ = ["ParallelLimit", "Places", "RateLimit", "TokenLimit"]
