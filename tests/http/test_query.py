"""Queries as JSON objects, and changed ones as queries again."""

from __future__ import annotations

from typing import Any

import pytest

from assemblyai_mw.http.query import changed_to, parameters, set_query


@pytest.mark.parametrize(
    "query, found",
    [
        ("", {}),
        ("a=1&b=x%20y+z&c", {"a": "1", "b": "x y z", "c": ""}),
        ("a=1&a=2&a=3", {"a": ["1", "2", "3"]}),
        ("%61=1&&a=2", {"a": ["1", "2"]}),
        ("a=b=c", {"a": "b=c"}),
    ],
)
def test_a_query_is_read_with_each_of_its_values(query: str, found: dict[str, Any]) -> None:
    assert parameters(query) == found


@pytest.mark.parametrize(
    "change, query",
    [
        ({}, "a=%31&b=x+y&b=z&c"),
        ({"a": "[é&]"}, "a=%5B%C3%A9%26%5D&b=x+y&b=z&c"),
        ({"b": ["p q", "z"]}, "a=%31&b=p%20q&b=z&c"),
        ({"b": "one"}, "a=%31&b=one&c"),
        ({"a": ["x"]}, "a=%5B%22x%22%5D&b=x+y&b=z&c"),
        ({"a": None}, "b=x+y&b=z&c"),
        ({"d": True, "e": {"f": 1}}, "a=%31&b=x+y&b=z&c&d=true&e=%7B%22f%22%3A%201%7D"),
    ],
)
def test_only_what_changes_is_spelled_anew(change: dict[str, Any], query: str) -> None:
    given = "a=%31&b=x+y&b=z&c"
    before = parameters(given)
    assert changed_to(given, before, {**before, **change}) == query


def test_a_parameter_that_is_wanted_no_more_goes_wherever_it_stands() -> None:
    assert changed_to("b=1&a=2&b=3", {"a": "2", "b": ["1", "3"]}, {"a": "2"}) == "a=2"


def test_every_spelling_of_the_query_in_the_environ_is_set() -> None:
    environ = {"QUERY_STRING": "a", "RAW_URI": "/p?a", "REQUEST_URI": "http://h/p?a"}
    set_query(environ, "b=1")
    assert environ == {"QUERY_STRING": "b=1", "RAW_URI": "/p?b=1", "REQUEST_URI": "http://h/p?b=1"}
    set_query(environ, "")
    assert environ == {"QUERY_STRING": "", "RAW_URI": "/p", "REQUEST_URI": "http://h/p"}
