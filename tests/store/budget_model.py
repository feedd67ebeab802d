"""What budgets should do, as plain Python: the model that the store is compared with.

An operation is a generator: it changes the model, and yields after each transaction that it stands
for. A worker that dies leaves what one of those moments shows. Two workers at once leave what some
order of both's transactions shows.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

Place = tuple[str, str]
Window = tuple[str, str, str]
Steps = Generator[None, None, Any]
Operation = Callable[["Model"], Steps]
SPANS = ("total", "monthly", "daily")


def spans(at: int) -> dict[str, str]:
    """Return the name of each window at *at*, epoch microseconds."""
    day = datetime.fromtimestamp(at // 1_000_000, UTC)
    return {"total": "total", "monthly": f"{day:%Y-%m}", "daily": f"{day:%Y-%m-%d}"}


@dataclass(frozen=True)
class Limit:
    """The budgets of one owner, nano-dollars."""

    whose: str
    total: int | None = None
    monthly: int | None = None
    daily: int | None = None
    extra: int = 0
    until: int = 0

    def of(self, span: str, now: int) -> int | None:
        most: int | None = getattr(self, span)
        return None if most is None else most + (self.extra if now < self.until else 0)


@dataclass(frozen=True)
class Asked:
    """One call as it comes in."""

    request: str
    at: int
    key: int
    team: str
    budgets: tuple[str, ...]
    tags: tuple[str, ...]

    @property
    def places(self) -> list[Place]:
        team = [("team", self.team)] if self.team else []
        return [*(("budget", each) for each in sorted(self.budgets)), ("key", str(self.key)), *team]

    @property
    def windows(self) -> Iterator[tuple[Place, str, Window]]:
        names = spans(self.at)
        for place in self.places:
            for span in SPANS:
                yield place, span, (*place, names[span])


@dataclass(frozen=True)
class Row:
    """A call's row in the ledger."""

    asked: Asked
    state: str = "pending"
    cost: int = 0
    kept: int = 0
    has_usage: bool = False


@dataclass(frozen=True)
class Held:
    asked: Asked
    amount: int
    expires: int


@dataclass(frozen=True)
class End:
    """How a call ended: `settled`, `failed` or `unpriced`."""

    request: str
    state: str
    cost: int = 0
    has_usage: bool = False


@dataclass
class Model:
    """All that counts; amounts in nano-dollars, moments in epoch microseconds."""

    now: int
    limits: dict[Place, Limit] = field(default_factory=dict)
    rows: dict[str, Row] = field(default_factory=dict)
    holds: dict[str, Held] = field(default_factory=dict)
    cleared: frozenset[str] = frozenset()

    def copy(self) -> Model:
        return replace(self, limits=dict(self.limits), rows=dict(self.rows), holds=dict(self.holds))

    # What it predicts

    def spend(self) -> dict[Window, tuple[int, int]]:
        """Return what is spent and held in each window that has any."""
        found: dict[Window, list[int]] = {}
        for row in self.rows.values():
            for place, _, window in row.asked.windows:
                if place[0] != "budget" or place[1] not in self.cleared:
                    found.setdefault(window, [0, 0])[0] += row.cost + row.kept
        for held in self.holds.values():
            for place, _, window in held.asked.windows:
                if place[0] != "budget" or place[1] not in self.cleared:
                    found.setdefault(window, [0, 0])[1] += held.amount
        return {window: (each[0], each[1]) for window, each in found.items() if any(each)}

    def sums(self) -> dict[tuple[str, ...], tuple[int, ...]]:
        """Return calls, failed, unpriced and cost of each day, key and team, and day and tag."""
        found: dict[tuple[str, ...], list[int]] = {}
        for row in self.rows.values():
            if row.state == "pending":
                continue
            day, asked = spans(row.asked.at)["daily"], row.asked
            each = (1, row.state == "failed", row.state == "unpriced", row.cost)
            groups = [(day, str(asked.key), asked.team), *((day, tag) for tag in asked.tags)]
            for group in groups:
                so_far = found.setdefault(group, [0, 0, 0, 0])
                for number, value in enumerate(each):
                    so_far[number] += value
        return {group: tuple(each) for group, each in found.items()}

    # Parts of operations

    def full(self, asked: Asked, needed: int) -> tuple[Any, ...] | None:
        """Return the first window that *needed* more does not fit in."""
        spend = self.spend()
        for place, span, window in asked.windows:
            limit = self.limits.get(place)
            most = limit.of(span, self.now) if limit else None
            if limit is None or most is None:
                continue
            spent, held = spend.get(window, (0, 0))
            if spent + held + needed > most:
                return ("refused", limit.whose, span, spent, held, needed, most)
        return None

    def bounds(self, asked: Asked) -> bool:
        """Whether any budget bounds a call."""
        owners = (self.limits.get(place) for place in asked.places)
        return any(
            limit.of(span, self.now) is not None for limit in owners if limit for span in SPANS
        )

    def is_void(self, request: str) -> bool:
        held = self.holds.get(request)
        row = self.rows.get(request)
        return (
            held is not None
            and held.expires <= self.now
            and not (row is not None and row.state == "pending")
        )

    def close(self, end: End) -> bool:
        row = self.rows.get(end.request)
        if row is None or row.state != "pending":
            return False
        held = self.holds.pop(end.request, None)
        kept = held.amount if held and end.state == "unpriced" else 0
        self.rows[end.request] = replace(
            row, state=end.state, cost=end.cost, kept=kept, has_usage=end.has_usage
        )
        return True

    def revise(self, end: End, *, lost_only: bool = False) -> bool:
        row = self.rows.get(end.request)
        if row is None or row.state != "unpriced" or (lost_only and row.has_usage):
            return False
        self.rows[end.request] = replace(
            row,
            state=end.state,
            cost=end.cost,
            kept=row.kept if end.state == "unpriced" else 0,
            has_usage=row.has_usage or end.has_usage,
        )
        return True


# Operations


def admit(asked: Asked, nano: int, lasts: int, *, with_row: bool) -> Operation:
    def attempt(model: Model) -> tuple[Any, ...]:
        held = 0
        if model.bounds(asked):
            full = model.full(asked, nano)
            if full is not None:
                return full
            model.holds[asked.request] = Held(asked, nano, model.now + lasts)
            held = nano
        if with_row:
            model.rows[asked.request] = Row(asked)
        return ("admitted", held)

    def steps(model: Model) -> Steps:
        found = attempt(model)
        yield
        if found[0] == "refused" and (yield from sweep(model)):
            found = attempt(model)
            yield
        return found

    return steps


def sweep(model: Model) -> Steps:
    expired = [name for name in model.holds if model.is_void(name)]
    freed = 0
    for name in sorted(expired, key=lambda name: model.holds[name].expires):
        if model.is_void(name):
            del model.holds[name]
            freed += 1
        yield
    return freed


def open_row(asked: Asked) -> Operation:
    def steps(model: Model) -> Steps:
        model.rows[asked.request] = Row(asked)
        yield

    return steps


def release(request: str) -> Operation:
    def steps(model: Model) -> Steps:
        freed = model.holds.pop(request, None) is not None
        yield
        return freed

    return steps


def renew(more: dict[str, int], lasts: int) -> Operation:
    def attempt(model: Model, names: list[str]) -> dict[str, Any]:
        refused: dict[str, Any] = {}
        for name in names:
            held = model.holds.get(name)
            if held is None:
                refused[name] = None
                continue
            full = model.full(held.asked, more[name])
            if full is not None:
                refused[name] = full
                continue
            model.holds[name] = Held(held.asked, held.amount + more[name], model.now + lasts)
        return refused

    def steps(model: Model) -> Steps:
        refused = attempt(model, list(more))
        yield
        if any(refused.values()) and (yield from sweep(model)):
            again = [name for name in more if refused.get(name)]
            refused = {name: why for name, why in refused.items() if why is None}
            refused |= attempt(model, again)
            yield
        return refused

    return steps


def close(end: End) -> Operation:
    def steps(model: Model) -> Steps:
        done = model.close(end)
        yield
        return done

    return steps


def close_late(*ends: End) -> Operation:
    """Write closings that were kept, one after the other; return the requests that counted."""

    def steps(model: Model) -> Steps:
        written = set()
        for end in ends:
            if model.close(end) or model.revise(end, lost_only=True):
                written.add(end.request)
            yield
        return written

    return steps


def reprice(end: End) -> Operation:
    def steps(model: Model) -> Steps:
        done = model.revise(end)
        yield
        return done

    return steps


def settle_by_hand(end: End) -> Operation:
    def steps(model: Model) -> Steps:
        done = model.close(end) or model.revise(end)
        yield
        return done

    return steps


def set_limit(place: Place, limit: Limit | None) -> Operation:
    def steps(model: Model) -> Steps:
        if limit is not None:
            model.limits[place] = limit
        else:
            model.limits.pop(place, None)
            if place[0] == "budget":
                model.cleared |= {place[1]}
        yield

    return steps


# Outcomes


def outcomes(model: Model, operation: Operation) -> list[tuple[Model, Any, bool]]:
    """Return what the model may be when *operation* ended early: each state, result and whether
    it is the end."""
    found = [(model.copy(), None, False)]
    after = model.copy()
    steps = operation(after)
    while True:
        try:
            next(steps)
        except StopIteration as stop:
            return [*found, (after, stop.value, True)]
        found.append((after.copy(), None, False))


def orders(model: Model, *operations: Operation) -> Iterator[tuple[Model, list[Any]]]:
    """Yield what orders of the transactions of two operations leave, and their results.

    One goes on in at most two parts, as in a test that stops it once.
    """
    lengths = [len(outcomes(model, each)) for each in operations]
    for first in (0, 1):
        for before in range(lengths[first] + 1):
            for between in range(1, lengths[1 - first] + 2):
                after = model.copy()
                running = [each(after) for each in operations]
                results: dict[int, Any] = {}

                def go(turn: int, steps: int, of: Any = (running, results)) -> None:
                    running, results = of
                    for _ in range(steps):
                        if turn in results:
                            return
                        try:
                            next(running[turn])
                        except StopIteration as stop:
                            results[turn] = stop.value

                go(first, before)
                go(1 - first, between)
                # The other may have more to do than it had alone.
                go(first, 1000)
                go(1 - first, 1000)
                yield after, [results[each] for each in range(len(operations))]
