"""Whatever a key decides is private: no cache keeps it, whichever stage or upstream answered."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from stack_kit import CHAT, MASTER_KEY, Stack, chat
from webtest import TestApp

from assemblyai_mw import KeyAuth

KEY = "sk-private-5c1d"
PUBLIC = [
    ("Cache-Control", "public, max-age=600, s-maxage=600"),
    ("Expires", "Thu, 01 Jan 2037 00:00:00 GMT"),
    ("Pragma", "cache"),
    ("Age", "5"),
    ("Surrogate-Control", "max-age=600"),
    ("CDN-Cache-Control", "max-age=600"),
    ("X-Content-Type-Options", "junk"),
]


@pytest.fixture
def stack(sqlite_url: str) -> Iterator[Stack]:
    made = Stack(sqlite_url, general_settings={"metrics_path": "/metrics"})
    yield made
    made.close()


def assert_private(reply: Any, vary: str = "Authorization") -> None:
    for name, value in (
        ("Cache-Control", "private, no-store"),
        ("Vary", vary),
        ("X-Content-Type-Options", "nosniff"),
    ):
        assert reply.headers.getall(name) == [value]
    for name in ("Expires", "Pragma", "Age", "Surrogate-Control", "CDN-Cache-Control"):
        assert name not in reply.headers


@pytest.mark.parametrize(
    "method, path, status",
    [
        ("GET", "/assemblyai/v2/transcript", 200),
        ("GET", "/assemblyai/v2/transcript/{id}", 200),
        ("HEAD", "/assemblyai/v2/transcript/{id}", 200),
        ("GET", "/assemblyai/v2/transcript/nobodys", 404),
        ("DELETE", "/assemblyai/v2/transcript", 405),
        ("GET", "/llm-gateway.assemblyai/v1/models", 200),
        ("GET", "/v1/models", 200),
        ("GET", "/v1/models/none", 404),
        ("POST", CHAT, 400),
        ("GET", "/assemblyai-mw/key/me", 200),
        ("PUT", "/assemblyai-mw/key/me", 405),
    ],
)
def test_every_answer_to_a_key_is_private(stack, method, path, status) -> None:
    key = stack.key("alice")
    reply = stack.ask(method, path.format(id=stack.submit(key)), key)
    assert reply.status_int == status
    assert_private(reply)


@pytest.mark.parametrize("path", ["/assemblyai/v2/transcript", CHAT, "/assemblyai-mw/key/me"])
def test_an_answer_to_no_key_is_private_too(stack, path) -> None:
    reply = stack.ask("GET", path, None)
    assert reply.status_int == 401
    assert_private(reply)


def test_refusals_of_a_rate_a_policy_and_a_budget_are_private(stack) -> None:
    slow, eu = stack.key("slow", rpm=1), stack.key("eu", region="eu")
    poor = stack.key("poor", budget_usd="0.000001")
    stack.ask("GET", "/v1/models", slow)
    asked = [
        (stack.ask("GET", "/v1/models", slow), 429),
        (stack.ask("GET", "/assemblyai/v2/transcript", eu), 403),
        (stack.ask("POST", CHAT, poor, json=chat()), 429),
    ]
    for reply, status in asked:
        assert reply.status_int == status
        assert_private(reply)


@pytest.mark.parametrize("token, status", [(MASTER_KEY, 200), ("sk-other", 401), (None, 401)])
def test_metrics_are_private(stack, token, status) -> None:
    reply = stack.ask("GET", "/metrics", token and f"Bearer {token}")
    assert reply.status_int == status
    assert_private(reply)


@pytest.mark.parametrize("path", [CHAT, "/llm-gateway.assemblyai/v1/chat/completions"])
def test_a_stream_is_private_and_not_held_back_by_nginx(stack, path) -> None:
    model = "assemblyai/gpt-5-mini" if path == CHAT else "gpt-5-mini"
    reply = stack.ask("POST", path, stack.key("alice"), json=chat(model=model, stream=True))
    assert reply.content_type == "text/event-stream"
    assert reply.headers.getall("X-Accel-Buffering") == ["no"]
    assert_private(reply)


def answering(*headers: tuple[str, str]) -> Any:
    def app(environ: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain"), *headers])
        return [b"x"]

    return app


def told(app: Any, **options: Any) -> Any:
    return TestApp(KeyAuth(app, keys={KEY: "a"}, **options)).get(
        "/x", headers={"Authorization": KEY}
    )


def test_what_was_public_is_private() -> None:
    assert_private(told(answering(*PUBLIC)))


@pytest.mark.parametrize(
    "said, vary",
    [
        ([], "Authorization"),
        (["Accept-Encoding"], "Accept-Encoding, Authorization"),
        (["Origin, authorization"], "Origin, authorization"),
        (["a", "b,, c"], "a, b, c, Authorization"),
        (["*"], "*, Authorization"),
        (["a" * 300], "a" * 300 + ", Authorization"),
    ],
)
def test_vary_is_merged(said: list[str], vary: str) -> None:
    assert_private(told(answering(*(("Vary", value) for value in said))), vary)


def test_with_an_identity_bridge_replies_vary_by_cookie_too() -> None:
    assert_private(told(answering(), identify=lambda environ: None), "Authorization, Cookie")


def test_the_apps_own_list_of_headers_is_left_alone() -> None:
    headers = [("Content-Type", "text/plain"), ("Cache-Control", "public")]
    before = list(headers)

    def app(environ: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", headers)
        return [b"x"]

    told(app)
    assert headers == before
