"""Usage x price book -> money, exactly. Pure: the same usage costs the same on any day.

Money is a whole number of nano-dollars (1 USD = 1,000,000,000). Every line of a price
is computed as a fraction and rounded once, half up, to a nano-dollar; the price is the
sum of its lines, so a breakdown always adds up. Prices and the rules they follow, each
with its source, are in prices.toml.
"""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any

from .audio_length import AudioFacts
from .chat import DEFAULT_MAX_TOKENS
from .compiled_book import (
    HOUR,
    MILLION,
    SECTIONS,
    Book,
    Entry,
    Prices,
    Rate,
    canonical,
    decimal_text,
)
from .features import CHANNELED
from .layers import load
from .money import NANO, Item, Price, Unpriced, format_usd
from .operations import BY_KIND, UNDERSTANDING
from .usage import Usage

__all__ = ["Item", "Price", "PriceBook", "Unpriced", "format_usd"]

HOUR_MS = 3_600_000
# Every documented task and domain costs something: one that is not in the book is not free.
_BILLABLE = ("speech_understanding.", "domain.")
# Tokens of a prompt beyond its bytes: the marks around a conversation, and the text that providers
# put before tools (Anthropic documents up to about 700 tokens).
PROMPT_EXTRA_TOKENS = 1000
# Fast speech is 4 words, some 20 letters, a second; a token is a byte at least.
TRANSCRIPT_TOKENS_PER_S = 32


class NoSuchModel(Unpriced):
    """The book has no price for this model; it may have one for another."""


class PriceBook:
    """Dated prices, and what usage costs by them. Safe to share between threads."""

    __slots__ = ("_book",)

    def __init__(self, book: Book) -> None:
        self._book = book

    @classmethod
    def load(
        cls,
        overrides: Mapping[str, Any] | None = None,
        *,
        refreshed: Mapping[str, Any] | None = None,
    ) -> PriceBook:
        """Return the shipped price book with an operator's *overrides* over it.

        *refreshed*, a book in the shape of prices.toml as `config.prices_file` reads it, goes
        between the two.

        *overrides* has the shape of prices.toml; besides, a bare number is an item's
        price at any time, `discount: "10%"` lowers an item, or, at the top, every item
        that has no discount of its own (a negative one is a markup), and null takes an
        item away. See `layers.merge`.

        Raises:
            ConfigError: An override is wrong; the message names its key.
        """
        return cls(load(overrides, refreshed=refreshed))

    def canonical_model(self, kind: str, model: str) -> str | None:
        """Return how this book spells the model *model*, of *kind* or of any other.

        None if the book does not name it, though `*` may have a price for it. The number of answers
        is bounded by the book's own names.
        """
        sections = sorted(self._book.names, key=lambda section: section != kind)
        found = (self._book.canonical_model(section, model) for section in sections)
        return next((name for name in found if name is not None), None)

    def price(self, usage: Usage, at: dt.datetime) -> Price:
        """Return what *usage* costs at the prices in force at *at*, an aware datetime.

        Raises:
            Unpriced: The book has no price for the model, an add-on or the kind of work.
            ValueError: *at* has no time zone.
        """
        at = _utc(at)
        row = BY_KIND.get(usage.kind)
        if row is not None and not row.metered:
            raise Unpriced("a streaming session opened with this token is not seen here")
        if row is None or not row.prices:
            raise Unpriced(f"no price for calls of kind {usage.kind!r}")
        section, addons = row.prices[0], row.prices[-1] if len(row.prices) > 1 else None
        if SECTIONS[section] == MILLION:
            return self._chat(usage, at)
        if row.websocket:
            if usage.session_ms is None:
                raise Unpriced("the length of the session is not known")
            return self._speech(usage, usage.session_ms, addons, at)
        if row is UNDERSTANDING:
            if usage.audio_ms is None:
                raise Unpriced("the length of the transcript that was read is not known")
            items: list[Item] = []
            self._addons(items, usage, usage.audio_ms, 1, section, None, at)
            return Price(sum(item.amount_nano for item in items), tuple(items))
        return self._speech(usage, usage.audio_ms, addons, at)

    def _speech(self, usage: Usage, ms: int | None, addons: str | None, at: dt.datetime) -> Price:
        if ms is None:
            raise Unpriced("the length of the audio is not known")
        entry, prices = self._found(usage.kind, usage.model, at)
        rate = prices.rates["usd"]
        channels = usage.channels
        label = entry.name if entry.name != "*" else f"{usage.kind} {usage.model or ''}".rstrip()
        items = [_hours(label, entry.suffix, rate, ms, channels)]
        if addons and usage.features:
            self._addons(items, usage, ms, channels, addons, entry, at)
        return Price(sum(item.amount_nano for item in items), tuple(items))

    def _found(
        self, section: str, model: str | None, at: dt.datetime, noun: str = "model"
    ) -> tuple[Entry, Prices]:
        entry = self._book.entry(section, model, at)
        if entry is None:
            raise NoSuchModel(
                f"no price for {noun} {model!r}" if model else f"no {noun} is named ({section})",
                section,
                model,
            )
        prices = entry.at(at)
        if prices is None:
            raise NoSuchModel(
                f"no price for {noun} {model or section!r} before {entry.since[0]:%Y-%m-%d}",
                section,
                entry.name,
            )
        return entry, prices

    def _addons(
        self,
        items: list[Item],
        usage: Usage,
        ms: int,
        channels: int,
        section: str,
        model: Entry | None,
        at: dt.datetime,
    ) -> None:
        book = self._book
        if not book.addons_per_channel:
            channels = 1
        free = book.free.get(section.removesuffix("_addon"), frozenset())
        table = book.items[section]
        for name in sorted(usage.features):
            entry = table.get(canonical(name))
            if entry is None:
                if name in free:
                    continue
                if name.startswith(_BILLABLE):
                    raise Unpriced(f"no price for add-on {name!r}", section, name)
                items.append(Item(f"unlisted: {name}", _seconds(ms), "second", "0/hour", 0))
                continue
            prices = entry.at(at)
            if prices is None:
                raise Unpriced(
                    f"no price for add-on {name!r} before {entry.since[0]:%Y-%m-%d}", section, name
                )
            if prices.models is not None and (
                model is None or canonical(model.name) not in prices.models
            ):
                continue
            items.append(_hours(name, entry.suffix, prices.rates["usd"], ms, channels))

    def _chat(self, usage: Usage, at: dt.datetime) -> Price:
        """Return the price by the model that answered, else the dearest of those asked for."""
        try:
            return self._tokens(usage, usage.model, at)
        except NoSuchModel:
            # Providers may report their own id. It does not tell which fallback ran, and a price
            # that could be too low is not used.
            if not usage.requested_models:
                raise
            prices = [self._tokens(usage, model, at) for model in usage.requested_models]
            return replace(max(prices, key=lambda price: price.nano), estimated=True)

    def _tokens(self, usage: Usage, model: str | None, at: dt.datetime) -> Price:
        if usage.input_tokens is None or usage.output_tokens is None:
            raise Unpriced("the number of tokens is not known")
        entry, prices = self._found(usage.kind, model, at)
        name = entry.name if entry.name != "*" else model or usage.kind
        rates, percent, suffix = self._in_region(prices, usage, at)
        suffix += entry.suffix
        cached = usage.cached_tokens
        written, written_1h = usage.cache_write_tokens, usage.cache_write_1h_tokens
        plain = usage.input_tokens - cached - written - written_1h
        if plain < 0:
            # More cached than read in all: this provider counts cached tokens apart.
            plain = usage.input_tokens
        write = rates.get("cache_write")
        lines = (
            ("input", plain, rates["input"]),
            ("cached input", cached, rates.get("cached_input")),
            ("cache write", written, write),
            ("cache write 1h", written_1h, rates.get("cache_write_1h", write)),
            ("output", usage.output_tokens, rates["output"]),
        )
        items = []
        for what, tokens, rate in lines:
            if not tokens:
                continue
            if rate is None:
                if self._book.cached_without_price == "unpriced":
                    raise Unpriced(f"no {what} price for model {name!r}")
                rate, what = rates["input"], f"{what} (at the input rate)"
            items.append(_token_line(f"{name} {what}{suffix}", tokens, rate, percent))
        return Price(sum(item.amount_nano for item in items), tuple(items))

    def _in_region(
        self, prices: Prices, usage: Usage, at: dt.datetime
    ) -> tuple[dict[str, Rate], Fraction | None, str]:
        """Return the rates, the percentage that staying in the region adds, and its words."""
        if usage.kind != "chat" or (usage.model_region or "").lower() == "global":
            return prices.rates, None, ""
        if usage.region in prices.regional:
            return prices.regional[usage.region], None, f", in-region ({usage.region})"
        percent = prices.in_region
        if percent is None:
            percent = self._book.percent_in(usage.region, at)
        if not percent:
            return prices.rates, None, ""
        return prices.rates, percent, f", in-region +{decimal_text(percent)}%"

    def estimate(
        self,
        kind: str,
        asked: Mapping[str, Any],
        region: str,
        at: dt.datetime,
        *,
        assumed_audio_s: float,
        assumed_channels: int = 2,
        audio: AudioFacts | None = None,
        max_audio_s: int | None = None,
    ) -> int:
        """Return an upper bound in nano-dollars on what a call will cost.

        *asked* is what `usage.billing_facts` made of the request.

        - A transcript is taken to be *assumed_audio_s* seconds long, and, where each
          channel is billed, of *assumed_channels* channels, on the dearest of the models
          it names (of all models, where it names none). *audio* is what is known of its
          file: a length that was counted stands for the assumed one; what a header
          merely tells, and the channels, only raise.
        - A chat completion writes `max_tokens` (1,000 by default) for each choice and
          reads at most a token a byte: byte-level tokenizers never make more. Framing
          and tool preambles get 1,000 tokens besides, a transcript that the gateway
          puts into the prompt 32 tokens for each assumed second. Of fallbacks, the
          dearest model counts.
        - A clip of the sync and dictation APIs lasts *max_audio_s* seconds, which its
          operation says; a token opens a session of the length it allows, on the dearest
          model with every add-on.

        Raises:
            Unpriced: The book has no price for something that the call asks for.
        """
        at = _utc(at)
        ms = max(1, round(assumed_audio_s * 1000))
        features = frozenset(asked.get("features") or ())
        models: list[str | None] = list(asked.get("models") or ())
        if kind == "transcript":
            audio = audio or AudioFacts()
            channels = max(assumed_channels, audio.channels or 1) if features & CHANNELED else 1
            return self._dearest(
                kind,
                models or list(self._priced(kind, at)),
                at,
                region=region,
                audio_ms=audio.longest_ms(ms),
                channels=channels,
                features=features,
            )
        if kind == "chat":
            tokens = int(asked.get("prompt_bytes") or 0) + PROMPT_EXTRA_TOKENS
            if asked.get("transcript_id"):
                tokens += ms * TRANSCRIPT_TOKENS_PER_S // 1000
            output = int(asked.get("max_tokens") or DEFAULT_MAX_TOKENS)
            return self._dearest_chat(
                models,
                at,
                tokens,
                region=region,
                output_tokens=output * int(asked.get("choices") or 1),
                model_region=asked.get("model_region"),
            )
        if kind == "understanding":
            ms = int(asked.get("audio_ms") or ms)
            usage = Usage(kind, region=region, audio_ms=ms, features=features)
            return self.price(usage, at).nano
        if kind in ("sync", "dictation"):
            # The first row of its kind takes the longest audio.
            clip_s = max_audio_s or BY_KIND[kind].max_audio_s or 0
            return self._dearest(kind, models or [None], at, audio_ms=clip_s * 1000)
        if kind == "token":
            session_ms = int(asked.get("max_session_s") or 10_800) * 1000
            return self._dearest(
                "session",
                list(self._priced("session", at)),
                at,
                session_ms=session_ms,
                features=frozenset(self._priced("session_addon", at)),
            )
        raise Unpriced(f"no price for calls of kind {kind!r}")

    def _dearest(self, kind: str, models: list[str | None], at: dt.datetime, **used: Any) -> int:
        """Return the largest price among *models*; Unpriced where one has none."""
        if not models:
            raise Unpriced(f"no model is named ({kind})")
        return max(self.price(Usage(kind, model, **used), at).nano for model in models)

    def _dearest_chat(
        self, models: list[str | None], at: dt.datetime, tokens: int, **used: Any
    ) -> int:
        """Return the same for chat, whether the prompt is read plainly or into a cache."""
        used["input_tokens"] = tokens
        bound = self._dearest("chat", models, at, **used)
        for model in models:
            _, prices = self._found("chat", model, at)
            rates, _, _ = self._in_region(prices, Usage("chat", model, **used), at)
            for name in {"cache_write", "cache_write_1h"} & rates.keys():
                cached: dict[str, Any] = {f"{name}_tokens": tokens}
                written = Usage("chat", model, **used, **cached)
                bound = max(bound, self.price(written, at).nano)
        return bound

    def _priced(self, section: str, at: dt.datetime) -> list[str]:
        items = self._book.items[section].values()
        return [entry.name for entry in items if entry.name != "*" and entry.at(at) is not None]


def _utc(at: dt.datetime) -> dt.datetime:
    if at.tzinfo is None:
        raise ValueError("a price needs an aware datetime")
    return at


def _seconds(ms: int) -> str:
    whole, part = divmod(ms, 1000)
    return f"{whole}.{part:03d}".rstrip("0") if part else str(whole)


def _hours(name: str, suffix: str, rate: Rate, ms: int, channels: int) -> Item:
    if channels != 1:
        suffix = f" x {channels} channels{suffix}"
        ms *= channels
    den = rate.den * HOUR_MS
    amount = (2 * rate.num * ms + den) // (2 * den)
    return Item(name + suffix, _seconds(ms), "second", f"{rate.usd}/{HOUR}", amount)


def _token_line(name: str, tokens: int, rate: Rate, percent: Fraction | None) -> Item:
    if percent is not None:
        rate = _raised(rate, percent)
    den = rate.den * 1_000_000
    amount = (2 * rate.num * tokens + den) // (2 * den)
    return Item(name, str(tokens), "token", f"{rate.usd}/{MILLION}", amount)


@functools.lru_cache(1024)
def _raised(rate: Rate, percent: Fraction) -> Rate:
    """Return *rate* with *percent* on top, exactly."""
    nano = Fraction(rate.num, rate.den) * (1 + percent / 100)
    return Rate(nano.numerator, nano.denominator, decimal_text(nano / NANO))
