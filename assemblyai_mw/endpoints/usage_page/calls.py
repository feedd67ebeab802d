"""Calls: a list to walk through, and one call with all that is known of it."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from ...billing.price_book import format_usd
from . import figures
from .layout import (
    Frame,
    calls_table,
    chips,
    cost,
    document,
    exports,
    filter_form,
    state,
)
from .markup import Part, a, el, fields, name, panel, table
from .overview import no_calls
from .view import BadQuery, View

if TYPE_CHECKING:
    from ...store import Ledger, UsageFilter
    from ...store.report import CallPage

# Shown first, or in a panel of their own.
_APART = ("id", "breakdown", "usage", "features", "tags")
# Of what a call used, and asked for.
_NOTHING: tuple[object, ...] = (None, 0, "", [], {})
_LABELS = {
    "at": "time",
    "key_id": "key's id",
    "end_user": "end user",
    "audio_seconds": "audio",
    "cost_usd": "cost, USD",
    "kept_usd": "kept of its budget, USD",
    "due_at": "next look",
    "attempts": "attempts of settlement",
    "closed_at": "closed",
    "duration": "duration of the request, s",
}


def page_of(ledger: Ledger, view: View, which: UsageFilter) -> CallPage:
    """Return the calls of a view's page.

    Raises:
        BadQuery: `after` is no place in a list.
    """
    try:
        return ledger.newest_calls(which, limit=view.limit, after=view.after)
    except ValueError:
        raise BadQuery("after", "after: expected the address of a further page") from None


def calls_page(frame: Frame, view: View, ledger: Ledger, which: UsageFilter) -> str:
    """Return the page of a view's calls, newest first."""
    found = page_of(ledger, view, which)
    content: list[Part] = [filter_form(frame, view, "/calls"), chips(frame, view, "/calls")]
    if not found.calls:
        content.append(no_calls(frame, view, "/calls"))
    else:
        here = frame.link("/calls", view.query())
        older = None if found.next is None else frame.link("/calls", view.query(after=found.next))
        walk = el(
            "nav",
            a(here, "Newest") if view.after else None,
            a(older, "Older calls", rel="next") if older else None,
            class_="walk",
            aria_label="Pages of calls",
        )
        content.append(
            panel(
                "Calls, newest first",
                calls_table(frame, view, "Calls", found.calls),
                walk if older or view.after else None,
                beside=exports(frame, "/calls", view, "csv", "json"),
            )
        )
    return document(frame, "Calls", *content, path="/calls", view=view)


def call_page(frame: Frame, view: View, call: Mapping[str, Any]) -> str:
    """Return the page of one call, as `Reader.call` has it."""
    back = el("p", a(frame.link("/calls", view.query()), "← Calls"), class_="back")
    known = [
        (_LABELS.get(each, each.replace("_", " ")), _shown(frame, view, each, call))
        for each in call
        if each not in _APART
    ]
    content: list[Part] = [back, panel("The call", fields(known)), _price(call)]
    for each, title in (
        ("tags", "Tags"),
        ("usage", "Usage, as it is billed"),
        ("features", "What the price depends on"),
    ):
        if call[each]:
            facts = [
                (str(k).replace("_", " ") if each != "tags" else str(k), figures.value(v))
                for k, v in call[each].items()
                if each == "tags" or v not in _NOTHING
            ]
            content.append(panel(title, fields(facts)))
    return document(frame, f"Call {call['id']}", *content, path="", view=view)


def _shown(frame: Frame, view: View, each: str, call: Mapping[str, Any]) -> Part:
    value = call[each]
    if each == "state":
        return state(value)
    if each == "cost_usd":
        return cost(call)
    if each in ("at", "closed_at", "due_at"):
        return figures.at(value)
    if each == "audio_seconds":
        return figures.seconds(value)
    if each == "kept_usd":
        return figures.usd(value)
    if isinstance(value, int) and each.endswith(("tokens", "characters")):
        return figures.count(value)
    if each == "team" and value:
        return a(frame.team(value), name(value))
    if each == "key" and value:
        return a(frame.key(value, view), name(value))
    return figures.value(value)


def _price(call: Mapping[str, Any]) -> Markup:
    lines = call["breakdown"]
    if call["state"] == "pending":
        text = "The call is open: settlement prices it once AssemblyAI tells what was used."
        return panel("Price", el("p", text, class_="quiet"))
    if call["cost_usd"] is None:
        reason = call["reason"] or "no reason is known"
        why = el("p", "There is no price, so it counts in no sum: ", name(reason), ".")
        return panel("Price", why)
    total = figures.nano_of(call["cost_usd"])
    if not lines:
        text = el("p", "The call costs ", figures.money(total), " USD; there are no price lines.")
        return panel("Price", text)
    amounts = [figures.nano_of(str(line["amount_usd"])) for line in lines]
    rows = [
        [
            name(line["item"]),
            f"{Decimal(line['quantity']):,f} {line['unit']}",
            line["rate"],
            figures.money(nano),
            _exact(nano),
        ]
        for line, nano in zip(lines, amounts, strict=True)
    ]
    agrees = sum(amounts) == total
    foot: list[Part] = ["sum", "", "", figures.money(sum(amounts)), _exact(sum(amounts))]
    heads: list[tuple[Part, str]] = [
        *(("item", ""), ("quantity", "num"), ("rate, USD", "num"), ("USD", "num")),
        ("exactly", "num"),
    ]
    check = (
        "✓ The lines add up to the cost, to the nano-dollar."
        if agrees
        else f"✗ The lines do not add up to the cost, {format_usd(total)}."
    )
    return panel(
        "Price",
        table("Price lines", heads, rows, foot),
        el("p", check, class_="check ok" if agrees else "check wrong"),
    )


def _exact(nano: int) -> str:
    return format_usd(nano)
