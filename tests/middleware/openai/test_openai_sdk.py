"""The real openai SDK, unmodified, against the translator on a socket and a stand-in gateway."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import openai
import pytest
from openai_kit import HELLO
from pydantic import BaseModel

from assemblyai_mw.middleware.forward import UpstreamForwarder
from assemblyai_mw.middleware.openai.stage import OpenAITranslator
from assemblyai_mw.testing import EU_KEY, US_KEY, FakeAssemblyAI, serve
from assemblyai_mw.transport import SocketTransport

MODEL = "assemblyai/gpt-5-mini"
TOOL: Any = {
    "type": "function",
    "function": {
        "name": "add",
        "description": "Adds two numbers.",
        "parameters": {
            "type": "object",
            "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}},
            "required": ["a", "b"],
        },
    },
}


class House:
    """The translator over a forwarder for each region, all of it on sockets."""

    def __init__(self, us: FakeAssemblyAI, eu: FakeAssemblyAI, url: str) -> None:
        self.us, self.eu, self.url = us, eu, url

    def client(self, **options: Any) -> openai.OpenAI:
        return openai.OpenAI(
            base_url=f"{self.url}/v1", api_key="sk-x", **{"max_retries": 0, **options}
        )


@pytest.fixture
def house() -> Iterator[House]:
    us, eu = FakeAssemblyAI(), FakeAssemblyAI(region="eu")
    carrier = SocketTransport()
    with serve(us.host("llm-gateway")) as us_url, serve(eu.host("llm-gateway")) as eu_url:
        forwarders = {
            "/llm-gateway.assemblyai": UpstreamForwarder(us_url, api_key=US_KEY, transport=carrier),
            "/eu.llm-gateway.assemblyai": UpstreamForwarder(
                eu_url, api_key=EU_KEY, transport=carrier
            ),
        }

        def inner(environ: dict[str, Any], start_response: Any) -> Any:
            return forwarders[environ["SCRIPT_NAME"]](environ, start_response)

        with serve(OpenAITranslator(inner)) as url:
            yield House(us, eu, url)
        carrier.close()


def chats(fake: FakeAssemblyAI) -> list[Any]:
    return [seen for seen in fake.requests if seen.path == "/v1/chat/completions"]


def test_a_plain_call_fills_the_typed_objects_in(house: House) -> None:
    house.us.next_answer("Paris.")
    with house.client() as client:
        reply = client.chat.completions.create(model=MODEL, messages=HELLO, max_tokens=50)
    assert reply.choices[0].message.content == "Paris."
    assert reply.choices[0].finish_reason == "stop"
    assert (reply.object, reply.model, reply.choices[0].index) == ("chat.completion", MODEL, 0)
    assert reply.id.startswith("chatcmpl-")
    assert abs(reply.created - time.time()) < 60
    assert reply.usage is not None
    assert reply.usage.total_tokens == reply.usage.prompt_tokens + reply.usage.completion_tokens
    assert reply._request_id == reply.id.removeprefix("chatcmpl-")


def test_the_eu_is_asked_for_eu_models_and_nobody_else(house: House) -> None:
    with house.client() as client:
        client.chat.completions.create(model="eu.assemblyai/claude-sonnet-4-6", messages=HELLO)
    assert (len(chats(house.eu)), len(house.us.requests)) == (1, 0)


@pytest.mark.parametrize("tool_calls_in", ["message", "choice"])
@pytest.mark.parametrize("reasons", ["openai", "provider"])
def test_tools_go_round_call_result_answer(house: House, tool_calls_in: str, reasons: str) -> None:
    house.us.tool_calls_in, house.us.finish_reasons = tool_calls_in, reasons
    house.us.choice_index = False
    house.us.next_answer(tool_calls=[("add", {"a": 1, "b": 2})])
    messages: list[Any] = [{"role": "user", "content": "1 + 2?"}]
    with house.client() as client:
        first = client.chat.completions.create(model=MODEL, messages=messages, tools=[TOOL])
        choice = first.choices[0]
        assert choice.finish_reason == "tool_calls"
        assert choice.message.tool_calls is not None
        call = choice.message.tool_calls[0]
        assert call.type == "function"
        assert json.loads(call.function.arguments) == {"a": 1, "b": 2}
        messages += [
            choice.message,
            {"role": "tool", "tool_call_id": call.id, "content": "3"},
        ]
        house.us.next_answer("It is 3.")
        second = client.chat.completions.create(model=MODEL, messages=messages, tools=[TOOL])
    assert second.choices[0].message.content == "It is 3."
    sent = json.loads(chats(house.us)[-1].body)["messages"]
    assert sent[1]["tool_calls"][0]["id"] == sent[2]["tool_call_id"] == call.id


class Answer(BaseModel):
    capital: str
    population: int


def test_json_schema_by_the_sdks_own_parse(house: House) -> None:
    with house.client() as client:
        reply = client.chat.completions.parse(model=MODEL, messages=HELLO, response_format=Answer)
    assert reply.choices[0].message.parsed == Answer(capital="text", population=1)
    asked = json.loads(chats(house.us)[0].body)["response_format"]
    assert (asked["type"], asked["json_schema"]["strict"]) == ("json_schema", True)


@pytest.mark.parametrize("model", [MODEL, "assemblyai/gpt-oss-20b"])
def test_every_model_streams_with_usage(house: House, model: str) -> None:
    house.us.next_answer("one two three")
    with house.client() as client:
        stream = client.chat.completions.create(
            model=model, messages=HELLO, stream=True, stream_options={"include_usage": True}
        )
        chunks = list(stream)
    assert "".join(c.choices[0].delta.content or "" for c in chunks[:-1]) == "one two three"
    assert len({chunk.id for chunk in chunks}) == 1
    assert chunks[-2].choices[0].finish_reason == "stop"
    assert chunks[-1].choices == []
    assert chunks[-1].usage is not None
    assert all(chunk.usage is None for chunk in chunks[:-1])


def test_the_sdks_own_stream_helper_puts_tool_calls_together(house: House) -> None:
    house.us.next_answer(tool_calls=[("add", {"a": 1, "b": 2})])
    with (
        house.client() as client,
        client.chat.completions.stream(model=MODEL, messages=HELLO, tools=[TOOL]) as stream,
    ):
        final = stream.get_final_completion()
    calls = final.choices[0].message.tool_calls
    assert calls is not None
    assert json.loads(calls[0].function.arguments) == {"a": 1, "b": 2}
    assert final.choices[0].finish_reason == "tool_calls"


def test_the_async_client(house: House) -> None:
    async def talk() -> tuple[str | None, str, list[str]]:
        async with openai.AsyncOpenAI(
            base_url=f"{house.url}/v1", api_key="sk-x", max_retries=0
        ) as client:
            house.us.next_answer("Paris.")
            plain = await client.chat.completions.create(model=MODEL, messages=HELLO)
            house.us.next_answer("one two")
            stream = await client.chat.completions.create(model=MODEL, messages=HELLO, stream=True)
            words = [chunk.choices[0].delta.content or "" async for chunk in stream]
            listed = [model.id async for model in client.models.list()]
        return plain.choices[0].message.content, "".join(words), listed

    plain, streamed, listed = asyncio.run(talk())
    assert (plain, streamed) == ("Paris.", "one two")
    assert {MODEL, "eu.assemblyai/claude-sonnet-4-6"} <= set(listed)


def test_models_are_listed_and_retrieved(house: House) -> None:
    with house.client() as client:
        listed = client.models.list()
        assert MODEL in [model.id for model in listed]
        assert client.models.retrieve(MODEL).owned_by == "openai"
        with pytest.raises(openai.NotFoundError):
            client.models.retrieve("assemblyai/gpt-9")


def a_fault(**fields: Any) -> Callable[[House], None]:
    return lambda house: house.us.fail_next(**fields)


ERRORS: list[Any] = [
    pytest.param({"temperature": 3}, None, openai.BadRequestError, None, id="400 ours"),
    pytest.param(
        {
            "model": "assemblyai/gpt-oss-20b",
            "response_format": {"type": "json_schema", "json_schema": {"name": "a", "schema": {}}},
        },
        None,
        openai.BadRequestError,
        "unsupported_parameter",
        id="400 the model cannot",
    ),
    pytest.param(
        {"model": "gpt-5"}, None, openai.NotFoundError, "model_not_found", id="404 the list"
    ),
    pytest.param(
        {"model": "assemblyai/gpt-9"},
        None,
        openai.NotFoundError,
        "model_not_found",
        id="404 the gateway",
    ),
    pytest.param(
        {"extra_body": {"transcript_id": "none"}},
        None,
        openai.NotFoundError,
        "not_found",
        id="404 transcript",
    ),
    pytest.param(
        {},
        lambda house: house.us.models_forbidden.add("gpt-5-mini"),
        openai.PermissionDeniedError,
        "model_access_denied",
        id="403 no access",
    ),
    pytest.param(
        {},
        a_fault(status=429),
        openai.RateLimitError,
        "rate_limit_exceeded",
        id="429",
    ),
    pytest.param({}, a_fault(status=500), openai.InternalServerError, None, id="500"),
    pytest.param({}, a_fault(status=503, body=b""), openai.InternalServerError, None, id="503"),
    pytest.param(
        {},
        a_fault(status=401),
        openai.InternalServerError,
        "upstream_credentials",
        id="401 of our key",
    ),
    pytest.param({}, a_fault(drop=True), openai.InternalServerError, "upstream_error", id="drop"),
    pytest.param({}, a_fault(cut_after=30), openai.InternalServerError, "upstream_error", id="cut"),
]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("fields, prepare, expected, code", ERRORS)
def test_each_error_is_its_typed_exception(
    house: House,
    fields: dict[str, Any],
    prepare: Callable[[House], None] | None,
    expected: type[openai.APIStatusError],
    code: str | None,
    stream: bool,
) -> None:
    if prepare is not None:
        prepare(house)
    request = {"model": MODEL, "messages": HELLO, "stream": stream, **fields}
    with house.client() as client, pytest.raises(expected) as caught:
        client.chat.completions.create(**request)
    error = caught.value
    assert isinstance(error.body, dict)
    assert isinstance(error.body["message"], str)
    if code is not None:
        assert error.code == code


def test_a_stream_that_breaks_is_an_api_error_and_no_end(house: House) -> None:
    house.us.next_answer("one two three four five six")
    house.us.fail_next(cut_after=1500)
    with house.client() as client:
        stream = client.chat.completions.create(model=MODEL, messages=HELLO, stream=True)
        seen = []
        with pytest.raises(openai.APIError, match="broke off"):
            seen.extend(chunk.id for chunk in stream)
    assert seen


def test_a_429_is_tried_again_after_retry_after_and_a_400_is_not(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    house.us.fail_next(status=429, headers=[("Retry-After", "7")], times=2)
    with house.client(max_retries=2) as client:
        client.chat.completions.create(model=MODEL, messages=HELLO)
        assert (len(chats(house.us)), slept) == (3, [7.0, 7.0])
        with pytest.raises(openai.BadRequestError):
            client.chat.completions.create(model=MODEL, messages=HELLO, temperature=9)
        house.us.fail_next(status=400)
        with pytest.raises(openai.BadRequestError):
            client.chat.completions.create(model=MODEL, messages=HELLO)
    assert (len(chats(house.us)), slept) == (4, [7.0, 7.0])


def test_a_client_that_leaves_ends_the_gateways_stream(house: House) -> None:
    house.us.next_answer(" ".join(["word"] * 2000))
    house.us.fail_next(gap_s=0.01)
    with house.client() as client:
        stream = client.chat.completions.create(model=MODEL, messages=HELLO, stream=True)
        next(stream)
        stream.close()
        # The connection is free again: the next call is answered.
        house.us.next_answer("Paris.")
        reply = client.chat.completions.create(model=MODEL, messages=HELLO)
    assert reply.choices[0].message.content == "Paris."


def test_a_fallback_that_answered_is_named(house: House) -> None:
    house.us.models_down.add("gpt-5-mini")
    with house.client() as client:
        reply = client.chat.completions.create(
            model=MODEL,
            messages=HELLO,
            extra_body={"fallbacks": [{"model": "assemblyai/claude-sonnet-4-6"}]},
        )
    assert reply.model == "assemblyai/claude-sonnet-4-6"


def test_the_model_that_answered_is_the_one_the_gateway_names(house: House) -> None:
    house.us.next_answer("x", model="gpt-5-mini-2025-08-07")
    with house.client() as client:
        reply = client.chat.completions.create(model=MODEL, messages=HELLO)
    assert reply.model == "assemblyai/gpt-5-mini-2025-08-07"


class City(BaseModel):
    name: str


NOW: Any = {
    "type": "function",
    "function": {"name": "now", "strict": True, "parameters": {"type": "object"}},
}


# The SDK warns of its own `parsed` when it writes the message.
@pytest.mark.filterwarnings("ignore:Pydantic serializer warnings")
@pytest.mark.parametrize("streamed", [False, True])
def test_a_parsed_message_comes_back_as_it_is(house: House, streamed: bool) -> None:
    house.us.next_answer('{"name": "Paris"}')
    asked: Any = {"model": MODEL, "messages": HELLO, "response_format": City}
    with house.client() as client:
        if streamed:
            with client.chat.completions.stream(**asked) as stream:
                message = stream.get_final_completion().choices[0].message
        else:
            message = client.chat.completions.parse(**asked).choices[0].message
        assert message.parsed == City(name="Paris")
        house.us.next_answer("It is.")
        back = client.chat.completions.create(model=MODEL, messages=[*HELLO, message, *HELLO])
    assert back.choices[0].message.content == "It is."


@pytest.mark.parametrize("streamed", [False, True])
def test_a_parsed_call_comes_back_as_it_is(house: House, streamed: bool) -> None:
    house.us.next_answer(tool_calls=[("now", {})])
    asked: Any = {"model": MODEL, "messages": HELLO, "tools": [NOW]}
    with house.client() as client:
        if streamed:
            with client.chat.completions.stream(**asked) as stream:
                message = stream.get_final_completion().choices[0].message
        else:
            message = client.chat.completions.parse(**asked).choices[0].message
        (call,) = message.tool_calls or []
        assert call.function.parsed_arguments == {}
        result: Any = {"role": "tool", "tool_call_id": call.id, "content": "noon"}
        client.chat.completions.create(model=MODEL, messages=[*HELLO, message, result], tools=[NOW])
    sent = json.loads(chats(house.us)[-1].body)["messages"][1]["tool_calls"][0]
    assert set(sent) == {"id", "type", "function"}


@pytest.mark.parametrize("streamed", [False, True])
def test_what_frameworks_send_by_default_is_taken(house: House, streamed: bool) -> None:
    house.us.next_answer("one two STOP three")
    house.us.next_answer("x", tool_calls=[("add", {"a": 1}), ("now", {})])
    asked: Any = {"model": MODEL, "messages": HELLO, "tools": [TOOL, NOW]}
    asked |= {"parallel_tool_calls": False, "stop": ["STOP"]}
    with house.client() as client:
        answers = []
        for _ in range(2):
            if streamed:
                with client.chat.completions.stream(**asked) as stream:
                    answers.append(stream.get_final_completion())
            else:
                answers.append(client.chat.completions.create(**asked))
    first, second = (answer.choices[0] for answer in answers)
    assert (first.message.content, first.finish_reason) == ("one two ", "stop")
    assert not first.message.tool_calls
    assert [call.function.name for call in second.message.tool_calls or []] == ["add"]
    assert second.finish_reason == "tool_calls"


def test_the_gateways_answer_to_required_is_handed_on(house: House) -> None:
    """The stand-in takes what is documented: none, auto, a function."""
    with house.client() as client, pytest.raises(openai.BadRequestError, match="tool_choice"):
        client.chat.completions.create(
            model=MODEL, messages=HELLO, tools=[TOOL, NOW], tool_choice="required"
        )
    assert json.loads(chats(house.us)[0].body)["tool_choice"] == "required"


def test_json_object_is_an_object(house: House) -> None:
    with house.client() as client:
        reply = client.chat.completions.create(
            model=MODEL, messages=HELLO, response_format={"type": "json_object"}
        )
        assert isinstance(json.loads(reply.choices[0].message.content or ""), dict)
        with pytest.raises(openai.BadRequestError) as caught:
            client.chat.completions.create(
                model="assemblyai/gpt-oss-20b",
                messages=HELLO,
                response_format={"type": "json_object"},
            )
    assert caught.value.param == "response_format"


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize(
    "fault",
    [
        pytest.param({"drop": True}, id="no reply"),
        pytest.param({"status": 200, "body": b"nonsense"}, id="nonsense"),
        pytest.param({"cut_after": 0}, id="cut at once"),
    ],
)
def test_what_may_have_been_billed_is_sent_once(
    house: House, fault: dict[str, Any], streamed: bool
) -> None:
    house.us.fail_next(**fault, times=3)
    with house.client(max_retries=2) as client, pytest.raises(openai.InternalServerError):
        client.chat.completions.create(model=MODEL, messages=HELLO, stream=streamed)
    assert len(chats(house.us)) == 1
