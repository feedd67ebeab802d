"""The key of the door `messages`: in `x-api-key` too, and nowhere else than at the door."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import pytest
from messages_kit import MESSAGES, asked, error_of
from stack_kit import API, CHAT, Stack, chat
from webtest import TestApp

from assemblyai_mw import KeyAuth, PrefixRouter
from assemblyai_mw.call import Caller
from assemblyai_mw.testing import US_KEY


@pytest.fixture
def stack(stack_of: Callable[..., Stack]) -> Stack:
    return stack_of()


@pytest.mark.parametrize(
    "fields, status",
    [
        ({"x-api-key": "KEY"}, 200),
        ({"Authorization": "Bearer KEY"}, 200),
        ({"Authorization": "KEY"}, 200),
        ({"x-api-key": "KEY", "Authorization": "Bearer KEY"}, 200),
        ({"x-api-key": "", "Authorization": "Bearer KEY"}, 200),
        ({"x-api-key": "KEY", "Authorization": ""}, 200),
        ({"x-api-key": "KEY", "Authorization": "Bearer "}, 200),
        ({}, 401),
        ({"x-api-key": ""}, 401),
        ({"x-api-key": "sk-other"}, 401),
        ({"x-api-key": "KEY,KEY"}, 401),
        ({"x-api-key": "KEY", "Authorization": "Bearer OTHER"}, 401),
        ({"x-api-key": "OTHER", "Authorization": "Bearer KEY"}, 401),
        ({"x-api-key": "KEY", "Authorization": "Basic a3k6"}, 401),
        ({"x-api-key": "KEY", "Authorization": "Bearer KEY,Bearer KEY"}, 401),
    ],
)
def test_the_key_is_in_either_header(stack: Stack, fields: dict[str, str], status: int) -> None:
    keys = {"KEY": stack.key("a"), "OTHER": stack.key("b")}
    for name, value in keys.items():
        fields = {field: given.replace(name, value) for field, given in fields.items()}
    reply = stack.ask("POST", MESSAGES, None, json=asked(), headers=fields)
    assert reply.status_int == status
    assert "X-Api-Key" in reply.headers["Vary"]
    assert reply.headers["Cache-Control"] == "private, no-store"
    if status == 401:
        assert error_of(reply)["type"] == "authentication_error"
        assert not stack.us.requests


def test_elsewhere_the_other_header_is_no_key(stack: Stack) -> None:
    key = stack.key("a")
    for method, path in (
        ("POST", CHAT),
        ("GET", "/v1/models"),
        ("GET", f"{API}/v2/transcript"),
    ):
        fields = {"x-api-key": key}
        assert stack.ask(method, path, None, json=chat(), headers=fields).status_int == 401
    reply = stack.ask("POST", CHAT, key, json=chat(), headers={"x-api-key": "sk-other"})
    assert reply.status_int == 200


def test_a_login_of_the_host_counts_only_where_no_key_is(stack_of: Callable[..., Stack]) -> None:
    stack = stack_of(options={"identify": lambda environ: Caller("web")})
    site = {"Sec-Fetch-Site": "same-origin"}
    for fields, status in (({}, 200), ({"x-api-key": ""}, 200), ({"x-api-key": "sk-bad"}, 401)):
        reply = stack.ask("POST", MESSAGES, None, json=asked(), headers={**site, **fields})
        assert reply.status_int == status


def test_no_header_of_anthropics_and_no_key_goes_upstream_or_into_a_log(
    stack_of: Callable[..., Stack], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    records: list[Any] = []
    stack = stack_of(options={"on_call": records.append})
    key = stack.key("a")
    fields = {
        "x-api-key": key,
        "anthropic-version": "2023-06-01",
        "anthropic-beta": "claude-code-20250219",
        "anthropic-dangerous-direct-browser-access": "true",
        "x-stainless-lang": "js",
    }
    reply = stack.ask("POST", f"{MESSAGES}?beta=true", None, json=asked(), headers=fields)
    assert reply.status_int == 200
    (seen,) = [each for each in stack.us.requests if each.path == CHAT]
    names = {name.lower() for name, _ in seen.headers}
    assert not [name for name in names if name.startswith(("anthropic", "x-"))]
    assert seen.query == ""
    assert not [value for _, value in seen.headers if key in value]
    assert key not in caplog.text + repr(records)
    assert US_KEY not in reply.text


def test_within_no_stage_sees_the_key() -> None:
    seen: list[dict[str, Any]] = []

    def inner(environ: Any, start_response: Any) -> list[bytes]:
        seen.append(environ)
        start_response("200 OK", [])
        return []

    app = KeyAuth(inner, keys={"sk-0123456789abcdef": "alice"})
    TestApp(PrefixRouter(inner, {MESSAGES: app})).post(
        MESSAGES, headers={"x-api-key": "sk-0123456789abcdef"}
    )
    assert "sk-0123456789abcdef" not in repr(seen)


def test_pages_of_other_origins_may_send_what_the_sdk_sends(stack_of: Callable[..., Stack]) -> None:
    origin = "https://app.example"
    stack = stack_of(general_settings={"cors_origins": [origin]})
    wanted = (
        "anthropic-beta,anthropic-dangerous-direct-browser-access,anthropic-version,content-type,"
        "x-api-key,x-stainless-lang,x-stainless-retry-count"
    )
    preflight = {
        "Origin": origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": wanted,
    }
    reply = stack.ask("OPTIONS", MESSAGES, None, headers=preflight)
    assert reply.status_int == 204
    allowed = reply.headers["Access-Control-Allow-Headers"].split(", ")
    assert set(wanted.split(",")) <= set(allowed)
    fields = {"x-api-key": stack.key("a"), "Origin": origin}
    reply = stack.ask("POST", MESSAGES, None, json=asked(), headers=fields)
    assert "Request-Id" in reply.headers["Access-Control-Expose-Headers"].split(", ")
    reply = stack.ask(
        "OPTIONS", MESSAGES, None, headers={**preflight, "Origin": "https://x.example"}
    )
    assert (reply.status_int, error_of(reply)["type"]) == (403, "permission_error")
