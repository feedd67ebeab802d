"""`erase`: takes the name of a person, a key or a team out of the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import click

from .base import Setup, Wrong
from .options import actor, as_json
from .output import echo_json, echo_table, to_dict

if TYPE_CHECKING:
    from ..store.erasing import Kind


@click.command()
@click.option("--end-user", metavar="U", help="The end user of this name.")
@click.option("--key", metavar="K", help="The key of this name. It is revoked.")
@click.option("--team", metavar="T", help="The team of this name. Its keys are revoked.")
@click.option("--dry-run", is_flag=True, help="Only show what it would do.")
@actor
@as_json
@click.pass_obj
def erase(
    setup: Setup,
    end_user: str | None,
    key: str | None,
    team: str | None,
    dry_run: bool,
    actor: str,
    as_json: bool,
) -> None:
    """Erase a name from the whole ledger; a random pseudonym takes its place, and sums stay.

    Transcripts keep an owner, so that they stay hidden from others. Answers kept for
    Idempotency-Keys are deleted. A SQLite file is written anew afterwards, so that no byte of the
    name is left in it; servers wait meanwhile. Exit status 1 if no row holds the name.
    """
    from ..store.erasing import erase as erase_name
    from ..store.erasing import would_erase

    given = {"end_user": end_user, "key": key, "team": team}
    named = [(kind, value) for kind, value in given.items() if value]
    if len(named) != 1:
        raise Wrong("expected one of --end-user, --key and --team")
    kind, name = cast("tuple[Kind, str]", named[0])
    with setup.database() as database:
        if dry_run:
            done = would_erase(database, kind, name)
        else:
            done = erase_name(database, kind, name, actor=actor)
    if as_json:
        echo_json({**to_dict(done), "dry_run": dry_run})
    else:
        _tell(to_dict(done), dry_run)
    if not done.rows:
        raise click.ClickException("no row holds this name")


def _tell(done: dict[str, Any], dry_run: bool) -> None:
    rows = [{"column": column, "rows": count} for column, count in done["rows"].items()]
    if rows:
        echo_table(("column", "rows"), rows, right=("rows",))
    if done["revoked"]:
        verb = "would be revoked" if dry_run else "revoked"
        click.echo(f"Keys {verb}: {len(done['revoked'])}")
    if rows and not dry_run:
        click.echo(f"The name is {done['pseudonym']} now.")
    for column, count in done["left"].items():
        click.echo(f"{column}: the text stands in {count} rows, and is left there.", err=True)
    if dry_run:
        click.echo("Nothing was changed.")
