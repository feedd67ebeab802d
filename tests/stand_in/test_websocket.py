"""The stand-in keeps to RFC 6455, and so must its clients."""

from __future__ import annotations

import json
import socket
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, ConnectionClosedError

from assemblyai_mw.testing import FakeAssemblyAI
from assemblyai_mw.testing.websocket import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, frame

from .kit import exchange
from .streaming_kit import CHUNK, KEY, MASK, Raw, Sdk, address, handshake, library, raw
from .test_streaming import over


@pytest.mark.parametrize(
    "request_bytes, status, part",
    [
        pytest.param(handshake(without="upgrade"), 426, b"upgrade: websocket", id="no upgrade"),
        pytest.param(handshake(connection="close"), 426, b"upgrade: websocket", id="connection"),
        pytest.param(
            handshake(sec_websocket_version="8"), 426, b"sec-websocket-version: 13", id="version"
        ),
        pytest.param(handshake(without="sec-websocket-version"), 426, b"version", id="none"),
        pytest.param(handshake(without="sec-websocket-key"), 400, b"key", id="no key"),
        pytest.param(handshake(sec_websocket_key="c2hvcnQ="), 400, b"key", id="short key"),
        pytest.param(handshake(sec_websocket_key="no base64!"), 400, b"key", id="odd key"),
        pytest.param(
            handshake().replace(b"\r\n\r\n", f"\r\nSec-WebSocket-Key: {KEY}\r\n\r\n".encode()),
            400,
            b"key",
            id="two keys",
        ),
        pytest.param(handshake().replace(b"HTTP/1.1", b"HTTP/1.0"), 400, b"http/1.1", id="1.0"),
        pytest.param(handshake(content_length="2") + b"{}", 400, b"body", id="body"),
        pytest.param(handshake().replace(b"GET", b"POST"), 405, b"not allowed", id="POST"),
        pytest.param(handshake("/v3/wss"), 404, b"error", id="path"),
        pytest.param(handshake(key=None), 401, b"error", id="no account"),
    ],
)
def test_what_is_no_handshake_stays_http(
    request_bytes: bytes, status: int, part: bytes, url: str, fake: FakeAssemblyAI
) -> None:
    reply = exchange(url, request_bytes).lower()
    assert reply.startswith(f"http/1.1 {status} ".encode())
    assert part in reply
    assert fake.sessions == []


def test_the_reply_is_a_handshakes_and_no_more(url: str) -> None:
    """RFC 6455, 1.3, has this key and its answer."""
    with socket.create_connection(address(url)) as connection:
        connection.sendall(handshake())
        client = Raw(connection)
        assert client.head() == (
            101,
            {
                "upgrade": "websocket",
                "connection": "Upgrade",
                "sec-websocket-accept": "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
            },
        )
        client.close()


@pytest.mark.parametrize(
    "data, code",
    [
        pytest.param(frame(TEXT, b"{}"), 1002, id="no mask"),
        pytest.param(frame(BINARY, CHUNK, mask=MASK, rsv=4), 1002, id="rsv1"),
        pytest.param(frame(BINARY, CHUNK, mask=MASK, rsv=1), 1002, id="rsv3"),
        pytest.param(frame(3, b"", mask=MASK), 1002, id="opcode 3"),
        pytest.param(frame(0xB, b"", mask=MASK), 1002, id="opcode 11"),
        pytest.param(frame(CONTINUATION, b"", mask=MASK), 1002, id="continuation"),
        pytest.param(
            frame(TEXT, b"{", fin=False, mask=MASK) + frame(BINARY, b"", mask=MASK),
            1002,
            id="nested",
        ),
        pytest.param(frame(PING, b"", fin=False, mask=MASK), 1002, id="split ping"),
        pytest.param(frame(PING, bytes(126), mask=MASK), 1002, id="long ping"),
        pytest.param(b"\x82\xfe\x00\x7d" + MASK + bytes(125), 1002, id="long form of 125"),
        pytest.param(
            b"\x82\xff" + (65535).to_bytes(8) + MASK + bytes(65535), 1002, id="long form of 65535"
        ),
        pytest.param(b"\x82\xff" + b"\xff" * 8 + MASK, 1002, id="negative"),
        pytest.param(b"\x82\xff" + (4 << 21).to_bytes(8) + MASK, 1009, id="too long"),
        pytest.param(frame(TEXT, b"\xff", mask=MASK), 1007, id="no UTF-8"),
        pytest.param(frame(TEXT, "é".encode()[:1], mask=MASK), 1007, id="half a character"),
        pytest.param(
            frame(TEXT, b"\xc3", fin=False, mask=MASK) + frame(CONTINUATION, b"\x28", mask=MASK),
            1007,
            id="no UTF-8 over fragments",
        ),
        pytest.param(frame(CLOSE, b"\x03", mask=MASK), 1002, id="half a code"),
        pytest.param(frame(CLOSE, b"\x03\xed", mask=MASK), 1002, id="code 1005"),
        pytest.param(frame(CLOSE, b"\x0b\xb7", mask=MASK), 1002, id="code 2999"),
        pytest.param(frame(CLOSE, b"\x03\xe8\xff", mask=MASK), 1007, id="odd reason"),
    ],
)
def test_a_client_that_breaks_the_protocol_is_closed(
    data: bytes, code: int, url: str, fake: FakeAssemblyAI
) -> None:
    with raw(url) as client:
        client.message()
        client.connection.sendall(data)
        assert client.close_code() == code
    session = over(fake)
    assert (session.ended_by, session.close_code) == ("protocol", code)


def test_fragments_and_pings_between_them(url: str, fake: FakeAssemblyAI) -> None:
    with raw(url) as client:
        client.message()
        text = '{"type": "UpdateConfiguration", "prompt": "é"}'.encode()
        at = text.index("é".encode()) + 1
        client.send(TEXT, text[:at], fin=False)
        client.send(PING, b"are you there?")
        client.send(CONTINUATION, b"", fin=False)
        client.send(CONTINUATION, text[at:])
        client.send(BINARY, CHUNK[:1], fin=False)
        client.send(CONTINUATION, CHUNK[1:])
        client.say({"type": "Terminate"})
        assert client.frame() == (bytes([0x80 | PONG, 14]), b"are you there?")
        assert client.close_code() == 1000
    session = over(fake)
    assert session.texts[0]["prompt"] == "é"
    assert (session.audio_bytes, session.chunks, session.pings) == (3200, 1, 1)


def test_bytes_one_at_a_time(url: str, fake: FakeAssemblyAI) -> None:
    with raw(url) as client:
        client.message()
        for byte in frame(BINARY, CHUNK, mask=MASK)[:99]:
            client.connection.sendall(bytes([byte]))
        client.connection.sendall(frame(BINARY, CHUNK, mask=MASK)[99:])
        client.say({"type": "Terminate"})
        assert client.close_code() == 1000
    assert over(fake).audio_bytes == 3200


@pytest.mark.parametrize(
    "payload", [b"", b"\x03\xe8", b"\x0f\xa0bye"], ids=["none", "1000", "4000"]
)
def test_a_close_frame_is_answered_with_its_code(
    payload: bytes, url: str, fake: FakeAssemblyAI
) -> None:
    with raw(url) as client:
        client.message()
        client.send(CLOSE, payload)
        assert client.frame()[1] == payload[:2]
        with pytest.raises(EOFError):
            client.frame()
    assert over(fake).close_code == (int.from_bytes(payload[:2]) if payload else None)


@pytest.mark.parametrize(
    "violation, code",
    [
        ("masked", 1002),
        ("rsv", 1002),
        ("opcode", 1002),
        ("continuation", 1002),
        ("nested", 1002),
        ("long ping", 1002),
        ("split ping", 1002),
        ("bad close", 1002),
        ("bad utf-8", 1007),
        ("big text", 1009),
    ],
)
def test_a_broken_server_is_noticed_by_a_strict_client(
    violation: Any, code: int, url: str, fake: FakeAssemblyAI
) -> None:
    fake.fail_next_session(violation=violation)
    with library(url) as client:
        with pytest.raises(ConnectionClosedError):
            list(client)
    session = over(fake)
    assert (session.ended_by, session.close_code) == ("close", code)


def test_a_ping_flood_is_answered(url: str, fake: FakeAssemblyAI) -> None:
    fake.fail_next_session(violation="ping flood", at=len(CHUNK))
    with library(url) as client:
        client.send(CHUNK)
        assert fake.wait_for(lambda f: f.sessions[0].chunks == 1)
        client.send('{"type": "Terminate"}')
        assert json.loads([*client][-1])["type"] == "Termination"
    assert over(fake).pongs == 10_000


@pytest.mark.parametrize("how", [{"fragment_bytes": 5}, {"dribble_bytes": 1}], ids=str)
def test_texts_in_pieces_are_whole_for_the_sdk(
    how: dict[str, int], url: str, fake: FakeAssemblyAI
) -> None:
    fake.fail_next_session(**how)
    sdk = Sdk(url).connect(speech_model="u3-rt-pro")
    sdk.client.stream([CHUNK] * 10)
    sdk.client.disconnect(terminate=True)
    assert sdk.errors == []
    assert (sdk.types()[0], sdk.types()[-1]) == ("Begin", "Termination")


def test_a_session_ends_as_the_fault_says(url: str, fake: FakeAssemblyAI) -> None:
    fake.text, fake.audio_s = "Hello there.", 0.5

    def run() -> tuple[list[str], int | None]:
        types: list[str] = []
        with library(url, "include_partial_turns=false") as client:
            try:
                for _ in range(3):
                    client.send(CHUNK)
                client.send('{"type": "Terminate"}')
            except ConnectionClosed:
                pass
            try:
                while True:
                    types.append(json.loads(client.recv(timeout=10))["type"])
            except ConnectionClosed as closed:
                return types, closed.rcvd.code if closed.rcvd else None

    for how, types, code in (
        ({"error": (3005, "Session Cancelled: An error occurred")}, ["Begin", "Error"], 3005),
        ({"error": (3005, "Later"), "at": 6400}, ["Begin", "Error"], 3005),
        ({"close_code": 1011}, ["Begin"], 1011),
        ({"close_code": 1011, "at": "terminate"}, ["Begin", "Turn"], 1011),
        ({"vanish": "fin"}, ["Begin"], None),
        ({"vanish": "rst", "at": 6400}, None, None),
        ({"vanish": "fin", "at": "terminate"}, ["Begin", "Turn"], None),
    ):
        fake.fail_next_session(**how)
        got = run()
        if types is not None:
            assert [kind for kind in got[0] if kind != "SpeechStarted"] == types, how
        assert got[1] == code, how
        assert over(fake, len(fake.sessions)).ended_by == "fault"
    assert run()[1] == 1000


def test_messages_can_be_odd_and_late(url: str, fake: FakeAssemblyAI) -> None:
    fake.fail_next_session(
        begin_after_s=0.05,
        begin={"configuration": None, "expires_at": 0},
        termination={"session_duration_seconds": "soon"},
    )
    with library(url) as client:
        begin = json.loads(client.recv())
        assert (begin["configuration"], begin["expires_at"]) == (None, 0)
        client.send('{"type": "Terminate"}')
        assert json.loads(client.recv())["session_duration_seconds"] == "soon"


@pytest.mark.parametrize("at", [0, "terminate"])
def test_a_silent_stand_in_hears_and_says_nothing(at: Any, url: str, fake: FakeAssemblyAI) -> None:
    fake.fail_next_session(silent=True, at=at)
    with raw(url) as client:
        client.message()
        client.send(BINARY, CHUNK)
        client.say({"type": "Terminate"})
        assert fake.wait_for(lambda f: f.sessions[0].terminated)
        assert fake.sessions[0].ended_by is None
        client.send(PING)
        client.send(CLOSE)
        client.connection.shutdown(socket.SHUT_WR)
        with pytest.raises(EOFError):
            client.close_code()
    session = over(fake)
    assert (session.ended_by, session.audio_bytes) == ("close", 3200)
    assert "Termination" not in [message["type"] for message in session.sent]


def test_a_handshake_fails_as_the_fault_says(url: str, fake: FakeAssemblyAI) -> None:
    fake.fail_next_session(status=503)
    assert [error.code for error in Sdk(url).connect().errors] == [503]
    fake.fail_next_session(wrong_accept=True, times=3)
    sdk = Sdk(url)
    sdk.client._options.connection_retry_delay = 0
    assert "Sec-WebSocket-Accept" in str(sdk.connect().errors[0])
    fake.fail_next_session(no_reply=True)
    with socket.create_connection(address(url)) as silent:
        silent.sendall(handshake())
        assert fake.wait_for(lambda f: len(f.asked("GET", "/v3/ws")) == 5)
        silent.settimeout(0.05)
        with pytest.raises(TimeoutError):
            silent.recv(1)
