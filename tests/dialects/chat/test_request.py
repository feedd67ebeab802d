"""OpenAI's request in, the gateway's out: every parameter, every wrong type, every refusal."""

from __future__ import annotations

import copy
import inspect
import typing
from typing import Any

import pytest
from assemblyai.llm_gateway.v1.client import CompletionsResource
from openai.types.chat.completion_create_params import CompletionCreateParamsBase
from openai_kit import HELLO

from assemblyai_mw.dialects.chat import PARAMETERS, ModelList, ReplyForm, Target, to_gateway
from assemblyai_mw.errors import RequestRefused

MODELS = ModelList()
FUNCTION = {"name": "find", "description": "Finds.", "parameters": {"type": "object"}}
TOOL = {"type": "function", "function": FUNCTION}
OTHER = {"type": "function", "function": {"name": "other", "parameters": {}}}
CALL = {"id": "c1", "type": "function", "function": {"name": "find", "arguments": "{}"}}
SCHEMA = {"name": "answer", "schema": {"type": "object"}, "strict": True}


def resolve(name: str) -> Target | None:
    return next(iter(MODELS.candidates(name)), None)


def translated(**fields: Any) -> dict[str, Any]:
    body = {"model": "assemblyai/gpt-5-mini", "messages": HELLO, **fields}
    before = copy.deepcopy(body)
    result = to_gateway(body, resolve).body
    assert body == before  # the caller's JSON is left alone
    return result


def refusal(body: Any) -> RequestRefused:
    with pytest.raises(RequestRefused) as caught:
        to_gateway(body, resolve)
    return caught.value


MESSAGES = [
    pytest.param({"role": "user", "content": "Hi"}, None, id="user"),
    pytest.param(
        {"role": "developer", "content": "Be brief"},
        {"role": "system", "content": "Be brief"},
        id="developer becomes system",
    ),
    pytest.param({"role": "system", "content": "Be brief", "name": "ops"}, None, id="name"),
    pytest.param(
        {"role": "user", "content": [{"type": "text", "text": "Hi"}]}, None, id="text part"
    ),
    pytest.param(
        {
            "role": "user",
            "content": [{"type": "text", "text": "Hi", "cache_control": {"type": "ephemeral"}}],
        },
        None,
        id="cache_control on a part",
    ),
    pytest.param(
        {"role": "user", "content": "Hi", "cache_control": {"type": "ephemeral"}},
        None,
        id="cache_control on a message",
    ),
    pytest.param(
        {"role": "assistant", "content": None, "tool_calls": [CALL]}, None, id="tool call"
    ),
    pytest.param(
        {"role": "assistant", "tool_calls": [CALL]},
        {"role": "assistant", "content": None, "tool_calls": [CALL]},
        id="tool call without content",
    ),
    pytest.param(
        {
            "role": "assistant",
            "content": "Hi",
            "refusal": None,
            "annotations": [],
            "audio": None,
            "function_call": None,
            "tool_calls": None,
        },
        {"role": "assistant", "content": "Hi"},
        id="a reply's message sent back whole",
    ),
    pytest.param(
        {"role": "assistant", "content": None, "refusal": "No."},
        {"role": "assistant", "content": "No."},
        id="a refusal sent back",
    ),
    pytest.param(
        {"role": "assistant", "content": [{"type": "refusal", "refusal": "No."}]},
        {"role": "assistant", "content": [{"type": "text", "text": "No."}]},
        id="a refusal part",
    ),
    pytest.param({"role": "assistant", "content": "Hi", "thinking": "Hm"}, None, id="thinking"),
    pytest.param({"role": "tool", "content": "4", "tool_call_id": "c1"}, None, id="tool result"),
    pytest.param(
        {
            "role": "tool",
            "content": [{"type": "text", "text": "4"}, {"type": "text", "text": "2"}],
            "tool_call_id": "c1",
        },
        {"role": "tool", "content": "42", "tool_call_id": "c1"},
        id="a tool result in parts is joined",
    ),
]


@pytest.mark.parametrize("given, expected", MESSAGES)
def test_a_message_arrives_in_the_gateways_words(
    given: dict[str, Any], expected: dict[str, Any] | None
) -> None:
    assert translated(messages=[given])["messages"] == [expected or given]


FIELDS = [
    pytest.param({}, {}, id="nothing"),
    pytest.param({"max_tokens": 5}, {"max_tokens": 5}, id="max_tokens"),
    pytest.param({"max_completion_tokens": 5}, {"max_tokens": 5}, id="max_completion_tokens"),
    pytest.param(
        {"max_completion_tokens": 5, "max_tokens": 5}, {"max_tokens": 5}, id="both limits, equal"
    ),
    pytest.param({"max_tokens": None}, {}, id="null is left out"),
    pytest.param({"temperature": 0}, {"temperature": 0}, id="temperature"),
    pytest.param({"tools": [TOOL]}, {"tools": [TOOL]}, id="tools"),
    pytest.param(
        {"tools": [{"type": "function", "function": {"name": "now", "strict": True}}]},
        {
            "tools": [
                {
                    "type": "function",
                    "function": {
                        "name": "now",
                        "parameters": {"type": "object", "properties": {}},
                    },
                }
            ]
        },
        id="a function without parameters; strict is dropped",
    ),
    pytest.param({"tool_choice": "none"}, {"tool_choice": "none"}, id="tool_choice none"),
    pytest.param(
        {"tool_choice": {"type": "function", "function": {"name": "find"}}},
        {"tool_choice": {"type": "function", "function": {"name": "find"}}},
        id="tool_choice by name",
    ),
    pytest.param(
        {"tools": [TOOL], "tool_choice": "required"},
        {
            "tools": [TOOL],
            "tool_choice": {"type": "function", "function": {"name": "find"}},
        },
        id="the one tool that is required is named",
    ),
    pytest.param(
        {"tools": [TOOL, OTHER], "tool_choice": "required"},
        {"tools": [TOOL, OTHER], "tool_choice": "required"},
        id="one of several tools is required",
    ),
    pytest.param({"stop": ["END"], "parallel_tool_calls": False}, {}, id="what is done here"),
    pytest.param(
        {"response_format": {"type": "json_object"}},
        {
            "response_format": {
                "type": "json_schema",
                "json_schema": {
                    "name": "json_object",
                    "schema": {"type": "object"},
                    "strict": False,
                },
            }
        },
        id="json_object is the schema of any object",
    ),
    pytest.param(
        {"response_format": {"type": "json_schema", "json_schema": SCHEMA}},
        {"response_format": {"type": "json_schema", "json_schema": SCHEMA}},
        id="json_schema",
    ),
    pytest.param(
        {
            "response_format": {
                "type": "json_schema",
                "json_schema": {**SCHEMA, "strict": None, "description": "What it is."},
            }
        },
        {
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "answer", "schema": {"type": "object"}},
            }
        },
        id="json_schema with what the gateway has not",
    ),
    pytest.param({"response_format": {"type": "text"}}, {}, id="text is the default"),
    pytest.param(
        {"messages": None, "prompt": "Write a haiku"}, {"prompt": "Write a haiku"}, id="prompt"
    ),
    pytest.param(
        {
            "transcript_id": "t-1",
            "fallback_config": {"depth": 2},
            "post_processing_steps": [{"type": "json-repair"}],
            "model_region": "global",
            "reasoning": {"effort": "high"},
            "zero_data_retention": True,
            "fail_fast": True,
            "max_timeout": 20,
        },
        {
            "transcript_id": "t-1",
            "fallback_config": {"depth": 2},
            "post_processing_steps": [{"type": "json-repair"}],
            "model_region": "global",
            "reasoning": {"effort": "high"},
            "zero_data_retention": True,
            "fail_fast": True,
            "max_timeout": 20,
        },
        id="the gateway's own",
    ),
    pytest.param(
        {
            "fallbacks": [
                {"model": "assemblyai/gpt-5"},
                {
                    "model": "assemblyai/claude-sonnet-4-6",
                    "messages": [{"role": "developer", "content": "Hi"}],
                    "max_completion_tokens": 9,
                    "temperature": 1,
                    "top_p": 0.5,
                },
            ]
        },
        {
            "fallbacks": [
                {"model": "gpt-5"},
                {
                    "model": "claude-sonnet-4-6",
                    "messages": [{"role": "system", "content": "Hi"}],
                    "max_tokens": 9,
                    "temperature": 1,
                },
            ]
        },
        id="fallbacks are requests of their own",
    ),
]


@pytest.mark.parametrize("given, expected", FIELDS)
def test_a_field_arrives_in_the_gateways_words(
    given: dict[str, Any], expected: dict[str, Any]
) -> None:
    whole = {"model": "gpt-5-mini", "messages": HELLO, **expected}
    if given.get("messages", HELLO) is None:
        del whole["messages"]
        body = {"model": "assemblyai/gpt-5-mini", **given}
        del body["messages"]
        assert to_gateway(body, resolve).body == whole
    else:
        assert translated(**given) == whole


@pytest.mark.parametrize("name", [row.name for row in PARAMETERS.values() if row.fate == "dropped"])
def test_what_the_table_drops_is_not_sent(name: str) -> None:
    assert translated(**{name: VALID[name]}) == {"model": "gpt-5-mini", "messages": HELLO}


@pytest.mark.parametrize("name", [row.name for row in PARAMETERS.values() if row.fate == "refused"])
def test_what_the_table_refuses_is_refused_by_name_unless_it_asks_for_nothing(name: str) -> None:
    error = refusal({"model": "assemblyai/x", "messages": HELLO, name: VALID[name]})
    assert (error.status, error.param, error.code) == (400, name, "unsupported_parameter")
    for value in PARAMETERS[name].harmless:
        assert translated(**{name: value}) == {"model": "gpt-5-mini", "messages": HELLO}


# One value of the right type for each parameter.
VALID: dict[str, Any] = {
    "model": "assemblyai/gpt-5-mini",
    "messages": HELLO,
    "audio": {"voice": "alloy", "format": "wav"},
    "fail_fast": True,
    "fallback_config": {},
    "fallbacks": [{"model": "assemblyai/gpt-5"}],
    "frequency_penalty": 0.5,
    "function_call": {"name": "find"},
    "functions": [FUNCTION],
    "logit_bias": {"50256": -100},
    "logprobs": True,
    "max_completion_tokens": 5,
    "max_timeout": 5,
    "max_tokens": 5,
    "metadata": {"a": "b"},
    "modalities": ["text", "audio"],
    "model_region": "global",
    "moderation": {"model": "omni"},
    "n": 2,
    "parallel_tool_calls": False,
    "post_processing_steps": [{"type": "json-repair"}],
    "prediction": {"type": "content", "content": "x"},
    "presence_penalty": -0.5,
    "prompt": "Hi",
    "prompt_cache_key": "k",
    "prompt_cache_options": {"mode": "implicit"},
    "prompt_cache_retention": "24h",
    "reasoning": {},
    "reasoning_effort": "low",
    "response_format": {"type": "text"},
    "safety_identifier": "s",
    "seed": 7,
    "service_tier": "auto",
    "stop": ["END"],
    "store": True,
    "stream": True,
    "stream_options": {"include_usage": True},
    "temperature": 1.5,
    "tool_choice": "auto",
    "tools": [TOOL],
    "top_logprobs": 3,
    "top_k": 40,
    "top_p": 0.9,
    "transcript_id": "t-1",
    "user": "u",
    "verbosity": "low",
    "web_search_options": {},
    "zero_data_retention": True,
}
KINDS: dict[str, Any] = {
    "null": None,
    "boolean": True,
    "integer": 10**40,
    "number": 0.25,
    "string": "text",
    "array": [[]],
    "object": {"a": 1},
}


def wrong_values() -> list[Any]:
    """Every parameter with every JSON type that is not its own."""
    takes = {
        bool: {"boolean"},
        int: {"integer"},
        float: {"integer", "number"},
        str: {"string"},
        list: {"array"},
        dict: {"object"},
    }
    both = {"stop", "function_call", "tool_choice"}
    found = []
    for name, row in PARAMETERS.items():
        for kind, value in KINDS.items():
            right = set(takes[type(VALID[name])])
            if name in both:
                right |= {"string", "object"} if name != "stop" else {"string", "array"}
            if name == "max_timeout":
                right |= {"number"}
            if kind == "null" and row.nullable:
                continue
            if kind in right and kind not in ("integer", "array"):
                continue
            if name == "messages" and kind == "null":
                continue
            found.append(pytest.param(name, value, id=f"{name}: {kind}"))
    return found


@pytest.mark.parametrize("name, value", wrong_values())
def test_c149_each_field_with_each_wrong_type_is_400_and_named(name: str, value: Any) -> None:
    """Numbers are those of docs/reliability.md. 10**40 and [[]] are wrong for all who take one."""
    body = {"model": "assemblyai/gpt-5-mini", "messages": HELLO, name: value}
    if name == "stream_options":
        body["stream"] = True
    if name == "prompt":
        del body["messages"]
    error = refusal(body)
    assert error.status == 400
    assert error.param is not None
    assert error.param.split(".")[0].split("[")[0] == name


def message(**fields: Any) -> dict[str, Any]:
    return {"messages": [fields]}


def function(**fields: Any) -> dict[str, Any]:
    return {"tools": [{"type": "function", "function": {**FUNCTION, **fields}}]}


def json_schema(**fields: Any) -> dict[str, Any]:
    return {"response_format": {"type": "json_schema", "json_schema": {**SCHEMA, **fields}}}


def tool_call(**fields: Any) -> dict[str, Any]:
    return message(role="assistant", content=None, tool_calls=[{**CALL, **fields}])


NESTED = [
    (message(), "messages[0].role"),
    (message(role="user"), "messages[0].content"),
    (message(role=1, content="x"), "messages[0].role"),
    (message(role="function", content="x", name="f"), "messages[0].role"),
    (message(role="user", content=None), "messages[0].content"),
    (message(role="user", content=1), "messages[0].content"),
    (message(role="user", content=[]), "messages[0].content"),
    (message(role="user", content=["x"]), "messages[0].content[0]"),
    (message(role="user", content=[{}]), "messages[0].content[0].type"),
    (message(role="user", content=[{"type": "text"}]), "messages[0].content[0].text"),
    (message(role="user", content=[{"type": "text", "text": 1}]), "messages[0].content[0].text"),
    (
        message(role="user", content=[{"type": "image_url", "image_url": {"url": "x"}}]),
        "messages[0].content[0].type",
    ),
    (
        message(role="user", content=[{"type": "text", "text": "x", "cache_control": 1}]),
        "messages[0].content[0].cache_control",
    ),
    (message(role="user", content="x", name=1), "messages[0].name"),
    (message(role="user", content="x", colour="red"), "messages[0].colour"),
    (message(role="user", content="x", cache_control="x"), "messages[0].cache_control"),
    (message(role="user", content="x", tool_calls=[CALL]), "messages[0].tool_calls"),
    (message(role="assistant", content="x", audio={"id": "a"}), "messages[0].audio"),
    (message(role="assistant", content=None, refusal=1), "messages[0].refusal"),
    (
        message(role="assistant", content="x", function_call={"name": "f", "arguments": ""}),
        "messages[0].function_call",
    ),
    (message(role="assistant", content=None, tool_calls=[]), "messages[0].content"),
    (message(role="assistant", content=None, tool_calls={}), "messages[0].tool_calls"),
    (message(role="tool", content="x"), "messages[0].tool_call_id"),
    (message(role="tool", content="x", tool_call_id=1), "messages[0].tool_call_id"),
    (message(role="tool", content="x", tool_call_id=""), "messages[0].tool_call_id"),
    (tool_call(id=1), "messages[0].tool_calls[0].id"),
    (tool_call(type="custom"), "messages[0].tool_calls[0].type"),
    (tool_call(function=None), "messages[0].tool_calls[0].function"),
    (tool_call(function={"name": "f"}), "messages[0].tool_calls[0].function.arguments"),
    (
        tool_call(function={"name": "f", "arguments": {}}),
        "messages[0].tool_calls[0].function.arguments",
    ),
    (tool_call(function={"arguments": ""}), "messages[0].tool_calls[0].function.name"),
    ({"messages": []}, "messages"),
    ({"messages": ["x"]}, "messages[0]"),
    ({"prompt": "x"}, "prompt"),
    ({"tools": [{"function": FUNCTION}]}, "tools[0].type"),
    ({"tools": [{"type": "custom", "custom": {"name": "x"}}]}, "tools[0].type"),
    ({"tools": [{"type": "function"}]}, "tools[0].function"),
    ({"tools": [{**TOOL, "extra": 1}]}, "tools[0].extra"),
    (function(name=1), "tools[0].function.name"),
    (function(name=""), "tools[0].function.name"),
    (function(description=1), "tools[0].function.description"),
    (function(parameters=[]), "tools[0].function.parameters"),
    (function(parameters=None), "tools[0].function.parameters"),
    (function(strict="yes"), "tools[0].function.strict"),
    (function(colour="red"), "tools[0].function.colour"),
    ({"tool_choice": "always"}, "tool_choice"),
    ({"tool_choice": "required"}, "tool_choice"),
    ({"stop": [""]}, "stop"),
    ({"stop": "x" * 257}, "stop"),
    ({"stop": ["x"] * 17}, "stop"),
    ({"fallbacks": [{"model": "assemblyai/x", "stop": "x"}]}, "fallbacks[0].stop"),
    ({"tool_choice": {"type": "allowed_tools"}}, "tool_choice.type"),
    ({"tool_choice": {"type": "function", "function": {}}}, "tool_choice.function.name"),
    ({"response_format": {}}, "response_format.type"),
    ({"response_format": {"type": 1}}, "response_format.type"),
    ({"response_format": {"type": "json"}}, "response_format.type"),
    ({"response_format": {"type": "json_schema"}}, "response_format.json_schema"),
    (json_schema(name=1), "response_format.json_schema.name"),
    (json_schema(schema=[]), "response_format.json_schema.schema"),
    (json_schema(strict=1), "response_format.json_schema.strict"),
    (json_schema(description=1), "response_format.json_schema.description"),
    (json_schema(colour="red"), "response_format.json_schema.colour"),
    ({"stream_options": {}}, "stream_options"),
    ({"stream": True, "stream_options": {"include_usage": 1}}, "stream_options.include_usage"),
    ({"stream": True, "stream_options": {"colour": 1}}, "stream_options.colour"),
    ({"max_tokens": 0}, "max_tokens"),
    ({"max_tokens": 2**31}, "max_tokens"),
    ({"max_tokens": 1.0}, "max_tokens"),
    ({"max_tokens": 1, "max_completion_tokens": 2}, "max_tokens"),
    ({"temperature": 2.1}, "temperature"),
    ({"temperature": -0.1}, "temperature"),
    ({"temperature": 10**40}, "temperature"),
    ({"model_region": "eu"}, "model_region"),
    ({"transcript_id": ""}, "transcript_id"),
    ({"colour": "red"}, "colour"),
    ({"c" * 500: "red"}, "..."),
    ({"fallbacks": [{}]}, "fallbacks[0].model"),
    ({"fallbacks": [{"model": 1}]}, "fallbacks[0].model"),
    ({"fallbacks": [{"model": "eu.assemblyai/x"}]}, "fallbacks[0].model"),
    ({"fallbacks": [{"model": "assemblyai/x", "stream": True}]}, "fallbacks[0].stream"),
    ({"fallbacks": [{"model": "assemblyai/x", "fallbacks": []}]}, "fallbacks[0].fallbacks"),
    ({"fallbacks": [{"model": "assemblyai/x", "messages": [1]}]}, "fallbacks[0].messages[0]"),
    ({"fallbacks": [{"model": "assemblyai/x", "max_tokens": "1"}]}, "fallbacks[0].max_tokens"),
]


@pytest.mark.parametrize(
    "fields, param", NESTED, ids=[f"{p} {i}" for i, (_, p) in enumerate(NESTED)]
)
def test_c149_what_is_wrong_inside_is_400_and_named(fields: dict[str, Any], param: str) -> None:
    error = refusal({"model": "assemblyai/gpt-5-mini", "messages": HELLO, **fields})
    assert (error.status, error.param) == (400, param)


@pytest.mark.parametrize("body", [None, [], "x", 1, True, 0.5])
def test_a_body_that_is_no_object_is_400(body: Any) -> None:
    assert refusal(body).status == 400


def test_what_is_missing_is_named() -> None:
    assert refusal({}).param == "model"
    assert refusal({"messages": HELLO}).param == "model"
    assert refusal({"model": "assemblyai/x"}).param == "messages"


@pytest.mark.parametrize(
    "name",
    [
        "",
        "gpt-5-mini",
        "openai/gpt-5",
        "assemblyai/",
        "assemblyai/../v2",
        "assemblyai/./x",
        "assemblyai/a//b",
        "assemblyai/x\r\nHost: evil",
        "https://evil.example/v1",
        pytest.param("assemblyai/" + "x" * 10_000, id="10 kB"),
        "assemblyai/x?y",
        "assemblyai/\u00e9",
        "assemblyai/x y",
        "assemblyai/*",
    ],
)
def test_c150_an_unknown_model_is_404(name: str) -> None:
    error = refusal({"model": name, "messages": HELLO})
    assert (error.status, error.code, error.param) == (404, "model_not_found", "model")
    assert len(error.message) < 300
    assert "\n" not in error.message


def test_an_unknown_fallback_is_404_and_named() -> None:
    body = {"model": "assemblyai/x", "messages": HELLO, "fallbacks": [{"model": "gpt-5"}]}
    error = refusal(body)
    assert (error.status, error.code, error.param) == (
        404,
        "model_not_found",
        "fallbacks[0].model",
    )


def test_a_stream_always_brings_its_usage_and_a_plain_request_says_nothing_of_streams() -> None:
    body = {"model": "assemblyai/gpt-5-mini", "messages": HELLO}
    plain = to_gateway({**body, "stream": False}, resolve)
    assert (plain.stream, plain.include_usage) == (False, False)
    assert plain.payload(stream=False) == {"model": "gpt-5-mini", "messages": HELLO}
    streamed = to_gateway({**body, "stream": True}, resolve)
    assert (streamed.stream, streamed.include_usage) == (True, False)
    assert streamed.payload(stream=True) == {
        "model": "gpt-5-mini",
        "messages": HELLO,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    asked = {**body, "stream": True, "stream_options": {"include_usage": True}}
    assert to_gateway(asked, resolve).include_usage is True
    assert streamed.payload(stream=True, usage=False) == {
        "model": "gpt-5-mini",
        "messages": HELLO,
        "stream": True,
    }


def test_the_table_has_every_parameter_of_openais_and_its_nulls() -> None:
    hints = typing.get_type_hints(CompletionCreateParamsBase)
    ours = {row.name: row.nullable for row in PARAMETERS.values() if row.origin == "openai"}
    theirs = {name: type(None) in typing.get_args(hint) for name, hint in hints.items()}
    # `stream` is typed with the two kinds of calls, as Optional[Literal[False]]. LlamaIndex sends
    # `user: null` where it has none.
    assert ours == {**theirs, "stream": True, "user": True}


def test_the_table_has_every_parameter_that_the_gateways_own_client_names() -> None:
    overload = typing.get_overloads(CompletionsResource.create)[0]
    named = set(inspect.signature(overload).parameters) - {"self", "kwargs"}
    assert named <= set(PARAMETERS)


def test_every_parameter_has_a_valid_value_in_this_file() -> None:
    assert set(VALID) == set(PARAMETERS)


def assistant(**fields: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": "Hi", **fields}


@pytest.mark.parametrize(
    "fields",
    [
        {"parsed": {"capital": "Paris"}},
        {"reasoning": "hm", "reasoning_details": [{"type": "text"}]},
        {"provider_specific_fields": {"a": 1}, "thinking_blocks": [], "extra_content": {"b": {}}},
        {"parsed": None, "audio": None, "function_call": None, "annotations": []},
    ],
)
def test_what_a_reply_carried_comes_back_and_is_dropped(fields: dict[str, Any]) -> None:
    messages = [*HELLO, assistant(**fields), *HELLO]
    assert translated(messages=messages)["messages"] == [*HELLO, assistant(), *HELLO]
    fallbacks = [{"model": "assemblyai/gpt-5", "messages": messages}]
    (way,) = translated(fallbacks=fallbacks)["fallbacks"]
    assert way["messages"][1] == assistant()


def test_what_a_client_adds_to_a_call_is_dropped() -> None:
    function = {"name": "f", "arguments": "{}"}
    call = {"id": "c1", "type": "function", "function": function}
    added = {**call, "extra_content": {}, "function": {**function, "parsed_arguments": {"a": 1}}}
    messages = [*HELLO, {"role": "assistant", "content": None, "tool_calls": [added]}]
    assert translated(messages=messages)["messages"][1]["tool_calls"] == [call]


@pytest.mark.parametrize("role", ["user", "system", "developer"])
def test_other_messages_stay_strict(role: str) -> None:
    message = {"role": role, "content": "x", "parsed": None}
    error = refusal({"model": "assemblyai/x", "messages": [message]})
    assert (error.param, error.code) == ("messages[0].parsed", "unknown_parameter")


def test_the_form_of_the_reply_is_kept_beside_the_body() -> None:
    body = {"model": "assemblyai/gpt-5-mini", "messages": HELLO}
    assert to_gateway(body, resolve).form == ReplyForm()
    for stop, kept in (("a", ("a",)), (["a", "bc"], ("a", "bc")), ([], ()), (None, ())):
        assert to_gateway({**body, "stop": stop}, resolve).form.stop == kept
    assert to_gateway({**body, "parallel_tool_calls": False}, resolve).form.one_call
    assert not to_gateway({**body, "parallel_tool_calls": True}, resolve).form.one_call


ALL = frozenset({"top_p", "top_k", "response_format"})


@pytest.mark.parametrize(
    "models, fallbacks, sent",
    [
        ({"gpt-5-mini": ALL}, [], True),
        ({"gpt-5-mini": frozenset({"stream"})}, [], False),
        ({}, [], False),
        ({"gpt-5-mini": ALL, "gpt-5": ALL}, [{"model": "assemblyai/gpt-5"}], True),
        ({"gpt-5-mini": ALL}, [{"model": "assemblyai/gpt-5"}], False),
    ],
)
@pytest.mark.parametrize("name, value", [("top_p", 0.5), ("top_k", 40)])
def test_some_parameters_go_to_models_that_take_them(
    models: dict[str, frozenset[str]], fallbacks: list[Any], sent: bool, name: str, value: Any
) -> None:
    fields = {"fallbacks": fallbacks} if fallbacks else {}
    body = {"model": "assemblyai/gpt-5-mini", "messages": HELLO, name: value, **fields}
    request = to_gateway(body, resolve, supported=lambda target: models.get(target.id))
    assert request.body.get(name) == (value if sent else None)


REASONS = frozenset({"reasoning"})


@pytest.mark.parametrize(
    "models, fields, sent",
    [
        ({"gpt-5-mini": REASONS}, {}, {"effort": "low"}),
        ({"gpt-5-mini": ALL}, {}, None),
        ({}, {}, None),
        ({"gpt-5-mini": REASONS}, {"fallbacks": [{"model": "assemblyai/gpt-5"}]}, None),
        # The gateway's own parameter says what its caller means, and to whom.
        ({"gpt-5-mini": REASONS}, {"reasoning": {"max_tokens": 5}}, {"max_tokens": 5}),
        ({}, {"reasoning": {"max_tokens": 5}}, {"max_tokens": 5}),
    ],
)
def test_an_effort_goes_to_models_that_reason(
    models: dict[str, frozenset[str]], fields: dict[str, Any], sent: Any
) -> None:
    body = {"model": "assemblyai/gpt-5-mini", "messages": HELLO, "reasoning_effort": "low"}
    request = to_gateway({**body, **fields}, resolve, supported=lambda to: models.get(to.id))
    assert request.body.get("reasoning") == sent
    assert "reasoning_effort" not in request.body


def test_a_fallback_has_an_effort_of_its_own() -> None:
    fallback = {"model": "assemblyai/gpt-5", "reasoning_effort": "high"}
    body = {"model": "assemblyai/gpt-5-mini", "messages": HELLO, "fallbacks": [fallback]}
    request = to_gateway(body, resolve, supported=lambda target: REASONS)
    (way,) = request.body["fallbacks"]
    assert way == {"model": "gpt-5", "reasoning": {"effort": "high"}}
    assert "reasoning" not in request.body


def test_a_model_that_takes_no_response_format_is_asked_for_no_json_object() -> None:
    body = {"model": "assemblyai/gpt-5-mini", "messages": HELLO}
    asked = {**body, "response_format": {"type": "json_object"}}
    with pytest.raises(RequestRefused) as caught:
        to_gateway(asked, resolve, supported=lambda target: frozenset({"stream"}))
    error = caught.value
    assert (error.status, error.param, error.code) == (400, "response_format", "unsupported_value")
    for known in (ALL, None):
        assert to_gateway(asked, resolve, supported=lambda target, it=known: it).body


def test_nothing_is_asked_about_models_where_nothing_depends_on_it() -> None:
    def supported(target: Any) -> None:
        raise AssertionError("asked")

    body = {"model": "assemblyai/gpt-5-mini", "messages": HELLO, "temperature": 1}
    assert to_gateway(body, resolve, supported=supported).body["temperature"] == 1


def test_a_default_bound_is_sent_where_the_request_sets_none() -> None:
    body = {"model": "assemblyai/gpt-5-mini", "messages": HELLO}
    assert to_gateway(body, resolve, default_max_tokens=4000).body["max_tokens"] == 4000
    for name in ("max_tokens", "max_completion_tokens"):
        given = to_gateway({**body, name: 7}, resolve, default_max_tokens=4000)
        assert given.body["max_tokens"] == 7
    assert "max_tokens" not in to_gateway(body, resolve).body
