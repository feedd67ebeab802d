"""Where an object's id is one."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Space:
    """The service and the region of a host, and what its objects of one kind are called."""

    service: str
    region: str
    kind: str
