"""completion() against a stand-in gateway on a socket: shapes, prices, streams, exceptions."""

from __future__ import annotations

import asyncio
import json
from decimal import Decimal
from typing import Any

import pytest
from openai_kit import HELLO, Body, Gateway, sse, strictly

from assemblyai_mw import client as api
from assemblyai_mw.client import acompletion, completion
from assemblyai_mw.errors import ConfigError
from assemblyai_mw.testing import EU_KEY, US_KEY, FakeAssemblyAI, serve

MODEL = "assemblyai/gpt-5-mini"
# 1,000 in and 500 out at 0.25 and 2 USD a million, and 10 % for the region (since 2026-07-01).
USAGE = {"input_tokens": 1000, "output_tokens": 500, "total_tokens": 1500}
STREAMED_USAGE = {"prompt_tokens": 1000, "completion_tokens": 500, "total_tokens": 1500}
COST = Decimal("0.001375")


def test_the_reply_is_openais_with_attributes_items_and_its_exact_price(
    us: FakeAssemblyAI, base: dict[str, Any]
) -> None:
    us.next_answer("Paris.", usage=USAGE)
    reply = completion(MODEL, HELLO, max_tokens=50, **base)
    assert reply.choices[0].message.content == "Paris."
    assert reply["choices"][0]["message"]["content"] == "Paris."
    assert reply.usage.total_tokens == reply["usage"]["total_tokens"] == 1500
    assert reply.cost_usd == COST
    assert "cost_usd" not in reply
    strictly(reply)
    (seen,) = us.requests
    assert json.loads(seen.body) == {"model": "gpt-5-mini", "messages": HELLO, "max_tokens": 50}


def test_the_price_is_that_of_the_model_that_answered(
    us: FakeAssemblyAI, base: dict[str, Any]
) -> None:
    us.models_down.add("gpt-5-mini")
    us.next_answer("x", usage=USAGE)
    fallbacks = [{"model": "assemblyai/claude-sonnet-4-6"}]
    reply = completion(MODEL, HELLO, fallbacks=fallbacks, **base)
    assert reply.model == "assemblyai/claude-sonnet-4-6"
    assert reply.cost_usd == Decimal("0.01155")  # (3 x 1,000 + 15 x 500) / 1e6, and 10 %


def test_what_has_no_price_costs_none_and_not_nothing(
    us: FakeAssemblyAI, base: dict[str, Any]
) -> None:
    us.models["new-model"] = us.models["gpt-5-mini"]
    us.next_answer("x", usage=USAGE)
    assert completion("assemblyai/new-model", HELLO, **base).cost_usd is None
    us.next_answer("x", usage={})
    reply = completion(MODEL, HELLO, **base)
    assert (reply.cost_usd, reply.usage) == (None, None)


@pytest.mark.parametrize("model", [MODEL, "assemblyai/gpt-oss-20b"])
def test_a_stream_yields_chunks_and_then_knows_usage_and_price(
    us: FakeAssemblyAI, base: dict[str, Any], model: str
) -> None:
    usage = STREAMED_USAGE if model == MODEL else USAGE
    us.next_answer("one two three", usage=usage)
    with completion(model, HELLO, stream=True, **base) as stream:
        chunks = list(stream)
    for chunk in chunks:
        strictly(chunk)
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
    assert text == "one two three"
    assert stream.usage is not None
    assert stream.usage.total_tokens == 1500
    assert stream.cost_usd is not None
    if model == MODEL:
        assert stream.cost_usd == COST


@pytest.mark.parametrize("model", [MODEL, "assemblyai/gpt-oss-20b"])
def test_the_usage_chunk_comes_where_it_was_asked_for_with_the_price(
    us: FakeAssemblyAI, base: dict[str, Any], model: str
) -> None:
    options = {"include_usage": True}
    with completion(model, HELLO, stream=True, stream_options=options, **base) as stream:
        *rest, last = stream
    assert all(chunk.usage is None for chunk in rest)
    assert (last.choices, last.usage) == ([], stream.usage)


def test_leaving_a_stream_early_closes_it(us: FakeAssemblyAI, base: dict[str, Any]) -> None:
    us.fail_next(gap_s=0.01)
    us.next_answer(" ".join(["word"] * 2000))
    stream = completion(MODEL, HELLO, stream=True, **base)
    next(stream)
    stream.close()
    assert list(stream) == []
    assert (stream.usage, stream.cost_usd) == (None, None)


def test_asyncio_waits_in_a_thread(us: FakeAssemblyAI, base: dict[str, Any]) -> None:
    async def talk() -> tuple[Any, list[Any], Any]:
        us.next_answer("Paris.")
        plain = await acompletion(MODEL, HELLO, **base)
        us.next_answer("one two")
        stream = await acompletion(MODEL, HELLO, stream=True, **base)
        assert isinstance(stream, api.AsyncCompletionStream)
        async with stream:
            chunks = [chunk async for chunk in stream]
        return plain, chunks, stream.stream.usage

    plain, chunks, usage = asyncio.run(talk())
    assert plain.choices[0].message.content == "Paris."
    assert "".join(c.choices[0].delta.content or "" for c in chunks) == "one two"
    assert usage.total_tokens > 0


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    "fault, expected, status, code",
    [
        ({"status": 400}, api.BadRequestError, 400, None),
        ({"status": 401}, api.AuthenticationError, 401, "invalid_api_key"),
        ({"status": 403}, api.PermissionDeniedError, 403, "permission_denied"),
        ({"status": 404}, api.NotFoundError, 404, "not_found"),
        (
            {"status": 429, "headers": [("Retry-After", "7")]},
            api.RateLimitError,
            429,
            "rate_limit_exceeded",
        ),
        ({"status": 500}, api.InternalServerError, 500, None),
        ({"status": 418, "body": {"message": "teapot"}}, api.APIError, 418, None),
        ({"status": 302, "body": b""}, api.InternalServerError, 502, "upstream_error"),
        ({"status": 200, "body": b"<html>"}, api.InternalServerError, 502, "upstream_error"),
        ({"drop": True}, api.APIConnectionError, None, None),
    ],
)
def test_each_failure_is_an_exception_with_status_code_and_message(
    us: FakeAssemblyAI,
    base: dict[str, Any],
    fault: dict[str, Any],
    expected: type[api.APIError],
    status: int | None,
    code: str | None,
    stream: bool,
) -> None:
    us.fail_next(**fault)
    with pytest.raises(api.APIError) as caught:
        completion(MODEL, HELLO, stream=stream, **base)  # type: ignore[call-overload]
    error = caught.value
    assert type(error) is expected
    assert (error.status_code, error.code) == (status, code)
    assert error.message
    assert US_KEY not in repr(vars(error))
    assert error.retry_after_s == (7.0 if status == 429 else None)


def test_a_reply_that_breaks_off_is_a_connection_error(
    us: FakeAssemblyAI, base: dict[str, Any]
) -> None:
    us.fail_next(cut_after=30)
    with pytest.raises(api.APIConnectionError):
        completion(MODEL, HELLO, **base)
    us.next_answer("one two three four five six")
    us.fail_next(cut_after=1500)
    seen = []
    with (
        pytest.raises(api.APIConnectionError),
        completion(MODEL, HELLO, stream=True, **base) as stream,
    ):
        seen.extend(stream)
    assert seen
    assert stream.cost_usd is None


def test_a_gateway_that_hangs_is_a_timeout(us: FakeAssemblyAI, base: dict[str, Any]) -> None:
    us.fail_next(delay_s=float("inf"))
    with pytest.raises(api.APITimeoutError):
        completion(MODEL, HELLO, timeout=0.05, **base)


@pytest.mark.parametrize(
    "data, expected",
    [
        (b'{"error": {"code": 429, "message": "slow down"}}', api.RateLimitError),
        (b"nonsense", api.InternalServerError),
        (b'{"choices": []}', api.InternalServerError),
    ],
)
def test_an_error_inside_a_stream_is_raised(data: bytes, expected: type[api.APIError]) -> None:
    with serve(Gateway((200, Body(sse(data))))) as url:
        stream = completion(MODEL, HELLO, stream=True, api_key="k", api_base=f"{url}/v1")
        with stream, pytest.raises(expected):
            next(stream)


@pytest.mark.parametrize(
    "change, expected, param",
    [
        ({"temperature": 3}, api.BadRequestError, "temperature"),
        ({"messages": []}, api.BadRequestError, "messages"),
        ({"messages": [object()]}, api.BadRequestError, "messages"),
        ({"seed": float("nan")}, api.BadRequestError, "seed"),
        ({"colour": "red"}, api.BadRequestError, "colour"),
        ({"model": "gpt-5-mini"}, api.NotFoundError, "model"),
        ({"model": None}, api.BadRequestError, "model"),
        ({"api_key": "two words"}, api.AuthenticationError, None),
        ({"api_key": "line\nbreak"}, api.AuthenticationError, None),
    ],
)
def test_what_cannot_be_sent_is_refused_before_it_is(
    us: FakeAssemblyAI,
    base: dict[str, Any],
    change: dict[str, Any],
    expected: type[api.APIError],
    param: str | None,
) -> None:
    call: dict[str, Any] = {"model": MODEL, "messages": HELLO, **base, **change}
    with pytest.raises(expected) as caught:
        completion(**call)
    assert caught.value.param == param
    assert "line" not in str(caught.value)
    assert us.requests == []


@pytest.mark.parametrize(
    "url", ["http://gateway.example/v1", "ftp://127.0.0.1/v1", "http://u:p@127.0.0.1/v1", "x"]
)
def test_an_address_that_would_show_the_key_is_refused(url: str) -> None:
    with pytest.raises(ConfigError):
        completion(MODEL, HELLO, api_key="k", api_base=url)


def test_none_is_left_out_and_tuples_are_arrays(us: FakeAssemblyAI, base: dict[str, Any]) -> None:
    completion(MODEL, tuple(HELLO), tools=None, temperature=None, **base)
    assert json.loads(us.requests[0].body) == {"model": "gpt-5-mini", "messages": HELLO}


def test_keys_come_from_the_environment_by_region(
    us: FakeAssemblyAI, base: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    where = {"api_base": base["api_base"]}
    with pytest.raises(api.AuthenticationError, match="ASSEMBLYAI_API_KEY"):
        completion(MODEL, HELLO, **where)
    monkeypatch.setenv("ASSEMBLYAI_API_KEY", US_KEY)
    assert completion(MODEL, HELLO, **where).model == MODEL
    eu = FakeAssemblyAI(region="eu")
    with serve(eu.host("llm-gateway")) as url:
        call: dict[str, Any] = {"api_base": f"{url}/v1", "messages": HELLO}
        with pytest.raises(api.AuthenticationError):
            completion("eu.assemblyai/claude-sonnet-4-6", **call)
        monkeypatch.setenv("ASSEMBLYAI_EU_API_KEY", EU_KEY)
        reply = completion("eu.assemblyai/claude-sonnet-4-6", **call)
    assert reply.model == "eu.assemblyai/claude-sonnet-4-6"


def test_netrc_and_proxies_of_the_environment_are_not_asked(
    us: FakeAssemblyAI, base: dict[str, Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login a password b\n")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    assert completion(MODEL, HELLO, **base).model == MODEL


def test_the_default_addresses_are_the_gateways_own() -> None:
    from assemblyai_mw.client.calls import _MODELS, _url

    urls = [_url(None, _MODELS.candidates(name)[0]) for name in (MODEL, f"eu.{MODEL}")]
    assert urls == [
        "https://llm-gateway.assemblyai.com/v1/chat/completions",
        "https://llm-gateway.eu.assemblyai.com/v1/chat/completions",
    ]


def test_what_openais_client_shows_as_none_is_none(
    us: FakeAssemblyAI, base: dict[str, Any]
) -> None:
    us.next_answer("Paris.", usage=USAGE)
    reply = completion(MODEL, HELLO, timeout=None, **base)
    assert reply.choices[0].message.tool_calls is None
    assert "tool_calls" not in reply.choices[0].message
    *_, last = completion(MODEL, HELLO, stream=True, **base)
    assert last.choices[0].delta.content is None
    assert last.usage is None
