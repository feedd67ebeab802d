"""The Flask extension: its configuration, its commands, and Flask's session as a caller."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, g, session

from assemblyai_mw import ConfigError, Keys
from assemblyai_mw.hosts.flask import AssemblyAI
from assemblyai_mw.testing import US_KEY, FakeTransport

JOB = {"audio_url": "https://example.com/a.mp3"}
SUBMIT = "/assemblyai/v2/transcript"
PAGE = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def config(sqlite_url: str) -> dict[str, Any]:
    model = {"model": "assemblyai/*", "api_key": US_KEY}
    return {
        "model_list": [{"model_name": "*", "litellm_params": model}],
        "general_settings": {"database_url": sqlite_url},
        "settlement": False,
    }


@pytest.fixture
def app(config: dict[str, Any]) -> Flask:
    app = Flask(__name__)
    app.secret_key = "of-the-tests"
    app.config["ASSEMBLYAI_MW"] = config
    return app


def test_the_apps_own_configuration_counts(app: Flask, sqlite_url: str) -> None:
    transport = FakeTransport()
    AssemblyAI(app, transport=transport)
    key = Keys(sqlite_url).create("alice").key
    headers = {"Authorization": key}
    assert app.test_client().post(SUBMIT, json=JOB, headers=headers).status_code == 200
    assert [seen.path for seen in transport.us.requests] == ["/v2/transcript"]
    assert app.extensions["assemblyai_mw"].config.source == 'app.config["ASSEMBLYAI_MW"]'


def test_an_argument_is_over_the_apps_configuration(app: Flask, config: dict[str, Any]) -> None:
    app.config["ASSEMBLYAI_MW"] = {"prises": {}}
    AssemblyAI(app, config)
    assert app.test_client().get(SUBMIT).status_code == 401


def test_a_wrong_configuration_stops_the_start(app: Flask) -> None:
    app.config["ASSEMBLYAI_MW"] = {"prises": {}}
    with pytest.raises(ConfigError, match="did you mean prices"):
        AssemblyAI(app)


def test_a_factory_takes_what_its_tests_bring(config: dict[str, Any], sqlite_url: str) -> None:
    assemblyai = AssemblyAI()
    seen: list[Any] = []

    def create_app(config: Any = None, **options: Any) -> Flask:
        app = Flask(__name__)
        app.secret_key = "of-the-tests"
        assemblyai.init_app(app, config, **options)
        return app

    Keys(sqlite_url).create("web")
    transports = FakeTransport(), FakeTransport()
    apps = [
        create_app(
            config,
            transport=transport,
            on_call=seen.append,
            on_soft_budget=seen.append,
            identify=lambda: "web",
        )
        for transport in transports
    ]
    for app, transport in zip(apps, transports, strict=True):
        reply = app.test_client().post(SUBMIT, json=JOB, headers=PAGE)
        assert reply.status_code == 200
        assert len(transport.us.requests) == 1
        parts = app.extensions["assemblyai_mw"].parts
        assert seen.append in parts.on_call
        assert parts.on_soft_budget is not None


def test_a_factorys_arguments_are_over_the_extensions(config: dict[str, Any]) -> None:
    assemblyai = AssemblyAI(config={"prises": {}}, transport=FakeTransport())
    own = FakeTransport()
    app = Flask(__name__)
    assemblyai.init_app(app, config, transport=own)
    assert app.extensions["assemblyai_mw"].parts.transport is own


@pytest.mark.parametrize("value", [["a list"], 7])
def test_a_setting_of_another_kind_is_named(app: Flask, value: Any) -> None:
    app.config["ASSEMBLYAI_MW"] = value
    with pytest.raises(ConfigError, match=r'app.config\["ASSEMBLYAI_MW"\]: expected a YAML'):
        AssemblyAI(app)


def test_an_app_is_wrapped_once_and_one_extension_wraps_several(app: Flask, config: Any) -> None:
    assemblyai = AssemblyAI(config=config)
    assemblyai.init_app(app)
    other = Flask("other")
    assemblyai.init_app(other)
    assert other.test_client().get(SUBMIT).status_code == 401
    with pytest.raises(ConfigError, match="already"):
        assemblyai.init_app(app)


def test_the_commands_use_the_apps_configuration(
    app: Flask, sqlite_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ASSEMBLYAI_MW_DATABASE_URL", raising=False)
    AssemblyAI(app)
    runner = app.test_cli_runner()
    made = runner.invoke(args=["assemblyai", "keys", "create", "alice", "--json"])
    assert made.exit_code == 0, made.output
    assert json.loads(made.stdout)["key"].startswith("sk-")
    assert [info.name for info in Keys(sqlite_url).list()] == ["alice"]
    assert "usage" in runner.invoke(args=["assemblyai", "--help"]).output
    again = runner.invoke(args=["assemblyai", "keys", "create", "alice"])
    assert again.exit_code == 1
    assert "A key named alice is in use" in again.output


def test_who_calls_has_flasks_context_and_nothing_of_before_request(
    app: Flask, sqlite_url: str
) -> None:
    Keys(sqlite_url).create("web")
    transport = FakeTransport()
    assemblyai = AssemblyAI(app, transport=transport)
    torn_down = []

    @app.before_request
    def load() -> None:
        g.loaded = True

    @app.teardown_request
    def teardown(error: BaseException | None) -> None:
        torn_down.append(error)

    @app.get("/login")
    def login() -> str:
        session["user"] = 7
        return "in"

    @assemblyai.identify
    def identify() -> Any:
        assert "loaded" not in g
        user = session.get("user")
        return None if user is None else {"key": "web", "end_user": user}

    browser = app.test_client()
    assert browser.post(SUBMIT, json=JOB, headers=PAGE).status_code == 401
    browser.get("/login")
    assert browser.post(SUBMIT, json=JOB, headers=PAGE).status_code == 200
    assert browser.post(SUBMIT, json=JOB).status_code == 403
    assert torn_down == [None] * 4
    (seen,) = transport.us.requests
    assert seen.header("cookie") is None


def test_without_who_calls_a_login_is_nobody(app: Flask) -> None:
    AssemblyAI(app)
    assert app.test_client().post(SUBMIT, json=JOB, headers=PAGE).status_code == 401
