"""A request for a message as a chat: what becomes of each part, and what is refused by name."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from anthropic.types import message_create_params as plain
from anthropic.types.beta import message_create_params as beta
from messages_kit import MODEL, asked

from assemblyai_mw.dialects.chat import PARAMETERS as CHAT
from assemblyai_mw.dialects.chat import Target, to_gateway
from assemblyai_mw.dialects.messages import PARAMETERS, MessagesExchange
from assemblyai_mw.errors import BadRequest

EPHEMERAL = {"type": "ephemeral"}
TOOL = {"name": "add", "description": "Adds.", "input_schema": {"type": "object"}}
FUNCTION = {"name": "add", "parameters": {"type": "object"}, "description": "Adds."}


def translated(body: Any) -> dict[str, Any]:
    """Return the chat; the gateway's own check must pass it."""
    chat = MessagesExchange(body).chat
    target = Target(MODEL, "claude-sonnet-4-6", "us", "/llm-gateway.assemblyai")
    everything = frozenset({"top_p", "top_k", "response_format"})
    to_gateway(chat, lambda name: target, supported=lambda _: everything)
    return chat


def chat_of(**fields: Any) -> dict[str, Any]:
    chat = translated(asked(**fields))
    for name in ("model", "max_tokens"):
        del chat[name]
    return chat


def messages_of(*messages: dict[str, Any], **fields: Any) -> list[Any]:
    found: list[Any] = chat_of(messages=list(messages), **fields)["messages"]
    return found


def refused(**fields: Any) -> str:
    body = {name: value for name, value in asked(**fields).items() if value is not ...}
    with pytest.raises(BadRequest) as caught:
        MessagesExchange(body)
    return caught.value.message


def user(*blocks: Any) -> dict[str, Any]:
    return {"role": "user", "content": list(blocks)}


def assistant(*blocks: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": list(blocks)}


def text(said: str, **more: Any) -> dict[str, Any]:
    return {"type": "text", "text": said, **more}


def use(call_id: str = "toolu_1", name: str = "add", **value: Any) -> dict[str, Any]:
    return {"type": "tool_use", "id": call_id, "name": name, "input": value}


def result(content: Any = ..., call_id: str = "toolu_1", **more: Any) -> dict[str, Any]:
    said = {} if content is ... else {"content": content}
    return {"type": "tool_result", "tool_use_id": call_id, **said, **more}


def call(call_id: str = "toolu_1", name: str = "add", **value: Any) -> dict[str, Any]:
    arguments = json.dumps(value, ensure_ascii=False)
    function = {"name": name, "arguments": arguments}
    return {"id": call_id, "type": "function", "function": function}


HI = {"role": "user", "content": "hi"}


def test_a_small_request() -> None:
    assert translated(asked()) == {"model": MODEL, "max_tokens": 100, "messages": [HI]}


@pytest.mark.parametrize(
    "fields, chat",
    [
        ({"temperature": 0.5}, {"temperature": 0.5}),
        ({"top_p": 0.5, "top_k": 4}, {"top_p": 0.5, "top_k": 4}),
        ({"stream": True}, {"stream": True}),
        ({"stop_sequences": ["a", "\n\n"]}, {"stop": ["a", "\n\n"]}),
        ({"stop_sequences": []}, {}),
        ({"metadata": {"user_id": "u-1"}}, {"user": "u-1"}),
        ({"metadata": {"user_id": None}}, {}),
        ({"tools": [TOOL]}, {"tools": [{"type": "function", "function": FUNCTION}]}),
        (
            {"tools": [{**TOOL, "type": "custom", "strict": True, "cache_control": EPHEMERAL}]},
            {"tools": [{"type": "function", "function": FUNCTION}]},
        ),
        ({"tools": []}, {}),
        ({"tool_choice": {"type": "auto"}}, {}),
        ({"tool_choice": {"type": "none"}, "tools": []}, {}),
        ({"thinking": {"type": "enabled", "budget_tokens": 1024}}, {}),
        ({"thinking": {"type": "adaptive", "display": "omitted"}}, {}),
        ({"output_config": {"effort": "high"}}, {}),
        ({"service_tier": "auto", "speed": "fast", "diagnostics": None, "thread": False}, {}),
        ({"context_management": {"edits": [{"type": "clear_thinking_20251015"}]}}, {}),
        ({"mcp_servers": [], "container": None, "inference_geo": "global", "betas": ["x"]}, {}),
        ({"fallbacks": "default"}, {}),
        ({"transcript_id": "t", "reasoning": {}}, {"transcript_id": "t", "reasoning": {}}),
    ],
)
def test_parameters(fields: dict[str, Any], chat: dict[str, Any]) -> None:
    assert chat_of(**fields) == {"messages": [HI], **chat}


@pytest.mark.parametrize(
    "choice, chat",
    [
        ({"type": "auto"}, {"tool_choice": "auto"}),
        ({"type": "any"}, {"tool_choice": "required"}),
        ({"type": "none"}, {"tool_choice": "none"}),
        (
            {"type": "tool", "name": "add"},
            {"tool_choice": {"type": "function", "function": {"name": "add"}}},
        ),
        (
            {"type": "auto", "disable_parallel_tool_use": True},
            {"tool_choice": "auto", "parallel_tool_calls": False},
        ),
        ({"type": "any", "disable_parallel_tool_use": False}, {"tool_choice": "required"}),
    ],
)
def test_tool_choice(choice: dict[str, Any], chat: dict[str, Any]) -> None:
    found = chat_of(tools=[TOOL], tool_choice=choice)
    assert {name: found[name] for name in found if name not in ("messages", "tools")} == chat


@pytest.mark.parametrize("name", ["output_config", "output_format"])
def test_structured_output(name: str) -> None:
    form = {"type": "json_schema", "schema": {"type": "object"}}
    found = chat_of(**{name: {"format": form} if name == "output_config" else form})
    schema = {"name": "output", "schema": {"type": "object"}, "strict": True}
    assert found["response_format"] == {"type": "json_schema", "json_schema": schema}


def test_the_system_prompt_is_the_first_message() -> None:
    assert messages_of(HI, system="Be brief.") == [{"role": "system", "content": "Be brief."}, HI]
    blocks = [text("a"), text("b", cache_control={**EPHEMERAL, "ttl": "1h", "scope": "global"})]
    mark = {**EPHEMERAL, "ttl": "1h"}
    system = {"role": "system", "content": [text("a"), text("b")], "cache_control": mark}
    assert messages_of(HI, system=blocks) == [system, HI]
    assert messages_of(HI, system="") == messages_of(HI, system=[]) == [HI]


@pytest.mark.parametrize(
    "messages, chat",
    [
        pytest.param([HI, assistant(text("yo"))], [HI, {"role": "assistant", "content": "yo"}]),
        pytest.param(
            [user(text("a"), text("b", citations=None))],
            [{"role": "user", "content": [text("a"), text("b")]}],
            id="parts",
        ),
        pytest.param(
            [user(text("a", cache_control=EPHEMERAL))],
            [{"role": "user", "content": "a", "cache_control": EPHEMERAL}],
            id="a marked message",
        ),
        pytest.param(
            [user(text("a", cache_control=EPHEMERAL), text("b"))],
            [{"role": "user", "content": [text("a", cache_control=EPHEMERAL), text("b")]}],
            id="a marked part",
        ),
        pytest.param(
            [HI, assistant(text("ok"), use(a=1)), user(result("3"))],
            [
                HI,
                {"role": "assistant", "content": "ok", "tool_calls": [call(a=1)]},
                {"role": "tool", "tool_call_id": "toolu_1", "content": "3"},
            ],
            id="a tool loop",
        ),
        pytest.param(
            [HI, assistant(use("a"), use("b", x="é")), user(result("1", "a"), result("2", "b"))],
            [
                HI,
                {"role": "assistant", "content": None, "tool_calls": [call("a"), call("b", x="é")]},
                {"role": "tool", "tool_call_id": "a", "content": "1"},
                {"role": "tool", "tool_call_id": "b", "content": "2"},
            ],
            id="parallel tools",
        ),
        pytest.param(
            [HI, assistant(use()), user(text("and?"), result([text("a"), text("b")]))],
            [
                HI,
                {"role": "assistant", "content": None, "tool_calls": [call()]},
                {"role": "tool", "tool_call_id": "toolu_1", "content": "a\nb"},
                {"role": "user", "content": "and?"},
            ],
            id="results before text",
        ),
        pytest.param(
            [HI, assistant(use()), user(result("no file", is_error=True))],
            [
                HI,
                {"role": "assistant", "content": None, "tool_calls": [call()]},
                {"role": "tool", "tool_call_id": "toolu_1", "content": "Error: no file"},
            ],
            id="a tool that failed",
        ),
        pytest.param(
            [user(result(is_error=True), result([], "b"), result(None, "c", is_error=False))],
            [
                {"role": "tool", "tool_call_id": "toolu_1", "content": "Error"},
                {"role": "tool", "tool_call_id": "b", "content": ""},
                {"role": "tool", "tool_call_id": "c", "content": ""},
            ],
            id="results that say nothing",
        ),
        pytest.param(
            [
                HI,
                assistant({**use(), "cache_control": EPHEMERAL}),
                user(result("1", cache_control=EPHEMERAL)),
            ],
            [
                HI,
                {
                    "role": "assistant",
                    "content": None,
                    "tool_calls": [call()],
                    "cache_control": EPHEMERAL,
                },
                {
                    "role": "tool",
                    "tool_call_id": "toolu_1",
                    "content": "1",
                    "cache_control": EPHEMERAL,
                },
            ],
            id="marks of calls and results",
        ),
        pytest.param(
            [
                HI,
                assistant(
                    {"type": "thinking", "thinking": "hm", "signature": "x"},
                    {"type": "redacted_thinking", "data": "x"},
                    text("yo", parsed_output={"a": 1}),
                ),
                assistant(text("", citations=None), use()),
            ],
            [
                HI,
                {"role": "assistant", "content": "yo", "tool_calls": [call()]},
            ],
            id="thoughts, empty texts and outputs of clients",
        ),
        pytest.param(
            [
                HI,
                assistant({"type": "thinking", "thinking": "hm", "signature": "x"}),
                user(text("b")),
            ],
            [{"role": "user", "content": [text("hi"), text("b")]}],
            id="thoughts alone",
        ),
        pytest.param(
            [
                HI,
                {"role": "system", "content": "Now in French."},
                {"role": "assistant", "content": ""},
            ],
            [HI, {"role": "system", "content": "Now in French."}],
            id="system within",
        ),
        pytest.param(
            [HI, HI, {"role": "assistant", "content": "a"}, {"role": "assistant", "content": "b"}],
            [
                {"role": "user", "content": [text("hi"), text("hi")]},
                {"role": "assistant", "content": [text("a"), text("b")]},
            ],
            id="several of a role are one",
        ),
    ],
)
def test_messages(messages: list[Any], chat: list[Any]) -> None:
    assert messages_of(*messages) == chat


def test_a_mark_of_the_request_is_one_of_its_last_message() -> None:
    chat = chat_of(cache_control=EPHEMERAL, messages=[HI, assistant(text("a"))])
    assert chat["messages"] == [
        HI,
        {"role": "assistant", "content": "a", "cache_control": EPHEMERAL},
    ]


IMAGE = {"type": "image", "source": {"type": "url", "url": "https://x.example/a.png"}}
DOCUMENT = {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "a"}}


@pytest.mark.parametrize(
    "fields, words",
    [
        ({"model": ...}, "'model'"),
        ({"max_tokens": ...}, "'max_tokens'"),
        ({"messages": ...}, "'messages'"),
        ({"model": None}, "'model'"),
        ({"max_tokens": 0}, "'max_tokens'"),
        ({"max_tokens": 1.5}, "'max_tokens'"),
        ({"temperature": 1.5}, "'temperature': it must be from 0 to 1"),
        ({"messages": []}, "'messages': it is empty"),
        ({"messages": "hi"}, "'messages'"),
        ({"messages": [{"role": "user"}]}, "'messages.0.content'"),
        ({"messages": [HI, 1]}, "'messages.1'"),
        ({"messages": [{"role": "user", "content": None}]}, "'messages.0.content'.*a string or"),
        ({"messages": [user(text("a"), 1)]}, "'messages.0.content.1'"),
        ({"system": ["a"]}, "'system.0'"),
        ({"tools": [TOOL, 1]}, "'tools.1'"),
        ({"stop_sequences": ["a", 1]}, "'stop_sequences.1'"),
        ({"messages": [{"content": "a"}]}, "'messages.0.role'"),
        ({"messages": [{"role": "tool", "content": "a"}]}, "'messages.0.role'"),
        ({"messages": [{"role": "user", "content": ""}]}, "'messages.0.content': it is empty"),
        ({"messages": [user(text(""))]}, "'messages.0.content': it is empty"),
        ({"messages": [{**HI, "name": "x"}]}, "'messages.0.name'"),
        ({"messages": [HI, user({"text": "a"})]}, "'messages.1.content.0.type'"),
        ({"messages": [user({"type": "text"})]}, "'messages.0.content.0.text'"),
        ({"messages": [user(text("a", mood="x"))]}, "'messages.0.content.0.mood'"),
        ({"messages": [user(IMAGE)]}, "'messages.0.content.0'.*'image'"),
        ({"messages": [user(text("a"), DOCUMENT)]}, "'messages.0.content.1'.*'document'"),
        ({"messages": [user({"type": "search_result"})]}, "'search_result'"),
        ({"messages": [assistant({"type": "server_tool_use"})]}, "'server_tool_use'"),
        ({"messages": [user(use())]}, "'tool_use'"),
        ({"messages": [assistant(result("a"))]}, "'tool_result'"),
        ({"messages": [user({"type": "thinking"})]}, "'thinking'"),
        ({"messages": [user(result([IMAGE]))]}, "'messages.0.content.0.content.0'.*'image'"),
        ({"messages": [user({"type": "tool_result"})]}, "'messages.0.content.0.tool_use_id'"),
        ({"messages": [user(result("a", is_error="yes"))]}, "'messages.0.content.0.is_error'"),
        ({"messages": [user(result(3))]}, "'messages.0.content.0.content'"),
        ({"messages": [assistant({**use(), "input": "{}"})]}, "'messages.0.content.0.input'"),
        ({"messages": [assistant({**use(), "id": ""})]}, "'messages.0.content.0.id'"),
        ({"messages": [user(text("a", cache_control={"type": "x"}))]}, "cache_control.type'"),
        ({"system": 3}, "'system'"),
        ({"system": [IMAGE]}, "'system.0'.*'image'"),
        ({"stop_sequences": [""]}, "'stop_sequences.0'"),
        ({"stop_sequences": ["a"] * 17}, "'stop_sequences'"),
        ({"tools": [{"name": "a"}]}, "'tools.0.input_schema'"),
        ({"tools": [{"input_schema": {}}]}, "'tools.0.name'"),
        ({"tools": [{"name": "a", "input_schema": {}}]}, "'tools.0.input_schema.type'"),
        (
            {"tools": [{"name": "a", "input_schema": {"type": "string"}}]},
            "'tools.0.input_schema.type'.*object",
        ),
        ({"tools": [{"type": "web_search_20250305", "name": "a"}]}, "'web_search_20250305'"),
        (
            {"tools": [TOOL, {"type": "bash_20250124", "name": "bash"}]},
            "'tools.1'.*'bash_20250124'",
        ),
        ({"tools": [{"type": "text_editor_20250728", "name": "a"}]}, "'text_editor_20250728'"),
        ({"tools": [{"type": "computer_20251124", "name": "a"}]}, "'computer_20251124'"),
        ({"tools": [{**TOOL, "mood": 1}]}, "'tools.0.mood'"),
        ({"tools": [{**TOOL, "allowed_callers": ["code_execution_20260120"]}]}, "allowed_callers'"),
        ({"tool_choice": {"type": "any"}}, "'tool_choice'"),
        ({"tools": [TOOL], "tool_choice": {"type": "tool"}}, "'tool_choice.name'"),
        ({"tools": [TOOL], "tool_choice": {"type": "some"}}, "'tool_choice.type'"),
        ({"output_config": {"format": {"type": "grammar", "schema": {}}}}, "format.type'"),
        ({"output_config": {"format": {"type": "json_schema"}}}, "'output_config.format.schema'"),
        ({"output_config": {"mood": 1}}, "'output_config.mood'"),
        ({"metadata": {"user_id": 3}}, "'metadata.user_id'"),
        ({"mcp_servers": [{"url": "https://x.example"}]}, "'mcp_servers'"),
        ({"container": "c1"}, "'container'"),
        ({"inference_geo": "us"}, "'inference_geo'"),
        ({"thread": {"type": "create"}}, "'thread'"),
        ({"compaction": {"type": "summarize"}}, "'compaction'"),
        ({"mood": 1}, "'mood'"),
        ({"n": 2}, "'n'"),
        ({"max_completion_tokens": 2}, "'max_completion_tokens'"),
    ],
)
def test_what_is_refused_is_named(fields: dict[str, Any], words: str) -> None:
    assert re.search(words, refused(**fields)), refused(**fields)


@pytest.mark.parametrize("body", [None, [], "a", 3])
def test_a_body_is_an_object(body: Any) -> None:
    with pytest.raises(BadRequest, match="JSON object"):
        MessagesExchange(body)


def test_a_type_that_is_no_word_is_not_repeated() -> None:
    assert "\n" not in refused(messages=[user({"type": "a\nb"})])
    assert "x" * 65 not in refused(messages=[user({"type": "x" * 65})])


def test_what_goes_on_to_the_chat_under_its_own_name_is_a_parameter_of_both() -> None:
    for name, row in PARAMETERS.items():
        if row.fate == "passed":
            assert CHAT[name].fate == "passed"


def test_the_table_has_every_parameter_of_the_package() -> None:
    """Also those of betas: a new one needs a decision."""
    known = {
        name
        for module in (plain, beta)
        for cls in (module.MessageCreateParamsNonStreaming, module.MessageCreateParamsStreaming)
        for name in cls.__annotations__ | module.MessageCreateParamsBase.__annotations__
    }
    assert known <= set(PARAMETERS)
