"""The real openai SDKs, of Python and of Node, for responses over Gunicorn and the stand-in."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openai
import pytest
from npm_kit import node_modules, run_node
from pydantic import BaseModel
from responses_kit import strictly
from session_kit import Site, served_by_gunicorn

MODEL = "assemblyai/gpt-5-mini"
COUNT = itertools.count()
NODE = Path(__file__).parent / "responses.cjs"
ADD: Any = {
    "type": "function",
    "name": "add",
    "description": "Adds two numbers.",
    "strict": True,
    "parameters": {
        "type": "object",
        "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}},
        "required": ["a", "b"],
        "additionalProperties": False,
    },
}
NOW: Any = {"type": "function", "name": "now", "strict": True, "parameters": {"type": "object"}}


class City(BaseModel):
    name: str
    population: int


class Add(BaseModel):
    a: int
    b: int


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("responses")
    with served_by_gunicorn(f"sqlite:///{folder}/ledger.db", folder) as site:
        yield site


@pytest.fixture
def client(site: Site) -> Iterator[openai.OpenAI]:
    key = site.key(f"caller-{next(COUNT)}")
    with openai.OpenAI(base_url=f"{site.url}/v1", api_key=key, max_retries=0) as client:
        yield client


def asked(site: Site) -> Any:
    """Return the gateway's last chat."""
    chats = [seen for seen in site.us.requests if seen.path == "/v1/chat/completions"]
    return json.loads(chats[-1].body)


def test_a_plain_call_fills_the_typed_objects_in(site: Site, client: openai.OpenAI) -> None:
    site.us.next_answer("Paris.")
    raw = client.responses.with_raw_response.create(
        model=MODEL, instructions="Be brief.", input="What is the capital of France?", store=True
    )
    reply = raw.parse()
    assert reply.output_text == "Paris."
    assert (reply.status, reply.model, reply.instructions) == ("completed", MODEL, "Be brief.")
    assert reply.usage is not None
    assert reply.usage.total_tokens == reply.usage.input_tokens + reply.usage.output_tokens
    assert reply._request_id == reply.id.removeprefix("resp_")
    strictly(json.loads(raw.content))


@pytest.mark.parametrize("model", [MODEL, "assemblyai/gpt-oss-20b"])
def test_every_model_streams(site: Site, client: openai.OpenAI, model: str) -> None:
    site.us.next_answer("one two three")
    with client.responses.stream(model=model, input="Count.") as stream:
        words = [e.delta for e in stream if e.type == "response.output_text.delta"]
        final = stream.get_final_response()
    assert "".join(words) == final.output_text == "one two three"
    assert final.usage is not None
    site.us.next_answer("one two three")
    kinds = [e.type for e in client.responses.create(model=model, input="Count.", stream=True)]
    assert kinds[0] == "response.created"
    assert kinds[-1] == "response.completed"


@pytest.mark.parametrize("streamed", [False, True])
def test_a_pydantic_class_is_parsed(site: Site, client: openai.OpenAI, streamed: bool) -> None:
    site.us.next_answer('{"name": "Paris", "population": 2}')
    if streamed:
        with client.responses.stream(model=MODEL, input="Paris?", text_format=City) as stream:
            reply = stream.get_final_response()
    else:
        reply = client.responses.parse(model=MODEL, input="Paris?", text_format=City)
    assert reply.output_parsed == City(name="Paris", population=2)
    sent = asked(site)["response_format"]
    assert (sent["type"], sent["json_schema"]["name"]) == ("json_schema", "City")
    # What was parsed comes back as the client has it.
    history: Any = [{"role": "user", "content": "Paris?"}, *reply.output]
    site.us.next_answer("It is.")
    asks: Any = {"role": "user", "content": "Sure?"}
    second = client.responses.create(model=MODEL, input=[*history, asks])
    assert second.output_text == "It is."
    assert [item["role"] for item in asked(site)["messages"]] == ["user", "assistant", "user"]


@pytest.mark.parametrize("streamed", [False, True])
def test_a_tool_loop_of_two_turns(site: Site, client: openai.OpenAI, streamed: bool) -> None:
    items: Any = [{"role": "user", "content": "1 + 2, and the time?"}]

    def turn() -> Any:
        fields: Any = {"model": MODEL, "input": items, "tools": [ADD, NOW]}
        fields["include"] = ["reasoning.encrypted_content"]
        if not streamed:
            return client.responses.create(**fields)
        with client.responses.stream(**fields) as stream:
            return stream.get_final_response()

    site.us.next_answer("Let me see.", tool_calls=[("add", {"a": 1, "b": 2}), ("now", {})])
    first = turn()
    calls = [item for item in first.output if item.type == "function_call"]
    assert [(call.name, json.loads(call.arguments)) for call in calls] == [
        ("add", {"a": 1, "b": 2}),
        ("now", {}),
    ]
    items += first.output
    for call, output in zip(calls, ("3", "noon"), strict=True):
        items.append({"type": "function_call_output", "call_id": call.call_id, "output": output})
    site.us.next_answer(tool_calls=[("add", {"a": 3, "b": 4})])
    second = turn()
    (call,) = (item for item in second.output if item.type == "function_call")
    items += second.output
    part: Any = {"type": "input_text", "text": "7"}
    items.append({"type": "function_call_output", "call_id": call.call_id, "output": [part]})
    site.us.next_answer("It is 3, at noon; and 7.")
    third = turn()
    assert third.output_text == "It is 3, at noon; and 7."
    sent = asked(site)["messages"]
    assert [item["role"] for item in sent] == [
        "user",
        "assistant",
        "tool",
        "tool",
        "assistant",
        "tool",
    ]
    assert [item["tool_call_id"] for item in sent[2:4]] == [
        call["id"] for call in sent[1]["tool_calls"]
    ]
    assert sent[1]["content"] == "Let me see."


def test_arguments_are_parsed_by_a_class(site: Site, client: openai.OpenAI) -> None:
    tool: Any = openai.pydantic_function_tool(Add, name="add")
    flat: Any = {"type": "function", **tool["function"]}
    site.us.next_answer(tool_calls=[("add", {"a": 1, "b": 2})])
    reply = client.responses.parse(
        model=MODEL, input="1 + 2?", tools=[flat], tool_choice="required"
    )
    (call,) = reply.output
    assert call.type == "function_call"
    assert call.parsed_arguments == {"a": 1, "b": 2}
    assert asked(site)["tool_choice"] == {"type": "function", "function": {"name": "add"}}
    result: Any = {"type": "function_call_output", "call_id": call.call_id, "output": "3"}
    history: Any = [{"role": "user", "content": "1 + 2?"}, *reply.output, result]
    assert client.responses.create(model=MODEL, input=history, tools=[flat]).output_text


ERRORS: list[Any] = [
    ({"previous_response_id": "resp_1"}, openai.BadRequestError, "previous_response_id"),
    ({"conversation": "conv_1"}, openai.BadRequestError, "conversation"),
    ({"background": True}, openai.BadRequestError, "background"),
    ({"prompt": {"id": "pmpt_1"}}, openai.BadRequestError, "prompt"),
    ({"tools": [{"type": "web_search"}]}, openai.BadRequestError, "tools[0].type"),
    ({"temperature": 3}, openai.BadRequestError, "temperature"),
    ({"model": "gpt-5"}, openai.NotFoundError, "model"),
    ({"model": "assemblyai/gpt-9"}, openai.NotFoundError, "model"),
    (
        {"model": "assemblyai/gpt-oss-20b", "text": {"format": {"type": "json_object"}}},
        openai.BadRequestError,
        "text.format",
    ),
]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("fields, expected, param", ERRORS)
def test_each_error_is_its_typed_exception(
    client: openai.OpenAI,
    fields: dict[str, Any],
    expected: type[openai.APIStatusError],
    param: str,
    stream: bool,
) -> None:
    with pytest.raises(expected) as caught:
        client.responses.create(**{"model": MODEL, "input": "Hi", "stream": stream, **fields})
    assert caught.value.param == param


@pytest.mark.parametrize("stream", [False, True])
def test_a_fault_of_the_gateway_is_its_typed_exception(
    site: Site, client: openai.OpenAI, stream: bool
) -> None:
    faults: list[tuple[dict[str, Any], type[Exception]]] = [
        ({"status": 429}, openai.RateLimitError),
        ({"status": 500}, openai.InternalServerError),
        ({"drop": True}, openai.InternalServerError),
    ]
    for fault, expected in faults:
        site.us.fail_next(**fault)
        with pytest.raises(expected):
            client.responses.create(model=MODEL, input="Hi", stream=stream)


def test_a_stream_that_breaks_is_an_api_error_and_no_end(site: Site, client: openai.OpenAI) -> None:
    site.us.next_answer("one two three four five six")
    site.us.fail_next(cut_after=1500)
    seen = []
    with pytest.raises(openai.APIError, match="broke off"):
        seen.extend(
            event.type for event in client.responses.create(model=MODEL, input="Hi", stream=True)
        )
    assert "response.output_text.delta" in seen
    assert "response.completed" not in seen


def test_nothing_is_stored(site: Site, client: openai.OpenAI) -> None:
    reply = client.responses.create(model=MODEL, input="Hi")
    calls: list[Any] = [
        lambda: client.responses.retrieve(reply.id),
        lambda: client.responses.delete(reply.id),
        lambda: client.responses.cancel(reply.id),
        lambda: list(client.responses.input_items.list(reply.id)),
        lambda: client.responses.compact(model=MODEL, input="Hi"),
    ]
    for each in calls:
        with pytest.raises(openai.NotFoundError, match="no response is stored"):
            each()


def test_the_async_client(site: Site) -> None:
    key = site.key(f"caller-{next(COUNT)}")

    async def talk() -> tuple[str, str]:
        async with openai.AsyncOpenAI(
            base_url=f"{site.url}/v1", api_key=key, max_retries=0
        ) as client:
            site.us.next_answer("Paris.")
            plain = await client.responses.create(model=MODEL, input="Hi")
            site.us.next_answer("one two")
            async with client.responses.stream(model=MODEL, input="Hi") as stream:
                final = await stream.get_final_response()
        return plain.output_text, final.output_text

    assert asyncio.run(talk()) == ("Paris.", "one two")


def test_a_text_that_is_cut_says_so(site: Site, client: openai.OpenAI) -> None:
    site.us.next_answer("A text that is longer than four tokens may be.")
    reply = client.responses.create(model=MODEL, input="Hi", max_output_tokens=4)
    assert reply.status == "incomplete"
    assert reply.incomplete_details is not None
    assert reply.incomplete_details.reason == "max_output_tokens"


def test_the_eu_is_asked_for_eu_models_and_nobody_else(site: Site, client: openai.OpenAI) -> None:
    before = len(site.us.requests)
    client.responses.create(model="eu.assemblyai/claude-sonnet-4-6", input="Hi")
    assert len(site.us.requests) == before
    assert site.eu.requests[-1].path == "/v1/chat/completions"


def test_openai_node(site: Site, tmp_path_factory: pytest.TempPathFactory) -> None:
    modules = node_modules(tmp_path_factory)
    site.us.next_answer("Paris.")
    site.us.next_answer("one two three")
    site.us.next_answer(tool_calls=[("add", {"a": 1, "b": 2})])
    site.us.next_answer("It is 3.")
    site.us.next_answer('{"name": "Paris", "population": 2}')
    key = site.key(f"caller-{next(COUNT)}")
    done = run_node(NODE, modules, BASE_URL=f"{site.url}/v1", API_KEY=key)
    assert json.loads(done.stdout) == {
        "plain": "Paris.",
        "streamed": "one two three",
        "last": "response.completed",
        "tool": {"a": 1, "b": 2},
        "answer": "It is 3.",
        "parsed": {"name": "Paris", "population": 2},
        "refused": [400, "previous_response_id"],
        "stored": 404,
    }
