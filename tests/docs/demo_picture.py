"""Draw what the demo prints as docs/assets/demo.svg: `python tests/docs/demo_picture.py`.

It is text in a picture, so it stays sharp, is small, and can be read aloud.
"""

from __future__ import annotations

import subprocess
import sys
from html import escape
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PICTURE = ROOT / "docs" / "assets" / "demo.svg"
COMMAND = "python examples/flask_app/demo.py"
COLUMNS = 116
LINE, CHARACTER, MARGIN, BAR = 18, 7.8, 20, 34
_STYLE = (
    "text{font:13px ui-monospace,Menlo,Consolas,'DejaVu Sans Mono',monospace;fill:#d5d9e0;"
    "white-space:pre}.h{fill:#fff;font-weight:700}.c{fill:#8fd19e}"
)


def drawn(output: str) -> str:
    """Return the picture of a terminal that shows *output*."""
    lines = [f"$ {COMMAND}", *output.rstrip().splitlines()]
    width = round(COLUMNS * CHARACTER) + 2 * MARGIN
    height = BAR + len(lines) * LINE + MARGIN
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img"'
        ' aria-labelledby="demo-title">',
        '<title id="demo-title">What the demo prints</title>',
        f"<style>{_STYLE}</style>",
        f'<rect width="{width}" height="{height}" rx="8" fill="#1b1f27"/>',
        *(
            f'<circle cx="{MARGIN + 18 * at}" cy="18" r="5" fill="{colour}"/>'
            for at, colour in enumerate(("#e06c60", "#e3b34c", "#69b868"))
        ),
    ]
    for at, line in enumerate(lines):
        kind = ' class="c"' if not at else ' class="h"' if is_heading(line) else ""
        y = BAR + (at + 1) * LINE - 4
        parts.append(f'<text x="{MARGIN}" y="{y}"{kind}>{escape(line)}</text>')
    return "\n".join([*parts, "</svg>", ""])


def is_heading(line: str) -> bool:
    """Whether a line of the demo begins a part."""
    return line.startswith("== ")


def main() -> None:
    """Run the demo and draw it."""
    run = subprocess.run(
        [sys.executable, *COMMAND.split()[1:]], cwd=ROOT, capture_output=True, text=True, check=True
    )
    too_long = [line for line in run.stdout.splitlines() if len(line) > COLUMNS]
    if too_long:
        sys.exit(f"longer than {COLUMNS} characters: {too_long[0]}")
    PICTURE.write_text(drawn(run.stdout), encoding="utf-8")


if __name__ == "__main__":
    main()
