"""`prices`: the prices in force, and the LLM Gateway's public list as the operator's file."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from ..errors import UpstreamError
from .base import Moment, Setup, Wrong
from .output import cell, echo_json_rows, echo_table, to_dict

if TYPE_CHECKING:
    from ..billing.listed import Listing, Refresh
    from ..billing.price_table import PriceLine
    from ..config import PriceSettings
    from ..transport import Timeouts, Transport

_COLUMNS = ("section", "item", "unit", "prices", "since", "source", "retires")
_LIST = "/v1/models"
_MAX_LIST_BYTES = 16 << 20
# A person waits for it.
_MAX_TOTAL_S = 120.0


@click.group(invoke_without_command=True)
@click.option("--at", type=Moment(), help="Date of the prices: 2026-11-01, or 7d. Default now.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json"]),
    default="table",
    show_default=True,
)
@click.pass_context
def prices(context: click.Context, at: datetime | None, form: str) -> None:
    """Show the prices in force: shipped, refreshed, or from the configuration.

    In US dollars, after discounts. `retires` is the day on which AssemblyAI removes a model, from
    its list.
    """
    if context.invoked_subcommand is not None:
        return
    from ..billing.price_table import in_force
    from ..config import load_prices

    settings = load_prices(context.obj.source)
    lines = in_force(at or datetime.now(UTC), settings.own, refreshed=settings.refreshed)
    if form == "json":
        echo_json_rows(map(_json, lines))
    else:
        echo_table(_COLUMNS, map(_row, lines))


def _json(line: PriceLine) -> dict[str, Any]:
    row = to_dict(line)
    return {**row, "retires": line.retires.isoformat() if line.retires else None}


def _row(line: PriceLine) -> dict[str, Any]:
    return {
        **to_dict(line),
        "prices": _rates(line),
        "since": cell(line.since).removesuffix(" 00:00:00Z"),
        "retires": line.retires.isoformat() if line.retires else None,
    }


def _rates(line: PriceLine) -> str:
    texts = [usd if name == "usd" else f"{name} {usd}" for name, usd in line.prices.items()]
    for region, rates in line.regional.items():
        texts.append(f"{region}: {' '.join(f'{name} {usd}' for name, usd in rates.items())}")
    for percent in dict.fromkeys(line.in_region.values()):
        regions = [region for region, each in line.in_region.items() if each == percent]
        texts.append(f"in {' and '.join(regions)} +{percent}%")
    return ", ".join(texts)


@prices.command()
@click.option("--dry-run", is_flag=True, help="Only show what it would do.")
@click.option("--force", is_flag=True, help="Accept implausible prices too.")
@click.option(
    "--since",
    type=Moment(),
    help="Start of a model's first price; default now.",
)
@click.pass_obj
def refresh(setup: Setup, dry_run: bool, force: bool, since: datetime | None) -> None:
    """Save the LLM Gateway's public price list in a file beside the configuration.

    Asks the gateway of each region that a route leads to; no key is sent. A changed price gets a
    new entry from now on, and earlier calls keep theirs. With --since, `reprice` can price earlier
    calls of models without a price. Running servers keep their prices until they are restarted.
    Nothing is written if a list cannot be read or holds an invalid price. A price that changed by a
    factor of more than 100, or a first price of 0 or far too high, needs --force. The exit status
    is 1 in these cases.
    """
    from ..billing.listed import refresh as refreshed
    from ..config import load_prices, prices_file, transport_of

    now = datetime.now(UTC)
    if since is not None and since > now:
        raise Wrong("--since: expected a moment that has come")
    settings = load_prices(setup.source)
    if not settings.gateways:
        raise Wrong("routes: no route leads to the LLM Gateway, so there is no list to read")
    with closing(transport_of(settings.upstream)) as transport:
        lists = _lists(settings, transport)
    done = refreshed(
        settings.refreshed,
        lists,
        now,
        sources={region: f"{url}{_LIST}" for region, url in settings.gateways.items()},
        first_since=since,
    )
    _tell(done)
    if done.strange and not force:
        raise click.ClickException(
            f"nothing was written; implausible prices: {cell('; '.join(done.strange))}; "
            "--force accepts them"
        )
    if dry_run:
        click.echo("Nothing was written.")
        return
    try:
        prices_file.write(settings.file, done.prices)
    except OSError as error:
        raise click.ClickException(
            f"{settings.file}: cannot be written: {error.strerror}"
        ) from None
    count = len({change.model for change in done.changes})
    click.echo(
        f"{settings.file}: {count} of {len(_names(lists))} models changed. "
        "Running servers keep their prices until they are restarted."
    )


def _tell(done: Refresh) -> None:
    if done.changes:
        rows = [to_dict(change) for change in done.changes]
        echo_table(("model", "what", "before", "now"), rows, right=("before", "now"))
    for text, names in (
        ("listed without a price", done.without_price),
        ("not listed any more, earlier prices are kept", done.unlisted),
    ):
        if names:
            click.echo(f"{text}: {cell(', '.join(names))}")


def _names(lists: Mapping[str, Listing]) -> set[str]:
    return {name for listing in lists.values() for name in listing.models}


def _lists(settings: PriceSettings, transport: Transport) -> dict[str, Listing]:
    """Return the list of each region, by its own gateway alone.

    Raises:
        UpstreamError: A list cannot be read; the line says where.
    """
    return {
        region: _list(url, transport, settings.timeouts)
        for region, url in settings.gateways.items()
    }


def _list(url: str, transport: Transport, timeouts: Timeouts) -> Listing:
    from ..billing.listed import read_listing
    from ..http.encoding import decode
    from ..transport import Origin, Request, Timeouts, fetch

    total = min(timeouts.total_s, _MAX_TOTAL_S)
    times = Timeouts(min(timeouts.connect_s, total), min(timeouts.read_s, total), total)
    headers = [
        ("Accept", "application/json"),
        ("Accept-Encoding", "gzip"),
        ("User-Agent", "assemblyai-mw"),
    ]
    request = Request("GET", _LIST, headers)
    where = f"{url}{_LIST}"
    try:
        reply = fetch(transport, Origin.parse(url), request, times, max_bytes=_MAX_LIST_BYTES)
    except UpstreamError as error:
        raise UpstreamError(f"{where}: {error}; nothing was written") from None
    if reply.status != 200:
        raise UpstreamError(f"{where}: status {reply.status}; nothing was written")
    encoding = reply.headers.get("content-encoding")
    body = decode(reply.body or b"", encoding, max_bytes=_MAX_LIST_BYTES)
    if not body:
        raise UpstreamError(f"{where}: no list that can be read; nothing was written")
    try:
        return read_listing(body)
    except ValueError as error:
        raise UpstreamError(f"{where}: {error}; nothing was written") from None
