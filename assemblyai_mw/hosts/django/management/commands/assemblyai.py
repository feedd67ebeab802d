"""`manage.py assemblyai keys | teams | usage | check ...`: the command line, in Django's place."""

from __future__ import annotations

import argparse
import sys
from contextlib import redirect_stderr, redirect_stdout
from typing import Any

import click
from django.core.management.base import BaseCommand, CommandError

from .....cli import group_for
from .....errors import ConfigError
from ... import settings_config


class Command(BaseCommand):  # type: ignore[misc] # Django ships no types
    """Everything behind the name is `assemblyai-mw`'s, set up by `settings.ASSEMBLYAI_MW`."""

    help = "Virtual keys, costs and checks of AssemblyAI behind this site; --help after a command."
    # Keys can be made before the site is in order.
    requires_system_checks: list[str] = []  # noqa: RUF012 # as Django declares it

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Leave all arguments to the command."""
        parser.add_argument("args", nargs=argparse.REMAINDER, metavar="COMMAND ...")

    def create_parser(self, *names: str, **options: Any) -> argparse.ArgumentParser:
        """Return Django's parser, whose help is the list of commands."""
        parser: argparse.ArgumentParser = super().create_parser(*names, **options)

        def print_help(file: Any = None) -> None:
            group = group_for(None, name="assemblyai")
            context = click.Context(group, info_name=f"{names[0]} {names[1]}")
            print(group.get_help(context), file=file or sys.stdout)  # as argparse's

        parser.print_help = print_help  # type: ignore[method-assign]
        return parser

    def handle(self, *args: str, **options: Any) -> None:
        """Run the command; leaves with its exit status if that is not 0.

        Raises:
            CommandError: The setting is neither a path nor a mapping.
        """
        try:
            group = group_for(settings_config(), name="assemblyai")
        except ConfigError as error:
            raise CommandError(str(error), returncode=2) from None
        self.stdout.ending = self.stderr.ending = ""
        with redirect_stdout(self.stdout), redirect_stderr(self.stderr):
            try:
                group.main([*args], prog_name="manage.py assemblyai")
            except SystemExit as left:
                if left.code:
                    raise
