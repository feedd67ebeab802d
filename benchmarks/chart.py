"""Draws the bars of the README and of docs/compare.md from the newest kept results.

    python -m benchmarks.chart

writes docs/assets/chat.svg from benchmarks/results/*-billable.json, and docs/assets/cpu.svg from
benchmarks/results/*-forwarding.json, where there are such. Drawn by hand: no library for a few
rows of bars. A label stands above its bar, so that both can be read on a telephone.
"""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from pathlib import Path

from . import report
from .servers import HERE

ASSETS = HERE.parent / "docs" / "assets"
WIDTH, ROW, BAR, MARGIN, TOP = 420, 46, 18, 14, 66
# Right of the longest bar, for its figure.
FIGURE = 74
OURS, OTHERS, INK, PALE, PAPER = "#2545d3", "#b8bfd0", "#1a1a1a", "#5a6070", "#ffffff"
# A bar that would leave the others too short to compare is cut.
CUT_FROM = 3.0

SMALL = "small calls, 16 connections"
SMALL_NAMES = {
    "ours": "assemblyai-mw, all on",
    "http.client": "bare http.client",
    "werkzeug": "Werkzeug's ProxyMiddleware",
    "requests": "requests.Session",
    "nginx": "nginx",
    "LiteLLM": "LiteLLM proxy",
}
CHAT = "native chat, gthread, 1 worker"
CHAT_NAMES = {
    "key and forwarding": "assemblyai-mw, key and forwarding alone",
    "SQLite": "assemblyai-mw, exact cost in SQLite",
    "PostgreSQL": "assemblyai-mw, exact cost in PostgreSQL",
    "LiteLLM": "LiteLLM proxy, master key, no database",
}


def main() -> None:
    """Draw what there are results of, and say where."""
    for name, table, picture, named, title in (
        ("billable", CHAT, "chat.svg", CHAT_NAMES, "CPU of one chat"),
        ("forwarding", SMALL, "cpu.svg", SMALL_NAMES, "CPU of one small proxied call"),
    ):
        found = next((run for run in report.saved(name) if table in run["figures"]), None)
        if found is None:
            print(f"no results of {table!r} in {report.RESULTS}")
            continue
        rows = {
            label: found["figures"][table][key]["cpu_us_per_call"]
            for key, label in named.items()
            if key in found["figures"][table]
        }
        draw_to(ASSETS / picture, f"{title}, microseconds", rows, at=found["at"][:10])


def draw_to(file: Path, title: str, rows: Mapping[str, float], *, at: str) -> None:
    """Write the picture, and print what it says for those who do not see it."""
    file.write_text(draw(title, rows, at=at), "utf-8")
    print(f"{file}: {described(title, rows)}")


def described(title: str, rows: Mapping[str, float]) -> str:
    """Return the picture in words, as its `alt`."""
    return f"{title}. " + " ".join(f"{label}: {value:,.0f}." for label, value in rows.items())


def draw(title: str, rows: Mapping[str, float], *, at: str) -> str:
    """Return an SVG with a bar for each label of *rows*, in their order.

    The longest bar is drawn cut, with its figure, if it is three times the next or more.
    *at* is the day of the run.
    """
    *others, most = sorted(rows.values())
    cut = bool(others) and most >= CUT_FROM * others[-1]
    # The cut bar still ends well beyond all others.
    full = others[-1] * 1.3 if cut else most
    height = TOP + ROW * len(rows) + MARGIN // 2
    note = f"less is better; one worker each; {at}"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" '
        f'viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" font-size="15" role="img" '
        'aria-labelledby="title">',
        f'<title id="title">{escape(described(title, rows))}</title>',
        f'<rect width="{WIDTH}" height="{height}" fill="{PAPER}"/>',
        _text(MARGIN, 26, title, size=16, bold=True),
        _text(MARGIN, 47, note + ("; longest bar cut" if cut else ""), size=13, fill=PALE),
    ]
    for number, (label, value) in enumerate(rows.items()):
        y = TOP + ROW * number
        width = max(2.0, (WIDTH - 2 * MARGIN - FIGURE) * min(1.0, value / full))
        fill = OURS if label.startswith("assemblyai-mw") else OTHERS
        parts += [
            _text(MARGIN, y + 13, label),
            f'<rect x="{MARGIN}" y="{y + 18}" width="{width:.0f}" height="{BAR}" fill="{fill}"/>',
            _text(MARGIN + width + 6, y + 32, f"{value:,.0f}"),
        ]
        if value > full:
            parts.append(_gap(MARGIN + width * 0.9, y + 18))
    return "\n".join([*parts, "</svg>", ""])


def _text(
    x: float, y: int, text: str, *, size: int | None = None, bold: bool = False, fill: str = INK
) -> str:
    more = (f' font-size="{size}"' if size else "") + (' font-weight="bold"' if bold else "")
    return f'<text x="{x:.0f}" y="{y}"{more} fill="{fill}">{escape(text)}</text>'


def _gap(x: float, y: int) -> str:
    """Return a slanted white band across the bar at *y*."""
    top, bottom = y - 2, y + BAR + 2
    points = f"{x + 6:.0f},{top} {x + 12:.0f},{top} {x:.0f},{bottom} {x - 6:.0f},{bottom}"
    return f'<polygon points="{points}" fill="{PAPER}"/>'


if __name__ == "__main__":
    main()
