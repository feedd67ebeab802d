"""A short run on each engine; the long one is `python -m tests.crash.sessions`."""

from __future__ import annotations

from pathlib import Path

import pytest

from .sessions import POINTS, run


@pytest.mark.slow
def test_no_kill_leaves_a_session_open_free_or_overspent(database_url: str, tmp_path: Path) -> None:
    counts = run(tmp_path / "host", database_url, rounds=len(POINTS), seed=7)
    assert counts.wrong == []
    assert counts.kills == len(POINTS)
    assert counts.begun > counts.estimated > 0
