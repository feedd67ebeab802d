"""The real anthropic SDKs, unmodified, over Gunicorn and the stand-in."""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anthropic
import pytest
from messages_kit import MODEL
from npm_kit import node_modules, run_node
from openai_kit import unknown
from pydantic import BaseModel
from session_kit import Site, served_by_gunicorn

from assemblyai_mw.testing import EU_KEY, US_KEY

COUNT = itertools.count()
HELLO: Any = [{"role": "user", "content": "Hello"}]
CHAT = "/v1/chat/completions"
EPHEMERAL: Any = {"type": "ephemeral"}


def tool(name: str, **properties: str) -> Any:
    members = {each: {"type": kind} for each, kind in properties.items()}
    schema = {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "type": "object",
        "properties": members,
        "required": list(members),
        "additionalProperties": False,
    }
    return {"name": name, "description": f"{name} it.", "input_schema": schema}


ADD, READ = tool("add", a="integer", b="integer"), tool("Read", file_path="string")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("messages")


@pytest.fixture(scope="module")
def served(folder: Path) -> Iterator[Site]:
    names = {"claude-*": "assemblyai/claude-*", "assemblyai/*": "assemblyai/*"}
    names["eu.assemblyai/*"] = "eu.assemblyai/*"
    models = [
        {
            "model_name": name,
            "litellm_params": {"model": model, "api_key": EU_KEY if "eu." in name else US_KEY},
        }
        for name, model in names.items()
    ]
    with served_by_gunicorn(f"sqlite:///{folder}/ledger.db", folder, model_list=models) as site:
        yield site


@pytest.fixture
def site(served: Site) -> Site:
    for fake in (served.us, served.eu):
        fake.clear_faults()
        fake.requests.clear()
        while fake.take_answer() is not None:
            pass
    return served


@pytest.fixture(scope="module")
def key(served: Site) -> str:
    return served.key("alice")


@pytest.fixture
def client(site: Site, key: str) -> Iterator[anthropic.Anthropic]:
    with anthropic.Anthropic(base_url=site.url, api_key=key, max_retries=0) as client:
        yield client


def sent(site: Site) -> list[Any]:
    return [json.loads(seen.body or b"") for seen in site.us.requests if seen.path == CHAT]


def text_of(message: Any) -> str:
    return "".join(block.text for block in message.content if block.type == "text")


def test_a_message(site: Site, client: anthropic.Anthropic) -> None:
    site.us.next_answer("Paris.")
    reply = client.messages.create(model=MODEL, max_tokens=50, messages=HELLO, system="Be brief.")
    assert unknown(reply) == []
    assert (text_of(reply), reply.stop_reason, reply.model) == ("Paris.", "end_turn", MODEL)
    assert reply.id == f"msg_{reply._request_id}"
    assert reply.usage.input_tokens > 0
    assert reply.usage.output_tokens > 0
    (body,) = sent(site)
    assert body["messages"] == [{"role": "system", "content": "Be brief."}, *HELLO]
    assert (body["model"], body["max_tokens"]) == ("claude-sonnet-4-6", 50)


def test_the_eu_is_asked_for_eu_models_and_nobody_else(
    site: Site, client: anthropic.Anthropic
) -> None:
    client.messages.create(model=f"eu.{MODEL}", max_tokens=50, messages=HELLO)
    assert (len(site.eu.requests), len(sent(site))) == (1, 0)


@pytest.mark.parametrize(
    "options, passes",
    [
        ({"api_key": "KEY"}, True),
        ({"auth_token": "KEY"}, True),
        # Older versions send an api_key in this header alone; Claude Code may send both.
        ({"auth_token": "KEY", "default_headers": {"X-Api-Key": "KEY"}}, True),
        ({"auth_token": "KEY", "default_headers": {"X-Api-Key": "sk-other"}}, False),
        ({"auth_token": "sk-other", "default_headers": {"X-Api-Key": "KEY"}}, False),
        ({"api_key": "sk-other"}, False),
    ],
)
def test_the_key_in_either_header(site: Site, key: str, options: Any, passes: bool) -> None:
    options = json.loads(json.dumps(options).replace("KEY", key))
    with anthropic.Anthropic(base_url=site.url, max_retries=0, **options) as client:
        if passes:
            client.messages.create(model=MODEL, max_tokens=50, messages=HELLO)
        else:
            with pytest.raises(anthropic.AuthenticationError):
                client.messages.create(model=MODEL, max_tokens=50, messages=HELLO)


@pytest.mark.parametrize("model", [MODEL, "assemblyai/gpt-oss-20b"])
def test_every_model_streams(site: Site, client: anthropic.Anthropic, model: str) -> None:
    site.us.next_answer("one two three")
    with client.messages.stream(model=model, max_tokens=50, messages=HELLO) as stream:
        words = list(stream.text_stream)
        final = stream.get_final_message()
    assert "".join(words) == text_of(final) == "one two three"
    assert final.usage.input_tokens > 0
    assert final.usage.output_tokens > 0
    assert final.stop_reason == "end_turn"
    events = list(client.messages.create(model=model, max_tokens=50, messages=HELLO, stream=True))
    assert (events[0].type, events[-1].type) == ("message_start", "message_stop")
    assert [found for event in events for found in unknown(event)] == []


@pytest.mark.parametrize("streamed", [False, True])
def test_stop_sequences(site: Site, client: anthropic.Anthropic, streamed: bool) -> None:
    site.us.next_answer("one two STOP three")
    asked: Any = {
        "model": MODEL,
        "max_tokens": 50,
        "messages": HELLO,
        "stop_sequences": ["HALT", "STOP"],
    }
    if streamed:
        with client.messages.stream(**asked) as stream:
            reply: Any = stream.get_final_message()
    else:
        reply = client.messages.create(**asked)
    assert (text_of(reply), reply.stop_reason, reply.stop_sequence) == (
        "one two ",
        "stop_sequence",
        "STOP",
    )


@pytest.mark.parametrize("streamed", [False, True])
def test_a_loop_with_parallel_tools(
    site: Site, client: anthropic.Anthropic, streamed: bool
) -> None:
    """As agents do it: the assistant's content goes back as it came, with all results."""
    asked: Any = {"model": MODEL, "max_tokens": 50, "tools": [ADD, READ]}
    messages: list[Any] = [*HELLO]

    def turn() -> Any:
        if not streamed:
            return client.messages.create(**asked, messages=messages)
        with client.messages.stream(**asked, messages=messages) as stream:
            return stream.get_final_message()

    site.us.next_answer(tool_calls=[("add", {"a": 1, "b": 2}), ("Read", {"file_path": "/é"})])
    first = turn()
    assert first.stop_reason == "tool_use"
    uses = [block for block in first.content if block.type == "tool_use"]
    assert [(use.name, use.input) for use in uses] == [
        ("add", {"a": 1, "b": 2}),
        ("Read", {"file_path": "/é"}),
    ]
    results: list[Any] = [
        {"type": "tool_result", "tool_use_id": uses[0].id, "content": "3"},
        {
            "type": "tool_result",
            "tool_use_id": uses[1].id,
            "content": [{"type": "text", "text": "no such file"}],
            "is_error": True,
        },
        {"type": "text", "text": "Go on."},
    ]
    messages += [
        {"role": "assistant", "content": first.content},
        {"role": "user", "content": results},
    ]
    site.us.next_answer("It is 3.")
    second = turn()
    assert (text_of(second), second.stop_reason) == ("It is 3.", "end_turn")
    said = sent(site)[-1]["messages"]
    assert [each["role"] for each in said] == ["user", "assistant", "tool", "tool", "user"]
    assert [call["id"] for call in said[1]["tool_calls"]] == [use.id for use in uses]
    assert [each["tool_call_id"] for each in said[2:4]] == [use.id for use in uses]
    assert said[3]["content"] == "Error: no such file"
    assert json.loads(said[1]["tool_calls"][1]["function"]["arguments"]) == {"file_path": "/é"}


@anthropic.beta_tool
def add(a: int, b: int) -> str:
    """Adds two numbers.

    Args:
        a: One.
        b: The other.
    """
    return str(a + b)


@pytest.mark.parametrize("streamed", [False, True])
def test_the_sdks_own_tool_runner(site: Site, client: anthropic.Anthropic, streamed: bool) -> None:
    site.us.next_answer(tool_calls=[("add", {"a": 1, "b": 2}), ("add", {"a": 3, "b": 4})])
    site.us.next_answer("3 and 7.")
    asked: Any = {"model": MODEL, "max_tokens": 50, "tools": [add], "messages": HELLO}
    if streamed:
        for stream in client.beta.messages.tool_runner(**asked, stream=True):
            last: Any = stream.get_final_message()
    else:
        last = client.beta.messages.tool_runner(**asked).until_done()
    assert text_of(last) == "3 and 7."
    results = [each["content"] for each in sent(site)[-1]["messages"] if each["role"] == "tool"]
    assert results == ["3", "7"]


class City(BaseModel):
    name: str
    population: int


def test_structured_output_by_the_sdks_own_parse(site: Site, client: anthropic.Anthropic) -> None:
    reply = client.messages.parse(model=MODEL, max_tokens=50, messages=HELLO, output_format=City)
    assert reply.parsed_output == City(name="text", population=1)
    (body,) = sent(site)
    assert body["response_format"]["json_schema"]["schema"]["required"] == ["name", "population"]
    with client.messages.stream(
        model=MODEL, max_tokens=50, messages=HELLO, output_format=City
    ) as stream:
        final = stream.get_final_message()
    assert final.parsed_output == City(name="text", population=1)
    # The parsed message goes back as it is.
    messages: Any = [*HELLO, {"role": "assistant", "content": reply.content}, *HELLO]
    client.messages.create(model=MODEL, max_tokens=50, messages=messages)


def test_the_async_client(site: Site, key: str) -> None:
    async def talk() -> tuple[str, str]:
        async with anthropic.AsyncAnthropic(
            base_url=site.url, api_key=key, max_retries=0
        ) as client:
            site.us.next_answer("Paris.")
            plain = await client.messages.create(model=MODEL, max_tokens=50, messages=HELLO)
            site.us.next_answer("one two")
            async with client.messages.stream(model=MODEL, max_tokens=50, messages=HELLO) as stream:
                words = [word async for word in stream.text_stream]
        return text_of(plain), "".join(words)

    assert asyncio.run(talk()) == ("Paris.", "one two")


ERRORS: list[Any] = [
    pytest.param({"temperature": 3}, {}, anthropic.BadRequestError, id="400 ours"),
    pytest.param({"model": "gpt-5"}, {}, anthropic.NotFoundError, id="404 the list"),
    pytest.param({"model": "assemblyai/gpt-9"}, {}, anthropic.NotFoundError, id="404 the gateway"),
    pytest.param({"transcript_id": "none"}, {}, anthropic.NotFoundError, id="404 transcript"),
    pytest.param({}, {"status": 429}, anthropic.RateLimitError, id="429"),
    pytest.param({}, {"status": 500}, anthropic.InternalServerError, id="500"),
    pytest.param({}, {"status": 401}, anthropic.InternalServerError, id="401 of our key"),
    pytest.param({}, {"drop": True}, anthropic.InternalServerError, id="drop"),
    pytest.param({}, {"cut_after": 30}, anthropic.InternalServerError, id="cut"),
]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("fields, fault, expected", ERRORS)
def test_each_error_is_its_typed_exception(
    site: Site,
    client: anthropic.Anthropic,
    fields: dict[str, Any],
    fault: dict[str, Any],
    expected: type[anthropic.APIStatusError],
    stream: bool,
) -> None:
    if fault:
        site.us.fail_next(**fault)
    asked: dict[str, Any] = {"model": MODEL, "max_tokens": 50, "messages": HELLO, "stream": stream}
    model = fields.get("model", MODEL)
    more = {name: value for name, value in fields.items() if name != "model"}
    with pytest.raises(expected) as caught:
        client.messages.create(**{**asked, "model": model}, extra_body=more)
    error: Any = caught.value.body
    assert error["type"] == "error"
    assert caught.value.request_id == error.get("request_id")


def test_what_is_not_there_is_not_found(site: Site, client: anthropic.Anthropic) -> None:
    with pytest.raises(anthropic.NotFoundError, match="counts no tokens"):
        client.messages.count_tokens(model=MODEL, messages=HELLO)
    with pytest.raises(anthropic.NotFoundError, match="no batches"):
        client.messages.batches.list()
    assert not site.us.requests


def test_a_stream_that_breaks_is_an_error_and_no_end(
    site: Site, client: anthropic.Anthropic
) -> None:
    site.us.next_answer("one two three four five six")
    site.us.fail_next(cut_after=1500)
    seen = []
    with pytest.raises(anthropic.APIStatusError, match="broke off"):
        seen.extend(client.messages.create(model=MODEL, max_tokens=50, messages=HELLO, stream=True))
    assert seen
    assert "message_stop" not in [event.type for event in seen]


def test_a_429_is_tried_again_after_retry_after_and_what_was_billed_is_not(
    site: Site, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    with anthropic.Anthropic(base_url=site.url, api_key=key, max_retries=2) as client:
        site.us.fail_next(status=429, headers=[("Retry-After", "7")], times=2)
        client.messages.create(model=MODEL, max_tokens=50, messages=HELLO)
        assert (len(sent(site)), slept) == (3, [7.0, 7.0])
        site.us.fail_next(cut_after=30, times=3)
        with pytest.raises(anthropic.InternalServerError):
            client.messages.create(model=MODEL, max_tokens=50, messages=HELLO)
        assert len(sent(site)) == 4


def test_a_coding_agent_as_claude_code_asks(site: Site, key: str) -> None:
    """Its settings: ANTHROPIC_BASE_URL, ANTHROPIC_AUTH_TOKEN, and a model's bare name."""
    names = ("Bash", "Edit", "Glob", "Grep", "Task", "TodoWrite", "WebFetch", "Write")
    asked: Any = {
        "model": "claude-sonnet-4-6",
        "max_tokens": 32_000,
        "system": [
            {"type": "text", "text": "x-anthropic-billing-header: cc_version=2.1.0"},
            {
                "type": "text",
                "text": "You are a coding agent.",
                "cache_control": {**EPHEMERAL, "ttl": "1h"},
            },
            {"type": "text", "text": "# Environment\ncwd: /repo", "cache_control": EPHEMERAL},
        ],
        "tools": [READ, *(tool(name, input="string") for name in names)],
        "metadata": {"user_id": json.dumps({"device_id": "d", "session_id": "s"})},
        "thinking": {"type": "adaptive"},
        "output_config": {"effort": "medium"},
        "context_management": {"edits": [{"type": "clear_thinking_20251015", "keep": "all"}]},
        "betas": ["claude-code-20250219", "interleaved-thinking-2025-05-14"],
        "extra_headers": {"x-app": "cli", "User-Agent": "claude-cli/2.1.0 (external, cli)"},
        "extra_body": {"temperature": 1},
    }
    reminder = {"type": "text", "text": "<system-reminder>Be careful.</system-reminder>"}
    prompt = {"type": "text", "text": "What does a.py do?", "cache_control": EPHEMERAL}
    messages: list[Any] = [{"role": "user", "content": [reminder, prompt]}]
    with anthropic.Anthropic(base_url=site.url, auth_token=key, max_retries=0) as client:
        site.us.next_answer(tool_calls=[("Read", {"file_path": "/a.py"}), ("Glob", {"input": "*"})])
        with client.beta.messages.stream(**asked, messages=messages) as stream:
            first = stream.get_final_message()
        assert first.stop_reason == "tool_use"
        uses = [block for block in first.content if block.type == "tool_use"]
        thought = {"type": "thinking", "thinking": "", "signature": "x"}
        results = [
            {"type": "tool_result", "tool_use_id": uses[0].id, "content": "print(1)"},
            {
                "type": "tool_result",
                "tool_use_id": uses[1].id,
                "content": "<tool_use_error>none</tool_use_error>",
                "is_error": True,
                "cache_control": EPHEMERAL,
            },
        ]
        messages += [
            {"role": "assistant", "content": [thought, *first.content]},
            {"role": "user", "content": [*results, reminder]},
        ]
        site.us.next_answer("It prints 1.")
        with client.beta.messages.stream(**asked, messages=messages) as stream:
            last = stream.get_final_message()
    assert (text_of(last), last.stop_reason) == ("It prints 1.", "end_turn")
    assert last.model == "claude-sonnet-4-6"
    one, two = sent(site)
    assert set(two) == {
        *("model", "max_tokens", "messages", "tools", "temperature", "stream", "stream_options"),
    }
    assert len(one["tools"]) == 9
    assert two["messages"][:2] == one["messages"]
    system, _, said, *tools, end = two["messages"]
    marks = [part.get("cache_control") for part in system["content"]]
    assert marks == [None, {"type": "ephemeral", "ttl": "1h"}, None]
    assert system["cache_control"] == one["messages"][1]["cache_control"] == EPHEMERAL
    assert (said["content"], len(said["tool_calls"])) == (None, 2)
    assert [each.get("cache_control") for each in tools] == [None, EPHEMERAL]
    assert end == {"role": "user", "content": reminder["text"]}
    row = list(site.ledger.calls())[-1]
    assert row["end_user"] == asked["metadata"]["user_id"]
    assert row["state"] == "settled"


def test_no_key_is_in_the_servers_log(folder: Path, key: str, client: anthropic.Anthropic) -> None:
    client.messages.create(model=MODEL, max_tokens=50, messages=HELLO)
    log = (folder / "gunicorn.log").read_text()
    assert "/v1/messages" in log
    assert key not in log


def test_the_node_sdk(site: Site, key: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    modules = node_modules(tmp_path_factory)
    site.us.next_answer("Paris.")
    site.us.next_answer("one two three")
    site.us.next_answer(tool_calls=[("add", {"a": 1, "b": 2}), ("add", {"a": 3, "b": 4})])
    script = Path(__file__).with_name("messages_node.cjs")
    done = run_node(script, modules, json.dumps({"url": site.url, "key": key, "model": MODEL}))
    said = json.loads(done.stdout)
    assert said["text"] == "Paris."
    assert said["streamed"] == "one two three"
    assert said["inputs"] == [{"a": 1, "b": 2}, {"a": 3, "b": 4}]
    assert said["reasons"] == ["end_turn", "end_turn", "tool_use"]
    assert said["missing"] == [404, "not_found_error"]
