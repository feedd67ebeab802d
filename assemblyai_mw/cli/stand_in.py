"""`stand-in`: plays AssemblyAI's hosts on this machine, for a first try without an account."""

from __future__ import annotations

import os
import secrets
import signal
import threading
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

import click

FIRST_PORT = 9000


@click.command("stand-in")
@click.option(
    "--port",
    type=click.IntRange(0, 65_500),
    default=FIRST_PORT,
    show_default=True,
    help="First of the ports, one for each host; 0 lets the system choose them.",
)
@click.option(
    "--write",
    "file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Also write a configuration that uses it. An existing file is left as it is.",
)
def stand_in(port: int, file: Path | None) -> None:
    """Play AssemblyAI's hosts on this machine until Ctrl-C, to try the app without an account.

    Each host of each region gets a port of its own, on 127.0.0.1. Nothing leaves this machine, and
    nothing is kept. --write makes a configuration with the routes, the stand-in's account keys, a
    new master key, and a ledger `stand_in.db` in the server's working directory.
    """
    from ..testing import serve_all

    if file is not None and file.exists():
        raise click.ClickException(
            f"{file} exists and is left as it is; without --write it can be used again"
        )
    with ExitStack() as stack:
        try:
            hosts = stack.enter_context(serve_all(port=port))
        except OSError as error:
            raise click.ClickException(f"{error.strerror}; --port N takes others") from None
        if file is not None:
            _write(file, hosts.routes)
        for prefix, url in hosts.routes.items():
            click.echo(f"{prefix:<30} {url}")
        if file is not None:
            click.echo(f"The configuration is {file}: export ASSEMBLYAI_MW_CONFIG={file}")
        click.echo("The stand-in is running; Ctrl-C ends it.")
        _wait_for_signal()
    click.echo("The stand-in has ended.")


def _write(file: Path, routes: Mapping[str, str]) -> None:
    import yaml

    from ..testing import EU_KEY, US_KEY

    config = {
        "model_list": [
            {"model_name": f"{name}/*", "litellm_params": {"model": f"{name}/*", "api_key": key}}
            for name, key in (("assemblyai", US_KEY), ("eu.assemblyai", EU_KEY))
        ],
        "general_settings": {
            "database_url": "sqlite:///stand_in.db",
            "master_key": f"sk-{secrets.token_urlsafe(24)}",
        },
        "routes": dict(routes),
    }
    text = "# Made by assemblyai-mw stand-in; its account keys are known to everybody.\n"
    text += yaml.safe_dump(config, sort_keys=False)
    try:
        # Only its owner may read a file with a key.
        with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
            out.write(text)
    except OSError as error:
        raise click.ClickException(f"{file}: cannot be written: {error.strerror}") from None


def _wait_for_signal() -> None:
    ended = threading.Event()
    before = {
        each: signal.signal(each, lambda *_: ended.set())
        for each in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        ended.wait()
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
