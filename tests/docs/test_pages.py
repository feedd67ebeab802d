"""Every block of every page does what the page says."""

from __future__ import annotations

from pathlib import Path

import pytest
from blocks import ROOT, RUN, SHOWN, blocks_of, run_page

PAGES = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "docs").rglob("*.md"))


def test_each_page_is_found() -> None:
    assert "docs/index.md" in PAGES
    assert "docs/openai.md" in PAGES


@pytest.mark.parametrize("page", [*PAGES, "README.md", "examples/flask_app/README.md"])
def test_a_block_says_its_language_and_why_it_is_not_run(page: str) -> None:
    for block in blocks_of(ROOT / page):
        assert block.language in RUN | SHOWN, f"{page}:{block.line}"
        assert block.not_run is None or block.language in RUN, f"{page}:{block.line}"


@pytest.mark.parametrize(
    "page", [page for page in PAGES if any(b.language in RUN for b in blocks_of(ROOT / page))]
)
def test_the_blocks_of_a_page_run_in_their_order(page: str) -> None:
    run_page(page)


@pytest.mark.parametrize(
    "text, fault",
    [
        pytest.param("```python\nassert 1 == 2\n```\n", "AssertionError", id="python that raises"),
        pytest.param("```sh\nassemblyai-mw nothing\n```\n", "No such command", id="no command"),
        pytest.param("```sh\nfalse\n```\n", "CalledProcess|AssertionError", id="status 1"),
        pytest.param("```yaml\nprises: {}\n```\n", "unknown setting", id="no setting"),
        pytest.param("```sh\npip install '.[nothing]'\n```\n", "nothing", id="no extra"),
        pytest.param(
            '```python\nprint(1)\n```\n\n```text title="Output"\n2\n```\n',
            "it prints",
            id="other output",
        ),
        pytest.param("```ruby\n1\n```\n", "ruby", id="a language nobody runs"),
    ],
)
def test_a_page_that_says_what_is_not_so_fails(tmp_path: Path, text: str, fault: str) -> None:
    page = tmp_path / "page.md"
    page.write_text(text)
    with pytest.raises(AssertionError, match=fault):
        run_page(str(page))
