"""Keys and teams: rights, budgets, history, and the commands that change them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from ...store.key_options import KEY_OPTIONS, TEAM_OPTIONS
from ...store.reader import PRIVATE
from . import figures
from .budgets import budgets_panel
from .layout import Frame, chips, document, exports, period_of, state
from .markup import DASH, Part, a, command, el, fields, name, panel, table
from .overview import first_steps
from .view import BadQuery, View

if TYPE_CHECKING:
    from ...store import KeyInfo, Ledger, UsageFilter
    from ...store.history import Change
    from ...store.reader import Reader

# A name may have had several keys.
_MOST_OF_A_NAME = 10
_OF_KEYS = ("team", "key")


def rows_of(frame: Frame, found: Sequence[KeyInfo]) -> list[dict[str, Any]]:
    """Return keys as `keys list --json` prints them; without what is private for a scope."""
    hidden = () if frame.may_manage else PRIVATE
    return [
        {
            name: value
            for name, value in {**info.as_dict(), "state": info.state(frame.now)}.items()
            if name not in hidden
        }
        for info in found
    ]


def keys_of(reader: Reader, view: View) -> tuple[list[KeyInfo], str | None]:
    """Return the keys of a view's page, oldest first, and where the next page begins.

    Raises:
        BadQuery: A filter does not apply to keys, or `after` is no place in their list.
    """
    for each in view.filters:
        if each not in _OF_KEYS:
            raise BadQuery(each, f"{each}: keys are filtered by {' and '.join(_OF_KEYS)} alone")
    after = view.after or "0"
    if not (after.isascii() and after.isdigit() and len(after) < 19):
        raise BadQuery("after", "after: expected the address of a further page")
    found = reader.keys(
        name=view.filters.get("key"),
        team=view.filters.get("team"),
        after=int(after),
        limit=view.limit + 1,
    )
    some = found[: view.limit]
    return some, str(some[-1].key_id) if len(found) > view.limit else None


def keys_page(frame: Frame, view: View, reader: Reader) -> str:
    """Return the page of the keys; of those of one name, with all that is known of them."""
    found, after = keys_of(reader, view)
    content: list[Part] = [chips(frame, view, "/keys")]
    named = view.filters.get("key")
    if not found:
        if view.filters:
            clear = a(frame.link("/keys"), "Show all keys")
            content.append(panel("No keys", el("p", "No key is named so. ", clear, ".")))
        else:
            content.append(first_steps(frame))
    elif named is None:
        content.append(_list(frame, view, found, after))
    else:
        budgets = reader.budgets(key=named)
        example = ("keys", "set", named, "--monthly-budget", "100")
        content.append(_calls_link(frame, view))
        content.append(budgets_panel(frame, view, budgets, example=example))
        content += [_key(frame, reader, info) for info in reversed(found[-_MOST_OF_A_NAME:])]
    title = "Keys" if named is None else f"Key {named}"
    return document(frame, title, *content, path="/keys", view=view)


def _calls_link(frame: Frame, view: View) -> Markup:
    return el(
        "p",
        a(frame.link("/", view.query()), "Usage"),
        " · ",
        a(frame.link("/calls", view.query()), "Calls"),
        class_="back",
    )


def _list(frame: Frame, view: View, found: Sequence[KeyInfo], after: str | None) -> Markup:
    heads: list[tuple[Part, str]] = [
        *(("key", ""), ("team", ""), ("state", ""), ("region", ""), ("rpm", "num")),
        *(("budget", "num"), ("monthly", "num"), ("daily", "num"), ("made", ""), ("expires", "")),
    ]
    rows = [
        [
            a(frame.key(info.name, view), name(info.name)),
            a(frame.team(info.team), name(info.team)) if info.team else name(None, DASH),
            state(info.state(frame.now)),
            info.region or name(None, "any"),
            figures.count(info.rpm),
            *(
                name(None, DASH) if nano is None else figures.money(nano)
                for nano in (info.budget_nano, info.budget_monthly_nano, info.budget_daily_nano)
            ),
            figures.at(info.created_at),
            figures.at(info.expires_at, "never"),
        ]
        for info in found
    ]
    older = None
    if after is not None:
        older = a(frame.link("/keys", view.query(after=after)), "More keys", rel="next")
    walk = el("nav", older, class_="walk", aria_label="Pages of keys") if older else None
    return panel(
        "Keys",
        table("Keys", heads, rows),
        walk,
        beside=exports(frame, "/keys", view, "csv", "json"),
    )


def _key(frame: Frame, reader: Reader, info: KeyInfo) -> Markup:
    (row,) = rows_of(frame, [info])
    rights = [(each.name, row[each.name]) for each in KEY_OPTIONS if each.name in row]
    facts: list[tuple[str, Part]] = [
        ("id", info.key_id),
        ("made", figures.at(info.created_at)),
        ("revoked", figures.at(info.revoked_at, "no")),
        *((each.replace("_", " "), figures.value(value)) for each, value in rights),
    ]
    manage: Part = None
    if frame.may_manage and info.revoked_at is None:
        lines = [
            frame.run("keys", "set", info.name, "--rpm", "60", "--monthly-budget", "100"),
            frame.run("keys", "rotate", info.name, "--grace", "24h"),
            frame.run("keys", "revoke", info.name),
        ]
        manage = [el("h3", "Change it"), command(*lines)]
    changes = reader.history(key_ids=[info.key_id])
    return panel(
        f"Rights and limits of {info.prefix}",
        fields(facts),
        manage,
        _history(changes),
        beside=state(info.state(frame.now)),
    )


def _history(changes: Sequence[Change]) -> Part:
    if not changes:
        return None
    heads: list[tuple[Part, str]] = [("time", ""), ("change", ""), ("by", ""), ("details", "")]
    rows = [
        [
            figures.at(each.at),
            each.action.replace("_", " "),
            name(each.actor, DASH),
            _details(each.detail),
        ]
        for each in changes
    ]
    return [el("h3", "History, newest first"), table("History", heads, rows)]


def _details(detail: Mapping[str, Any]) -> Part:
    lines: list[Part] = []
    for option, value in detail.items():
        if isinstance(value, dict) and value.keys() == {"old", "new"}:
            change = [figures.value(value["old"]), " → ", figures.value(value["new"])]
            lines.append(el("li", f"{option}: ", change))
        elif value not in (None, [], {}):
            lines.append(el("li", f"{option}: ", figures.value(value)))
    return el("ul", lines, class_="values") if lines else name(None, DASH)


def team_page(
    frame: Frame, view: View, reader: Reader, ledger: Ledger, which: UsageFilter, team: str
) -> str | None:
    """Return the page of a team; None if there is none to be seen."""
    found = reader.team(team)
    if found is None:
        return None
    total = ledger.usage_total(which)
    own = replace(view, filters={"team": team})
    keys, more = keys_of(reader, own)
    budgets = reader.budgets(team=team)
    example = ("teams", "set", team, "--monthly-budget", "100")
    sums: list[tuple[str, Part]] = [
        ("cost, USD", figures.usd(total["cost_usd"])),
        ("calls", figures.count(total["calls"])),
        ("unpriced", figures.count(total["unpriced"])),
        ("open", figures.count(total["pending"])),
        ("audio", figures.seconds(total["audio_seconds"])),
        ("tokens in", figures.count(total["input_tokens"])),
        ("tokens out", figures.count(total["output_tokens"])),
    ]
    links = [
        a(frame.link("/", view.query(team=team, by="key")), "Overview"),
        " ",
        a(frame.link("/calls", view.query(team=team)), "Calls"),
    ]
    limits: list[tuple[str, Part]] = [
        (each.name.replace("_", " "), figures.value(found[each.name])) for each in TEAM_OPTIONS
    ]
    manage: Part = None
    if frame.may_manage:
        manage = [el("h3", "Change them"), command(frame.run(*example))]
    content: list[Part] = [
        panel(f"Usage, {period_of(view)}", fields(sums), beside=links),
        budgets_panel(frame, view, budgets, example=example),
        panel("Limits", fields(limits), manage, _history(reader.history(team=team))),
    ]
    if keys:
        content.append(_list(frame, own, keys, more))
    return document(frame, f"Team {team}", *content, view=view)
