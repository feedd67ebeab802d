"""`migrate`: upgrades the ledger of an earlier version to the present one."""

from __future__ import annotations

import dataclasses

import click

from ..config import load_database
from .base import Setup


@click.command()
@click.option("--dry-run", is_flag=True, help="Only show what it would do.")
@click.pass_obj
def migrate(setup: Setup, dry_run: bool) -> None:
    """Bring the ledger to the schema version of this release.

    Each migration is one transaction: done as a whole or not at all. Exit status 0 also where
    there is nothing to do; 1 where there is no ledger, or a migration failed.
    """
    from ..errors import NoLedger
    from ..store import Database
    from ..store.creation import no_ledger
    from ..store.migrations import MIGRATIONS, migrations_after
    from ..store.schema import SCHEMA_VERSION

    # `auto_migrate: off` is for the app; this command migrates anyway.
    settings = dataclasses.replace(load_database(setup.source), auto_migrate=True)
    database = Database.of(settings, create=False)
    version, where = database.version(), database.describe()
    if version is None:
        raise NoLedger(no_ledger(where))
    if version == SCHEMA_VERSION:
        click.echo(f"{where}: schema {version} is current; nothing to do.")
        return
    click.echo(f"{where}: from schema {version} to {SCHEMA_VERSION}")
    for each in migrations_after(version, MIGRATIONS):
        click.echo(f"  {each.NUMBER}: {each.SUMMARY}")
    if dry_run:
        click.echo("Nothing was changed.")
        return
    try:
        with database.write():
            pass
    finally:
        database.close()
    click.echo("Done.")
