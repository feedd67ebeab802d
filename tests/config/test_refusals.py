"""What a configuration may not be: one line for each, and never a value in it."""

from __future__ import annotations

import re
import traceback
from typing import Any

import pytest
from config_kit import ENVIRON, PLANTED, of_general, of_guard, of_model, refusal
from stack_kit import host_app

from assemblyai_mw import AssemblyAIMiddleware
from assemblyai_mw.config import load_config
from assemblyai_mw.errors import ConfigError


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("http://api.assemblyai.com", id="plain http to a network"),
        pytest.param("http://10.0.0.1", id="plain http to a private network"),
        pytest.param("http://localhost.example.com", id="a name that begins as localhost"),
        pytest.param("http://127.1", id="short form of an address"),
        pytest.param("http://2130706433", id="an address as one number"),
        pytest.param("http://0x7f.1", id="an address in hexadecimal"),
        pytest.param("http://0.0.0.0", id="all addresses"),
        pytest.param("api.assemblyai.com", id="no scheme"),
        pytest.param("//api.assemblyai.com", id="no scheme but slashes"),
        pytest.param("ftp://api.assemblyai.com", id="another scheme"),
        pytest.param("https://", id="no host"),
        pytest.param("https:///v2", id="no host but a path"),
        pytest.param("https://user:pass@api.assemblyai.com", id="user and password"),
        pytest.param("https://api.assemblyai.com@evil.example", id="userinfo as a disguise"),
        pytest.param("https://api.assemblyai.com?x=1", id="query"),
        pytest.param("https://api.assemblyai.com/?", id="empty query"),
        pytest.param("https://api.assemblyai.com#x", id="fragment"),
        pytest.param("https://api.assemblyai.com:0", id="port 0"),
        pytest.param("https://api.assemblyai.com:65536", id="port out of range"),
        pytest.param("https://api.assemblyai.com:x", id="port no number"),
        pytest.param("https://api.assemblyai.com:", id="port empty"),
        pytest.param("https://bücher.example", id="host in Unicode"),
        pytest.param("https://api.assemblyai.com/ü", id="path in Unicode"),
        pytest.param("https://exa mple.com", id="blank"),
        pytest.param("https://example.com\n", id="newline"),
        pytest.param("https://example.com\\x", id="backslash"),
        pytest.param("https://-example.com", id="label that begins with a hyphen"),
        pytest.param("https://exa_mple..com", id="empty label"),
        pytest.param(f"https://{'a' * 64}.com", id="label over 63"),
        pytest.param("https://[::1", id="bracket open"),
        pytest.param("https://[fe80::1%25eth0]", id="IPv6 zone"),
        pytest.param("https://example.com/a/../b", id="dot segments"),
        pytest.param("https://example.com/a/%2e%2e/b", id="dot segments encoded"),
        pytest.param("https://example.com/a//b", id="empty segment"),
        pytest.param("", id="empty"),
        pytest.param(9000, id="a number"),
        pytest.param(False, id="a boolean"),
    ],
)
@pytest.mark.parametrize("place", ["routes", "api_base"])
def test_a_base_url_is_refused(url, place):
    if place == "routes":
        config: dict[str, Any] = {"routes": {"/assemblyai": url}}
        named = "config: routes./assemblyai: expected "
    else:
        params = {"model": "assemblyai/*", "api_base": url}
        config = {"model_list": [{"model_name": "assemblyai/*", "litellm_params": params}]}
        named = "config: model_list[0].litellm_params.api_base: expected "
    assert refusal(config).startswith(named)


@pytest.mark.parametrize(
    "prefix",
    [
        *("assemblyai", "/", "", "/assemblyai/", "//assemblyai", "/a/../b", "/./a", "/a?x", "/a#x"),
        *("/a b", "/a%2Fb", "/ä", "/a\n"),
    ],
)
def test_a_prefix_is_refused(prefix):
    message = refusal({"routes": {prefix: "https://example.com"}})
    assert re.match(r"config: routes\..*: expected a path that begins with /", message)


@pytest.mark.parametrize(
    "url",
    [
        *("https://api.assemblyai.com", "https://eu.api.assemblyai.com"),
        *("https://eu.assemblyai.com", "https://assemblyai.com"),
    ],
)
def test_an_eu_route_never_leads_to_another_region(url):
    assert "expected a host in the EU" in refusal({"routes": {"/eu.assemblyai": url}})
    model = {"model": "eu.assemblyai/*", "api_base": f"{url}/v1"}
    entries = [{"model_name": "eu.assemblyai/*", "litellm_params": model}]
    assert "expected a host in the EU" in refusal({"model_list": entries})


@pytest.mark.parametrize(
    "prefix, url, expected",
    [
        ("/eu.streaming.assemblyai", "https://streaming.assemblyai.com", "a host in the EU"),
        ("/eu.streaming.assemblyai", "https://streaming.us.assemblyai.com", "a host in the EU"),
        ("/eu.app/live", "https://streaming.assemblyai.com.:443/x", "a host in the EU"),
        ("/us.streaming.assemblyai", "https://streaming.eu.assemblyai.com", "a host in the US"),
        ("/us.sync.assemblyai", "https://SYNC.EU.assemblyai.com", "a host in the US"),
        # It takes the nearest region, which may be Ireland.
        ("/us.sync.assemblyai", "https://sync.assemblyai.com", "a host in the US"),
    ],
)
def test_a_prefix_that_names_a_zone_leads_there(prefix, url, expected):
    message = refusal({"routes": {prefix: url}})
    assert message == f"config: routes.{prefix}: expected {expected}" + (
        " (....eu.assemblyai.com), got another region's"
        if "EU" in expected
        else ", got another region's"
    )


@pytest.mark.parametrize(
    "model, api_base, route, expected",
    [
        ("assemblyai/x", "https://llm-gateway.eu.assemblyai.com/v1", None, "a host in the US"),
        ("assemblyai/x", None, "https://llm-gateway.eu.assemblyai.com", "a host in the US"),
        ("assemblyai/x", "https://api.assemblyai.com/v1", None, "a host of the LLM Gateway"),
        ("assemblyai/x", None, "https://api.assemblyai.com", "a host of the LLM Gateway"),
    ],
)
def test_a_model_leads_to_the_gateway_of_its_zone(model, api_base, route, expected):
    params = {"model": model, **({"api_base": api_base} if api_base else {})}
    config = {"model_list": [{"model_name": "m", "litellm_params": params}]}
    if route:
        config["routes"] = {"/llm-gateway.assemblyai": route}
    place = (
        "model_list[0].litellm_params.api_base" if api_base else "routes./llm-gateway.assemblyai"
    )
    assert refusal(config) == f"config: {place}: expected {expected} for {model}"


GUARD = {"guardrail_name": "g", "litellm_params": {"guardrail": "a.b"}}


@pytest.mark.parametrize(
    "config, named",
    [
        pytest.param(
            {"general_setings": {}},
            "general_setings: unknown setting; did you mean general_settings?",
            id="misspelt section",
        ),
        pytest.param(
            of_general(master_kee=PLANTED),
            "general_settings.master_kee: unknown setting; did you mean master_key?",
            id="misspelt key",
        ),
        pytest.param({"zzz": 1}, "zzz: unknown setting; known are ", id="nothing near"),
        pytest.param(
            {PLANTED + " : x": 1},
            "(a key that is no plain name): unknown",
            id="a value in a key's place",
        ),
        pytest.param({1: 2}, "expected strings as keys", id="a number as key"),
        pytest.param({"model_list": {}}, "model_list: expected a list, got a mapping", id="list"),
        pytest.param(
            {"model_list": [PLANTED]}, "model_list[0]: expected a mapping, got a string", id="item"
        ),
        pytest.param(
            {"general_settings": []},
            "general_settings: expected a mapping, got a list",
            id="mapping",
        ),
        pytest.param({"routes": PLANTED}, "routes: expected a mapping", id="routes"),
        pytest.param({"prices": [1]}, "prices: expected a mapping", id="prices"),
        pytest.param({"callbacks": "a.b"}, "callbacks: expected a list", id="callbacks"),
        pytest.param({"callbacks": ["nodot"]}, "callbacks[0]: expected a dotted path", id="no dot"),
        pytest.param(
            {"callbacks": ["a.b; import os"]},
            "callbacks[0]: expected a dotted path",
            id="code in a dotted path",
        ),
        pytest.param(
            of_general(master_key=123),
            "general_settings.master_key: expected a key, as a string, got an integer",
            id="key as a number",
        ),
        pytest.param(
            of_general(master_key=True),
            "got a boolean (YAML reads on, off, yes and no so: quote a string)",
            id="key as a boolean",
        ),
        pytest.param(
            of_general(metrics_token=PLANTED[:15]),
            "expected a key of at least 16 characters",
            id="short metrics token",
        ),
        pytest.param(
            of_general(master_key=PLANTED + ",x"),
            "expected a key without commas",
            id="comma in the master key",
        ),
        pytest.param(
            of_general(master_key=PLANTED + "\n"),
            "master_key: expected a key of visible",
            id="newline in a key",
        ),
        pytest.param(
            of_general(database_url="mysql://x/y"),
            "general_settings.database_url: expected sqlite:///FILE or postgresql://",
            id="another database",
        ),
        pytest.param(
            of_general(database_url="sqlite://"),
            "a ledger must outlive its process",
            id="database in memory",
        ),
        pytest.param(of_general(database_url="sqlite:///:memory:"), "outlive", id=":memory:"),
        pytest.param(
            of_general(database_url="sqlite:///file:x?mode=memory"), "outlive", id="file:"
        ),
        pytest.param(
            of_general(database_url="sqlite:///x.db?mode=ro"),
            "without further options",
            id="options of SQLite's",
        ),
        pytest.param(
            of_general(database_url=["x"]), "expected a string, got a list", id="url list"
        ),
        pytest.param(of_general(redis_url="http://x"), "redis_url: expected redis://", id="redis"),
        pytest.param(of_general(self_service_path=True), "expected a path", id="self-service on"),
        pytest.param(
            of_general(self_service_path="/assemblyai/me"),
            "expected a path outside of the route /assemblyai",
            id="self-service below a route",
        ),
        pytest.param(
            of_general(usage_path="/assemblyai-mw/key/me/usage"),
            "usage_path: expected a path outside of the route /assemblyai-mw/key/me",
            id="usage page below another page",
        ),
        pytest.param(
            of_model(model="assemblyai/*", api_key=""),
            "api_key: expected a key, got an empty string",
            id="empty key",
        ),
        pytest.param(
            of_model(model="assemblyai/*", api_key=" " + PLANTED),
            "expected a key of visible ASCII",
            id="blank before a key",
        ),
        pytest.param(
            of_model(model="assemblyai/*", api_key=PLANTED + "é"),
            "expected a key of visible ASCII",
            id="key beyond ASCII",
        ),
        pytest.param(
            of_model(model="openai/gpt-4o"),
            "model_list[0].litellm_params.model: expected assemblyai/MODEL",
            id="another provider",
        ),
        pytest.param(
            of_model(model="assemblyai/"), "expected assemblyai/MODEL", id="no model's name"
        ),
        pytest.param(of_model(model="assemblyai/*-*"), "expected at most one *", id="two stars"),
        pytest.param(
            of_model(),
            "litellm_params.model: expected assemblyai/MODEL, got nothing",
            id="no model",
        ),
        pytest.param(
            of_model(model="assemblyai/*", rpm=5),
            "litellm_params.rpm: unknown setting",
            id="a setting of LiteLLM's that we have not",
        ),
        pytest.param(
            {"model_list": [{"litellm_params": {"model": "assemblyai/x"}}]},
            "model_list[0].model_name: expected the name",
            id="no name",
        ),
        pytest.param(
            {"model_list": [{"model_name": "fast", "litellm_params": {"model": "assemblyai/*"}}]},
            "model_list[0].model_name: expected a * as in",
            id="star on one side",
        ),
        pytest.param(
            {**of_model(model="assemblyai/*"), "routes": {"/llm-gateway.assemblyai": None}},
            "model_list[0].litellm_params.api_base: expected a URL, for the route",
            id="model without a route",
        ),
        pytest.param(
            {"routes": {"/nowhere": None}},
            "routes./nowhere: expected a URL",
            id="taking away what is not there",
        ),
        pytest.param(
            {"routes": {"/v1/models": "https://example.com"}},
            "routes./v1/models: expected null",
            id="URL for a translated route",
        ),
        pytest.param(
            {"general_settings": {"openai_bases": ["/assemblyai/v1"]}},
            "general_settings.openai_bases: expected paths outside of the route /assemblyai",
            id="doors below a native route",
        ),
        pytest.param(
            {"general_settings": {"openai_bases": ["v1"]}},
            "general_settings.openai_bases[0]: expected a path that begins with /",
            id="a base without its slash",
        ),
        pytest.param(
            {"general_settings": {"openai_bases": ["/"]}},
            "general_settings.openai_bases[0]: expected a path that begins with /",
            id="the root is an empty string",
        ),
        pytest.param(
            {"general_settings": {"openai_bases": "/v1"}},
            "general_settings.openai_bases: expected a list",
            id="one base and no list",
        ),
        pytest.param(
            {"general_settings": {"openai_bases": ["/o"]}, "routes": {"/v1/models": None}},
            "routes./v1/models: expected a URL",
            id="taking away a door of no base",
        ),
        pytest.param(
            {"general_settings": {"openai_bases": [""], "metrics_path": "/models"}},
            "general_settings.metrics_path: expected a path outside of the route /models",
            id="a path of ours at a door",
        ),
        pytest.param({"settlement": "maybe"}, "settlement: expected on or off", id="settlement"),
        pytest.param(
            {"settlement": {"retention_days": 0}},
            "retention_days: expected a whole number of days, 1 or more, got a number out of range",
            id="no days",
        ),
        pytest.param(
            {"timeouts": {"read_s": 0}}, "timeouts.read_s: expected seconds above 0", id="timeout 0"
        ),
        pytest.param({"timeouts": {"read_s": -1}}, "expected seconds above 0", id="timeout < 0"),
        pytest.param({"timeouts": {"read_s": float("inf")}}, "expected seconds", id="timeout inf"),
        pytest.param({"timeouts": {"read_s": float("nan")}}, "expected seconds", id="timeout nan"),
        pytest.param(
            {"timeouts": {"read_s": True}},
            "expected seconds above 0, got a boolean",
            id="timeout on",
        ),
        pytest.param({"timeouts": {"read_s": "5"}}, "got a string", id="timeout as text"),
        pytest.param(
            {"limits": {"max_json_bytes": 1.5}},
            "expected a whole number of bytes",
            id="half a byte",
        ),
        pytest.param({"limits": {"max_json_bytes": 1 << 70}}, "out of range", id="huge"),
        pytest.param(
            {"general_settings": {"budget_alerts": [50, 100.5]}},
            "a percentage above 0 and up to 100, got a number out of range",
            id="over all of a budget",
        ),
        pytest.param(
            {"rate_limit": {"when_redis_is_gone": False}},
            "expected open or closed, got a boolean",
            id="a word as boolean",
        ),
        pytest.param(
            of_guard(guardrail="a.b", mode="during_call"), "mode: expected pre_call or", id="mode"
        ),
        pytest.param(
            of_guard(guardrail="a.b", mode=["logging_only", "pre_call"]),
            "or logging_only alone",
            id="modes that exclude each other",
        ),
        pytest.param(of_guard(guardrail="a.b", mode=[]), "mode: expected pre_call", id="no mode"),
        pytest.param(
            of_guard(mode="pre_call"),
            "litellm_params.guardrail: expected a dotted path",
            id="no guard",
        ),
        *(
            pytest.param(
                {"upstream": {"headers": ["X-Team", name]}},
                "upstream.headers[1]: expected a header",
                id=f"{name} upstream",
            )
            for name in (
                "Authorization",
                "cookie",
                "X-Api-Key",
                "Connection",
                "Host",
                "X-AssemblyAI-MW-Tags",
                "Transfer-Encoding",
                "X-Forwarded-Access-Token",
                "X_Team",
                "a b",
            )
        ),
        pytest.param(
            {"upstream": {"headers": "X-Team"}}, "upstream.headers: expected a list", id="a name"
        ),
        pytest.param(
            {"guardrails": [GUARD, GUARD]},
            "guardrails[1].guardrail_name: expected a name of its own",
            id="two guards of one name",
        ),
        pytest.param(
            {"guardrails": [{"litellm_params": {"guardrail": "a.b"}}]},
            "guardrails[0].guardrail_name: expected the guard's name",
            id="guard's name",
        ),
    ],
)
def test_a_wrong_setting_is_named_in_one_line(config, named):
    assert named in refusal(config)


@pytest.mark.parametrize("value", [5, ["x"], {"a.yaml"}, b"x.yaml"], ids=type)
def test_only_a_path_or_a_mapping_is_a_configuration(value):
    assert refusal(value) == "config: expected a path, a mapping or None, got something else"


def test_a_mapping_that_holds_itself_is_refused():
    config: dict[str, Any] = {"prices": {}}
    config["prices"]["more"] = config
    assert refusal(config) == "config: expected fewer levels of nesting"


@pytest.mark.parametrize(
    "environ, named",
    [
        pytest.param({}, "expected an account's key in ASSEMBLYAI_API_KEY", id="no key at all"),
        pytest.param({"ASSEMBLYAI_EU_API_KEY": PLANTED}, "ASSEMBLYAI_API_KEY", id="EU key alone"),
        pytest.param(
            {"ASSEMBLYAI_API_KEY": ""},
            "environment: ASSEMBLYAI_API_KEY: expected a key, got an empty string",
            id="empty",
        ),
        pytest.param({"ASSEMBLYAI_API_KEY": "  "}, "ASSEMBLYAI_API_KEY: expected", id="blank"),
        pytest.param(
            {"ASSEMBLYAI_API_KEY": PLANTED + "\n"},
            "ASSEMBLYAI_API_KEY: expected a key of visible ASCII",
            id="newline",
        ),
        pytest.param({"ASSEMBLYAI_API_KEY": PLANTED + "\r\nX: y"}, "ASSEMBLYAI_API_KEY", id="CRLF"),
        pytest.param({"ASSEMBLYAI_API_KEY": PLANTED + "\x00"}, "ASSEMBLYAI_API_KEY", id="NUL"),
        pytest.param(
            {"ASSEMBLYAI_API_KEY": PLANTED + "\udcff"},
            "ASSEMBLYAI_API_KEY",
            id="bytes that are no UTF-8",
        ),
        pytest.param(
            {**ENVIRON, "ASSEMBLYAI_EU_API_KEY": PLANTED + " "},
            "ASSEMBLYAI_EU_API_KEY",
            id="EU key",
        ),
        pytest.param(
            {**ENVIRON, "ASSEMBLYAI_MW_MASTER_KEY": PLANTED + ","},
            "ASSEMBLYAI_MW_MASTER_KEY: expected a key without commas",
            id="master key",
        ),
        pytest.param(
            {**ENVIRON, "ASSEMBLYAI_MW_DATABASE_URL": PLANTED},
            "ASSEMBLYAI_MW_DATABASE_URL: expected sqlite:///FILE",
            id="database",
        ),
        pytest.param(
            {**ENVIRON, "ASSEMBLYAI_MW_CONFIG": ""},
            "ASSEMBLYAI_MW_CONFIG: expected",
            id="file's name empty",
        ),
        pytest.param(
            {**ENVIRON, "ASSEMBLYAI_MW_CONFIG": "/no/such/file.yaml"},
            "/no/such/file.yaml: expected a readable file, got: No such file",
            id="file not there",
        ),
    ],
)
def test_a_wrong_variable_is_named_and_its_value_is_not(environ, named):
    assert named in refusal(None, environ)


@pytest.mark.parametrize(
    "config",
    [
        pytest.param(of_general(master_key="os.environ/NOT_SET"), id="key"),
        pytest.param(of_general(database_url="os.environ/NOT_SET"), id="URL"),
        pytest.param({"routes": {"/assemblyai": "os.environ/NOT_SET"}}, id="route"),
        pytest.param({"timeouts": {"read_s": "os.environ/NOT_SET"}}, id="number"),
        pytest.param({"settlement": "os.environ/NOT_SET"}, id="switch"),
        pytest.param({"prices": {"a": [{"b": "os.environ/NOT_SET"}]}}, id="deep in prices"),
        pytest.param({"callbacks": ["os.environ/NOT_SET"]}, id="list"),
        pytest.param(of_guard(guardrail="a.b", options={"x": "os.environ/NOT_SET"}), id="options"),
        pytest.param(of_model(model="os.environ/NOT_SET"), id="model"),
    ],
)
def test_a_name_that_is_not_set_is_named(config):
    assert "environment variable NOT_SET is not set" in refusal(config)


def test_a_bad_value_from_a_variable_names_place_and_variable():
    message = refusal(of_general(master_key="os.environ/MK"), {**ENVIRON, "MK": PLANTED + "\n"})
    assert message.startswith("config: general_settings.master_key (os.environ/MK): expected a key")
    assert "after os.environ/" in refusal(of_general(master_key=f"os.environ/{PLANTED} x"))


def test_switches_and_numbers_from_the_environment_are_read_from_their_text():
    config = {
        "settlement": {"enabled": "os.environ/S"},
        "limits": {"max_upload_bytes": "os.environ/N"},
    }
    read = load_config(config, {**ENVIRON, "S": "Off", "N": "12"})
    assert (read.settlement.enabled, read.limits.max_upload_bytes) == (False, 12)
    assert "expected a whole number" in refusal(config, {**ENVIRON, "S": "on", "N": "12.5"})
    assert "expected on or off" in refusal(config, {**ENVIRON, "S": "perhaps", "N": "12"})


def test_a_mapping_in_python_says_off_as_text():
    off = load_config({"settlement": "off", **of_general(self_service_path="off")}, ENVIRON)
    assert (off.settlement.enabled, off.self_service_path) == (False, None)
    assert load_config({"settlement": {"enabled": "on"}}, ENVIRON).settlement.enabled


USER = "a-user-Name"
HIDING = [
    f"{scheme}://{USER}:{PLANTED}@{rest}"
    for scheme in ("https", "http", "ftp", "redis", "postgresql", "sqlite", "mysql", "x y", "")
    for rest in ("h", "h/db?x=1", "127.0.0.1:1/db#x", "[::1", "h:port", "h:99999", "h\u2100", "h h")
]
HIDING += [f"{USER}:{PLANTED}@h", f"//{USER}:{PLANTED}@h/db", f"https:{USER}:{PLANTED}@h"]
PLACES = {
    "database_url": lambda url: of_general(database_url=url),
    "redis_url": lambda url: of_general(redis_url=url),
    "webhook": lambda url: {"webhook": {"url": url, "secret": "0123456789abcdef"}},
    "a route": lambda url: {"routes": {"/assemblyai": url}},
    "a prefix": lambda url: {"routes": {url: "https://example.com"}},
    "api_base": lambda url: of_model(model="assemblyai/*", api_base=url),
    "a model": lambda url: of_model(model=url),
    "metrics_path": lambda url: of_general(metrics_path=url),
    "usage_path": lambda url: of_general(usage_path=url),
    "a callback": lambda url: {"callbacks": [url]},
    "an unknown setting": lambda url: of_general(**{url: 1}),
    "a variable's name": lambda url: of_general(database_url=f"os.environ/{url}"),
    "the file's name": lambda url: url,
}


@pytest.mark.parametrize("place", PLACES)
def test_no_error_shows_the_user_or_the_password_of_a_url(place, monkeypatch, tmp_path):
    """The whole stack is built, since more than `config` reads its URLs."""
    monkeypatch.setenv("ASSEMBLYAI_API_KEY", "account-key-of-this-test")
    monkeypatch.chdir(tmp_path)
    refused = 0
    for url in HIDING:
        try:
            AssemblyAIMiddleware(host_app, PLACES[place](url)).close()
        except ConfigError as error:
            refused += 1
            told = "".join(traceback.format_exception(error))
            assert PLANTED not in told
            assert USER not in told
    assert refused
