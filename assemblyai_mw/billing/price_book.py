"""Usage x price book -> money, exactly. Pure: the same usage costs the same on any day.

Money is a whole number of nano-dollars (1 USD = 1,000,000,000). Every line of a price
is computed as a fraction and rounded once, half up, to a nano-dollar; the price is the
sum of its lines, so a breakdown always adds up. Prices and the rules they follow, each
with its source, are in prices.toml.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any

from .audio_length import AudioFacts
from .chat import most_tokens
from .compiled_book import (
    CHARACTERS,
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
from .money import Item, Price, Unpriced, format_usd
from .operations import BY_KIND, UNDERSTANDING
from .price_lines import characters_line, hours, seconds, tokens_line
from .sessions import LLM_GATEWAY, used_features
from .usage import UNCLEAR, Usage, name_of

__all__ = ["Item", "Price", "PriceBook", "Unpriced", "format_usd"]

# Every documented task and domain costs something: one that is not in the book is not free.
_BILLABLE = ("speech_understanding.", "domain.")
# Their requests need not name a model: an operator's price is one for all of them.
_MODEL_LEFT_OUT = frozenset({"agent", "dictation", "sync", "tts"})


class NoSuchModel(Unpriced):
    """The book has no price for this model; it may have one for another."""


class PriceBook:
    """Dated prices, and what usage costs by them. Safe to share between threads."""

    __slots__ = ("_book", "_spelled")

    def __init__(self, book: Book) -> None:
        self._book = book
        self._spelled: dict[tuple[str, str], str] = {}

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
        known = self._spelled.get((kind, model))
        if known is not None:
            return known
        sections = sorted(self._book.names, key=lambda section: section != kind)
        names = (self._book.canonical_model(section, model) for section in sections)
        found = next((name for name in names if name is not None), None)
        if found == model:
            # One that is spelled as the book spells it: callers cannot make up more of these.
            self._spelled[kind, model] = found
        return found

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
        if SECTIONS[section] == CHARACTERS:
            return self._characters(usage, at)
        if row.websocket:
            if usage.session_ms is None:
                raise Unpriced("the length of the session is not known")
            return self._speech(usage, usage.session_ms, addons, at)
        if row is UNDERSTANDING:
            if usage.audio_ms is None:
                raise Unpriced("the length of the transcript that was read is not known")
            items = list(self._addons(usage, usage.audio_ms, 1, section, None, at))
            return Price(sum(item.amount_nano for item in items), tuple(items))
        return self._speech(usage, usage.audio_ms, addons, at)

    def session_rate(
        self, asked: Mapping[str, Any], region: str, at: dt.datetime, *, kind: str = "session"
    ) -> int:
        """Return what an open session costs an hour: nano-dollars, rounded up to a whole one.

        That is its model and every add-on in force. `sessions.cost_of` and `seconds_for` go
        from it to amounts and times.

        Args:
            asked: Its billing facts, those of its updates united with them.
            region: The region of the host.
            at: When it began, an aware datetime.
            kind: Kind of billable work.

        Raises:
            Unpriced: It names no model, or the book has no price for its model or an add-on, or
                the facts are `unclear`.
        """
        at = _utc(at)
        if asked.get(UNCLEAR):
            raise Unpriced(str(asked[UNCLEAR]))
        section, *addons = BY_KIND[kind].prices
        models = asked.get("models") or ()
        if not models and kind == "session":
            raise Unpriced("the session names no speech_model, so its price is not known")
        rates = []
        for model in models or (None,):
            usage = Usage(kind, model, region, features=used_features(asked))
            entry, prices = self._found(section, model, at)
            lines = [prices.rates["usd"]]
            for each in addons:
                lines += [r for _, _, r in self._addon_rates(usage, each, entry, at) if r]
            rates.append(math.ceil(sum(Fraction(rate.num, rate.den) for rate in lines)))
        return max(rates)

    def with_model(self, asked: Mapping[str, Any], told: Any, at: dt.datetime) -> dict[str, Any]:
        """Return a session's facts with the model that `Begin.configuration.model` *told*.

        It stands for the requested one where the book has a price for it at *at*; a name without
        a price, or what is no name, changes nothing.
        """
        model = name_of(told)
        entry = self._book.entry("session", model, _utc(at)) if model else None
        known = entry is not None and entry.at(at) is not None
        return {**asked, "models": [model]} if known else dict(asked)

    def _speech(self, usage: Usage, ms: int | None, addons: str | None, at: dt.datetime) -> Price:
        if ms is None:
            raise Unpriced("the length of the audio is not known")
        entry, prices = self._found(usage.kind, usage.model, at)
        rate = prices.rates["usd"]
        channels = usage.channels
        label = entry.name if entry.name != "*" else f"{usage.kind} {usage.model or ''}".rstrip()
        items = [hours(label, entry.suffix, rate, ms, channels)]
        if addons and usage.features:
            items += self._addons(usage, ms, channels, addons, entry, at)
        return Price(sum(item.amount_nano for item in items), tuple(items))

    def _characters(self, usage: Usage, at: dt.datetime) -> Price:
        if usage.characters is None:
            raise Unpriced("the number of characters is not known")
        try:
            entry, prices = self._found(usage.kind, usage.model, at)
        except NoSuchModel:
            if usage.characters:
                raise
            # Whatever one costs.
            return Price(0, ())
        label = entry.name if entry.name != "*" else f"{usage.kind} {usage.model or ''}".rstrip()
        item = characters_line(label + entry.suffix, usage.characters, prices.rates["usd"])
        return Price(item.amount_nano, (item,))

    def _found(
        self, section: str, model: str | None, at: dt.datetime, noun: str = "model"
    ) -> tuple[Entry, Prices]:
        entry = self._book.entry(section, model, at)
        if entry is None:
            raise NoSuchModel(
                f"no price for {noun} {model!r}" if model else f"no {noun} is named ({section})",
                section,
                model or ("*" if section in _MODEL_LEFT_OUT else None),
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
        usage: Usage,
        ms: int,
        channels: int,
        section: str,
        model: Entry | None,
        at: dt.datetime,
    ) -> Iterator[Item]:
        if not self._book.addons_per_channel:
            channels = 1
        for name, suffix, rate in self._addon_rates(usage, section, model, at):
            if rate is None:
                yield Item(f"unlisted: {name}", seconds(ms), "second", "0/hour", 0)
            else:
                yield hours(name, suffix, rate, ms, channels)

    def _addon_rates(
        self, usage: Usage, section: str, model: Entry | None, at: dt.datetime
    ) -> Iterator[tuple[str, str, Rate | None]]:
        """Yield the add-ons that count: name, suffix and rate, None for unlisted ones."""
        book = self._book
        free = book.free.get(section.removesuffix("_addon"), frozenset())
        table = book.items[section]
        for name in sorted(usage.features):
            entry = table.get(canonical(name))
            if entry is None:
                if name in free:
                    continue
                if name.startswith(_BILLABLE):
                    raise Unpriced(f"no price for add-on {name!r}", section, name)
                if usage.kind == "session" and name == LLM_GATEWAY:
                    reason = f"the session runs an LLM ({name}), and its tokens are not seen"
                    raise Unpriced(reason, section, name)
                yield name, "", None
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
            yield name, entry.suffix, prices.rates["usd"]

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
            items.append(tokens_line(f"{name} {what}{suffix}", tokens, rate, percent))
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
        - A synthesis speaks no more characters than its request has bytes, by the dearest of all
          models where it names none.

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
            tokens, output = most_tokens(asked, assumed_audio_s=assumed_audio_s)
            return self._dearest_chat(
                models,
                at,
                tokens,
                region=region,
                output_tokens=output,
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
        if kind == "tts":
            if not models:
                models = list(self._priced(kind, at))
                if not models or "*" in self._book.items[kind]:
                    models.append(None)
            # Nothing would cost nothing, without any price.
            characters = max(1, int(asked.get("body_bytes") or 0))
            return self._dearest(kind, models, at, characters=characters)
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
