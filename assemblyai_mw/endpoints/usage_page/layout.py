"""What all pages have in common: the frame, the filters, and parts of tables. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode

from markupsafe import Markup

from ...store.usage_names import GROUPINGS, STATES
from . import figures
from .markup import DASH, Part, a, el, joined, name, table
from .view import FILTERS, FORM, NONE, PERIODS, REGIONS, ROWS, WAS, View

TITLE = "AssemblyAI usage"
_NAMES = {
    "today": "Today",
    "7d": "Last 7 days",
    "30d": "Last 30 days",
    "month": "This month",
    "last-month": "Last month",
}
_WORDS = {"end_user": "end user"}
_MENU = (("/", "Overview"), ("/calls", "Calls"), ("/keys", "Keys"), ("/health", "Health"))


@dataclass(frozen=True, slots=True)
class Frame:
    """What stands around a page's content.

    Attributes:
        base: Where the page is mounted, from the host's root on.
        now: The moment of the request.
        sees: What its reader may see.
        teams: Names of the teams to choose from.
        command: How the command line is called here.
        origin, prefix: `https://app.example`, and the path of AssemblyAI's API below it.
    """

    base: str
    now: datetime
    sees: str | None = None
    teams: Sequence[str] = ()
    command: Sequence[str] = ("assemblyai-mw",)
    origin: str = ""
    prefix: str | None = None
    may_manage: bool = field(default=False)

    def link(self, path: str, query: str = "") -> str:
        """Return the address of a page."""
        return f"{self.base}{path}" + (f"?{query}" if query else "")

    def team(self, team: str) -> str:
        """Return the address of a team's page."""
        if team in (".", ".."):
            # Browsers take these out of a path, also in their encoded form.
            return self.link("/", urlencode({"team": team}))
        return self.link(f"/teams/{quote(team, safe='')}")

    def key(self, key: str, view: View) -> str:
        """Return the address of the keys of a name."""
        return self.link("/keys", view.without_filters().query(key=key))

    def run(self, *words: str) -> str:
        """Return a command of this ledger's command line, to copy."""
        return figures.shell(*self.command, *words)


def document(
    frame: Frame, title: str, *content: Part, path: str = "", view: View | None = None
) -> str:
    """Return a whole page. Its menu leads to the same view as far as the other pages have that."""
    menu = [
        a(frame.link(at, _kept(view, at)), text, aria_current="page" if at == path else None)
        for at, text in _MENU
    ]
    head = el(
        "header",
        el(
            "div",
            el("p", el("span", class_="mark", aria_hidden="true"), TITLE, class_="brand"),
            el("nav", menu, aria_label="Pages") if frame.sees is not None else None,
            class_="bar",
        ),
    )
    foot = None
    if frame.sees is not None:
        foot = el(
            "footer",
            el("p", "You see ", name(frame.sees), "."),
            el("p", "As of ", figures.at(frame.now), ". All days and times are UTC."),
        )
    page = el(
        "html",
        el(
            "head",
            el("meta", charset="utf-8"),
            el("meta", name="viewport", content="width=device-width, initial-scale=1"),
            el("meta", name="color-scheme", content="light dark"),
            el("title", f"{title} · {TITLE}"),
            el("link", rel="stylesheet", href=frame.link("/style.css")),
            el("link", rel="icon", href=frame.link("/icon.svg"), type="image/svg+xml"),
        ),
        el("body", head, el("main", el("h1", title), *content), foot),
        lang="en",
    )
    return f"<!doctype html>\n{page}\n"


def _kept(view: View | None, path: str) -> str:
    if view is None:
        return ""
    of_page = {"/keys": ("team", "key"), "/health": ()}.get(path, FILTERS)
    filters = {name: value for name, value in view.filters.items() if name in of_page}
    return replace(view, filters=filters).query()


def filter_form(frame: Frame, view: View, path: str, *, by: bool = False) -> Markup:
    """Return the fields by which a view is changed, and its filters as chips."""
    first = [_period(frame, view), _team(frame, view)]
    if by:
        first.append(_select("by", "Split by", [(n, word(n)) for n in GROUPINGS], view.by))
    more = [_text(view, each) for each in ("key", "model", "tag", "end_user")]
    choices = [("", "all"), *((each, each) for each in REGIONS)]
    more.append(_select("region", "Region", choices, view.filters.get("region", "")))
    choices = [("", "all"), *((each, each) for each in STATES)]
    more.append(_select("state", "State", choices, view.filters.get("state", "")))
    more += [_date(view, "from", "From day"), _date(view, "until", "Until day, exclusive")]
    absent = [each for each, value in view.filters.items() if value == ""]
    hidden = [(FORM, "1"), (WAS, view.period or "")]
    if absent:
        hidden.append((NONE, ",".join(absent)))
    if not by:
        hidden.append(("by", view.by))
    if view.limit != ROWS:
        hidden.append(("limit", str(view.limit)))
    days = view.period is None
    used = days or any(view.filters.get(each) for each in _MORE)
    return el(
        "form",
        [el("input", type="hidden", name=each, value=value) for each, value in hidden],
        el("div", first, el("button", "Show"), class_="fields"),
        el(
            "details",
            el("summary", "More filters"),
            el("div", more, class_="fields"),
            open=days or (used and path == "/calls"),
        ),
        method="get",
        action=frame.link(path),
        class_="panel filters",
    )


_MORE = ("key", "model", "tag", "end_user", "region", "state")


def period_of(view: View) -> str:
    """Return the period of a view, in words."""
    if view.period is not None:
        return _NAMES.get(view.period, view.period)
    days = [f"{each} {view.stated[each]}" for each in ("from", "until") if each in view.stated]
    return " ".join(days)


def chips(frame: Frame, view: View, path: str) -> Part:
    """Return each filter, with a link that takes it away."""
    shown = []
    for each, value in view.filters.items():
        rest = {k: v for k, v in view.filters.items() if k != each}
        without = replace(view, filters=rest)
        label = [f"{word(each)}: ", name(value, "none")]
        shown.append(
            el(
                "li",
                a(
                    frame.link(path, without.query()),
                    label,
                    el("span", " \u00d7", aria_hidden="true"),
                    el("span", ", remove this filter", class_="unseen"),
                ),
            )
        )
    if not shown:
        return None
    if len(shown) > 1:
        clear = frame.link(path, view.without_filters().query())
        shown.append(el("li", a(clear, "Clear all"), class_="clear"))
    return el("ul", shown, class_="chips", aria_label="Filters")


def word(parameter: str) -> str:
    """Return a parameter's name as a word."""
    return _WORDS.get(parameter, parameter)


def _field(label: str, control: Markup, id: str) -> Markup:
    return el("div", el("label", label, for_=id), control, class_="field")


def _select(parameter: str, label: str, options: Sequence[tuple[str, str]], chosen: str) -> Markup:
    id = f"f-{parameter}"
    shown = [el("option", t, value=v, selected=v == chosen) for v, t in options]
    return _field(label, el("select", shown, name=parameter, id=id), id)


def _period(frame: Frame, view: View) -> Markup:
    options = [(each, _NAMES[each]) for each in PERIODS]
    number = 12 * frame.now.year + frame.now.month - 1
    months = [f"{n // 12:04}-{n % 12 + 1:02}" for n in range(number, number - 13, -1)]
    chosen = view.period
    if chosen is None:
        options.insert(0, ("", "the days below"))
    elif chosen not in _NAMES and chosen not in months:
        months.append(chosen)
    return _select("period", "Period", [*options, *((m, m) for m in months)], chosen or "")


def _team(frame: Frame, view: View) -> Markup:
    chosen = view.filters.get("team", "")
    if len(frame.teams) > 200:
        return _text(view, "team")
    names = list(frame.teams)
    if chosen and chosen not in names:
        names.append(chosen)
    return _select("team", "Team", [("", "all"), *((each, each) for each in names)], chosen)


def _text(view: View, parameter: str) -> Markup:
    id, value = f"f-{parameter}", view.filters.get(parameter, "")
    shown = el("input", type="text", name=parameter, id=id, value=value, autocomplete="off")
    return _field(word(parameter).capitalize(), shown, id)


def _date(view: View, parameter: str, label: str) -> Markup:
    id, value = f"f-{parameter}", view.stated.get(parameter, "")
    return _field(label, el("input", type="date", name=parameter, id=id, value=value), id)


def exports(frame: Frame, path: str, view: View, *kinds: str) -> Markup:
    """Return links to the same rows in other formats."""
    links = [a(frame.link(f"{path}.{kind}", view.query()), kind.upper()) for kind in kinds]
    return el("span", "Export ", joined(Markup(" ").join(links)), class_="exports")


def state(shown: str) -> Markup:
    """Return the state of a call, a key, or a check."""
    return el("span", shown, class_=f"state {shown}")


def cost(call: Mapping[str, Any]) -> Part:
    """Return a call's cost; open and unpriced calls have none."""
    if call["cost_usd"] is None:
        return el("span", "open" if call["state"] == "pending" else "no price", class_="none")
    return figures.usd(call["cost_usd"])


def calls_table(frame: Frame, view: View, label: str, calls: Sequence[Mapping[str, Any]]) -> Markup:
    """Return calls, a row each."""
    heads: list[tuple[Part, str]] = [
        *(("time", ""), ("key", ""), ("team", ""), ("model", ""), ("state", "")),
        *(("audio", "num"), ("tokens in", "num"), ("tokens out", "num"), ("USD", "num")),
    ]
    rows = [
        [
            a(frame.link(f"/calls/{call['id']}", view.query()), figures.at(call["at"])),
            _linked(frame, view, "key", call["key"]),
            _linked(frame, view, "team", call["team"]),
            name(call["model"], DASH),
            state(call["state"]),
            figures.seconds(call["audio_seconds"]),
            figures.count(call["input_tokens"]),
            figures.count(call["output_tokens"]),
            cost(call),
        ]
        for call in calls
    ]
    return table(label, heads, rows)


def _linked(frame: Frame, view: View, parameter: str, value: str | None) -> Part:
    if not value:
        return name(value, DASH)
    return a(frame.link("/calls", view.query(**{parameter: value})), name(value))
