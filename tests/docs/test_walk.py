"""The files that docs/walk.md names are there, and every stage of the stack is named."""

from __future__ import annotations

import re
from pathlib import Path

from doc_tables import DOCS

import assemblyai_mw

PAGE = (DOCS / "walk.md").read_text(encoding="utf-8")
# A file or a folder of the package: `middleware/router.py`, `middleware/auth/`.
NAMED = set(re.findall(r"`((?:\w+/)+|(?:\w+/)*\w+\.py)`", PAGE)) - {"assemblyai_mw/"}


def test_each_named_file_is_in_the_package() -> None:
    package = Path(assemblyai_mw.__file__).parent
    assert {"stack/chain.py", "middleware/forward/", "transport/pool.py"} <= NAMED
    assert [name for name in sorted(NAMED) if not (package / name).exists()] == []


def test_each_stage_is_on_the_way() -> None:
    stages = set(re.findall(r'"name"[^>]*>([A-Za-z]+)<', (DOCS / "assets/way.svg").read_text()))
    assert len(stages) == 11 + 1  # and "AssemblyAI" itself
    assert [name for name in stages - {"AssemblyAI"} if f"`{name}`" not in PAGE] == []
    assert all(hasattr(assemblyai_mw, name) for name in stages - {"AssemblyAI"})
