"""Health: open calls, settlement, calls without a price, the age of the price book."""

from __future__ import annotations

from datetime import datetime

from ...store.health import NEWEST, Health
from . import figures
from .layout import Frame, document
from .markup import DASH, Part, a, command, el, fields, name, panel, table
from .view import View

# AssemblyAI changes its list about twice a year; an older book needs a look.
OLD_BOOK_DAYS = 180


def health_page(frame: Frame, view: View, found: Health, newest_price: datetime | None) -> str:
    """Return the page."""
    content = [
        _open(frame, found),
        _unpriced(frame, view, found),
        _ledger(frame, found, newest_price),
    ]
    return document(frame, "Health", *content, path="/health", view=view)


def _open(frame: Frame, found: Health) -> Part:
    if not found.open:
        return panel("Open calls", el("p", "No call is open.", class_="quiet"))
    heads: list[tuple[Part, str]] = [
        *(("kind", ""), ("open", "num"), ("oldest", ""), ("age", "num"), ("looked at", "num")),
        *(("most attempts", "num"), ("due now", "num"), ("next look", "")),
    ]
    rows = [
        [
            each.kind,
            figures.count(each.calls),
            figures.at(each.oldest),
            DASH if each.oldest is None else figures.age(each.oldest, frame.now),
            figures.count(each.tried),
            figures.count(each.attempts),
            figures.count(each.due),
            figures.at(each.next_look),
        ]
        for each in found.open
    ]
    how: Part = None
    if frame.may_manage:
        how = [el("p", "This looks at them now:"), command(frame.run("settle"))]
    return panel("Open calls", table("Open calls by kind", heads, rows), how)


def _unpriced(frame: Frame, view: View, found: Health) -> Part:
    title = "Calls without a price"
    if not found.unpriced:
        return panel(title, el("p", "Every closed call has a price.", class_="quiet"))
    heads: list[tuple[Part, str]] = [("reason", ""), ("calls", "num")]
    rows = [[name(reason, "unknown"), figures.count(n)] for reason, n in found.unpriced[:50]]
    every = a(frame.link("/calls", view.query(state="unpriced")), "Show them")
    how: Part = None
    if frame.may_manage:
        text = "Once the price book has the prices, this prices those whose usage is known:"
        how = [el("p", text), command(frame.run("reprice"))]
    return panel(title, table("Unpriced calls by reason", heads, rows), how, beside=every)


def _ledger(frame: Frame, found: Health, newest_price: datetime | None) -> Part:
    facts: list[tuple[str, Part]] = [
        (f"last call closed, of the newest {NEWEST:,}", figures.at(found.last_closed, "none"))
    ]
    if newest_price is not None:
        days = (frame.now - newest_price).days
        old = "; look for a newer release" if days > OLD_BOOK_DAYS else ""
        text = f"{newest_price:%Y-%m-%d}, {days:,} days old{old}"
        facts.append(("newest price in the book", text))
    if found.sessions is not None:
        facts.append(("streaming sessions under way", figures.count(found.sessions)))
    if found.where is not None:
        facts.append(("ledger", name(found.where)))
        facts.append(("schema version", figures.count(found.schema_version)))
    if found.size_bytes is not None:
        facts.append(("size", figures.size(found.size_bytes)))
    return panel("Ledger and prices", fields(facts))
