"""The crontab of docs/recipes.md, which no test runs by the clock, names real commands."""

from __future__ import annotations

import re
import shlex

import click
from blocks import ROOT, blocks_of

from assemblyai_mw.cli import main


def cron_commands() -> list[list[str]]:
    (crontab,) = (
        block.text
        for block in blocks_of(ROOT / "docs" / "recipes.md")
        if block.title == "/etc/cron.d/assemblyai-mw"
    )
    found = []
    for line in crontab.splitlines():
        if match := re.fullmatch(r"(?:[\d*/]+ +){5}podcasts +(.+)", line):
            found.append(shlex.split(re.split(r" (?:>|\|\|) ", match[1])[0]))
        else:
            assert re.match(r"#|[A-Z_]+=|$", line), line
    return found


def test_each_command_of_the_crontab_and_its_options_are_there() -> None:
    commands = cron_commands()
    assert ["assemblyai-mw", "check", "--cron"] in commands
    assert len(commands) == 4
    for program, *words in commands:
        assert program == "assemblyai-mw"
        # Parsed, and not run.
        command: click.Command = main
        with click.Context(main) as context:
            while isinstance(command, click.Group):
                _, found, words = command.resolve_command(context, words)
                assert found is not None
                command = found
            command.make_context(None, words)
