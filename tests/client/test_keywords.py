"""The keywords of completion(): each works, or is refused by its name before anything is sent."""

from __future__ import annotations

import copy
import json
import socket
import ssl
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
import requests
import trustme
from network_kit import ConnectProxy, tls_in_front_of
from openai.lib._pydantic import _ensure_strict_json_schema, to_strict_json_schema
from openai_kit import HELLO
from pydantic import BaseModel, Field

from assemblyai_mw import PriceBook
from assemblyai_mw import client as api
from assemblyai_mw.client import completion
from assemblyai_mw.client.keywords import timeout_of
from assemblyai_mw.client.structured import response_format_of
from assemblyai_mw.errors import BadRequest
from assemblyai_mw.testing import US_KEY, FakeAssemblyAI

MODEL = "assemblyai/gpt-5-mini"
USAGE = {"input_tokens": 1000, "output_tokens": 500, "total_tokens": 1500}


def sent(us: FakeAssemblyAI) -> Any:
    return json.loads(us.requests[-1].body)


def fields(us: FakeAssemblyAI) -> dict[str, str]:
    return {name.lower(): value for name, value in us.requests[-1].headers}


def test_what_code_for_litellm_passes_by_habit_is_taken(
    us: FakeAssemblyAI, base: dict[str, Any]
) -> None:
    completion(
        MODEL,
        HELLO,
        temperature=0.5,
        user="ann",
        metadata={"tags": ["a"]},
        seed=1,
        drop_params=False,
        max_retries=0,
        num_retries=None,
        extra_body={},
        extra_headers={},
        timeout=30,
        base_url=base["api_base"],
        **base,
    )
    assert sent(us) == {"model": "gpt-5-mini", "messages": HELLO, "temperature": 0.5}


def test_extra_body_goes_over_the_parameters_and_by_the_same_table(
    us: FakeAssemblyAI, base: dict[str, Any]
) -> None:
    more = {"fail_fast": True, "temperature": 1.0}
    completion(MODEL, HELLO, temperature=0.5, extra_body=more, **base)
    assert sent(us) == {"model": "gpt-5-mini", "messages": HELLO, **more}


def test_extra_headers_go_along_and_leave_the_key_alone(
    us: FakeAssemblyAI, base: dict[str, Any]
) -> None:
    completion(MODEL, HELLO, extra_headers={"X-Request-Id": "abc", "user-agent": "mine"}, **base)
    headers = fields(us)
    assert (headers["x-request-id"], headers["user-agent"]) == ("abc", "mine")
    assert headers["authorization"] == US_KEY


def test_base_url_is_api_base(us: FakeAssemblyAI, base: dict[str, Any]) -> None:
    completion(MODEL, HELLO, base_url=base["api_base"], api_key=US_KEY)
    assert len(us.requests) == 1


def test_drop_params_drops_what_would_be_refused_and_nothing_else(
    us: FakeAssemblyAI, base: dict[str, Any]
) -> None:
    refused = {"n": 2, "logit_bias": {"1": 1}}
    with pytest.raises(api.BadRequestError) as caught:
        completion(MODEL, HELLO, **refused, **base)
    assert caught.value.param == "n"
    completion(MODEL, HELLO, drop_params=True, max_tokens=5, **refused, **base)
    assert sent(us) == {"model": "gpt-5-mini", "messages": HELLO, "max_tokens": 5}
    with pytest.raises(api.BadRequestError) as caught:
        completion(MODEL, HELLO, drop_params=True, colour="red", **base)
    assert caught.value.param == "colour"


@pytest.mark.parametrize(
    "given, expected",
    [
        (None, (10, 600)),
        (5, (5, 5)),
        (0.5, (0.5, 0.5)),
        (60.0, (10, 60)),
        ((3, 5), (3, 5)),
        ((None, 5), (10, 5)),
        ([3, 5], (3, 5)),
        (httpx.Timeout(5), (5, 5)),
        (httpx.Timeout(60, connect=2), (2, 60)),
        (httpx.Timeout(None), (10, 600)),
    ],
)
def test_a_timeout_is_seconds_a_pair_or_httpxs(given: Any, expected: tuple[float, float]) -> None:
    assert timeout_of(given) == expected


@pytest.mark.parametrize(
    "given",
    [
        0,
        -1,
        True,
        float("nan"),
        float("inf"),
        1e9,
        "5",
        (1,),
        (1, 2, 3),
        (0, 1),
        ("1", 2),
        object(),
    ],
)
def test_another_timeout_is_refused_by_name(given: Any) -> None:
    with pytest.raises(BadRequest) as caught:
        timeout_of(given)
    assert caught.value.param == "timeout"


def test_httpxs_timeout_is_kept(us: FakeAssemblyAI, base: dict[str, Any]) -> None:
    us.fail_next(delay_s=float("inf"))
    with pytest.raises(api.APITimeoutError):
        completion(MODEL, HELLO, timeout=httpx.Timeout(60, read=0.05), **base)


@pytest.mark.parametrize(
    "given, param",
    [
        ({"extra_body": [1]}, "extra_body"),
        ({"extra_body": {"stream": True}}, "extra_body"),
        ({"extra_body": {"model": MODEL}}, "extra_body"),
        ({"extra_body": {1: 2}}, "extra_body"),
        ({"extra_body": {"colour": 1}}, "colour"),
        ({"extra_headers": "x"}, "extra_headers"),
        ({"extra_headers": {"authorization": "secret"}}, "extra_headers"),
        ({"extra_headers": {"Content-Length": "9"}}, "extra_headers"),
        ({"extra_headers": {"X-A": "secret\r\nX-B: c"}}, "extra_headers"),
        ({"extra_headers": {"X-A: secret": "c"}}, "extra_headers"),
        ({"extra_headers": {"X-A": 1}}, "extra_headers"),
        ({"num_retries": -1}, "num_retries"),
        ({"num_retries": 11}, "num_retries"),
        ({"num_retries": True}, "num_retries"),
        ({"max_retries": "2"}, "num_retries"),
        ({"num_retries": 1, "max_retries": 2}, "num_retries"),
        ({"base_url": "http://127.0.0.1:1/v1"}, "api_base"),
        ({"api_base": 1}, "api_base"),
        ({"drop_params": "yes"}, "drop_params"),
        ({"prices": {"chat": {}}}, "prices"),
        ({"session": "x"}, "session"),
        ({"timeout": "5"}, "timeout"),
        ({"response_format": int}, "response_format"),
        ({"response_format": "json"}, "response_format"),
        ({"organization": "o"}, "organization"),
        ({"api_version": "1"}, "api_version"),
        ({"custom_llm_provider": "assemblyai"}, "custom_llm_provider"),
        ({"mock_response": "x"}, "mock_response"),
        ({"caching": True}, "caching"),
        ({"thinking": {"type": "enabled"}}, "thinking"),
        ({"client": object()}, "client"),
        ({"metadata": "x"}, "metadata"),
        ({"user": 1}, "user"),
    ],
)
def test_another_keyword_or_value_is_refused_by_name(
    us: FakeAssemblyAI, base: dict[str, Any], given: dict[str, Any], param: str
) -> None:
    with pytest.raises(api.BadRequestError) as caught:
        completion(MODEL, HELLO, **{**base, **given})
    assert (caught.value.param, caught.value.status_code) == (param, 400)
    assert param in caught.value.message
    assert "secret" not in caught.value.message
    assert us.requests == []


# Retries.


def test_429_is_tried_again_as_often_as_was_said(us: FakeAssemblyAI, base: dict[str, Any]) -> None:
    us.fail_next(status=429, headers=[("Retry-After", "0")], times=2)
    assert completion(MODEL, HELLO, num_retries=2, **base).model == MODEL
    assert len(us.requests) == 3
    us.fail_next(status=429, headers=[("Retry-After", "0")], times=2)
    with pytest.raises(api.RateLimitError):
        completion(MODEL, HELLO, max_retries=1, **base)
    assert len(us.requests) == 5


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 500},
        {"status": 503, "headers": [("Retry-After", "0")]},
        {"status": 400},
        {"drop": True},
        {"status": 200, "body": b"<html>"},
        {"status": 429, "headers": [("Retry-After", "3600")]},
    ],
)
def test_what_may_have_been_billed_or_takes_too_long_is_not_tried_again(
    us: FakeAssemblyAI, base: dict[str, Any], fault: dict[str, Any]
) -> None:
    us.fail_next(**fault)
    with pytest.raises(api.APIError):
        completion(MODEL, HELLO, num_retries=3, **base)
    assert len(us.requests) == 1


def test_a_connection_that_was_never_made_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    pauses: list[float] = []
    monkeypatch.setattr("time.sleep", pauses.append)
    where = {"api_base": f"http://127.0.0.1:{port}/v1", "api_key": "k"}
    with pytest.raises(api.APIConnectionError):
        completion(MODEL, HELLO, num_retries=6, **where)
    assert pauses == [0.5, 1, 2, 4, 8, 8]


# A Pydantic class.


class Place(BaseModel):
    """A place."""

    name: str
    code: int | None = None


class Trip(BaseModel):
    home: Place = Field(description="Where it begins.")
    stops: list[Place] = []
    notes: dict[str, str] = {}
    kind: str = "walk"


class Node(BaseModel):
    value: str
    next: Node | None = None


class Endless(BaseModel):
    inner: Endless = Field(description="Itself.")


@pytest.mark.parametrize("cls", [Place, Trip, Node])
def test_a_pydantic_class_is_the_schema_that_openais_sdk_sends(
    us: FakeAssemblyAI, base: dict[str, Any], cls: type[BaseModel]
) -> None:
    completion(MODEL, HELLO, response_format=cls, **base)
    assert sent(us)["response_format"] == {
        "type": "json_schema",
        "json_schema": {
            "name": cls.__name__,
            "schema": to_strict_json_schema(cls),
            "strict": True,
        },
    }


INTERSECTIONS = {
    "definitions": {"A": {"type": "object", "properties": {"a": {"type": "string"}}}},
    "type": "object",
    "properties": {
        "one": {"allOf": [{"$ref": "#/definitions/A"}], "description": "x"},
        "two": {"allOf": [{"type": "object", "properties": {}}, {"minProperties": 1}]},
        "any": {"items": True, "default": None},
    },
}


def test_intersections_are_those_of_openais_sdk_and_pydantic_is_not_needed() -> None:
    class Duck:
        @staticmethod
        def model_json_schema() -> Any:
            return copy.deepcopy(INTERSECTIONS)

    theirs: Any = copy.deepcopy(INTERSECTIONS)
    expected = _ensure_strict_json_schema(theirs, path=(), root=theirs)
    assert response_format_of(Duck)["json_schema"]["schema"] == expected


def test_a_class_without_a_finite_schema_is_refused(base: dict[str, Any]) -> None:
    with pytest.raises(api.BadRequestError, match="Endless") as caught:
        completion(MODEL, HELLO, response_format=Endless, **base)
    assert caught.value.param == "response_format"


def test_the_reply_is_what_the_class_reads(us: FakeAssemblyAI, base: dict[str, Any]) -> None:
    us.next_answer('{"name": "Paris", "code": null}')
    reply = completion(MODEL, HELLO, response_format=Place, **base)
    assert Place.model_validate_json(reply.choices[0].message.content).name == "Paris"


# Prices.


@pytest.mark.parametrize("stream", [False, True])
def test_the_price_is_by_the_operators_book(
    us: FakeAssemblyAI, base: dict[str, Any], stream: bool
) -> None:
    streamed = {"prompt_tokens": 1000, "completion_tokens": 500, "total_tokens": 1500}
    us.next_answer("x", usage=streamed if stream else USAGE)
    prices = PriceBook.load({"discount": "10%"})
    reply: Any = completion(MODEL, HELLO, stream=stream, prices=prices, **base)  # type: ignore[call-overload]
    if stream:
        list(reply)
    assert reply.cost_usd == Decimal("0.0012375")


# A session.


def test_a_session_of_ones_own_stays_open_and_its_credentials_stay_here(
    us: FakeAssemblyAI, base: dict[str, Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("default login a password b\n")
    monkeypatch.setenv("NETRC", str(netrc))
    with requests.Session() as session:
        for auth in (None, ("user", "password")):
            session.auth = auth
            session.headers["Authorization"] = "Bearer other"
            completion(MODEL, HELLO, session=session, **base)
            assert fields(us)["authorization"] == US_KEY
        completion(MODEL, HELLO, trust_env=True, **base)
        assert fields(us)["authorization"] == US_KEY
        # close() empties them.
        assert len(session.get_adapter("http://").poolmanager.pools) == 1


def test_a_session_brings_its_proxy_and_its_authority(
    us: FakeAssemblyAI, base: dict[str, Any], tmp_path: Path
) -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    ca_file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(ca_file)
    plain = urlsplit(base["api_base"]).port or 0
    with tls_in_front_of(plain, context) as port, ConnectProxy() as proxy:
        where = {"api_base": f"https://127.0.0.1:{port}/v1", "api_key": US_KEY}
        with pytest.raises(api.APIConnectionError):
            completion(MODEL, HELLO, **where)
        with requests.Session() as session:
            session.trust_env = False
            session.verify = str(ca_file)
            session.proxies = {"https": proxy.url}
            assert completion(MODEL, HELLO, session=session, **where).model == MODEL
        assert proxy.targets == [f"127.0.0.1:{port}"]
