"""OpenAITranslator around a scripted app: what goes in, what comes back, how streams end."""

from __future__ import annotations

import gzip
import json
import logging
from typing import Any
from wsgiref.validate import validator

import pytest
from openai_kit import (
    HELLO,
    TARGET,
    Answered,
    Body,
    Gateway,
    chat,
    environ_of,
    is_error,
    sse,
    strictly,
)
from webtest import TestApp

from assemblyai_mw.call import CALL_KEY, Call, Caller
from assemblyai_mw.dialects.chat import gateway_reply
from assemblyai_mw.errors import UpstreamError, UpstreamTimeout, error_reply
from assemblyai_mw.http.sse import WholeEvents
from assemblyai_mw.middleware.openai.incapable import Incapable
from assemblyai_mw.middleware.openai.stage import Model, OpenAITranslator
from assemblyai_mw.routes import route_for

REPLY = {
    "request_id": "r-1",
    "model": "gpt-5-mini",
    "choices": [{"message": {"role": "assistant", "content": "Hi"}, "finish_reason": "stop"}],
    "usage": {"input_tokens": 2, "output_tokens": 3, "total_tokens": 5},
}
CANNOT_STREAM = {
    "code": 400,
    "message": "invalid request body",
    "metadata": {"errors": ["model gpt-5-mini does not support stream"]},
}
USAGE = {"prompt_tokens": 2, "completion_tokens": 3, "total_tokens": 5}


def piece(content: str, **more: Any) -> dict[str, Any]:
    choice = {"index": 0, "delta": {"content": content}, "finish_reason": None}
    return {"id": "gen-1", "model": "gpt-5-mini", "choices": [choice], **more}


LAST = {"id": "gen-1", "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}


def streaming(*payloads: Any) -> Body:
    return Body(item if isinstance(item, BaseException) else sse(item)[0] for item in payloads)


def whole_stream() -> Body:
    return streaming(piece("H"), piece("i"), LAST, {"choices": [], "usage": USAGE}, b"[DONE]")


# What goes in.


def test_the_inner_app_gets_a_native_call_in_openais_dialect() -> None:
    gateway = Gateway((200, REPLY))
    body = json.dumps({"model": "assemblyai/gpt-5-mini", "messages": HELLO}).encode()
    host = environ_of(
        "/v1/chat/completions",
        body=body,
        SCRIPT_NAME="/host",
        RAW_URI="/host/v1/chat/completions?a=1",
        REQUEST_URI="/host/v1/chat/completions?a=1",
        QUERY_STRING="a=1",
        HTTP_ACCEPT_ENCODING="br",
        HTTP_CONTENT_MD5="of another body",
        HTTP_USER_AGENT="OpenAI/Python",
    )
    before = dict(host)
    answered = Answered(OpenAITranslator(gateway), host)
    assert answered.status == 200
    assert host == before  # the host's environ is left alone
    (asked,) = gateway.asked
    assert asked["path"] == "/host/llm-gateway.assemblyai/v1/chat/completions"
    assert asked["environ"]["PATH_INFO"] == "/v1/chat/completions"
    assert asked["json"] == {"model": "gpt-5-mini", "messages": HELLO}
    assert asked["call_path"] == "/v1/chat/completions"
    route = asked["route"]
    assert (route.prefix, route.service, route.region, route.dialect) == (
        "/llm-gateway.assemblyai",
        "llm-gateway",
        "us",
        "openai",
    )
    assert asked["environ"]["HTTP_ACCEPT_ENCODING"] == "identity"
    assert asked["environ"]["HTTP_USER_AGENT"] == "OpenAI/Python"
    assert asked["environ"]["QUERY_STRING"] == ""
    for name in ("RAW_URI", "REQUEST_URI", "HTTP_CONTENT_MD5"):
        assert name not in asked["environ"]


@pytest.mark.parametrize(
    "script, path",
    [("", "/v1/chat/completions"), ("/v1/chat/completions", ""), ("/a/b", "/v1/chat/completions")],
)
def test_the_route_is_known_wherever_the_host_has_cut_the_path(script: str, path: str) -> None:
    gateway = Gateway((200, REPLY))
    body = json.dumps({"model": "eu.assemblyai/x", "messages": HELLO}).encode()
    environ = environ_of(path, body=body, SCRIPT_NAME=script)
    assert Answered(OpenAITranslator(gateway), environ).status == 200
    mount = "/a/b" if script == "/a/b" else ""
    assert gateway.asked[0]["path"] == f"{mount}/eu.llm-gateway.assemblyai/v1/chat/completions"
    assert gateway.asked[0]["route"].region == "eu"


def test_a_models_own_prefix_and_id_are_taken_and_entries_of_one_name_take_turns() -> None:
    gateway = Gateway((200, REPLY))
    app = OpenAITranslator(
        gateway,
        models=[
            Model("fast", "assemblyai/gpt-5-mini", "/model-1"),
            Model("fast", "eu.assemblyai/gemini-2.5-flash"),
        ],
    )
    for _ in range(3):
        assert chat(app, model="fast").json["model"] in ("fast", "eu.assemblyai/gpt-5-mini")
    assert [(a["path"].split("/v1")[0], a["json"]["model"]) for a in gateway.asked] == [
        ("/model-1", "gpt-5-mini"),
        ("/eu.llm-gateway.assemblyai", "gemini-2.5-flash"),
        ("/model-1", "gpt-5-mini"),
    ]


def test_a_key_pinned_to_a_region_takes_the_entry_of_that_region() -> None:
    gateway = Gateway((200, REPLY))
    models = [Model("fast", "assemblyai/a"), Model("fast", "eu.assemblyai/b")]
    app = OpenAITranslator(gateway, models=models)
    for _ in range(2):
        body = json.dumps({"model": "fast", "messages": HELLO}).encode()
        call = Call("id", 0.0, route_for("/v1/chat/completions"), "POST", "")
        call.caller = Caller("alice", region="eu")
        Answered(app, environ_of("/v1/chat/completions", body=body, **{CALL_KEY: call}))
    assert [asked["json"]["model"] for asked in gateway.asked] == ["b", "b"]


@pytest.mark.parametrize(
    "script, path",
    [
        ("/llm-gateway.assemblyai", "/v1/chat/completions"),
        ("/eu.llm-gateway.assemblyai", "/v1/models"),
        ("", "/v2/transcript"),
        ("", "/v1/chat/completionsx"),
        ("", "/v1/embeddings"),
    ],
)
def test_everything_else_goes_through_untouched(script: str, path: str) -> None:
    seen = []

    def inner(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        seen.append(environ)
        start_response("200 OK", [])
        return [b"x"]

    environ = environ_of(path, SCRIPT_NAME=script)
    assert Answered(OpenAITranslator(inner), environ).items == [b"x"]
    assert seen[0] is environ


@pytest.mark.parametrize(
    "method, path, status",
    [
        ("GET", "/v1/chat/completions", 405),
        ("POST", "/v1/models", 405),
        ("DELETE", "/v1/models/assemblyai/x", 405),
        ("GET", "/v1/chat/completions/chatcmpl-1", 404),
        ("GET", "/v1/models/assemblyai/..%2F", 404),
        ("GET", "/v1/models/v1/models/%0A", 404),
    ],
)
def test_methods_and_paths_that_are_none(method: str, path: str, status: int) -> None:
    gateway = Gateway((200, {"data": []}))
    answered = Answered(OpenAITranslator(gateway), environ_of(path, method=method))
    assert (answered.status, is_error(answered.json)) == (status, True)
    assert gateway.chats == []
    assert ("allow" in answered.headers) == (status == 405)


# Numbers are those of docs/reliability.md.
MALFORMED = [
    pytest.param(b"", id="empty"),
    pytest.param(b"null", id="null"),
    pytest.param(b"[]", id="list"),
    pytest.param(b'"x"', id="string"),
    pytest.param(b"{", id="brace"),
    pytest.param(b'{"model": NaN}', id="NaN"),
    pytest.param(b'{"model": Infinity}', id="Infinity"),
    pytest.param(b'{"temperature": 1e999}', id="1e999"),
    pytest.param(b"[" * 100_000, id="100,000 brackets"),
    pytest.param(b'{"a":' * 100_000, id="100,000 braces"),
    pytest.param(b'{"model": "a", "model": "b"}', id="duplicate key"),
    pytest.param(b"\xef\xbb\xbf{}", id="BOM"),
    pytest.param('{"model": "a"}'.encode("utf-16"), id="UTF-16"),
    pytest.param(b'{"model": "\xff"}', id="invalid UTF-8"),
    pytest.param(b'{"model": "\\ud800"}', id="lone surrogate"),
    pytest.param(b'{"max_tokens": ' + b"9" * 300 + b"}", id="300 digits"),
    pytest.param(b'{"max_tokens": ' + b"9" * 5000 + b"}", id="5,000 digits"),
]


@pytest.mark.parametrize("body", MALFORMED)
def test_c148_a_malformed_body_is_400_in_shape_and_nothing_is_sent(body: bytes) -> None:
    gateway = Gateway((200, REPLY))
    answered = chat(OpenAITranslator(gateway), body)
    assert (answered.status, is_error(answered.json)) == (400, True)
    assert gateway.asked == []


def test_a_body_over_the_cap_is_413_and_an_unknown_model_404_and_nothing_is_sent() -> None:
    gateway = Gateway((200, REPLY))
    app = OpenAITranslator(gateway, max_body_bytes=200)
    assert chat(app, user="x" * 200).status == 413
    unknown = chat(app, model="gpt-5")
    assert (unknown.status, unknown.json["error"]["code"]) == (404, "model_not_found")
    assert gateway.asked == []


# What comes back.


def test_a_reply_is_strictly_openais_and_keeps_limits_and_ids() -> None:
    limits = [("X-RateLimit-Remaining", "-1"), ("ETag", "x"), ("Content-Length", "7")]
    answered = chat(OpenAITranslator(Gateway((200, REPLY, limits))))
    found = strictly(answered.json)
    assert (found.id, found.choices[0].message.content) == ("chatcmpl-r-1", "Hi")
    assert answered.headers["x-ratelimit-remaining"] == "-1"
    assert answered.headers["x-request-id"] == "r-1"
    assert answered.headers["content-length"] == str(len(answered.items[0]))
    assert "etag" not in answered.headers


def test_a_compressed_reply_is_read() -> None:
    packed = gzip.compress(json.dumps(REPLY).encode())
    headers = [("Content-Encoding", "gzip"), ("Content-Type", "application/json")]
    answered = chat(OpenAITranslator(Gateway((200, packed, headers))))
    assert strictly(answered.json).choices[0].message.content == "Hi"
    assert "content-encoding" not in answered.headers


@pytest.mark.parametrize(
    "status, content, headers",
    [
        pytest.param(200, b"<html>", [], id="HTML"),
        pytest.param(200, b"", [], id="nothing"),
        pytest.param(200, {"choices": [1]}, [], id="no reply"),
        pytest.param(200, b"x" * 3000, [], id="too long"),
        pytest.param(200, b"x", [("Content-Encoding", "br")], id="brotli"),
        pytest.param(302, b"", [("Location", "https://evil.example")], id="redirect"),
        pytest.param(401, {"error": "no", "status": "error"}, [], id="our key"),
    ],
)
def test_what_is_no_reply_is_502_in_shape(
    status: int, content: Any, headers: list[tuple[str, str]], caplog: Any
) -> None:
    gateway = Gateway((status, content, headers))
    answered = chat(OpenAITranslator(gateway, max_reply_bytes=2000))
    assert (answered.status, is_error(answered.json)) == (502, True)
    assert gateway.bodies[0].closed == 1


def test_the_operator_reads_that_the_account_key_was_refused(caplog: Any) -> None:
    refused = {"error": "Authentication error", "status": "error", "request_id": "r"}
    with caplog.at_level(logging.ERROR):
        answered = chat(OpenAITranslator(Gateway((401, refused))))
    assert answered.json["error"]["code"] == "upstream_credentials"
    assert "refused the account's key" in caplog.text


@pytest.mark.parametrize(
    "error, status", [(UpstreamError("cut"), 502), (UpstreamTimeout("slow"), 504)]
)
def test_a_reply_that_breaks_off_is_502_or_504(error: Exception, status: int) -> None:
    body = Body([b'{"choices"', error])
    answered = chat(OpenAITranslator(Gateway((200, body, [("Content-Type", "application/json")]))))
    assert (answered.status, is_error(answered.json)) == (status, True)
    assert body.closed == 1


def test_errors_keep_retry_after() -> None:
    limited = {"code": 429, "message": "too many requests for this action", "request_id": "r-9"}
    headers = [("Retry-After", "7"), ("X-RateLimit-Reset", "7")]
    answered = chat(OpenAITranslator(Gateway((429, limited, headers))))
    assert answered.status == 429
    assert answered.headers["retry-after"] == "7"
    assert answered.headers["x-ratelimit-reset"] == "7"
    assert answered.headers["x-request-id"] == "r-9"
    assert answered.json["error"]["code"] == "rate_limit_exceeded"


def test_refusals_of_inner_stages_pass_as_they_are() -> None:
    refusal = error_reply(
        "openai", 429, "Over budget.", code="budget", headers=[("Retry-After", "60")]
    )
    answered = chat(OpenAITranslator(refusal))
    direct = Answered(refusal, environ_of("/"))
    assert (answered.status, answered.items) == (429, direct.items)
    assert answered.headers["retry-after"] == "60"


# Streams.


@pytest.mark.parametrize("include_usage", [True, False])
def test_a_stream_leaves_event_by_event(include_usage: bool) -> None:
    body = whole_stream()
    gateway = Gateway((200, body))
    app = OpenAITranslator(gateway)
    options = {"stream_options": {"include_usage": True}} if include_usage else {}
    answered = chat(app, stream=True, read=False, **options)
    assert gateway.chats[0]["stream_options"] == {"include_usage": True}
    assert answered.headers["content-type"] == "text/event-stream"
    assert answered.headers["x-accel-buffering"] == "no"
    assert "content-length" not in answered.headers
    taken = []
    for item in answered.iterable:
        answered.items.append(item)
        taken.append(body.taken)
    # Each event left before the gateway was asked for the next one.
    assert taken[:3] == [1, 2, 3]
    answered.close()
    assert body.closed == 1
    events = answered.events
    assert events.pop() == "[DONE]"
    for event in events:
        strictly(event)
    text = "".join(c["delta"].get("content") or "" for e in events for c in e["choices"])
    assert text == "Hi"
    assert ("usage" in events[-1]) == include_usage
    if include_usage:
        assert events[-1]["usage"] == USAGE


def test_events_cut_anywhere_and_joined_are_the_same_events() -> None:
    whole = b"".join(whole_stream())
    expected = chat(OpenAITranslator(Gateway((200, whole_stream()))), stream=True).events
    cuts = [[whole], [whole[i : i + 1] for i in range(len(whole))]]
    cuts += [[whole[:at], whole[at:]] for at in range(1, len(whole), 37)]
    for pieces in cuts:
        assert chat(OpenAITranslator(Gateway((200, Body(pieces)))), stream=True).events == expected


def test_a_last_event_without_its_empty_line_counts() -> None:
    body = Body([*sse(piece("Hi"), LAST), b"data: [DONE]"])
    assert chat(OpenAITranslator(Gateway((200, body))), stream=True).events[-1] == "[DONE]"


BREAKS = [
    pytest.param(
        [piece("a"), piece("b"), piece("c"), {"error": {"code": 500, "message": "x"}}],
        id="error after three events",
    ),
    pytest.param([piece("a"), UpstreamError("cut")], id="cut"),
    pytest.param([piece("a"), RuntimeError("bug")], id="anything raised"),
    pytest.param([piece("a")], id="no end"),
    pytest.param([piece("a"), LAST, UpstreamError("cut")], id="cut before [DONE]"),
    pytest.param([piece("a"), b"nonsense"], id="nonsense"),
]


@pytest.mark.parametrize("payloads", BREAKS)
def test_c151_a_stream_that_breaks_ends_in_an_error_event_and_no_done(payloads: Any) -> None:
    body = streaming(*payloads)
    answered = chat(OpenAITranslator(Gateway((200, body))), stream=True)
    assert answered.status == 200
    assert is_error(answered.events[-1])
    assert "[DONE]" not in answered.events
    assert all("error" not in event for event in answered.events[:-1])
    assert body.closed == 1


def test_an_event_without_end_is_not_kept_in_memory() -> None:
    body = Body([sse(piece("a"))[0], b"data: ", *([b"x" * (1 << 20)] * 6)])
    answered = chat(OpenAITranslator(Gateway((200, body))), stream=True)
    assert is_error(answered.events[-1])


@pytest.mark.parametrize(
    "payloads, status",
    [
        pytest.param([{"error": {"code": 429, "message": "slow"}}], 429, id="error event"),
        pytest.param([{"error": {"message": "x"}}], 502, id="error event without a status"),
        pytest.param([UpstreamError("cut")], 502, id="cut at once"),
        pytest.param([], 502, id="empty"),
        pytest.param([b"<html>"], 502, id="nonsense"),
    ],
)
def test_c151_what_fails_before_the_first_event_has_a_status(payloads: Any, status: int) -> None:
    body = streaming(*payloads)
    answered = chat(OpenAITranslator(Gateway((200, body))), stream=True)
    assert (answered.status, is_error(answered.json)) == (status, True)
    assert body.closed == 1


def test_a_compressed_stream_is_502() -> None:
    headers = [("Content-Encoding", "gzip"), ("Content-Type", "text/event-stream")]
    answered = chat(OpenAITranslator(Gateway((200, whole_stream(), headers))), stream=True)
    assert (answered.status, is_error(answered.json)) == (502, True)


def test_a_client_that_leaves_closes_the_gateways_stream() -> None:
    body = whole_stream()
    answered = chat(OpenAITranslator(Gateway((200, body))), stream=True, read=False)
    next(iter(answered.iterable))
    answered.close()
    assert (body.closed, body.taken) == (1, 1)
    assert list(answered.iterable) == []


def test_what_follows_done_is_read_a_little_and_never_sent() -> None:
    endless = Body([*whole_stream(), *([b"x" * 1024] * 1000)])
    answered = chat(OpenAITranslator(Gateway((200, endless))), stream=True)
    assert answered.events[-1] == "[DONE]"
    assert endless.taken < 100


@pytest.mark.parametrize("include_usage", [True, False])
def test_a_model_that_cannot_stream_streams(include_usage: bool) -> None:
    gateway = Gateway((400, CANNOT_STREAM), (200, REPLY))
    options = {"stream_options": {"include_usage": True}} if include_usage else {}
    answered = chat(OpenAITranslator(gateway), stream=True, **options)
    first, second = gateway.chats
    assert (first["stream"], "stream" in second, "stream_options" in second) == (
        True,
        False,
        False,
    )
    assert [body.closed for body in gateway.bodies] == [1, 1]
    assert answered.headers["content-type"] == "text/event-stream"
    events = answered.events
    assert events.pop() == "[DONE]"
    text = "".join(c["delta"].get("content") or "" for e in events for c in e["choices"])
    assert text == "Hi"
    assert (events[-1].get("usage") is not None) == include_usage


def test_a_model_that_takes_no_stream_options_streams_without_them() -> None:
    refused = {"code": 400, "metadata": {"errors": ["model m does not support stream_options"]}}
    gateway = Gateway((400, refused), (200, streaming(piece("Hi"), LAST, b"[DONE]")))
    answered = chat(OpenAITranslator(gateway), stream=True)
    assert answered.events[-1] == "[DONE]"
    assert gateway.chats[1] == {"model": "gpt-5-mini", "messages": HELLO, "stream": True}


def test_a_second_refusal_is_the_answer() -> None:
    gateway = Gateway((400, CANNOT_STREAM))
    answered = chat(OpenAITranslator(gateway), stream=True)
    assert (answered.status, len(gateway.chats)) == (400, 2)


def test_a_plain_reply_to_a_stream_request_is_streamed() -> None:
    assert chat(OpenAITranslator(Gateway((200, REPLY))), stream=True).events[-1] == "[DONE]"


def test_clean_under_wsgi_lint_on_both_sides() -> None:
    def inner(environ: dict[str, Any], start_response: Any) -> Any:
        size = int(environ["CONTENT_LENGTH"])
        asked = json.loads(environ["wsgi.input"].read(size))
        if asked.get("stream"):
            start_response("200 OK", [("Content-Type", "text/event-stream")])
            return list(whole_stream())
        start_response("200 OK", [("Content-Type", "application/json")])
        return [json.dumps(REPLY).encode()]

    app = TestApp(validator(OpenAITranslator(validator(inner))))
    request = {"model": "assemblyai/gpt-5-mini", "messages": HELLO}
    assert app.post_json("/v1/chat/completions", request).json["id"] == "chatcmpl-r-1"
    streamed = app.post_json("/v1/chat/completions", {**request, "stream": True})
    assert streamed.body.endswith(b"data: [DONE]\n\n")
    refused = app.post_json("/v1/chat/completions", {}, status=400)
    assert is_error(refused.json)


# What OpenAI's parameters ask of a reply's form.


def test_stop_cuts_a_whole_reply_and_is_not_sent() -> None:
    gateway = Gateway((200, REPLY))
    answered = chat(OpenAITranslator(gateway), stop="i")
    assert "stop" not in gateway.chats[0]
    assert answered.json["choices"][0]["message"]["content"] == "H"
    assert answered.json["usage"] == USAGE


def test_stop_cuts_a_stream_and_the_rest_is_read_for_its_usage() -> None:
    rest = [piece(word) for word in ("more", "words")]
    body = streaming(
        piece("H"), piece("i"), *rest, LAST, {"choices": [], "usage": USAGE}, b"[DONE]"
    )
    options = {"stream_options": {"include_usage": True}}
    answered = chat(OpenAITranslator(Gateway((200, body))), stream=True, stop=["i"], **options)
    events = answered.events
    assert events.pop() == "[DONE]"
    assert events.pop()["usage"] == USAGE
    said = [
        (e["choices"][0]["delta"].get("content"), e["choices"][0]["finish_reason"]) for e in events
    ]
    assert said == [("H", None), (None, "stop")]
    assert (body.closed, body.taken) == (1, 7)


def test_a_model_that_cannot_stream_is_cut_too() -> None:
    gateway = Gateway((400, CANNOT_STREAM), (200, REPLY))
    events = chat(OpenAITranslator(gateway), stream=True, stop=["i"]).events
    text = "".join(c["delta"].get("content") or "" for e in events[:-1] for c in e["choices"])
    assert text == "H"


def test_what_a_model_refused_is_kept_in_mind_for_its_route() -> None:
    gateway = Gateway((400, CANNOT_STREAM), (200, REPLY))
    app = OpenAITranslator(gateway)
    for _ in range(3):
        assert chat(app, stream=True).events[-1] == "[DONE]"
    assert ["stream" in asked for asked in gateway.chats] == [True, False, False, False]
    chat(app, stream=True, model="eu.assemblyai/gpt-5-mini")
    chat(app, stream=True, model="assemblyai/gpt-5")
    assert ["stream" in asked for asked in gateway.chats[4:]] == [True, True]


def test_what_a_model_refused_is_tried_again_after_a_while() -> None:
    now = [0.0]
    seen = Incapable(kept_s=300, clock=lambda: now[0])
    seen.add(TARGET, "stream")
    seen.add(TARGET, "stream_options")
    assert seen.of(TARGET) == {"stream", "stream_options"}
    now[0] = 300.0
    assert seen.of(TARGET) == frozenset()


@pytest.mark.parametrize("stream", [True, False])
def test_an_error_in_a_reply_with_status_200_is_an_error_and_not_tried_again(stream: bool) -> None:
    reply = {"choices": [], "error": {"code": 500, "message": "the provider fell over"}}
    answered = chat(OpenAITranslator(Gateway((200, reply))), stream=stream)
    assert answered.status == 500
    assert answered.json["error"]["message"] == "the provider fell over"
    assert answered.headers["x-should-retry"] == "false"


@pytest.mark.parametrize(
    "status, content, final",
    [
        (200, b"nonsense", True),
        (200, Body([b"{", UpstreamError("cut")]), True),
        (200, {"choices": [], "error": {"code": 429, "message": "slow down"}}, False),
        (500, {"code": 500, "message": "boom"}, False),
    ],
)
def test_what_may_have_been_billed_is_not_tried_again(
    status: int, content: Any, final: bool
) -> None:
    answered = chat(OpenAITranslator(Gateway((status, content))))
    assert answered.status >= 400
    assert ("x-should-retry" in answered.headers) == final


MODELS = {"data": [{"id": "gpt-5-mini", "supported_parameters": ["top_p", "stream"]}]}


def test_the_models_list_is_asked_where_a_parameter_depends_on_it() -> None:
    gateway = Gateway((200, MODELS), (200, REPLY))
    app = OpenAITranslator(gateway)
    chat(app, top_p=0.5)
    assert [asked["path"].rpartition("/v1/")[2] for asked in gateway.asked] == [
        "models",
        "chat/completions",
    ]
    chat(app, top_p=0.25)
    assert [asked["top_p"] for asked in gateway.chats] == [0.5, 0.25]
    refused = chat(app, response_format={"type": "json_object"})
    assert (refused.status, refused.json["error"]["param"]) == (400, "response_format")
    assert len(gateway.asked) == 3


def test_a_default_bound_reaches_the_gateway() -> None:
    gateway = Gateway((200, REPLY))
    chat(OpenAITranslator(gateway, default_max_tokens=4000))
    assert gateway.chats[0]["max_tokens"] == 4000


class Guarded(WholeEvents, Body):
    """A body as guards give it."""


def test_a_stream_that_was_split_within_is_not_split_again(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = chat(OpenAITranslator(Gateway((200, whole_stream()))), stream=True).events
    monkeypatch.setattr(gateway_reply, "SSESplitter", None)
    body = Guarded([b": ping\n\n", *whole_stream()])
    answered = chat(OpenAITranslator(Gateway((200, body))), stream=True)
    assert answered.events == expected
    assert body.closed == 1
