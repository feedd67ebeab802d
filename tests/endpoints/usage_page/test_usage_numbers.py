"""The numbers of the page: those of `assemblyai-mw usage`, to the nano-dollar; and its states."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import pytest
from click.testing import CliRunner
from stack_kit import MASTER_KEY, Stack, chat, config_of, host_app
from usage_kit import fill
from usage_page_kit import AT, basic
from webtest import TestApp
from yaml import safe_dump

from assemblyai_mw import AssemblyAIMiddleware
from assemblyai_mw.billing.money import Item, Price
from assemblyai_mw.billing.replies import Usage
from assemblyai_mw.call import Call, Caller
from assemblyai_mw.cli import main
from assemblyai_mw.endpoints.usage_page.chart import Series, _ceiling, chart, stacked
from assemblyai_mw.endpoints.usage_page.figures import dollars, hours, seconds, share
from assemblyai_mw.routes import route_for

MASTER = basic(MASTER_KEY)
RANGE = "from=2026-10-20&until=2026-11-22"
DAYS = ("--since", "2026-10-20", "--until", "2026-11-22")
GROUPINGS = ("team", "key", "model", "day", "month", "tag", "end_user", "region")
FILTERS = (
    (),
    (("team", ""),),
    (("key", "alice"), ("region", "eu")),
    (("tag", "feature=captions"),),
    (("state", "pending"),),
    (("end_user", "=cmd"),),
)


@dataclass(frozen=True)
class Filled:
    app: TestApp
    url: str

    def page(self, path: str) -> Any:
        """Return a page of the master key."""
        return self.app.get(AT + path, headers=MASTER).html

    def told(self, *args: str) -> list[dict[str, Any]]:
        """Return what `assemblyai-mw usage` prints."""
        environ = {name: None for name in os.environ if name.startswith("ASSEMBLYAI_")}
        url = {"ASSEMBLYAI_MW_DATABASE_URL": self.url}
        args = ("usage", *args, "--format", "json")
        result = CliRunner().invoke(main, args, env={**environ, **url})
        assert result.exit_code == 0, result.output
        rows: list[dict[str, Any]] = json.loads(result.stdout)
        return rows


@pytest.fixture(scope="module")
def filled(module_database_url: str) -> Iterator[Filled]:
    url = module_database_url
    stack = Stack(url, general_settings={"usage_path": AT})
    fill(stack.keys.database, 150)
    yield Filled(stack.app, url)
    stack.close()


def options(filters: tuple[tuple[str, str], ...]) -> list[str]:
    return [part for name, value in filters for part in (f"--{name.replace('_', '-')}", value)]


def query(filters: tuple[tuple[str, str], ...]) -> str:
    return f"{RANGE}&{urlencode(filters)}"


@pytest.mark.parametrize("by", GROUPINGS)
def test_the_page_its_exports_and_the_command_agree(filled: Filled, by: str) -> None:
    for filters in FILTERS:
        rows = filled.told("--by", by, *DAYS, *options(filters))
        asked = f"by={by}&{query(filters)}"
        assert filled.app.get(f"{AT}/overview.json?{asked}", headers=MASTER).json == rows
        page = filled.page(f"/?{asked}")
        if not rows:
            assert "There are no calls in this view" in page.text
            continue
        table = page.find("caption", string=f"Sums by {by.replace('_', ' ')}").parent
        shown = sorted(_numbers(line) for line in table.tbody.find_all("tr"))
        assert shown == sorted(_of_row(row) for row in rows)
        bars = page.find(class_="chart").details.table.tbody.find_all("tr")
        in_bars = sum(Decimal(line.find_all("data")[-1]["value"]) for line in bars)
        assert in_bars == sum(Decimal(row["cost_usd"]) for row in rows)


def _numbers(line: Any) -> tuple[Any, ...]:
    cells = line.find_all("td")
    exact = cells[0].find("data")
    counts = [int(cells[at].text.replace(",", "")) for at in (2, 3, 4, 6, 7, 8)]
    return (*counts, Decimal(exact["value"]) if exact else Decimal(-1))


def _of_row(row: dict[str, Any]) -> tuple[Any, ...]:
    names = ("calls", "failed", "unpriced", "input_tokens", "output_tokens", "cached_tokens")
    priced = row["calls"] - row["pending"] - row["unpriced"]
    return (*(row[name] for name in names), Decimal(row["cost_usd"]) if priced else Decimal(-1))


def test_the_total_counts_each_call_once(filled: Filled) -> None:
    (total,) = [
        {"cost": sum(Decimal(row["cost_usd"]) for row in rows), "calls": len(rows)}
        for rows in [
            [
                {**row, "cost_usd": row["cost_usd"] or "0"}
                for row in filled.told("--by", "call", *DAYS)
            ]
        ]
    ]
    for by in GROUPINGS:
        page = filled.page(f"/?by={by}&{RANGE}")
        cards = {card.p.text: card for card in page.find_all(class_="card")}
        assert Decimal(cards["Cost, USD"].data["value"]) == total["cost"]
        assert cards["Calls"].find(class_="value").text == f"{total['calls']:,}"


def test_calls_are_walked_through_once_each(filled: Filled) -> None:
    for filters in FILTERS:
        rows = filled.told("--by", "call", *DAYS, *options(filters))
        path, ids = f"{AT}/calls?limit=7&{query(filters)}", []
        while path:
            page = filled.app.get(path, headers=MASTER).html
            links = [each["href"] for each in page.select("tbody th a")]
            ids += [int(link.rpartition("/calls/")[2].partition("?")[0]) for link in links]
            older = page.find("a", rel="next")
            path = older and older["href"]
        assert ids == [row["id"] for row in reversed(rows)]
        path, told = f"{AT}/calls.json?limit=7&{query(filters)}", []
        while path:
            reply = filled.app.get(path, headers=MASTER)
            told += reply.json
            path = reply.headers.get("Link", "").partition("<")[2].partition(">")[0]
        assert told == rows[::-1]


def test_a_call_has_every_column_and_a_price_that_adds_up(filled: Filled) -> None:
    for row in filled.told("--by", "call")[:60]:
        page = filled.page(f"/calls/{row['id']}")
        titles = {each.text for each in page.find_all("dt")}
        assert {"time", "key", "model", "status", "state", "reason", "request id"} <= titles
        assert {"attempts of settlement", "next look", "kept of its budget, USD"} <= titles
        cost = page.find("dt", string="cost, USD").find_next("dd")
        if row["cost_usd"] is None:
            assert cost.text in ("open", "no price")
            assert "0" not in cost.text
        else:
            assert Decimal(cost.data["value"]) == Decimal(row["cost_usd"])
            if row["breakdown"]:
                assert "✓" in page.text
                assert page.find("tfoot").text.endswith(row["cost_usd"])


def test_lines_that_do_not_add_up_are_told(stack: Stack) -> None:
    call = Call("odd", 1_790_000_000, route_for("/assemblyai"), "POST", "/v2/transcript")
    row = stack.ledger.open(call, kind="transcript", model="universal-2", features={})
    price = Price(7, (Item("universal-2", "1", "second", "0.15/hour", 6),))
    stack.ledger.settle(row, usage=Usage("transcript", model="universal-2"), price=price)
    page = stack.app.get(f"{AT}/calls/{row}", headers=MASTER)
    assert "✗ The lines do not add up to the cost" in page


def test_the_form_leads_to_the_views_own_address(filled: Filled) -> None:
    sent = "form=1&period=&team=search&key=&model=&tag=&region=eu&state=&from=2026-11-01&until="
    reply = filled.app.get(f"{AT}/calls?{sent}&none=end_user", headers=MASTER, status=303)
    assert reply.headers["Location"].endswith(
        f"{AT}/calls?from=2026-11-01&team=search&region=eu&end_user="
    )
    page = reply.follow(headers=MASTER).html
    chips = [each.text for each in page.select(".chips a")]
    assert [chip.partition(" \u00d7")[0] for chip in chips] == [
        *("team: search", "region: eu", "end user: none", "Clear all")
    ]
    form = page.form
    assert form.find("input", {"name": "none"})["value"] == "end_user"
    assert form.find("option", selected=True)["value"] == ""
    # A period that was chosen now counts more than days that the page had, and less than new ones.
    for was, leads in (("", "?period=7d"), ("7d", "?from=2026-11-01")):
        sent = f"form=1&was={was}&period=7d&from=2026-11-01"
        reply = filled.app.get(f"{AT}/?{sent}", headers=MASTER, status=303)
        assert reply.headers["Location"] == f"{AT}/{leads}"
    labelled = {each["for"] for each in form.find_all("label")}
    fields = {each["id"] for each in form.select("input:not([type=hidden]), select")}
    assert fields == labelled


ODD = (
    *("from=1970-01-01", "from=9999-12-31", "until=9999-12-31", "from=1970-01-01&until=9999-12-31"),
    *("until=1970-01-01", "period=0001-01", "period=9998-12", "from=2126-01-01", "after=-5.3"),
    *("team=%00", "team=%ff%fe", "key=%00", "key=%ED%A0%80", "model=%F0%9F%98%80", "tag=%3D%3D"),
    *("tag=a%3D", "end_user=%00", "limit=00050", f"team={'A' * 7000}", f"tag={'=' * 3000}"),
)


@pytest.mark.parametrize("query", ODD, ids=lambda query: query[:30])
def test_odd_queries_are_views_like_others(filled: Filled, query: str) -> None:
    for path in ("/", "/calls", "/overview.csv", "/keys", "/teams/search", "/teams/%00", "/health"):
        reply = filled.app.get(f"{AT}{path}?{query}", headers=MASTER, status="*")
        assert reply.status_int in (200, 400, 404), path
        assert path != "/" or "after" in query or reply.status_int == 200
    for by in ("day", "month", "tag", "key"):
        filled.app.get(f"{AT}/?by={by}&{query}", headers=MASTER, status=200)


@pytest.fixture
def stack(sqlite_url: str) -> Iterator[Stack]:
    stack = Stack(sqlite_url, general_settings={"usage_path": AT})
    yield stack
    stack.close()


def test_a_new_ledger_tells_the_first_steps(stack: Stack) -> None:
    page = stack.app.get(AT, headers=MASTER).html
    commands = [each.text for each in page.select("ol pre")]
    assert commands[0] == "assemblyai-mw keys create my-app"
    assert commands[1].startswith("curl http://localhost:80/assemblyai/v2/transcript ")
    assert commands[2] == "assemblyai-mw usage --by call"
    assert "No key or team here has a budget" in page.text
    assert "--monthly-budget" in page.text
    assert page.find("svg", role="img") is None
    holder = stack.app.get(AT, headers=basic(stack.key("alice"))).html
    assert [each.text.split()[0] for each in holder.select("pre")] == ["curl"]
    for path in ("/calls", "/keys", "/health"):
        stack.app.get(AT + path, headers=MASTER, status=200)
    assert stack.app.get(f"{AT}/overview.json", headers=MASTER).json == []
    assert stack.app.get(f"{AT}/calls.csv", headers=MASTER).text.count("\n") == 1


def test_one_call_is_a_whole_page(stack: Stack) -> None:
    key = stack.key("alice", team="blue", budget_usd="1")
    assert stack.ask("POST", "/v1/chat/completions", key, json=chat()).status_int == 200
    page = stack.app.get(AT, headers=MASTER).html
    (row,) = stack.ledger.calls()
    assert page.find(class_="card").data["value"] == row["cost_usd"]
    assert len(page.select(".bars rect")) == 1
    assert len(page.find(class_="chart").details.select("tbody tr")) == 30
    meter = page.find(role="meter")
    assert meter["aria-label"] == "key alice, total"
    assert 0 < float(meter["aria-valuenow"]) < 100
    nothing = stack.app.get(f"{AT}?team=red", headers=MASTER).html
    assert "There are no calls in this view" in nothing.text
    assert nothing.find("a", string="Clear the filters")["href"] == f"{AT}/"


def test_open_and_unpriced_calls_are_never_a_cost_of_zero(stack: Stack) -> None:
    info = stack.keys.create("alice", team="blue").info
    for number in range(3):
        call = Call(
            f"r{number}", stack.keys.database.now / 1e6, route_for("/assemblyai"), "POST", "/"
        )
        call.caller = Caller("alice", info.key_id, "blue")
        row = stack.ledger.open(call, kind="transcript", model="new", features={})
        if number:
            stack.ledger.settle(row, usage=None, price=None, reason="none for new")
    page = stack.app.get(AT, headers=MASTER).html
    cards = {card.p.text: card.find(class_="value").text for card in page.find_all(class_="card")}
    assert (cards["Cost, USD"], cards["Unpriced"], cards["Open"]) == ("\u2013", "2", "1")
    (line,) = page.find("caption", string="Sums by team").parent.tbody.find_all("tr")
    assert [cell.text for cell in line.find_all("td")][:2] == ["\u2013", "\u2013"]
    listed = page.find("caption", string="Newest calls").parent.tbody.find_all("tr")
    assert {each.find_all("td")[-1].text for each in listed} == {"open", "no price"}
    health = stack.app.get(f"{AT}/health", headers=MASTER).html
    assert "none for new" in health.text
    assert "assemblyai-mw settle" in health.text


def test_budgets_are_shown_by_how_full_they_are(stack: Stack) -> None:
    now = datetime.now(UTC)
    for name, budget in (("small", "0.001"), ("zero", "0"), ("large", "100"), ("free", None)):
        info = stack.keys.create(name, budget_daily_usd=budget, soft_budget_ratio=0.5).info
        call = Call(
            f"r-{name}", now.timestamp(), route_for("/assemblyai"), "POST", "/v2/transcript"
        )
        call.caller = Caller(name, info.key_id)
        row = stack.ledger.open(call, kind="transcript", model="universal-2", features={})
        price = Price(600_000, (Item("universal-2", "1", "second", "0.15/hour", 600_000),))
        stack.ledger.settle(row, usage=Usage("transcript", model="universal-2"), price=price)
    stack.keys.create("expired", budget_usd="1", expires_at=now + timedelta(hours=1))
    page = stack.app.get(AT, headers=MASTER).html
    table = page.find("caption", string="Budgets").parent
    shown = [
        (line.a.text, line.svg["aria-valuetext"], line.find_all("td")[-1].text)
        for line in table.tbody.find_all("tr")
    ]
    tomorrow = f"{now + timedelta(days=1):%Y-%m-%d}"
    assert shown == [
        ("zero", "100 %, used up", tomorrow),
        ("small", "60.0 %, over its soft mark", tomorrow),
        ("large", "<0.1 %, within its limit", tomorrow),
        ("expired", "0.0 %, within its limit", "never"),
    ]


def test_keys_are_walked_through_and_shown(stack: Stack) -> None:
    for number in range(5):
        stack.key(f"key-{number}", team="blue" if number % 2 else None, models=["universal-2"])
    stack.keys.revoke("key-4")
    rows = stack.app.get(f"{AT}/keys.json", headers=MASTER).json
    assert rows == [
        {
            **json.loads(json.dumps(info.as_dict(), default=list)),
            "state": info.state(datetime.now(UTC)),
        }
        for info in stack.keys.list()
    ]
    path, names = f"{AT}/keys?limit=2", []
    while path:
        page = stack.app.get(path, headers=MASTER).html
        names += [each.text for each in page.select("tbody th a")]
        more = page.find("a", rel="next")
        path = more and more["href"]
    assert names == [f"key-{number}" for number in range(5)]
    live = stack.app.get(f"{AT}/keys?key=key-1", headers=MASTER).html
    assert "assemblyai-mw keys rotate key-1 --grace 24h" in live.text
    assert "create" in live.find("caption", string="History").parent.text
    revoked = stack.app.get(f"{AT}/keys?key=key-4", headers=MASTER).html
    assert "keys rotate" not in revoked.text
    team = stack.app.get(f"{AT}/teams/blue", headers=MASTER).html
    assert {each.text for each in team.select("tbody th a")} == {"key-1", "key-3"}
    assert "assemblyai-mw teams set blue --monthly-budget 100" in team.text


def test_commands_name_the_configuration_and_quote_names(tmp_path: Any, sqlite_url: str) -> None:
    file = tmp_path / "my config.yaml"
    general = {"usage_path": AT}
    file.write_text(safe_dump(config_of(sqlite_url, general_settings=general)))
    file.chmod(0o600)
    middleware = AssemblyAIMiddleware(host_app, file)
    middleware.parts.keys.create("it's; rm -rf")
    page = TestApp(middleware).get(f"{AT}/keys?key=it's; rm -rf", headers=MASTER).html
    middleware.close()
    (block,) = page.select("main pre")[-1:]
    (command,) = [line for line in block.text.splitlines() if " revoke " in line]
    assert command == f"""assemblyai-mw --config '{file}' keys revoke 'it'"'"'s; rm -rf'"""


@pytest.mark.parametrize(
    ("nano", "shown"),
    [(0, "0.00"), (1, "<0.01"), (4_999_999, "<0.01"), (5_000_000, "0.01"), (10**12, "1,000.00")],
)
def test_dollars_are_two_decimals_and_little_is_not_nothing(nano: int, shown: str) -> None:
    assert dollars(nano) == shown


def test_other_figures() -> None:
    assert (share(0, 0), share(1, 10**6), share(1, 3)) == ("\u2013", "<0.1 %", "33.3 %")
    assert 'title="90.5 s">0:01:31' in str(seconds(90.5))
    assert 'title="1.234 s">&lt;0.01' in str(hours(1234))


def test_axes_end_at_round_numbers_above_the_bars() -> None:
    for nano in [0, 1, 3, 4, 7, 12, 99, 10**9, 1_000_000_001, 2_430_000_000, 10**17 + 1]:
        top = _ceiling(nano)
        assert top >= nano
        assert top <= max(4 * 10**7, 2 * nano)
    assert _ceiling(2_360_000_000) == 2_400_000_000


def test_more_than_five_groups_are_five_and_others() -> None:
    groups = [(n, f"group {n}") for n in range(8)]
    series = stacked(groups, {("2026-11-01", n): 8 - n for n in range(8)})
    assert [each.label for each in series] == [*(f"group {n}" for n in range(5)), "3 others"]
    assert [each.nano["2026-11-01"] for each in series] == [8, 7, 6, 5, 4, 6]
    page = chart([Series("<b>", {"2026-11-01": 5})], ["2026-11-01"], "day")
    assert "<b>" not in page
