"""docs/hosts.md is right about the servers that pip brings: each cell again, by the same checks.

200 MB and refused uploads are the command's: one takes long, the other depends on the moment.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from assemblyai_mw.testing import FakeAssemblyAI, Hosts, serve_all

from .checks import CHECKS, MAX_GROWTH_MB
from .shown import BY_PIP, NAMES, PAGE, running
from .table import read

LEFT_OUT = {"200 MB", "refused upload"}
TABLE = read(
    PAGE.read_text().partition("<!-- hosts: begin -->\n")[2].partition("<!-- hosts: end")[0]
)


@pytest.fixture(scope="module")
def hosts() -> Iterator[Hosts]:
    with serve_all(FakeAssemblyAI(reply_to=lambda asked: "Paris it is.")) as served:
        yield served


@pytest.mark.parametrize("name", BY_PIP)
def test_a_server_does_what_its_row_says(name: str, hosts: Hosts, tmp_path: Path) -> None:
    with running(name, tmp_path / "site", hosts) as site:
        cells = {
            column: check(site) for column, (_, check) in CHECKS.items() if column not in LEFT_OUT
        }
    assert cells == {column: TABLE[name][column] for column in cells}


def test_the_table_has_every_server_and_every_check() -> None:
    assert list(TABLE) == NAMES
    assert all(list(cells) == list(CHECKS) for cells in TABLE.values())


def test_no_server_grows_with_an_upload() -> None:
    growth = {name: int(cells["200 MB"].strip("+ MB")) for name, cells in TABLE.items()}
    assert max(growth.values()) <= MAX_GROWTH_MB, growth
