"""What docs/flask.md, docs/django.md and docs/hosts.md promise of hosts and servers.

Their blocks are run with all other pages'.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from .combinations import APPS, SERVERS

DOCS = Path(__file__).resolve().parents[2] / "docs"
BEGIN, END = "<!-- combinations: begin -->\n", "<!-- combinations: end -->"
# Lines of ours in the files that a page shows whole.
OURS = {"flask": 2, "django": 3}


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
    text = (DOCS / "hosts.md").read_text()
    assert text.partition(BEGIN)[2].partition(END)[0] == table()


@pytest.mark.parametrize("page", OURS)
def test_the_first_transcript_takes_few_lines(page: str) -> None:
    section = (DOCS / f"{page}.md").read_text().split("\n## ")[1]
    blocks = re.findall(r"^```(\w+)[^\n]*\n(.*?)^```$", section, re.M | re.S)
    *files, (_, client) = [block for block in blocks if block[0] == "python"]
    (commands,) = [text for language, text in blocks if language == "sh"]
    lines = [line for _, text in files for line in text.splitlines()]
    ours = [line for line in lines if re.search("assemblyai|AssemblyAI|wrap", line)]
    assert len(ours) == OURS[page]
    assert len(commands.splitlines()) == 4
    assert sum(bool(line.strip()) for line in client.splitlines()) == 4


if __name__ == "__main__":
    path = DOCS / "hosts.md"
    before, _, rest = path.read_text().partition(BEGIN)
    path.write_text(before + BEGIN + table() + END + rest.partition(END)[2])
