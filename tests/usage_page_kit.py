"""A ledger as a company might have it, for the usage page and its picture."""

from __future__ import annotations

import base64
import random
import sys
import time
from datetime import UTC, datetime
from typing import Any

from assemblyai_mw.billing.price_book import PriceBook
from assemblyai_mw.billing.replies import Usage
from assemblyai_mw.call import Call, Caller
from assemblyai_mw.routes import route_for
from assemblyai_mw.store import Database, Holds, Keys, Ledger

AT = "/assemblyai-mw/usage"
DAY = 86_400
# Key, team, share of the calls, model, and seconds of audio.
KEYS = (
    ("podcast-import", "podcasts", 7, "universal-3-5-pro", 2400),
    ("podcast-search", "podcasts", 4, "gpt-5-mini", 0),
    ("call-notes", "support", 8, "universal-3-5-pro", 700),
    ("agent-assist", "support", 5, "claude-sonnet-4-6", 0),
    ("meetings", "sales", 6, "universal-2", 1900),
    ("captions", "video", 3, "universal-3-5-pro", 1500),
    ("prototype", None, 1, "universal-2", 300),
)


def basic(password: str, user: str = "anybody") -> dict[str, str]:
    """Return the header of a login."""
    pair = base64.b64encode(f"{user}:{password}".encode()).decode()
    return {"Authorization": f"Basic {pair}"}


def fill(database: Database, count: int = 600, *, seed: int = 3) -> None:
    """Make keys, budgets and *count* calls of the last 60 days, at the book's prices."""
    keys, dice = Keys(database), random.Random(seed)
    callers = {
        name: Caller(name, keys.create(name, team=team, **_limits(name)).info.key_id, team)
        for name, team, *_ in KEYS
    }
    keys.set_team("podcasts", budget_monthly_usd="20", soft_budget_ratio=0.8)
    keys.set_team("support", budget_monthly_usd="10", soft_budget_ratio=0.8)
    keys.set_team("sales", budget_monthly_usd="5")
    ledger, prices, now = Ledger(database), PriceBook.load(), time.time()
    weights = [each[2] for each in KEYS]
    moments = sorted(now - 60 * DAY * dice.random() ** 1.2 for _ in range(count))
    for number, at in enumerate(moments):
        name, _, _, model, audio_s = dice.choices(KEYS, weights)[0]
        if datetime.fromtimestamp(at, UTC).weekday() > 4 and dice.random() < 0.6:
            name, _, _, model, audio_s = KEYS[0]
        one_call(ledger, prices, callers[name], at, number, model, audio_s, dice)
    caller = callers["call-notes"]
    call = Call("held", now, route_for("/assemblyai"), "POST", "/v2/transcript", caller=caller)
    Holds(database).take(call, 1_930_000_000, expires_in_s=DAY)


def _limits(name: str) -> dict[str, Any]:
    return {
        "podcast-import": {"budget_usd": "150", "rpm": 120},
        "prototype": {"budget_daily_usd": "1", "expires_in": "30d", "models": ["universal-2"]},
        "captions": {"region": "us", "budget_monthly_usd": "40"},
    }.get(name, {})


def one_call(
    ledger: Ledger,
    prices: PriceBook,
    caller: Caller,
    at: float,
    number: int,
    model: str,
    audio_s: int,
    dice: random.Random,
) -> None:
    """Make one call and close it, but for few of the last hours."""
    chat = not audio_s
    call = Call(
        f"demo-{number}",
        at,
        route_for("/llm-gateway.assemblyai" if chat else "/assemblyai"),
        "POST",
        "/v1/chat/completions" if chat else "/v2/transcript",
        caller=Caller(
            caller.name, caller.key_id, caller.team, end_user=f"user-{dice.randrange(40)}"
        ),
        tags={"feature": dice.choice(["captions", "search", "summary"])},
    )
    kind = "chat" if chat else "transcript"
    row = ledger.open(call, kind=kind, model=model, features={"models": [model]})
    luck = dice.random()
    if time.time() - at < 4 * 3600 and luck < 0.4:
        return
    if luck > 0.985:
        assert ledger.fail(row, status=502)
        return
    usage = Usage(
        kind,
        model=model,
        audio_ms=None if chat else round(1000 * audio_s * (0.5 + dice.random())),
        input_tokens=dice.randrange(4000, 30_000) if chat else None,
        output_tokens=dice.randrange(300, 2500) if chat else None,
    )
    if luck > 0.97:
        reason = "no price for the model next-1"
        ledger.settle(row, usage=usage, price=None, reason=reason, metrics_label=model)
        return
    price = prices.price(usage, datetime.fromtimestamp(at, UTC))
    ledger.settle(row, usage=usage, price=price, metrics_label=model)


if __name__ == "__main__":
    with Database(sys.argv[1]) as database:
        fill(database, int(sys.argv[2]) if len(sys.argv) > 2 else 900)
