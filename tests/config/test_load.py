"""The configuration: what it gives, and the one line for everything it may not be."""

from __future__ import annotations

import copy
import dataclasses
import os
import pickle
import warnings
from typing import Any

import pytest
from config_kit import (
    ACCOUNT_KEY,
    ENVIRON,
    PLANTED,
    of_general,
    of_guard,
    of_model,
    written,
)

from assemblyai_mw.config import (
    DEFAULT_ROUTES,
    Config,
    ModelEntry,
    load,
    load_config,
    load_database,
    load_names,
)
from assemblyai_mw.errors import ConfigError
from assemblyai_mw.routes import doors_below
from assemblyai_mw.secret import Secret

# --- what it gives -------------------------------------------------------------------


def test_without_a_file_the_environment_fills_everything():
    config = load_config(
        None,
        {
            **ENVIRON,
            "ASSEMBLYAI_MW_MASTER_KEY": "sk-master-of-this-test",
            "ASSEMBLYAI_MW_DATABASE_URL": "sqlite:////var/lib/ledger.db",
        },
    )
    assert config.source == "environment"
    assert {prefix: u.base_url for prefix, u in config.upstreams.items()} == DEFAULT_ROUTES
    assert {u.api_key.reveal() for u in config.upstreams.values()} == {ACCOUNT_KEY}
    assert config.master_key == Secret("sk-master-of-this-test")
    assert config.database_url == "sqlite:////var/lib/ledger.db"
    assert [entry.model_name for entry in config.models] == ["assemblyai/*", "eu.assemblyai/*"]


def test_defaults_are_those_of_the_documentation():
    config = load_config({}, ENVIRON)
    assert config.master_key is None
    assert config.redis_url is None
    assert config.database_url == f"sqlite:///{os.getcwd()}/assemblyai_mw.db"
    assert (config.timeouts.connect_s, config.timeouts.read_s, config.timeouts.total_s) == (
        10.0,
        120.0,
        7200.0,
    )
    assert config.limits.max_json_bytes == 16 * 1024 * 1024
    assert config.limits.max_upload_bytes is None
    assert config.settlement.enabled
    assert config.rate_limit.when_redis_is_gone == "open"
    assert config.self_service_path == "/assemblyai-mw/key/me"
    assert config.doors == doors_below(["/v1"])


def test_every_general_setting_has_the_default_of_its_field():
    """What reads a setting and what keeps it are two fields of one name."""
    kept = {field.name: field.default for field in dataclasses.fields(Config)}
    read = {field.name: field.default for field in dataclasses.fields(load._General)}
    # Where a file says nothing, the environment or the default path fills it in.
    filled = {"database_url", "prices_file"}
    assert {name: kept[name] for name in read.keys() - filled} == {
        name: read[name] for name in read.keys() - filled
    }


def test_names_are_found_without_any_key(tmp_path):
    path = written(
        tmp_path,
        """
model_list:
  - model_name: fast
    litellm_params: {model: assemblyai/gpt-5, api_key: os.environ/NOT_SET}
routes: {/sync.assemblyai: null, /stt: os.environ/NOT_SET, /v1/models: null}
prices: {chat: {house: null}, transcript_addon: {speaker_labels: 1}, discount: 5}
""",
    )
    routes, models = load_names(path, {})
    doors = doors_below().keys() - {"/v1/models"}
    assert routes == DEFAULT_ROUTES.keys() - {"/sync.assemblyai"} | {"/stt", "/v1"} | doors
    assert models == {"fast", "house"}
    off = {"routes": dict.fromkeys(doors_below())}
    assert load_names(off, {}) == (DEFAULT_ROUTES.keys(), frozenset())
    with pytest.raises(ConfigError, match="routes: expected a mapping"):
        load_names({"routes": ["/x"]}, {})


def test_each_base_has_its_doors_and_null_takes_one_of_them():
    general = {"openai_bases": ["", "/openai/v1", "/openai/v1"]}
    off = {"/models": None, "/openai/v1/chat/completions": None}
    config = load_config({"general_settings": general, "routes": off}, ENVIRON)
    assert config.openai_bases == ("", "/openai/v1")
    assert config.doors.keys() == doors_below(["", "/openai/v1"]).keys() - off.keys()
    assert not load_config({"general_settings": {"openai_bases": []}}, ENVIRON).doors


def test_the_names_of_routes_follow_the_bases():
    """A key's list may name a base; the root is `/`. A base without a door names nothing."""
    off = dict.fromkeys(doors_below(["/gone"]))
    general = {"openai_bases": ["", "/o", "/gone"], "master_key": "os.environ/NOT_SET"}
    names, _ = load_names({"general_settings": general, "routes": off}, {})
    assert names == DEFAULT_ROUTES.keys() | doors_below(["", "/o"]).keys() | {"/", "/o"}


def test_a_file_is_read_whole(tmp_path):
    path = written(
        tmp_path,
        """
model_list:
  - model_name: assemblyai/*
    litellm_params: {model: assemblyai/*, api_key: os.environ/MY_KEY}
  - model_name: fast
    litellm_params:
      model: assemblyai/gemini-2.5-flash-lite
      api_base: http://127.0.0.1:9001/v1/
    model_info: {note: the cheap one}
general_settings:
  master_key: os.environ/MY_MASTER
  database_url: postgres://mw:os@db.example:5432/mw
  redis_url: redis://127.0.0.1:6379/0
  self_service_path: off
routes:
  /assemblyai: http://127.0.0.1:9000
  /sync.assemblyai: null
  /v1/models: null
prices:
  discount: "10%"
timeouts: {read_s: 5, total_s: os.environ/TOTAL}
limits: {max_upload_bytes: 1000}
settlement: off
budgets: {assumed_audio_s: 600}
rate_limit: {when_redis_is_gone: closed}
guardrails:
  - guardrail_name: no-cards
    litellm_params:
      guardrail: our.guards.NoCards
      mode: pre_call
      options: {word: os.environ/WORD}
callbacks: [our.hooks.on_call, "our.hooks:other"]
""",
    )
    environ = {"MY_KEY": "k1", "MY_MASTER": "m" * 16, "TOTAL": "7.5", "WORD": "card"}
    config = load_config(path, environ)
    assert config.source == str(path)
    assert config.upstreams["/assemblyai"].base_url == "http://127.0.0.1:9000"
    assert config.upstreams["/assemblyai"].api_key == Secret("k1")
    assert config.upstreams["/eu.assemblyai"].api_key == Secret("k1")
    assert "/sync.assemblyai" not in config.upstreams
    assert set(config.doors) == set(doors_below()) - {"/v1/models"}
    assert config.models[1] == ModelEntry(
        "fast", "assemblyai/gemini-2.5-flash-lite", None, "http://127.0.0.1:9001/v1"
    )
    assert config.master_key == Secret("m" * 16)
    assert config.database_url == "postgresql+psycopg://mw:os@db.example:5432/mw"
    assert config.redis_url == "redis://127.0.0.1:6379/0"
    assert config.self_service_path is None
    assert config.prices == {"discount": "10%"}
    assert (config.timeouts.read_s, config.timeouts.total_s) == (5.0, 7.5)
    assert config.limits.max_upload_bytes == 1000
    assert not config.settlement.enabled
    assert config.budgets.assumed_audio_s == 600.0
    assert config.rate_limit.when_redis_is_gone == "closed"
    (guard,) = config.guardrails
    assert (guard.guard, guard.mode, guard.on_error) == (
        "our.guards.NoCards",
        ("pre_call",),
        "closed",
    )
    assert guard.options == {"word": "card"}
    assert config.callbacks == ("our.hooks.on_call", "our.hooks:other")


def test_the_variable_names_the_file(tmp_path):
    path = written(tmp_path, "settlement: off\n")
    config = load_config(None, {**ENVIRON, "ASSEMBLYAI_MW_CONFIG": str(path)})
    assert (config.source, config.settlement.enabled) == (str(path), False)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("# a comment\n", id="comment"),
        pytest.param("---\n", id="empty document"),
        pytest.param("routes:\nprices:\nmodel_list:\nsettlement:\n", id="empty sections"),
        pytest.param("\ufeff{}\n", id="byte order mark"),
    ],
)
def test_a_file_that_says_nothing_changes_nothing(tmp_path, text):
    config = load_config(written(tmp_path, text), ENVIRON)
    assert {p: u.base_url for p, u in config.upstreams.items()} == DEFAULT_ROUTES
    assert len(config.models) == 2


@pytest.mark.parametrize(
    "settlement, enabled, first",
    [
        pytest.param("off", False, 3.0, id="off"),
        pytest.param("on", True, 3.0, id="on"),
        pytest.param("{first_poll_s: 9}", True, 9.0, id="mapping"),
        pytest.param("{enabled: no, first_poll_s: 9}", False, 9.0, id="mapping, off"),
    ],
)
def test_settlement_is_a_switch_or_a_mapping(tmp_path, settlement, enabled, first):
    config = load_config(written(tmp_path, f"settlement: {settlement}\n"), ENVIRON)
    assert (config.settlement.enabled, config.settlement.first_poll_s) == (enabled, first)


def entry(model: str, key: str | None = None) -> dict[str, Any]:
    return {"model_name": model, "litellm_params": {"model": model, "api_key": key}}


@pytest.mark.parametrize(
    "models, environ, us, eu",
    [
        pytest.param([], {"ASSEMBLYAI_API_KEY": "e"}, "e", "e", id="one variable"),
        pytest.param(
            [], {"ASSEMBLYAI_API_KEY": "e", "ASSEMBLYAI_EU_API_KEY": "eu"}, "e", "eu", id="both"
        ),
        pytest.param(
            [entry("assemblyai/*", "f")], {"ASSEMBLYAI_API_KEY": "e"}, "f", "f", id="file first"
        ),
        pytest.param(
            [entry("assemblyai/*", "f")],
            {"ASSEMBLYAI_EU_API_KEY": "eu"},
            "f",
            "eu",
            id="EU variable before the file's US key",
        ),
        pytest.param(
            [entry("assemblyai/*", "f"), entry("eu.assemblyai/*", "feu")],
            {"ASSEMBLYAI_EU_API_KEY": "eu"},
            "f",
            "feu",
            id="file's EU entry first",
        ),
        pytest.param(
            [entry("assemblyai/claude", "c"), entry("assemblyai/*"), entry("assemblyai/*", "f")],
            {"ASSEMBLYAI_API_KEY": "e"},
            "f",
            "f",
            id="first wildcard that has a key",
        ),
        pytest.param(
            [entry("assemblyai/claude", "c")],
            {"ASSEMBLYAI_API_KEY": "e"},
            "e",
            "e",
            id="no wildcard",
        ),
    ],
)
def test_native_routes_send_the_account_key_of_their_region(models, environ, us, eu):
    config = load_config({"model_list": models or None}, environ)
    sent = {prefix: u.api_key.reveal() for prefix, u in config.upstreams.items()}
    assert {sent[p] for p in sent if p.startswith("/eu.")} == {eu}
    assert {sent[p] for p in sent if not p.startswith("/eu.")} == {us}


def test_default_models_follow_the_routes_that_are_left():
    config = load_config({"routes": {"/eu.llm-gateway.assemblyai": None}}, ENVIRON)
    assert [entry.model for entry in config.models] == ["assemblyai/*"]
    routes = {"/eu.llm-gateway.assemblyai": None, "/llm-gateway.assemblyai": None}
    services = {door.service for door in load_config({"routes": routes}, ENVIRON).doors.values()}
    assert "llm-gateway" not in services


def test_a_gateway_in_the_eu_under_the_other_prefix_gets_no_us_models():
    url = "https://llm-gateway.eu.assemblyai.com"
    config = load_config({"routes": {"/llm-gateway.assemblyai": url}}, ENVIRON)
    assert [entry.model for entry in config.models] == ["eu.assemblyai/*"]


def test_zone_service_and_account_key_of_a_route_are_those_of_its_host():
    environ = {"ASSEMBLYAI_API_KEY": "us", "ASSEMBLYAI_EU_API_KEY": "eu"}
    routes = {
        "/live": "https://streaming.assemblyai.com",
        "/stt": "https://api.eu.assemblyai.com",
        "/sync.assemblyai": "https://api.assemblyai.com",
        "/eu.gateway": "https://gateway.example",
    }
    config = load_config({"routes": routes}, environ)
    found = {at: (route.service, route.region) for at, route in config.routes.items()}
    assert {prefix: found[prefix] for prefix in routes} == {
        "/live": ("streaming", "global"),
        "/stt": ("api", "eu"),
        "/sync.assemblyai": ("api", "us"),
        "/eu.gateway": ("api", "eu"),
    }
    for prefix, upstream in config.upstreams.items():
        assert upstream.region == found[prefix][1]
        assert upstream.api_key.reveal() == ("eu" if upstream.region == "eu" else "us")


@pytest.mark.parametrize(
    "url, read",
    [
        pytest.param("https://api.example.com", "https://api.example.com", id="plain"),
        pytest.param("https://API.example.COM/", "https://api.example.com", id="case, slash"),
        pytest.param("https://h.example:8443", "https://h.example:8443", id="port"),
        pytest.param("https://h.example/aai/v9/", "https://h.example/aai/v9", id="path"),
        pytest.param("https://[2001:db8::1]:8443", "https://[2001:db8::1]:8443", id="IPv6"),
        pytest.param("https://xn--bcher-kva.example", "https://xn--bcher-kva.example", id="IDNA"),
        pytest.param("http://localhost:1", "http://localhost:1", id="localhost"),
        pytest.param("http://127.9.9.9", "http://127.9.9.9", id="127.0.0.0/8"),
        pytest.param("http://[::1]:9000", "http://[::1]:9000", id="::1"),
    ],
)
def test_a_base_url_is_taken(url, read):
    assert (
        load_config({"routes": {"/assemblyai": url}}, ENVIRON).upstreams["/assemblyai"].base_url
        == read
    )


# --- secrets stay secret ---------------------------------------------------------------


@pytest.mark.parametrize(
    "text, warned",
    [
        pytest.param(f"general_settings: {{master_key: {PLANTED}}}\n", True, id="master key"),
        pytest.param(
            "general_settings: {database_url: postgresql://u:p@h/d}\n", True, id="password"
        ),
        pytest.param(
            "general_settings: {database_url: postgresql://h/d}\n", False, id="no password"
        ),
        pytest.param("general_settings: {master_key: os.environ/MK}\n", False, id="variable"),
    ],
)
def test_a_file_that_everybody_can_read_should_hold_no_key(tmp_path, text, warned):
    environ = {**ENVIRON, "MK": PLANTED}
    with warnings.catch_warnings(record=True) as private:
        warnings.simplefilter("always")
        load_config(written(tmp_path, text, 0o640), environ)
    assert private == []
    with warnings.catch_warnings(record=True) as public:
        warnings.simplefilter("always")
        load_config(written(tmp_path, text, 0o644), environ)
    assert [str(tmp_path / "mw.yaml") in str(w.message) for w in public] == [True] * warned
    assert not any(PLANTED in str(w.message) for w in public)


def test_a_secret_shows_itself_only_when_asked():
    secret = Secret(PLANTED)
    shown = [repr(secret), str(secret), f"{secret}", f"{secret:>20}", "%s %r" % (secret, secret)]  # noqa: UP031
    assert not any(PLANTED in text for text in shown)
    assert secret.reveal() == PLANTED
    assert secret == Secret(PLANTED)
    assert secret != Secret(PLANTED[:-1] + "x")
    assert secret != PLANTED
    assert len({secret, Secret(PLANTED)}) == 1
    assert copy.deepcopy([secret])[0] is secret
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        with pytest.raises(TypeError, match="cannot be pickled"):
            pickle.dumps(secret, protocol)


def test_the_configuration_prints_without_secrets():
    config = load_config(
        {
            **of_model(model="assemblyai/*", api_key=PLANTED),
            **of_general(
                master_key=PLANTED,
                database_url=f"postgresql://u:{PLANTED}@h/d",
                redis_url=f"redis://:{PLANTED}@h",
            ),
            **of_guard(guardrail="a.b", options={"token": PLANTED}),
        },
        {},
    )
    assert PLANTED not in repr(config)
    assert PLANTED not in str(config)


def test_a_secret_may_come_from_python():
    config = load_config(of_general(master_key=Secret(PLANTED)), ENVIRON)
    assert config.master_key == Secret(PLANTED)


def test_a_short_master_key_is_taken_with_a_warning(caplog):
    config = load_config(of_general(master_key="sk-1234"), ENVIRON)
    assert config.master_key == Secret("sk-1234")
    (record,) = caplog.records
    assert "can be guessed" in record.getMessage()
    assert "sk-1234" not in record.getMessage()
    load_config(of_general(master_key=PLANTED), ENVIRON)
    assert len(caplog.records) == 1


# --- the database alone ------------------------------------------------------------------


def test_the_database_is_found_without_any_key(tmp_path):
    path = written(
        tmp_path,
        """
model_list:
  - model_name: assemblyai/*
    litellm_params: {model: assemblyai/*, api_key: os.environ/ASSEMBLYAI_API_KEY}
general_settings:
  master_key: os.environ/ASSEMBLYAI_MW_MASTER_KEY
  database_url: os.environ/DB
""",
    )
    assert load_database(path, {"DB": "sqlite:////srv/x.db"}).url == "sqlite:////srv/x.db"
    with pytest.raises(ConfigError, match="variable DB"):
        load_database(path, {})
    assert load_database({}, {}).url == f"sqlite:///{os.getcwd()}/assemblyai_mw.db"


@pytest.mark.parametrize(
    ("written", "auto_migrate"),
    [({}, True), ({"auto_migrate": None}, True), ({"auto_migrate": "off"}, False)],
)
def test_the_ledger_is_upgraded_at_first_use_unless_that_is_off(written, auto_migrate):
    config = {"general_settings": written, "model_list": []}
    assert load_database(config, {}).auto_migrate is auto_migrate
    environ = {"ASSEMBLYAI_API_KEY": "account-key-of-this-test"}
    assert load_config(config, environ).auto_migrate is auto_migrate


@pytest.mark.parametrize(
    ("written", "pool", "prepare"),
    [
        ({}, 8, False),
        ({"database_pool": None, "database_prepare": None}, 8, False),
        ({"database_pool": 20, "database_prepare": True}, 20, True),
        ({"database_pool": "os.environ/POOL", "database_prepare": "on"}, 3, True),
    ],
)
def test_the_pool_and_prepared_statements_are_settings(written, pool, prepare):
    environ = {"ASSEMBLYAI_API_KEY": "k", "POOL": "3"}
    config = {"general_settings": written}
    whole = load_config(config, environ).database
    assert (whole.pool, whole.prepare) == (pool, prepare)
    assert load_database(config, environ) == whole


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("database_pool", 0, "a whole number of connections, 1 or more"),
        ("database_pool", "8", "a whole number of connections, 1 or more"),
        ("database_prepare", "never", "on or off"),
    ],
)
def test_a_wrong_database_setting_is_named(name, value, said):
    for read in (load_config, load_database):
        with pytest.raises(ConfigError, match=rf"general_settings\.{name}: expected {said}"):
            read({"general_settings": {name: value}}, {"ASSEMBLYAI_API_KEY": "k"})


def test_auto_migrate_is_on_or_off():
    config = {"general_settings": {"auto_migrate": "never"}}
    with pytest.raises(ConfigError, match=r"general_settings\.auto_migrate: expected on or off"):
        load_database(config, {})


def test_a_relative_database_stays_where_it_was_when_the_app_moves(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    config = load_config({"general_settings": {"database_url": "sqlite:///mine.db"}}, ENVIRON)
    monkeypatch.chdir("/")
    assert config.database_url == f"sqlite:///{tmp_path}/mine.db"
