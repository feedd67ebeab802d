"""Deadlines of calls under way, and settlement's range while requests are served."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from ..transport.base import Timeouts
from .closing import SENT_AFTER

if TYPE_CHECKING:
    from ..store import Due

# Beyond its timeouts, how long a call might still be under way.
MARGIN_S = 60.0
# How far back the list is read while requests are being served: 20,000 transcripts.
BACKGROUND_PAGES = 100


def under_way_s(times: Timeouts) -> float:
    """Return for how many seconds after it goes out a request may last, and a margin."""
    return times.total_s + MARGIN_S


def first_look_s(times: Timeouts) -> float:
    """Return after how many seconds a submit without an answer is first looked for.

    Its body is small each way, so that silence mostly ends it long before its time is over.
    What is found by then is certain; what is not may still come.
    """
    return min(times.total_s, times.connect_s + times.read_s) + MARGIN_S


def sent_at(due: Due) -> datetime:
    """Return when a call's request went out at the earliest."""
    return due.at + timedelta(seconds=due.features.get(SENT_AFTER, 0))


def deadline(times: Timeouts, due: Due) -> datetime:
    """Return the moment after which a call can have no further result.

    A streaming session lasts as long as its process writes checkpoints. If another call's request
    was seen to end, AssemblyAI may work on it for one more read timeout. Else the process that
    served it has died, and the request may have lasted the full timeout.
    """
    if due.session is not None:
        return due.session.lost_at
    if due.ended is not None:
        read_s = times.of_kind(due.kind).read_s
        return due.ended + timedelta(seconds=min(read_s, times.total_s) + MARGIN_S)
    return sent_at(due) + timedelta(seconds=under_way_s(times))
