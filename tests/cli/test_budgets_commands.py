"""`budgets`: budgets of tags and end users, and what makes no sense."""

from __future__ import annotations

import json

import pytest

from assemblyai_mw.store import SharedBudgets

TAG = ("--tag", "customer=acme")


def test_a_budget_is_set_listed_changed_and_cleared(run, keys):
    made = json.loads(run("budgets", "set", *TAG, "--monthly-budget", "50", "--json").stdout)
    assert (made["scope"], made["owner"], made["budget_monthly_usd"]) == (
        "tag",
        "customer=acme",
        "50",
    )
    run("budgets", "set", "--end-user", "maria", "--daily-budget", "1", "--soft-budget", "0.5")
    shown = run("budgets", "set", *TAG, "--budget", "500", "--actor", "maria").stdout
    assert "500" in shown
    listed = json.loads(run("budgets", "list", "--json").stdout)
    assert [(each["scope"], each["owner"]) for each in listed] == [
        ("end_user", "maria"),
        ("tag", "customer=acme"),
    ]
    assert [each["window"] for each in listed[1]["spending"]] == ["total", "monthly", "daily"]
    table = run("budgets", "list").stdout.splitlines()
    assert len(table) == 1 + 3 + (table[1].startswith("-"))
    assert keys.history()[0].actor == "maria"
    assert "cleared" in run("budgets", "clear", *TAG).stdout
    assert json.loads(run("budgets", "clear", "--end-user", "maria", "--json").stdout) == {
        "scope": "end_user",
        "owner": "maria",
        "cleared": True,
    }
    assert json.loads(run("budgets", "list", "--json").stdout) == []


@pytest.mark.parametrize(
    "args, status, words",
    [
        (("set", "--budget", "1"), 2, "expected --tag NAME=VALUE or --end-user USER"),
        (("set", *TAG, "--end-user", "u", "--budget", "1"), 2, "expected --tag"),
        (("set", *TAG), 2, "nothing to set"),
        (("set", "--tag", "acme", "--budget", "1"), 1, "tag: expected NAME=VALUE"),
        (("set", *TAG, "--budget", "none"), 1, "expected at least one"),
        (("set", *TAG, "--budget", "much"), 1, "budget_usd: expected dollars"),
        (("set", *TAG, "--budget", "1", "--extra-budget", "5"), 1, "expected both or none"),
        (("clear", *TAG), 1, "No budget is set for this tag"),
        (("clear",), 2, "expected --tag"),
    ],
)
def test_what_makes_no_sense_is_one_line(run, keys, args, status, words):
    keys.create("alice")
    result = run("budgets", *args, status=status)
    assert words in result.stderr
    assert result.stderr.count("\n") == 1
    assert SharedBudgets(keys.database).list() == []


def test_keys_show_has_the_budgets_of_the_keys_tags(run, keys):
    run("keys", "create", "alice", *TAG)
    run("budgets", "set", *TAG, "--budget", "5")
    spending = json.loads(run("keys", "show", "alice", "--json").stdout)["spending"]
    assert [each["scope"] for each in spending] == ["key"] * 3 + ["tag"] * 3
    run("keys", "revoke", "alice")
    spending = json.loads(run("keys", "show", "alice", "--json").stdout)["spending"]
    assert [each["scope"] for each in spending] == ["key"] * 3


@pytest.mark.parametrize("command", [("budgets", "list"), ("budgets", "clear", *TAG)])
def test_a_command_that_only_reads_or_takes_away_makes_no_ledger(run, tmp_path, command):
    run(*command, status=1)
    assert not (tmp_path / "ledger.db").exists()


def test_a_raise_for_a_time_and_limits_are_set_on_keys_and_teams(run, keys):
    limits = ["--tpm", "9000", "--max-parallel", "4", "--extra-budget", "20", "--extra-for", "7d"]
    run("keys", "create", "alice", "--budget", "5", *limits)
    run("teams", "set", "blue", "--budget", "5", *limits)
    for info in (keys.get("alice"), keys.team("blue")):
        shown = info.as_dict()
        assert (shown["tpm"], shown["max_parallel"], shown["extra_budget_usd"]) == (9000, 4, "20")
        assert shown["extra_budget_until"] is not None
    run("keys", "set", "alice", "--extra-budget", "none", "--tpm", "none")
    shown = keys.get("alice").as_dict()
    assert (shown["tpm"], shown["extra_budget_usd"], shown["extra_budget_until"]) == (None,) * 3
