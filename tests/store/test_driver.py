"""A PostgreSQL URL that cannot work stops the start, in one line."""

from __future__ import annotations

import subprocess
import sys

import pytest
from stack_kit import config_of, host_app

from assemblyai_mw import AssemblyAIMiddleware, CostLogger
from assemblyai_mw.errors import ConfigError
from assemblyai_mw.store import Database

URL = "postgresql://u:hunter2@127.0.0.1:1/d"
START = """
import sys
{before}
from assemblyai_mw import AssemblyAIMiddleware
from assemblyai_mw.errors import ConfigError
try:
    AssemblyAIMiddleware(None, {{"general_settings": {{"database_url": "{url}"}}}})
except ConfigError as error:
    print(error)
print(*(name for name in ("sqlalchemy", "psycopg") if sys.modules.get(name)))
"""


def start(before: str = "") -> list[str]:
    """Return what an app's start prints, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", START.format(before=before, url=URL)],
        capture_output=True,
        text=True,
        check=False,
        env={"ASSEMBLYAI_API_KEY": "k" * 20, "PYTHONPATH": ":".join(filter(None, sys.path))},
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


def test_a_start_without_the_driver_names_the_extra() -> None:
    assert start("sys.modules['psycopg'] = None") == [
        "database_url: PostgreSQL needs psycopg: pip install 'assemblyai-mw[postgres]'",
        "",
    ]


def test_a_start_with_the_driver_imports_neither_it_nor_sqlalchemy() -> None:
    assert start() == [""]


def test_a_driver_without_its_c_library_is_none() -> None:
    before = "sys.modules |= dict.fromkeys(('psycopg', 'psycopg_binary', 'psycopg_c'))"
    assert start(before)[0].endswith("pip install 'assemblyai-mw[postgres]'")


def test_whatever_opens_a_database_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    for make in (
        lambda: Database(URL),
        lambda: CostLogger(host_app, ledger=URL),
        lambda: AssemblyAIMiddleware(host_app, config_of(URL)),
    ):
        with pytest.raises(ConfigError, match=r"pip install 'assemblyai-mw\[postgres\]'$"):
            make()
    Database("sqlite://")


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ("prepare_threshold=5", "general_settings.database_prepare"),
        ("prepare_threshold=", "general_settings.database_prepare"),
        ("sslmode=require&row_factory=x", "row_factory is no option"),
        ("autocommit=1", "autocommit is no option"),
    ],
)
def test_an_option_of_the_drivers_in_the_url_is_refused_in_one_line(option: str, said: str) -> None:
    for make in (
        lambda: Database(f"{URL}?{option}"),
        lambda: AssemblyAIMiddleware(host_app, config_of(f"{URL}?{option}")),
    ):
        with pytest.raises(ConfigError) as caught:
            make()
        assert said in str(caught.value)
        assert "hunter2" not in str(caught.value)
        assert "\n" not in str(caught.value)
