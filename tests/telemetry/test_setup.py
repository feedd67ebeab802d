"""What a configuration hangs on the stack: guards, webhook, budget warnings, metrics, traces."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import pytest
from stack_kit import CHAT, MASTER_KEY, Stack, chat, config_of

from assemblyai_mw import AssemblyAIMiddleware
from assemblyai_mw.config import load_config
from assemblyai_mw.errors import ConfigError
from assemblyai_mw.guards import Block

NAME = __name__
SUBMIT = "/assemblyai/v2/transcript"


class Refuses:
    """A guard that a configuration may name."""

    def __init__(self, word: str = "heron") -> None:
        self.word = word

    def before(self, call: Any, body: Any) -> Block | None:
        return Block("not that word") if self.word in str(body) else None


MADE = Refuses("made")
told: list[Any] = []


def broken(warning: Any) -> None:
    raise RuntimeError("my fault")


def guard(name: str = "g", **params: Any) -> dict[str, Any]:
    return {"guardrail_name": name, "litellm_params": params}


@pytest.fixture
def stack(sqlite_url: str) -> Iterator[Any]:
    made: list[Stack] = []

    def make(**config: Any) -> Stack:
        made.append(Stack(sqlite_url, **config))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.mark.parametrize(
    "params, word",
    [
        pytest.param({"guardrail": f"{NAME}.Refuses"}, "heron", id="a class"),
        pytest.param(
            {"guardrail": f"{NAME}:Refuses", "options": {"word": "crane"}}, "crane", id="options"
        ),
        pytest.param({"guardrail": f"{NAME}.MADE"}, "made", id="one that is made"),
        pytest.param(
            {"guardrail": "pattern", "options": {"patterns": {"w": "stork"}}}, "stork", id="short"
        ),
        pytest.param(
            {
                "guardrail": f"{NAME}.Refuses",
                "mode": "pre_call",
                "default_on": True,
                "timeout_s": 9,
            },
            "heron",
            id="as LiteLLM users write it",
        ),
    ],
)
@pytest.mark.parametrize("path", [CHAT, "/llm-gateway.assemblyai/v1/chat/completions", SUBMIT])
def test_guards_of_a_configuration_stand_before_every_route(stack, params, word, path):
    at = stack(guardrails=[guard("named", **params)])
    at.asked_anything()

    def ask(text: str) -> Any:
        body = (
            {"audio_url": "https://example.com/a", "prompt": text} if path == SUBMIT else chat(text)
        )
        if path.startswith("/llm"):
            body["model"] = "gpt-5-mini"
        return at.ask("POST", path, MASTER_KEY, json=body)

    refused = ask(f"the {word}")
    assert refused.status_int == 400
    assert "Blocked by guardrail 'named'" in refused.text
    assert not at.asked_anything()
    assert ask("the wren").status_int == 200


def test_what_a_guard_forces_is_checked_and_metered_like_the_callers_own(stack):
    at = stack(
        guardrails=[
            guard(guardrail="feature_policy", options={"force": {"sentiment_analysis": True}})
        ]
    )
    transcript = at.submit(at.key("alice"))
    assert at.us.transcripts[transcript].asked["sentiment_analysis"] is True
    (row,) = at.ledger.calls()
    assert "sentiment_analysis" in row["features"]["features"]
    denied = at.key("bob", denied_features=["sentiment_analysis"])
    body = {"audio_url": "https://example.com/a"}
    assert at.ask("POST", SUBMIT, denied, json=body).status_int == 403


def test_someone_elses_transcript_is_unknown_before_any_guard_sees_it(stack):
    at = stack(guardrails=[guard(guardrail="pattern", options={"patterns": {"all": "."}})])
    transcript = at.submit(at.key("alice"), prompt=None)
    reply = at.ask("GET", f"{SUBMIT}/{transcript}", at.key("bob"))
    assert reply.status_int == 404


@pytest.mark.parametrize(
    "params, words",
    [
        ({"guardrail": "no.such.module"}, "cannot import 'no.such.module'"),
        ({"guardrail": f"{NAME}.NAME"}, "guardrails: g: "),
        ({"guardrail": f"{NAME}.Refuses", "options": {"x": 1}}, "unexpected keyword"),
        ({"guardrail": f"{NAME}.MADE", "options": {"x": 1}}, "expected no options"),
        ({"guardrail": "pattern"}, "guardrails: g: "),
        ({"guardrail": "pattern", "options": {"patterns": ["no"]}}, "expected one of"),
        ({"guardrail": "pattern", "default_on": False}, "default_on: expected on"),
        ({"guardrail": "lakera"}, "expected a dotted path"),
    ],
)
def test_a_guard_that_cannot_be_made_is_one_line_at_start(sqlite_url, params, words):
    with pytest.raises(ConfigError) as caught:
        AssemblyAIMiddleware(lambda *_: [], config_of(sqlite_url, guardrails=[guard(**params)]))
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_budget_warnings_reach_everybody_though_one_fails(stack, caplog):
    told.clear()
    at = stack(
        general_settings={"budget_alerts": [1e-7]},
        budgets={
            "on_soft_budget": [f"{NAME}.broken", f"{NAME}.told.append"],
        },
    )
    secret = at.key("alice", budget_usd="100")
    for _ in range(2):
        assert at.ask("POST", CHAT, secret, json=chat()).status_int == 200
    assert [(each.scope, each.window) for each in told] == [("key", "total")]
    assert "no call is affected" in caplog.text


@pytest.mark.parametrize(
    "config, words",
    [
        ({"webhook": {"url": "https://example.com"}}, "webhook.secret"),
        ({"webhook": {"secret": "x" * 16}}, "webhook.url"),
        ({"webhook": {"url": "http://example.com", "secret": "x" * 16}}, "https://"),
        ({"webhook": {"url": "https://e.com", "secret": "x" * 16, "events": []}}, "events"),
        ({"budgets": {"on_soft_budget": ["not dotted"]}}, "on_soft_budget[0]"),
        ({"general_settings": {"metrics_path": "/assemblyai/metrics"}}, "outside of the route"),
        ({"general_settings": {"metrics_path": "/assemblyai-mw/key/me"}}, "outside of the route"),
        ({"general_settings": {"request_id_header": "X Id"}}, "a header's name"),
        ({"tracing": "maybe"}, "on or off"),
    ],
)
def test_settings_that_make_no_sense_are_one_line(sqlite_url, config, words):
    with pytest.raises(ConfigError) as caught:
        load_config(config_of(sqlite_url, **config))
    assert words in str(caught.value)


@pytest.mark.parametrize(
    "config, module, words",
    [
        ({"tracing": True}, "opentelemetry", "tracing: needs opentelemetry"),
        ({"general_settings": {"metrics_path": "/m"}}, "prometheus_client", "metrics_path: needs"),
        (
            {"guardrails": [guard(guardrail="presidio")]},
            "presidio_analyzer",
            "needs presidio_analyzer",
        ),
    ],
)
def test_an_extra_that_is_not_installed_is_named(sqlite_url, monkeypatch, config, module, words):
    for name in [each for each in sys.modules if each.split(".")[0] == module]:
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.setitem(sys.modules, module, None)
    for ours in ("assemblyai_mw.telemetry.metrics", "assemblyai_mw.telemetry.tracing"):
        monkeypatch.delitem(sys.modules, ours, raising=False)
    with pytest.raises(ConfigError, match=words):
        AssemblyAIMiddleware(lambda *_: [], config_of(sqlite_url, **config))
