"""Whole speech, streams of speech events, and dictation: AssemblyAI's SDK over the whole stack."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import assemblyai as aai
import pytest
from stack_kit import MASTER_KEY, Stack, host_app
from stand_in.kit import wav
from webtest import TestApp

from assemblyai_mw import CostLogger, Ledger, PrefixRouter
from assemblyai_mw.call import CALL_KEY
from assemblyai_mw.testing import serve

NATIVE = "/us.tts.assemblyai"
EVENTS = f"{NATIVE}/v1/speech/events"
WORDS = "Grüße, world."
PRICES = {
    "tts": {"*": {"usd": 20, "source": "contract"}},
    "dictation": {"*": {"usd": "0.36", "source": "contract"}},
}


@pytest.fixture
def stack_of(sqlite_url: str) -> Iterator[Callable[..., Stack]]:
    made: list[Stack] = []

    def make(**config: Any) -> Stack:
        made.append(Stack(sqlite_url, **{"prices": PRICES, **config}))
        return made[-1]

    yield make
    for stack in made:
        stack.middleware.close()
        stack.close()


@contextlib.contextmanager
def sdk(stack: Stack, key: str) -> Iterator[aai.Client]:
    with serve(stack.middleware) as url:
        settings = aai.Settings(
            api_key=key,
            tts_base_url=f"{url}{NATIVE}",
            dictation_base_url=f"{url}/us.dictation.assemblyai",
        )
        client = aai.Client(settings=settings)
        try:
            yield client
        finally:
            client.http_client.close()


# Speech


@pytest.mark.parametrize("stream", [False, True])
def test_the_sdk_gets_speech_and_its_headers(stack_of: Callable[..., Stack], stream: bool) -> None:
    stack = stack_of()
    with sdk(stack, stack.key("a", budget_usd="1")) as client:
        tts = aai.TextToSpeech(client=client, config=aai.TTSConfig(voice_id="aai-jane"))
        if stream:
            with tts.stream(WORDS) as speech:
                sound, info = speech.read(), speech.info
        else:
            info = whole = tts.synthesize(WORDS)
            sound = whole.audio
    assert len(sound) == len(WORDS) * 2400
    assert (info.billed_characters, info.model) == (len(WORDS), "assemblyai-tts-1")
    (row,) = stack.ledger.calls()
    assert (row["state"], row["characters"]) == ("settled", len(WORDS))
    assert row["model"] == "assemblyai-tts-1"
    assert Decimal(row["cost_usd"]) == Decimal(20) * len(WORDS) / 1_000_000
    assert stack.held() == 0


def test_the_price_of_the_model_asked_for_counts_else_of_the_one_told(
    stack_of: Callable[..., Stack],
) -> None:
    prices = {
        "tts": {
            "assemblyai-tts-1": {"usd": 20, "source": "x"},
            "assemblyai-tts-2": {"usd": 30, "source": "x"},
        }
    }
    stack = stack_of(prices=prices)
    stack.us.tts.models.append("assemblyai-tts-2")
    key = stack.key("a", budget_usd="1")
    for body in ({"text": WORDS}, {"text": WORDS, "model_id": "assemblyai-tts-2"}):
        assert stack.ask("POST", f"{NATIVE}/v1/speech", key, json=body).status_int == 200
    costs = [Decimal(row["cost_usd"]) * 1_000_000 for row in stack.ledger.calls()]
    assert sorted(costs) == [20 * len(WORDS), 30 * len(WORDS)]


def test_a_hold_without_a_model_is_that_of_the_dearest(stack_of: Callable[..., Stack]) -> None:
    prices = {
        "tts": {
            "assemblyai-tts-1": {"usd": 20, "source": "x"},
            "dear": {"usd": 1_000_000, "source": "x"},
        }
    }
    stack = stack_of(prices=prices)
    tight = stack.key("a", budget_usd="5")
    body = {"text": WORDS}
    assert stack.ask("POST", f"{NATIVE}/v1/speech", tight, json=body).status_int == 429
    body["model_id"] = "assemblyai-tts-1"
    assert stack.ask("POST", f"{NATIVE}/v1/speech", tight, json=body).status_int == 200


def test_a_list_of_models_reads_the_native_members_name(stack_of: Callable[..., Stack]) -> None:
    stack = stack_of()
    key = stack.key("a", models=["assemblyai/assemblyai-tts-1"])
    statuses = [
        stack.ask("POST", f"{NATIVE}/v1/speech", key, json={"text": "x", **body}).status_int
        for body in (
            {},
            {"model_id": "other"},
            {"modelId": "assemblyai-tts-1"},
            {"model_id": "assemblyai-tts-1", "model": "assemblyai-tts-1"},
            {"model_id": "assemblyai-tts-1"},
        )
    ]
    assert statuses == [403, 403, 400, 400, 200]


def test_a_stream_of_events_passes_and_its_last_one_counts(stack_of: Callable[..., Stack]) -> None:
    stack = stack_of()
    stack.us.tts.termination = {"total_input_char_length": 4}
    reply = stack.ask("POST", EVENTS, stack.key("a"), json={"text": WORDS})
    assert reply.content_type == "text/event-stream"
    assert reply.text.startswith("event: Begin\n")
    (row,) = stack.ledger.calls()
    assert (row["state"], row["characters"], row["path"]) == ("settled", 4, "/v1/speech/events")


def test_a_stream_that_ends_before_its_last_event_is_no_price(sqlite_url: str) -> None:
    whole = b'event: Audio\ndata: {"type": "Audio"}\n\n'

    def host(environ: Any, start_response: Any) -> Iterator[bytes]:
        environ[CALL_KEY].upstream = "replied"
        told = [("Content-Type", "text/event-stream"), ("X-TTS-Billed-Characters", "12")]
        start_response("200 OK", told)
        yield whole

    meter = CostLogger(host, ledger=sqlite_url, prices=PRICES)
    app = TestApp(PrefixRouter(host_app, {NATIVE: meter}))
    assert app.post_json(EVENTS, {"text": WORDS}).body == whole
    (row,) = Ledger(sqlite_url).calls()
    assert (row["state"], row["characters"]) == ("unpriced", None)


def test_more_characters_than_the_request_has_bytes_are_no_price(
    stack_of: Callable[..., Stack],
) -> None:
    stack = stack_of()
    stack.us.reply_headers = [("X-TTS-Billed-Characters", "1000")]
    stack.ask("POST", f"{NATIVE}/v1/speech", stack.key("a", budget_usd="1"), json={"text": "x"})
    (row,) = stack.ledger.calls()
    assert (row["state"], "more than were sent" in row["reason"]) == ("unpriced", True)


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_paths_that_may_name_somebodys_voice_are_the_master_keys(
    method: str, stack_of: Callable[..., Stack]
) -> None:
    stack = stack_of()
    target = f"{NATIVE}/v1/voices/x"
    assert stack.ask(method, target, stack.key("a")).status_int == 403
    assert not stack.us.requests
    assert stack.ask(method, target, MASTER_KEY).status_int == 404


# Dictation


# The SDK reads replies by a method that Pydantic has renamed.
@pytest.mark.filterwarnings("ignore:The `parse_obj` method is deprecated")
def test_the_sdk_dictates_live_and_pays_by_the_length(stack_of: Callable[..., Stack]) -> None:
    stack = stack_of()
    with sdk(stack, stack.key("a", budget_usd="1")) as client:
        with aai.DictationTranscriber(client=client) as transcriber:
            transcriber.warm()
            config = aai.DictationConfig(
                sample_rate=8000, channels=1, llm_instruction="As a list.", rewrite_mode="smart"
            )
            reply = transcriber.transcribe_live([bytes(16_000)] * 3, config)
    assert (reply.audio_duration_ms, reply.final_text[:10]) == (3000, "As a list.")
    (row,) = stack.ledger.calls()
    assert (row["kind"], row["state"], row["audio_seconds"]) == ("dictation", "settled", 3)
    assert row["route"] == "/us.dictation.assemblyai"
    assert Decimal(row["cost_usd"]) == Decimal("0.0003")
    assert stack.held() == 0


def form(audio: bytes, config: Any = None) -> dict[str, Any]:
    fields = {"config": json.dumps(config)} if config is not None else {}
    return {"params": fields, "upload_files": [("audio", "a.wav", audio)]}


@pytest.mark.parametrize(
    "path, seconds, status",
    [
        ("/v1/transcribe", 1200, 200),
        ("/v1/transcribe", 1201, 413),
        ("/transcribe", 1200, 200),
        ("/v1/transcribe/live", 120, 200),
        ("/v1/transcribe/live", 121, 413),
        ("/v1/transcribe/stream", 121, 413),
    ],
)
def test_a_dictation_costs_no_more_than_its_path_holds(
    path: str, seconds: int, status: int, stack_of: Callable[..., Stack]
) -> None:
    """0.36 dollars an hour are 0.0001 a second."""
    stack = stack_of()
    longest = 120 if "live" in path or "stream" in path else 1200
    target = f"/dictation.assemblyai{path}"
    audio = wav(seconds, rate=100)
    small = stack.key("small", budget_usd=str(Decimal(longest) / 10_000 - Decimal("0.0001")))
    reply = stack.ask("POST", target, small, **form(audio, {}))
    assert (reply.status_int, stack.us.requests) == (429, [])
    fits = stack.key("fits", budget_usd=str(Decimal(longest) / 10_000))
    reply = stack.ask("POST", target, fits, **form(audio, {}))
    assert reply.status_int == status
    (row,) = stack.ledger.calls()
    expected = ("settled", Decimal(seconds) / 10_000) if status == 200 else ("failed", 0)
    assert (row["state"], Decimal(row["cost_usd"])) == expected
    if status == 413:
        # By which clients fall back to a whole recording.
        assert reply.json["error_code"] == "audio_too_large"


def test_without_a_price_dictation_is_unpriced_and_refused_to_a_budget(
    stack_of: Callable[..., Stack],
) -> None:
    stack = stack_of(prices={})
    target = "/eu.dictation.assemblyai/v1/transcribe"
    assert stack.ask("POST", target, stack.key("a"), **form(wav(1))).status_int == 200
    reply = stack.ask("POST", target, stack.key("b", budget_usd="1"), **form(wav(1)))
    assert reply.status_int == 403
    assert 'dictation: {"*": {usd: DOLLARS, source: WHERE}}' in reply.json["error"]
    (row,) = stack.ledger.calls()
    assert (row["state"], row["audio_seconds"], row["region"]) == ("unpriced", 1, "eu")


def test_guards_read_a_dictation_and_its_rewrite(stack_of: Callable[..., Stack]) -> None:
    guard = {
        "guardrail_name": "numbers",
        "litellm_params": {"guardrail": "pattern", "options": {"patterns": ["us_ssn"]}},
    }
    guard["litellm_params"]["options"]["action"] = "mask"  # type: ignore[index]
    stack = stack_of(guardrails=[guard])
    stack.us.text = "It is 123-45-6789."
    reply = stack.ask(
        "POST", "/dictation.assemblyai/v1/transcribe", stack.key("a"), **form(wav(1), {})
    )
    assert reply.json["text"] == reply.json["llm_response"] == "It is [us_ssn]."
    assert "6789" not in reply.text


def test_a_wrong_account_key_at_dictation_is_the_operators_fault(
    stack_of: Callable[..., Stack],
) -> None:
    """It was seen to answer 404, and 401 is documented."""
    for hides in (False, True):
        stack = stack_of()
        stack.us.keys, stack.us.dictation_hides_itself = {"another": "account"}, hides
        target = "/dictation.assemblyai/v1/transcribe"
        reply = stack.ask("POST", target, stack.key(f"a-{hides}"), **form(wav(1)))
        assert (reply.status_int, "credentials" in reply.json["error"]) == (502, True)


@pytest.mark.parametrize("service", ["sync", "dictation"])
@pytest.mark.parametrize("path", ["/v1/warm", "/warm"])
def test_warming_up_is_free(service: str, path: str, stack_of: Callable[..., Stack]) -> None:
    stack = stack_of()
    key = stack.key("a", budget_usd="0")
    assert stack.ask("GET", f"/{service}.assemblyai{path}", key).status_int == 200
    assert not list(stack.ledger.calls())


@pytest.mark.parametrize(
    "config, order, status",
    [
        (None, "", 400),
        ("{}", "audio first", 400),
        ('{"stt_prompt": "x", "speed": 2}', "", 400),
        ("[]", "", 400),
        ("{}", "", 200),
    ],
)
def test_the_stand_in_takes_what_the_dictation_host_takes(
    config: str | None, order: str, status: int, stack_of: Callable[..., Stack]
) -> None:
    stack = stack_of()
    parts = [("audio", "a.wav", wav(1))]
    if config is not None:
        parts.insert(1 if order else 0, ("config", "c.json", config.encode()))
    target = "/dictation.assemblyai/v1/transcribe/live"
    reply = stack.ask("POST", target, stack.key("a"), upload_files=parts)
    assert reply.status_int == status
