"""The configuration as frozen data. Names carry the units: `_s` is seconds.

To add a setting, add one field with its check: its name is the name in YAML.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ..billing.price_book import PriceBook
from ..routes import DEFAULT_BASES, Door, Region, Route, Zone, doors_below, route_for
from ..secret import Secret
from ..transport import Proxy, SocketTransport, Timeouts
from .checks import (
    base_url,
    ca_file,
    choice,
    choices,
    dotted_paths,
    integer,
    long_key,
    number,
    passed_headers,
    proxy,
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
LLM_ROUTES: Mapping[Zone, str] = {
    "us": "/llm-gateway.assemblyai",
    "eu": "/eu.llm-gateway.assemblyai",
}


@dataclass(frozen=True, slots=True)
class Upstream:
    """A prefix's upstream: *base_url* without a trailing slash, and the account's key there."""

    base_url: str
    api_key: Secret
    region: Region


@dataclass(frozen=True, slots=True)
class ModelEntry:
    """One entry of `model_list`.

    Attributes:
        model_name: Name in requests; `*` stands for any text.
        model: `assemblyai/MODEL` or `eu.assemblyai/MODEL`; `*` is the text that matched in
            model_name.
        api_key: The account's key for this model; None for the key of the LLM Gateway route.
        api_base: A base URL that includes `/v1`; None for the URL of the LLM Gateway route.
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
    """Settlement of open calls. `settlement: off`, or a mapping of these.

    Attributes:
        enabled: Workers settle calls in the background; `off` leaves this to the command line.
        first_poll_s: Seconds from a submit to the first poll; later polls wait longer.
        max_poll_s: Most seconds between two polls.
        retention_days: Days for which AssemblyAI keeps a transcript.
        late_after_s: Age of an open call after which settlement is late: the log says so once an
            hour, and `check`. The default is longer than any session (three hours) and any request.
    """

    enabled: bool = setting(True, switch)
    first_poll_s: float = setting(3.0, number(unit="seconds"))
    max_poll_s: float = setting(300.0, number(unit="seconds"))
    retention_days: int = setting(90, integer(unit="days"))
    late_after_s: float = setting(14_400.0, number(unit="seconds"))


@dataclass(frozen=True, slots=True)
class Retention:
    """How long calls are kept. `general_settings.retention`, a mapping of these.

    Attributes:
        calls_days: Days after which settlement deletes calls that are settled or failed, as
            `assemblyai-mw ledger prune` does; None keeps them.
    """

    calls_days: int | None = setting(None, integer(most=36_500, unit="days"))


@dataclass(frozen=True, slots=True)
class BudgetSettings:
    """Holds for calls whose cost is not known yet. `budgets:` in YAML.

    Attributes:
        assumed_audio_s: Seconds of audio held for a transcript, and for a call that reads one,
            until its length is known.
        assumed_channels: Channels held for a transcript with `multichannel` or
            `dual_channel`, each of which is billed.
        hold_expires_s: Seconds after which an unreleased hold expires. The least is
            `timeouts.total_s` and a minute, since a call may last that long. That is 7,260 by
            default. The hold of a call with a ledger entry lasts while the entry is `pending`.
        on_soft_budget: Dotted paths of functions called with each warning.
    """

    assumed_audio_s: float = setting(3600.0, number(unit="seconds"))
    assumed_channels: int = setting(2, integer(most=256, unit="channels"))
    hold_expires_s: float = setting(3600.0, number(unit="seconds"))
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
    """Webhook for calls and budget warnings. `webhook:` in YAML.

    Attributes:
        url: https, or http to this machine; None for no webhook.
        secret: Secret that signs each post; 16 characters or more, or `whsec_` and base64.
        events: `call`, `soft_budget`, or both.
        timeout_s: Seconds for connecting and for each wait on an answer.
        max_tries: Attempts to post an event before it is dropped.
        queue_size: Events that may wait in one worker; more are dropped.
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
        enabled: Make each call a span; needs opentelemetry-api.
        propagate: Send AssemblyAI this span's `traceparent` and the caller's `baggage`.
    """

    enabled: bool = setting(True, switch)
    propagate: bool = setting(False, switch)


@dataclass(frozen=True, slots=True)
class StreamingSettings:
    """Streaming sessions, relayed between client and AssemblyAI. `streaming:` in YAML.

    Attributes:
        relay: Carry WebSocket sessions, and meter them; `off` leaves clients to go direct with
            a token of AssemblyAI's.
        tokens: `own`: temporary tokens are for sessions through this app, and metered with their
            key. `upstream`: they are AssemblyAI's, and clients go direct, not metered. None: `own`
            where the server can carry sessions, else `upstream`.
        max_sessions_per_worker: Sessions open at once in a worker process. Each takes three
            descriptors.
        idle_s: Seconds without a byte from either side after which a session is ended.
        terminate_s: Seconds for AssemblyAI to end a session that was told to. At most `drain_s`.
        drain_s: Seconds for all sessions of a worker to end when it stops. With Gunicorn,
            together with `terminate_s` below its `graceful_timeout` and `timeout`.
        checkpoint_s: Seconds between two checkpoints of open sessions in the ledger. A session
            whose checkpoint is older than 60 seconds counts as lost with its worker.
        hold_slice_s: Seconds of a session that are held in its key's budgets ahead of use.
    """

    relay: bool = setting(True, switch)
    tokens: Literal["own", "upstream"] | None = setting(None, choice("own", "upstream"))
    max_sessions_per_worker: int = setting(1000, integer(most=100_000, unit="sessions"))
    idle_s: float = setting(300.0, number(most=10_800, unit="seconds"))
    terminate_s: float = setting(5.0, number(most=60, unit="seconds"))
    drain_s: float = setting(20.0, number(most=600, unit="seconds"))
    # Twice in the minute after which settlement takes a session for lost.
    checkpoint_s: int = setting(15, integer(most=30, unit="seconds"))
    hold_slice_s: int = setting(60, integer(least=10, most=3600, unit="seconds"))


@dataclass(frozen=True, slots=True)
class UpstreamSettings:
    """The way to AssemblyAI, for callers' requests, settlement and commands. `upstream:` in YAML.

    Attributes:
        ca_file: PEM file of the certificate authorities to trust, instead of certifi's; relative
            paths start beside the configuration file. `system` trusts the operating system's, by
            the package truststore.
        proxy: HTTP proxy for https upstreams, `http://host:port` or
            `http://user:password@host:port`; plain http, to this machine, goes direct.
        headers: Names of a caller's header fields to send to AssemblyAI, besides the standard ones.
            Credentials and fields of one connection are refused.
    """

    ca_file: str | None = setting(None, ca_file)
    proxy: Proxy | None = setting(None, proxy)
    headers: tuple[str, ...] = setting((), passed_headers)


@dataclass(frozen=True, slots=True)
class GuardrailEntry:
    """One entry of `guardrails`, in LiteLLM's shape.

    Attributes:
        name: `guardrail_name`; the name in the error of a blocked call.
        guard: `litellm_params.guardrail`, a dotted path to a guard or its factory.
        mode: When the guard runs: `pre_call`, `post_call`, or both; `logging_only` alone.
        on_error: `closed` blocks a call whose guard failed; `open` lets it through.
        timeout_s: Seconds after which the guard has failed; None for no limit.
        options: Keyword arguments for the guard or its factory.
    """

    name: str
    guard: str
    mode: tuple[str, ...] = ("pre_call", "post_call")
    on_error: Literal["open", "closed"] = "closed"
    timeout_s: float | None = None
    options: Mapping[str, Any] = dataclasses.field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class DatabaseSettings:
    """The part of `general_settings` for ledger commands; see `Config`."""

    url: str = dataclasses.field(repr=False)
    auto_migrate: bool = True
    pool: int = DEFAULT_DATABASE_POOL
    prepare: bool = False


@dataclass(frozen=True, slots=True)
class PriceSettings:
    """The settings for price commands; see `Config`.

    Attributes:
        file: `Config.prices_file`.
        refreshed: `Config.refreshed_prices`.
        own: `Config.prices`.
        gateways: By region, the base URL of the LLM Gateway that a route leads to.
        timeouts: `Config.timeouts`.
        upstream: `Config.upstream`.
    """

    file: str
    refreshed: Mapping[str, Any]
    own: Mapping[str, Any]
    gateways: Mapping[Region, str]
    timeouts: Timeouts
    upstream: UpstreamSettings


@dataclass(frozen=True, slots=True)
class Config:
    """All settings of the stack and the command line.

    Attributes:
        source: The file's name, `config` for a mapping, `environment` for neither.
        upstreams: By prefix, defaults and `routes:` together.
        openai_bases: Paths below which OpenAI's clients find `chat/completions` and the other
            doors; `""` is the root. Empty for none.
        reply_cost: Tell callers what a chat cost, in dollars: in `usage.cost` of OpenAI replies,
            and in the header `x-assemblyai-mw-cost-usd` of whole replies.
        idempotency_content: Keep the answers of whole chats, `audio/transcriptions` and the
            synchronous API for 24 hours if their requests have an `Idempotency-Key`: the database
            then holds content. Submits of transcripts have theirs kept always.
        doors: The doors that are mounted, by prefix. They have no URL of their own: each leads
            where the native routes of its service do.
        models: `model_list`, in its order.
        master_key: Key that may see and do everything; None for none.
        database_url: URL in SQLAlchemy's form. May hold a password.
        auto_migrate: The first use migrates a ledger of an earlier release; off leaves that to
            `assemblyai-mw migrate`.
        database_pool: Most connections to PostgreSQL of a worker process; calls wait for a free
            one.
        database_prepare: Keep prepared statements in each PostgreSQL session; off works with every
            pooler.
        redis_url: Redis that shares rate limits across hosts; None for a count per host.
        prices: Overrides of the shipped and the refreshed prices, as written.
        prices_file: File of the LLM Gateway's price list, written by `assemblyai-mw prices refresh`
            and read at each start; default `assemblyai_mw_prices.toml` beside the configuration
            file. Relative paths start there too.
        refreshed_prices: The content of that file, as tables; empty without a file.
        callbacks: Dotted paths of functions called after each call.
        self_service_path: Path where the holder of a key reads its spend; None for none.
        metrics_path: Path for Prometheus; None for none.
        metrics_token: Token that Prometheus sends; None for the master key.
        usage_path: Path of the usage page; None for none.
        request_id_header: Reply header with the id of the call; None for none.
        log_file: File for one line a call, in addition to Python's logging; None for none.
        default_max_tokens: `max_tokens` of chats on OpenAI's routes that set none, for which a
            budget's hold is taken too; None for the gateway's default, 1,000, which cuts agents
            short.
        retention: How long calls are kept; for ever by default.
        cors_origins: Origins whose pages may call from a browser, such as `https://app.example`;
            `*` alone for all. Empty: only pages of this app's own origin may.
        budget_alerts: Shares of a budget, in per cent, whose spending gives a warning, once a
            window and threshold, for keys, teams, tags and end users without a `--soft-budget` of
            their own; an empty list for never.
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
    openai_bases: tuple[str, ...] = DEFAULT_BASES
    reply_cost: bool = False
    idempotency_content: bool = False
    doors: Mapping[str, Door] = dataclasses.field(default_factory=doors_below)
    self_service_path: str | None = "/assemblyai-mw/key/me"
    metrics_path: str | None = None
    metrics_token: Secret | None = None
    usage_path: str | None = None
    request_id_header: str | None = None
    log_file: str | None = None
    default_max_tokens: int | None = None
    cors_origins: tuple[str, ...] = ()
    retention: Retention = Retention()
    budget_alerts: tuple[float, ...] = (80.0,)
    webhook: WebhookSettings = WebhookSettings()
    tracing: TracingSettings = TracingSettings(enabled=False)
    upstream: UpstreamSettings = UpstreamSettings()
    streaming: StreamingSettings = StreamingSettings()

    def price_book(self) -> PriceBook:
        """Return the whole book: shipped, refreshed and `prices:`; later layers win."""
        return PriceBook.load(self.prices, refreshed=self.refreshed_prices)

    @property
    def least_alert(self) -> float | None:
        """The least share of a budget whose spending gives a warning; None for none."""
        return min(self.budget_alerts) / 100 if self.budget_alerts else None

    @property
    def database(self) -> DatabaseSettings:
        """The settings of the ledger's database."""
        return DatabaseSettings(
            self.database_url, self.auto_migrate, self.database_pool, self.database_prepare
        )

    @property
    def routes(self) -> dict[str, Route]:
        """The native routes by prefix; each upstream's host sets service and region."""
        return {at: route_for(at, upstream.base_url) for at, upstream in self.upstreams.items()}


def transport_of(settings: UpstreamSettings) -> SocketTransport:
    """Return the transport to AssemblyAI that *settings* describe."""
    return SocketTransport(ca_file=settings.ca_file, proxy=settings.proxy)
