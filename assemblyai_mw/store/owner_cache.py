"""Cache of transcripts' owners: owners never change, and settled stays settled."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from . import Ledger, Owner

MAX_OWNERS = 16_384


class Ownership:
    """`ledger.owner` behind a bounded cache of this process.

    Only owners that exist are kept, so a transcript made by another worker is seen at
    once. `Owner.settled` may lag behind the database, never run ahead of it.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._known: OrderedDict[tuple[str, str], Owner] = OrderedDict()
        self._lock = threading.Lock()

    def find(self, region: str, transcript_id: str) -> Owner | None:
        """Return the owner of a transcript, None if it was not made here.

        Raises:
            StoreError: It cannot be known now.
        """
        owner = self._known.get((region, transcript_id))
        if owner is None:
            owner = self._ledger.owner(region, transcript_id)
            if owner is not None:
                self._keep((region, transcript_id), owner)
        return owner

    def settled(self, region: str, transcript_id: str, owner: Owner) -> None:
        """Record that a transcript is settled."""
        self._keep((region, transcript_id), replace(owner, settled=True))

    def _keep(self, key: tuple[str, str], owner: Owner) -> None:
        with self._lock:
            self._known[key] = owner
            if len(self._known) > MAX_OWNERS:
                self._known.popitem(last=False)
