"""The oldest versions that setup.cfg allows, under a core of the tests.

    python -m tests.lowest [ARGUMENTS OF PYTEST]

makes a virtual environment with exactly those versions of what the package and its extras need
(presidio left out: its model is large), and with whichever versions of the tests' own packages
go with them. CI does not run it.

It is a plugin of pytest as well: click's own CliRunner of 8.1 keeps stderr as 8.2's does.
"""

from __future__ import annotations

import configparser
import functools
import inspect
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
EXTRAS = ("postgres", "redis", "prometheus", "otel")
CORE = ["billing", "call", "cli", "client", "config", "dialects", "endpoints", "guards", "http"]
CORE += ["middleware", "settlement", "stack", "store", "telemetry", "transport"]
# click 8.1 leaves with 0 where a group's command is missing; presidio is left out.
LEFT_OUT = ("test_a_group_without_a_command_shows_its_help", "presidio")


def requirements() -> list[str]:
    """Return the oldest versions, and what the tests need beside them."""
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")
    extras = setup["options.extras_require"]
    lists = [setup["options"]["install_requires"], *(extras[name] for name in EXTRAS)]
    oldest = [line.replace(">=", "==") for text in lists for line in text.split()]
    own = [line for line in extras["test"].split() if not line.startswith("assemblyai-mw")]
    return oldest + own


def main(arguments: list[str]) -> int:
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        python = str(Path(folder, "bin", "python"))
        pip = [python, "-m", "pip", "-q", "--disable-pip-version-check"]
        subprocess.run([*pip, "install", *requirements()], check=True)
        tests = arguments or [f"tests/{room}" for room in CORE]
        chosen = ["-k", " and ".join(f"not {name}" for name in LEFT_OUT)]
        chosen.append("--ignore=tests/guards/test_presidio.py")
        command = [python, "-m", "pytest", "-q", "-p", "tests.lowest", *chosen, *tests]
        return subprocess.run(command, cwd=ROOT, check=False).returncode


def pytest_configure() -> None:
    """Have click's results keep stderr, and show both streams as its output."""
    from click.testing import CliRunner, Result

    if "mix_stderr" not in inspect.signature(CliRunner).parameters:
        return
    CliRunner.__init__ = functools.partialmethod(CliRunner.__init__, mix_stderr=False)
    Result.output = property(lambda self: self.stdout + self.stderr)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
