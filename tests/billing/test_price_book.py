"""Prices: exact, dated, explained line by line, and never guessed."""

from __future__ import annotations

import datetime as dt
import json
import tomllib
from fractions import Fraction
from importlib import resources
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assemblyai_mw.billing.audio_length import AudioFacts
from assemblyai_mw.billing.features import FILLED, FLAGS
from assemblyai_mw.billing.layers import new_names
from assemblyai_mw.billing.price_book import Item, Price, PriceBook, Unpriced, format_usd
from assemblyai_mw.billing.replies import Usage, billing_facts, chat_usage, transcript_outcome
from assemblyai_mw.errors import ConfigError

AT = dt.datetime(2026, 11, 22, tzinfo=dt.UTC)
BOOK = PriceBook.load()
SHIPPED = tomllib.loads(
    resources.files("assemblyai_mw.billing").joinpath("prices.toml").read_text()
)
ADDONS = sorted(SHIPPED["transcript_addon"])


def speech(model: str = "universal-2", ms: int = 3_600_000, **more: Any) -> Usage:
    return Usage("transcript", model, audio_ms=ms, **more)


def test_a_price_explains_itself_line_by_line() -> None:
    usage = speech("universal-3-5-pro", 8000, channels=2, features=frozenset({"speaker_labels"}))
    price = BOOK.price(usage, AT)
    assert price == Price(
        977_777,
        (
            Item("universal-3-5-pro x 2 channels", "16", "second", "0.21/hour", 933_333),
            Item("speaker_labels", "8", "second", "0.02/hour", 44_444),
        ),
    )
    assert price.breakdown()[1] == {
        "item": "speaker_labels",
        "quantity": "8",
        "unit": "second",
        "rate": "0.02/hour",
        "amount_usd": "0.000044444",
    }


def test_a_breakdown_says_what_changed_a_rate() -> None:
    book = PriceBook.load({"discount": "10%"})
    usage = Usage("chat", "gpt-5", input_tokens=10, output_tokens=0)
    assert book.price(usage, AT).items == (
        Item(
            "gpt-5 input, in-region +10%, less 10%", "10", "token", "1.2375/million tokens", 12375
        ),
    )


def test_an_unlisted_feature_leaves_a_line_and_a_free_one_none() -> None:
    usage = speech(ms=1500, features=frozenset({"emotions", "language_detection"}))
    assert [item.item for item in BOOK.price(usage, AT).items] == [
        "universal-2",
        "unlisted: emotions",
    ]


@pytest.mark.parametrize(
    "characters, price, nano",
    [
        (0, 20, 0),
        (1, 20, 20_000),
        (1_000_000, "12.5", 12_500_000_000),
        # Half a nano-dollar rounds up, less does not.
        (1, "0.0005", 1),
        (1, "0.000499999", 0),
        (10**9, 20, 20_000_000_000_000),
    ],
)
def test_speech_costs_by_the_million_characters(characters: int, price: Any, nano: int) -> None:
    book = PriceBook.load({"tts": {"aria": {"usd": price, "source": "x"}}})
    found = book.price(Usage("tts", "aria", characters=characters), AT)
    assert found.nano == nano
    (line,) = found.items
    assert (line.item, line.quantity, line.unit) == ("aria", str(characters), "character")


@pytest.mark.parametrize(
    "usage, reason",
    [
        pytest.param(speech("universal-9"), "no price for model 'universal-9'", id="model"),
        pytest.param(speech("slam-1"), "no price for model 'slam-1'", id="slam-1 has none"),
        pytest.param(Usage("transcript", audio_ms=1), "no model is named (transcript)", id="none"),
        pytest.param(
            speech(features=frozenset({"speech_understanding.summarization"})),
            "no price for add-on 'speech_understanding.summarization'",
            id="task",
        ),
        pytest.param(
            speech(features=frozenset({"domain.legal-v1"})),
            "no price for add-on 'domain.legal-v1'",
            id="domain",
        ),
        pytest.param(
            Usage("transcript", "universal-2"), "the length of the audio is not known", id="length"
        ),
        pytest.param(
            Usage("session", "u3-rt-pro"), "the length of the session is not known", id="session"
        ),
        pytest.param(
            Usage("understanding"),
            "the length of the transcript that was read is not known",
            id="understanding",
        ),
        pytest.param(
            Usage("token"),
            "a streaming session opened with this token is not seen here",
            id="token",
        ),
        pytest.param(Usage("chat", "gpt-5"), "the number of tokens is not known", id="tokens"),
        pytest.param(
            Usage("chat", "gpt-7", input_tokens=1, output_tokens=1),
            "no price for model 'gpt-7'",
            id="LLM",
        ),
        pytest.param(
            Usage("dictation", audio_ms=5), "no model is named (dictation)", id="dictation"
        ),
        pytest.param(Usage("tts"), "the number of characters is not known", id="speech"),
        pytest.param(Usage("tts", characters=5), "no model is named (tts)", id="any voice"),
        pytest.param(Usage("tts", "a", characters=5), "no price for model 'a'", id="a voice"),
        pytest.param(Usage("other"), "no price for calls of kind 'other'", id="other"),
        pytest.param(
            Usage("lemur", "x", input_tokens=1, output_tokens=1),
            "no price for model 'x'",
            id="LeMUR",
        ),
    ],
)
def test_what_has_no_price_says_what_it_is(usage: Usage, reason: str) -> None:
    with pytest.raises(Unpriced) as caught:
        BOOK.price(usage, AT)
    assert caught.value.reason == reason


def test_before_its_first_day_a_thing_has_no_price() -> None:
    with pytest.raises(Unpriced, match="'universal-2' before 2026-04-07"):
        BOOK.price(speech(), dt.datetime(2026, 4, 6, 23, 59, 59, tzinfo=dt.UTC))


def test_the_day_begins_at_midnight_UTC_whatever_zone_the_time_is_in() -> None:
    tokens = Usage("chat", "gpt-5", input_tokens=1000, output_tokens=0)
    tokyo = dt.timezone(dt.timedelta(hours=9))
    before = dt.datetime(2026, 7, 1, 8, 59, tzinfo=tokyo)
    assert BOOK.price(tokens, before).nano == 1_250_000
    assert BOOK.price(tokens, before + dt.timedelta(minutes=1)).nano == 1_375_000


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        BOOK.price(speech(), AT.replace(tzinfo=None))


def test_a_provider_id_nobody_knows_is_priced_as_the_dearest_model_asked_for() -> None:
    reply = {"model": "accounts/x/models/q", "usage": {"input_tokens": 10, "output_tokens": 0}}
    usage = chat_usage(reply, {"models": ["gpt-5"]}, "us")
    assert usage is not None
    alone = BOOK.price(usage, AT)
    assert (alone.nano, alone.estimated) == (13750, True)
    # Sonnet is at 3 USD a million input tokens, Haiku at 1, gpt-5 at 1.25; 10 % in the region.
    models = ["gpt-5", "claude-sonnet-4-6", "claude-haiku-4-5-20251001"]
    for order in (models, models[::-1]):
        rescued = chat_usage(reply, {"models": order, "fallbacks": True}, "us")
        assert rescued is not None
        price = BOOK.price(rescued, AT)
        assert (price.nano, price.estimated) == (33000, True)


def test_a_reply_that_names_no_model_may_be_any_fallbacks() -> None:
    reply = {"usage": {"input_tokens": 10, "output_tokens": 0}}
    asked = {"models": ["gpt-5", "claude-sonnet-4-6"], "fallbacks": True}
    usage = chat_usage(reply, asked, "us")
    assert usage is not None
    assert (BOOK.price(usage, AT).nano, BOOK.price(usage, AT).estimated) == (33000, True)
    alone = chat_usage(reply, {"models": ["gpt-5"]}, "us")
    assert alone is not None
    assert (BOOK.price(alone, AT).nano, BOOK.price(alone, AT).estimated) == (13750, False)


@pytest.mark.parametrize("model", ["gpt-5", "house-sonnet"])
def test_a_model_with_a_price_of_its_own_or_by_an_alias_is_not_estimated(model: str) -> None:
    reply = {"model": model, "usage": {"input_tokens": 10, "output_tokens": 0}}
    usage = chat_usage(reply, {"models": ["claude-opus-4-7", "gpt-5"], "fallbacks": True}, "us")
    assert usage is not None
    book = PriceBook.load({"aliases": {"chat": {"house-sonnet": "claude-sonnet-4-6"}}})
    price = book.price(usage, AT)
    assert (price.nano, price.estimated) == (13750 if model == "gpt-5" else 33000, False)


def test_where_a_fallback_has_no_price_either_nobody_says_one() -> None:
    reply = {"model": "accounts/x/models/q", "usage": {"input_tokens": 10, "output_tokens": 0}}
    usage = chat_usage(reply, {"models": ["gpt-5", "nobodys"], "fallbacks": True}, "us")
    assert usage is not None
    with pytest.raises(Unpriced, match="no price for model 'nobodys'"):
        BOOK.price(usage, AT)


def test_cached_tokens_counted_beside_the_input_are_not_taken_from_it() -> None:
    usage = Usage(
        "chat", "gpt-5", input_tokens=10, output_tokens=0, cached_tokens=90, model_region="global"
    )
    assert [(item.item, item.quantity) for item in BOOK.price(usage, AT).items] == [
        ("gpt-5 input", "10"),
        ("gpt-5 cached input (at the input rate)", "90"),
    ]


def test_cached_tokens_without_a_price_can_be_left_unpriced() -> None:
    book = PriceBook.load({"settings": {"cached_without_price": "unpriced"}})
    usage = Usage("chat", "gpt-5", input_tokens=10, output_tokens=0, cached_tokens=9)
    with pytest.raises(Unpriced, match="no cached input price for model 'gpt-5'"):
        book.price(usage, AT)


def test_cache_writes_have_rates_of_their_own_where_the_book_has_them() -> None:
    rates = {
        "input": 3,
        "output": 15,
        "cached_input": 0.3,
        "cache_write": 3.75,
        "cache_write_1h": 6,
    }
    book = PriceBook.load({"chat": {"claude-sonnet-4-6": rates}})
    usage = Usage(
        "chat",
        "claude-sonnet-4-6",
        input_tokens=100,
        output_tokens=1,
        cached_tokens=50,
        cache_write_tokens=20,
        cache_write_1h_tokens=10,
        model_region="global",
    )
    amounts = [item.amount_nano for item in book.price(usage, AT).items]
    assert amounts == [20 * 3000, 50 * 300, 20 * 3750, 10 * 6000, 15000]


def test_the_voice_agent_is_all_inclusive() -> None:
    usage = Usage("agent", session_ms=60_000, features=frozenset({"speaker_labels"}))
    assert BOOK.price(usage, AT).usd == "0.075"


@pytest.mark.parametrize(
    "nano, usd",
    [
        (0, "0"),
        (1, "0.000000001"),
        (12_300_000, "0.0123"),
        (1_000_000_000, "1"),
        (10_000_000_000, "10"),
        (10**30, "1000000000000000000000"),
        (-1_500_000_000, "-1.5"),
    ],
)
def test_dollars_are_exact_decimal_text(nano: int, usd: str) -> None:
    assert format_usd(nano) == usd


# The shipped book.


def test_every_shipped_price_has_its_day_unit_and_source() -> None:
    sections = [s for s in SHIPPED if s not in ("settings", "aliases", "free")]
    for section in sections:
        for name, item in SHIPPED[section].items():
            assert item["unit"] in ("hour", "million tokens"), name
            for price in item["prices"]:
                assert isinstance(price["since"], dt.date), name
                assert len(price["source"]) > 10, name
                assert not any(isinstance(value, float) for value in price.values()), name


def test_every_known_parameter_is_priced_or_free() -> None:
    free = set(SHIPPED["free"]["transcript"])
    # A streaming feature; the book of sessions has it.
    assert (FLAGS | FILLED) - {"voice_focus"} <= free | set(ADDONS)
    assert not free & set(ADDONS)


# An operator's prices.


def test_an_item_without_a_since_replaces_all_its_prices() -> None:
    book = PriceBook.load({"transcript": {"universal-2": {"usd": "0.10"}}})
    for at in (AT, AT.replace(year=2020)):
        assert book.price(speech(), at).usd == "0.1"


def test_an_item_with_a_since_is_added_to_its_prices() -> None:
    prices = [{"since": dt.date(2026, 12, 1), "usd": 0.2}, {"since": "2027-01-01", "usd": "0.3"}]
    book = PriceBook.load({"transcript": {"Universal 2": {"prices": prices}}})
    assert book.price(speech(), AT).usd == "0.15"
    assert book.price(speech(), AT.replace(month=12, day=1)).usd == "0.2"
    assert book.price(speech(), AT.replace(year=2027, month=1, day=1)).usd == "0.3"


def test_a_contracts_price_is_not_replaced_by_a_list_price_of_a_later_day() -> None:
    contract = {"since": "2026-05-01", "usd": "0.11", "source": "contract"}
    book = PriceBook.load({"transcript": {"universal-2": contract}})
    assert book.price(speech(), AT).usd == "0.11"
    assert book.price(speech(), AT.replace(month=4, day=30)).usd == "0.15"


def test_a_since_may_be_a_moment() -> None:
    for since in ("2026-11-22T12:00:00+00:00", dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)):
        book = PriceBook.load({"transcript": {"universal-2": {"usd": 1, "since": since}}})
        assert book.price(speech(), AT.replace(hour=11)).usd == "0.15"
        assert book.price(speech(), AT.replace(hour=12)).usd == "1"


def test_an_empty_section_changes_nothing() -> None:
    book = PriceBook.load({"transcript": None, "aliases": {"transcript": {"nano": None}}})
    assert book.price(speech(), AT).usd == "0.15"
    with pytest.raises(Unpriced):
        book.price(speech("nano"), AT)


def test_names_from_outside_are_not_remembered_for_ever() -> None:
    book = PriceBook.load({"discount": "1%"})
    for i in range(5000):
        with pytest.raises(Unpriced):
            book.price(speech(f"model-{i}"), AT)
    assert len(book._book._found) <= 4096


def test_a_null_item_has_no_price_and_neither_has_what_led_to_it() -> None:
    book = PriceBook.load({"transcript": {"universal-2": None}})
    for model in ("universal-2", "nano"):
        with pytest.raises(Unpriced):
            book.price(speech(model), AT)


def test_a_star_prices_what_nobody_else_does() -> None:
    book = PriceBook.load({"transcript": {"*": "0.5"}, "dictation": {"*": 1}})
    assert book.price(speech("universal-9"), AT).usd == "0.5"
    assert book.price(speech("universal-2"), AT).usd == "0.15"
    assert book.price(Usage("dictation", audio_ms=3_600_000), AT).usd == "1"


def test_aliases_may_be_added_and_dated() -> None:
    book = PriceBook.load(
        {"aliases": {"transcript": {"ours": [{"since": "2026-11-01", "to": "universal-2"}]}}}
    )
    assert book.price(speech("ours"), AT).usd == "0.15"
    with pytest.raises(Unpriced, match="'ours'"):
        book.price(speech("ours"), AT.replace(month=10))


def test_a_feature_may_be_declared_free_or_given_a_price() -> None:
    book = PriceBook.load(
        {
            "free": {"transcript": ["emotions"]},
            "transcript_addon": {"speech_understanding.summarization": 0.07},
        }
    )
    usage = speech(features=frozenset({"emotions", "speech_understanding.summarization"}))
    assert [item.amount_nano for item in book.price(usage, AT).items] == [150_000_000, 70_000_000]


def test_overrides_do_not_reach_the_shipped_book() -> None:
    PriceBook.load({"transcript": {"universal-2": 9}, "free": {"transcript": ["redact_pii"]}})
    assert PriceBook.load().price(speech(), AT).usd == "0.15"


@pytest.mark.parametrize(
    "prices, key",
    [
        ([], None),
        ("x", "prices: expected a table"),
        ({"transcipt": {}}, "prices.transcipt: unknown"),
        ({"transcript": 3}, "prices.transcript: expected a table"),
        ({"transcript": {"universal-2": "cheap"}}, "prices.transcript.universal-2.prices[0].usd"),
        ({"transcript": {"universal-2": -1}}, "prices.transcript.universal-2.prices[0].usd"),
        ({"transcript": {"universal-2": True}}, "prices.transcript.universal-2.prices[0].usd"),
        ({"transcript": {"universal-2": "NaN"}}, "prices.transcript.universal-2.prices[0].usd"),
        ({"transcript": {"universal-2": "1e99"}}, "prices.transcript.universal-2.prices[0].usd"),
        ({"transcript": {"universal-2": [1]}}, "prices.transcript.universal-2.prices[0].usd"),
        (
            {"transcript": {"universal-2": {"usd": 1, "since": "soon"}}},
            "prices.transcript.universal-2.since",
        ),
        ({"transcript": {"universal-2": {"input": 1}}}, "prices.transcript.universal-2.input"),
        (
            {"transcript": {"universal-2": {"unit": "minute", "usd": 1}}},
            "prices.transcript.universal-2.unit",
        ),
        (
            {"transcript": {"universal-2": {"usd": 1, "models": ["x"]}}},
            "prices.transcript.universal-2.prices[0].models",
        ),
        (
            {"transcript": {"universal-2": {"prices": {"usd": 1}}}},
            "prices.transcript.universal-2.prices: expected a list",
        ),
        ({"transcript": {"universal-2": {"prices": [1]}}}, "prices.transcript.universal-2.prices"),
        (
            {"transcript": {"universal-2": {"prices": [{"usd": 1}, {"usd": 2}]}}},
            "prices.transcript.universal-2.prices[1].since",
        ),
        (
            {"transcript": {"universal-2": {"prices": [{"usd": 1}], "usd": 1}}},
            "prices.transcript.universal-2: expected either",
        ),
        ({"transcript": {"new": {"discount": "5%"}}}, "prices.transcript.new.prices"),
        ({"chat": {"gpt-5": 3}}, "prices.chat.gpt-5"),
        ({"chat": {"gpt-5": {"input": 3}}}, "prices.chat.gpt-5.prices[0].output: missing"),
        ({"discount": "lots"}, "prices.discount"),
        ({"discount": "101%"}, "prices.discount"),
        (
            {"transcript": {"universal-2": {"discount": None}}},
            "prices.transcript.universal-2.discount",
        ),
        ({"settings": {"addons_per_channel": "yes"}}, "prices.settings.addons_per_channel"),
        ({"settings": {"colour": 1}}, "prices.settings.colour"),
        ({"settings": {"cached_without_price": "free"}}, "prices.settings.cached_without_price"),
        ({"settings": {"in_region": "x"}}, "prices.settings.in_region[0].percent"),
        (
            {"settings": {"in_region": [{"percent": 1, "regions": ["mars"]}]}},
            "prices.settings.in_region[0].regions",
        ),
        ({"aliases": {"transcript": {"ours": "nothing"}}}, "prices.aliases.transcript.ours"),
        ({"aliases": {"transcript": {"ours": 3}}}, "prices.aliases.transcript.ours"),
        ({"aliases": {"trans": {"ours": "x"}}}, "prices.aliases.trans"),
        ({"aliases": 3}, "prices.aliases: expected a table"),
        ({"aliases": {"transcript": 3}}, "prices.aliases.transcript: expected a table"),
        ({"free": {"transcript": "all"}}, "prices.free.transcript"),
        ({"transcript": {"universal-2": {"usd": 1, "since": 5}}}, "universal-2.since"),
        ({"settings": {"in_region": [{"percent": 1, "until": 2}]}}, "in_region[0].until"),
        ({"transcript": {"universal-2": {"usd": 1, "colour": 2}}}, "universal-2.colour"),
        ({"transcript": {"universal-2": {"prices": [{"usd": 1, "eur": 2}]}}}, "prices[0].eur"),
        ({"transcript": {"universal-2": {"prices": []}}}, None),
    ],
)
def test_a_wrong_override_is_refused_by_the_name_of_its_key(prices: Any, key: str | None) -> None:
    if key is None:
        assert PriceBook.load(prices).price(speech(), AT).usd == "0.15"
        return
    with pytest.raises(ConfigError) as caught:
        PriceBook.load(prices)
    assert key in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_refusal_does_not_print_the_value() -> None:
    with pytest.raises(ConfigError) as caught:
        PriceBook.load({"transcript": {"universal-2": "s3cret"}})
    assert "s3cret" not in str(caught.value)


# Estimates are upper bounds.


def test_an_estimate_takes_the_dearest_model_and_all_channels() -> None:
    body = {
        "speech_models": ["universal-2", "universal-3-5-pro"],
        "multichannel": True,
        "speaker_labels": True,
    }
    asked = billing_facts("transcript", body)
    nano = BOOK.estimate("transcript", asked, "us", AT, assumed_audio_s=3600)
    assert nano == 440_000_000
    nano = BOOK.estimate("transcript", asked, "us", AT, assumed_audio_s=3600, assumed_channels=8)
    assert nano == 1_700_000_000


@pytest.mark.parametrize(
    "audio, features, nano",
    [
        pytest.param(AudioFacts(60_000, 1, True), [], 2_500_000, id="counted, a minute"),
        pytest.param(AudioFacts(7_200_000, 1, True), [], 300_000_000, id="counted, two hours"),
        pytest.param(AudioFacts(60_000, 1), [], 150_000_000, id="told, a minute"),
        pytest.param(AudioFacts(7_200_000, 1), [], 300_000_000, id="told, two hours"),
        pytest.param(AudioFacts(None, 6), [], 150_000_000, id="channels are not billed apart"),
        pytest.param(AudioFacts(None, 6), ["multichannel"], 900_000_000, id="six channels"),
        pytest.param(AudioFacts(None, 1), ["multichannel"], 300_000_000, id="one channel told"),
        pytest.param(
            AudioFacts(60_000, 6, True), ["dual_channel"], 15_000_000, id="counted, six channels"
        ),
        pytest.param(None, ["multichannel"], 300_000_000, id="nothing known"),
    ],
)
def test_an_estimate_takes_what_is_known_of_the_audio(
    audio: AudioFacts | None, features: list[str], nano: int
) -> None:
    """An hour of universal-2 is 0.15 USD, for each channel."""
    asked = {"models": ["universal-2"], "features": features}
    found = BOOK.estimate("transcript", asked, "us", AT, assumed_audio_s=3600, audio=audio)
    assert found == nano


def test_an_estimate_of_a_clip_is_as_long_as_its_operation_allows() -> None:
    """The synchronous API costs 0.30 USD an hour (price list): 20 minutes, and 120 seconds."""
    for max_audio_s, nano in ((1200, 100_000_000), (120, 10_000_000)):
        found = BOOK.estimate("sync", {}, "us", AT, assumed_audio_s=3600, max_audio_s=max_audio_s)
        assert found == nano


def test_an_estimate_without_a_model_takes_the_dearest_of_all() -> None:
    assert BOOK.estimate("transcript", {}, "us", AT, assumed_audio_s=3600) == 210_000_000


def test_an_estimate_of_a_chat_counts_a_token_a_byte_and_the_longest_answer() -> None:
    asked = {"models": ["gpt-5"], "prompt_bytes": 500, "max_tokens": 200, "choices": 2}
    nano = BOOK.estimate("chat", asked, "us", AT, assumed_audio_s=60)
    assert nano == 1500 * 1375 + 400 * 11_000
    nano = BOOK.estimate("chat", {**asked, "transcript_id": "t"}, "us", AT, assumed_audio_s=60)
    assert nano == (1500 + 60 * 32) * 1375 + 400 * 11_000


def test_an_estimate_covers_a_prompt_that_is_written_to_a_dearer_cache() -> None:
    rates = {"input": "3", "output": "15", "cache_write": "3.75", "cache_write_1h": "6"}
    book = PriceBook.load({"chat": {"claude-sonnet-4-6": rates}})
    asked = {"models": ["claude-sonnet-4-6"], "prompt_bytes": 0, "model_region": "global"}
    nano = book.estimate("chat", asked, "us", AT, assumed_audio_s=1)
    assert nano == 1000 * 6000 + 1000 * 15_000


@pytest.mark.parametrize(
    "kind, asked, nano",
    [
        ("sync", {}, 100_000_000),
        ("token", {"max_session_s": 3600}, 990_000_000),
        ("understanding", {"features": ["speech_understanding.translation"]}, 60_000_000),
    ],
)
def test_other_estimates(kind: str, asked: dict[str, Any], nano: int) -> None:
    assert BOOK.estimate(kind, asked, "us", AT, assumed_audio_s=3600) == nano


@pytest.mark.parametrize(
    "kind, asked, missing",
    [
        (
            "transcript",
            {"models": ["universal-2", "universal-9"]},
            ("transcript", "universal-9"),
        ),
        (
            "transcript",
            {"models": ["universal-2"], "features": ["domain.x"]},
            ("transcript_addon", "domain.x"),
        ),
        (
            "understanding",
            {"features": ["speech_understanding.action_items"]},
            ("transcript_addon", "speech_understanding.action_items"),
        ),
        ("chat", {"models": ["gpt-5", "gpt-9"]}, ("chat", "gpt-9")),
        ("chat", {}, (None, None)),
        ("dictation", {}, ("dictation", "*")),
        ("tts", {}, ("tts", "*")),
        ("tts", {"models": ["aria"], "body_bytes": 5}, ("tts", "aria")),
        ("other", {}, (None, None)),
    ],
)
def test_no_estimate_says_which_item_the_book_lacks(
    kind: str, asked: dict[str, Any], missing: tuple[str | None, str | None]
) -> None:
    with pytest.raises(Unpriced) as caught:
        BOOK.estimate(kind, asked, "us", AT, assumed_audio_s=3600)
    assert (caught.value.section, caught.value.item) == missing


MODELS = st.sampled_from(["universal-2", "universal-3-5-pro", "best"])
FEATURES = st.frozensets(st.sampled_from([*ADDONS, "language_detection", "emotions"]))
BOOKS = st.sampled_from(
    [
        BOOK,
        PriceBook.load({"settings": {"addons_per_channel": True}}),
        PriceBook.load({"discount": "33.3%"}),
    ]
)
TOKENS = st.integers(0, 10**7)


@st.composite
def usages(draw: st.DrawFn) -> Usage:
    region = draw(st.sampled_from(["us", "eu"]))
    if draw(st.booleans()):
        ms = draw(st.integers(0, 36_000_000))
        channels = draw(st.integers(1, 32))
        features = draw(FEATURES)
        return Usage("transcript", draw(MODELS), region, ms, channels, features)
    return Usage(
        "chat",
        draw(st.sampled_from(["gpt-5-nano", "claude-opus-4-7", "kimi-k2.5"])),
        region,
        input_tokens=draw(TOKENS),
        output_tokens=draw(TOKENS),
        cached_tokens=draw(TOKENS),
        model_region=draw(st.sampled_from([None, "global"])),
    )


@given(usage=usages(), book=BOOKS)
def test_the_lines_add_up_to_the_total_and_follow_from_quantity_and_rate(
    usage: Usage, book: PriceBook
) -> None:
    price = book.price(usage, AT)
    assert sum(item.amount_nano for item in price.items) == price.nano
    per = {"hour": 3600, "million tokens": 1_000_000}
    for item in price.items:
        rate, _, unit = item.rate.partition("/")
        exact = Fraction(item.quantity) * Fraction(rate) / per[unit] * 10**9
        assert item.amount_nano >= 0
        assert -Fraction(1, 2) < item.amount_nano - exact <= Fraction(1, 2)
    json.dumps(price.breakdown())


@given(usage=usages(), book=BOOKS, more=st.integers(0, 10**6))
def test_more_never_costs_less(usage: Usage, book: PriceBook, more: int) -> None:
    from dataclasses import replace

    if usage.kind == "transcript":
        assert usage.audio_ms is not None
        larger = [
            replace(usage, audio_ms=usage.audio_ms + more),
            replace(usage, channels=usage.channels + 1),
            replace(usage, features=usage.features | {"redact_pii"}),
        ]
    else:
        assert usage.input_tokens is not None
        assert usage.output_tokens is not None
        larger = [
            replace(usage, output_tokens=usage.output_tokens + more),
            replace(usage, cached_tokens=0, input_tokens=usage.input_tokens + more),
        ]
        usage = replace(usage, cached_tokens=0)
        larger[0] = replace(larger[0], cached_tokens=0)
    for use in larger:
        assert book.price(use, AT).nano >= book.price(usage, AT).nano


@pytest.mark.parametrize(
    "kind, model, name",
    [
        ("chat", "gpt-5-mini", "gpt-5-mini"),
        ("chat", "GPT 5_Mini", "gpt-5-mini"),
        ("chat", "anything/at-all/gpt-5-mini", "gpt-5-mini"),
        ("chat", "gpt-5-mini-20260101", "gpt-5-mini"),
        ("chat", "claude-opus-4-5-20251101", "claude-opus-4-5-20251101"),
        ("chat", "claude-opus-4-5", "claude-opus-4-5"),
        ("chat", "Claude-4.5-Opus", "claude-4.5-opus"),
        ("chat", "universal-2", "universal-2"),
        ("transcript", "best", "best"),
        ("sync", "universal-3-5-pro", "universal-3-5-pro"),
        ("other", "gpt-5.5", "gpt-5.5"),
        ("token", "u3-pro", "u3-pro"),
        ("sync", "made-up", None),
        ("sync", "*", None),
        ("chat", "gpt-5-mini-", None),
        ("chat", "speaker_labels", None),
        ("chat", "", None),
    ],
)
def test_a_book_knows_models_by_its_own_spelling(kind: str, model: str, name: str | None) -> None:
    assert PriceBook.load().canonical_model(kind, model) == name


def test_a_book_knows_an_operators_models_and_no_more_those_that_were_taken_away() -> None:
    chat = {"House.Model": {"input": 1, "output": 2}, "gpt-5": None}
    book = PriceBook.load({"chat": chat, "aliases": {"chat": {"Ours": "House.Model"}}})
    names = ("house-model", "ours", "gpt-5")
    assert [book.canonical_model("chat", name) for name in names] == ["House.Model", "Ours", None]


@given(model=MODELS, channels=st.integers(1, 32), features=FEATURES, book=BOOKS)
def test_nothing_used_costs_nothing(
    model: str, channels: int, features: frozenset[str], book: PriceBook
) -> None:
    usage = Usage("transcript", model, audio_ms=0, channels=channels, features=features)
    assert book.price(usage, AT).nano == 0
    empty = Usage("chat", "gpt-5", input_tokens=0, output_tokens=0)
    assert book.price(empty, AT) == Price(0)


@given(
    seconds=st.integers(1, 36_000),
    channels=st.integers(1, 8),
    flags=st.frozensets(st.sampled_from(sorted(FLAGS - {"dual_channel"}))),
    tasks=st.frozensets(st.sampled_from(["translation", "custom_formatting"])),
)
def test_an_estimate_is_never_less_than_the_price(
    seconds: int, channels: int, flags: frozenset[str], tasks: frozenset[str]
) -> None:
    body: dict[str, Any] = dict.fromkeys(flags, True)
    body["speech_models"] = ["universal-3-5-pro", "universal-2"]
    body["speech_understanding"] = {"request": {task: {} for task in tasks}}
    asked = billing_facts("transcript", body)
    reply = {
        **body,
        "status": "completed",
        "audio_duration": seconds,
        "speech_model_used": "universal-2",
        **({"audio_channels": channels} if "multichannel" in flags else {}),
    }
    usage = transcript_outcome(reply, asked, "us").usage
    assert usage is not None
    bound = BOOK.estimate(
        "transcript", asked, "us", AT, assumed_audio_s=seconds, assumed_channels=8
    )
    assert bound is not None
    assert bound >= BOOK.price(usage, AT).nano


@pytest.mark.parametrize(
    "section, name, near",
    [
        ("transcript", "universal-3-5-prooo", "universal-3-5-pro"),
        ("transcript", "Univeral 2", "universal-2"),
        ("chat", "gpt-5-mni", "gpt-5-mini"),
        ("chat", "claude-sonet-4-6", "claude-sonnet-4-6"),
        ("transcript_addon", "speaker_lables", "speaker_labels"),
        ("session", "u3-rt-por", "u3-rt-pro"),
    ],
)
def test_a_slip_of_a_name_that_has_a_price_is_refused(section: str, name: str, near: str) -> None:
    price = {"input": 1, "output": 2} if section == "chat" else "0.1"
    for change in (price, None):
        with pytest.raises(ConfigError) as refused:
            PriceBook.load({section: {name: change}})
        assert str(refused.value).startswith(f"prices.{section}.{name}: the price book has no such")
        assert f"did you mean {near}?" in str(refused.value)


@pytest.mark.parametrize(
    "section, name, price",
    [
        pytest.param("transcript", "universal-4", "0.1", id="another version"),
        pytest.param("chat", "gpt-5-mini-high", {"input": 1, "output": 2}, id="another variant"),
        pytest.param("chat", "gpt-5.6", {"input": 1, "output": 2}, id="another digit"),
        pytest.param("transcript", "house", "0.1", id="another name"),
        pytest.param(
            "chat", "gpt-5-mimi", {"input": 1, "output": 2, "source": "contract"}, id="with source"
        ),
        pytest.param(
            "transcript",
            "universal-3-5-prooo",
            {"prices": [{"usd": 1, "since": "2026-01-01", "source": "contract"}]},
            id="with a dated source",
        ),
    ],
)
def test_a_new_name_may_have_a_price(section: str, name: str, price: Any) -> None:
    overrides = {section: {name: price}}
    used = Usage(section, name, audio_ms=1000, input_tokens=1, output_tokens=1)
    assert PriceBook.load(overrides).price(used, AT).nano > 0
    assert list(new_names(overrides)) == [(section, name)]


@pytest.mark.parametrize(
    "section, name",
    [
        ("transcript", "Universal 2"),
        ("transcript", "best"),
        ("chat", "claude-sonnet-4-5"),
        ("chat", "Claude-Sonnet-4-5-20250929"),
        ("sync", "*"),
        ("dictation", "*"),
        ("transcript_addon", "word_boost"),
    ],
)
def test_a_name_of_the_shipped_book_is_not_new(section: str, name: str) -> None:
    assert list(new_names({section: {name: None}})) == []
