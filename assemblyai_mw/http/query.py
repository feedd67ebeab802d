"""Queries as JSON objects, and back. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote_plus

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment


def parameters(query: str) -> dict[str, str | list[str]]:
    """Return a query's parameters, decoded; one that stands there more than once as a list."""
    found: dict[str, str | list[str]] = {}
    for name, value, _ in _parts(query):
        before = found.get(name)
        if before is None:
            found[name] = value
        else:
            found[name] = [*(before if isinstance(before, list) else [before]), value]
    return found


def changed_to(query: str, given: Mapping[str, Any], wanted: Mapping[str, Any]) -> str:
    """Return *query* with the parameters *wanted* instead of those *given*.

    A parameter that is the same in both stays as it is spelled. Others than texts are written as
    JSON, null is left out.
    """
    repeated = {name for name, value in parameters(query).items() if isinstance(value, list)}
    kept = {name for name, value in wanted.items() if name in given and given[name] == value}
    parts, written = [], set(kept)
    for name, _, part in _parts(query):
        if name in kept:
            parts.append(part)
        elif name in wanted and name not in written:
            written.add(name)
            parts += _spelled(name, wanted[name], is_repeated=name in repeated)
    for name, value in wanted.items():
        if name not in written:
            parts += _spelled(name, value, is_repeated=False)
    return "&".join(parts)


def set_query(environ: WSGIEnvironment, query: str) -> None:
    """Make *query* the request's own, wherever a server tells it."""
    environ["QUERY_STRING"] = query
    for name in ("RAW_URI", "REQUEST_URI"):
        if name in environ:
            path = environ[name].partition("?")[0]
            environ[name] = f"{path}?{query}" if query else path


def _parts(query: str) -> Iterator[tuple[str, str, str]]:
    """Yield name and value, decoded as `urllib.parse.parse_qsl` does, and the part as it is."""
    for part in query.split("&"):
        if part:
            name, _, value = part.partition("=")
            yield unquote_plus(name), unquote_plus(value), part


def _spelled(name: str, value: Any, *, is_repeated: bool) -> Iterator[str]:
    if is_repeated and isinstance(value, list):
        for each in value:
            yield from _spelled(name, each, is_repeated=False)
    elif value is not None:
        text = value if isinstance(value, str) else json.dumps(value)
        yield f"{quote(name, safe='')}={quote(text, safe='')}"
