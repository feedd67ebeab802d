"""Packages from npm for the tests: pinned, and installed once a run."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from pathlib import Path

import pytest

PINNED = (
    "assemblyai@4.41.5",
    "openai@6.49.0",
    "playwright-core@1.65.1",
    "@anthropic-ai/sdk@1.14.0",
    "axe-core@4.14.1",
)


def node_modules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder with the packages; all worker processes of a run share it.

    Where npm or its registry is missing, the test is skipped with the reason.
    """
    if shutil.which("npm") is None or shutil.which("node") is None:
        pytest.skip("node and npm are not installed")
    base = tmp_path_factory.getbasetemp()
    # pytest-xdist gives each worker a folder of its own within the run's.
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    folder = shared / "npm"
    with (shared / "npm.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            _install(folder)
    return folder / "node_modules"


def _install(folder: Path) -> None:
    half = folder.with_name("npm-half")
    shutil.rmtree(half, ignore_errors=True)
    half.mkdir()
    (half / "package.json").write_text("{}")
    command = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", *PINNED]
    done = subprocess.run(
        command, cwd=half, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False
    )
    if done.returncode:
        pytest.skip(f"npm cannot install {' '.join(PINNED)}: {done.stderr.strip()[-300:]}")
    half.rename(folder)


def run_node(
    script: Path, modules: Path, *arguments: str, **environ: str
) -> subprocess.CompletedProcess[str]:
    """Run a CommonJS script that requires the packages; it must end well."""
    done = subprocess.run(
        ["node", str(script), *arguments],
        env={**os.environ, "NODE_PATH": str(modules), **environ},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done
