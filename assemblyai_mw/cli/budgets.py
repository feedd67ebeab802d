"""`budgets ...`: budgets of tags and of end users."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from ..store.key_options import BUDGET_OPTIONS
from .base import Setup, Wrong
from .options import actor, as_json, given, takes
from .output import AMOUNTS, STANDING_COLUMNS, cell, echo_fields, echo_json, echo_table

Command = TypeVar("Command", bound=Callable[..., Any])


def owner(command: Command) -> Command:
    """Give a command `--tag` and `--end-user`, of which it needs one."""
    for flag, metavar, text in (
        ("--end-user", "USER", "The end user, as the host's identity bridge names it."),
        ("--tag", "NAME=VALUE", "The tag, as it is set on keys."),
    ):
        command = click.option(flag, metavar=metavar, help=text)(command)
    return command


def _one(tag: str | None, end_user: str | None) -> dict[str, str]:
    if (tag is None) == (end_user is None):
        raise Wrong("expected --tag NAME=VALUE or --end-user USER")
    return {"tag": tag} if tag is not None else {"end_user": str(end_user)}


@click.group()
def budgets() -> None:
    """Budgets of tags and end users, which the calls of several keys share."""


@budgets.command("set")
@owner
@takes(BUDGET_OPTIONS)
@actor
@as_json
@click.pass_obj
def set_(
    setup: Setup,
    /,
    tag: str | None,
    end_user: str | None,
    actor: str,
    as_json: bool,
    **options: Any,
) -> None:
    """Set a budget; `none` removes an option, omitted options stay.

    A tag binds the calls of keys that have it by `keys create --tag` or `keys set --tag`, an end
    user those that your app makes for it. Spending counts from now on.
    """
    whose, changes = _one(tag, end_user), given(BUDGET_OPTIONS, options)
    if not changes:
        raise Wrong("nothing to set; expected an option, such as --monthly-budget 50")
    with setup.database(create=True) as database:
        from ..store import SharedBudgets

        row = SharedBudgets(database, actor=actor).set(**whose, **changes).as_dict()
    if as_json:
        echo_json(row)
    else:
        echo_fields(row)


@budgets.command("list")
@as_json
@click.pass_obj
def list_(setup: Setup, as_json: bool) -> None:
    """List the budgets of tags and end users with what is spent."""
    from ..store import SharedBudgets

    with setup.database() as database:
        known = SharedBudgets(database)
        infos = known.list()
        spent = known.spent(infos)
    if as_json:
        echo_json(
            [
                {**each.as_dict(), "spending": [one.as_dict() for one in spent[each.budget_id]]}
                for each in infos
            ]
        )
        return
    rows = [
        {**one.as_dict(), "owner": each.owner}
        for each in infos
        for one in spent[each.budget_id]
        if one.limit is not None
    ]
    scope, *rest = STANDING_COLUMNS
    echo_table((scope, "owner", *rest), rows, money=AMOUNTS)


@budgets.command()
@owner
@actor
@as_json
@click.pass_obj
def clear(setup: Setup, tag: str | None, end_user: str | None, actor: str, as_json: bool) -> None:
    """Remove a budget, with what it counted."""
    whose = _one(tag, end_user)
    with setup.database() as database:
        from ..store import SharedBudgets

        info = SharedBudgets(database, actor=actor).clear(**whose)
    if as_json:
        echo_json({"scope": info.scope, "owner": info.owner, "cleared": True})
    else:
        click.echo(f"The budget of {cell(info.owner)} is cleared.")
