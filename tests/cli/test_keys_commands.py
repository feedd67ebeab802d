"""`keys` and `teams`: what they print, where, and with which exit status."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from assemblyai_mw.store import hash_key


def test_create_prints_the_key_alone_on_stdout(run, keys):
    result = run("keys", "create", "alice")
    assert re.fullmatch(r"sk-[A-Za-z0-9_-]{22,}\n", result.stdout)
    assert "only time the key is shown" in result.stderr
    found = keys.find(hash_key(result.stdout.strip()))
    assert found is not None
    assert found.name == "alice"


def test_create_prints_json_with_name_and_key(run, keys):
    printed = json.loads(run("keys", "create", "alice", "--json").stdout)
    assert printed["name"] == "alice"
    assert keys.find(hash_key(printed["key"])).name == "alice"


def test_every_option_of_create_reaches_the_key(run, keys):
    options = (
        "--team search --budget 12.50 --daily-budget 2 --monthly-budget 9.000000001 "
        "--soft-budget 0.5 --rpm 60 --team-rpm 600 --expires-in 30d --region eu --scope all "
        "--allow-route /eu.assemblyai --allow-model claude --allow-model gemini "
        "--allow-feature speaker_labels --deny-feature redact_pii --max-upload-bytes 1000 "
        "--allow-unpriced --tag app=search --tag stage=test"
    )
    before = datetime.now(UTC)
    run("keys", "create", "alice", *options.split())
    info = keys.get("alice")
    shown = info.as_dict()
    expected = {
        "team": "search",
        "budget_usd": "12.5",
        "budget_daily_usd": "2",
        "budget_monthly_usd": "9.000000001",
        "soft_budget_ratio": 0.5,
        "rpm": 60,
        "team_rpm": 600,
        "region": "eu",
        "scope": "all",
        "routes": ["/eu.assemblyai"],
        "models": ["claude", "gemini"],
        "features": ["speaker_labels"],
        "denied_features": ["redact_pii"],
        "max_upload_bytes": 1000,
        "allow_unpriced": True,
        "tags": {"app": "search", "stage": "test"},
    }
    assert {name: shown[name] for name in expected} == expected
    assert before + timedelta(days=30) <= info.expires_at <= datetime.now(UTC) + timedelta(days=30)


def test_list_and_show_never_print_a_key_again(run):
    key = run("keys", "create", "alice", "--budget", "5").stdout.strip()
    run("keys", "create", "bob", "--expires-in", "1h")
    outputs = [
        run("keys", *args.split()).output
        for args in ("list", "list --json", "show alice", "show alice --json", "history alice")
    ]
    assert not any(key in output for output in outputs)
    assert [each["name"] for each in json.loads(outputs[1])] == ["alice", "bob"]
    shown = json.loads(outputs[3])
    assert (shown["budget_usd"], shown["state"]) == ("5", "live")
    assert shown["spending"][0] == {
        "scope": "key",
        "window": "total",
        "spent_usd": "0",
        "held_usd": "0",
        "limit_usd": "5",
        "remaining_usd": "5",
        "resets_at": None,
    }
    assert re.search(r"^alice +sk-\S+\.\.\. .* live ", outputs[0], re.MULTILINE)


def test_show_says_what_was_spent(run, ledger):
    spending = json.loads(run("keys", "show", "alice", "--json").stdout)["spending"]
    total = [each["spent_usd"] for each in spending if each["window"] == "total"]
    assert total == ["12.345", "12.345"]


def test_revoke_ends_a_key(run, keys):
    key = run("keys", "create", "alice").stdout.strip()
    assert "revoked" in run("keys", "revoke", "alice").stdout
    assert keys.find(hash_key(key)) is None
    assert json.loads(run("keys", "show", "alice", "--json").stdout)["state"] == "revoked"


@pytest.mark.parametrize("grace", [None, "1h"])
def test_rotate_replaces_a_key_and_grace_keeps_the_old_one(run, keys, grace):
    old = run("keys", "create", "alice").stdout.strip()
    options = ["--grace", grace] if grace else []
    new = json.loads(run("keys", "rotate", "alice", *options, "--json").stdout)
    assert (new["name"], new["key"] != old) == ("alice", True)
    assert keys.find(hash_key(new["key"])).name == "alice"
    assert (keys.find(hash_key(old)) is not None) == (grace is not None)


def test_expiry_and_budgets_change_later(run, keys):
    run("keys", "create", "alice", "--budget", "5")
    run("keys", "expire", "alice", "--in", "7d")
    assert keys.get("alice").expires_at > datetime.now(UTC) + timedelta(days=6)
    run("keys", "expire", "alice")
    assert keys.get("alice").expires_at is None
    run("keys", "budget", "alice", "--budget", "none", "--daily-budget", "0.25")
    assert keys.get("alice").budget_nano is None
    assert keys.get("alice").budget_daily_nano == 250_000_000
    actions = [
        each["action"] for each in json.loads(run("keys", "history", "alice", "--json").stdout)
    ]
    assert actions == ["set_budget", "expire", "expire", "create"]


def test_teams_have_limits_of_their_own(run):
    run("teams", "set", "search", "--monthly-budget", "100", "--rpm", "600")
    run("teams", "set", "search", "--budget", "1000")
    (team,) = json.loads(run("teams", "list", "--json").stdout)
    assert (team["name"], team["budget_usd"], team["budget_monthly_usd"], team["rpm"]) == (
        "search",
        "1000",
        "100",
        600,
    )
    assert re.search(r"^search +1000\.00 +- +100\.00 +- +600$", run("teams", "list").stdout, re.M)


@pytest.mark.parametrize(
    "args, status, said",
    [
        pytest.param("keys show nobody", 1, "Error: No key is named nobody", id="unknown key"),
        pytest.param("keys revoke nobody", 1, "No key is named nobody", id="revoke nobody"),
        pytest.param("keys rotate nobody", 1, "No key is named nobody", id="rotate nobody"),
        pytest.param("keys create alice", 1, "A key named alice is in use", id="name in use"),
        pytest.param("keys create master", 1, "name: master is reserved", id="reserved"),
        pytest.param("keys create x --budget -1", 1, "budget_usd: expected dollars", id="budget"),
        pytest.param("keys create x --budget nan", 1, "budget_usd: expected dollars", id="NaN"),
        pytest.param("keys create", 2, "keys create: Missing argument 'NAME'", id="no name"),
        pytest.param("keys create x --rpm 0", 2, "'--rpm'", id="rpm 0"),
        pytest.param("keys create x --expires-in 1y", 2, "such as 30d", id="duration"),
        pytest.param("keys create x --expires-in 0d", 2, "such as 30d", id="no duration"),
        pytest.param("keys create x --region mars", 2, "'mars' is not one of", id="region"),
        pytest.param("keys create x --tag nothing", 2, "expected NAME=VALUE", id="tag"),
        pytest.param("keys create x --team-rpm 5", 2, "--team-rpm: expected --team", id="no team"),
        pytest.param("keys create x --soft-budget half", 2, "a number such as 0.8", id="ratio"),
        pytest.param("keys destroy x", 2, "No such command 'destroy'", id="unknown command"),
        pytest.param("keys list --no-such", 2, "No such option", id="unknown option"),
        pytest.param("usage --since yesterday", 2, "7d for seven days ago", id="since"),
        pytest.param("usage --since 2026-02-30", 2, "7d for seven days ago", id="no date"),
        pytest.param(
            "usage --since 2026-01-02 --until 2026-01-01", 2, "before --until", id="backwards"
        ),
        pytest.param("usage --by planet", 2, "'planet' is not one of", id="grouping"),
        pytest.param("--config /no/such.yaml keys list", 2, "/no/such.yaml: expected", id="file"),
    ],
)
def test_an_error_is_one_line_on_stderr(run, keys, args, status, said):
    keys.create("alice")
    result = run(*args.split(), status=status)
    assert result.stdout == ""
    assert said in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_group_without_a_command_shows_its_help(run):
    assert "Commands:" in run("keys", status=2).stderr


def test_a_database_that_cannot_be_used_is_said(run, tmp_path):
    (tmp_path / "ledger.db").write_bytes(b"this is no database, whatever its name" * 100)
    result = run("keys", "list", status=1)
    assert result.stderr.startswith("Error: ")
    assert result.stderr.count("\n") == 1


def test_keys_need_the_database_alone(run, tmp_path, sqlite_url):
    """The account's key is for the workers; whoever makes keys need not have it."""
    config = tmp_path / "mw.yaml"
    config.write_text(
        f"""
model_list:
  - model_name: assemblyai/*
    litellm_params: {{model: assemblyai/*, api_key: os.environ/ASSEMBLYAI_API_KEY}}
general_settings:
  master_key: os.environ/ASSEMBLYAI_MW_MASTER_KEY
  database_url: {sqlite_url}
"""
    )
    run("--config", str(config), "keys", "create", "alice")
    run("--config", str(config), "usage")
    run("keys", "show", "alice", environ={"ASSEMBLYAI_MW_CONFIG": str(config)})


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(["-m", "assemblyai_mw"], id="module"),
        pytest.param(["-c", "from assemblyai_mw.cli import main; main()"], id="console script"),
    ],
)
def test_it_runs_as_a_process(tmp_path: Path, command: list[str]):
    environ = {
        **{name: value for name, value in os.environ.items() if "ASSEMBLYAI" not in name},
        "ASSEMBLYAI_MW_DATABASE_URL": f"sqlite:///{tmp_path}/x.db",
        "COLUMNS": "80",
        "FORCE_COLOR": "1",
    }

    def process(*args: str) -> tuple[int, str, str]:
        done = subprocess.run(
            [sys.executable, "-W", "error", *command, *args],
            env=environ,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            check=False,
        )
        return done.returncode, done.stdout, done.stderr

    status, out, err = process("keys", "create", "alice", "--json")
    assert (status, err) == (0, f"Made a new ledger: {tmp_path}/x.db\n")
    assert json.loads(out)["name"] == "alice"
    status, out, err = process("keys", "list")
    assert (status, err) == (0, "")
    assert "\x1b" not in out
    assert process("keys", "show", "bob") == (1, "", "Error: No key is named bob\n")
    assert process("keys", "make") == (2, "", "assemblyai-mw keys: No such command 'make'.\n")
