"""Pages of one owner's rows, found by the ledger's ids in an account that others fill."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assemblyai_mw.errors import BadRequest
from assemblyai_mw.middleware.isolation.lists import CURSOR, ListQuery, Page
from assemblyai_mw.middleware.isolation.walk import MARGIN, MAX_READS, page_of
from assemblyai_mw.store.listing import OwnRow

# Who made a row: the caller, others here, somebody outside this app.
MINE, OTHERS, OUTSIDE = "b", "a", "x"
Made = tuple[str, int]


class Account:
    """An account's list, as AssemblyAI pages it, and what the ledger says of it.

    Args:
        made: Runs of rows, oldest first: who made them, and how many.
        ends: How own rows stand at AssemblyAI, by their number; the others are completed.
        unseen: Own rows, by number, whose end the ledger has not seen.
        unlisted: Own rows, by number, that AssemblyAI lists no more.
        mixed: How far the ledger's order differs from AssemblyAI's.
    """

    def __init__(
        self,
        made: Sequence[Made],
        *,
        ends: Mapping[int, str] = {},
        unseen: Sequence[int] = (),
        unlisted: Sequence[int] = (),
        mixed: int = 0,
    ) -> None:
        who = [each for each, count in made for _ in range(count)]
        names = [f"{each}-{number}" for number, each in enumerate(who)]
        mine = [name for name in names if name[0] == MINE]
        self.status = dict.fromkeys(names, "completed")
        for number, status in ends.items():
            if number < len(mine):
                self.status[mine[number]] = status
        open_rows = {mine[number] for number in unseen if number < len(mine)}
        gone = {mine[number] for number in unlisted if number < len(mine)}
        self.ids = [name for name in reversed(names) if name not in gone]
        ledger = [name for name in names if name[0] != OUTSIDE]
        for at in range(0, len(ledger) - mixed, 2 * mixed + 1):
            ledger[at : at + mixed + 1] = ledger[at : at + mixed + 1][::-1]
        self.rows = [
            OwnRow(name, 10 * number, "queued" if name in open_rows else self.status[name])
            for number, name in enumerate(ledger)
        ]
        self.places = {id: place for place, id in enumerate(self.ids)}
        # What a walk should show, newest first.
        self.mine = [
            row.id for row in reversed(self.rows) if row.id in self.places and self.is_own(row)
        ]
        self.asked: list[str] = []

    @staticmethod
    def is_own(row: OwnRow) -> bool:
        return row.id[0] == MINE

    def fetch(self, query: str) -> Mapping[str, Any] | None:
        self.asked.append(query)
        values = dict(parse_qsl(query))
        limit = int(values.pop("limit"))
        assert 1 <= limit <= 200
        before, after = values.pop("before_id", None), values.pop("after_id", None)
        assert not (before and after)
        wanted = values.pop("throttled_only", None)
        assert not values
        cursor = before or after
        if cursor and cursor not in self.places:
            return None
        place = self.places[cursor] if cursor else -1
        rest = self.ids[:place] if after else self.ids[place + 1 :]
        if wanted:
            rest = [id for id in rest if self.status[id] == "throttled"]
        page = rest[-limit:] if after else rest[:limit]
        older = bool(page) and (after or page[-1] != rest[-1])
        return {
            "page_details": {"prev_url": "older" if older else None},
            "transcripts": [{"id": id, "status": self.status[id]} for id in page],
        }

    def page(self, query: ListQuery) -> tuple[Page | None, str | None]:
        """Return a page, or None and the cursor that its error names; requests are counted."""
        self.asked.clear()
        try:
            return page_of(query, self.fetch, _Own(self, query)), None
        except BadRequest as error:
            found = re.search(r"go on with (?:before|after)_id=(\S+)\.", error.message)
            return None, found[1] if found else None
        finally:
            assert len(self.asked) <= MAX_READS, self.asked


class _Own:
    """The ledger's side of one list."""

    def __init__(self, account: Account, query: ListQuery) -> None:
        self.rows_of_all = account.rows
        places = {row.id: row.row for row in account.rows}
        self.below = places[query.before_id] if query.before_id else 1 << 60
        self.above = places[query.after_id] if query.after_id else -1
        self.upwards = query.after_id is not None and query.before_id is None
        self.statuses = query.ledger_statuses

    def rows(self, beyond: Any, limit: int, ids: Sequence[str] | None) -> Sequence[OwnRow]:
        below = beyond.row if beyond and not self.upwards else self.below
        above = beyond.row if beyond and self.upwards else self.above
        found = [
            row
            for row in self.rows_of_all
            if Account.is_own(row)
            and above < row.row < below
            and (ids is None or row.id in ids)
            and (self.statuses is None or row.status in self.statuses)
        ]
        return found[:limit] if self.upwards else found[::-1][:limit]

    def neighbour(self, row: Any) -> str | None:
        if self.upwards:
            older = [each.id for each in self.rows_of_all if each.row < row.row]
            return older[max(0, len(older) - MARGIN)] if older else None
        newer = [each.id for each in self.rows_of_all if each.row > row.row]
        return newer[MARGIN - 1] if len(newer) >= MARGIN else None


def ids_of(page: Page) -> list[str]:
    return [item["id"] for item in page.items]


def walked(account: Account, query: Callable[..., ListQuery], limit: int) -> list[str]:
    """Return all rows on the way down, as a client that follows links and errors finds them."""
    seen: list[str] = []
    cursor: str | None = None
    while True:
        page, further = account.page(query(limit, before_id=cursor))
        if page is None:
            assert further not in (None, cursor)
            cursor = further
            continue
        if page.older_than is None:
            return seen + ids_of(page)
        # Only where no more could be asked is a page with a successor short.
        assert page.items
        assert len(page.items) == limit or len(account.asked) >= MAX_READS - 2
        seen += ids_of(page)
        cursor = page.older_than


def walked_up(account: Account, start: str, limit: int) -> list[str]:
    """Return all rows newer than *start*, newest first."""
    seen: list[str] = []
    cursor: str | None = start
    while True:
        page, further = account.page(ListQuery(limit, after_id=cursor))
        if page is None:
            assert further not in (None, cursor)
            cursor = further
            continue
        seen = ids_of(page) + seen
        if page.newer_than is None:
            return seen
        assert page.items
        cursor = page.newer_than


runs = st.lists(
    st.tuples(
        st.sampled_from([MINE, MINE, OTHERS, OUTSIDE]),
        st.one_of(st.integers(1, 4), st.integers(1, 300)),
    ),
    max_size=8,
)
numbers = st.lists(st.integers(0, 40), max_size=6)


@given(made=runs, limit=st.integers(1, 12), unlisted=numbers, mixed=st.sampled_from([0, 1, 5]))
@settings(max_examples=250, deadline=None)
def test_walking_down_and_up_again_visits_each_own_row_once(
    made: list[Made], limit: int, unlisted: list[int], mixed: int
) -> None:
    account = Account(made, unlisted=unlisted, mixed=mixed)
    assert walked(account, ListQuery, limit) == account.mine
    if account.mine:
        up = walked_up(account, account.mine[-1], limit)
        assert [*up, account.mine[-1]] == account.mine


@given(
    made=runs,
    limit=st.integers(1, 12),
    ends=st.dictionaries(st.integers(0, 60), st.sampled_from(["queued", "error", "processing"])),
    unseen=numbers,
    wanted=st.sampled_from(["completed", "error", "queued", "processing"]),
)
@settings(max_examples=150, deadline=None)
def test_a_status_is_the_one_at_assemblyai_also_where_the_ledger_has_not_seen_it(
    made: list[Made], limit: int, ends: dict[int, str], unseen: list[int], wanted: str
) -> None:
    seen = [number for number, status in ends.items() if status in ("queued", "processing")]
    account = Account(made, ends=ends, unseen=[*unseen, *seen])
    expected = [id for id in account.mine if account.status[id] == wanted]

    def query(limit: int, before_id: str | None) -> ListQuery:
        return ListQuery(limit, before_id, filters=(("status", wanted),), status=wanted)

    assert walked(account, query, limit) == expected


@given(made=runs, limit=st.integers(1, 5), throttled=numbers)
@settings(max_examples=100, deadline=None)
def test_a_filter_of_assemblyais_own_is_left_to_it(
    made: list[Made], limit: int, throttled: list[int]
) -> None:
    account = Account(made, ends=dict.fromkeys(throttled, "throttled"), unseen=throttled)
    expected = [id for id in account.mine if account.status[id] == "throttled"]

    def query(limit: int, before_id: str | None) -> ListQuery:
        return ListQuery(limit, before_id, extra=(("throttled_only", "true"),))

    assert walked(account, query, limit) == expected


@pytest.mark.parametrize("status", [None, "completed"])
@pytest.mark.parametrize("others, reads", [(OTHERS, 1), (OUTSIDE, 3)])
def test_a_lone_row_far_down_is_found(others: str, reads: int, status: str | None) -> None:
    account = Account([(others, 30_000), (MINE, 1), (others, 21_000)])
    page, _ = account.page(ListQuery(10, status=status))
    assert page is not None
    assert (ids_of(page), page.older_than) == (account.mine, None)
    assert len(account.asked) == reads


def test_who_has_no_rows_asks_nothing() -> None:
    account = Account([(OTHERS, 300), (OUTSIDE, 300)])
    assert account.page(ListQuery(10)) == (Page(), None)
    assert account.asked == []


@pytest.mark.parametrize("others", [OTHERS, OUTSIDE])
def test_rows_far_apart_make_short_pages_that_lead_on(others: str) -> None:
    account = Account([(MINE, 1), (others, 1000)] * 12)
    page, _ = account.page(ListQuery(10))
    assert page is not None
    assert 2 <= len(page.items) <= MAX_READS
    assert page.older_than == ids_of(page)[-1]
    assert walked(account, ListQuery, 10) == account.mine


def test_where_no_row_of_a_page_is_reached_the_error_says_from_where_to_go_on() -> None:
    account = Account(
        [(MINE, 1), *[(MINE, 1), (OUTSIDE, 1000)] * 12],
        ends=dict.fromkeys(range(1, 20), "queued"),
        unseen=range(1, 20),
    )
    page, further = account.page(ListQuery(10, status="completed"))
    assert page is None
    assert further in account.mine
    assert walked(
        account, lambda limit, before_id: ListQuery(limit, before_id, status="completed"), 10
    ) == [account.mine[-1]]


def test_an_account_that_lists_none_of_the_ledgers_rows_is_read_once() -> None:
    """As where the operator has changed the account: not row by row."""
    account = Account([(MINE, 40), (OUTSIDE, 5), (MINE, 1)], unlisted=range(40))
    page, _ = account.page(ListQuery(10))
    assert page is not None
    assert (ids_of(page), page.older_than, len(account.asked)) == (account.mine, None, 1)


def test_a_refusal_that_is_not_about_the_cursor_is_not_taken_for_a_missing_row() -> None:
    account = Account([(MINE, 1), (OTHERS, 100)])

    def fetch(query: str) -> None:
        account.asked.append(query)
        if not CURSOR.search(query):
            raise RuntimeError("refused")

    with pytest.raises(RuntimeError):
        page_of(ListQuery(10), fetch, _Own(account, ListQuery(10)))
    assert len(account.asked) <= MAX_READS


def test_rows_that_are_none_are_left_out() -> None:
    account = Account([(MINE, 2)])
    reply = {"transcripts": [{"id": "b-1"}, "x", {}, {"id": 7}, None, {"id": "b-0"}]}
    page = page_of(ListQuery(2), lambda query: reply, _Own(account, ListQuery(2)))
    assert ids_of(page) == ["b-1", "b-0"]


def test_both_cursors_give_what_lies_within_both() -> None:
    account = Account([(MINE, 8), (OTHERS, 30)] * 2)
    newest, oldest = account.mine[1], account.mine[9]
    page, _ = account.page(ListQuery(5, before_id=newest, after_id=oldest))
    assert page is not None
    assert ids_of(page) == account.mine[2:7]
    page, _ = account.page(ListQuery(5, before_id=page.older_than, after_id=oldest))
    assert page is not None
    assert (ids_of(page), page.older_than) == (account.mine[7:9], None)
