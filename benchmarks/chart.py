"""The small chart of the README, drawn by hand: no library for three rows of bars."""

from __future__ import annotations

WIDTH, ROW, LEFT, TOP = 640, 34, 150, 44
NAMES = {
    "ours": "assemblyai-mw, all on",
    "http.client": "bare http.client",
    "werkzeug": "werkzeug ProxyMiddleware",
    "requests": "requests.Session",
    "litellm": "LiteLLM proxy",
}


def draw(figures: dict[str, dict[str, float]]) -> str:
    """Return an SVG of the CPU time of one small call for each forwarder."""
    rows = [(name, figures[name]["cpu_us_per_call"]) for name in NAMES if name in figures]
    most = max(value for _, value in rows)
    height = TOP + ROW * len(rows) + 14
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" '
        f'viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" font-size="13">',
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
        '<text x="12" y="24" font-weight="bold" fill="#1a1a1a">'
        "CPU of one proxied call under Gunicorn, microseconds (less is better)</text>",
    ]
    for number, (name, value) in enumerate(rows):
        y = TOP + ROW * number
        width = max(2.0, (WIDTH - LEFT - 110) * value / most)
        color = "#2545d3" if name == "ours" else "#b8bfd0"
        parts += [
            f'<text x="{LEFT + 20}" y="{y + 17}" text-anchor="end" fill="#1a1a1a">'
            f"{NAMES[name]}</text>",
            f'<rect x="{LEFT + 30}" y="{y}" width="{width:.0f}" height="24" fill="{color}"/>',
            f'<text x="{LEFT + 36 + width:.0f}" y="{y + 17}" fill="#1a1a1a">{value:,.0f}</text>',
        ]
    return "\n".join([*parts, "</svg>", ""])
