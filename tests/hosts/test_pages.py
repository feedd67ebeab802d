"""What docs/flask.md, docs/django.md and docs/deploy.md promise of hosts and servers.

Their blocks are run with all other pages'.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from .combinations import APPS, SERVERS

DOCS = Path(__file__).resolve().parents[2] / "docs"
BEGIN, END = "<!-- combinations: begin -->\n", "<!-- combinations: end -->"
# Lines that a reader writes, or has to add to what the framework wrote.
FEWEST = {"flask": 4, "django": 4}


def table() -> str:
    """Return the tested combinations, as the end-to-end test has them."""
    lines = ["| Server | Flask | Django | Chunked uploads |", "|---|---|---|---|"]
    for server in SERVERS:
        takes = [host.capitalize() for host in APPS if server.chunked[host]]
        chunked = "yes" if len(takes) == len(APPS) else " only".join([*takes, ""]) or "411"
        lines.append(f"| {server.name} | passes | passes | {chunked} |")
    return "\n".join(lines) + "\n"


def test_the_table_is_the_tests() -> None:
    """`python -m tests.hosts.test_pages` writes it."""
    text = (DOCS / "deploy.md").read_text()
    assert text.partition(BEGIN)[2].partition(END)[0] == table()


@pytest.mark.parametrize("page", FEWEST)
def test_the_first_transcript_takes_the_fewest_lines(page: str) -> None:
    text = (DOCS / f"{page}.md").read_text()
    start = text.partition("## From nothing to a transcript")[2].partition("\n## ")[0]
    code, commands, client = re.findall(r"^```\w+[^\n]*\n(.*?)^```$", start, re.M | re.S)
    assert sum(bool(line.strip()) for line in code.splitlines()) <= FEWEST[page]
    assert len(commands.splitlines()) == 4
    assert sum(bool(line.strip()) for line in client.splitlines()) == 4


if __name__ == "__main__":
    path = DOCS / "deploy.md"
    before, _, rest = path.read_text().partition(BEGIN)
    path.write_text(before + BEGIN + table() + END + rest.partition(END)[2])
