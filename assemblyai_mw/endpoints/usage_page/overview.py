"""The overview: what was spent, by whom, and how near to its budgets it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from ...store.columns import optional_moment
from ...store.overview import Numbers, Overview, overview
from . import figures
from .budgets import budgets_panel
from .chart import SERIES, chart, stacked, steps_between, swatch
from .layout import (
    Frame,
    calls_table,
    chips,
    document,
    exports,
    filter_form,
    word,
)
from .markup import ABSENT, DASH, Part, a, command, el, name, panel, table
from .view import View

if TYPE_CHECKING:
    from ...store import Ledger, UsageFilter
    from ...store.reader import Reader

NEWEST, GROUPS = 50, 50
# Above so many days, a bar is a month.
MOST_DAYS = 92
_MOST_BARS = 400


def overview_page(
    frame: Frame, view: View, reader: Reader, ledger: Ledger, which: UsageFilter
) -> str:
    """Return the page of a view."""
    first, last = _days(view, frame.now)
    step = "day" if first is not None and (last - first).days < MOST_DAYS else "month"
    found = overview(ledger.database, which, view.by, step)  # type: ignore[arg-type]
    newest = ledger.newest_calls(which, limit=NEWEST).calls
    content: list[Part] = [filter_form(frame, view, "/", by=True), chips(frame, view, "/")]
    if not found.total["calls"] and not _any_call(ledger, reader):
        content = [first_steps(frame)]
    elif not found.total["calls"]:
        content += [_cards(frame, view, found), no_calls(frame, view, "/")]
    else:
        groups = _groups(found, view.by)
        content += [
            _cards(frame, view, found),
            _bars(view, found, groups, first, last, step),
            _groups_panel(frame, view, found, groups),
        ]
    filters = view.filters
    standings = reader.budgets(key=filters.get("key"), team=filters.get("team"))
    example = ("teams", "set", filters.get("team") or "TEAM", "--monthly-budget", "100")
    content.append(budgets_panel(frame, view, standings, example=example))
    if newest:
        every = a(frame.link("/calls", view.query()), "All calls")
        content.append(
            panel(
                "Newest calls",
                calls_table(frame, view, "Newest calls", newest),
                beside=[every, " ", exports(frame, "/calls", view, "csv", "json")],
            )
        )
    return document(frame, "Overview", *content, path="/", view=view)


def _any_call(ledger: Ledger, reader: Reader) -> bool:
    from ...store import UsageFilter

    return bool(ledger.newest_calls(UsageFilter(scope=reader.scope), limit=1).calls)


def no_calls(frame: Frame, view: View, path: str) -> Markup:
    """Return what stands in the place of calls where a filter has none."""
    longer = a(frame.link(path, view.query(period=f"{frame.now:%Y}-01")), "another period")
    links: list[Part] = ["Choose ", longer]
    if view.filters:
        clear = frame.link(path, view.without_filters().query())
        links = [a(clear, "Clear the filters")]
    elif view.stated:
        links = [a(frame.link(path), "Show the last 30 days")]
    else:
        links = ["Choose another period above"]
    return panel("No calls", el("p", "There are no calls in this view. ", links, "."))


def first_steps(frame: Frame) -> Markup:
    """Return the commands by which a first call is made."""
    steps: list[Part] = []
    if frame.may_manage:
        steps.append(
            el(
                "li",
                "Make a key. It is shown this once.",
                command(frame.run("keys", "create", "my-app")),
            )
        )
    if frame.prefix is not None:
        body = '{"audio_url": "https://assembly.ai/wildfires.mp3"}'
        call = (
            figures.shell("curl", f"{frame.origin}{frame.prefix}/v2/transcript") + " \\",
            "  " + figures.shell("-H", "authorization: sk-YOUR-KEY") + " \\",
            "  " + figures.shell("-H", "content-type: application/json") + " \\",
            "  " + figures.shell("-d", body),
        )
        steps.append(el("li", "Send a first call with it.", command(*call)))
    if frame.may_manage:
        steps.append(
            el(
                "li",
                "See what it cost, here or there.",
                command(frame.run("usage", "--by", "call")),
            )
        )
    return panel("No calls yet", el("ol", steps, class_="steps"))


def _days(view: View, now: datetime) -> tuple[Any, Any]:
    """Return the first and the last day of the bars; the first is None where it is open."""
    last = now.astimezone(UTC).date()
    if view.until is not None:
        last = min(last, (view.until - timedelta(days=1)).date())
    first = None if view.since is None else view.since.date()
    return first, last if first is None else max(first, last)


def _cards(frame: Frame, view: View, found: Overview) -> Markup:
    total = found.total
    closed = total["calls"] - total["pending"] - total["unpriced"]
    cost: Part = figures.money(total["cost_nano"])
    if not closed and total["calls"]:
        cost = ABSENT
    shown = [_card("Cost, USD", cost, _change(found))]
    shown.append(
        _card(
            "Calls",
            figures.count(total["calls"]),
            f"{total['failed']:,} failed" if total["failed"] else "none failed",
        )
    )
    unpriced: Part = figures.count(total["unpriced"])
    if total["unpriced"]:
        unpriced = a(frame.link("/calls", view.query(state="unpriced")), unpriced)
    note = "not in the cost" if total["unpriced"] else "every closed call has a price"
    shown.append(_card("Unpriced", unpriced, note, "warn" if total["unpriced"] else ""))
    pending: Part = figures.count(total["pending"])
    if total["pending"]:
        pending = a(frame.link("/calls", view.query(state="pending")), pending)
    oldest = optional_moment(found.oldest_open)
    note = "all are closed" if oldest is None else f"oldest {figures.age(oldest, frame.now)} old"
    shown.append(_card("Open", pending, note))
    shown.append(
        _card("Held now, USD", figures.money(found.held_nano), "reserved for calls under way")
    )
    hours, tokens = total["audio_ms"], total["input_tokens"] + total["output_tokens"]
    shown.append(_card("Audio, hours", figures.hours(hours), f"{tokens:,} tokens"))
    return el("div", shown, class_="cards")


def _card(title: str, value: Part, note: Part, kind: str = "") -> Markup:
    return el(
        "div",
        el("p", title, class_="title"),
        el("p", value, class_="value"),
        el("p", note, class_="note"),
        class_=f"card {kind}".strip(),
    )


def _change(found: Overview) -> Part:
    if found.before is None:
        return "since the ledger began"
    now, before = found.total["cost_nano"], found.before["cost_nano"]
    exact = f"{figures.dollars(before)} in the period before"
    if not before:
        return "nothing in the period before"
    change = round(100 * (now - before) / before)
    sign = "+" if change > 0 else "\u2212" if change < 0 else "±"
    shown = f"{sign}{abs(change):,} %"
    return el("span", f"{shown} on the period before", title=exact)


def _groups(found: Overview, by: str) -> list[tuple[Any, str, Numbers]]:
    """Return the groups with their labels: the dearest first, days and months the newest first."""
    rows = list(found.groups.items())
    if by in ("day", "month"):
        rows.sort(key=lambda row: row[0], reverse=True)
    else:
        rows.sort(key=lambda row: (-row[1]["cost_nano"], -row[1]["calls"], row[0]))
    if by != "key":
        return [(group, str(group), numbers) for group, numbers in rows]
    names = Counter(group[0] for group, _ in rows)
    return [
        (group, f"{group[0]} (key {group[1]})" if names[group[0]] > 1 else group[0], numbers)
        for group, numbers in rows
    ]


def _bars(
    view: View,
    found: Overview,
    groups: Sequence[tuple[Any, str, Numbers]],
    first: Any,
    last: Any,
    step: str,
) -> Part:
    if view.by == "tag":
        title = f"Cost by {step} and tag; a call with two tags counts in both"
    else:
        title = f"Cost by {step}" + ("" if view.by in ("day", "month") else f" and {word(view.by)}")
    known = sorted(at for at, _ in found.bars)
    if first is None:
        start = known[0] if known else last.isoformat()
        first = datetime.fromisoformat(start if len(start) > 7 else f"{start}-01").date()
    if known:
        # A clock that was ahead once.
        last = max(last, datetime.fromisoformat((known[-1] + "-01")[:10]).date())
    steps = steps_between(first, last, step)[-_MOST_BARS:]
    if view.by in ("day", "month"):
        series = stacked([("", "cost")], found.bars)
    else:
        named = [(group, label or f"no {word(view.by)}") for group, label, _ in groups]
        series = stacked(named, found.bars)
    return panel(title, chart(series, steps, step))


def _groups_panel(
    frame: Frame, view: View, found: Overview, groups: Sequence[tuple[Any, str, Numbers]]
) -> Markup:
    heads: list[tuple[Part, str]] = [
        (word(view.by), ""),
        *((each, "num") for each in ("USD", "share", "calls", "failed", "unpriced")),
        *((each, "num") for each in ("audio h", "tokens in", "tokens out", "cached")),
    ]
    cost = sum(numbers["cost_nano"] for _, _, numbers in groups)
    many = view.by not in ("day", "month") and len(groups) > 1
    rows = [
        [
            [
                swatch(f"s{min(at, SERIES)}") if many else None,
                " ",
                _group_link(frame, view, group, label),
            ],
            *_cells(numbers, cost),
        ]
        for at, (group, label, numbers) in enumerate(groups[:GROUPS])
    ]
    foot: list[Part] = ["all", *_cells(found.total, found.total["cost_nano"])]
    more = len(groups) - GROUPS
    rest = el("p", f"and {more:,} more, in the exports", class_="quiet") if more > 0 else None
    return panel(
        f"By {word(view.by)}",
        table(f"Sums by {word(view.by)}", heads, rows, foot),
        rest,
        beside=exports(frame, "/overview", view, "csv", "json"),
    )


def _group_link(frame: Frame, view: View, group: Any, label: str) -> Markup:
    if view.by in ("day", "month"):
        first = datetime.fromisoformat(group if len(group) > 7 else f"{group}-01")
        after = first + timedelta(days=1)
        days: dict[str, str | None] = {"from": f"{first:%Y-%m-%d}", "until": f"{after:%Y-%m-%d}"}
        if view.by == "month":
            days = {"period": group}
        return a(frame.link("/calls", view.query(**days)), group)
    value = group[0] if view.by == "key" else group
    filtered = replace(view, filters={**view.filters, view.by: value})
    if view.by == "team" and value:
        return a(frame.team(value), name(label))
    return a(frame.link("/calls", filtered.query()), name(label, f"no {word(view.by)}"))


def _cells(numbers: Numbers, cost: int) -> list[Part]:
    priced = numbers["calls"] - numbers["pending"] - numbers["unpriced"]
    nothing = el("span", DASH, class_="none", title="no call here has a price yet")
    return [
        figures.money(numbers["cost_nano"]) if priced else nothing,
        figures.share(numbers["cost_nano"], cost) if priced else nothing,
        figures.count(numbers["calls"]),
        figures.seldom(numbers["failed"]),
        figures.seldom(numbers["unpriced"]),
        figures.hours(numbers["audio_ms"]),
        figures.seldom(numbers["input_tokens"]),
        figures.seldom(numbers["output_tokens"]),
        figures.seldom(numbers["cached_tokens"]),
    ]
