"""The door `responses` around a scripted app: errors by its own names, and what is not there."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from openai_kit import Answered, Body, Gateway, environ_of, is_error, sse
from responses_kit import checked, strictly
from stack_kit import CHAT, Stack
from stack_kit import chat as chat_body

from assemblyai_mw.errors import UpstreamError, error_reply
from assemblyai_mw.middleware.openai.stage import OpenAITranslator

REPLY = {
    "request_id": "r-1",
    "model": "gpt-5-mini",
    "choices": [{"message": {"role": "assistant", "content": "Hi"}, "finish_reason": "stop"}],
    "usage": {"input_tokens": 2, "output_tokens": 3, "total_tokens": 5},
}
CANNOT = {"code": 400, "message": "invalid request body"}
DOOR = "/v1/responses"
# What no two calls have in common.
ITS_OWN = ("id", "at", "closed_at", "request_id")


def ask(app: Any, *, read: bool = True, **fields: Any) -> Answered:
    body = {"model": "assemblyai/gpt-5-mini", "input": "Hello", **fields}
    return Answered(app, environ_of(DOOR, body=json.dumps(body).encode()), read=read)


def piece(content: str, reason: str | None = None) -> dict[str, Any]:
    choice = {"index": 0, "delta": {"content": content}, "finish_reason": reason}
    return {"id": "gen-1", "model": "gpt-5-mini", "choices": [choice]}


def streaming(*payloads: Any) -> Body:
    return Body(item if isinstance(item, BaseException) else sse(item)[0] for item in payloads)


def test_the_gateway_gets_a_native_chat() -> None:
    gateway = Gateway((200, REPLY))
    answered = ask(OpenAITranslator(gateway), instructions="Be brief.", max_output_tokens=50)
    assert answered.status == 200
    assert answered.headers["x-request-id"] == "r-1"
    assert strictly(answered.json).output_text == "Hi"
    (asked,) = gateway.asked
    assert asked["path"] == "/llm-gateway.assemblyai/v1/chat/completions"
    assert asked["json"] == {
        "model": "gpt-5-mini",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "Hello"},
        ],
        "max_tokens": 50,
    }


def test_a_stream_comes_event_by_event_with_its_usage() -> None:
    usage = {"prompt_tokens": 2, "completion_tokens": 3, "total_tokens": 5}
    body = streaming(piece("H"), piece("i", "stop"), {"choices": [], "usage": usage}, b"[DONE]")
    gateway = Gateway((200, body))
    answered = ask(OpenAITranslator(gateway), stream=True, read=False)
    assert body.taken == 1, "the first events do not wait for the rest"
    answered.items = list(answered.iterable)
    answered.close()
    assert answered.headers["content-type"] == "text/event-stream"
    assert checked(answered.items)["usage"]["input_tokens"] == 2
    assert gateway.chats[0]["stream_options"] == {"include_usage": True}
    assert body.closed == 1


def test_a_model_that_cannot_stream_gives_the_same_events() -> None:
    gateway = Gateway(
        (400, {**CANNOT, "metadata": {"errors": ["x does not support stream"]}}), (200, REPLY)
    )
    answered = ask(OpenAITranslator(gateway), stream=True)
    assert answered.headers["content-type"] == "text/event-stream"
    assert checked(answered.items)["output"][0]["content"][0]["text"] == "Hi"


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    "said, param, code",
    [
        ("the prompt is too long", "input", "context_length_exceeded"),
        ("m does not support response_format", "text.format", "unsupported_parameter"),
        ("m does not support max_tokens", "max_output_tokens", "unsupported_parameter"),
        ("m does not support tools", "tools", "unsupported_parameter"),
        ("model m is not supported", "model", "model_not_found"),
    ],
)
def test_the_gateways_errors_name_the_parameter_of_a_response(
    said: str, param: str, code: str, stream: bool
) -> None:
    gateway = Gateway((400, {**CANNOT, "metadata": {"errors": [said]}}))
    answered = ask(OpenAITranslator(gateway), stream=stream)
    assert is_error(answered.json)
    error = answered.json["error"]
    assert (error["param"], error["code"]) == (param, code)
    assert not {"max_tokens", "response_format", "messages"} & set(error["message"].split())


def test_an_inner_stages_error_names_the_parameter_of_a_response() -> None:
    def inner(environ: Any, start_response: Any) -> Any:
        refusal = error_reply("openai", 400, "too much", param="max_tokens", code="x")
        return refusal(environ, start_response)

    answered = ask(OpenAITranslator(inner))
    assert (answered.status, answered.json["error"]) == (
        400,
        {
            "message": "too much",
            "type": "invalid_request_error",
            "param": "max_output_tokens",
            "code": "x",
        },
    )


def test_json_object_is_refused_by_its_own_name() -> None:
    models = {"data": [{"id": "gpt-5-mini", "supported_parameters": ["stream"]}]}
    answered = ask(
        OpenAITranslator(Gateway((200, models))), text={"format": {"type": "json_object"}}
    )
    error = answered.json["error"]
    assert (answered.status, error["param"], error["code"]) == (
        400,
        "text.format",
        "unsupported_value",
    )
    assert "'text.format.type'" in error["message"]


@pytest.mark.parametrize(
    "listed, sent", [(["reasoning"], {"effort": "low"}), (["stream"], None), ([], None)]
)
def test_an_effort_goes_to_models_that_reason(listed: list[str], sent: Any) -> None:
    models = {"data": [{"id": "gpt-5-mini", "supported_parameters": listed}]}
    gateway = Gateway((200, models), (200, REPLY))
    answered = ask(OpenAITranslator(gateway), reasoning={"effort": "low", "summary": "auto"})
    assert answered.json["reasoning"] == {"effort": "low", "summary": "auto"}
    assert gateway.chats[0].get("reasoning") == sent


BROKEN = {"error": {"code": 503, "message": "down"}}


@pytest.mark.parametrize(
    "first", [BROKEN, UpstreamError("cut")], ids=["an error", "the stream breaks off"]
)
def test_an_error_before_the_first_event_has_a_status(first: Any) -> None:
    for body in (streaming(first), streaming({"choices": []}, first)):
        answered = ask(OpenAITranslator(Gateway((200, body))), stream=True)
        assert answered.status in (502, 503)
        assert is_error(answered.json)
        assert body.closed == 1


@pytest.mark.parametrize("last", [BROKEN, UpstreamError("cut"), {"choices": []}])
def test_an_error_after_it_is_an_event(last: Any) -> None:
    answered = ask(OpenAITranslator(Gateway((200, streaming(piece("a"), last)))), stream=True)
    assert answered.status == 200
    assert checked(answered.items)["status"] == "failed"


def test_an_error_in_one_block_with_the_first_event_is_an_event() -> None:
    block = b"".join(sse(piece("a"), BROKEN))
    answered = ask(OpenAITranslator(Gateway((200, Body([block])))), stream=True)
    assert answered.status == 200
    assert checked(answered.items)["status"] == "failed"


@pytest.mark.parametrize(
    "method, rest",
    [
        ("GET", "/resp_1"),
        ("DELETE", "/resp_1"),
        ("POST", "/resp_1/cancel"),
        ("GET", "/resp_1/input_items"),
        ("POST", "/compact"),
        ("POST", "/input_tokens"),
        ("GET", "/"),
    ],
)
def test_nothing_is_stored_so_nothing_is_below(method: str, rest: str) -> None:
    gateway = Gateway((200, REPLY))
    answered = Answered(OpenAITranslator(gateway), environ_of(DOOR + rest, method=method))
    assert (answered.status, gateway.asked) == (404, [])
    assert is_error(answered.json)
    assert "no response is stored" in answered.json["error"]["message"]


@pytest.mark.parametrize("method", ["GET", "DELETE", "PUT"])
def test_only_post_is_possible(method: str) -> None:
    answered = Answered(OpenAITranslator(Gateway((200, REPLY))), environ_of(DOOR, method=method))
    assert (answered.status, answered.headers["allow"]) == (405, "POST")


# In the whole stack


@pytest.fixture
def stack(sqlite_url: str) -> Any:
    stack = Stack(sqlite_url, general_settings={"reply_cost": True})
    yield stack
    stack.middleware.close()
    stack.close()


@pytest.mark.parametrize("stream", [False, True])
def test_one_chat_costs_the_same_by_whichever_door(stack: Stack, stream: bool) -> None:
    key = stack.key("a", budget_usd="1")
    bodies: dict[str, Any] = {
        CHAT: chat_body("What is the capital of France?", max_tokens=50),
        DOOR: {
            "model": "assemblyai/gpt-5-mini",
            "input": "What is the capital of France?",
            "max_output_tokens": 50,
        },
        "/llm-gateway.assemblyai/v1/chat/completions": chat_body(
            "What is the capital of France?", "gpt-5-mini", max_tokens=50
        ),
    }
    for path, body in bodies.items():
        more: dict[str, Any] = {"stream": True} if stream else {}
        if stream and path != DOOR:
            more["stream_options"] = {"include_usage": True}
        stack.us.next_answer("Paris is the capital of France.")
        reply = stack.ask("POST", path, key, json={**body, **more})
        assert reply.status_int == 200, reply
    sent = [json.loads(request.body) for request in stack.us.requests]
    assert sent[0] == sent[1] == sent[2]
    rows = list(stack.ledger.calls())
    assert len(rows) == 3
    same = [{name: row[name] for name in row if name not in ITS_OWN} for row in rows]
    assert same[0] == same[1] == same[2]
    assert Decimal(rows[0]["cost_usd"]) > 0
    assert (rows[0]["path"], rows[0]["state"]) == (CHAT, "settled")
    assert stack.held() == 0


@pytest.mark.parametrize("stream", [False, True])
def test_the_reply_tells_its_cost(stack: Stack, stream: bool) -> None:
    body = {"model": "assemblyai/gpt-5-mini", "input": "Hi", "stream": stream, "user": "maria"}
    reply = stack.ask("POST", DOOR, stack.key("a"), json=body)
    (row,) = stack.ledger.calls()
    lines = [line[6:] for line in reply.text.splitlines() if line.startswith("data: ")]
    last = json.loads(lines[-1])["response"] if stream else reply.json
    assert Decimal(repr(last["usage"]["cost"])) == Decimal(row["cost_usd"]) > 0
    assert row["end_user"] == "maria"


def test_a_transcripts_owner_alone_may_name_it(stack: Stack) -> None:
    alice, eve = stack.key("alice"), stack.key("eve")
    stack.submit(alice)
    owned = stack.submit(alice)
    stack.finish()
    body = {
        "model": "assemblyai/gpt-5-mini",
        "input": "Summarise: {{ transcript }}",
        "transcript_id": owned,
    }
    assert stack.ask("POST", DOOR, alice, json=body).status_int == 200
    reply = stack.ask("POST", DOOR, eve, json=body)
    assert (reply.status_int, is_error(reply.json)) == (404, True)


def test_a_list_of_routes_names_the_door(stack: Stack) -> None:
    key = stack.key("a", routes=[DOOR])
    body = {"model": "assemblyai/gpt-5-mini", "input": "Hi"}
    assert stack.ask("POST", DOOR, key, json=body).status_int == 200
    assert stack.ask("POST", CHAT, key, json=chat_body()).status_int == 403
    other = stack.key("b", routes=[CHAT])
    assert stack.ask("POST", DOOR, other, json=body).status_int == 403


def test_a_bound_that_decides_a_hold_is_named_as_the_caller_wrote_it(stack: Stack) -> None:
    key = stack.key("a", budget_usd="1")
    body = {"model": "assemblyai/gpt-5-mini", "input": "Hi", "max_output_tokens": 2**31 - 1}
    error = stack.ask("POST", DOOR, key, json=body).json["error"]
    assert error["param"] == "max_output_tokens"
    assert error["message"].startswith("max_output_tokens must be")


def test_a_budget_refuses_in_openais_shape(stack: Stack) -> None:
    key = stack.key("poor", budget_usd="0.000001")
    body = {"model": "assemblyai/gpt-5-mini", "input": "Hi"}
    reply = stack.ask("POST", DOOR, key, json=body)
    assert (reply.status_int, is_error(reply.json)) == (429, True)
    assert stack.ask("POST", DOOR, None, json=body).status_int == 401


def test_a_long_request_and_half_a_surrogate_pair_come_back_together(
    stack_of: Callable[..., Stack],
) -> None:
    stack = stack_of()
    choice = '{"message":{"role":"assistant","content":"\\ud800"},"finish_reason":"stop"}'
    stack.us.fail_next(200, body=f'{{"choices":[{choice}]}}'.encode())
    long = "\u4e2d" * 500_000
    body = {"model": "assemblyai/gpt-5-mini", "input": "a", "instructions": long}
    reply = stack.app.post(
        "/v1/responses",
        json.dumps(body, ensure_ascii=False).encode(),
        headers={"Authorization": stack.key("a"), "Content-Type": "application/json"},
    )
    assert len(reply.body) < len(long.encode()) + 2_000
    assert reply.json["instructions"] == long
    assert reply.json["output"][0]["content"][0]["text"] == "\ud800"
