"""A folder for each client, with its newest release in a venv or `node_modules` of its own."""

from __future__ import annotations

import json
import platform
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from .clients import Client


class NotInstalled(Exception):
    """The package manager's last words."""


def install(client: Client, folder: Path, *, upgrade: bool = True) -> list[str]:
    """Install *client* in *folder*; return the versions that the page shows.

    Args:
        upgrade: Take the newest releases also where the client is installed.

    Raises:
        NotInstalled: pip or npm failed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if client.npm:
        # Newest clients need a newer Node than distributions have.
        _npm(folder.parent / "node", [_node_package()], upgrade=upgrade)
        _npm(folder, client.packages, upgrade=upgrade)
        return [_npm_version(folder, name) for name in client.packages[: client.shown]]
    python = interpreter(client, folder)
    if not Path(python).exists():
        _run([sys.executable, "-m", "venv", str(folder / "venv")], folder)
        upgrade = True
    if upgrade:
        _run([python, "-m", "pip", "install", "--quiet", "--upgrade", *client.packages], folder)
    names = [re.sub(r"\[.*", "", name) for name in client.packages[: client.shown]]
    return [_python_version(python, name) for name in names]


def interpreter(client: Client, folder: Path) -> str:
    """Return what runs the script of *client*."""
    if client.npm:
        package = folder.parent / "node" / "node_modules" / _node_package()
        return str(package / "bin" / "node")
    return str(folder / "venv" / "bin" / "python")


def _node_package() -> str:
    """Return the package at npm that is Node itself, for this machine."""
    machine = {"x86_64": "x64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    return f"node-{sys.platform}-{machine}"


def _npm(folder: Path, packages: Sequence[str], *, upgrade: bool) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "package.json").exists():
        (folder / "package.json").write_text('{"private": true}')
    if upgrade or not (folder / "node_modules").exists():
        newest = [f"{name}@latest" for name in packages]
        _run(["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", *newest], folder)


def _run(command: list[str], folder: Path) -> str:
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False
    )
    if done.returncode:
        raise NotInstalled(f"{' '.join(command)}\n{done.stderr.strip()[-2000:]}")
    return done.stdout


def _npm_version(folder: Path, name: str) -> str:
    package = json.loads((folder / "node_modules" / name / "package.json").read_text())
    return f"{name} {package['version']}"


def _python_version(python: str, name: str) -> str:
    code = f"import importlib.metadata as m; print(m.version({name!r}))"
    return f"{name} {_run([python, '-c', code], Path.cwd()).strip()}"
