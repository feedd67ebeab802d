"""Streaming sessions at the stand-in: AssemblyAI's SDK and the `websockets` library open them."""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import socket
import struct
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from assemblyai_mw.testing import US_KEY, FakeAssemblyAI, FakeSession, serve
from assemblyai_mw.testing.websocket import BINARY, TEXT, frame

from .kit import get
from .streaming_kit import CHUNK, Sdk, library, raw


def token_of(url: str, query: str) -> str:
    status, body = get(url, f"/v3/token?{query}", US_KEY)
    assert status == 200
    return str(json.loads(body)["token"])


def over(fake: FakeAssemblyAI, count: int = 1) -> FakeSession:
    """The last session, once so many are over."""
    assert fake.wait_for(lambda f: sum(s.ended_by is not None for s in f.sessions) == count)
    return fake.sessions[-1]


def told(client: Any) -> tuple[dict[str, Any], int]:
    """The Error that ends a session, and the code of the close frame behind it."""
    message: dict[str, Any] = {}
    while message.get("type") != "Error":
        message = json.loads(client.recv(timeout=10))
    with pytest.raises(ConnectionClosed):
        client.recv(timeout=10)
    return message, client.close_code


def test_the_sdk_streams_a_whole_text(url: str, fake: FakeAssemblyAI) -> None:
    fake.audio_s = 5.0
    sdk = Sdk(url).connect(speech_model="u3-rt-pro", speaker_labels=True)
    sdk.client.stream([CHUNK] * 50)
    sdk.client.disconnect(terminate=True)

    assert sdk.errors == []
    begin, session = sdk.events[0], over(fake)
    assert (begin.type, begin.id) == ("Begin", session.id)
    assert begin.expires_at.timestamp() == math.floor(session.began + 10_800)
    assert begin.configuration.model == "u3-rt-pro"
    ends = [event for event in sdk.events if event.type == "Turn" and event.end_of_turn]
    assert " ".join(turn.transcript for turn in ends) == fake.text
    assert [turn.turn_order for turn in ends] == list(range(len(ends)))
    assert {turn.turn_is_formatted for turn in ends} == {True}
    assert {turn.speaker_label for turn in ends} == {"A", "B"}
    assert sdk.types().count("SpeechStarted") == len(ends)
    assert sum(event.type == "Turn" and not event.end_of_turn for event in sdk.events) > 5
    assert sdk.types()[-1] == "Termination"
    assert sdk.events[-1].audio_duration_seconds == 5
    assert sdk.events[-1].session_duration_seconds == session.billed_s


def test_a_session_is_a_record(url: str, fake: FakeAssemblyAI) -> None:
    chunks = [bytes([n]) * 3200 for n in range(3)]
    with library(url, "sample_rate=16000&speech_model=u3-pro&prompt=Names") as client:
        client.recv()
        for chunk in chunks:
            client.send(chunk)
        client.send('{"type": "UpdateConfiguration", "keyterms_prompt": ["Ada"], "prompt": ""}')
        client.send('{"type": "KeepAlive"}')
        client.send('{"type": "Terminate"}')
        assert [json.loads(text)["type"] for text in client][-1] == "Termination"
        assert client.close_code == 1000
    session = over(fake)
    assert session.account == "account"
    assert session.query == "sample_rate=16000&speech_model=u3-pro&prompt=Names"
    assert session.header("authorization") == US_KEY
    assert session.model == "u3-pro"
    assert session.features == {"prompt", "keyterms_prompt"}
    assert session.audio_sha256 == hashlib.sha256(b"".join(chunks)).hexdigest()
    assert (session.audio_bytes, session.chunks, session.audio_ms) == (9600, 3, 300)
    assert [text["type"] for text in session.texts] == [
        "UpdateConfiguration",
        "KeepAlive",
        "Terminate",
    ]
    assert (session.ended_by, session.close_code, session.terminated) == ("terminate", 1000, True)
    assert session.sent[-1]["type"] == "Termination"
    assert fake.requests[-1].status == 101


def test_other_models_format_on_request(url: str, fake: FakeAssemblyAI) -> None:
    fake.text, fake.audio_s = "Hello, World.", 1.0
    for query, forms in {
        "": ["hello world"],
        "format_turns=true": ["hello world", "Hello, World."],
        "format_turns=True&speech_model=u3-rt-pro": ["Hello, World."],
    }.items():
        with library(url, query) as client:
            for _ in range(10):
                client.send(CHUNK)
            client.send('{"type": "Terminate"}')
            messages = [json.loads(text) for text in client]
        assert [m["transcript"] for m in messages if m.get("end_of_turn")] == forms


def test_the_open_turn_ends_on_demand_and_at_the_end(url: str, fake: FakeAssemblyAI) -> None:
    fake.text, fake.audio_s = "one two three four.", 4.0
    with library(url, "speech_model=u3-rt-pro&include_partial_turns=false") as client:
        client.recv()
        for _ in range(25):
            client.send(CHUNK)
        client.send('{"type": "ForceEndpoint"}')
        for _ in range(10):
            client.send(CHUNK)
        client.send('{"type": "Terminate"}')
        messages = [json.loads(text) for text in client]
    assert [m["transcript"] for m in messages if m["type"] == "Turn"] == ["one two", "three"]


def test_a_bad_key_is_refused_either_way(url: str, fake: FakeAssemblyAI) -> None:
    for key in ("wrong", "", f"Bearer {US_KEY}"):
        sdk = Sdk(url, key=key).connect()
        assert [error.code for error in sdk.errors] == [401]
    assert fake.sessions == []

    fake.streaming.refuse_by_frame = True
    sdk = Sdk(url, key="wrong").connect()
    assert sdk.ended.wait(10)
    sdk.client.disconnect()
    assert sdk.errors[0].code == 1008
    assert "Unauthorized" in str(sdk.errors[0])
    session = over(fake)
    assert (session.ended_by, session.close_code, session.billed_s) == ("refused", 1008, 0)


def test_a_token_opens_one_session(url: str, fake: FakeAssemblyAI) -> None:
    token = token_of(url, "expires_in_seconds=60&max_session_duration_seconds=120")
    sdk = Sdk(url, key=None, token=token).connect()
    sdk.client.disconnect(terminate=True)
    session = over(fake)
    assert (session.token, session.account, session.limit_s) == (token, "account", 120)
    assert fake.tokens[token].sessions == 1

    assert [error.code for error in Sdk(url, key=None, token=token).connect().errors] == [401]
    with pytest.raises(InvalidStatus), library(url, f"token={token}", key=None):
        pass
    fake.streaming.tokens_are_single_use = False
    with library(url, f"token={token}", key=None) as client:
        assert json.loads(client.recv())["type"] == "Begin"
    with pytest.raises(InvalidStatus), library(url, f"token={US_KEY}", key=None):
        pass


def test_a_token_expires() -> None:
    now = [1_800_000_000.0]
    fake = FakeAssemblyAI(clock=lambda: now[0])
    with serve(fake) as url:
        token = token_of(url, "expires_in_seconds=60")
        now[0] += 60
        with pytest.raises(InvalidStatus) as refused, library(url, f"token={token}", key=None):
            pass
        assert refused.value.response.status_code == 401


@pytest.mark.parametrize(
    "query",
    [
        pytest.param("speech_model=nova-3", id="model"),
        pytest.param("sample_rate=many", id="rate"),
        pytest.param("sample_rate=0", id="no rate"),
        pytest.param("encoding=mp3", id="encoding"),
        pytest.param("speaker_labels=maybe", id="flag"),
        pytest.param("keyterms_prompt=Ada", id="list"),
        pytest.param("keyterms_prompt=[1]", id="list of numbers"),
        pytest.param("inactivity_timeout=4", id="bound"),
        pytest.param("vad_threshold=nan", id="no number"),
        pytest.param("domain=law", id="choice"),
    ],
)
def test_a_wrong_parameter_is_named(query: str, url: str, fake: FakeAssemblyAI) -> None:
    name = query.partition("=")[0]
    with library(url, query) as client:
        error, code = told(client)
    assert (error["error_code"], code) == (3006, 3006)
    assert name in error["error"]
    fake.streaming.refuse_parameters = "http"
    with pytest.raises(InvalidStatus) as refused, library(url, query):
        pass
    assert refused.value.response.status_code == 400
    assert name in json.loads(refused.value.response.body)["error"]


@pytest.mark.parametrize(
    "message, code, part",
    [
        pytest.param("{", 3006, "Invalid JSON: {", id="no JSON"),
        pytest.param("[]", 3006, "Invalid Message: []", id="no object"),
        pytest.param('{"a": 1}', 3006, "Invalid Message:", id="no type"),
        pytest.param('{"type": "Stop"}', 3006, "Invalid Message Type:", id="type"),
        pytest.param(
            '{"type": "UpdateConfiguration", "prompt": 3}', 3006, "prompt", id="wrong update"
        ),
        pytest.param(bytes(1598), 3007, "Input duration violation: 49.9375 ms", id="short"),
        pytest.param(bytes(32002), 3007, "Expected between 50 and 1000 ms", id="long"),
        pytest.param(b"", 3007, "Input duration violation: 0 ms", id="empty"),
    ],
)
def test_what_no_session_takes_ends_it(
    message: str | bytes, code: int, part: str, url: str, fake: FakeAssemblyAI
) -> None:
    with library(url) as client:
        client.send(bytes(1600))
        client.send(bytes(32000))
        client.send(message)
        error, closed = told(client)
    assert (error["error_code"], closed) == (code, code)
    assert part in error["error"]
    session = over(fake)
    assert (session.ended_by, session.close_code) == ("error", code)


def test_the_length_of_audio_follows_from_its_encoding(url: str, fake: FakeAssemblyAI) -> None:
    for query, size in {
        "encoding=pcm_mulaw&sample_rate=8000": 400,
        "encoding=pcm_s16le&sample_rate=48000": 4800,
    }.items():
        with library(url, query) as client:
            client.send(bytes(size))
            client.send(bytes(size - 2))
            assert told(client)[1] == 3007
        assert fake.sessions[-1].chunks == 2
    with library(url, "encoding=opus") as client:
        client.send(b"a packet")
        client.send('{"type": "Terminate"}')
        assert json.loads([*client][-1])["type"] == "Termination"


def test_too_many_sessions_and_too_fast(url: str, fake: FakeAssemblyAI) -> None:
    fake.streaming.max_sessions = 1
    with library(url) as first:
        first.recv()
        with library(url) as second:
            assert told(second)[1] == 3009
    over(fake, 2)
    fake.streaming.max_rate = 1.0
    with library(url) as client:
        # The refusal may come before the last of it is sent.
        with contextlib.suppress(ConnectionClosed):
            for _ in range(4):
                client.send(bytes(32000))
        error, code = told(client)
    assert code == 3007
    assert "Audio Transmission Rate Exceeded" in error["error"]


def test_time_ends_sessions() -> None:
    now = [1_800_000_000.0]
    fake = FakeAssemblyAI(clock=lambda: now[0])
    with serve(fake) as url:
        with library(url) as client:
            client.recv()
            now[0] += 10_799
            client.send('{"type": "KeepAlive"}')
            assert fake.wait_for(lambda f: bool(f.sessions[0].texts))
            assert fake.sessions[0].ended_by is None
            now[0] += 1
            assert told(client)[1] == 3008
        assert (over(fake).ended_by, fake.sessions[0].billed_s) == ("expired", 10_800)
        with library(url, "inactivity_timeout=5") as client:
            client.recv()
            for seen in range(3):
                now[0] += 4
                client.send('{"type": "KeepAlive"}')
                assert fake.wait_for(lambda f, n=seen: len(f.sessions[1].texts) > n)
            now[0] += 5
            assert told(client)[1] == 3005
        assert over(fake, 2).ended_by == "timeout"


def test_a_client_that_is_gone_before_its_101_has_vanished(url: str, fake: FakeAssemblyAI) -> None:
    host, _, port = url.removeprefix("http://").partition(":")
    handshake = (
        "GET /v3/ws?sample_rate=16000&speech_model=universal-streaming-english HTTP/1.1\r\n"
        f"Host: {host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: v/fB2r3SY1KntIZGNyFRMg==\r\n"
        f"Authorization: {US_KEY}\r\n\r\n"
    )
    for _ in range(20):
        with socket.create_connection((host, int(port))) as gone:
            gone.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            gone.sendall(handshake.encode())
    with library(url) as client:
        client.recv()
    assert fake.wait_for(lambda f: all(session.ended_by for session in f.sessions))


def test_a_session_that_nobody_ends_is_billed_on() -> None:
    now = [1_800_000_000.0]
    fake = FakeAssemblyAI(clock=lambda: now[0])
    with serve(fake) as url:
        with raw(url) as client:
            client.message()
        vanished = over(fake)
        assert (vanished.ended_by, vanished.close_code) == ("vanished", None)
        now[0] += 99.5
        assert (vanished.seconds, vanished.billed_s) == (0, 100)
        now[0] += 20_000
        assert vanished.billed_s == 10_800

        with library(url) as polite:
            polite.recv()
        closed = over(fake, 2)
        now[0] += 50
        assert (closed.ended_by, closed.close_code, closed.billed_s) == ("close", 1000, 0)

        fake.streaming.vanishing_ends_billing = True
        fake.streaming.close_ends_billing = False
        with raw(url) as client:
            client.message()
        with library(url) as polite:
            polite.recv()
        over(fake, 4)
        now[0] += 50
        by = {s.ended_by: s.billed_s for s in fake.sessions[2:]}
        assert by == {"vanished": 0, "close": 50}


def test_the_account_is_billed_what_termination_says() -> None:
    now = [1_800_000_000.0]
    fake = FakeAssemblyAI(clock=lambda: now[0])
    fake.streaming.rounding = lambda seconds: round(seconds, 3)
    with serve(fake) as url, library(url) as client:
        client.recv()
        now[0] += 61.25
        client.send('{"type": "Terminate"}')
        termination = json.loads([*client][-1])
        now[0] += 100
    assert termination["session_duration_seconds"] == over(fake).billed_s == 61.25


def test_heartbeats_and_pings_come_when_asked_for(url: str, fake: FakeAssemblyAI) -> None:
    fake.streaming.heartbeat_s = fake.streaming.ping_s = 0.01
    sdk = Sdk(url).connect(session_heartbeat=True)
    assert fake.wait_for(lambda f: f.sessions[0].pongs > 1 and len(f.sessions[0].sent) > 2)
    sdk.client.disconnect(terminate=True)
    assert sdk.types().count("Heartbeat") > 1


def test_a_session_can_be_led_from_a_test(url: str, fake: FakeAssemblyAI) -> None:
    with library(url) as client:
        client.recv()
        fake.sessions[0].send({"type": "Warning", "warning_code": 7, "warning": "Soon"})
        assert json.loads(client.recv())["warning"] == "Soon"
        fake.sessions[0].end(3005, "Session Cancelled: An error occurred")
        assert told(client)[1] == 3005
    assert (over(fake).ended_by, fake.sessions[0].close_code) == ("fault", 3005)
    for rst, error in ((True, ConnectionResetError), (False, EOFError)):
        with raw(url) as client:
            client.message()
            fake.sessions[-1].vanish(rst=rst)
            with pytest.raises(error):
                client.frame()
        assert over(fake, len(fake.sessions)).ended_by == "fault"


def test_the_server_stops_while_sessions_are_open() -> None:
    fake = FakeAssemblyAI()
    with serve(fake) as url:
        open_ones = [raw(url) for _ in range(3)]
        clients = [each.__enter__() for each in open_ones]
        for client in clients:
            client.message()
    assert {session.ended_by for session in fake.sessions} == {"stop"}
    for each in open_ones:
        each.__exit__(None, None, None)


def test_the_gateway_answers_turns_where_it_is_asked(url: str, fake: FakeAssemblyAI) -> None:
    fake.text, fake.audio_s = "Hello.", 0.1
    gateway = {"model": "gpt-5", "messages": [], "max_tokens": 9}
    sdk = Sdk(url).connect(llm_gateway=gateway, language_detection=True)
    sdk.client.stream(CHUNK)
    sdk.client.disconnect(terminate=True)
    assert sdk.last("LLMGatewayResponse").data["model"] == "gpt-5"
    assert sdk.last("Turn").language_code == "en"
    assert over(fake).features == {"llm_gateway", "language_detection"}


def test_audio_glued_to_the_handshake_is_heard(url: str, fake: FakeAssemblyAI) -> None:
    glued = frame(BINARY, CHUNK, mask=b"abcd") + frame(TEXT, b'{"type": "Terminate"}', mask=b"abcd")
    with raw(url, after=glued) as client:
        assert client.message()["type"] == "Begin"
        assert client.close_code() == 1000
    assert over(fake).audio_bytes == len(CHUNK)
