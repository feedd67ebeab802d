"""The command line: `assemblyai-mw [--config FILE] keys | teams | usage | ...`.

group       the group's manners: one line an error, exit status, where commands find things
keys        virtual keys, and the teams they belong to
usage       what was used, and what it cost
settlement  settle, reconcile, reprice: the ledger brought up to date, and checked
check       what is wrong with configuration and stack
output      tables, JSON and CSV
"""

from __future__ import annotations

import click

from .check import check
from .group import OneLineErrors, Setup
from .keys import keys, teams
from .settlement import reconcile, reprice, settle
from .usage import usage

__all__ = ["main"]


@click.group(cls=OneLineErrors, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="assemblyai-mw", prog_name="assemblyai-mw")
@click.option(
    "--config",
    type=click.Path(dir_okay=False),
    metavar="FILE",
    help="The YAML file; else the one that ASSEMBLYAI_MW_CONFIG names, else the environment.",
)
@click.pass_context
def main(context: click.Context, config: str | None) -> None:
    """Virtual keys, costs and checks of AssemblyAI behind your app."""
    context.obj = Setup(config)


for command in (keys, teams, usage, settle, reconcile, reprice, check):
    main.add_command(command)
