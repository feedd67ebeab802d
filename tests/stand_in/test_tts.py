"""The stand-in's speech synthesis: AssemblyAI's own SDK, and what the documents refuse."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import assemblyai as aai
import pytest
import requests
from metered_kit import Heard, listen
from speech_kit import CANCEL, FLUSH, TERMINATE, generate
from websockets.sync.client import connect

from assemblyai_mw.testing import US_KEY, FakeAssemblyAI, serve

KEEP_ALIVE = json.dumps({"type": "KeepAlive"})


@pytest.fixture
def fake() -> FakeAssemblyAI:
    return FakeAssemblyAI()


@pytest.fixture
def url(fake: FakeAssemblyAI) -> Iterator[str]:
    with serve(fake.host("tts")) as url:
        yield url


def hear(url: str, *texts: str | bytes, key: str = US_KEY, query: str = "") -> Heard:
    address = url.replace("http://", "ws://") + f"/v1/ws?{query}"
    with connect(address, additional_headers={"Authorization": key}, compression=None) as client:
        for text in texts:
            client.send(text)
        return listen(client)


def post(url: str, path: str = "/v1/speech", key: str = US_KEY, **body: Any) -> requests.Response:
    return requests.post(url + path, json=body, headers={"Authorization": key}, timeout=10)


def client_of(url: str) -> aai.Client:
    return aai.Client(settings=aai.Settings(api_key=US_KEY, tts_base_url=url))


def test_the_sdk_interrupts_and_goes_on(url: str, fake: FakeAssemblyAI) -> None:
    with aai.TTSSession(client=client_of(url)) as session:
        cancelled: list[Any] = []
        session.on(aai.TTSEvents.Cancelled, cancelled.append)
        session.generate("Never to be heard.")
        session.cancel()
        session.keep_alive()
        sound = b"".join(session.speak("Hello."))
    assert (len(cancelled), len(sound)) == (1, 6 * 2400)
    assert session.termination is not None
    assert session.termination.total_input_char_length == 18 + 6
    (seen,) = fake.speech_sessions
    assert (seen.spoken, seen.ended_by, seen.characters) == (["Hello."], "terminate", 24)


def test_the_sdk_gets_files_and_refusals(url: str) -> None:
    client = client_of(url)
    tts = aai.TextToSpeech(client=client)
    mp3 = tts.synthesize("Hello.", aai.TTSConfig(encoding="mp3", bit_rate=32_000))
    assert (mp3.content_type, mp3.container, mp3.bit_rate) == ("audio/mpeg", None, None)
    alaw = tts.synthesize("Hello.", aai.TTSConfig(encoding="alaw", sample_rate=8000))
    assert (alaw.encoding, len(alaw.audio), alaw.audio_duration_ms) == ("pcm_alaw", 2400, 300)
    silent = tts.synthesize("\U0001f600")
    assert (silent.billed_characters, silent.audio, silent.audio_duration_ms) == (0, b"", 0)
    with pytest.raises(aai.TTSError) as refused:
        tts.synthesize("Hello.", aai.TTSConfig(language="klingon"))
    assert (refused.value.error_code, refused.value.param) == ("invalid_parameter", "language")
    assert (refused.value.status_code, refused.value.retryable) == (400, False)
    with pytest.raises(aai.TTSError):
        tts.synthesize("x" * 5001)
    client.http_client.close()


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"text": ""},
        {"text": 7},
        {"text": "a", "sample_rate": 7},
        {"text": "a", "encoding": "flac"},
        {"text": "a", "encoding": "mp3", "container": "wav"},
        {"text": "a", "bit_rate": 64_000},
        {"text": "a", "model_id": "other"},
        {"text": "a", "voice_id": 7},
        {"text": "a", "stream": "maybe"},
    ],
    ids=json.dumps,
)
def test_a_wrong_request_is_told_in_the_hosts_shape(url: str, body: dict[str, Any]) -> None:
    reply = post(url, **body)
    assert reply.status_code == 400
    assert {"code", "message", "param", "request_id", "retryable"} <= reply.json().keys()


def test_keys_are_taken_raw_and_with_bearer(url: str) -> None:
    assert post(url, key=f"Bearer {US_KEY}", text="a").status_code == 200
    reply = post(url, key="wrong", text="a")
    assert (reply.status_code, reply.json()["code"]) == (401, "unauthorized")
    assert requests.get(url + "/v1/speech", headers={"Authorization": US_KEY}).status_code == 405
    assert post(url, "/v1/voices", text="a").json()["code"] == "not_found"


def test_events_are_the_frames_of_a_session(url: str) -> None:
    reply = post(url, "/v1/speech/events", text="Hello you.")
    events = [block.split("\n") for block in reply.text.split("\n\n") if block]
    kinds = [event[0].removeprefix("event: ") for event in events]
    assert kinds[0] == "Begin"
    assert kinds[-3:] == ["FlushDone", "WordBoundaries", "Termination"]
    assert set(kinds[1:-3]) == {"Audio"}
    last = json.loads(events[-1][1].removeprefix("data: "))
    assert last["total_input_char_length"] == 10
    assert reply.headers["Content-Type"] == "text/event-stream; charset=utf-8"


@pytest.mark.parametrize(
    "texts, code",
    [
        ((b"Hello.",), 3006),
        (("Hello.",), 3006),
        (("[]",), 3006),
        ((json.dumps({"type": "Speak"}),), 3006),
        ((json.dumps({"type": "Generate"}),), 3006),
        ((generate("x" * 2001),), 3006),
        ((generate("x" * 2000),) * 5, 3011),
        ((KEEP_ALIVE,) * 21, 3010),
        (("x" * (1 << 20) + "x",), 1009),
    ],
    ids=["binary", "no JSON", "no object", "type", "no text", "long", "buffer", "rate", "1 MiB"],
)
def test_what_the_documents_refuse_ends_a_session(
    url: str, texts: tuple[str | bytes, ...], code: int
) -> None:
    heard = hear(url, *texts)
    assert heard.code == code
    if code != 1009:
        assert heard.error[0] == code


@pytest.mark.parametrize(
    "query", ["sample_rate=7", "encoding=mp3", "inactivity_timeout=4", "language=x", "model_id=x"]
)
def test_a_wrong_parameter_is_told_after_the_upgrade(url: str, query: str) -> None:
    assert hear(url, query=query).error[0] == 3006


def test_a_wrong_key_is_told_after_the_upgrade(url: str, fake: FakeAssemblyAI) -> None:
    assert hear(url, key="wrong").error[0] == 1008
    assert fake.speech_sessions[0].ended_by == "refused"


def test_a_session_ends_when_its_time_is_over_or_nobody_speaks(fake: FakeAssemblyAI) -> None:
    now = [1_000_000.0]
    fake.clock = lambda: now[0]
    with serve(fake.host("tts")) as url:
        for seconds, query, code, by in (
            (3600, "inactivity_timeout=120", 3008, "expired"),
            (6, "inactivity_timeout=5", 3006, "timeout"),
        ):
            address = url.replace("http://", "ws://") + f"/v1/ws?{query}"
            headers = {"Authorization": US_KEY}
            with connect(address, additional_headers=headers, compression=None) as client:
                client.recv()
                now[0] += seconds
                assert listen(client).error[0] == code
            assert fake.speech_sessions[-1].ended_by == by


def test_unspoken_words_are_spoken_at_the_end_and_cancelled_ones_never(
    url: str, fake: FakeAssemblyAI
) -> None:
    heard = hear(url, generate("One. "), CANCEL, generate("Two."), TERMINATE)
    assert heard.types()[:2] == ["Begin", "Cancelled"]
    assert heard.types()[-3:] == ["FlushDone", "WordBoundaries", "Termination"]
    assert fake.speech_sessions[0].spoken == ["Two."]
    heard = hear(url, FLUSH, TERMINATE)
    assert heard.messages[1] == {"type": "FlushDone", "flush_id": 0, "audio_duration_ms": 0}
