"""The numbers in names and ids are rows of docs/reliability.md."""

from __future__ import annotations

import re
from pathlib import Path

HERE = Path(__file__).parent
ROWS = HERE.parents[1] / "docs" / "reliability.md"


def test_every_number_in_a_test_has_its_row() -> None:
    rows = {
        int(number)
        for line in ROWS.read_text("utf-8").splitlines()
        if re.match(r"\| *[0-9]", line)
        for number in re.findall(r"[0-9]+", line.split("|")[1])
    }
    used = {
        int(number)
        for file in HERE.glob("test_*.py")
        for number in re.findall(
            r"(?:id=\"|\"|test_|_)c([0-9]{1,3})[-_\"]", file.read_text("utf-8")
        )
    }
    assert len(used) > 80
    assert used - rows == set()
