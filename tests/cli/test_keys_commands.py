"""`keys` and `teams`: what they print, where, and with which exit status."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert

from assemblyai_mw.cli import main
from assemblyai_mw.store import hash_key
from assemblyai_mw.store.schema import audit


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


SET = (
    "--team sales --budget 12.50 --daily-budget 2 --monthly-budget 9.000000001 "
    "--soft-budget 0.5 --rpm 60 --team-rpm 600 --expires-in 30d --region eu --scope all "
    "--allow-route /eu.assemblyai --allow-model gpt-5-mini --allow-model 'gemini*' "
    "--allow-feature speaker_labels --deny-feature redact_pii --max-upload-bytes 1000 "
    "--allow-unpriced --tag app=search --tag stage=test"
)


def test_set_takes_every_option_of_create_and_none_clears_it(run, keys):
    made, changed = (main.commands["keys"].commands[name].params for name in ("create", "set"))
    assert {each.name for each in changed} - {each.name for each in made} == {"add_budget_usd"}
    assert {each.name for each in made} <= {each.name for each in changed}
    run("keys", "create", "like", *shlex.split(SET))
    plain = json.loads(run("keys", "create", "alice", "--json").stdout)
    row = json.loads(run("keys", "set", "alice", *shlex.split(SET), "--json").stdout)
    assert row == {**keys.get("alice").as_dict(), "state": "live"}
    own = {"name", "key_id", "prefix", "created_at", "expires_at"}
    like = keys.get("like").as_dict()
    assert {k: v for k, v in row.items() if k not in {*own, "state"}} == {
        k: v for k, v in like.items() if k not in own
    }
    assert keys.get("alice").expires_at > datetime.now(UTC) + timedelta(days=29)
    cleared = [f"{flag} none" for flag in re.findall(r"--(?!allow-unpriced)[a-z-]+", SET)]
    cleared = [*dict.fromkeys(cleared), "--no-allow-unpriced"]
    run("keys", "set", "alice", *" ".join(cleared).split())
    now = keys.get("alice").as_dict()
    assert {name: plain[name] for name in now} == now


def test_create_reads_none_as_nothing(run, keys):
    run("keys", "create", "alice")
    run(
        "keys",
        "create",
        "bob",
        *["--rpm", "none", "--region", "none", "--allow-model", "none", "--tag", "none"],
    )
    assert keys.get("bob").as_dict() == {
        **keys.get("alice").as_dict(),
        **{name: keys.get("bob").as_dict()[name] for name in ("name", "key_id", "prefix")},
        "created_at": keys.get("bob").as_dict()["created_at"],
    }


def test_a_list_is_replaced_as_a_whole_and_a_budget_topped_up(run, keys):
    run("keys", "create", "alice", "--budget", "5", *["--allow-model", "gpt-5", "--rpm", "3"])
    shown = run(
        "keys", "set", "alice", *["--allow-model", "gpt-5.2", "--add-budget", "2.50"]
    ).stdout
    assert re.search(r"^budget usd: +7\.5$", shown, re.M)
    info = keys.get("alice")
    assert (info.models, info.budget_nano, info.rpm) == ({"gpt-5.2"}, 7_500_000_000, 3)


def test_history_shows_old_and_new_and_who(run, keys):
    environ = {"SUDO_USER": "", "USER": "root", "LOGNAME": "other"}
    run("keys", "create", "alice", "--rpm", "60", environ={**environ, "SUDO_USER": "maria"})
    run("keys", "set", "alice", *["--rpm", "none", "--allow-model", "gpt-5"], environ=environ)
    run("keys", "rotate", "alice", environ={**environ, "USER": ""})
    run("keys", "revoke", "alice", environ=dict.fromkeys(environ, ""))
    run("keys", "create", "alice", "--actor", "deploy bot", environ=environ)
    rows = json.loads(run("keys", "history", "alice", "--json").stdout)
    assert [(row["action"], row["actor"]) for row in rows] == [
        ("create", "deploy bot"),
        ("revoke", "cli"),
        ("rotate", "other"),
        ("set", "root"),
        ("create", "maria"),
    ]
    assert rows[3]["detail"] == {
        "rpm": {"old": 60, "new": None},
        "models": {"old": None, "new": ["gpt-5"]},
    }
    shown = run("keys", "history", "alice").stdout
    assert "rpm: 60 -> none; models: none -> gpt-5" in shown
    assert re.search(r" maria +create +prefix=sk-\S+; rpm=60$", shown, re.M)


def test_history_of_an_earlier_release_is_shown(run, keys):
    keys.create("alice")
    with keys.database.write() as connection:
        connection.execute(
            insert(audit).values(
                at=1,
                actor="cli",
                action="set_budget",
                key_name="alice",
                detail='{"budget_daily_nano":250000000}',
            )
        )
    assert "budget_daily_nano=250000000" in run("keys", "history", "alice").stdout


def test_a_taken_limit_of_a_team_is_history(run):
    run("teams", "set", "search", "--monthly-budget", "5")
    run("teams", "set", "search", "--monthly-budget", "none", "--actor", "maria")
    row = json.loads(run("teams", "history", "search", "--json").stdout)[0]
    assert (row["action"], row["actor"], row["detail"]) == (
        "set_team",
        "maria",
        {"budget_monthly_usd": {"old": "5", "new": None}},
    )
    assert "budget_monthly_usd: 5 -> none" in run("teams", "history", "search").stdout


def test_a_team_is_shown_with_its_keys_and_what_it_spent(run, ledger):
    run("teams", "set", "search", "--budget", "100", "--rpm", "600")
    run("keys", "create", "old", "--team", "search")
    run("keys", "revoke", "old")
    shown = json.loads(run("teams", "show", "search", "--json").stdout)
    assert (shown["name"], shown["budget_usd"], shown["rpm"]) == ("search", "100", 600)
    assert shown["keys"] == ["alice"]
    assert [(each["scope"], each["window"]) for each in shown["spending"]] == [
        ("team", "total"),
        ("team", "monthly"),
        ("team", "daily"),
    ]
    assert shown["spending"][0]["spent_usd"] == "12.345"
    assert re.search(r"^keys: +alice$", run("teams", "show", "search").stdout, re.M)


def test_a_team_is_deleted_once_its_keys_are_gone(run, ledger):
    run("teams", "set", "search", "--rpm", "0")
    refused = run("teams", "delete", "search", status=1).stderr
    assert refused == "Error: The team search has keys: alice; revoke or move them first\n"
    run("keys", "revoke", "alice")
    assert run("teams", "delete", "search").stdout == "search is deleted.\n"
    assert json.loads(run("teams", "list", "--json").stdout) == []
    assert json.loads(run("teams", "history", "search", "--json").stdout)[0]["action"] == (
        "delete_team"
    )
    shown = json.loads(run("teams", "show", "search", "--json").stdout)
    assert (shown["rpm"], shown["spending"][0]["spent_usd"]) == (None, "12.345")


NAMES = """
model_list:
  - model_name: our-fast-model
    litellm_params: {model: assemblyai/gpt-5-mini, api_key: os.environ/NOT_SET_HERE}
routes: {/sync.assemblyai: null, /stt: 'https://api.assemblyai.com'}
prices: {chat: {house-model: {input: 1, output: 2}}}
"""


@pytest.mark.parametrize(
    "options, said",
    [
        ("--allow-feature speaker_lables", "did you mean speaker_labels?"),
        ("--deny-feature redact_pi", "did you mean redact_pii?"),
        ("--allow-route /nonexistent", "/nonexistent is no route here; "),
        ("--allow-route /assemblyia", "did you mean /assemblyai?"),
        ("--allow-route /sync.assemblyai", "/sync.assemblyai is no route here"),
        ("--allow-model assemblyai/gpt-5-mni", "did you mean gpt-5-mini?"),
        ("--allow-model universal-3-5-prooo", "did you mean universal-3-5-pro?"),
        ("--allow-model our-fast-modle", "did you mean our-fast-model?"),
    ],
)
def test_names_that_cannot_be_right_are_told_and_nothing_is_written(
    run, keys, tmp_path, options, said
):
    config = tmp_path / "names.yaml"
    config.write_text(NAMES)
    keys.create("alice")
    for command in ("create bob", "set alice"):
        status = 1 if "feature" in options else 2
        args = ("--config", str(config), "keys", *command.split(), *options.split())
        result = run(*args, status=status)
        assert said in result.stderr
        assert (result.stdout, result.stderr.count("\n")) == ("", 1)
    assert [info.name for info in keys.list()] == ["alice"]
    assert len(keys.history()) == 1
    run(*args, "--allow-unknown")
    assert len(keys.history()) == 2


@pytest.mark.parametrize(
    "options, warned",
    [
        ("--allow-model gpt-6", "gpt-6 is no model that is known here"),
        ("--allow-model gpt-5-mini-high", "gpt-5-mini-high is no model"),
        ("--allow-model cluade*", "cluade* matches no model"),
        ("--allow-model assemblyai/*", None),
        ("--allow-model claude-*", None),
        ("--allow-model eu.assemblyai/gemini-2.5-flash", None),
        ("--allow-model our-fast-model", None),
        ("--allow-model house-model", None),
        ("--allow-route /stt", None),
        ("--allow-route /v1", None),
        ("--allow-route assemblyai/", None),
        ("--team serach", "serach is a new team; did you mean search?"),
        ("--team search", None),
        ("--team search-2", None),
    ],
)
def test_names_that_may_be_new_are_taken_with_a_warning(run, keys, tmp_path, options, warned):
    config = tmp_path / "names.yaml"
    config.write_text(NAMES)
    keys.create("alice", team="search")
    args = ("--config", str(config), "keys", "set", "alice", *options.split())
    stderr = run(*args).stderr
    if warned is None:
        assert stderr == ""
    else:
        assert stderr.startswith("Warning: ")
        assert warned in stderr
        assert stderr.count("\n") == 1


def test_a_new_team_spelled_almost_as_another_is_told_and_made(run):
    run("teams", "set", "search", "--rpm", "5")
    assert "did you mean search?" in run("teams", "set", "serach", "--rpm", "5").stderr
    assert run("teams", "set", "serach", "--rpm", "6").stderr == ""


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
    assert re.search(
        r"^search +1000\.00 +- +100\.00( +-){3} +600( +-){3}$", run("teams", "list").stdout, re.M
    )


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
        pytest.param("keys set alice", 2, "nothing to change", id="set nothing"),
        pytest.param("keys set nobody --rpm 5", 1, "No key is named nobody", id="set nobody"),
        pytest.param(
            "keys set alice --add-budget 5", 1, "no total budget to add to", id="no total"
        ),
        pytest.param("keys set alice --team-rpm 5", 1, "expected a key with a team", id="no team2"),
        pytest.param("keys set alice --rpm some", 2, "'--rpm'", id="set rpm"),
        pytest.param(
            "keys set alice --allow-model none --allow-model gpt-5",
            2,
            "--allow-model: expected none alone",
            id="none and more",
        ),
        pytest.param(
            ["keys", "set", "alice", "--rpm", "5", "--actor", "a\nb"],
            2,
            "--actor: expected 1 to 256 printable",
            id="actor",
        ),
        pytest.param("keys history nobody", 1, "No key is named nobody", id="history of nobody"),
        pytest.param("teams show nobody", 1, "No team is named nobody", id="unknown team"),
        pytest.param("teams history nobody", 1, "No team is named nobody", id="no history"),
        pytest.param("teams delete nobody", 1, "No team is named nobody", id="delete nobody"),
        pytest.param("keys create x --soft-budget half", 2, "a number such as 0.8", id="ratio"),
        pytest.param("keys destroy x", 2, "No such command 'destroy'", id="unknown command"),
        pytest.param("keys list --no-such", 2, "No such option", id="unknown option"),
        pytest.param("usage --since yesterday", 2, "7d for seven days ago", id="since"),
        pytest.param("usage --since 2026-02-30", 2, "7d for seven days ago", id="no date"),
        pytest.param(
            "usage --since 2026-01-02 --until 2026-01-01", 2, "before --until", id="backwards"
        ),
        pytest.param("usage --by planet", 2, "one or two of call, key", id="grouping"),
        pytest.param("--config /no/such.yaml keys list", 2, "/no/such.yaml: expected", id="file"),
    ],
)
def test_an_error_is_one_line_on_stderr(run, keys, args, status, said):
    keys.create("alice")
    result = run(*(args.split() if isinstance(args, str) else args), status=status)
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
