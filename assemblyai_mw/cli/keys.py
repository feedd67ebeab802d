"""`keys ...`: the virtual keys that callers send."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from ..store.key_options import KEY_OPTIONS
from .base import Duration, Setup, Wrong
from .key_names import check_names, warn_of_team
from .options import actor, as_json, given, name, takes
from .output import (
    AMOUNTS,
    STANDING_COLUMNS,
    cell,
    echo_fields,
    echo_history,
    echo_json,
    echo_table,
)

if TYPE_CHECKING:
    from ..store import KeyInfo, NewKey

LIST_COLUMNS = ("name", "prefix", "team", "region", "scope", "rpm", "state", "expires_at")
NEW_KEY = "This is the only time the key is shown; store it now."

allow_unknown = click.option(
    "--allow-unknown",
    is_flag=True,
    help="Accept unknown routes, models and features.",
)


@click.group()
def keys() -> None:
    """Make, list, show, change, revoke and rotate virtual keys."""


@keys.command()
@name
@takes(KEY_OPTIONS)
@allow_unknown
@actor
@as_json
@click.pass_obj
def create(
    setup: Setup,
    /,
    name: str,
    allow_unknown: bool,
    actor: str,
    as_json: bool,
    **options: Any,
) -> None:
    """Make a key. It is shown only once."""
    said = given(KEY_OPTIONS, options)
    if said.get("team_rpm") is not None and said.get("team") is None:
        raise Wrong("--team-rpm: expected --team as well")
    if not allow_unknown:
        check_names(setup, said)
    with setup.database(create=True) as database:
        from ..store import Keys

        known = Keys(database, actor=actor)
        warn_of_team(known, said.get("team"))
        made = known.create(name, allow_unknown=allow_unknown, **said)
    _echo_new(made, as_json)


@keys.command("set")
@name
@takes(KEY_OPTIONS)
@click.option(
    "--add-budget", "add_budget_usd", metavar="USD", help="Dollars to add to the total budget."
)
@allow_unknown
@actor
@as_json
@click.pass_obj
def set_(
    setup: Setup,
    /,
    name: str,
    add_budget_usd: str | None,
    allow_unknown: bool,
    actor: str,
    as_json: bool,
    **options: Any,
) -> None:
    """Change a live key; `none` removes an option, omitted options stay.

    Every worker applies the change within a second. A new list replaces the whole former one. With
    another team, new transcripts belong to that team, and earlier ones stay with the former team.
    """
    changes = given(KEY_OPTIONS, options)
    if add_budget_usd is not None:
        changes["add_budget_usd"] = add_budget_usd
    if not changes:
        raise Wrong("nothing to change; expected an option, such as --rpm 60 or --rpm none")
    if not allow_unknown:
        check_names(setup, changes)
    with setup.database() as database:
        from ..store import Keys

        known = Keys(database, actor=actor)
        warn_of_team(known, changes.get("team"))
        row = _row(known.set(name, allow_unknown=allow_unknown, **changes))
    if as_json:
        echo_json(row)
    else:
        echo_fields(row)


@keys.command("list")
@as_json
@click.pass_obj
def list_(setup: Setup, as_json: bool) -> None:
    """List all keys, including revoked and expired ones."""
    from ..store import Keys

    with setup.database() as database:
        rows = [_row(info) for info in Keys(database).list()]
    if as_json:
        echo_json(rows)
    else:
        echo_table(LIST_COLUMNS, rows, right=("rpm",))


@keys.command()
@name
@as_json
@click.pass_obj
def show(setup: Setup, name: str, as_json: bool) -> None:
    """Show one key: its limits and its spend."""
    from ..call import Caller
    from ..store import Holds, Keys

    with setup.database() as database:
        known = Keys(database)
        info = known.get(name)
        # A key that is over has its own budgets alone, and those of its team.
        caller = known.by_id(info.key_id) or Caller(info.name, key_id=info.key_id, team=info.team)
        standings = [each.as_dict() for each in Holds(database).spent(caller)]
    row = _row(info)
    if as_json:
        echo_json({**row, "spending": standings})
        return
    echo_fields(row)
    click.echo()
    echo_table(STANDING_COLUMNS, standings, money=AMOUNTS)


@keys.command()
@name
@actor
@as_json
@click.pass_obj
def revoke(setup: Setup, name: str, actor: str, as_json: bool) -> None:
    """Revoke a key: every worker refuses it within a second. Its team keeps its transcripts."""
    from ..store import Keys

    with setup.database() as database:
        row = _row(Keys(database, actor=actor).revoke(name))
    if as_json:
        echo_json(row)
    else:
        click.echo(f"{cell(name)} is revoked.")


@keys.command()
@name
@click.option("--grace", type=Duration(), metavar="1h", help="How long the old key still works.")
@actor
@as_json
@click.pass_obj
def rotate(setup: Setup, name: str, grace: timedelta | None, actor: str, as_json: bool) -> None:
    """Replace a key with a new one of the same name, rights and transcripts."""
    from ..store import Keys

    with setup.database() as database:
        made = Keys(database, actor=actor).rotate(name, grace=grace or timedelta(0))
    _echo_new(made, as_json)


@keys.command()
@name
@as_json
@click.pass_obj
def history(setup: Setup, name: str, as_json: bool) -> None:
    """Show the changes of a key with their actors, newest first."""
    from ..store import Keys

    with setup.database() as database:
        keys = Keys(database)
        changes = keys.history(name)
        if not changes:
            # Making a key is a change, so a name without changes was never a key's.
            keys.get(name)
    echo_history(changes, as_json)


def _echo_new(made: NewKey, as_json: bool) -> None:
    if as_json:
        echo_json(made.as_dict())
        return
    click.echo(made.key)
    # The key alone on stdout, so that `KEY=$(assemblyai-mw keys create alice)` holds it.
    click.echo(f"Key of {cell(made.name)}. {NEW_KEY}", err=True)


def _row(info: KeyInfo) -> dict[str, Any]:
    return {**info.as_dict(), "state": info.state(datetime.now(UTC))}
