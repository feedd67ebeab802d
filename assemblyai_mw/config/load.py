"""Reading the configuration: a YAML file, a mapping or the environment."""

from __future__ import annotations

import dataclasses
import logging
import os
import re
import stat
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..billing import layers, price_file
from ..errors import ConfigError
from ..routes import DEFAULT_BASES, Region, doors_below, route_for
from ..secret import Secret
from ..transport.base import Timeouts
from . import prices_file
from .checks import (
    ENVIRON,
    GUESSABLE_CHARS,
    Node,
    callers_key,
    dotted_paths,
    from_environ,
    header_name,
    integer,
    long_key,
    mapping,
    number,
    origins,
    percentages,
    section,
    setting,
    switch,
    text,
    url_path,
)
from .doors import check_doors, leads_on, openai_bases
from .entries import (
    check_models,
    read_guardrails,
    read_models,
    read_routes,
    read_upstreams,
)
from .key_files import FILE
from .strictyaml import MAX_BYTES, check_mapping, loads
from .values import (
    DEFAULT_DATABASE_POOL,
    DEFAULT_DATABASE_URL,
    DEFAULT_PRICES_FILE,
    DEFAULT_ROUTES,
    LLM_ROUTES,
    BudgetSettings,
    Config,
    DatabaseSettings,
    Limits,
    ModelEntry,
    PriceSettings,
    RateLimitSettings,
    Retention,
    Settlement,
    StreamingSettings,
    TracingSettings,
    UpstreamSettings,
    WebhookSettings,
)

logger = logging.getLogger("assemblyai_mw.config")

CONFIG_VARIABLE = "ASSEMBLYAI_MW_CONFIG"
MASTER_KEY_VARIABLE = "ASSEMBLYAI_MW_MASTER_KEY"
DATABASE_VARIABLE = "ASSEMBLYAI_MW_DATABASE_URL"
_USER_INFO = re.compile(r":.*@", re.DOTALL)


class NamedConfig(dict[str, Any]):
    """A configuration as a mapping, with the *name* that its errors begin with."""

    def __init__(self, config: Mapping[str, Any], name: str) -> None:
        super().__init__(config)
        self.name = name


def load_config(
    config: str | os.PathLike[str] | Mapping[str, Any] | None = None,
    environ: Mapping[str, str] = os.environ,
) -> Config:
    """Return the checked configuration.

    Args:
        config: A YAML file's path, or a mapping of the same shape. None reads the file that
            `ASSEMBLYAI_MW_CONFIG` names, else defaults and the environment.
        environ: The environment variables.

    Raises:
        ConfigError: A setting is wrong; one line names the file, the setting and the expectation.

    Warns:
        UserWarning: Every user of this machine can read a file that holds a key.
    """
    root, readable = _read(config, environ)
    top = root.members(_SECTIONS)
    general = section(_General, top.get("general_settings", root.child("general_settings", None)))
    models = read_models(top.get("model_list"))
    routes, doors = read_routes(top.get("routes"), general.openai_bases)
    upstreams = read_upstreams(routes, models, root)
    if models is None:
        models = tuple(
            ModelEntry(f"{name}/*", f"{name}/*")
            for name, zone in (("assemblyai", "us"), ("eu.assemblyai", "eu"))
            for upstream in (upstreams.get(LLM_ROUTES[zone]),)  # type: ignore[index]
            if upstream is not None and upstream.region == zone
        )
    check_models(models, upstreams, root)
    check_doors(doors, upstreams, root)
    _check_own_paths(general, [*upstreams, *doors], root)
    if readable and _holds_literal_key(root.value):
        warnings.warn(
            f"{root.source}: every user of this machine can read this file, and it holds a "
            f"key: remove that right (chmod o-r), or write {ENVIRON}NAME",
            stacklevel=2,
        )
    master_key = general.master_key or from_environ(MASTER_KEY_VARIABLE, callers_key, environ)
    if master_key is not None and len(master_key.reveal()) < GUESSABLE_CHARS:
        # Not refused: LiteLLM's users have one such as `sk-1234` in their tests.
        logger.warning(
            "%s: the master key has fewer than %d characters: it can be guessed, and may do "
            "everything",
            root.source,
            GUESSABLE_CHARS,
        )
    sections = {
        name: check(top[name])
        for name, check in _SECTIONS.items()
        if check is not None and name in top and top[name].value is not None
    }
    file, refreshed = _refreshed(general.prices_file, root)
    if "prices" in top:
        sections["prices"] = _prices(top["prices"], refreshed)
    settings = {each.name: getattr(general, each.name) for each in dataclasses.fields(general)}
    # Settings that the environment fills if the file omits them.
    settings |= {
        "master_key": master_key,
        "database_url": _database_url(general.database_url, environ),
        "prices_file": file,
    }
    return Config(
        source=root.source,
        upstreams=upstreams,
        models=models,
        doors={at: door for at, door in doors.items() if leads_on(door, models, upstreams)},
        refreshed_prices=refreshed,
        **settings,
        **sections,
    )


def load_database(
    config: str | os.PathLike[str] | Mapping[str, Any] | None = None,
    environ: Mapping[str, str] = os.environ,
) -> DatabaseSettings:
    """Return the ledger's settings and read nothing else: no key has to be set.

    Arguments and errors are those of `load_config`.
    """
    root, _ = _read(config, environ)
    general = root.child("general_settings", root.raw_members(_SECTIONS).get("general_settings"))
    given = general.raw_members([field.name for field in dataclasses.fields(_General)])
    names = ("database_url", "auto_migrate", "database_pool", "database_prepare")
    named = {name: given[name] for name in names if name in given}
    read = section(_General, dataclasses.replace(general, value=named))
    return DatabaseSettings(
        _database_url(read.database_url, environ),
        read.auto_migrate,
        read.database_pool,
        read.database_prepare,
    )


def load_prices(
    config: str | os.PathLike[str] | Mapping[str, Any] | None = None,
    environ: Mapping[str, str] = os.environ,
) -> PriceSettings:
    """Return the settings for price commands and read nothing else: no key has to be set.

    Arguments and errors are those of `load_config`.
    """
    root, _ = _read(config, environ)
    top = root.raw_members(_SECTIONS)
    parts = ("prices", "routes", "timeouts", "upstream")
    part = {name: root.child(name, top.get(name)) for name in parts}
    file, refreshed = _refreshed_of(root, top)
    routes, _ = read_routes(part["routes"], _bases_of(root, top))
    gateways: dict[Region, str] = {}
    for prefix in (*LLM_ROUTES.values(), *routes):
        route = route_for(prefix)
        if route.service == "llm-gateway" and prefix in routes:
            gateways.setdefault(route.region, routes[prefix])
    return PriceSettings(
        file,
        refreshed,
        _prices(part["prices"], refreshed),
        gateways,
        section(Timeouts, part["timeouts"], check=number(unit="seconds")),
        section(UpstreamSettings, part["upstream"]),
    )


def _refreshed_of(root: Node, top: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    """Return the path and content of the refreshed prices; nothing else is read."""
    named = _general_of(root, top, "prices_file")
    return _refreshed(None if named.value is None else text(named), root)


def _bases_of(root: Node, top: Mapping[str, Any]) -> tuple[str, ...]:
    """Return `openai_bases`; nothing else is read."""
    named = _general_of(root, top, "openai_bases")
    return DEFAULT_BASES if named.value is None else openai_bases(named)


def _general_of(root: Node, top: Mapping[str, Any], name: str) -> Node:
    """Return one of `general_settings`; nothing else is read."""
    general = root.child("general_settings", top.get("general_settings"))
    given = general.raw_members([field.name for field in dataclasses.fields(_General)])
    return general.child(name, given.get(name))


def _refreshed(named: str | None, root: Node) -> tuple[str, Mapping[str, Any]]:
    """Return the absolute path and the content of the refreshed prices."""
    path = os.path.abspath(os.path.join(root.folder, named or DEFAULT_PRICES_FILE))
    return path, prices_file.read(path)


def load_names(
    config: str | os.PathLike[str] | Mapping[str, Any] | None = None,
    environ: Mapping[str, str] = os.environ,
) -> tuple[frozenset[str], frozenset[str]]:
    """Return the names of the routes, and of the models that the configuration adds.

    Only names are read: no key has to be set. Arguments and errors are those of `load_config`.
    """
    root, _ = _read(config, environ)
    top = root.raw_members(_SECTIONS)
    bases = _bases_of(root, top)
    doors = doors_below(bases)
    routes = dict.fromkeys((*DEFAULT_ROUTES, *doors), True)
    for prefix, url in root.child("routes", top.get("routes")).raw_members().items():
        routes[prefix] = url is not None
    names = {prefix for prefix, is_there in routes.items() if is_there}
    # A key's list may name a base for all doors below it.
    names |= {base or "/" for base in bases if names & doors_below([base]).keys()}
    models = set()
    for entry in root.child("model_list", top.get("model_list")).items():
        named = entry.raw_members().get("model_name")
        models |= {named} if isinstance(named, str) else set()
    own = root.child("prices", top.get("prices")).raw_members()
    for prices in (own, _refreshed_of(root, top)[1]):
        for items in (prices.get(each) for each in price_file.MODEL_SECTIONS):
            models |= {str(name) for name in items} if isinstance(items, Mapping) else set()
    return frozenset(names), frozenset(models)


def _read(
    config: str | os.PathLike[str] | Mapping[str, Any] | None, environ: Mapping[str, str]
) -> tuple[Node, bool]:
    """Return the configuration's root, and whether every user can read its file."""
    if config is None:
        named = from_environ(CONFIG_VARIABLE, text, environ)
        if named is None:
            return Node({}, "environment", "", environ), False
        config = named
    if isinstance(config, Mapping):
        name = config.name if isinstance(config, NamedConfig) else "config"
        check_mapping(config, name)
        return Node(config, name, "", environ), False
    if not isinstance(config, str | os.PathLike):
        raise ConfigError("config: expected a path, a mapping or None, got something else")
    path = Path(config)
    try:
        with path.open("rb") as file:
            readable = bool(os.fstat(file.fileno()).st_mode & stat.S_IROTH)
            data = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "no path"
        # A database's URL in the wrong variable holds a password.
        named = "config" if _USER_INFO.search(str(path)) else path
        raise ConfigError(f"{named}: expected a readable file, got: {reason}") from None
    root = Node(loads(data, str(path)), str(path), "", environ, folder=str(path.parent))
    return root, readable


def _database(node: Node) -> str:
    """Return a database URL of SQLAlchemy's, for SQLite with an absolute path.

    The path is made absolute at once, so that a host app that changes its directory
    later does not open another ledger.
    """
    url = text(node)
    scheme, _, rest = url.partition("://")
    if scheme in ("postgres", "postgresql", "postgresql+psycopg"):
        return f"postgresql+psycopg://{rest}"
    if scheme not in ("sqlite", "sqlite+pysqlite"):
        raise node.error("sqlite:///FILE or postgresql://...", "another scheme or none")
    path = rest.removeprefix("/")
    if not rest.startswith("/") or path in ("", ":memory:") or path.startswith("file:"):
        raise node.error("sqlite:///FILE, for a ledger must outlive its process", "another form")
    if "?" in path:
        raise node.error("sqlite:///FILE without further options", "one with (?)")
    return f"sqlite:///{os.path.abspath(path)}"


def _database_url(configured: str | None, environ: Mapping[str, str]) -> str:
    if configured is not None:
        return configured
    found: str | None = from_environ(DATABASE_VARIABLE, _database, environ)
    return found or _database(Node(DEFAULT_DATABASE_URL, "default", "database_url", environ))


def _redis(node: Node) -> str:
    url = text(node)
    if url.partition("://")[0] not in ("redis", "rediss", "unix", "redis+unix"):
        raise node.error("redis://, rediss:// or unix://", "another scheme or none")
    return url


def _self_service(node: Node) -> str | None:
    return None if node.value is False or node.value == "off" else url_path(node)


@dataclass(frozen=True, slots=True)
class _General:
    """`general_settings:`. `Config` documents each under the same name."""

    master_key: Secret | None = setting(None, callers_key)
    database_url: str | None = setting(None, _database, show=False)
    auto_migrate: bool = setting(True, switch)
    database_pool: int = setting(DEFAULT_DATABASE_POOL, integer(unit="connections"))
    database_prepare: bool = setting(False, switch)
    redis_url: str | None = setting(None, _redis, show=False)
    self_service_path: str | None = setting("/assemblyai-mw/key/me", _self_service)
    metrics_path: str | None = setting(None, _self_service)
    metrics_token: Secret | None = setting(None, long_key)
    usage_path: str | None = setting(None, _self_service)
    request_id_header: str | None = setting(None, header_name)
    log_file: str | None = setting(None, text)
    prices_file: str | None = setting(None, text)
    default_max_tokens: int | None = setting(None, integer(most=2**31 - 1, unit="tokens"))
    cors_origins: tuple[str, ...] = setting((), origins)
    budget_alerts: tuple[float, ...] = setting((80.0,), percentages)
    openai_bases: tuple[str, ...] = setting(DEFAULT_BASES, openai_bases)
    reply_cost: bool = setting(False, switch)
    idempotency_content: bool = setting(False, switch)
    retention: Retention = setting(Retention(), lambda node: section(Retention, node))


def _check_own_paths(general: _General, prefixes: Iterable[str], root: Node) -> None:
    taken = list(prefixes)
    for name in ("self_service_path", "metrics_path", "usage_path"):
        path = getattr(general, name)
        for prefix in taken:
            if path is not None and f"{path}/".startswith(f"{prefix}/"):
                raise ConfigError(
                    f"{root.source}: general_settings.{name}: expected a path outside of the "
                    f"route {prefix}"
                )
        if path is not None:
            taken.append(path)


def _webhook(node: Node) -> WebhookSettings:
    settings = section(WebhookSettings, node)
    if settings.url is None:
        raise node.child("url", None).error("a URL")
    if settings.secret is None:
        raise node.child("secret", None).error("the secret that signs each post")
    return settings


def _tracing(node: Node) -> TracingSettings:
    if isinstance(node.value, Mapping):
        return section(TracingSettings, node)
    return TracingSettings(enabled=switch(node))


def _prices(node: Node, refreshed: Mapping[str, Any]) -> Mapping[str, Any]:
    """Prices that make a book together with the shipped and the refreshed ones."""
    prices = mapping(node)
    try:
        layers.load(prices, refreshed=refreshed)
    except ConfigError as error:
        raise ConfigError(f"{node.source}: {error}") from None
    return prices


def _settlement(node: Node) -> Settlement:
    if isinstance(node.value, Mapping):
        return section(Settlement, node)
    return Settlement(enabled=switch(node))


def _streaming(node: Node) -> StreamingSettings:
    settings = section(StreamingSettings, node)
    if settings.terminate_s > settings.drain_s:
        # Otherwise a worker that stops does not wait for the lengths of its sessions.
        raise node.child("terminate_s", None).error("seconds up to drain_s", "more")
    if settings.tokens == "own" and not settings.relay:
        raise node.child("tokens", None).error("upstream, since relay is off", "own")
    return settings


def _holds_literal_key(value: Any, name: str = "") -> bool:
    """Whether the file itself contains a key or a password."""
    if isinstance(value, Mapping):
        return any(_holds_literal_key(item, key) for key, item in value.items())
    if isinstance(value, list | tuple):
        return any(_holds_literal_key(item, name) for item in value)
    if not isinstance(value, str) or value.startswith((ENVIRON, FILE)):
        return False
    if name in ("database_url", "redis_url", "proxy"):
        return "@" in value and ":" in value.partition("://")[2].rpartition("@")[0]
    return name in ("api_key", "master_key", "metrics_token", "secret")


# The file's sections. None: read separately above; else the check that makes Config's value.
_SECTIONS: Mapping[str, Any] = {
    "model_list": None,
    "general_settings": None,
    "routes": None,
    "prices": None,
    "timeouts": lambda node: section(Timeouts, node, check=number(unit="seconds")),
    "limits": lambda node: section(Limits, node),
    "settlement": _settlement,
    "budgets": lambda node: section(BudgetSettings, node),
    "rate_limit": lambda node: section(RateLimitSettings, node),
    "guardrails": read_guardrails,
    "callbacks": dotted_paths,
    "webhook": _webhook,
    "tracing": _tracing,
    "upstream": lambda node: section(UpstreamSettings, node),
    "streaming": _streaming,
}
