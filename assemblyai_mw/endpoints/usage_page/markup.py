"""HTML as values: every text is escaped where it goes in. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from html import escape as _escaped

from markupsafe import Markup

# What a page is built of: texts are escaped, None is nothing.
Part = str | int | None | Markup | Iterable["Part"]

_VOID = frozenset({"br", "input", "link", "meta"})
# Control characters, which HTML cannot hold or nobody would see, as their pictures.
_PICTURES = {code: 0x2400 + code for code in range(32)} | {127: 0x2421}


def el(tag: str, /, *parts: Part, **attributes: str | int | bool | None) -> Markup:
    """Return an element. A trailing `_` of an attribute's name is dropped, others become `-`.

    An attribute of None or False is left out, one of True has no value.
    """
    written = [f"<{tag}"]
    for key, value in attributes.items():
        if value is True:
            written.append(f" {_attribute(key)}")
        elif value is not None and value is not False:
            written.append(f' {_attribute(key)}="{_escaped(str(value))}"')
    written.append(">")
    if tag not in _VOID:
        _write(parts, written)
        written.append(f"</{tag}>")
    return Markup("".join(written))


@cache
def _attribute(name: str) -> str:
    return name.rstrip("_").replace("_", "-")


def joined(part: Part) -> Markup:
    """Return *part* as markup."""
    written: list[str] = []
    _write(part, written)
    return Markup("".join(written))


def _write(part: Part, into: list[str]) -> None:
    # A page has thousands of parts: markupsafe's own `escape` and `join` cost three times as much.
    if part is None:
        return
    if isinstance(part, Markup):
        into.append(part)
    elif isinstance(part, str):
        into.append(_escaped(part))
    elif isinstance(part, int):
        into.append(str(part))
    else:
        for each in part:
            _write(each, into)


def visible(text: str) -> str:
    """Return *text* with its control characters visible."""
    return text.translate(_PICTURES)


DASH = "\u2013"
# What stands where there is no value.
ABSENT = el("span", DASH, class_="none")


def name(text: str | None, none: str = "none") -> Markup:
    """Return a name that somebody chose, kept apart from the direction of the text around it."""
    if not text:
        return el("span", none, class_="none")
    return el("bdi", visible(text))


def a(href: str, *parts: Part, **attributes: str | None) -> Markup:
    """Return a link."""
    return el("a", *parts, href=href, **attributes)


def table(
    label: str,
    heads: Sequence[tuple[Part, str]],
    rows: Iterable[Sequence[Part]],
    foot: Sequence[Part] | None = None,
) -> Markup:
    """Return a table that scrolls by itself where it is too wide. The first cell heads its row.

    Args:
        label: What it is of, for those who do not see it.
        heads: Title and class of each column: `num` is flush right.
        rows: Cells.
        foot: Cells of the last row, of sums.
    """
    classes = [each[1] or None for each in heads]

    def line(cells: Sequence[Part]) -> Markup:
        first, *rest = cells
        return el(
            "tr",
            el("th", first, scope="row", class_=classes[0]),
            [el("td", cell, class_=kind) for cell, kind in zip(rest, classes[1:], strict=True)],
        )

    return el(
        "div",
        el(
            "table",
            el("caption", label, class_="unseen"),
            el("thead", el("tr", [el("th", t, scope="col", class_=c or None) for t, c in heads])),
            el("tbody", map(line, rows)),
            None if foot is None else el("tfoot", line(foot)),
        ),
        class_="scroll",
        tabindex=0,
        role="region",
        aria_label=label,
    )


def fields(pairs: Iterable[tuple[str, Part]]) -> Markup:
    """Return names and values below each other."""
    return el(
        "dl",
        [el("div", el("dt", title), el("dd", value)) for title, value in pairs],
        class_="facts",
    )


def panel(title: str, *parts: Part, beside: Part = None, id: str | None = None) -> Markup:
    """Return a section with its heading, and what stands *beside* that."""
    head = el("div", el("h2", title), el("div", beside, class_="beside"), class_="head")
    return el("section", head, *parts, class_="panel", id=id)


def command(*lines: str) -> Markup:
    """Return commands to copy."""
    text = "\n".join(visible(line) for line in lines)
    return el("pre", el("code", text), class_="command", tabindex=0)
