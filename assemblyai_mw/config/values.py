"""What the configuration says, as frozen data. Units stand in the names: `_s` is seconds.

To add a setting, add one field with its check: its name is the name in YAML.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ..billing.price_book import PriceBook
from ..routes import Region, Route, Zone, route_for
from ..secret import Secret
from ..transport import Timeouts
from .checks import (
    base_url,
    choice,
    choices,
    dotted_paths,
    integer,
    long_key,
    number,
    passed_headers,
    setting,
    switch,
)

DEFAULT_DATABASE_URL = "sqlite:///assemblyai_mw.db"
DEFAULT_PRICES_FILE = "assemblyai_mw_prices.toml"
# A transaction takes milliseconds of a call that takes seconds: eight connections serve the
# 16 threads of a worker, and twelve such workers fit PostgreSQL's default max_connections of 100.
DEFAULT_DATABASE_POOL = 8
DEFAULT_ROUTES: Mapping[str, str] = {
    "/assemblyai": "https://api.assemblyai.com",
    "/eu.assemblyai": "https://api.eu.assemblyai.com",
    "/llm-gateway.assemblyai": "https://llm-gateway.assemblyai.com",
    "/eu.llm-gateway.assemblyai": "https://llm-gateway.eu.assemblyai.com",
    "/streaming.assemblyai": "https://streaming.assemblyai.com",
    "/us.streaming.assemblyai": "https://streaming.us.assemblyai.com",
    "/eu.streaming.assemblyai": "https://streaming.eu.assemblyai.com",
    "/sync.assemblyai": "https://sync.assemblyai.com",
    "/us.sync.assemblyai": "https://sync.us.assemblyai.com",
    "/eu.sync.assemblyai": "https://sync.eu.assemblyai.com",
    "/dictation.assemblyai": "https://dictation.assemblyai.com",
    "/us.dictation.assemblyai": "https://dictation.us.assemblyai.com",
    "/eu.dictation.assemblyai": "https://dictation.eu.assemblyai.com",
    "/us.tts.assemblyai": "https://tts.us.assemblyai.com",
    "/eu.tts.assemblyai": "https://tts.eu.assemblyai.com",
    "/agents.assemblyai": "https://agents.assemblyai.com",
}
# The translator's routes lead where the LLM Gateway's do, so they have no URL of their own.
OPENAI_ROUTES = ("/v1/chat/completions", "/v1/models")
LLM_ROUTES: Mapping[Zone, str] = {
    "us": "/llm-gateway.assemblyai",
    "eu": "/eu.llm-gateway.assemblyai",
}


@dataclass(frozen=True, slots=True)
class Upstream:
    """Where a prefix leads: *base_url* without a slash at its end, and the account's key there."""

    base_url: str
    api_key: Secret
    region: Region


@dataclass(frozen=True, slots=True)
class ModelEntry:
    """One entry of `model_list`.

    Attributes:
        model_name: What callers ask for; `*` stands for any text.
        model: `assemblyai/MODEL` or `eu.assemblyai/MODEL`; `*` is what model_name's stood for.
        api_key: The account's key for this model; None for the LLM Gateway route's.
        api_base: A base URL that includes `/v1`; None for the LLM Gateway route's.
    """

    model_name: str
    model: str
    api_key: Secret | None = None
    api_base: str | None = None

    @property
    def region(self) -> Zone:
        """`eu` for `eu.assemblyai/...`."""
        return "eu" if self.model.startswith("eu.") else "us"


@dataclass(frozen=True, slots=True)
class Limits:
    """Sizes of bodies. `limits:` in YAML.

    Attributes:
        max_json_bytes: Largest JSON body that is read, in bytes.
        max_upload_bytes: Largest upload of any key, in bytes; None for no limit.
    """

    max_json_bytes: int = setting(16 << 20, integer(unit="bytes"))
    max_upload_bytes: int | None = setting(None, integer(unit="bytes"))


@dataclass(frozen=True, slots=True)
class Settlement:
    """Finishing what clients left open. `settlement: off`, or a mapping of these.

    Attributes:
        enabled: Workers settle in the background; `off` leaves it to the command line.
        first_poll_s: Seconds from a submit to the first look; later ones take longer.
        max_poll_s: Seconds between two looks at most.
        retention_days: Days after which AssemblyAI has forgotten a transcript.
    """

    enabled: bool = setting(True, switch)
    first_poll_s: float = setting(3.0, number(unit="seconds"))
    max_poll_s: float = setting(300.0, number(unit="seconds"))
    retention_days: int = setting(90, integer(unit="days"))


@dataclass(frozen=True, slots=True)
class BudgetSettings:
    """How much is held for a call whose cost is not known yet. `budgets:` in YAML.

    Attributes:
        assumed_audio_s: Seconds of audio held for a transcript, and for a call that reads one,
            until its length is known.
        assumed_channels: Channels held for a transcript with `multichannel` or
            `dual_channel`, each of which is billed.
        hold_expires_s: Seconds after which a hold that nobody released is void: at least
            `timeouts.total_s` and a minute, whatever is set here, for a call may last so
            long. That is 7,260 by default. A call that has a ledger entry is held for as
            long as that is `pending`.
        soft_ratio: Part of a budget that, once spent, warns once per window; 1 for never.
        on_soft_budget: Dotted paths of what is called with each such warning.
    """

    assumed_audio_s: float = setting(3600.0, number(unit="seconds"))
    assumed_channels: int = setting(2, integer(most=256, unit="channels"))
    hold_expires_s: float = setting(3600.0, number(unit="seconds"))
    soft_ratio: float = setting(0.8, number(most=1.0, unit="a part of the budget"))
    on_soft_budget: tuple[str, ...] = setting((), dotted_paths)


@dataclass(frozen=True, slots=True)
class RateLimitSettings:
    """Requests a minute. `rate_limit:` in YAML.

    Attributes:
        when_redis_is_gone: `open` lets calls through (budgets still hold), `closed`
            answers 503.
    """

    when_redis_is_gone: Literal["open", "closed"] = setting("open", choice("open", "closed"))


@dataclass(frozen=True, slots=True)
class WebhookSettings:
    """Where calls and budget warnings are posted to. `webhook:` in YAML.

    Attributes:
        url: https, or http to this machine; None for nowhere.
        secret: Signs each post; 16 characters or more, or `whsec_` and base64.
        events: `call`, `soft_budget`, or both.
        timeout_s: Seconds for connecting and for each wait on an answer.
        max_tries: Posts of one event before it is dropped.
        queue_size: Events that wait in one worker before new ones are dropped.
    """

    url: str | None = setting(None, base_url, show=False)
    secret: Secret | None = setting(None, long_key)
    events: tuple[str, ...] = setting(("call", "soft_budget"), choices("call", "soft_budget"))
    timeout_s: float = setting(10.0, number(unit="seconds"))
    max_tries: int = setting(6, integer(unit="tries"))
    queue_size: int = setting(1000, integer(unit="events"))


@dataclass(frozen=True, slots=True)
class TracingSettings:
    """OpenTelemetry spans. `tracing: on`, or a mapping of these.

    Attributes:
        enabled: Each call is a span; needs opentelemetry-api.
        propagate: AssemblyAI gets this span's `traceparent`, and the caller's `baggage`.
    """

    enabled: bool = setting(True, switch)
    propagate: bool = setting(False, switch)


@dataclass(frozen=True, slots=True)
class UpstreamSettings:
    """The way to AssemblyAI. `upstream:` in YAML.

    Attributes:
        headers: Names of a caller's header fields that go to AssemblyAI beside those that
            always do. Credentials and fields of one connection are refused.
    """

    headers: tuple[str, ...] = setting((), passed_headers)


@dataclass(frozen=True, slots=True)
class GuardrailEntry:
    """One entry of `guardrails`, in LiteLLM's shape.

    Attributes:
        name: `guardrail_name`; stands in the error of a blocked call.
        guard: `litellm_params.guardrail`, a dotted path to a guard or what makes one.
        mode: When it is asked: `pre_call`, `post_call`, or both; `logging_only` alone.
        on_error: `closed` blocks a call whose guard failed, `open` lets it through.
        timeout_s: Seconds after which it has failed; None waits for it.
        options: Keyword arguments for what makes the guard.
    """

    name: str
    guard: str
    mode: tuple[str, ...] = ("pre_call", "post_call")
    on_error: Literal["open", "closed"] = "closed"
    timeout_s: float | None = None
    options: Mapping[str, Any] = dataclasses.field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class DatabaseSettings:
    """What commands on the ledger need of `general_settings`; see `Config`."""

    url: str = dataclasses.field(repr=False)
    auto_migrate: bool = True
    pool: int = DEFAULT_DATABASE_POOL
    prepare: bool = False


@dataclass(frozen=True, slots=True)
class PriceSettings:
    """What commands on prices need; see `Config`.

    Attributes:
        file: `Config.prices_file`.
        refreshed: `Config.refreshed_prices`.
        own: `Config.prices`.
        gateways: By region, the base URL of the LLM Gateway that a route leads to.
        timeouts: `Config.timeouts`.
    """

    file: str
    refreshed: Mapping[str, Any]
    own: Mapping[str, Any]
    gateways: Mapping[Region, str]
    timeouts: Timeouts


@dataclass(frozen=True, slots=True)
class Config:
    """Everything that the stack and the command line are built from.

    Attributes:
        source: The file's name, `config` for a mapping, `environment` for neither.
        upstreams: By prefix, defaults and `routes:` together.
        openai_routes: The translator's prefixes that are mounted.
        models: `model_list`, in its order.
        master_key: Sees and may do everything; None for no such key.
        database_url: Of SQLAlchemy's form. May hold a password.
        auto_migrate: The first use brings a ledger of an earlier release to the schema of this
            one; off leaves that to `assemblyai-mw migrate`.
        database_pool: The most connections to PostgreSQL that a worker process has at once;
            who finds none free waits.
        database_prepare: PostgreSQL keeps prepared statements in each session; off suits every
            pooler.
        redis_url: Shares rate limits across hosts; None for each host its own.
        prices: Over the shipped price book and the refreshed prices, as written.
        prices_file: Where `assemblyai-mw prices refresh` keeps the LLM Gateway's price list, read
            at each start; default `assemblyai_mw_prices.toml` beside the configuration file.
            A relative path begins there too.
        refreshed_prices: What that file holds, as tables; empty where there is none.
        callbacks: Dotted paths of what is called after each call.
        self_service_path: Where a key's holder reads what it has spent; None for nowhere.
        metrics_path: Where Prometheus scrapes; None for nowhere.
        metrics_token: What it shows there; None for the master key.
        request_id_header: A header that tells clients their call's id; None for none.
        log_file: A file that each call's line is appended to, beside Python's logging; None
            for none.
    """

    source: str
    upstreams: Mapping[str, Upstream]
    models: tuple[ModelEntry, ...]
    master_key: Secret | None = None
    database_url: str = dataclasses.field(default=DEFAULT_DATABASE_URL, repr=False)
    auto_migrate: bool = True
    database_pool: int = DEFAULT_DATABASE_POOL
    database_prepare: bool = False
    redis_url: str | None = dataclasses.field(default=None, repr=False)
    prices: Mapping[str, Any] = dataclasses.field(default_factory=dict, repr=False)
    prices_file: str = DEFAULT_PRICES_FILE
    refreshed_prices: Mapping[str, Any] = dataclasses.field(default_factory=dict, repr=False)
    timeouts: Timeouts = Timeouts()  # noqa: RUF009, it is frozen
    limits: Limits = Limits()
    settlement: Settlement = Settlement()
    budgets: BudgetSettings = BudgetSettings()
    rate_limit: RateLimitSettings = RateLimitSettings()
    guardrails: tuple[GuardrailEntry, ...] = ()
    callbacks: tuple[str, ...] = ()
    openai_routes: tuple[str, ...] = OPENAI_ROUTES
    self_service_path: str | None = "/assemblyai-mw/key/me"
    metrics_path: str | None = None
    metrics_token: Secret | None = None
    request_id_header: str | None = None
    log_file: str | None = None
    webhook: WebhookSettings = WebhookSettings()
    tracing: TracingSettings = TracingSettings(enabled=False)
    upstream: UpstreamSettings = UpstreamSettings()

    def price_book(self) -> PriceBook:
        """Return the whole book: shipped, refreshed, and `prices:`, each over the one before."""
        return PriceBook.load(self.prices, refreshed=self.refreshed_prices)

    @property
    def database(self) -> DatabaseSettings:
        """What concerns the ledger's database."""
        return DatabaseSettings(
            self.database_url, self.auto_migrate, self.database_pool, self.database_prepare
        )

    @property
    def routes(self) -> dict[str, Route]:
        """The native routes by prefix, each as its upstream's host says."""
        return {at: route_for(at, upstream.base_url) for at, upstream in self.upstreams.items()}
