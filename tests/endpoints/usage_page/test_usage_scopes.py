"""Two readers, every page and every export: each sees rows of its own alone, whatever they say."""

from __future__ import annotations

import csv
import html
import io
import time
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qsl, quote, unquote_plus, urlsplit

import pytest
from stack_kit import MASTER_KEY, Stack
from usage_page_kit import AT, basic
from webtest import TestApp

from assemblyai_mw.billing.money import Item, Price
from assemblyai_mw.billing.replies import Usage
from assemblyai_mw.call import Call, Caller
from assemblyai_mw.endpoints.usage_page import UsagePage
from assemblyai_mw.routes import route_for
from assemblyai_mw.store import Database, Holds, Keys, Ledger

# What a caller, or an operator, may have chosen as a name.
HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "\u202eevil\u202c \u05e9\u05dc\u05d5\u05dd",
    "=cmd|' /C calc'!A0",
    'it\'s "quoted" & %41 a/b?c#d',
    "@SUM(1)",
)
# Callers may send these too; a key's name holds no control characters.
WILD = (*HOSTILE, "two\nlines\r\x00\x1b[31m", "</title><style>", "-1+1", "..")
MONTH = "period=30d"
VIEWS = ("", f"?{MONTH}&by=key", "?by=tag", "?by=model", "?by=end_user", "?by=day", "?by=month")


@dataclass
class Tenant:
    """A team or a key, and the word that stands in each of its names."""

    word: str
    secret: str
    team: str | None
    key_id: int
    calls: list[int]


@dataclass
class Two:
    app: TestApp
    blue: Tenant
    red: Tenant
    lone: Tenant
    database: Database


def tenant(database: Database, word: str, *, team: bool) -> Tenant:
    """Make a key, perhaps in a team, with budgets, history, a hold, and calls in every state."""
    keys, ledger, now = Keys(database, actor=f"{word} actor"), Ledger(database), time.time()
    own = f"{word} {HOSTILE[1]}" if team else None
    made = keys.create(f"{word} {HOSTILE[0]}", team=own, budget_usd="5", tags={word: word})
    keys.set(made.name, budget_daily_usd="1")
    if own is not None:
        keys.set_team(own, budget_monthly_usd="9")
    caller = Caller(made.name, made.info.key_id, own)
    found = []
    for number, wild in enumerate(WILD * 2):
        name = f"{word} {wild}"
        call = Call(
            f"{word}-{number}",
            now - number * 3600,
            route_for("/assemblyai"),
            "POST",
            f"/v2/transcript/{name}",
            caller=Caller(caller.name, caller.key_id, caller.team, end_user=name),
            tags={name: wild, "plain": name},
        )
        row = ledger.open(call, kind="transcript", model=name, features={"models": [name]})
        found.append(row)
        usage = Usage("transcript", model=name, audio_ms=1000 * number)
        price = Price(number, (Item(name, "1", "second", "0.15/hour", number),))
        if number % 4 == 1:
            ledger.settle(row, usage=usage, price=None, reason=f"{name} has no price")
        elif number % 4 == 2:
            ledger.fail(row, status=500)
        elif number % 4 == 3:
            ledger.settle(row, usage=usage, price=price, metrics_label=name)
    held = Call(f"{word}-held", now, route_for("/assemblyai"), "POST", "/v2/transcript")
    held.caller = Caller(caller.name, caller.key_id, caller.team, budgeted=True)
    Holds(database).take(held, 777, expires_in_s=600)
    return Tenant(word, made.key, own, made.info.key_id, found)


@pytest.fixture(scope="module")
def two(module_database_url: str) -> Iterator[Two]:
    stack = Stack(module_database_url, general_settings={"usage_path": AT})
    database = stack.keys.database
    blue, red = (tenant(database, word, team=True) for word in ("bluebird", "redfox"))
    lone = tenant(database, "lonewolf", team=False)
    # A key that was red's once.
    moved = stack.keys.create("bluebird moved", team=red.team)
    stack.keys.set(moved.name, team=blue.team)
    yield Two(stack.app, blue, red, lone, database)
    stack.close()


def quoted(name: str) -> str:
    return quote(name, safe="")


def addresses(two: Two) -> list[str]:
    """Return every page and every export, also those of the others."""
    found = [f"/{view}" for view in VIEWS]
    found += [f"/overview.json{view}" for view in VIEWS]
    found += [f"/overview.csv{view}" for view in VIEWS[1:4]]
    found += [f"/calls{kind}?limit=60" for kind in ("", ".json", ".csv")]
    found += ["/calls?state=pending", "/calls?state=unpriced", "/calls?state=failed"]
    found += ["/keys", "/keys.json", "/keys.csv", "/health"]
    for each in (two.blue, two.red, two.lone):
        found += [f"/calls/{row}" for row in each.calls[1:4:2]]
        name = quoted(f"{each.word} {HOSTILE[0]}")
        found += [f"/keys?key={name}", f"/calls?key={name}", f"/?key={name}&by=tag"]
        tag = quoted(f"plain={each.word} {HOSTILE[2]}")
        found += [f"/calls?tag={tag}", f"/calls.json?tag={tag}&key={name}"]
        if each.team is not None:
            team = quoted(each.team)
            found += [f"/teams/{team}", f"/?team={team}", f"/calls.csv?team={team}"]
    return found


class Names(HTMLParser):
    """Collects the elements of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes.update(name for name, _ in attrs)


def without_the_question(text: str, path: str) -> str:
    """Return a page as it is read, without the filters that its own address asked for."""
    text = html.unescape(unquote_plus(text))
    asked = [value for _, value in parse_qsl(urlsplit(path).query)]
    for value in sorted(asked, key=len, reverse=True):
        text = text.replace(value, "")
    return text


@pytest.mark.parametrize("who", ["blue", "red", "lone"])
def test_a_reader_sees_its_own_rows_alone_on_every_page(two: Two, who: str) -> None:
    own: Tenant = getattr(two, who)
    others = [each.word for each in (two.blue, two.red, two.lone) if each is not own]
    saw = 0
    for path in addresses(two):
        reply = two.app.get(AT + path, headers=basic(own.secret), status="*")
        assert reply.status_int in (200, 404), path
        text = without_the_question(reply.text, path)
        for word in others:
            # What a reader asks for stands in its own filter, and nothing else.
            assert word not in text, (path, text[max(0, text.find(word) - 200) :][:300])
        assert own.secret not in reply.text
        saw += own.word in text
    assert saw > 15


def test_no_row_of_another_is_there_by_its_id_or_name(two: Two) -> None:
    for own, other in ((two.blue, two.red), (two.red, two.lone), (two.lone, two.blue)):
        headers = basic(own.secret)
        for row in other.calls:
            two.app.get(f"{AT}/calls/{row}", headers=headers, status=404)
        for row in own.calls:
            two.app.get(f"{AT}/calls/{row}", headers=headers, status=200)
        name = quoted(f"{other.word} {HOSTILE[0]}")
        assert two.app.get(f"{AT}/keys.json?key={name}", headers=headers).json == []
        assert two.app.get(f"{AT}/calls.json?key={name}", headers=headers).json == []
        if other.team is not None:
            two.app.get(f"{AT}/teams/{quoted(other.team)}", headers=headers, status=404)


def test_sums_of_a_scope_are_its_own_calls(two: Two) -> None:
    for own in (two.blue, two.red, two.lone):
        for by in ("team", "key", "model", "day", "month", "end_user", "region"):
            rows = two.app.get(f"{AT}/overview.json?by={by}", headers=basic(own.secret)).json
            assert sum(row["calls"] for row in rows) == len(own.calls)
        page = two.app.get(AT, headers=basic(own.secret)).html
        (held,) = [card.data for card in page.select(".card") if card.p.text == "Held now, USD"]
        assert held["value"] == "0.000000777"
        name = quoted(f"{own.word} {HOSTILE[0]}")
        page = two.app.get(f"{AT}/?key={name}", headers=basic(MASTER_KEY)).html
        assert [card.data["value"] for card in page.select(".card") if "Held" in card.text] == [
            "0.000000777"
        ]


def test_who_acts_and_what_is_private_is_for_the_operator(two: Two) -> None:
    name = quoted(f"bluebird {HOSTILE[0]}")
    page = f"{AT}/keys?key={name}"
    assert "bluebird actor" in two.app.get(page, headers=basic(MASTER_KEY))
    own = two.app.get(page, headers=basic(two.blue.secret))
    assert "bluebird actor" not in own
    assert "assemblyai-mw keys" not in own
    moved = two.app.get(f"{AT}/keys?key=bluebird+moved", headers=basic(two.blue.secret))
    assert "redfox" not in moved
    assert "History" in moved
    health = two.app.get(f"{AT}/health", headers=basic(two.blue.secret))
    assert "schema version" not in health
    assert "ledger.db" not in health


def test_hosts_scopes_by_keys_and_teams(two: Two) -> None:
    for scope, words in (
        ({"teams": [two.blue.team]}, {"bluebird"}),
        ({"teams": [two.blue.team], "keys": [f"lonewolf {HOSTILE[0]}"]}, {"bluebird", "lonewolf"}),
        ({"teams": []}, set()),
    ):
        page = UsagePage(
            two.database, keys=Keys(two.database), may_see_usage=lambda environ, s=scope: s
        )
        app = TestApp(page, extra_environ={"SCRIPT_NAME": AT})
        for path in addresses(two)[:: 1 if words else 4]:
            text = without_the_question(app.get(path, status="*").text, path)
            for each in {"bluebird", "redfox", "lonewolf"} - words:
                assert each not in text, (scope, path)
        rows = app.get("/calls.json?limit=200").json
        assert {row["key"].split()[0] for row in rows} == words


def test_names_are_text_and_nothing_else(two: Two) -> None:
    known = {
        *("html", "head", "meta", "title", "link", "body", "header", "main", "footer", "nav"),
        *(
            "div",
            "p",
            "span",
            "a",
            "h1",
            "h2",
            "h3",
            "section",
            "form",
            "input",
            "select",
            "option",
        ),
        *("option", "label", "button", "details", "summary", "table", "caption", "thead", "tbody"),
        *(
            "tfoot",
            "tr",
            "th",
            "td",
            "ul",
            "ol",
            "li",
            "dl",
            "dt",
            "dd",
            "bdi",
            "data",
            "time",
            "svg",
        ),
        *("rect", "line", "text", "desc", "figure", "pre", "code"),
    }
    for path in addresses(two):
        reply = two.app.get(AT + path, headers=basic(MASTER_KEY))
        if reply.content_type != "text/html":
            continue
        seen = Names(reply.text)
        assert seen.tags <= known, path
        assert not [name for name in seen.attributes if name.startswith("on") or name == "style"]
        assert "\x00" not in reply.text
        assert "\x1b" not in reply.text


def test_names_are_shown_as_they_are(two: Two) -> None:
    page = two.app.get(f"{AT}/calls?limit=200", headers=basic(MASTER_KEY)).html
    shown = {each.text for each in page.find_all("bdi")}
    for name in HOSTILE:
        assert f"bluebird {name}" in shown
    assert any("two\u240alines\u240d" in name for name in shown)


def test_every_link_of_every_page_leads_somewhere(two: Two) -> None:
    done: set[str] = set()
    todo = [AT]
    while todo and len(done) < 60:
        path = todo.pop()
        if path in done:
            continue
        done.add(path)
        reply = two.app.get(path, headers=basic(MASTER_KEY), status="*")
        # A browser takes ".." out of a path, and asks for the page above.
        assert reply.status_int == 200, (path, reply.status)
        if reply.content_type == "text/html":
            todo += {each["href"] for each in reply.html.find_all("a")} - done
    assert len(done) == 60


def test_no_cell_of_a_spreadsheet_runs(two: Two) -> None:
    for path in ("/calls.csv?limit=200", "/keys.csv", *(f"/overview.csv{v}" for v in VIEWS)):
        reply = two.app.get(AT + path, headers=basic(MASTER_KEY))
        assert reply.content_type == "text/csv"
        rows = list(csv.reader(io.StringIO(reply.text)))
        assert len(rows) > 1
        assert {len(row) for row in rows} == {len(rows[0])}
        for row in rows:
            assert not [cell for cell in row if cell[:1] in {*"=+-@\t\r"}]


def test_a_hostile_filter_finds_its_calls(two: Two) -> None:
    for wild in WILD[:4]:
        name = f"redfox {wild}"
        for parameter in ("model", "end_user"):
            query: Any = f"{parameter}={quoted(name)}"
            rows = two.app.get(f"{AT}/calls.json?{query}", headers=basic(MASTER_KEY)).json
            assert {row["end_user"] for row in rows} == {name}
