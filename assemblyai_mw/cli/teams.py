"""`teams ...`: limits that all keys of a team share."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import click

from ..store.key_options import TEAM_OPTIONS
from .base import Setup
from .key_names import warn_of_team
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

_MONEY = tuple(each.name for each in TEAM_OPTIONS if each.kind.typed == "money")
_NUMBERS = tuple(each.name for each in TEAM_OPTIONS if each.kind.typed in ("count", "ratio"))


@click.group()
def teams() -> None:
    """Limits that all keys of a team share."""


@teams.command("list")
@as_json
@click.pass_obj
def list_teams(setup: Setup, as_json: bool) -> None:
    """List the teams with limits."""
    from ..store import Keys

    with setup.database() as database:
        rows = [info.as_dict() for info in Keys(database).teams()]
    if as_json:
        echo_json(rows)
    else:
        columns = ("name", *(each.name for each in TEAM_OPTIONS))
        echo_table(columns, rows, right=_NUMBERS, money=_MONEY)


@teams.command()
@name
@as_json
@click.pass_obj
def show(setup: Setup, name: str, as_json: bool) -> None:
    """Show one team: its limits, its spend, and its live keys."""
    from ..call import Caller
    from ..store import Holds, Keys

    with setup.database() as database:
        keys = Keys(database)
        row = keys.team(name).as_dict()
        now = datetime.now(UTC)
        live = [each.name for each in keys.team_keys(name) if each.state(now) == "live"]
        standings = [each.as_dict() for each in Holds(database).spent(Caller(name, team=name))]
    if as_json:
        echo_json({**row, "keys": live, "spending": standings})
        return
    echo_fields({**row, "keys": live})
    click.echo()
    echo_table(STANDING_COLUMNS, standings, money=AMOUNTS)


@teams.command("set")
@name
@takes(TEAM_OPTIONS, least=0)
@actor
@as_json
@click.pass_obj
def set_team(setup: Setup, /, name: str, actor: str, as_json: bool, **options: Any) -> None:
    """Set a team's limits; `none` removes a limit, omitted limits stay."""
    from ..store import Keys

    changes = given(TEAM_OPTIONS, options)
    with setup.database(create=True) as database:
        keys = Keys(database, actor=actor)
        warn_of_team(keys, name)
        row = keys.set_team(name, **changes).as_dict()
    if as_json:
        echo_json(row)
    else:
        echo_fields(row)


@teams.command()
@name
@as_json
@click.pass_obj
def history(setup: Setup, name: str, as_json: bool) -> None:
    """Show the changes of a team's limits with their actors, newest first; deleted teams too."""
    from ..store import Keys

    with setup.database() as database:
        keys = Keys(database)
        changes = keys.history(team=name)
        if not changes:
            # A team without limits has no changes; an unknown team is an error.
            keys.team(name)
    echo_history(changes, as_json)


@teams.command()
@name
@actor
@as_json
@click.pass_obj
def delete(setup: Setup, name: str, actor: str, as_json: bool) -> None:
    """Delete a team's limits, once it has no keys; sums and transcripts stay its own."""
    from ..store import Keys

    with setup.database() as database:
        Keys(database, actor=actor).delete_team(name)
    if as_json:
        echo_json({"name": name, "deleted": True})
    else:
        click.echo(f"{cell(name)} is deleted.")
