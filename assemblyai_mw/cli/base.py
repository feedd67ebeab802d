"""Shared parts of the commands: one-line errors, exit statuses, configuration and database.

Exit status: 0 done, 1 it failed (or `check` found a fault), 2 wrong usage or configuration.
"""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NoReturn

import click

from ..config import Config, load_config, load_database
from ..errors import ConfigError, MiddlewareError

if TYPE_CHECKING:
    from ..store import Database


# A YAML file, a mapping of its shape, or None for the environment.
ConfigSource = str | os.PathLike[str] | Mapping[str, Any] | None
# click 8.1 prints the help itself, and raises nothing.
_NO_ARGUMENTS: Any = getattr(click.exceptions, "NoArgsIsHelpError", ())


class Wrong(click.ClickException):
    """Wrong usage or configuration: exit status 2."""

    exit_code = 2


class OneLineErrors(click.Group):
    """A group whose errors are one line on stderr, for people and for cron."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; this package's own errors become click's."""
        try:
            with warnings.catch_warnings():
                warnings.showwarning = _show_warning
                return super().invoke(ctx)
        except ConfigError as error:
            raise Wrong(_line(error)) from error
        except (MiddlewareError, ValueError) as error:
            raise click.ClickException(_line(error)) from error

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        **extra: Any,
    ) -> Any:
        """Parse *args*, run the command, and leave with its status."""
        if not standalone_mode:
            return super().main(args, prog_name, complete_var, False, **extra)
        try:
            status = super().main(args, prog_name or "assemblyai-mw", complete_var, False, **extra)
        except _NO_ARGUMENTS as error:
            click.echo(error.format_message(), err=True)
            sys.exit(error.exit_code)
        except click.ClickException as error:
            context = getattr(error, "ctx", None)
            _leave(error.exit_code, context.command_path if context else "Error", error)
        except click.Abort:
            _leave(130, "Aborted", None)
        sys.exit(status if isinstance(status, int) else 0)


def _leave(status: int, who: str, error: click.ClickException | None) -> NoReturn:
    message = f": {' '.join(error.format_message().split())}" if error else ""
    click.echo(f"{who}{message}", err=True)
    sys.exit(status)


def _line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__


def _show_warning(message: Warning | str, *args: Any, **options: Any) -> None:
    click.echo(f"Warning: {message}", err=True)


@dataclass(frozen=True, slots=True)
class Setup:
    """The configuration of `--config` or of a host app, read as far as a command needs it."""

    source: ConfigSource

    def config(self) -> Config:
        """Return the whole configuration. Raises ConfigError."""
        return load_config(self.source)

    @contextmanager
    def database(self, *, create: bool = False) -> Iterator[Database]:
        """Give the database; no key of any account is needed.

        If there is no ledger, *create* makes one and prints its place on stderr. Else NoLedger is
        raised, so that a command in the wrong folder does not answer from an empty ledger.
        """
        from ..store import Database

        database = Database.of(load_database(self.source), create=create)
        try:
            if not create:
                # Refused before any request to AssemblyAI.
                with database.read():
                    pass
            yield database
        finally:
            database.close()
            if database.created:
                click.echo(f"Made a new ledger: {database.describe()}", err=True)


class Duration(click.ParamType):  # type: ignore[type-arg] # generic from click 8.2 on only
    """`90s`, `15m`, `12h` or `30d`, as a timedelta."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return *value* as a timedelta."""
        from ..store.columns import duration

        try:
            return duration("duration", value)
        except ValueError:
            self.fail("expected a number and s, m, h or d, such as 30d", param, ctx)


class Moment(click.ParamType):  # type: ignore[type-arg]
    """`2026-11-01`, `2026-11-01T12:00`, or `7d` for seven days ago; UTC unless it says else."""

    name = "moment"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return *value* as an aware datetime."""
        if isinstance(value, datetime):
            return value
        from ..store.columns import duration

        try:
            moment = datetime.fromisoformat(value)
            return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
        except (ValueError, OverflowError):
            pass
        try:
            ago: timedelta = duration("duration", value)
            return datetime.now(UTC) - ago
        except (ValueError, OverflowError):
            self.fail("expected a date such as 2026-11-01, or 7d for seven days ago", param, ctx)
