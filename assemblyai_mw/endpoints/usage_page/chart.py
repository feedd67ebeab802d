"""Bars of cost by day or month, as SVG whose text does not shrink with it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from markupsafe import Markup

from .figures import dollars, money
from .markup import Part, el, name, table, visible

SERIES = 5
_LABELS = 6


@dataclass(frozen=True, slots=True)
class Series:
    """One colour of the bars.

    Attributes:
        label: Its name.
        nano: Nano-dollars, by step.
    """

    label: str
    nano: Mapping[str, int]


def steps_between(first: date, last: date, step: str) -> list[str]:
    """Return the days, or the months, from *first* to *last*."""
    if step == "day":
        days = (last - first).days + 1
        return [(first + timedelta(days=each)).isoformat() for each in range(max(1, days))]
    months = 12 * (last.year - first.year) + last.month - first.month + 1
    start = 12 * first.year + first.month - 1
    return [f"{n // 12:04}-{n % 12 + 1:02}" for n in range(start, start + max(1, months))]


def stacked(groups: Sequence[tuple[Any, str]], bars: Mapping[tuple[str, Any], int]) -> list[Series]:
    """Return the first groups as a series each, and all others as one.

    Args:
        groups: Groups with their labels, the dearest first.
        bars: Nano-dollars by step and group.
    """
    place = {group: at for at, (group, _) in enumerate(groups[:SERIES])}
    sums: list[dict[str, int]] = [{} for _ in range(SERIES + 1)]
    for (step, group), nano in bars.items():
        into = sums[place.get(group, SERIES)]
        into[step] = into.get(step, 0) + nano
    labels = [label for _, label in groups[:SERIES]]
    found = [Series(label, sums[at]) for at, label in enumerate(labels)]
    if len(groups) > SERIES:
        found.append(Series(f"{len(groups) - SERIES} others", sums[SERIES]))
    return found


def colour(at: int, of: Sequence[Series]) -> str:
    """Return the class of a series: the last one is "others" where there are more than five."""
    return f"s{SERIES if at >= SERIES else at}" if len(of) > 1 else "s0"


def swatch(kind: str) -> Markup:
    """Return a square in a series' colour."""
    square = el("rect", width="10", height="10", rx="2", class_=kind)
    return el("svg", square, class_="swatch", width="10", height="10", aria_hidden="true")


def chart(series: Sequence[Series], steps: Sequence[str], step: str) -> Markup:
    """Return the bars, their legend, and a table of the same numbers."""
    totals = [sum(each.nano.get(at, 0) for each in series) for at in steps]
    top = _ceiling(max(totals, default=0))
    title = f"Cost by {step} in US dollars, {steps[0]} to {steps[-1]}"
    peak = max(range(len(steps)), key=totals.__getitem__)
    text = f"{dollars(sum(totals))} in all; most on {steps[peak]}: {dollars(totals[peak])}."
    axis = [el("span", _label(top * part // 4)) for part in (4, 3, 2, 1, 0)]
    return el(
        "figure",
        el(
            "div",
            el("div", axis, class_="y", aria_hidden="true"),
            el(
                "svg",
                el("title", title, id="bars-title"),
                el("desc", f"{text} The table below has the same numbers.", id="bars-text"),
                [_grid(part) for part in range(5)],
                [_bar(at, series, steps, top) for at in range(len(steps))],
                class_="bars",
                role="img",
                aria_labelledby="bars-title bars-text",
            ),
            el("span"),
            _days(steps, step),
            class_="plot",
        ),
        _legend(series),
        el("details", el("summary", "The same numbers as a table"), _numbers(series, steps, step)),
        class_="chart",
    )


def _grid(part: int) -> Markup:
    at = f"{25 * part}%"
    return el("line", x1="0", x2="100%", y1=at, y2=at, class_="grid")


def _bar(at: int, series: Sequence[Series], steps: Sequence[str], top: int) -> Markup:
    slot = 100 / len(steps)
    width, left = slot * 0.78, slot * (at + 0.11)
    if len(steps) < 8:
        width, left = slot * 0.5, slot * (at + 0.25)
    parts, below = [], 0
    for number, each in enumerate(series):
        nano = each.nano.get(steps[at], 0)
        if nano <= 0:
            continue
        height = 100 * nano / top
        below += nano
        parts.append(
            el(
                "rect",
                el("title", f"{steps[at]}, {visible(each.label)}: {dollars(nano)} USD"),
                x=f"{left:.3f}%",
                width=f"{width:.3f}%",
                y=f"{100 - 100 * below / top:.3f}%",
                height=f"{height:.3f}%",
                class_=colour(number, series),
            )
        )
    return Markup("").join(parts)


def _days(steps: Sequence[str], step: str) -> Markup:
    every = -(-len(steps) // _LABELS)
    cut = 5 if step == "day" else 0
    labels = [
        el("text", steps[at][cut:], x=f"{100 * (at + 0.5) / len(steps):.2f}%", y="14")
        for at in range((every - 1) // 2, len(steps), every)
    ]
    return el("svg", labels, class_="x", aria_hidden="true")


def _legend(series: Sequence[Series]) -> Part:
    if len(series) < 2:
        return None
    items = [
        el("li", swatch(colour(at, series)), name(each.label)) for at, each in enumerate(series)
    ]
    return el("ul", items, class_="legend")


def _numbers(series: Sequence[Series], steps: Sequence[str], step: str) -> Markup:
    many = len(series) > 1
    heads: list[tuple[Part, str]] = [(step, "")]
    heads += [(name(each.label), "num") for each in series] if many else []
    rows = []
    for at in steps:
        nano = [each.nano.get(at, 0) for each in series]
        rows.append([at, *(map(money, nano) if many else ()), money(sum(nano))])
    return table(f"Cost by {step}", [*heads, ("USD", "num")], rows)


def _label(nano: int) -> str:
    if nano == 0:
        return "0"
    dollars = nano / 1_000_000_000
    return f"{dollars:,.0f}" if dollars >= 10 else f"{dollars:.3g}"


def _ceiling(nano: int) -> int:
    """Return a round number that is not below *nano*, and can be divided by four."""
    if nano <= 0:
        return 4 * 10**7
    power = 1
    while power * 10 <= nano:
        power *= 10
    nice = next(n * power for n in (1, 1.2, 1.6, 2, 2.4, 3, 4, 5, 6, 8, 10) if n * power >= nano)
    return max(4, int(nice))
