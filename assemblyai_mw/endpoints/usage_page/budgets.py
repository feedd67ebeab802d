"""Budgets with how full they are, for every page that shows some. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from ...store.reader import Standing
from . import figures
from .layout import Frame, word
from .markup import Part, a, command, el, name, panel, table
from .view import View

SHOWN = 20
_WINDOWS = {"total": "total", "monthly": "this month", "daily": "today"}


def budgets_panel(
    frame: Frame, view: View, found: Sequence[Standing], *, example: Sequence[str]
) -> Markup:
    """Return the fullest budgets; without any, the command that sets one: *example*."""
    if not found:
        text = "No key or team here has a budget."
        how: Part = None
        if frame.may_manage:
            how = [el("p", "This sets one:"), command(frame.run(*example))]
        return panel("Budgets", el("p", text, class_="quiet"), how, id="budgets")
    heads: list[tuple[Part, str]] = [
        *(("whose", ""), ("window", ""), ("used", "wide"), ("spent", "num"), ("held", "num")),
        *(("limit", "num"), ("resets", "")),
    ]
    rows = [_row(frame, view, each) for each in found[:SHOWN]]
    more = len(found) - SHOWN
    rest = el("p", f"and {more} more, less full", class_="quiet") if more > 0 else None
    return panel("Budgets, fullest first", table("Budgets", heads, rows), rest, id="budgets")


def _row(frame: Frame, view: View, standing: Standing) -> list[Part]:
    status = standing.status
    if status.scope == "team":
        whose = a(frame.team(standing.name), name(standing.name))
    elif status.scope == "key":
        whose = a(frame.key(standing.name, view), name(standing.name))
    else:
        whose = name(standing.name)
    return [
        [whose, el("span", f" {word(status.scope)}", class_="kind")],
        _WINDOWS[status.window],
        meter(standing),
        figures.money(status.spent),
        figures.money(status.held),
        figures.money(status.limit or 0),
        name(None, "never") if status.resets_at is None else f"{status.resets_at:%Y-%m-%d}",
    ]


def meter(standing: Standing) -> Markup:
    """Return a bar of what is spent and held, with a mark where a warning is given."""
    status = standing.status
    limit = status.limit or 0
    spent = min(100.0, 100 * status.spent / limit) if limit else 100.0
    held = min(100.0 - spent, 100 * status.held / limit) if limit else 0.0
    soft = standing.soft_ratio
    used = standing.used
    level = "over" if used >= 1 else "soft" if soft is not None and used >= soft else "fine"
    word = {"over": "used up", "soft": "over its soft mark", "fine": "within its limit"}[level]
    percent = figures.share(status.spent + status.held, limit) if limit else "100 %"
    mark = None
    if soft is not None and soft < 1:
        at = f"{100 * soft:.2f}%"
        mark = el(
            "line",
            el("title", f"warning at {100 * soft:g} %"),
            x1=at,
            x2=at,
            y1="0",
            y2="100%",
            class_="soft-mark",
        )
    bar = el(
        "svg",
        el("rect", width="100%", height="100%", rx="4", class_="track"),
        el("rect", width=f"{spent:.2f}%", height="100%", rx="4", class_=f"spent {level}"),
        el("rect", x=f"{spent:.2f}%", width=f"{held:.2f}%", height="100%", class_="held"),
        mark,
        class_="meter",
        role="meter",
        aria_valuemin="0",
        aria_valuemax="100",
        aria_valuenow=f"{min(100.0, 100 * used):.4g}",
        aria_valuetext=f"{percent}, {word}",
        aria_label=f"{status.scope} {standing.name}, {_WINDOWS[status.window]}",
    )
    return el("div", bar, el("span", percent, class_=f"percent {level}"), class_="used")
