"""`keys ...`: the virtual keys that callers send."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

import click

from .base import Duration, Setup, Wrong
from .output import cell, echo_json, echo_table, to_dict

if TYPE_CHECKING:
    from ..store import KeyInfo, NewKey

LIST_COLUMNS = ("name", "prefix", "team", "region", "scope", "rpm", "state", "expires_at")
AMOUNTS = ("spent_usd", "held_usd", "limit_usd", "remaining_usd")
STANDING_COLUMNS = ("scope", "window", *AMOUNTS, "resets_at")
NEW_KEY = "This is the only time the key is shown; store it now."

BUDGETS = ("budget_usd", "budget_daily_usd", "budget_monthly_usd", "soft_budget_ratio")

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
name = click.argument("name")
Command = TypeVar("Command", bound=Callable[..., Any])


def budget_options(command: Command) -> Command:
    """Give *command* the options of budgets, named as the store's arguments are."""
    for option in (
        click.option(
            "--soft-budget",
            "soft_budget_ratio",
            metavar="RATIO",
            help="Warn once per window when this part of a budget is spent: 0.8.",
        ),
        click.option("--monthly-budget", "budget_monthly_usd", metavar="USD", help="A month, UTC."),
        click.option("--daily-budget", "budget_daily_usd", metavar="USD", help="A day, UTC."),
        click.option("--budget", "budget_usd", metavar="USD", help="Dollars to spend in all."),
    ):
        command = option(command)
    return command


def budgets(options: Mapping[str, str | None]) -> dict[str, Any]:
    """Return the budgets that were given, for the store; `none` is no limit."""
    given: dict[str, Any] = {
        name: None if options[name] == "none" else options[name]
        for name in BUDGETS
        if options[name] is not None
    }
    if given.get("soft_budget_ratio") is not None:
        try:
            given["soft_budget_ratio"] = float(given["soft_budget_ratio"])
        except ValueError:
            raise Wrong("--soft-budget: expected a number such as 0.8") from None
    return given


@click.group()
def keys() -> None:
    """Make, list, show, revoke and rotate virtual keys."""


@keys.command()
@name
@click.option("--team", help="Who owns what the key makes; keys of a team see each other's.")
@budget_options
@click.option("--rpm", type=click.IntRange(1), metavar="N", help="Requests a minute.")
@click.option("--team-rpm", type=click.IntRange(1), metavar="N", help="The same for its team.")
@click.option("--expires-in", type=Duration(), metavar="30d", help="Also 12h, 15m, 90s.")
@click.option("--region", type=click.Choice(["us", "eu"]), help="The only region allowed.")
@click.option(
    "--scope",
    type=click.Choice(["own", "all"]),
    default="own",
    show_default=True,
    help="Which transcripts the key sees: its own or its team's, or everybody's.",
)
@click.option("--allow-route", multiple=True, metavar="PREFIX", help="Only these; repeatable.")
@click.option("--allow-model", multiple=True, metavar="MODEL", help="Only these; repeatable.")
@click.option("--allow-feature", multiple=True, metavar="NAME", help="Only these; repeatable.")
@click.option("--deny-feature", multiple=True, metavar="NAME", help="None of these; repeatable.")
@click.option("--max-upload-bytes", type=click.IntRange(0), metavar="N")
@click.option(
    "--allow-unpriced", is_flag=True, help="Models without a price too, though a budget holds."
)
@click.option("--tag", "tags", multiple=True, metavar="NAME=VALUE", help="On each of its calls.")
@as_json
@click.pass_obj
def create(setup: Setup, /, name: str, as_json: bool, **options: Any) -> None:
    """Make a key. It is printed this once."""
    if options["team_rpm"] is not None and options["team"] is None:
        raise Wrong("--team-rpm: expected --team as well")
    with setup.database(create=True) as database:
        from ..store import Keys

        made = Keys(database, actor="cli").create(
            name,
            team=options["team"],
            **budgets(options),
            rpm=options["rpm"],
            team_rpm=options["team_rpm"],
            expires_in=options["expires_in"],
            region=options["region"],
            scope=options["scope"],
            routes=options["allow_route"] or None,
            models=options["allow_model"] or None,
            features=options["allow_feature"] or None,
            denied_features=options["deny_feature"],
            max_upload_bytes=options["max_upload_bytes"],
            allow_unpriced=options["allow_unpriced"],
            tags=_tags(options["tags"]),
        )
    _echo_new(made, as_json)


@keys.command("list")
@as_json
@click.pass_obj
def list_(setup: Setup, as_json: bool) -> None:
    """List all keys, revoked and expired ones too."""
    from ..store import Keys

    with setup.database() as database:
        rows = [_row(info) for info in Keys(database, actor="cli").list()]
    if as_json:
        echo_json(rows)
    else:
        echo_table(LIST_COLUMNS, rows, right=("rpm",))


@keys.command()
@name
@as_json
@click.pass_obj
def show(setup: Setup, name: str, as_json: bool) -> None:
    """Show one key: what it may do, and what it has spent."""
    from ..call import Caller
    from ..store import Holds, Keys

    with setup.database() as database:
        info = Keys(database).get(name)
        caller = Caller(name=info.name, key_id=info.key_id, team=info.team)
        standings = [each.as_dict() for each in Holds(database).spent(caller)]
    row = _row(info)
    if as_json:
        echo_json({**row, "spending": standings})
        return
    _echo_fields(row)
    click.echo()
    echo_table(STANDING_COLUMNS, standings, money=AMOUNTS)


@keys.command()
@name
@as_json
@click.pass_obj
def revoke(setup: Setup, name: str, as_json: bool) -> None:
    """End a key: within a second, every worker refuses it. Its transcripts stay its team's."""
    from ..store import Keys

    with setup.database() as database:
        row = _row(Keys(database, actor="cli").revoke(name))
    if as_json:
        echo_json(row)
    else:
        click.echo(f"{cell(name)} is revoked.")


@keys.command()
@name
@click.option("--grace", type=Duration(), metavar="1h", help="How long the old key still works.")
@as_json
@click.pass_obj
def rotate(setup: Setup, name: str, grace: timedelta | None, as_json: bool) -> None:
    """Replace a key by a new one with the same name, rights and transcripts."""
    from ..store import Keys

    with setup.database() as database:
        made = Keys(database, actor="cli").rotate(name, grace=grace or timedelta(0))
    _echo_new(made, as_json)


@keys.command()
@name
@click.option("--in", "within", type=Duration(), metavar="7d", help="From now; else never.")
@as_json
@click.pass_obj
def expire(setup: Setup, name: str, within: timedelta | None, as_json: bool) -> None:
    """Set when a key ends: --in 7d, or never."""
    from ..store import Keys

    at = None if within is None else datetime.now(UTC) + within
    with setup.database() as database:
        row = _row(Keys(database, actor="cli").expire(name, at))
    if as_json:
        echo_json(row)
    else:
        click.echo(f"{cell(name)} expires: {row['expires_at'] or 'never'}.")


@keys.command()
@name
@budget_options
@as_json
@click.pass_obj
def budget(setup: Setup, /, name: str, as_json: bool, **options: Any) -> None:
    """Change a key's budgets; `none` takes a limit away, what is left out stays."""
    from ..store import Keys

    with setup.database() as database:
        row = _row(Keys(database, actor="cli").set_budget(name, **budgets(options)))
    if as_json:
        echo_json(row)
    else:
        _echo_fields({field: row[field] for field in ("name", *BUDGETS)})


@keys.command()
@name
@as_json
@click.pass_obj
def history(setup: Setup, name: str, as_json: bool) -> None:
    """Show who changed what of a key, newest first."""
    from ..store import Keys

    with setup.database() as database:
        rows = [to_dict(change) for change in Keys(database).history(name)]
    if as_json:
        echo_json(rows)
    else:
        echo_table(("at", "actor", "action", "detail"), rows)


def _tags(pairs: Sequence[str]) -> dict[str, str] | None:
    tags = {}
    for pair in pairs:
        tag, equals, value = pair.partition("=")
        if not tag or not equals:
            raise Wrong("--tag: expected NAME=VALUE")
        tags[tag] = value
    return tags or None


def _echo_new(made: NewKey, as_json: bool) -> None:
    if as_json:
        echo_json(made.as_dict())
        return
    click.echo(made.key)
    # The key alone on stdout, so that `KEY=$(assemblyai-mw keys create alice)` holds it.
    click.echo(f"Key of {cell(made.name)}. {NEW_KEY}", err=True)


def _echo_fields(row: Mapping[str, Any]) -> None:
    for field, value in row.items():
        click.echo(f"{field.replace('_', ' ') + ':':<20} {cell(value)}")


def _row(info: KeyInfo) -> dict[str, Any]:
    return {**info.as_dict(), "state": _state(info)}


def _state(info: KeyInfo) -> str:
    now = datetime.now(UTC)
    if info.revoked_at is not None and info.revoked_at <= now:
        return "revoked"
    if info.expires_at is not None and info.expires_at <= now:
        return "expired"
    return "live"


@click.group()
def teams() -> None:
    """What all keys of a team may do together."""


@teams.command("list")
@as_json
@click.pass_obj
def list_teams(setup: Setup, as_json: bool) -> None:
    """List the teams that limits were set for."""
    from ..store import Keys

    with setup.database() as database:
        rows = [info.as_dict() for info in Keys(database).teams()]
    if as_json:
        echo_json(rows)
    else:
        echo_table(
            ("name", *BUDGETS, "rpm"), rows, right=("soft_budget_ratio", "rpm"), money=BUDGETS[:3]
        )


@teams.command("set")
@name
@budget_options
@click.option("--rpm", type=click.IntRange(0), metavar="N", help="Requests a minute.")
@as_json
@click.pass_obj
def set_team(setup: Setup, /, name: str, rpm: int | None, as_json: bool, **options: Any) -> None:
    """Set what a team may spend and ask; `none` takes a limit away, what is left out stays."""
    from ..store import Keys

    changes = budgets(options)
    if rpm is not None:
        changes["rpm"] = rpm
    with setup.database(create=True) as database:
        row = Keys(database, actor="cli").set_team(name, **changes).as_dict()
    if as_json:
        echo_json(row)
    else:
        _echo_fields(row)
