"""The small chart of docs/compare.md, drawn by hand: no library for a few rows of bars."""

from __future__ import annotations

WIDTH, ROW, LEFT, TOP = 640, 34, 180, 58
BAR, SCALE = 24, WIDTH - LEFT - 80
NAMES = {
    "ours": "assemblyai-mw, all on",
    "http.client": "bare http.client",
    "werkzeug": "werkzeug ProxyMiddleware",
    "requests": "requests.Session",
    "nginx": "nginx",
    "LiteLLM": "LiteLLM proxy",
}
# A bar that would leave the others too short to compare is cut.
CUT_FROM = 3.0


def draw(figures: dict[str, dict[str, float]]) -> str:
    """Return an SVG of the CPU time of one small call for each forwarder.

    The longest bar is drawn cut, with its figure, if it is three times the next or more.
    """
    rows = [(name, figures[name]["cpu_us_per_call"]) for name in NAMES if name in figures]
    *others, most = sorted(value for _, value in rows)
    cut = bool(others) and most >= CUT_FROM * others[-1]
    # The cut bar still ends well beyond all others.
    full = others[-1] * 1.3 if cut else most
    height = TOP + ROW * len(rows) + 14
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" '
        f'viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" font-size="13">',
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
        '<text x="12" y="24" font-weight="bold" fill="#1a1a1a">'
        "CPU of one proxied call, microseconds (less is better)</text>",
        f'<text x="12" y="43" font-size="12" fill="#5a6070">{_note(figures, cut)}</text>',
    ]
    for number, (name, value) in enumerate(rows):
        y = TOP + ROW * number
        width = max(2.0, SCALE * min(1.0, value / full))
        color = "#2545d3" if name == "ours" else "#b8bfd0"
        parts += [
            f'<text x="{LEFT - 10}" y="{y + 17}" text-anchor="end" fill="#1a1a1a">'
            f"{NAMES[name]}</text>",
            f'<rect x="{LEFT}" y="{y}" width="{width:.0f}" height="{BAR}" fill="{color}"/>',
            f'<text x="{LEFT + 6 + width:.0f}" y="{y + 17}" fill="#1a1a1a">{value:,.0f}</text>',
        ]
        if value > full:
            parts.append(_gap(LEFT + width * 0.9, y))
    return "\n".join([*parts, "</svg>", ""])


def _note(figures: dict[str, dict[str, float]], cut: bool) -> str:
    alone = [NAMES[name] for name in ("nginx", "LiteLLM") if name in figures]
    note = "one worker each, under Gunicorn"
    if alone:
        note += f"; {' and '.join(alone)} on {'its' if len(alone) == 1 else 'their'} own"
    return note + ("; the longest bar is cut" if cut else "")


def _gap(x: float, y: int) -> str:
    """Return a slanted white band across the bar at *y*."""
    top, bottom = y - 2, y + BAR + 2
    points = f"{x + 6:.0f},{top} {x + 12:.0f},{top} {x:.0f},{bottom} {x - 6:.0f},{bottom}"
    return f'<polygon points="{points}" fill="#ffffff"/>'
