"""The opening handshake: what is asked of a client, and what an upstream may answer."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from assemblyai_mw.errors import RequestRefused, UpstreamError
from assemblyai_mw.relay.handshake import (
    accept_of,
    check,
    is_handshake,
    passed_on,
    reply_head,
    request_fields,
)

# RFC 6455 1.3.
KEY, ACCEPT = "dGhlIHNhbXBsZSBub25jZQ==", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
ENVIRON = {
    "REQUEST_METHOD": "GET",
    "HTTP_UPGRADE": "websocket",
    "HTTP_CONNECTION": "Upgrade",
    "HTTP_SEC_WEBSOCKET_VERSION": "13",
    "HTTP_SEC_WEBSOCKET_KEY": KEY,
}
ANSWER = [("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Accept", ACCEPT)]


def environ(**changes: str | None) -> dict[str, Any]:
    return {key: value for key, value in (ENVIRON | changes).items() if value is not None}


def answer(**changes: str | None) -> list[tuple[str, str]]:
    fields = {name.lower().replace("-", "_"): (name, value) for name, value in ANSWER}
    for key, value in changes.items():
        if value is None:
            del fields[key]
        else:
            fields[key] = (key.replace("_", "-").upper(), value)
    return list(fields.values())


@pytest.mark.parametrize("upgrade", ["websocket", "WebSocket", " WEBSOCKET "])
def test_a_request_for_websocket_is_known_in_any_case(upgrade: str) -> None:
    assert is_handshake(environ(HTTP_UPGRADE=upgrade))


@pytest.mark.parametrize("upgrade", [None, "", "h2c", "h2c, websocket", "websocket, h2c"])
def test_what_does_not_ask_for_websocket_alone_is_an_ordinary_request(upgrade: str | None) -> None:
    assert not is_handshake(environ(HTTP_UPGRADE=upgrade))


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"HTTP_CONNECTION": "keep-alive, Upgrade"},
        {"HTTP_CONNECTION": "UPGRADE ,keep-alive"},
        {"HTTP_SEC_WEBSOCKET_VERSION": " 13 "},
        {"HTTP_SEC_WEBSOCKET_KEY": f" {KEY} "},
    ],
)
def test_a_handshake_of_the_standard_is_taken(changes: dict[str, str]) -> None:
    check(environ(**changes))


@pytest.mark.parametrize(
    "changes, status",
    [
        ({"REQUEST_METHOD": "POST"}, 400),
        ({"HTTP_CONNECTION": None}, 400),
        ({"HTTP_CONNECTION": "keep-alive"}, 400),
        ({"HTTP_CONNECTION": "upgrades"}, 400),
        ({"HTTP_SEC_WEBSOCKET_VERSION": None}, 426),
        ({"HTTP_SEC_WEBSOCKET_VERSION": "8"}, 426),
        ({"HTTP_SEC_WEBSOCKET_VERSION": "013"}, 426),
        # A server joins a doubled field with a comma.
        ({"HTTP_SEC_WEBSOCKET_VERSION": "13,13"}, 426),
        ({"HTTP_SEC_WEBSOCKET_VERSION": "13, 8"}, 426),
        ({"HTTP_SEC_WEBSOCKET_KEY": None}, 400),
        ({"HTTP_SEC_WEBSOCKET_KEY": ""}, 400),
        ({"HTTP_SEC_WEBSOCKET_KEY": f"{KEY},{KEY}"}, 400),
        ({"HTTP_SEC_WEBSOCKET_KEY": base64.b64encode(b"x" * 15).decode()}, 400),
        ({"HTTP_SEC_WEBSOCKET_KEY": base64.b64encode(b"x" * 17).decode()}, 400),
        ({"HTTP_SEC_WEBSOCKET_KEY": KEY[:-2]}, 400),
        ({"HTTP_SEC_WEBSOCKET_KEY": "\xe4" * 24}, 400),
        ({"HTTP_SEC_WEBSOCKET_KEY": "d\r\nX: y" + KEY}, 400),
    ],
)
def test_what_is_no_handshake_is_refused(changes: dict[str, str | None], status: int) -> None:
    with pytest.raises(RequestRefused) as refused:
        check(environ(**changes))
    assert refused.value.status == status
    named = ("Sec-WebSocket-Version", "13") in refused.value.headers
    assert named is (status == 426)


def test_extensions_are_not_asked_for_upstream() -> None:
    fields = request_fields(
        environ(
            HTTP_SEC_WEBSOCKET_EXTENSIONS="permessage-deflate",
            HTTP_SEC_WEBSOCKET_PROTOCOL="a, b",
        )
    )
    assert fields == [
        ("Connection", "Upgrade"),
        ("Upgrade", "websocket"),
        ("Sec-WebSocket-Key", KEY),
        ("Sec-WebSocket-Version", "13"),
        ("Sec-WebSocket-Protocol", "a, b"),
    ]


def test_the_answer_fits_the_key() -> None:
    assert accept_of(KEY) == ACCEPT
    head = reply_head(environ(HTTP_SEC_WEBSOCKET_KEY=f" {KEY}"), [("Sec-WebSocket-Protocol", "a")])
    assert head == (
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: " + ACCEPT.encode() + b"\r\nSec-WebSocket-Protocol: a\r\n\r\n"
    )


@pytest.mark.parametrize(
    "headers",
    [
        ANSWER,
        [(name.upper(), f" {value} ") for name, value in ANSWER],
        answer(upgrade="WebSocket"),
        answer(connection="keep-alive, upgrade"),
        [*ANSWER, ("Set-Cookie", "secret=1"), ("Server", "x"), ("Content-Length", "5")],
    ],
)
def test_of_a_right_answer_nothing_else_passes(headers: list[tuple[str, str]]) -> None:
    assert passed_on(environ(), headers) == []


@pytest.mark.parametrize(
    "headers",
    [
        answer(sec_websocket_accept=None),
        answer(sec_websocket_accept=ACCEPT.lower()),
        answer(sec_websocket_accept=accept_of("AAAAAAAAAAAAAAAAAAAAAA==")),
        [*ANSWER, ("sec-websocket-accept", ACCEPT)],
        answer(upgrade=None),
        answer(upgrade="h2c"),
        answer(upgrade="websocket, h2c"),
        [*ANSWER, ("upgrade", "websocket")],
        answer(connection=None),
        answer(connection="close"),
        [*ANSWER, ("Sec-WebSocket-Extensions", "permessage-deflate")],
        [*ANSWER, ("SEC-WEBSOCKET-EXTENSIONS", "")],
        [*ANSWER, ("Sec-WebSocket-Protocol", "c")],
        [*ANSWER, ("Sec-WebSocket-Protocol", "A")],
        [*ANSWER, ("Sec-WebSocket-Protocol", "a, b")],
        [*ANSWER, ("Sec-WebSocket-Protocol", "a"), ("sec-websocket-protocol", "b")],
        [*ANSWER, ("Sec-WebSocket-Protocol", "")],
    ],
)
def test_an_answer_that_is_not_to_this_handshake_is_refused(headers: list[tuple[str, str]]) -> None:
    with pytest.raises(UpstreamError):
        passed_on(environ(HTTP_SEC_WEBSOCKET_PROTOCOL="a, b"), headers)


def test_a_subprotocol_must_be_one_that_was_offered() -> None:
    chosen = [*ANSWER, ("Sec-WebSocket-Protocol", "b")]
    assert passed_on(environ(HTTP_SEC_WEBSOCKET_PROTOCOL="a,b"), chosen) == [
        ("Sec-WebSocket-Protocol", "b")
    ]
    for offered in (None, "", "a"):
        with pytest.raises(UpstreamError):
            passed_on(environ(HTTP_SEC_WEBSOCKET_PROTOCOL=offered), chosen)
    with pytest.raises(UpstreamError):
        passed_on(environ(), [*ANSWER, ("Sec-WebSocket-Protocol", "")])
