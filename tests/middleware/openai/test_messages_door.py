"""The door `messages` in the whole stack: errors of every stage, and costs."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from messages_kit import (
    MESSAGES,
    MODEL,
    asked,
    error_of,
    events_of,
    is_error,
    message,
    strictly,
    told,
)
from openai_kit import Body, Gateway, sse
from stack_kit import CHAT, MASTER_KEY, Stack, chat
from webtest import TestApp

from assemblyai_mw.middleware.openai.stage import OpenAITranslator
from assemblyai_mw.testing import US_KEY

NATIVE = "/v1/chat/completions"


@pytest.fixture
def stack(stack_of: Callable[..., Stack]) -> Stack:
    return stack_of()


def ask(stack: Stack, key: str | None, body: Any = None, /, **fields: Any) -> Any:
    headers = {"x-api-key": key} if key else {}
    body = asked(**fields) if body is None else body
    return stack.ask("POST", MESSAGES, None, json=body, headers=headers)


def events(reply: Any) -> list[dict[str, Any]]:
    return events_of(item.encode() + b"\n\n" for item in reply.text.split("\n\n")[:-1])


def sent(stack: Stack) -> list[Any]:
    return [seen for seen in stack.us.requests if seen.path == NATIVE]


# What is not there


@pytest.mark.parametrize(
    "method, path, words",
    [
        ("POST", "/count_tokens", "counts no tokens"),
        ("POST", "/count_tokens?beta=true", "counts no tokens"),
        ("POST", "/batches", "no batches"),
        ("GET", "/batches", "no batches"),
        ("GET", "/batches/msgbatch_1/results", "no batches"),
        ("POST", "/x", "nothing at this path."),
        ("POST", "/", "nothing at this path."),
    ],
)
def test_below_the_door_there_is_nothing(stack: Stack, method: str, path: str, words: str) -> None:
    headers = {"x-api-key": stack.key("a")}
    reply = stack.ask(method, MESSAGES + path, None, json=asked(), headers=headers)
    assert reply.status_int == 404
    error = error_of(reply)
    assert (error["type"], words in error["message"]) == ("not_found_error", True)
    assert stack.ask(method, MESSAGES + path, None, json=asked()).status_int == 401
    assert not stack.us.requests


def test_models_are_openais(stack: Stack) -> None:
    key = stack.key("a")
    assert stack.ask("GET", "/v1/models", key).json["object"] == "list"


def test_null_gives_the_door_back_to_the_host(stack_of: Callable[..., Stack]) -> None:
    stack = stack_of(routes={MESSAGES: None})
    assert ask(stack, None).text == "host"
    assert stack.ask("POST", CHAT, stack.key("a"), json=chat()).status_int == 200


# Errors of every stage, in Anthropic's shape


GUARD = {
    "guardrail_name": "secrets",
    "litellm_params": {
        "guardrail": "pattern",
        "options": {"patterns": {"secret": "s[e]cret"}},
    },
}


def test_a_guard(stack_of: Callable[..., Stack]) -> None:
    stack = stack_of(guardrails=[GUARD])
    key = stack.key("a")
    for body in (asked("a secret"), asked(system="a secret"), asked("a secret", stream=True)):
        reply = ask(stack, key, body)
        assert (reply.status_int, error_of(reply)["type"]) == (400, "invalid_request_error")
    assert not sent(stack)
    stack.us.next_answer("It is a secret.")
    reply = ask(stack, key)
    assert reply.status_int == 400
    assert "secret" in error_of(reply)["message"]
    stack.us.next_answer("one two three four five six seven eight nine ten secret eleven twelve")
    last = events(ask(stack, key, stream=True))[-1]
    assert (last["type"], last["error"]["type"]) == ("error", "invalid_request_error")


def test_a_method_that_is_none(stack: Stack) -> None:
    reply = stack.ask("GET", MESSAGES, stack.key("a"))
    assert (reply.status_int, reply.headers["Allow"]) == (405, "POST")
    assert error_of(reply)["type"] == "invalid_request_error"


def test_bodies_that_are_none(stack_of: Callable[..., Stack]) -> None:
    stack = stack_of(limits={"max_json_bytes": 4096})
    key = {"x-api-key": stack.key("a"), "Content-Type": "application/json"}
    for body, status in ((b"{", 400), (b'{"a": 1, "a": 1}', 400), (b"", 400), (b" " * 5000, 413)):
        reply = stack.app.post(MESSAGES, body, headers=key, status="*")
        assert reply.status_int == status
        assert error_of(reply)["type"] == (
            "request_too_large" if status == 413 else "invalid_request_error"
        )


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    "model, words",
    [
        ("claude-sonnet-4-6", "Did you mean `assemblyai/claude-sonnet-4-6`?"),
        ("openai/gpt-5", "does not exist"),
        ("assemblyai/claude-9", "not supported"),
    ],
)
def test_a_model_that_does_not_exist(stack: Stack, model: str, words: str, stream: bool) -> None:
    reply = ask(stack, stack.key("a"), model=model, stream=stream)
    error = error_of(reply)
    assert (reply.status_int, error["type"]) == (404, "not_found_error")
    assert words in error["message"]


def test_an_alias_may_be_a_bare_name(stack_of: Callable[..., Stack]) -> None:
    entries = {"claude-*": "assemblyai/claude-*", "assemblyai/*": "assemblyai/*"}
    models = [
        {"model_name": name, "litellm_params": {"model": model, "api_key": US_KEY}}
        for name, model in entries.items()
    ]
    stack = stack_of(model_list=models)
    reply = ask(stack, stack.key("a"), model="claude-haiku-4-5-20251001")
    assert reply.json["model"] == "claude-haiku-4-5-20251001"
    assert json.loads(sent(stack)[0].body)["model"] == "claude-haiku-4-5-20251001"


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    "fault, status, kind, retry",
    [
        ({"status": 400}, 400, "invalid_request_error", None),
        ({"status": 401}, 502, "api_error", None),
        ({"status": 429, "headers": [("Retry-After", "7")]}, 429, "rate_limit_error", None),
        ({"status": 500}, 500, "api_error", None),
        ({"status": 503}, 503, "api_error", None),
        ({"drop": True}, 502, "api_error", "false"),
    ],
)
def test_the_gateways_errors(
    stack: Stack, fault: dict[str, Any], status: int, kind: str, retry: str | None, stream: bool
) -> None:
    stack.us.fail_next(**fault)
    reply = ask(stack, stack.key("a"), stream=stream)
    assert (reply.status_int, error_of(reply)["type"]) == (status, kind)
    assert reply.headers.get("x-should-retry") == retry
    assert reply.headers.get("retry-after") == ("7" if status == 429 else None)
    assert reply.headers.get("request-id") == reply.json.get("request_id")


def test_a_rate(stack_of: Callable[..., Stack]) -> None:
    stack = stack_of()
    key = stack.key("a", rpm=1)
    assert ask(stack, key).status_int == 200
    reply = ask(stack, key)
    assert (reply.status_int, error_of(reply)["type"]) == (429, "rate_limit_error")
    assert int(reply.headers["retry-after"]) > 0


def test_a_policy(stack: Stack) -> None:
    limits: dict[str, Any] = {"models": ["gpt-5*"], "region": "eu", "routes": ["/assemblyai"]}
    for name, value in limits.items():
        reply = ask(stack, stack.key(name, **{name: value}))
        assert (reply.status_int, error_of(reply)["type"]) == (403, "permission_error")
    assert not sent(stack)


def test_a_list_of_routes_may_name_the_door(stack: Stack) -> None:
    key = stack.key("a", routes=[MESSAGES])
    assert ask(stack, key).status_int == 200
    assert stack.ask("POST", CHAT, key, json=chat()).status_int == 403


def test_the_door_is_below_each_base(stack_of: Callable[..., Stack]) -> None:
    stack = stack_of(general_settings={"openai_bases": ["", "/openai/v1"]})
    headers = {"x-api-key": stack.key("a")}
    for path in ("/messages", "/openai/v1/messages"):
        strictly(stack.ask("POST", path, None, json=asked(), headers=headers).json)
        reply = stack.ask("POST", f"{path}/count_tokens", None, json=asked(), headers=headers)
        assert (reply.status_int, is_error(reply.json)) == (404, True)
    assert ask(stack, None).text == "host"


def test_a_transcript_of_somebody_else(stack: Stack) -> None:
    own = stack.submit(stack.key("a"))
    reply = ask(stack, stack.key("b"), transcript_id=own)
    assert (reply.status_int, error_of(reply)["type"]) == (404, "not_found_error")


def test_a_budget(stack: Stack) -> None:
    reply = ask(stack, stack.key("a", budget_usd="0.000001"))
    assert (reply.status_int, error_of(reply)["type"]) == (429, "rate_limit_error")
    assert error_of(reply)["details"] == {"error_code": "insufficient_quota"}
    assert reply.headers["x-should-retry"] == "false"
    assert not sent(stack)


def test_a_ledger_that_cannot_be_written(stack: Stack) -> None:
    key = stack.key("a")
    ask(stack, key)
    with stack.keys.database.write() as connection:
        connection.exec_driver_sql("DROP TABLE calls")
    reply = ask(stack, key)
    assert (reply.status_int, error_of(reply)["type"]) == (503, "api_error")
    assert len(sent(stack)) == 1


# What it costs


@pytest.mark.parametrize("stream", [False, True])
def test_one_chat_costs_the_same_by_either_door(
    stream: bool, stack_of: Callable[..., Stack]
) -> None:
    stack = stack_of(general_settings={"reply_cost": True})
    key = stack.key("a")
    usage = {
        "prompt_tokens": 5000,
        "completion_tokens": 70,
        "total_tokens": 5070,
        "prompt_tokens_details": {"cached_tokens": 3000, "cache_write_tokens": 1000},
    }
    stack.us.next_answer("Hello.", usage=usage)
    body = chat(model=MODEL, max_tokens=100, stream=stream)
    assert stack.ask("POST", CHAT, key, json=body).status_int == 200
    stack.us.next_answer("Hello.", usage=usage)
    reply = ask(stack, key, stream=stream)
    by_chat, by_message = (json.loads(seen.body) for seen in sent(stack))
    assert by_chat == by_message
    one, other = stack.ledger.calls()
    same = ("cost_usd", "input_tokens", "output_tokens", "model", "route", "path", "state")
    assert {name: one[name] for name in same} == {name: other[name] for name in same}
    assert one["state"] == "settled"
    said = told(events(reply)) if stream else reply.json
    strictly(said)
    assert said["usage"]["input_tokens"] == 1000
    assert said["usage"]["cache_creation_input_tokens"] == 1000
    assert said["usage"]["cache_read_input_tokens"] == 3000
    assert Decimal(repr(said["usage"]["cost"])) == Decimal(other["cost_usd"]) > 0
    assert reply.headers.get("x-assemblyai-mw-cost-usd") == (None if stream else other["cost_usd"])


def test_the_user_of_a_message_is_the_rows_end_user(stack: Stack) -> None:
    ask(stack, stack.key("a"), metadata={"user_id": "maria"})
    (row,) = stack.ledger.calls()
    assert row["end_user"] == "maria"
    assert "user" not in json.loads(sent(stack)[0].body)


@pytest.mark.parametrize("stream", [False, True])
def test_a_reply_that_no_client_could_read_is_billed_and_not_asked_for_again(
    stack: Stack, stream: bool
) -> None:
    """The stand-in frames a call's input as JSON: here the gateway's is none."""

    def gateway(environ: Any, start_response: Any) -> list[bytes]:
        call = {"id": "c1", "function": {"name": "f", "arguments": "{nonsense"}}
        choice = {"message": {"content": None, "tool_calls": [call]}, "finish_reason": "tool_calls"}
        start_response("200 OK", [("Content-Type", "application/json")])
        return [json.dumps({"choices": [choice], "usage": {}, "request_id": "r-1"}).encode()]

    reply = TestApp(OpenAITranslator(gateway)).post_json(MESSAGES, asked(stream=stream), status=502)
    assert error_of(reply)["type"] == "api_error"
    assert reply.headers["x-should-retry"] == "false"


@pytest.mark.parametrize(
    "first, status, kind",
    [
        ({"error": {"code": 429, "message": "slow down"}}, 429, "rate_limit_error"),
        ({"error": "boom", "status": "error"}, 502, "api_error"),
        (
            {
                "choices": [
                    {
                        "message": {
                            "content": "a",
                            "tool_calls": [
                                {"id": "c", "function": {"name": "f", "arguments": "["}}
                            ],
                        },
                        "finish_reason": "tool_calls",
                    }
                ]
            },
            502,
            "api_error",
        ),
    ],
)
def test_an_error_before_the_first_event_has_a_status_of_its_own(
    first: dict[str, Any], status: int, kind: str
) -> None:
    gateway = Gateway((200, Body(sse(first))))
    answered = message(OpenAITranslator(gateway), stream=True)
    assert answered.status == status
    assert is_error(answered.json)
    assert answered.json["error"]["type"] == kind
    later = Gateway((200, Body(sse({"choices": [{"delta": {"content": "a"}}]}, first))))
    answered = message(OpenAITranslator(later), stream=True)
    assert answered.status == 200
    last = events_of(answered.items)[-1]
    assert (last["type"], last["error"]["type"]) == ("error", kind)
    assert later.bodies[-1].closed


@pytest.mark.parametrize("model", [MODEL, "assemblyai/gpt-oss-20b"])
def test_every_model_streams(stack: Stack, model: str) -> None:
    stack.us.next_answer("one two STOP three")
    reply = ask(stack, stack.key("a"), model=model, stream=True, stop_sequences=["STOP"])
    said = told(events(reply))
    assert said["content"] == [{"type": "text", "text": "one two "}]
    assert (said["stop_reason"], said["stop_sequence"]) == ("stop_sequence", "STOP")
    assert said["usage"]["output_tokens"] > 0
    assert reply.content_type == "text/event-stream"


@pytest.mark.parametrize("listed", [False, True])
def test_top_k_goes_to_models_that_take_it(stack: Stack, listed: bool) -> None:
    if listed:
        for model in stack.us.models.values():
            model["supported_parameters"] = [*model["supported_parameters"], "top_k"]
    ask(stack, stack.key("a"), top_k=5)
    assert json.loads(sent(stack)[0].body).get("top_k") == (5 if listed else None)


def test_the_master_key_is_a_key_too(stack: Stack) -> None:
    strictly(ask(stack, MASTER_KEY).json)
