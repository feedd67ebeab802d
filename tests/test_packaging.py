"""What is installed is complete, and what the code imports is declared."""

from __future__ import annotations

import ast
import configparser
import importlib
import importlib.metadata
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

import click
import pytest

import assemblyai_mw

PACKAGE = Path(assemblyai_mw.__file__).parent
ROOT = Path(__file__).parents[1]
# Import names that are not those of the distribution.
DISTRIBUTIONS = {
    "yaml": "pyyaml",
    "opentelemetry": "opentelemetry-api",
    # requests is built on it, hands out its objects, and says which versions.
    "urllib3": "requests",
}


@pytest.fixture(scope="module")
def setup() -> configparser.RawConfigParser:
    parser = configparser.RawConfigParser()
    parser.read_string((ROOT / "setup.cfg").read_text("utf-8"))
    return parser


def names(requirements: str) -> set[str]:
    """Return the distributions in a list of requirements, normalised (PEP 503)."""
    found = (re.match(r"[A-Za-z0-9._-]+", line.strip()) for line in requirements.splitlines())
    return {re.sub(r"[-_.]+", "-", match[0]).lower() for match in found if match}


def third_party() -> Iterator[tuple[str, str, bool]]:
    """Yield distribution, module, and whether the import stands at a module's top level."""
    for path in sorted(PACKAGE.rglob("*.py")):
        tree = ast.parse(path.read_text("utf-8"))
        typing_only = {
            id(inner)
            for node in ast.walk(tree)
            if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
            for inner in ast.walk(node)
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                modules = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and not node.level:
                modules = [node.module or ""]
            else:
                continue
            for module in modules:
                top = module.split(".")[0]
                known = top in sys.stdlib_module_names or top in ("assemblyai_mw", "_typeshed")
                if not known and id(node) not in typing_only:
                    at_top = node in tree.body
                    distribution = DISTRIBUTIONS.get(top, re.sub("_", "-", top).lower())
                    yield distribution, str(path.relative_to(PACKAGE)), at_top


def test_every_import_is_declared(setup):
    extras = setup["options.extras_require"]
    core = names(setup["options"]["install_requires"])
    users = names("\n".join(extras[e] for e in extras if e not in ("test", "docs", "dev")))
    missing = {
        (distribution, module)
        for distribution, module, _ in third_party()
        # Adapters to a host are imported by that host's app, which brings it.
        if distribution not in core | users and not module.startswith("hosts/")
    }
    assert missing == set()
    assert core.isdisjoint({"flask", "django"})


def test_the_walk_sees_the_core_dependencies(setup):
    """Else the test above would hold without meaning anything; and none is declared in vain."""
    used = {distribution for distribution, _, _ in third_party()}
    assert names(setup["options"]["install_requires"]) - used == set()


@pytest.mark.parametrize("name", ["billing/prices.toml", "py.typed"])
def test_package_data_is_installed(name):
    assert resources.files("assemblyai_mw").joinpath(name).is_file()


def test_every_folder_of_the_package_is_a_package():
    """`packages = find:` takes only those."""
    folders = {path.parent for path in PACKAGE.rglob("*.py")}
    assert {str(folder) for folder in folders if not (folder / "__init__.py").exists()} == set()


def test_the_console_script_is_a_command(setup):
    line = setup["options.entry_points"]["console_scripts"].strip()
    command, _, target = (part.strip() for part in line.partition("="))
    module, _, attribute = target.partition(":")
    assert command == "assemblyai-mw"
    assert isinstance(getattr(importlib.import_module(module), attribute), click.Command)


def test_every_place_names_the_same_python(setup):
    lowest = setup["options"]["python_requires"].removeprefix(">=")
    tools = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]
    assert tools["mypy"]["python_version"] == lowest
    assert tools["ruff"]["target-version"] == "py" + lowest.replace(".", "")
    assert f"Programming Language :: Python :: {lowest}" in setup["metadata"]["classifiers"]


def test_every_dependency_has_a_lower_bound(setup):
    lists = [setup["options"]["install_requires"], *setup["options.extras_require"].values()]
    lines = [line.strip() for text in lists for line in text.splitlines() if line.strip()]
    bare = [line for line in lines if ">=" not in line and not line.startswith("assemblyai-mw[")]
    assert bare == []
