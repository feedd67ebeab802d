"""The doors of other APIs: below any base, each a route, and what a chat's reply says of itself."""

from __future__ import annotations

import dataclasses
import json
import logging
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import openai
import pytest
from openai_kit import is_error
from stack_kit import API, MASTER_KEY, Stack, chat, host_app
from webtest import TestApp

from assemblyai_mw import CostLogger, KeyAuth, Ledger, OpenAITranslator, PrefixRouter
from assemblyai_mw.call import CALL_KEY, MASTER, Caller
from assemblyai_mw.errors import UpstreamError
from assemblyai_mw.middleware.audio import AudioTranscriber
from assemblyai_mw.routes import DOORS, doors_below, route_for
from assemblyai_mw.testing import serve

NATIVE_CHAT = "/llm-gateway.assemblyai/v1/chat/completions"
HOSTS_OWN = "host"


def based(*bases: str, **more: Any) -> dict[str, Any]:
    return {"general_settings": {"openai_bases": list(bases), **more}}


# Where the doors are


@pytest.mark.parametrize("base", ["/v1", "", "/openai/v1", "/a/b.c"])
def test_the_openai_sdk_finds_its_doors_below_each_base(
    base: str, stack_of: Callable[..., Stack]
) -> None:
    stack = stack_of(**based(base))
    with (
        serve(stack.middleware) as url,
        openai.OpenAI(base_url=url + base, api_key=stack.key("a"), max_retries=0) as client,
    ):
        reply = client.chat.completions.create(**chat())
        assert reply.choices[0].message.content
        listed = [model.id for model in client.models.list()]
        assert "assemblyai/gpt-5-mini" in listed
        assert client.models.retrieve("assemblyai/gpt-5-mini").id == "assemblyai/gpt-5-mini"
        with pytest.raises(openai.NotFoundError):
            client.embeddings.create(model="x", input="y")
    (row,) = stack.ledger.calls()
    assert (row["route"], row["path"]) == ("/llm-gateway.assemblyai", "/v1/chat/completions")


def test_several_bases_have_the_same_doors(stack_of: Callable[..., Stack]) -> None:
    stack = stack_of(**based("/v1", ""))
    key = stack.key("a")
    for path in ("/v1/chat/completions", "/chat/completions"):
        assert stack.ask("POST", path, key, json=chat()).status_int == 200
    assert stack.ask("GET", "/models", key).json == stack.ask("GET", "/v1/models", key).json


@pytest.mark.parametrize("base", ["/v1", "", "/openai/v1"])
def test_other_paths_below_a_base_are_the_hosts(base: str, stack_of: Callable[..., Stack]) -> None:
    stack = stack_of(**based(base))
    for path in ("/embeddings", "/chat", "/chat/completion", "/chat/completionsx", "/modelsx"):
        assert stack.ask("POST", base + path, None).text == HOSTS_OWN
    for other in {"/v1", "", "/openai/v1"} - {base}:
        assert stack.ask("POST", f"{other}/chat/completions", None).text == HOSTS_OWN


@pytest.mark.parametrize("base", ["/v1", ""])
def test_below_a_door_the_answer_is_404_in_its_dialect(
    base: str, stack_of: Callable[..., Stack]
) -> None:
    stack = stack_of(**based(base))
    for path in ("/chat/completions/x", "/chat/completions/", "/models/assemblyai/none/x"):
        reply = stack.ask("POST" if "chat" in path else "GET", base + path, MASTER_KEY, json=chat())
        assert (reply.status_int, is_error(reply.json)) == (404, True), path
    assert stack.ask("POST", f"{base}/chat/completions/x", None).status_int == 401


def test_null_gives_a_door_back_to_the_host(stack_of: Callable[..., Stack]) -> None:
    stack = stack_of(
        **based("/v1", "/openai"), routes={"/v1/models": None, "/openai/chat/completions": None}
    )
    assert stack.ask("GET", "/v1/models", None).text == HOSTS_OWN
    assert stack.ask("POST", "/openai/chat/completions", None).text == HOSTS_OWN
    assert stack.ask("GET", "/openai/models", None).status_int == 401
    assert stack.ask("POST", "/v1/chat/completions", None).status_int == 401


def test_without_a_base_there_is_no_door(stack_of: Callable[..., Stack]) -> None:
    stack = stack_of(**based())
    assert stack.ask("POST", "/v1/chat/completions", None).text == HOSTS_OWN
    assert stack.ask("POST", NATIVE_CHAT, stack.key("a"), json=chat(model="gpt-5-mini"))


def test_a_native_path_that_ends_like_a_door_is_assemblyais(
    stack_of: Callable[..., Stack],
) -> None:
    """Also below a prefix whose name does not say that it is AssemblyAI's."""
    stack = stack_of(**based("", "/v1"), routes={"/aai": "http://127.0.0.1:1"})
    stack.ask("GET", f"{API}/v2/models", MASTER_KEY)
    assert stack.us.requests[-1].path == "/v2/models"
    reply = stack.ask("GET", "/aai/v2/models", MASTER_KEY)
    assert "data" not in reply.json


def test_one_line_at_start_names_every_door(
    stack_of: Callable[..., Stack], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "assemblyai_mw.stack")
    stack_of(**based("/v1", "/openai"), routes={"/openai/models": None})
    (line,) = [item for item in caplog.messages if "door" in item]
    named = line.rpartition(": ")[2].split(", ")
    assert set(named) == set(doors_below(["/v1", "/openai"])) - {"/openai/models"}


@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.name)
def test_each_door_has_a_handler_and_a_route(door: Any) -> None:
    bases = ["/x"]
    app = TestApp(OpenAITranslator(AudioTranscriber(host_app, bases=bases), bases=bases))
    assert app.put(f"/x/{door.name}", status="*").status_int == 405
    route = route_for(f"/v1/{door.name}")
    assert (route.door, route.service, route.dialect) == (door, door.service, door.dialect)


def test_a_translator_alone_below_a_mount_finds_its_native_routes_there() -> None:
    asked: list[str] = []

    def gateway(environ: Any, start_response: Any) -> list[bytes]:
        asked.append(environ["SCRIPT_NAME"] + environ["PATH_INFO"])
        return list(host_app(environ, start_response))

    for script, path in (("/app", "/llm/chat/completions"), ("/app/llm", "/chat/completions")):
        app = TestApp(OpenAITranslator(gateway, bases=["/llm"]), {"SCRIPT_NAME": script})
        app.post_json(path, chat(), status="*")
    assert asked == [f"/app{NATIVE_CHAT}"] * 2


def test_a_router_and_other_stages_outside_decide_the_door() -> None:
    def gateway(environ: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", [("Content-Type", "application/json")])
        return [json.dumps({"seen": environ["SCRIPT_NAME"]}).encode()]

    doors = dict.fromkeys(doors_below(), OpenAITranslator(gateway))
    app = TestApp(KeyAuth(PrefixRouter(host_app, doors), keys={"sk-0123456789abcdef": MASTER}))
    headers = {"Authorization": "Bearer sk-0123456789abcdef"}
    reply = app.post("/v1/chat/completions/x", headers=headers, status="*")
    assert reply.status_int == 404
    assert is_error(reply.json)


# Keys with a list of routes


@pytest.mark.parametrize(
    "allowed, chats",
    [
        ("/v1", 200),
        ("/openai", 200),
        ("/openai/chat/completions", 200),
        ("/v1/chat/completions", 200),
        ("/llm-gateway.assemblyai", 200),
        ("/v1/models", 403),
        ("/assemblyai", 403),
        ("/eu.llm-gateway.assemblyai", 403),
    ],
)
def test_a_list_of_routes_names_doors_or_their_bases(
    allowed: str, chats: int, stack_of: Callable[..., Stack]
) -> None:
    stack = stack_of(**based("/v1", "/openai"))
    key = stack.key("a", routes=[allowed])
    for base in ("/v1", "/openai"):
        reply = stack.ask("POST", f"{base}/chat/completions", key, json=chat())
        assert reply.status_int == chats, base
    native = stack.ask("POST", NATIVE_CHAT, key, json=chat(model="gpt-5-mini"))
    assert native.status_int == (200 if allowed == "/llm-gateway.assemblyai" else 403)


# Bare model ids


@pytest.mark.parametrize(
    "region, named",
    [(None, "assemblyai/gpt-5"), ("us", "assemblyai/gpt-5"), ("eu", "eu.assemblyai/gpt-5")],
)
def test_a_bare_model_id_is_404_and_names_the_id_to_use(
    region: str | None, named: str, stack_of: Callable[..., Stack]
) -> None:
    stack = stack_of()
    key = stack.key("a", region=region)
    for reply in (
        stack.ask("POST", "/v1/chat/completions", key, json=chat(model="gpt-5")),
        stack.ask("GET", "/v1/models/gpt-5", key),
    ):
        assert reply.status_int == 404
        error = reply.json["error"]
        assert error["code"] == "model_not_found"
        assert error["message"].endswith(f"Did you mean `{named}`?")


def test_a_bare_fallback_is_named_as_the_parameter_and_other_names_get_no_hint(
    stack_of: Callable[..., Stack],
) -> None:
    stack = stack_of()
    body = chat(fallbacks=[{"model": "gpt-5"}])
    error = stack.ask("POST", "/v1/chat/completions", MASTER_KEY, json=body).json["error"]
    assert error["param"] == "fallbacks[0].model"
    for model in ("openai/gpt-5", "ev?l", "x" * 300):
        reply = stack.ask("POST", "/v1/chat/completions", MASTER_KEY, json=chat(model=model))
        assert "Did you mean" not in reply.json["error"]["message"]


# What a chat costs


def usage_chunks(reply: Any) -> list[dict[str, Any]]:
    lines = [line[6:] for line in reply.text.split("\n") if line.startswith("data: {")]
    return [chunk["usage"] for chunk in map(json.loads, lines) if chunk.get("usage")]


@pytest.mark.parametrize("stream", [False, True])
def test_usage_cost_is_the_ledgers_exact_cost(stream: bool, stack_of: Callable[..., Stack]) -> None:
    stack = stack_of(general_settings={"reply_cost": True})
    body = chat(stream=stream, **({"stream_options": {"include_usage": True}} if stream else {}))
    reply = stack.ask("POST", "/v1/chat/completions", stack.key("a"), json=body)
    (row,) = stack.ledger.calls()
    (usage,) = usage_chunks(reply) if stream else [reply.json["usage"]]
    assert isinstance(usage["cost"], float)
    assert Decimal(repr(usage["cost"])) == Decimal(row["cost_usd"]) > 0
    header = reply.headers.get("x-assemblyai-mw-cost-usd")
    assert header == (None if stream else row["cost_usd"])


def test_the_openai_sdk_reads_the_cost(stack_of: Callable[..., Stack]) -> None:
    stack = stack_of(general_settings={"reply_cost": True})
    with (
        serve(stack.middleware) as url,
        openai.OpenAI(base_url=f"{url}/v1", api_key=stack.key("a"), max_retries=0) as client,
    ):
        raw = client.chat.completions.with_raw_response.create(**chat())
        usage = raw.parse().usage
        assert usage is not None
        assert usage.model_extra is not None
        told = Decimal(raw.headers["x-assemblyai-mw-cost-usd"])
        assert Decimal(repr(usage.model_extra["cost"])) == told > 0
        chunks = list(
            client.chat.completions.create(
                **chat(), stream=True, stream_options={"include_usage": True}
            )
        )
    last = chunks[-1].usage
    assert last is not None
    assert last.model_extra is not None
    assert last.model_extra["cost"] > 0


def test_a_stream_that_asks_for_no_usage_gets_none(stack_of: Callable[..., Stack]) -> None:
    stack = stack_of(general_settings={"reply_cost": True})
    reply = stack.ask("POST", "/v1/chat/completions", stack.key("a"), json=chat(stream=True))
    assert not usage_chunks(reply)
    assert "cost" not in reply.text


def metered(sqlite_url: str, blocks: Callable[[], Iterator[bytes]]) -> TestApp:
    """Return a meter that tells costs, around a gateway that answers with *blocks*."""

    def gateway(environ: Any, start_response: Any) -> Iterator[bytes]:
        environ[CALL_KEY].upstream = "replied"
        start_response("200 OK", [("Content-Type", "application/json")])
        return blocks()

    meter = CostLogger(gateway, ledger=sqlite_url, reply_cost=True)
    return TestApp(PrefixRouter(host_app, {"/llm-gateway.assemblyai": meter}))


def test_a_native_chat_keeps_its_bytes_and_its_head_tells_the_cost(sqlite_url: str) -> None:
    body = (
        b'{ "model":"gpt-5-mini",\n "choices" : [{"message": {"content": "x"}}], '
        b'"usage": {"input_tokens": 1000, "output_tokens": 10, "total_tokens": 1010} }\n'
    )
    app = metered(sqlite_url, lambda: iter([body[:7], b"", body[7:40], body[40:]]))
    reply = app.post_json(NATIVE_CHAT, chat(model="gpt-5-mini"))
    (row,) = Ledger(sqlite_url).calls()
    assert reply.body == body
    assert reply.headers["x-assemblyai-mw-cost-usd"] == row["cost_usd"]


def test_a_reply_that_breaks_off_before_its_cost_is_known_is_502(sqlite_url: str) -> None:
    def blocks() -> Iterator[bytes]:
        yield b'{"model": '
        raise UpstreamError("cut")

    reply = metered(sqlite_url, blocks).post_json(NATIVE_CHAT, chat(model="x"), status=502)
    assert "broke off" in reply.json["error"]
    (row,) = Ledger(sqlite_url).calls()
    assert (row["state"], row["cost_usd"]) == ("unpriced", None)


def test_by_default_no_reply_tells_its_cost(stack_of: Callable[..., Stack]) -> None:
    stack = stack_of()
    key = stack.key("a")
    replies = [
        stack.ask("POST", "/v1/chat/completions", key, json=chat()),
        stack.ask("POST", NATIVE_CHAT, key, json=chat(model="gpt-5-mini")),
    ]
    for reply in replies:
        assert "x-assemblyai-mw-cost-usd" not in reply.headers
        assert "cost" not in reply.text


def test_an_unpriced_reply_tells_no_cost(stack_of: Callable[..., Stack]) -> None:
    stack = stack_of(general_settings={"reply_cost": True})
    stack.us.next_answer("Hello.", model="made-up-model")
    body = chat(model="assemblyai/made-up-model")
    reply = stack.ask("POST", "/v1/chat/completions", stack.key("a"), json=body)
    (row,) = stack.ledger.calls()
    assert row["state"] in ("unpriced", "failed")
    assert "x-assemblyai-mw-cost-usd" not in reply.headers
    assert "cost" not in reply.text


# For whom


@pytest.mark.parametrize(
    "fields, recorded",
    [
        ({"user": "maria"}, "maria"),
        ({"safety_identifier": "u-1"}, "u-1"),
        ({"user": "maria", "safety_identifier": "u-1"}, "u-1"),
        ({"user": " \n"}, None),
        ({"user": "a\x00b\n"}, "ab"),
        ({"user": "x" * 1000}, "x" * 256),
        ({"safety_identifier": None}, None),
        ({}, None),
    ],
)
def test_the_user_of_a_chat_is_the_rows_end_user(
    fields: dict[str, Any], recorded: str | None, stack_of: Callable[..., Stack]
) -> None:
    records: list[Any] = []
    stack = stack_of(options={"on_call": records.append})
    reply = stack.ask("POST", "/v1/chat/completions", stack.key("a"), json=chat(**fields))
    assert reply.status_int == 200
    (row,) = stack.ledger.calls()
    assert (row["end_user"], records[-1].end_user) == (recorded, recorded)
    assert not {"user", "safety_identifier"} & set(json.loads(stack.us.requests[-1].body))


def test_the_hosts_own_word_stands_above_the_requests(stack_of: Callable[..., Stack]) -> None:
    caller = dataclasses.replace(Caller("web"), end_user="maria")
    stack = stack_of(options={"identify": lambda environ: caller})
    stack.ask("POST", "/v1/chat/completions", None, json=chat(user="eve"))
    (row,) = stack.ledger.calls()
    assert row["end_user"] == "maria"


def test_usage_by_end_user_adds_up_their_calls(stack_of: Callable[..., Stack]) -> None:
    stack = stack_of()
    key = stack.key("a")
    for user in ("maria", "otto", "maria", None):
        fields = {"user": user} if user else {}
        stack.ask("POST", "/v1/chat/completions", key, json=chat(**fields))
    stack.submit(key)
    found = {row["end_user"]: row for row in stack.ledger.usage("end_user")}
    assert {name: row["calls"] for name, row in found.items()} == {"": 2, "maria": 2, "otto": 1}
    assert found[""]["pending"] == 1
    assert found["maria"]["pending"] == 0
    assert Decimal(found["maria"]["cost_usd"]) == 2 * Decimal(found["otto"]["cost_usd"]) > 0


@pytest.mark.parametrize("coding", ["gzip", "br", "utf-8"])
@pytest.mark.parametrize("door", ["chat/completions", "responses", "messages", "audio/speech"])
def test_json_with_a_content_encoding_is_415_at_each_door(
    door: str, coding: str, stack_of: Callable[..., Stack]
) -> None:
    stack = stack_of()
    headers = {"Content-Encoding": coding, "Idempotency-Key": "a"}
    body = chat() | {"max_tokens": 5}
    reply = stack.ask("POST", f"/v1/{door}", stack.key("a"), json=body, headers=headers)
    assert reply.status_int == 415
    assert reply.json["error"]["type"] == "invalid_request_error"
    assert "Content-Encoding" in reply.json["error"]["message"]
    assert list(stack.ledger.calls()) == []


@pytest.mark.parametrize("told", [False, True])
@pytest.mark.parametrize(
    "path",
    ["/v1/chat/completions", "/v1/responses", "/v1/messages", NATIVE_CHAT, f"{API}/v2/transcript"],
)
def test_a_billed_reply_that_broke_off_is_not_asked_for_again(
    path: str, told: bool, stack_of: Callable[..., Stack]
) -> None:
    stack = stack_of(general_settings={"reply_cost": told})
    body: dict[str, Any] = chat() | {"max_tokens": 5}
    if path == "/v1/responses":
        body = {"model": body["model"], "input": "a"}
    elif path == NATIVE_CHAT:
        body["model"] = "gpt-5-mini"
    elif path.startswith(API):
        body = {"audio_url": "https://example.com/a.mp3", "speech_models": ["universal-2"]}
    stack.us.fail_next(cut_after=20)
    try:
        reply = stack.ask("POST", path, stack.key("a"), json=body)
    except UpstreamError:
        # A reply that passes as it comes is cut here, too: no client takes it for whole.
        assert (path, told) == (NATIVE_CHAT, False)
        return
    assert reply.status_int == 502
    assert reply.headers["x-should-retry"] == "false"
