"""GET /v1/models: the gateway's list as callers spell it, kept while the gateway is down."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from openai_kit import Answered, Gateway, chat, environ_of, is_error, strictly

from assemblyai_mw.call import CALL_KEY, Call, Caller
from assemblyai_mw.dialects.chat.gateway_models import GatewayModel, read_models
from assemblyai_mw.middleware.openai.gateway_models import Catalogue
from assemblyai_mw.middleware.openai.stage import Model, OpenAITranslator
from assemblyai_mw.routes import route_for
from assemblyai_mw.testing import FakeAssemblyAI

US, EU = FakeAssemblyAI(keys=None), FakeAssemblyAI(region="eu", keys=None)


def both(environ: dict[str, Any], start_response: Any) -> Any:
    eu = environ["SCRIPT_NAME"].endswith("/eu.llm-gateway.assemblyai")
    return (EU if eu else US)(environ, start_response)


def models(app: Any, path: str = "/v1/models", caller: Caller | None = None) -> Answered:
    more: dict[str, Any] = {}
    if caller is not None:
        more[CALL_KEY] = Call("id", 0.0, route_for("/v1/models"), "GET", "", caller=caller)
    return Answered(app, environ_of(path, method="GET", **more))


def names(answered: Answered) -> list[str]:
    assert answered.json["object"] == "list"
    return [strictly(item).id for item in answered.json["data"]]


def test_both_regions_are_listed_as_callers_spell_them_in_openais_shape() -> None:
    expected = [f"assemblyai/{name}" for name in US.models]
    expected += [f"eu.assemblyai/{name}" for name in EU.models]
    answered = models(OpenAITranslator(both))
    assert names(answered) == expected
    assert answered.json["data"][0]["owned_by"] == "anthropic"


def test_one_model_can_be_asked_for_by_its_name() -> None:
    app = OpenAITranslator(both)
    found = strictly(models(app, "/v1/models/assemblyai/gpt-5-mini").json)
    assert (found.id, found.owned_by) == ("assemblyai/gpt-5-mini", "openai")
    missing = models(app, "/v1/models/assemblyai/gpt-9")
    assert (missing.status, missing.json["error"]["code"]) == (404, "model_not_found")
    assert is_error(missing.json)


def test_head_has_the_lists_headers_and_no_body() -> None:
    app = OpenAITranslator(both)
    got = models(app)
    head = Answered(app, environ_of("/v1/models", method="HEAD"))
    assert (head.status, head.items, head.headers) == (200, [], got.headers)


def test_aliases_are_listed_and_patterns_without_end_are_not() -> None:
    app = OpenAITranslator(
        both,
        models=[
            Model("fast", "assemblyai/gpt-5-mini"),
            Model("one/*", "assemblyai/gpt-5"),
            Model("claude/*", "eu.assemblyai/claude-*"),
        ],
    )
    expected = ["fast"]
    expected += [f"claude/{name[7:]}" for name in EU.models if name.startswith("claude-")]
    assert names(models(app)) == expected


@pytest.mark.parametrize(
    "caller, expected",
    [
        (Caller("a", models=frozenset({"assemblyai/gpt-5-mini"})), {"assemblyai/gpt-5-mini"}),
        (Caller("a", models=frozenset({"gpt-5-m*"})), {"assemblyai/gpt-5-mini"}),
        (Caller("a", models=frozenset()), set()),
        (
            Caller("a", region="eu", models=frozenset({"eu.assemblyai/claude-*"})),
            {f"eu.assemblyai/{name}" for name in EU.models if name.startswith("claude-")},
        ),
        (
            Caller("a", region="eu"),
            {f"eu.assemblyai/{name}" for name in EU.models},
        ),
        (
            Caller("m", master=True, models=frozenset()),
            {f"assemblyai/{name}" for name in US.models}
            | {f"eu.assemblyai/{name}" for name in EU.models},
        ),
    ],
    ids=["exact", "bare pattern", "nothing", "EU pattern", "pinned to the EU", "master"],
)
def test_a_key_sees_what_it_may_use(caller: Caller, expected: set[str]) -> None:
    app = OpenAITranslator(both)
    assert set(names(models(app, caller=caller))) == expected
    hidden = models(app, "/v1/models/assemblyai/gpt-5", caller=caller)
    assert hidden.status == (200 if "assemblyai/gpt-5" in expected else 404)


def test_a_key_pinned_to_the_eu_asks_no_us_host() -> None:
    gateway = Gateway((200, {"data": [{"id": "x"}]}))
    assert names(models(OpenAITranslator(gateway), caller=Caller("a", region="eu"))) == [
        "eu.assemblyai/x"
    ]
    assert [asked["path"] for asked in gateway.asked] == ["/eu.llm-gateway.assemblyai/v1/models"]


def test_the_list_is_asked_for_once_and_on_the_operators_behalf() -> None:
    gateway = Gateway((200, {"data": [{"id": "x"}]}))
    app = OpenAITranslator(gateway, models=[Model("assemblyai/*", "assemblyai/*", "/p")])
    environ = environ_of(
        "/v1/models", method="GET", SCRIPT_NAME="/m", HTTP_AUTHORIZATION="Bearer sk-caller"
    )
    call = Call("id", 0.0, route_for("/v1/models"), "GET", "", caller=Caller("alice"))
    for _ in range(3):
        Answered(app, {**environ, CALL_KEY: call})
    (asked,) = gateway.asked
    assert asked["path"] == "/m/p/v1/models"
    assert "HTTP_AUTHORIZATION" not in asked["environ"]
    assert (asked["caller"].master, asked["caller"].name) == (True, "models")
    assert asked["environ"][CALL_KEY] is not call


def test_a_gateway_that_is_down_leaves_the_old_list_or_the_exact_names() -> None:
    entries = [Model("assemblyai/*", "assemblyai/*", "/p"), Model("fast", "assemblyai/x", "/p")]
    down = (503, {"error": "down"})
    never = OpenAITranslator(Gateway(down), models=entries)
    assert names(models(never)) == ["fast"]
    assert models(never, "/v1/models/assemblyai/x").json["id"] == "assemblyai/x"
    for broken in ((200, b"<html>"), (200, {"data": None}), (200, b"x" * (9 << 20))):
        assert names(models(OpenAITranslator(Gateway(broken), models=entries))) == ["fast"]
    gateway = Gateway((200, {"data": [{"id": "x"}]}), down)
    app = OpenAITranslator(gateway, models=entries, models_fresh_s=0.0)
    assert names(models(app)) == ["assemblyai/x", "fast"]
    assert names(models(app)) == ["assemblyai/x", "fast"]
    assert len(gateway.asked) == 2


def test_a_model_that_is_known_not_to_stream_is_asked_without_it_at_once() -> None:
    app = OpenAITranslator(both)
    models(app)
    before = len(US.requests)
    answered = chat(app, model="assemblyai/gpt-oss-20b", stream=True)
    assert answered.events[-1] == "[DONE]"
    assert len(US.requests) == before + 1


@pytest.mark.parametrize("payload", [None, [], {}, {"data": {}}, {"data": None}])
def test_what_is_no_list_is_none(payload: Any) -> None:
    with pytest.raises(ValueError):
        read_models(payload)


def test_a_lists_items_are_read_leniently() -> None:
    items = [
        1,
        {"id": ""},
        {"id": 7},
        {"id": "a", "supported_parameters": None, "created": True, "creator": 1},
        {"id": "b", "supported_parameters": ["tools", 1], "created": 5, "creator": "acme"},
        {"id": "c", "supported_parameters": ["stream"]},
    ]
    found = read_models({"data": items})
    assert found == {
        "a": GatewayModel("a", "assemblyai", 0, None),
        "b": GatewayModel("b", "acme", 5, frozenset({"tools"})),
        "c": GatewayModel("c", "assemblyai", 0, frozenset({"stream"})),
    }
    assert [model.cannot_stream for model in found.values()] == [False, True, False]


def test_a_list_is_fresh_for_a_while_and_a_failure_is_left_alone_for_a_while() -> None:
    now = [0.0]
    kept = Catalogue(fresh_s=300, retry_s=10, clock=lambda: now[0])
    one = {"a": GatewayModel("a", "x", 0, None)}
    fetched = []

    def fetch() -> dict[str, GatewayModel]:
        fetched.append(now[0])
        if now[0] >= 300:
            raise OSError("down")
        return one

    assert kept.known("/p") is None
    for moment in (0.0, 299.0, 300.0, 309.0, 310.0):
        now[0] = moment
        assert kept.models("/p", fetch) == one
    assert fetched == [0.0, 300.0, 310.0]
    assert kept.known("/p") == one


def test_one_caller_fetches_while_the_others_are_given_the_old_list() -> None:
    now = [0.0]
    kept = Catalogue(fresh_s=1, clock=lambda: now[0])
    one = {"a": GatewayModel("a", "x", 0, None)}
    assert kept.models("/p", lambda: one) == one
    now[0] = 5.0
    asked, go = threading.Event(), threading.Event()

    def slow() -> dict[str, GatewayModel]:
        asked.set()
        go.wait(10)
        return {}

    thread = threading.Thread(target=kept.models, args=("/p", slow))
    thread.start()
    assert asked.wait(10)
    assert kept.models("/p", pytest.fail) == one
    go.set()
    thread.join()
    assert kept.known("/p") == {}
