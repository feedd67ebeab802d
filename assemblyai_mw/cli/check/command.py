"""`check`: finds faults in the configuration and its upstreams, a line each."""

from __future__ import annotations

import importlib
import os
import stat
import sys
import warnings
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import click

from ...config import GUESSABLE_CHARS, Config, load_config, load_database, transport_of
from ...config.values import Settlement
from ...errors import MiddlewareError, UpstreamError
from ...transport import Origin
from ..base import ConfigSource, Setup
from ..output import echo_json_rows
from .app import NotLoaded, find, load
from .finding import FAULT, Finding
from .ledger import budgets, migration_due, open_calls, unpriced_calls
from .prices import calls_without_price, price_book
from .probe import probes
from .server import disk, gunicorn, running
from .sessions import descriptors

_SQLITE = "sqlite:///"


@click.command()
@click.option(
    "--connect", is_flag=True, help="Also connect to each upstream and to Redis; nothing is sent."
)
@click.option(
    "--app",
    metavar="MODULE:APP",
    help="Import the app and call a stand-in through it, in this process.",
)
@click.option(
    "--server-url", metavar="URL", help="Also probe the running server at this URL, without a key."
)
@click.option(
    "--cron", is_flag=True, help="Print only what needs a person; the exit status says what."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def check(
    setup: Setup,
    connect: bool,
    app: str | None,
    server_url: str | None,
    cron: bool,
    as_json: bool,
) -> None:
    """Check the configuration and the stack; print one line for each fault.

    Exit status 1 if there is a fault. Without --connect and --server-url, nothing leaves this
    machine, except to a PostgreSQL elsewhere. Nothing is ever sent to AssemblyAI.

    With --cron the exit status is the sum of: 1 a fault, or no ledger; 4 settlement is late;
    8 calls have no cost; 16 a budget is over its mark; 32 prices are old. It is 0, and nothing is
    printed, if all is well. --json prints a list of objects: name, level (ok, note or wrong),
    message, hint.
    """
    status = 0

    def shown() -> Iterator[Finding]:
        nonlocal status
        for finding in findings(setup.source, connect=connect, app=app, server_url=server_url):
            if cron:
                status |= finding.status
            elif finding.level == "wrong":
                status = FAULT
            if finding.status or not cron:
                yield finding

    if as_json:
        echo_json_rows(finding.as_dict() for finding in shown())
    else:
        for finding in shown():
            click.echo(finding.as_line())
    if status:
        click.get_current_context().exit(status)


def findings(
    source: ConfigSource,
    *,
    connect: bool = False,
    app: str | None = None,
    server_url: str | None = None,
) -> Iterator[Finding]:
    """Yield the findings as they are made. An *app* brings its own configuration."""
    config, mounted, loaded = None, None, None
    if app is not None:
        try:
            loaded = load(app)
        except NotLoaded as error:
            yield Finding("wrong", "app", str(error))
        else:
            mounted, found = find(loaded.app)
            yield from found
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            config = mounted.middleware.config if mounted else load_config(source)
        except MiddlewareError as error:
            yield Finding("wrong", "configuration", str(error))
    for warning in caught:
        yield Finding("note", "configuration", str(warning.message))
    if config is not None:
        yield Finding("ok", "configuration", config.source)
        yield from _accounts(config)
        yield from _imports(config)
        yield from _redis(config, connect)
        yield from descriptors(config)
    yield from _database(source, config)
    yield from price_book(config)
    if config is not None and loaded is not None and mounted is not None:
        yield from probes(mounted, loaded.app)
        yield from gunicorn(config, loaded)
    if config is not None and server_url is not None:
        yield from running(server_url, config)
    if config is not None and connect:
        yield from _upstreams(config)


def _accounts(config: Config) -> Iterator[Finding]:
    """Checks the routes, and whether the EU has its own key."""
    for prefix, upstream in config.upstreams.items():
        yield Finding("ok", "route", f"{prefix} -> {upstream.base_url}")
    if config.doors:
        yield Finding("ok", "doors", ", ".join(config.doors))
    if config.idempotency_content:
        text = "the database keeps chats and transcripts for 24 h, if sent with an Idempotency-Key"
        yield Finding("note", "idempotency_content", text)
    eu = [u.api_key for u in config.upstreams.values() if u.region == "eu"]
    others = [u.api_key for u in config.upstreams.values() if u.region != "eu"]
    if eu and others and eu[0] == others[0]:
        yield Finding(
            "note",
            "EU key",
            "EU routes use the same key as US routes",
            "ASSEMBLYAI_EU_API_KEY sets another",
        )
    if config.master_key is None:
        yield Finding("note", "master key", "none is set, so no key sees all transcripts")
    elif len(config.master_key.reveal()) < GUESSABLE_CHARS:
        text = f"fewer than {GUESSABLE_CHARS} characters can be guessed, and it may do everything"
        yield Finding("note", "master key", text)


def _imports(config: Config) -> Iterator[Finding]:
    """Whether guards and callbacks can be imported."""
    named = [("guardrail", guard.guard) for guard in config.guardrails]
    named += [("callback", callback) for callback in config.callbacks]
    if named and os.getcwd() not in sys.path:
        # As Gunicorn does for the app's own modules.
        sys.path.insert(0, os.getcwd())
    for subject, dotted in named:
        module, _, attribute = dotted.replace(":", ".").rpartition(".")
        try:
            getattr(importlib.import_module(module), attribute)
        except Exception as error:
            yield Finding("wrong", subject, f"{dotted}: {type(error).__name__}: {error}")
        else:
            yield Finding("ok", subject, dotted)


def _redis(config: Config, connect: bool) -> Iterator[Finding]:
    if config.redis_url is None:
        return
    try:
        import redis
    except ImportError:
        yield Finding("wrong", "redis", "not installed", "install the extra redis")
        return
    if not connect:
        return
    try:
        client = redis.Redis.from_url(
            config.redis_url, socket_connect_timeout=config.timeouts.connect_s, socket_timeout=5
        )
        with client:
            client.ping()
    except (redis.RedisError, ValueError) as error:
        # The message may hold the URL, and that a password.
        yield Finding("wrong", "redis", f"cannot be reached ({type(error).__name__})")
    else:
        yield Finding("ok", "redis", "answers")


def _database(source: ConfigSource, config: Config | None) -> Iterator[Finding]:
    """Whether the database can be read and written, is whole, and knows a key."""
    from ...billing.price_book import PriceBook
    from ...store import Database, Keys, Ledger
    from ...store.sqlite_file import missing_rights
    from ...store.trial import check_writable

    try:
        settings = load_database(source) if config is None else config.database
        yield from disk(settings.url)
        if settings.url.startswith(_SQLITE):
            file = Path(settings.url.removeprefix(_SQLITE))
            if not file.exists():
                yield _not_made_yet(file)
                return
            yield from _permissions(file)
            missing = list(missing_rights(str(file)))
            for right in missing:
                yield Finding("wrong", "database", right)
            if missing:
                return
        database = Database.of(settings, create=False)
        if later := migration_due(database, settings):
            yield later
            return
        try:
            faults = database.check()
            for fault in faults:
                yield Finding("wrong", "database", f"{database.describe()}: {fault}")
            if faults:
                return
            check_writable(database)
            live = Keys(database).list(revoked=False)
            ledger = Ledger(database)
            book = PriceBook.load() if config is None else config.price_book()
            late_s = Settlement().late_after_s if config is None else config.settlement.late_after_s
            ratio = None if config is None else config.least_alert
            told = [
                open_calls(ledger, late_s),
                *unpriced_calls(ledger),
                *calls_without_price(ledger, book),
                *budgets(database, ratio),
            ]
        finally:
            database.close()
    except MiddlewareError as error:
        yield Finding("wrong", "database", str(error))
        return
    yield Finding("ok", "database", f"{database.describe()}: can be read and written")
    yield from told
    now = datetime.now(UTC)
    usable = sum(info.expires_at is None or info.expires_at > now for info in live)
    if usable or (config is not None and config.master_key is not None):
        yield Finding("ok", "keys", f"{usable} live")
    else:
        yield Finding("note", "keys", "none is live", "assemblyai-mw keys create NAME makes one")


def _not_made_yet(file: Path) -> Finding:
    # Made here, it could belong to another user than the workers'.
    if not os.access(file.parent, os.W_OK | os.X_OK):
        return Finding("wrong", "database", f"{file.parent}: no directory that can be written")
    hint = "the first use makes it"
    return Finding("note", "database", f"{file} is not there yet", hint, alert=FAULT)


def _permissions(file: Path) -> Iterator[Finding]:
    if file.stat().st_mode & stat.S_IROTH:
        yield Finding("note", "database", f"{file}: every user of this machine can read it")


def _upstreams(config: Config) -> Iterator[Finding]:
    """Whether each upstream, and each model's `api_base`, takes a connection, TLS included."""
    urls = [upstream.base_url for upstream in config.upstreams.values()]
    urls += [entry.api_base for entry in config.models if entry.api_base]
    proxy = config.upstream.proxy
    with closing(transport_of(config.upstream)) as transport:
        for url in dict.fromkeys("{0.scheme}://{0.netloc}".format(urlsplit(url)) for url in urls):
            origin = Origin.parse(url)
            by = f" through the proxy {proxy}" if proxy and origin.scheme == "https" else ""
            try:
                transport.reach(origin, config.timeouts)
            except UpstreamError as error:
                yield Finding("wrong", "upstream", f"{url}{by}: {error}")
            else:
                yield Finding("ok", "upstream", f"{url} takes connections{by}")
