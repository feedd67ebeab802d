"""Relays for sessions whose peers are in the test's hands."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from assemblyai_mw.relay import Relay

from .rig import relaying


@pytest.fixture
def relay() -> Iterator[Relay]:
    with relaying() as relay:
        yield relay


@pytest.fixture
def brief() -> Iterator[Relay]:
    """One that waits but a moment for the upstream's end."""
    with relaying(terminate_s=0.05) as relay:
        yield relay
