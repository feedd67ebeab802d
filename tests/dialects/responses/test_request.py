"""A request for a response as a chat: what goes over, what is dropped, what is refused and how."""

from __future__ import annotations

import typing
from typing import Any

import pytest
from openai.types.responses.response_create_params import ResponseCreateParamsBase
from openai_kit import TARGET

from assemblyai_mw.dialects.chat import to_gateway
from assemblyai_mw.dialects.responses import PARAMETERS, ResponsesExchange
from assemblyai_mw.errors import BadRequest

MODEL = "assemblyai/gpt-5-mini"
TOOL: dict[str, Any] = {"type": "function", "name": "add", "parameters": {"type": "object"}}
NOW: dict[str, Any] = {"type": "function", "name": "now", "parameters": None, "strict": True}
SCHEMA: dict[str, Any] = {"type": "json_schema", "name": "n", "schema": {"type": "object"}}
CALL: dict[str, Any] = {
    "type": "function_call",
    "id": "fc_1",
    "status": "completed",
    "call_id": "call_1",
    "name": "add",
    "arguments": '{"a": 1}',
}
RESULT: dict[str, Any] = {"type": "function_call_output", "call_id": "call_1", "output": "3"}


def chat(**fields: Any) -> dict[str, Any]:
    """Return the chat of a request; the chat's own checks must take it."""
    asked = ResponsesExchange({"model": MODEL, "input": "Hi", **fields}).chat
    to_gateway(asked, lambda name: TARGET)
    return dict(asked)


def messages(*items: Any, **fields: Any) -> Any:
    return chat(input=list(items), **fields)["messages"]


def refused(**fields: Any) -> BadRequest:
    with pytest.raises(BadRequest) as caught:
        chat(**fields)
    return caught.value


def message(role: str, *parts: Any, **more: Any) -> dict[str, Any]:
    return {"type": "message", "role": role, "content": list(parts), **more}


def asks(text: str = "Hi", **more: Any) -> dict[str, Any]:
    return {"type": "input_text", "text": text, **more}


def says(text: str = "Hello", **more: Any) -> dict[str, Any]:
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": [], **more}


# Input


def test_a_string_is_the_users_message_after_the_instructions() -> None:
    assert chat()["messages"] == [{"role": "user", "content": "Hi"}]
    assert chat(instructions="Be brief.")["messages"] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Hi"},
    ]
    assert len(chat(instructions=None)["messages"]) == len(chat(instructions="")["messages"]) == 1


@pytest.mark.parametrize("role", ["user", "system", "developer"])
def test_a_message_of_each_role(role: str) -> None:
    plain = {"role": role, "content": "Hi"}
    assert messages({"role": role, "content": "Hi"}) == [plain]
    assert messages(message(role, asks())) == [plain]
    assert messages(message(role, asks("a"), asks("b"))) == [
        {"role": role, "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}
    ]
    listed = message(role, asks(), id="msg_1", status="completed")
    assert messages(listed) == [plain]


def test_the_gateways_cache_control_passes() -> None:
    cache = {"type": "ephemeral"}
    part = {"type": "text", "text": "Hi", "cache_control": cache}
    assert messages(message("user", asks(cache_control=cache)))[0]["content"] == [part]
    assert messages(message("user", asks(), cache_control=cache))[0]["cache_control"] == cache
    breakpoint_ = {"mode": "explicit"}
    assert messages(message("user", asks(prompt_cache_breakpoint=breakpoint_))) == [
        {"role": "user", "content": "Hi"}
    ]


def test_outputs_come_back_as_the_client_got_them() -> None:
    """With ids, statuses, annotations, and what openai-python's parser or a provider added."""
    said = message("assistant", says(parsed={"a": 1}), says(" you"), id="msg_1", status="completed")
    said |= {"phase": "final_answer", "provider_data": {}}
    call = {**CALL, "parsed_arguments": {"a": 1}, "namespace": None}
    thought = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "x"}
    result = {**RESULT, "id": None, "status": None}
    assert messages({"role": "user", "content": "Hi"}, thought, said, call, result) == [
        {"role": "user", "content": "Hi"},
        {
            "role": "assistant",
            "content": "Hello you",
            "tool_calls": [
                {
                    "id": "call_1",
                    "type": "function",
                    "function": {"name": "add", "arguments": '{"a": 1}'},
                }
            ],
        },
        {"role": "tool", "tool_call_id": "call_1", "content": "3"},
    ]


def test_the_assistants_messages_are_text() -> None:
    refusal = {"type": "refusal", "refusal": "No."}
    for item in (
        {"role": "assistant", "content": "No."},
        message("assistant", refusal),
        message("assistant", asks("No.")),
    ):
        assert messages(item) == [{"role": "assistant", "content": "No."}]
    empty = message("assistant", says(""))
    assert messages(empty, {"role": "user", "content": "Hi"}) == [{"role": "user", "content": "Hi"}]


def test_calls_that_follow_each_other_are_one_message() -> None:
    second = {**CALL, "call_id": "call_2"}
    before, after = message("assistant", says("a")), message("assistant", says("b"))
    other = {**RESULT, "call_id": "call_2"}
    found = messages(before, CALL, second, after, RESULT, other, CALL)
    assert [item["role"] for item in found] == ["assistant", "tool", "tool", "assistant"]
    assert found[0]["content"] == "ab"
    assert [call["id"] for call in found[0]["tool_calls"]] == ["call_1", "call_2"]
    assert found[3]["content"] is None
    # Messages without a call between them stay apart.
    assert len(messages(before, after)) == 2


def test_many_texts_of_one_message_are_joined_once() -> None:
    """Joined one by one, these would be copied for a minute."""
    items = [CALL, *[message("assistant", says("x" * 300))] * 40_000]
    (found,) = ResponsesExchange({"model": MODEL, "input": items}).chat["messages"]
    assert len(found["content"]) == 300 * 40_000


def test_an_output_in_parts_is_joined() -> None:
    given = {**RESULT, "output": [asks("a"), asks("b")]}
    assert messages(CALL, given)[1]["content"] == "ab"
    assert messages(CALL, {**RESULT, "output": []})[1]["content"] == ""


IMAGE = {"type": "input_image", "image_url": "data:", "detail": "auto"}
BAD_INPUT: list[Any] = [
    (None, "input", "invalid_type"),
    (5, "input", "invalid_type"),
    ([], "input", "empty_array"),
    ([{"type": "reasoning", "id": "rs", "summary": []}], "input", "empty_array"),
    (["a"], "input[0]", "invalid_type"),
    ([{}], "input[0].type", "missing_required_parameter"),
    ([{"type": 5}], "input[0].type", "invalid_type"),
    ([{"type": "nonsense"}], "input[0].type", "invalid_value"),
    ([{"type": "item_reference", "id": "msg_1"}], "input[0].type", "invalid_value"),
    ([{"id": "msg_1"}], "input[0].type", "invalid_value"),
    ([{"type": "web_search_call", "id": "ws"}], "input[0].type", "invalid_value"),
    ([{"type": "message", "content": "x"}], "input[0].role", "missing_required_parameter"),
    ([{"role": "tool", "content": "x"}], "input[0].role", "invalid_value"),
    ([{"role": "user"}], "input[0].content", "missing_required_parameter"),
    ([{"role": "user", "content": None}], "input[0].content", "invalid_type"),
    ([{"role": "user", "content": []}], "input[0].content", "empty_array"),
    ([{"role": "user", "content": ["x"]}], "input[0].content[0]", "invalid_type"),
    ([message("user", {})], "input[0].content[0].type", "missing_required_parameter"),
    ([message("user", {"type": "text", "text": "x"})], "input[0].content[0].type", "invalid_value"),
    ([message("user", asks(), IMAGE)], "input[0].content[1].type", "invalid_value"),
    ([message("user", says())], "input[0].content[0].type", "invalid_value"),
    ([message("user", asks(lang="en"))], "input[0].content[0].lang", "unknown_parameter"),
    (
        [message("user", {"type": "input_text"})],
        "input[0].content[0].text",
        "missing_required_parameter",
    ),
    ([message("user", asks(), name="x")], "input[0].name", "unknown_parameter"),
    ([message("assistant", {"type": "x"})], "input[0].content[0].type", "invalid_value"),
    ([message("assistant", says(text=5))], "input[0].content[0].text", "invalid_type"),
    ([{**CALL, "call_id": ""}], "input[0].call_id", "invalid_value"),
    ([{**CALL, "arguments": {}}], "input[0].arguments", "invalid_type"),
    ([{"type": "function_call", "call_id": "c"}], "input[0].name", "missing_required_parameter"),
    ([CALL, {**RESULT, "call_id": None}], "input[1].call_id", "invalid_type"),
    (
        [CALL, {"type": "function_call_output", "call_id": "c"}],
        "input[1].output",
        "missing_required_parameter",
    ),
    ([CALL, {**RESULT, "output": {"a": 1}}], "input[1].output", "invalid_type"),
    ([CALL, {**RESULT, "output": [IMAGE]}], "input[1].output[0].type", "invalid_value"),
    ([CALL, {**RESULT, "more": 1}], "input[1].more", "unknown_parameter"),
]


@pytest.mark.parametrize("given, param, code", BAD_INPUT)
def test_bad_input_is_named(given: Any, param: str, code: str) -> None:
    error = refused(input=given)
    assert (error.param, error.code) == (param, code)
    assert param in error.message


@pytest.mark.parametrize(
    "item, named",
    [
        (IMAGE, "input_image"),
        ({"type": "input_file", "file_id": "f"}, "input_file"),
        ({"type": "input_audio", "input_audio": {}}, "input_audio"),
    ],
)
def test_a_part_that_is_no_text_is_named(item: Any, named: str) -> None:
    assert f"`{named}`" in refused(input=[message("user", item)]).message


def test_an_error_quotes_no_value() -> None:
    for given in ([{"type": "sk-secret"}], [message("user", {"type": "sk-secret"})]):
        assert "sk-secret" not in refused(input=given).message
    assert "sk-secret" not in refused(tools=[{"type": "sk-secret"}]).message


# Tools


def test_a_function_goes_over() -> None:
    tools = chat(tools=[{**TOOL, "description": "Adds.", "strict": False}, NOW])["tools"]
    assert tools == [
        {
            "type": "function",
            "function": {
                "name": "add",
                "description": "Adds.",
                "parameters": {"type": "object"},
                "strict": False,
            },
        },
        {"type": "function", "function": {"name": "now", "strict": True}},
    ]
    harmless = {"allowed_callers": ["direct"], "async": False, "defer_loading": False}
    assert chat(tools=[{**TOOL, **harmless, "output_schema": {}}]) == chat(tools=[TOOL])
    assert "tools" not in chat(tools=[], tool_choice="auto")


@pytest.mark.parametrize(
    "choice, sent",
    [
        ("none", "none"),
        ("auto", "auto"),
        ("required", "required"),
        ({"type": "function", "name": "add"}, {"type": "function", "function": {"name": "add"}}),
    ],
)
def test_a_choice_goes_over(choice: Any, sent: Any) -> None:
    assert chat(tools=[TOOL, NOW], tool_choice=choice)["tool_choice"] == sent


@pytest.mark.parametrize("mode", ["auto", "required"])
def test_of_allowed_tools_the_others_are_not_sent(mode: str) -> None:
    allowed = [{"type": "function", "name": "now"}]
    choice = {"type": "allowed_tools", "mode": mode, "tools": allowed}
    sent = chat(tools=[TOOL, NOW], tool_choice=choice)
    assert [tool["function"]["name"] for tool in sent["tools"]] == ["now"]
    assert sent["tool_choice"] == mode


def test_a_choice_without_tools_is_left_out() -> None:
    assert "tool_choice" not in chat(tool_choice="auto")
    assert "tool_choice" not in chat(tool_choice="none")


def allowing(*tools: Any, mode: Any = "auto", **more: Any) -> dict[str, Any]:
    return {"type": "allowed_tools", "mode": mode, "tools": list(tools), **more}


BAD_TOOLS: list[Any] = [
    ({"tools": {}}, "tools", "invalid_type"),
    ({"tools": None}, "tools", "invalid_type"),
    ({"tools": [{"name": "a"}]}, "tools[0].type", "missing_required_parameter"),
    ({"tools": [{"type": "function"}]}, "tools[0].name", "missing_required_parameter"),
    ({"tools": [{**TOOL, "name": ""}]}, "tools[0].name", "invalid_value"),
    ({"tools": [{**TOOL, "parameters": []}]}, "tools[0].parameters", "invalid_type"),
    ({"tools": [{"type": "function", "function": {}}]}, "tools[0].function", "unknown_parameter"),
    ({"tools": [{**TOOL, "async": True}]}, "tools[0].async", "unsupported_parameter"),
    (
        {"tools": [{**TOOL, "allowed_callers": ["programmatic"]}]},
        "tools[0].allowed_callers",
        "unsupported_parameter",
    ),
    ({"tool_choice": "required"}, "tool_choice", "invalid_value"),
    ({"tool_choice": "any"}, "tool_choice", "invalid_value"),
    ({"tool_choice": {}}, "tool_choice.type", "missing_required_parameter"),
    ({"tool_choice": {"type": "function"}}, "tool_choice.name", "missing_required_parameter"),
    ({"tool_choice": {"type": "function", "name": "x"}}, "tool_choice.name", "invalid_value"),
    ({"tool_choice": {"type": "web_search_preview"}}, "tool_choice.type", "invalid_value"),
    ({"tool_choice": allowing(mode="x")}, "tool_choice.mode", "invalid_value"),
    ({"tool_choice": allowing()}, "tool_choice.tools", "empty_array"),
    ({"tool_choice": {"type": "allowed_tools", "mode": "auto"}}, "tool_choice.tools", None),
    (
        {"tool_choice": allowing({"type": "mcp", "server_label": "x"})},
        "tool_choice.tools[0].type",
        "invalid_value",
    ),
    (
        {"tool_choice": allowing({"type": "function", "name": "x"})},
        "tool_choice.tools[0].name",
        "invalid_value",
    ),
]


@pytest.mark.parametrize("fields, param, code", BAD_TOOLS)
def test_bad_tools_are_named(fields: dict[str, Any], param: str, code: str | None) -> None:
    error = refused(**fields)
    assert error.param == param
    assert code in (None, error.code)


@pytest.mark.parametrize(
    "kind",
    [
        "web_search",
        "web_search_preview",
        "file_search",
        "code_interpreter",
        "mcp",
        "computer",
        "computer_use_preview",
        "image_generation",
        "local_shell",
        "shell",
        "apply_patch",
        "custom",
        "namespace",
        "tool_search",
    ],
)
def test_a_built_in_tool_is_refused_by_name(kind: str) -> None:
    error = refused(tools=[TOOL, {"type": kind, "name": "x"}])
    assert (error.param, error.code) == ("tools[1].type", "invalid_value")
    assert f"`{kind}`" in error.message


# The form of the text


def test_text_formats_go_over() -> None:
    for plain in ({}, {"format": {"type": "text"}}, {"verbosity": "low"}, {"verbosity": None}):
        assert "response_format" not in chat(text=plain)
    assert chat(text={"format": {"type": "json_object"}})["response_format"] == {
        "type": "json_object"
    }
    given = {**SCHEMA, "strict": True, "description": None}
    assert chat(text={"format": given})["response_format"] == {
        "type": "json_schema",
        "json_schema": {"name": "n", "schema": {"type": "object"}, "strict": True},
    }


@pytest.mark.parametrize(
    "text, param, code",
    [
        ({"x": 1}, "text.x", "unknown_parameter"),
        ({"verbosity": "x"}, "text.verbosity", "invalid_value"),
        ({"format": None}, "text.format", "invalid_type"),
        ({"format": {}}, "text.format.type", "missing_required_parameter"),
        ({"format": {"type": "x"}}, "text.format.type", "invalid_value"),
        ({"format": {"type": "text", "name": "n"}}, "text.format.name", "unknown_parameter"),
        (
            {"format": {"type": "json_schema", "schema": {}}},
            "text.format.name",
            "missing_required_parameter",
        ),
        ({"format": {**SCHEMA, "schema": 1}}, "text.format.schema", "invalid_type"),
        ({"format": {**SCHEMA, "strict": 1}}, "text.format.strict", "invalid_type"),
        ({"format": {**SCHEMA, "json_schema": {}}}, "text.format.json_schema", "unknown_parameter"),
    ],
)
def test_a_bad_text_is_named(text: Any, param: str, code: str) -> None:
    error = refused(text=text)
    assert (error.param, error.code) == (param, code)


# The table

VALID: dict[str, Any] = {
    "access_programs": {"cyber": "standard"},
    "background": True,
    "background_options": {"completion_window": "soonest"},
    "context_management": [{"type": "compaction"}],
    "conversation": "conv_1",
    "fail_fast": True,
    "fallback_config": {"retry": True},
    "fallbacks": [{"model": MODEL}],
    "image": {"context_compression": "auto"},
    "include": ["reasoning.encrypted_content"],
    "input": "Hi",
    "instructions": "x",
    "max_output_tokens": 10,
    "max_timeout": 10,
    "max_tool_calls": 3,
    "metadata": {"a": "b"},
    "model": MODEL,
    "model_region": "global",
    "moderation": {"model": "omni"},
    "parallel_tool_calls": False,
    "post_processing_steps": [{"type": "json-repair"}],
    "previous_response_id": "resp_1",
    "prompt": {"id": "pmpt_1"},
    "prompt_cache_key": "k",
    "prompt_cache_options": {"mode": "implicit"},
    "prompt_cache_retention": "24h",
    "reasoning": {"effort": "low", "summary": "auto"},
    "safety_identifier": "s",
    "service_tier": "auto",
    "store": True,
    "stream": True,
    "stream_options": {"include_obfuscation": False},
    "temperature": 1.5,
    "text": {},
    "tool_choice": "auto",
    "tools": [TOOL],
    "top_logprobs": 3,
    "top_p": 0.9,
    "top_k": 40,
    "transcript_id": "t-1",
    "truncation": "auto",
    "user": "u",
    "zero_data_retention": True,
}
SENT_AS = {
    "input": "messages",
    "instructions": "messages",
    "max_output_tokens": "max_tokens",
    "reasoning": "reasoning_effort",
    "text": None,
}


def test_the_table_has_every_parameter_of_openais_and_its_nulls() -> None:
    hints = typing.get_type_hints(ResponseCreateParamsBase)
    ours = {row.name: row.nullable for row in PARAMETERS.values() if row.origin == "openai"}
    theirs = {name: type(None) in typing.get_args(hint) for name, hint in hints.items()}
    # `stream` is typed with the two kinds of calls, as Optional[Literal[False]]. LlamaIndex sends
    # `user: null` where it has none.
    assert ours == {**theirs, "stream": True, "user": True}
    assert set(VALID) == set(PARAMETERS)


@pytest.mark.parametrize("name", sorted(PARAMETERS))
def test_each_parameter_is_handled_as_its_row_says(name: str) -> None:
    row, fields = PARAMETERS[name], {name: VALID[name]}
    if name == "stream_options":
        fields["stream"] = True
    if name == "tool_choice":
        fields["tools"] = [TOOL]
    if row.fate == "refused":
        error = refused(**fields)
        assert (error.param, error.code) == (name, "unsupported_parameter")
        assert row.note in error.message
        for value in row.harmless:
            assert chat(**{name: value}) == chat()
    elif row.fate == "dropped":
        assert chat(**fields).keys() - {"stream"} == chat().keys()
    else:
        sent = SENT_AS.get(name, name)
        assert sent is None or sent in chat(**fields)
    if row.nullable:
        assert chat(**{name: None}) == chat()


@pytest.mark.parametrize(
    "fields, param, code",
    [
        ({"messages": []}, "messages", "unknown_parameter"),
        ({"max_tokens": 5}, "max_tokens", "unknown_parameter"),
        ({"stop": "x"}, "stop", "unknown_parameter"),
        ({"response_format": {}}, "response_format", "unknown_parameter"),
        ({"temperature": 3}, "temperature", "invalid_value"),
        ({"max_output_tokens": 0}, "max_output_tokens", "invalid_value"),
        ({"max_output_tokens": "5"}, "max_output_tokens", "invalid_type"),
        ({"include": ["message.output_text.logprobs"]}, "include[0]", "unsupported_value"),
        ({"include": [5]}, "include[0]", "invalid_type"),
        ({"metadata": {"a": 1}}, "metadata", "invalid_type"),
        ({"metadata": {"a": "x" * 513}}, "metadata", "invalid_value"),
        ({"metadata": {"a" * 65: ""}}, "metadata", "invalid_value"),
        ({"metadata": {str(n): "" for n in range(17)}}, "metadata", "invalid_value"),
        ({"reasoning": {"effort": "x"}}, "reasoning.effort", "invalid_value"),
        ({"reasoning": {"budget": 1}}, "reasoning.budget", "unknown_parameter"),
        ({"stream_options": {}}, "stream_options", "invalid_value"),
        (
            {"stream": True, "stream_options": {"include_usage": True}},
            "stream_options.include_usage",
            "unknown_parameter",
        ),
        ({"truncation": "x"}, "truncation", "invalid_value"),
        ({"fallbacks": [{}]}, "fallbacks[0].model", "missing_required_parameter"),
    ],
)
def test_a_bad_parameter_is_named(fields: dict[str, Any], param: str, code: str) -> None:
    error = refused(**fields)
    assert (error.param, error.code) == (param, code)


@pytest.mark.parametrize("body", [None, [], "x", 5])
def test_a_body_that_is_no_object_is_refused(body: Any) -> None:
    with pytest.raises(BadRequest, match="JSON object"):
        ResponsesExchange(body)


@pytest.mark.parametrize("name", ["model", "input"])
def test_what_is_required(name: str) -> None:
    body = {"model": MODEL, "input": "Hi"}
    del body[name]
    with pytest.raises(BadRequest) as caught:
        ResponsesExchange(body)
    assert (caught.value.param, caught.value.code) == (name, "missing_required_parameter")
