"""The command line: `assemblyai-mw [--config FILE] keys | teams | budgets | usage | ...`.

base        one-line errors, exit statuses, configuration and database
keys        virtual keys
teams       the teams they belong to
budgets     budgets of tags and end users
options     the options of both, from their declaration in store.key_options
key_names   checks of the names in them
usage       use and cost
migrate     upgrades the ledger of an earlier version
ledger      copies the ledger, deletes its old calls
erase       takes a name out of the ledger
export      a file of calls
progress    progress of long commands
settlement  settle, reconcile, reprice: update and check the ledger
prices      the prices in force, and the gateway's own list
check       finds faults in the configuration and the stack
stand_in    plays AssemblyAI's hosts, for a first try
output      tables, JSON and CSV
"""

from __future__ import annotations

import click

from .base import ConfigSource, OneLineErrors, Setup
from .budgets import budgets
from .check.command import check
from .erase import erase
from .keys import keys
from .ledger import ledger
from .migrate import migrate
from .prices import prices
from .settlement import reconcile, reprice, settle
from .stand_in import stand_in
from .teams import teams
from .usage import usage

__all__ = ["group_for", "main"]


@click.group(cls=OneLineErrors, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="assemblyai-mw", prog_name="assemblyai-mw")
@click.option(
    "--config",
    type=click.Path(dir_okay=False),
    metavar="FILE",
    help="Configuration file; default: the file in ASSEMBLYAI_MW_CONFIG, else the environment.",
)
@click.pass_context
def main(context: click.Context, config: str | None) -> None:
    """Virtual keys, costs and checks of AssemblyAI behind your app."""
    context.obj = Setup(config)


for command in (
    *(keys, teams, budgets, usage, settle, reconcile, reprice, prices, migrate, ledger, erase),
    check,
    stand_in,
):
    main.add_command(command)


def group_for(config: ConfigSource, *, name: str) -> click.Group:
    """Return the same commands as one group *name*, with *config* instead of `--config`.

    For hosts that have a command line of their own: `flask`, `manage.py`.
    """

    @click.group(
        name=name,
        cls=OneLineErrors,
        context_settings={"help_option_names": ["-h", "--help"]},
        help=main.help,
    )
    @click.pass_context
    def group(context: click.Context) -> None:
        context.obj = Setup(config)

    for each in main.commands.values():
        group.add_command(each)
    return group
