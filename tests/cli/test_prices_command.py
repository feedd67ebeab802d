"""`prices` and `prices refresh`, against a stand-in of each region on sockets."""

from __future__ import annotations

import json
import os
import stat
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cli_kit import ACCOUNT_KEY, Run, made
from settlement_kit import host_app, settings_of
from webtest import TestApp

from assemblyai_mw import AssemblyAIMiddleware
from assemblyai_mw.billing.replies import Usage
from assemblyai_mw.config import load_config
from assemblyai_mw.errors import ConfigError
from assemblyai_mw.store import Database, Keys, Ledger
from assemblyai_mw.testing import Hosts, serve_all

FILE = "assemblyai_mw_prices.toml"
NEW = "qwen3.5-4b-32k-fast"
ENVIRON = {"ASSEMBLYAI_API_KEY": ACCOUNT_KEY}


@pytest.fixture
def hosts() -> Iterator[Hosts]:
    with serve_all() as hosts:
        yield hosts


@pytest.fixture
def config(tmp_path: Path, hosts: Hosts, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A configuration file in a folder of its own, seen from another."""
    folder = tmp_path / "etc"
    folder.mkdir()
    path = folder / "mw.yaml"
    path.write_text(json.dumps({"routes": hosts.routes}))
    monkeypatch.chdir(tmp_path)
    return path


def kept(config: Path) -> dict[str, Any]:
    return tomllib.loads((config.parent / FILE).read_text())


def price(model: str, hosts: Hosts, **rates: float) -> None:
    for fake in (hosts.us, hosts.eu):
        if model in fake.models:
            fake.models[model]["pricing"]["global"] |= rates


def asked(fake: Any) -> list[tuple[str, str | None]]:
    return [(seen.target, seen.header("authorization")) for seen in fake.requests]


def test_refresh_writes_the_list_beside_the_configuration_without_any_key(
    run: Run, config: Path, hosts: Hosts
):
    result = run("--config", str(config), "prices", "refresh")
    assert asked(hosts.us) == asked(hosts.eu) == [("/v1/models", None)]
    chat = kept(config)["chat"]
    assert chat.keys() == hosts.us.models.keys()
    (entry,) = chat["claude-sonnet-4-6"]["prices"]
    assert datetime.now(UTC) - entry.pop("since") < timedelta(minutes=1)
    assert hosts.routes["/eu.llm-gateway.assemblyai"] in entry.pop("source")
    assert entry == {
        "input": "3",
        "output": "15",
        "cached_input": "0.3",
        "cache_write": "3.75",
        "cache_write_1h": "6",
        "in_region": "10",
    }
    lines = [line.split() for line in result.output.splitlines()]
    assert [NEW, "input", "-", "0.05"] in lines
    assert ["claude-sonnet-4-6", "cached_input", "-", "0.3"] in lines
    assert ["claude-sonnet-4-6", "input", "3", "3"] not in lines
    assert "until they are restarted" in result.output


def test_refreshing_again_adds_no_entry_and_says_what_changed(run: Run, config: Path, hosts: Hosts):
    refresh = ("--config", str(config), "prices", "refresh")
    run(*refresh)
    first = kept(config)
    assert f"{config.parent / FILE}: 0 of 17 models changed." in run(*refresh).output
    assert kept(config)["chat"] == first["chat"]
    price("gpt-5", hosts, prompt=1.5)
    output = run(*refresh).output
    assert [line.split() for line in output.splitlines() if line.startswith("gpt-5")] == [
        ["gpt-5", "input", "1.25", "1.5"]
    ]
    second = kept(config)["chat"]
    assert len(second["gpt-5"]["prices"]) == 2
    assert {name: item for name, item in second.items() if name != "gpt-5"} == {
        name: item for name, item in first["chat"].items() if name != "gpt-5"
    }


def test_a_dry_run_writes_nothing(run: Run, config: Path):
    result = run("--config", str(config), "prices", "refresh", "--dry-run")
    assert result.output.endswith("Nothing was written.\n")
    assert [path.name for path in config.parent.iterdir()] == ["mw.yaml"]


@pytest.mark.parametrize("region", ["us", "eu"])
@pytest.mark.parametrize(
    "fault",
    [
        pytest.param({"status": 500}, id="an error"),
        pytest.param({"drop": True}, id="dropped"),
        pytest.param({"cut_after": 50}, id="cut short"),
        pytest.param({"status": 200, "body": b"<html>"}, id="no JSON"),
        pytest.param({"status": 200, "body": b'{"data": []}'}, id="an empty list"),
    ],
)
def test_a_list_that_cannot_be_read_leaves_the_file_alone(
    run: Run, config: Path, hosts: Hosts, region: str, fault: dict[str, Any]
):
    run("--config", str(config), "prices", "refresh")
    before = (config.parent / FILE).read_bytes()
    price("gpt-5", hosts, prompt=1.5)
    # A connection that breaks is tried again once, where nothing came back.
    for _ in range(2):
        getattr(hosts, region).fail_next(path="/v1/models", **fault)
    result = run("--config", str(config), "prices", "refresh", status=1)
    prefix = "/llm-gateway.assemblyai" if region == "us" else "/eu.llm-gateway.assemblyai"
    assert f"{hosts.routes[prefix]}/v1/models: " in result.output
    assert "nothing was written" in result.output
    assert (config.parent / FILE).read_bytes() == before
    assert sorted(path.name for path in config.parent.iterdir()) == [FILE, "mw.yaml"]


def test_a_price_that_is_none_is_refused_and_force_does_not_help(
    run: Run, config: Path, hosts: Hosts
):
    price("gpt-5", hosts, prompt=-1.25)
    result = run("--config", str(config), "prices", "refresh", "--force", status=1)
    assert "gpt-5: pricing.global.prompt: expected US dollars" in result.output
    assert not (config.parent / FILE).exists()


def test_a_price_that_can_hardly_be_true_is_taken_by_force_alone(
    run: Run, config: Path, hosts: Hosts
):
    price("gpt-5", hosts, prompt=1250)
    result = run("--config", str(config), "prices", "refresh", status=1)
    assert "gpt-5: input 1.25 -> 1250" in result.output
    assert not (config.parent / FILE).exists()
    run("--config", str(config), "prices", "refresh", "--force")
    assert kept(config)["chat"]["gpt-5"]["prices"][0]["input"] == "1250"


def test_the_files_mode_stays_and_so_does_a_link(run: Run, config: Path):
    target = config.parent / "elsewhere.toml"
    target.write_text("")
    target.chmod(0o640)
    (config.parent / FILE).symlink_to(target)
    run("--config", str(config), "prices", "refresh")
    assert (config.parent / FILE).is_symlink()
    assert stat.S_IMODE(target.stat().st_mode) == 0o640
    assert "chat" in tomllib.loads(target.read_text())


def test_a_folder_that_cannot_be_written_is_one_line(run: Run, config: Path, hosts: Hosts):
    settings = {"prices_file": "no/folder/here.toml"}
    config.write_text(json.dumps({"routes": hosts.routes, "general_settings": settings}))
    result = run("--config", str(config), "prices", "refresh", status=1)
    assert f"{config.parent}/no/folder/here.toml: cannot be written: No such file" in result.output


def test_the_setting_names_another_place_as_seen_from_the_configuration(
    run: Run, config: Path, hosts: Hosts
):
    settings = {"prices_file": "here.toml"}
    config.write_text(json.dumps({"routes": hosts.routes, "general_settings": settings}))
    run("--config", str(config), "prices", "refresh")
    assert sorted(path.name for path in config.parent.iterdir()) == ["here.toml", "mw.yaml"]
    assert load_config(config, ENVIRON).prices_file == str(config.parent / "here.toml")
    assert "chat" in load_config(config, ENVIRON).refreshed_prices


def test_without_a_file_the_prices_are_in_the_working_directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert load_config({}, ENVIRON).prices_file == str(tmp_path / FILE)
    (tmp_path / FILE).write_text('[transcript."*"]\nprices = [{ usd = "1", source = "x" }]\n')
    usage = Usage("transcript", "universal-99", audio_ms=3_600_000)
    assert load_config({}, ENVIRON).price_book().price(usage, datetime.now(UTC)).usd == "1"


@pytest.mark.parametrize(
    "text, reason",
    [
        pytest.param(b"chat = [", "Invalid", id="no TOML"),
        pytest.param(b"\xff", "no TOML", id="no text"),
        pytest.param(b"read_at = 5", "read_at: expected a date", id="no date"),
        pytest.param(b"[chats.x]", "prices.chats: unknown", id="no such section"),
        pytest.param(
            b'[chat.x]\nprices = [{ input = "-1", output = "1" }]',
            "prices.chat.x.prices[0].input: expected US dollars",
            id="no price",
        ),
        pytest.param(
            b'[chat.x]\nprices = [{ input = "1", output = "1", eu = { input = "1" } }]',
            "prices.chat.x.prices[0].eu.output: missing",
            id="half a region",
        ),
    ],
)
def test_a_damaged_file_stops_the_start_and_the_commands_with_one_line(
    run: Run, config: Path, text: bytes, reason: str
):
    file = config.parent / FILE
    file.write_bytes(text)
    with pytest.raises(ConfigError) as caught:
        load_config(config, ENVIRON)
    assert str(caught.value).startswith(f"{file}: the refreshed prices are damaged: ")
    assert reason in str(caught.value)
    assert "\n" not in str(caught.value)
    for command in (["prices"], ["prices", "refresh"]):
        result = run("--config", str(config), *command, status=2)
        assert f"{file}: the refreshed prices are damaged: " in result.output
    assert file.read_bytes() == text


def test_a_file_that_may_not_be_read_stops_the_start(config: Path):
    (config.parent / FILE).mkdir()
    with pytest.raises(ConfigError, match=f"{FILE}: expected a readable file of prices"):
        load_config(config, ENVIRON)


def test_a_route_taken_away_is_not_asked(run: Run, config: Path, hosts: Hosts):
    routes = {**hosts.routes, "/eu.llm-gateway.assemblyai": None}
    config.write_text(json.dumps({"routes": routes}))
    run("--config", str(config), "prices", "refresh")
    assert asked(hosts.eu) == []
    config.write_text(json.dumps({"routes": {**routes, "/llm-gateway.assemblyai": None}}))
    result = run("--config", str(config), "prices", "refresh", status=2)
    assert "no route leads to the LLM Gateway" in result.output


# What a refreshed price does.


def test_a_refreshed_model_is_a_known_name_for_a_key(run: Run, config: Path):
    create = ("--config", str(config), "keys", "create")
    warning = f"{NEW} is no model that is known here"
    assert warning in run(*create, "alice", "--allow-model", NEW).stderr
    run("--config", str(config), "prices", "refresh")
    assert warning not in run(*create, "bob", "--allow-model", NEW).stderr


def test_a_refreshed_model_may_be_used_on_a_budget_and_is_priced_by_the_list(
    run: Run, hosts: Hosts, tmp_path: Path, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    settings = settings_of(hosts, sqlite_url)
    key = Keys(sqlite_url).create("alice", budget_usd="5").key

    def ask(model: str, status: int = 200) -> Any:
        messages = [{"role": "user", "content": "hi"}]
        body = {"model": model, "messages": messages, "max_tokens": 50}
        hosts.us.next_answer(
            "one",
            usage={
                "prompt_tokens": 1000,
                "completion_tokens": 10,
                "total_tokens": 1010,
                "prompt_tokens_details": {"cached_tokens": 400},
            },
        )
        stack = AssemblyAIMiddleware(host_app, settings)
        try:
            return TestApp(stack).post_json(
                "/llm-gateway.assemblyai/v1/chat/completions",
                body,
                headers={"Authorization": key},
                status=status,
            )
        finally:
            stack.close()

    assert f"No price for model '{NEW}'" in ask(NEW, 403).json["error"]
    (tmp_path / "mw.yaml").write_text(json.dumps({"routes": hosts.routes}))
    run("--config", "mw.yaml", "prices", "refresh")
    ask(NEW)
    ask("claude-sonnet-4-6")
    costs = {row["model"]: row["cost_usd"] for row in Ledger(sqlite_url).calls()}
    assert costs == {
        # 1000 x 0.05 + 10 x 0.2, no rate for the cache, ten per cent for staying in the region.
        NEW: "0.0000572",
        # 600 x 3 + 400 x 0.3 + 10 x 15, and the same ten per cent.
        "claude-sonnet-4-6": "0.002277",
    }


def test_reprice_takes_the_price_of_the_calls_own_day(
    run: Run, config: Path, hosts: Hosts, sqlite_url: str
):
    database = Database(sqlite_url)
    alice, ledger = Keys(database).create("alice"), Ledger(database)
    now = datetime.now(UTC)
    for age in (40, 3):
        call = made(alice.info.key_id, now - timedelta(days=age), {})
        row = ledger.open(call, kind="chat", model=NEW, features={})
        usage = Usage("chat", NEW, input_tokens=1_000_000, output_tokens=0)
        ledger.settle(row, usage=usage, price=None, reason="no price")
    refresh = ("--config", str(config), "prices", "refresh")
    environ = {**ENVIRON, "ASSEMBLYAI_MW_DATABASE_URL": sqlite_url}
    run(*refresh)
    dry = run("--config", str(config), "reprice", "--dry-run", environ=environ).output
    assert f"2 stay unpriced: no price for model '{NEW}' before {now:%Y-%m-%d}" in dry
    run(*refresh, "--since", "7d")
    price(NEW, hosts, prompt=0.5)
    run(*refresh)
    output = run("--config", str(config), "reprice", environ=environ).output
    assert "0.055" in output
    rows = {row["state"]: row["cost_usd"] for row in ledger.calls()}
    assert rows == {"settled": "0.055", "unpriced": None}


def test_a_first_price_cannot_hold_from_a_moment_to_come(run: Run, config: Path):
    day = (datetime.now(UTC) + timedelta(days=2)).date().isoformat()
    result = run("--config", str(config), "prices", "refresh", "--since", day, status=2)
    assert "--since: expected a moment that has come" in result.output


# What is shown.


def test_prices_shows_what_is_in_force_at_a_moment(run: Run, config: Path, hosts: Hosts):
    price("gpt-5", hosts, prompt=1.5)
    hosts.us.models["gpt-5"]["retirement_date"] = 1_800_000_000
    run("--config", str(config), "prices", "refresh")

    def shown(*more: str) -> dict[tuple[str, str], dict[str, Any]]:
        result = run("--config", str(config), "prices", "--format", "json", *more)
        rows = json.loads(result.stdout)
        return {(row["section"], row["item"]): row for row in rows}

    now, then = shown(), shown("--at", "2026-11-01")
    row = now["chat", "gpt-5"]
    assert row["prices"] == {"input": "1.5", "output": "10", "cached_input": "0.125"}
    assert (row["source"], row["retires"], row["in_region"]) == (
        "refreshed",
        "2027-01-15",
        {"us": "10", "eu": "10"},
    )
    assert row["since"].endswith("Z")
    assert then["chat", "gpt-5"] | {"retires": None} == {
        "section": "chat",
        "item": "gpt-5",
        "unit": "million tokens",
        "prices": {"input": "1.25", "output": "10"},
        "in_region": {"us": "10", "eu": "10"},
        "regional": {},
        "since": "2026-05-29T00:00:00Z",
        "source": "shipped",
        "written": "assemblyai.com/llms/pricing.md, 2026-05-29",
        "retires": None,
    }
    assert ("chat", NEW) in now
    assert ("chat", NEW) not in then
    table = run("--config", str(config), "prices").output
    line = next(line for line in table.splitlines() if "  gpt-5  " in line)
    assert "input 1.5, output 10, cached_input 0.125, in us and eu +10%" in line
    assert line.endswith("2027-01-15")


def test_prices_needs_neither_a_key_nor_a_ledger(run: Run, tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert "universal-2" in run("prices").output
    assert os.listdir(tmp_path) == []


# What check says.


def said(run: Run, config: Path, **environ: str) -> list[str]:
    output = run("--config", str(config), "check", environ={**ENVIRON, **environ}).stdout
    return [line for line in output.splitlines() if line.startswith("note")]


def aged(config: Path, days: int) -> None:
    file = config.parent / FILE
    read = datetime.now(UTC) - timedelta(days=days)
    lines = [
        f"read_at = {read.isoformat()}" if line.startswith("read_at") else line
        for line in file.read_text().splitlines()
    ]
    file.write_text("\n".join(lines))


def test_check_tells_the_age_of_the_list(run: Run, config: Path):
    file = config.parent / FILE
    (note,) = [line for line in said(run, config) if "refreshed prices" in line]
    assert f"{file} is not there; assemblyai-mw prices refresh" in note
    run("--config", str(config), "prices", "refresh")
    for days, old in ((35, False), (36, True)):
        aged(config, days)
        notes = [line for line in said(run, config) if "refreshed prices" in line]
        assert bool(notes) == old
    assert "36 days ago; assemblyai-mw prices refresh" in notes[0]


def test_check_tells_models_that_are_retired_or_about_to_be(run: Run, config: Path, hosts: Hosts):
    now = datetime.now(UTC)
    for model, days in (("gpt-5", -3), ("gpt-5-mini", 59), ("gpt-5-nano", 61)):
        hosts.us.models[model]["retirement_date"] = int((now + timedelta(days=days)).timestamp())
    run("--config", str(config), "prices", "refresh")
    notes = [line for line in said(run, config) if "retir" in line]
    assert [line[7:].split(":")[:2] for line in notes] == [
        ["retired", " gpt-5"],
        ["retiring", " gpt-5-mini"],
    ]


def test_check_tells_what_callers_used_without_a_price(
    run: Run, config: Path, hosts: Hosts, sqlite_url: str
):
    database = Database(sqlite_url)
    alice, ledger = Keys(database).create("alice"), Ledger(database)
    now = datetime.now(UTC)
    task = "speech_understanding.action_items"
    used = [
        (40, Usage("chat", "gpt-4.0-old", input_tokens=1, output_tokens=1)),
        (3, Usage("chat", "gpt-6-sol", input_tokens=1, output_tokens=1)),
        (2, Usage("chat", "gpt-6-sol", input_tokens=1, output_tokens=1)),
        (1, Usage("transcript", "universal-2", audio_ms=1, features=frozenset({task}))),
    ]
    for age, usage in used:
        call = made(alice.info.key_id, now - timedelta(days=age), {})
        row = ledger.open(call, kind=usage.kind, model=usage.model, features={})
        ledger.settle(row, usage=usage, price=None, reason="no price")
    environ = {"ASSEMBLYAI_MW_DATABASE_URL": sqlite_url}
    notes = [line[7:] for line in said(run, config, **environ) if "of the last" in line]
    assert notes == [
        "calls: no price for model 'gpt-6-sol': 2 of the last 30 days; below prices: "
        'chat: {"gpt-6-sol": {input: DOLLARS, output: DOLLARS, source: WHERE}}, '
        "or assemblyai-mw prices refresh",
        f"calls: no price for add-on '{task}': 1 of the last 30 days; below prices: "
        f'transcript_addon: {{"{task}": {{usd: DOLLARS, source: WHERE}}}}',
    ]
