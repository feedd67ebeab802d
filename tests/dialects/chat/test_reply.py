"""The gateway's replies and errors out as OpenAI's, and the names of models."""

from __future__ import annotations

import copy
from types import SimpleNamespace
from typing import Any

import pytest
from openai_kit import TARGET, is_error, strictly

from assemblyai_mw.dialects.chat import (
    ApiError,
    BadReply,
    Model,
    ModelList,
    Target,
    to_completion,
    to_error,
    to_usage,
)
from assemblyai_mw.dialects.chat.errors import event_error

CALL = {"id": "c1", "type": "function", "function": {"name": "find", "arguments": '{"a": 1}'}}
# llm-gateway.yml, Response; counts as its documentation shows them.
REPLY = {
    "request_id": "065a71ac-dc3e-4e38-9374-e54c0bea564f",
    "choices": [{"message": {"role": "assistant", "content": "Paris."}, "finish_reason": "stop"}],
    "request": {"model": "gpt-5-mini", "max_tokens": 1000},
    "usage": {"input_tokens": 12, "output_tokens": 3, "total_tokens": 15},
    "http_status_code": 200,
    "response_time": 275510459,
    "llm_status_code": 200,
}


def completed(reply: Any, target: Target = TARGET) -> Any:
    before = copy.deepcopy(reply)
    payload = to_completion(reply, target, created=1_700_000_000, fallback_id="f00")
    assert reply == before
    return strictly(payload)


def choice(**fields: Any) -> Any:
    return completed({**REPLY, "choices": [fields]}).choices[0]


def test_the_documented_reply_becomes_a_chat_completion() -> None:
    assert to_completion(REPLY, TARGET, created=1_700_000_000, fallback_id="f00") == {
        "id": "chatcmpl-065a71ac-dc3e-4e38-9374-e54c0bea564f",
        "object": "chat.completion",
        "created": 1_700_000_000,
        "model": "assemblyai/gpt-5-mini",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "Paris.", "refusal": None},
                "logprobs": None,
                "finish_reason": "stop",
            }
        ],
        "usage": {"prompt_tokens": 12, "completion_tokens": 3, "total_tokens": 15},
    }


@pytest.mark.parametrize(
    "reply, name, value",
    [
        pytest.param({"id": "gen-1"}, "id", "gen-1", id="an id of its own"),
        pytest.param({"request_id": None}, "id", "chatcmpl-f00", id="no id at all"),
        pytest.param({"created": 5}, "created", 5, id="created"),
        pytest.param({"created": "x"}, "created", 1_700_000_000, id="created is no number"),
        pytest.param({"model": "gpt-5-mini"}, "model", "assemblyai/gpt-5-mini", id="as asked"),
        pytest.param({"model": "gpt-5"}, "model", "assemblyai/gpt-5", id="a fallback answered"),
        pytest.param({"model": None}, "model", "assemblyai/gpt-5-mini", id="no model"),
        pytest.param({"service_tier": "default"}, "service_tier", "default", id="service_tier"),
        pytest.param({"system_fingerprint": 1}, "system_fingerprint", None, id="odd fingerprint"),
        pytest.param({"choices": None}, "choices", [], id="a nil list"),
        pytest.param({"usage": None}, "usage", None, id="no usage"),
    ],
)
def test_a_replys_own_fields(reply: dict[str, Any], name: str, value: Any) -> None:
    assert getattr(completed({**REPLY, **reply}), name) == value


def test_an_alias_is_answered_by_its_name_and_another_model_by_its_region() -> None:
    fast = Target("fast", "gpt-5-mini", "eu", "/eu.llm-gateway.assemblyai")
    assert completed({**REPLY, "model": "gpt-5-mini"}, fast).model == "fast"
    assert completed({**REPLY, "model": "gpt-5"}, fast).model == "eu.assemblyai/gpt-5"


@pytest.mark.parametrize("place", ["message", "choice"])
def test_tool_calls_are_read_in_either_place(place: str) -> None:
    message: dict[str, Any] = {"role": "assistant", "content": ""}
    beside: dict[str, Any] = {"message": message, "finish_reason": "tool_use"}
    (message if place == "message" else beside)["tool_calls"] = [CALL]
    found = choice(**beside)
    assert [call.model_dump() for call in found.message.tool_calls] == [CALL]
    assert (found.finish_reason, found.message.content) == ("tool_calls", None)


@pytest.mark.parametrize(
    "call, expected",
    [
        pytest.param({"function": {"name": "f", "arguments": {"a": 1}}}, '{"a": 1}', id="object"),
        pytest.param({"function": {"name": "f", "arguments": None}}, "{}", id="null"),
        pytest.param({"function": {"name": "f"}}, "{}", id="absent"),
        pytest.param({"function": {"name": "f", "arguments": ""}}, "{}", id="empty"),
    ],
)
def test_a_calls_arguments_are_a_string_and_its_id_is_there(
    call: dict[str, Any], expected: str
) -> None:
    found = choice(message={"tool_calls": [call]}).message.tool_calls[0]
    assert found.function.arguments == expected
    assert (found.id, found.type) == ("call_f00_0_0", "function")


@pytest.mark.parametrize(
    "word, expected",
    [
        ("stop", "stop"),
        ("end_turn", "stop"),
        ("stop_sequence", "stop"),
        ("STOP", "stop"),
        ("COMPLETE", "stop"),
        ("length", "length"),
        ("max_tokens", "length"),
        ("MAX_TOKENS", "length"),
        ("model_context_window_exceeded", "length"),
        ("tool_use", "tool_calls"),
        ("tool_calls", "tool_calls"),
        ("content_filter", "content_filter"),
        ("SAFETY", "content_filter"),
        ("guardrail_intervened", "content_filter"),
        ("refusal", "content_filter"),
        ("tomorrow's word", "stop"),
        (None, "stop"),
        (7, "stop"),
    ],
)
def test_a_providers_reason_becomes_openais(word: Any, expected: str) -> None:
    assert choice(message={"content": "x"}, finish_reason=word).finish_reason == expected


def test_a_call_under_the_reason_stop_is_still_said_to_be_one() -> None:
    found = choice(message={"tool_calls": [CALL]}, finish_reason="STOP")
    assert found.finish_reason == "tool_calls"


@pytest.mark.parametrize(
    "content, text",
    [
        pytest.param("Hi", "Hi", id="string"),
        pytest.param([{"type": "text", "text": "H"}, {"text": "i"}, {}, 1], "Hi", id="parts"),
        pytest.param(None, None, id="null"),
        pytest.param(7, None, id="a number"),
    ],
)
def test_a_messages_text(content: Any, text: str | None) -> None:
    assert choice(message={"role": "model", "content": content}).message.content == text


def test_choices_are_counted_where_they_carry_no_index() -> None:
    reply = {**REPLY, "choices": [{"message": {}}, {"message": {}, "index": 7}]}
    assert [item.index for item in completed(reply).choices] == [0, 7]


BOTH = {
    "input_tokens": 12,
    "output_tokens": 3,
    "prompt_tokens": 12,
    "completion_tokens": 3,
    "total_tokens": 15,
    "prompt_tokens_details": {
        "cached_tokens": 4,
        "audio_tokens": 0,
        "cache_creation": {"ephemeral_5m_input_tokens": 1},
        "cache_write_tokens": 1,
    },
    "completion_tokens_details": {"reasoning_tokens": 2, "tomorrow": 1},
}


@pytest.mark.parametrize(
    "usage, expected",
    [
        pytest.param({"input_tokens": 12, "output_tokens": 3}, (12, 3, 15), id="input/output"),
        pytest.param(
            {"prompt_tokens": 12, "completion_tokens": 3, "total_tokens": 16},
            (12, 3, 16),
            id="prompt/completion",
        ),
        pytest.param(BOTH, (12, 3, 15), id="both"),
        pytest.param({"input_tokens": 12}, (12, 0, 12), id="half"),
        pytest.param({"input_tokens": "12"}, None, id="no numbers"),
        pytest.param({"input_tokens": True, "output_tokens": -1}, None, id="no counts"),
        pytest.param([], None, id="no object"),
        pytest.param(None, None, id="none"),
    ],
)
def test_usage_is_read_in_either_spelling(usage: Any, expected: tuple[int, ...] | None) -> None:
    found = to_usage(usage)
    counts = found and tuple(
        found[name] for name in ("prompt_tokens", "completion_tokens", "total_tokens")
    )
    assert counts == expected


def test_usage_keeps_the_details_that_openai_knows() -> None:
    found = completed({**REPLY, "usage": BOTH}).usage
    assert found.prompt_tokens_details.model_dump(exclude_unset=True) == {
        "cached_tokens": 4,
        "audio_tokens": 0,
        "cache_write_tokens": 1,
    }
    assert found.completion_tokens_details.model_dump(exclude_unset=True) == {"reasoning_tokens": 2}


@pytest.mark.parametrize(
    "reply",
    [
        None,
        [],
        "x",
        {},
        {"choices": {}},
        {"choices": [1]},
        {"choices": [{}]},
        {"choices": [{"message": "x"}]},
        {"choices": [{"message": {"tool_calls": [{}]}}]},
        {"choices": [{"message": {"tool_calls": [{"function": {"name": 1}}]}}]},
    ],
)
def test_nonsense_is_no_reply(reply: Any) -> None:
    with pytest.raises(BadReply):
        to_completion(reply, TARGET, created=0, fallback_id="f00")


# Errors: the three shapes, as observed and as documented.


def handlers(status: int, message: str, *errors: str) -> dict[str, Any]:
    payload: dict[str, Any] = {"code": status, "message": message, "request_id": "r-1"}
    return {**payload, "metadata": {"errors": list(errors)}} if errors else payload


ERRORS = [
    pytest.param(
        400,
        handlers(400, "invalid request body", "one of messages or prompt required"),
        (400, "invalid_request_error", None, None),
        "invalid request body: one of messages or prompt required",
        id="a handler's 400",
    ),
    pytest.param(
        400,
        handlers(400, "invalid request body", "model gpt-9 is not supported"),
        (404, "not_found_error", "model_not_found", "model"),
        "model gpt-9 is not supported",
        id="a model that the gateway does not know",
    ),
    pytest.param(
        400,
        handlers(400, "invalid request body", "model m does not support response_format"),
        (400, "invalid_request_error", "unsupported_parameter", "response_format"),
        "does not support response_format",
        id="a parameter that the model does not support",
    ),
    pytest.param(
        400,
        handlers(400, "x", "Your account does not have access to this LLM Gateway model"),
        (403, "permission_error", "model_access_denied", "model"),
        "does not have access",
        id="a model that the account may not use",
    ),
    pytest.param(
        403,
        {"error": {"code": 403, "message": "Forbidden"}},
        (403, "permission_error", "permission_denied", None),
        "Forbidden",
        id="403 as documented",
    ),
    pytest.param(
        404,
        {"message": "transcript not found", "code": 404},
        (404, "not_found_error", "not_found", None),
        "transcript not found",
        id="a transcript that is not there",
    ),
    pytest.param(
        429,
        handlers(429, "too many requests for this action"),
        (429, "rate_limit_error", "rate_limit_exceeded", None),
        "too many requests for this action",
        id="429",
    ),
    pytest.param(
        500,
        {"error": {"code": 500, "message": "Internal", "metadata": {"errors": ["boom"]}}},
        (500, "server_error", None, None),
        "Internal: boom",
        id="500 as documented",
    ),
    pytest.param(
        401,
        {"error": "Authentication error", "status": "error", "request_id": "r-1"},
        (502, "server_error", "upstream_credentials", None),
        "tell its operator",
        id="our key, refused",
    ),
    pytest.param(503, None, (503, "server_error", None, None), "status 503", id="no body"),
    pytest.param(502, ["x"], (502, "server_error", "upstream_error", None), "502", id="a list"),
    pytest.param(302, {}, (502, "server_error", "upstream_error", None), "302", id="a redirect"),
    pytest.param(
        429,
        {
            "error": {
                "message": "Over budget.",
                "type": "insufficient_quota",
                "code": "budget",
                "param": None,
            }
        },
        (429, "insufficient_quota", "budget", None),
        "Over budget.",
        id="OpenAI's shape already",
    ),
]


@pytest.mark.parametrize("status, payload, expected, message", ERRORS)
def test_an_error_of_any_shape_becomes_openais(
    status: int, payload: Any, expected: tuple[Any, ...], message: str
) -> None:
    error = to_error(status, payload)
    assert (error.status, error.type, error.code, error.param) == expected
    assert message in error.message
    assert is_error(error.payload())


def test_a_refused_key_is_the_callers_where_it_is_the_callers() -> None:
    payload = {"error": "Authentication error", "status": "error", "request_id": "r-1"}
    error = to_error(401, payload, callers_key=True)
    assert (error.status, error.type, error.code, error.message, error.request_id) == (
        401,
        "authentication_error",
        "invalid_api_key",
        "Authentication error",
        "r-1",
    )


@pytest.mark.parametrize(
    "text, cannot",
    [
        ("model m does not support stream", True),
        ("Model m does not support streaming", True),
        ("model m does not support stream_options", False),
        ("model m does not support tools", False),
        ("streaming is not supported for this model", True),
        ("Stream mode isn't available for m", True),
        ("this model cannot be used with streaming", True),
        ("unsupported parameter: 'stream'", True),
        ("parameter stream_options is not supported", False),
        ("the stream of words is too long", False),
        ("messages: not an array", False),
    ],
)
def test_only_a_refused_stream_is_one(text: str, cannot: bool) -> None:
    assert to_error(400, handlers(400, "invalid request body", text)).cannot_stream is cannot


def test_a_long_message_is_cut() -> None:
    assert len(to_error(400, {"message": "x" * 10_000}).message) == 2000


@pytest.mark.parametrize(
    "payload, status",
    [
        ({"error": {"code": 429, "message": "slow"}}, 429),
        ({"code": 400, "message": "bad"}, 400),
        ({"error": {"code": "boom", "message": "bad"}}, 502),
        ({"error": {"code": True, "message": "bad"}}, 502),
        ({"error": "bad"}, 502),
        ({"error": {"code": 200, "message": "bad"}}, 502),
    ],
)
def test_an_error_in_a_stream_has_the_status_that_it_names(payload: Any, status: int) -> None:
    error = event_error(payload)
    assert isinstance(error, ApiError)
    assert error.status == status


# Names.

LIST = ModelList(
    [
        Model("assemblyai/*", "assemblyai/*"),
        Model("fast", "assemblyai/gpt-5-mini"),
        Model("fast", "eu.assemblyai/gemini-2.5-flash", "/eu.model-1"),
        Model("assemblyai/claude-*", "eu.assemblyai/claude-*"),
        Model("one/*", "assemblyai/gpt-5"),
        Model("eu.assemblyai/only", "eu.assemblyai/only"),
    ]
)


@pytest.mark.parametrize(
    "name, expected",
    [
        ("assemblyai/gpt-5", [("gpt-5", "us", "/llm-gateway.assemblyai")]),
        ("assemblyai/a/b:c", [("a/b:c", "us", "/llm-gateway.assemblyai")]),
        ("assemblyai/claude-x", [("claude-x", "eu", "/eu.llm-gateway.assemblyai")]),
        (
            "fast",
            [
                ("gpt-5-mini", "us", "/llm-gateway.assemblyai"),
                ("gemini-2.5-flash", "eu", "/eu.model-1"),
            ],
        ),
        ("one/whatever", [("gpt-5", "us", "/llm-gateway.assemblyai")]),
        ("eu.assemblyai/only", [("only", "eu", "/eu.llm-gateway.assemblyai")]),
        ("eu.assemblyai/other", []),
        ("gpt-5", []),
        ("faster", []),
        ("one/", []),
    ],
)
def test_exact_names_go_before_patterns_and_the_longest_pattern_first(
    name: str, expected: list[tuple[str, str, str]]
) -> None:
    found = [(item.id, item.region, item.prefix) for item in LIST.candidates(name)]
    assert found == expected
    assert all(item.name == name for item in LIST.candidates(name))


def test_the_eu_is_part_of_the_default_list_and_of_no_other() -> None:
    found = ModelList().candidates("eu.assemblyai/x")
    assert [(item.id, item.region, item.prefix) for item in found] == [
        ("x", "eu", "/eu.llm-gateway.assemblyai")
    ]
    elsewhere = Model("assemblyai/*", "assemblyai/*", "/model-1")
    assert ModelList([elsewhere]).candidates("eu.assemblyai/x") == ()
    assert ModelList([Model("assemblyai/x", "assemblyai/x")]).candidates("eu.assemblyai/x") == ()
    assert ModelList([]).candidates("assemblyai/x") == ()


def test_entries_come_as_models_as_litellms_mappings_or_as_anything_alike() -> None:
    expected = Model("fast", "assemblyai/gpt-5-mini", "/p")
    for entry in (
        expected,
        {
            "model_name": "fast",
            "litellm_params": {"model": "assemblyai/gpt-5-mini", "api_key": "the forwarder's"},
            "prefix": "/p",
        },
        SimpleNamespace(model_name="fast", model="assemblyai/gpt-5-mini", prefix="/p"),
    ):
        assert Model.of(entry) == expected


@pytest.mark.parametrize(
    "entry",
    [
        pytest.param({"model_name": "fast"}, id="no litellm_params"),
        pytest.param({"model_name": "fast", "litellm_params": {}}, id="no model"),
        pytest.param(
            {"model_name": "f", "litellm_params": {"model": "assemblyai/x", "api_base": "b"}},
            id="an address",
        ),
        pytest.param(SimpleNamespace(model_name="f"), id="half an entry"),
        pytest.param(7, id="a number"),
        pytest.param({"model_name": "f", "litellm_params": {"model": "openai/x"}}, id="a provider"),
        pytest.param({"model_name": "f", "litellm_params": {"model": "x"}}, id="no provider"),
        pytest.param(
            {"model_name": "f", "litellm_params": {"model": "assemblyai/*"}}, id="star for nothing"
        ),
        pytest.param(
            {"model_name": "*/*", "litellm_params": {"model": "assemblyai/*"}}, id="two stars"
        ),
        pytest.param(
            {"model_name": "a b", "litellm_params": {"model": "assemblyai/x"}}, id="a space"
        ),
        pytest.param({"model_name": "", "litellm_params": {"model": "assemblyai/x"}}, id="empty"),
    ],
)
def test_an_entry_that_cannot_work_is_refused_at_start(entry: Any) -> None:
    with pytest.raises(ValueError):
        ModelList([entry])


@pytest.mark.parametrize("message", ["Streaming is not supported.", "m does not support stream"])
def test_a_refused_stream_in_openais_shape_is_one(message: str) -> None:
    payload = {"error": {"message": message, "type": "invalid_request_error"}}
    assert to_error(400, payload).cannot_stream
    assert not to_error(403, payload).cannot_stream


@pytest.mark.parametrize(
    "text",
    [
        "This model's maximum context length is 131072 tokens. However, you requested 200000.",
        "Your input exceeds the context window of this model",
        "prompt is too long: 210000 tokens > 200000 maximum",
        "input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000",
        "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).",
        "Input is too long for requested model.",
    ],
)
def test_a_context_overflow_has_openais_code(text: str) -> None:
    error = to_error(400, handlers(400, "invalid request body", text))
    assert (error.status, error.code, error.param) == (400, "context_length_exceeded", "messages")
    assert error.type == "invalid_request_error"


def test_a_bound_that_is_too_large_is_no_context_overflow() -> None:
    assert to_error(400, handlers(400, "bad", "max_tokens: at most 8192 tokens")).code is None


@pytest.mark.parametrize("choices", [[], None, [{"message": {"content": "x"}}]])
def test_an_error_in_a_reply_is_an_error_in_the_providers_words(choices: Any) -> None:
    reply = {"choices": choices, "usage": {}, "error": {"code": 429, "message": "slow down"}}
    with pytest.raises(BadReply) as caught:
        completed(reply)
    error = caught.value.error
    assert (error.status, error.message, error.type) == (429, "slow down", "rate_limit_error")
    completed({**REPLY, "error": None})
