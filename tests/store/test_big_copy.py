"""The command for a large ledger, on a small one."""

from __future__ import annotations

from pathlib import Path

import pytest

from .big_copy import run


def test_a_ledger_goes_to_postgresql_and_back(
    tmp_path: Path, postgresql_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    run(2000, str(tmp_path), postgresql_url)
    assert "2000 calls, " in capsys.readouterr().out
