"""The door `audio/speech`: to the zone that the model names, byte for byte, by the character."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import openai
import pytest
from openai_kit import is_error
from stack_kit import MASTER_KEY, Stack, host_app
from webtest import TestApp

from assemblyai_mw import CostLogger, Ledger, PrefixRouter, PriceBook
from assemblyai_mw.call import CALL_KEY
from assemblyai_mw.errors import UpstreamError
from assemblyai_mw.testing import serve

SPEECH = "/v1/audio/speech"
NATIVE = "/us.tts.assemblyai"
PRICES = {"tts": {"*": 20, "aria": {"usd": "12.50", "source": "contract"}}}
WORDS = "Grüße, world."


def asked(model: str = "assemblyai/aria", **fields: Any) -> dict[str, Any]:
    return {"model": model, "input": WORDS, "voice": "jane", **fields}


@pytest.mark.parametrize("zone, prefix", [("us", "assemblyai/"), ("eu", "eu.assemblyai/")])
def test_the_openai_sdk_gets_speech_from_the_zone_of_the_model(
    zone: str, prefix: str, stack_of: Callable[..., Stack]
) -> None:
    stack = stack_of(prices=PRICES)
    with (
        serve(stack.middleware) as url,
        openai.OpenAI(base_url=f"{url}/v1", api_key=stack.key("a"), max_retries=0) as client,
    ):
        with client.audio.speech.with_streaming_response.create(
            **asked(f"{prefix}aria"), response_format="pcm", speed=1.5
        ) as reply:
            sound = reply.read()
            told = reply.headers["x-tts-billed-characters"]
    assert len(sound) > 0
    assert told == str(len(WORDS))
    here, there = (stack.us, stack.eu) if zone == "us" else (stack.eu, stack.us)
    (seen,) = here.requests
    assert (seen.service, seen.path, len(there.requests)) == ("tts", "/v1/openai/audio/speech", 0)
    sent = asked("aria", response_format="pcm", speed=1.5)
    assert json.loads(seen.body or b"") == sent
    (row,) = stack.ledger.calls()
    assert (row["route"], row["region"]) == (f"/{zone}.tts.assemblyai", zone)
    assert (row["state"], row["model"], row["characters"]) == ("settled", "aria", len(WORDS))
    assert Decimal(row["cost_usd"]) == Decimal("12.50") * len(WORDS) / 1_000_000


def test_a_native_synthesis_is_metered_too(stack_of: Callable[..., Stack]) -> None:
    """Without a model, the price of `*` counts."""
    stack = stack_of(prices=PRICES)
    reply = stack.ask("POST", f"{NATIVE}/v1/speech", stack.key("a"), json={"text": WORDS})
    assert reply.status_int == 200
    (row,) = stack.ledger.calls()
    assert (row["characters"], row["state"]) == (len(WORDS), "settled")
    (line,) = row["breakdown"]
    assert (line["unit"], line["rate"]) == ("character", "20/million characters")


def test_without_a_price_the_row_waits_for_one_and_keeps_its_characters(
    stack_of: Callable[..., Stack],
) -> None:
    stack = stack_of()
    assert stack.ask("POST", SPEECH, stack.key("a"), json=asked()).status_int == 200
    (row,) = stack.ledger.calls()
    assert (row["state"], row["cost_usd"], row["characters"]) == ("unpriced", None, len(WORDS))
    (open_row,) = stack.ledger.unpriced()
    assert open_row["usage"]["characters"] == len(WORDS)


def test_a_key_with_a_budget_needs_a_price_and_room(stack_of: Callable[..., Stack]) -> None:
    stack = stack_of()
    reply = stack.ask("POST", SPEECH, stack.key("a", budget_usd="1"), json=asked())
    assert (reply.status_int, reply.json["error"]["code"]) == (403, "model_unpriced")
    assert "tts: " in reply.json["error"]["message"]
    priced = stack_of(prices=PRICES)
    small = priced.key("b", budget_usd="0.0001")
    reply = priced.ask("POST", SPEECH, small, json=asked())
    assert (reply.status_int, reply.json["error"]["code"]) == (429, "insufficient_quota")
    assert not priced.us.requests
    wide = priced.key("c", budget_usd="1")
    assert priced.ask("POST", SPEECH, wide, json=asked()).status_int == 200
    assert priced.held() == 0


@pytest.mark.parametrize("text", ["x", "é" * 50, "\U0001f600" * 50, '"\\\n' * 50])
def test_the_hold_is_never_below_the_characters(text: str) -> None:
    """By whatever measure: code points, UTF-16 units or bytes."""
    from datetime import UTC, datetime

    from assemblyai_mw.billing.replies import billing_facts

    body = {"model": "aria", "input": text}
    size = len(json.dumps(body, ensure_ascii=False).encode())
    facts = billing_facts("tts", body, size=size)
    book = PriceBook.load(PRICES)
    bound = book.estimate("tts", facts, "us", datetime.now(UTC), assumed_audio_s=1)
    assert bound >= 12_500 * len(text.encode())


@pytest.mark.parametrize(
    "body, status, param",
    [
        ({"model": "aria", "input": "x"}, 404, "model"),
        ({"model": "openai/tts-1", "input": "x"}, 404, "model"),
        ({"model": "assemblyai/", "input": "x"}, 404, "model"),
        ({"model": "assemblyai/a?b", "input": "x"}, 404, "model"),
        ({"model": 7, "input": "x"}, 400, "model"),
        ({"input": "x"}, 400, "model"),
        ([], 400, None),
        ({"model": "assemblyai/aria", "input": ""}, 400, "input"),
    ],
)
def test_what_is_refused_is_told_in_openais_shape_and_costs_nothing(
    body: Any, status: int, param: str | None, stack_of: Callable[..., Stack]
) -> None:
    stack = stack_of(prices=PRICES)
    reply = stack.ask("POST", SPEECH, stack.key("a"), json=body)
    assert (reply.status_int, is_error(reply.json)) == (status, True)
    assert reply.json["error"]["param"] == param
    assert all(row["state"] == "failed" for row in stack.ledger.calls())
    if body == {"model": "aria", "input": "x"}:
        assert "Did you mean `assemblyai/aria`?" in reply.json["error"]["message"]


def test_a_pinned_key_stays_in_its_zone(stack_of: Callable[..., Stack]) -> None:
    stack = stack_of(prices=PRICES)
    key = stack.key("a", region="eu")
    reply = stack.ask("POST", SPEECH, key, json=asked())
    assert reply.status_int == 403
    assert "eu.assemblyai/MODEL" in reply.json["error"]["message"]
    assert stack.ask("POST", SPEECH, key, json=asked("eu.assemblyai/aria")).status_int == 200
    assert not stack.us.requests


def test_a_list_of_models_holds_for_voices_too(stack_of: Callable[..., Stack]) -> None:
    stack = stack_of(prices=PRICES)
    key = stack.key("a", models=["assemblyai/aria"])
    assert stack.ask("POST", SPEECH, key, json=asked()).status_int == 200
    assert stack.ask("POST", SPEECH, key, json=asked("assemblyai/other")).status_int == 403


def test_without_a_route_to_tts_the_door_is_the_hosts(stack_of: Callable[..., Stack]) -> None:
    gone = {"/us.tts.assemblyai": None, "/eu.tts.assemblyai": None}
    stack = stack_of(routes=gone)
    assert stack.ask("POST", SPEECH, MASTER_KEY, json=asked()).text == "host"


def metered(sqlite_url: str, head: str | None, blocks: Callable[[], Iterator[bytes]]) -> TestApp:
    def host(environ: Any, start_response: Any) -> Iterator[bytes]:
        environ[CALL_KEY].upstream = "replied"
        told = [] if head is None else [("X-TTS-Billed-Characters", head)]
        start_response("200 OK", [("Content-Type", "text/event-stream"), *told])
        return blocks()

    meter = CostLogger(host, ledger=sqlite_url, prices=PRICES)
    return TestApp(PrefixRouter(host_app, {NATIVE: meter}))


@pytest.mark.parametrize(
    "head", [None, "", "-1", "1.5", "\uff11\uff12", "1e3", "9" * 15, "9" * 5000, "twelve"]
)
def test_an_impossible_number_of_characters_is_no_price(head: str | None, sqlite_url: str) -> None:
    if head is not None:
        head = head.encode().decode("latin-1")
    app = metered(sqlite_url, head, lambda: iter([b"sound"]))
    assert app.post_json(f"{NATIVE}/v1/speech", {"text": "x"}).body == b"sound"
    (row,) = Ledger(sqlite_url).calls()
    assert (row["state"], row["cost_usd"]) == ("unpriced", None)


def test_speech_that_breaks_off_is_not_charged(sqlite_url: str) -> None:
    def blocks() -> Iterator[bytes]:
        yield b"sou"
        raise UpstreamError("cut")

    with pytest.raises(UpstreamError):
        metered(sqlite_url, "12", blocks).post_json(f"{NATIVE}/v1/speech", {"text": "x"})
    (row,) = Ledger(sqlite_url).calls()
    assert (row["state"], row["reason"]) == ("unpriced", "the speech did not arrive whole")


def test_speech_passes_block_by_block(sqlite_url: str) -> None:
    """The first sound goes out before the last is made."""
    made: list[int] = []

    def blocks() -> Iterator[bytes]:
        for number in range(3):
            made.append(number)
            yield bytes([number])

    app = metered(sqlite_url, "12", blocks)
    environ = TestApp(app.app).post_json(f"{NATIVE}/v1/speech", {"text": "x"}).request.environ
    made.clear()
    environ["wsgi.input"].seek(0)
    environ.pop(CALL_KEY, None)
    body = iter(app.app(environ, lambda *head: None))
    assert next(body) == b"\0"
    assert made == [0]
    assert list(body) == [b"\1", b"\2"]
