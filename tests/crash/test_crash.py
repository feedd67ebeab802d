"""A short run of the crash bench on each engine; the long one is `python -m tests.crash`."""

from __future__ import annotations

from pathlib import Path

import pytest

from .bench import POINTS, run


@pytest.mark.slow
def test_no_kill_loses_doubles_or_orphans_a_transcript(database_url: str, tmp_path: Path) -> None:
    counts = run(tmp_path / "host", database_url, rounds=len(POINTS), seed=7)
    assert counts.clean, counts
    assert counts.kills > 0
    assert counts.submitted >= counts.acknowledged > 0
