"""The real openai SDK, unmodified, for speech to text over Gunicorn and the stand-in."""

from __future__ import annotations

import hashlib
import itertools
import json
import re
from collections.abc import Iterator
from typing import Any

import openai
import pytest
from openai_kit import unknown
from session_kit import Site, served_by_gunicorn

from assemblyai_mw.store.schema import calls
from assemblyai_mw.testing import EU_KEY, US_KEY
from assemblyai_mw.testing.fake import DEFAULT_TEXT

from .audio_kit import TYPE, form

PRO, TWO = "assemblyai/universal-3-5-pro", "assemblyai/universal-2"
AUDIO = b"ID3" + bytes(range(256)) * 40
COUNT = itertools.count()
FILE = ("speech.mp3", AUDIO, "audio/mpeg")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("audio")
    models = [
        {"model_name": name, "litellm_params": {"model": model, "api_key": key}}
        for name, model, key in (
            ("whisper-1", PRO, US_KEY),
            ("assemblyai/*", "assemblyai/*", US_KEY),
            ("eu.assemblyai/*", "eu.assemblyai/*", EU_KEY),
        )
    ]
    url = f"sqlite:///{folder}/ledger.db"
    with served_by_gunicorn(url, folder, model_list=models, timeouts={"audio_wait_s": 2.0}) as site:
        yield site


@pytest.fixture
def client(site: Site) -> Iterator[openai.OpenAI]:
    key = site.key(f"caller-{next(COUNT)}")
    with openai.OpenAI(base_url=f"{site.url}/v1", api_key=key, max_retries=0) as client:
        yield client


def rows(site: Site) -> list[Any]:
    with site.ledger.database.read() as connection:
        return list(connection.execute(calls.select().order_by(calls.c.id)))


def test_json_is_the_text_and_the_seconds(client: openai.OpenAI) -> None:
    reply = client.audio.transcriptions.create(model=PRO, file=FILE)
    assert reply.text == DEFAULT_TEXT
    assert reply.usage is not None
    assert (reply.usage.type, reply.usage.seconds) == ("duration", 13.0)
    assert unknown(reply) == []


def test_verbose_json_has_segments_and_words_in_order(client: openai.OpenAI) -> None:
    reply = client.audio.transcriptions.create(
        model=PRO,
        file=FILE,
        response_format="verbose_json",
        timestamp_granularities=["word", "segment"],
    )
    assert type(reply).model_validate(reply.model_dump(exclude={"task"}), strict=True)
    assert unknown(reply) == [".task"]
    assert (reply.language, reply.duration, reply.text) == ("english", 13.0, DEFAULT_TEXT)
    assert reply.segments is not None
    assert reply.words is not None
    assert " ".join(each.text for each in reply.segments) == DEFAULT_TEXT
    assert [each.id for each in reply.segments] == list(range(len(reply.segments)))
    assert [each.word for each in reply.words] == DEFAULT_TEXT.split()
    times = [moment for each in reply.segments for moment in (each.start, each.end)]
    assert times == sorted(times)
    assert 0 < times[-1] <= 13.0


def test_words_alone_bring_no_segments(client: openai.OpenAI) -> None:
    reply = client.audio.transcriptions.create(
        model=TWO, file=FILE, response_format="verbose_json", timestamp_granularities=["word"]
    )
    assert (reply.segments, bool(reply.words)) == (None, True)


def test_text_srt_and_vtt_are_text(client: openai.OpenAI) -> None:
    create = client.audio.transcriptions.create
    assert create(model=PRO, file=FILE, response_format="text") == f"{DEFAULT_TEXT}\n"
    srt = create(model=PRO, file=FILE, response_format="srt")
    vtt = create(model=PRO, file=FILE, response_format="vtt")
    cues = re.findall(
        r"(\d+)\n(\d\d:\d\d:\d\d,\d{3}) --> (\d\d:\d\d:\d\d,\d{3})\n(.+)\n\n", str(srt)
    )
    assert "".join("{}\n{} --> {}\n{}\n\n".format(*cue) for cue in cues) == srt
    assert " ".join(cue[3] for cue in cues) == DEFAULT_TEXT
    plain = [line for line in str(vtt).splitlines() if "-->" in line]
    assert str(vtt).startswith("WEBVTT\n\n")
    assert [line.replace(".", ",") for line in plain] == [f"{a} --> {b}" for _, a, b, _ in cues]


def test_diarized_json_names_the_speakers(client: openai.OpenAI) -> None:
    reply: Any = client.audio.transcriptions.create(
        model=PRO, file=FILE, response_format="diarized_json", chunking_strategy="auto"
    )
    assert unknown(reply) == []
    assert " ".join(each.text for each in reply.segments) == DEFAULT_TEXT
    assert {each.speaker for each in reply.segments} <= {"A", "B", "C"}


def test_a_stream_brings_deltas_that_make_up_the_text(client: openai.OpenAI) -> None:
    with client.audio.transcriptions.create(model=PRO, file=FILE, stream=True) as stream:
        events = list(stream)
    assert "".join(e.delta for e in events if e.type == "transcript.text.delta") == DEFAULT_TEXT
    assert [e.type for e in events].count("transcript.text.delta") > 1
    done = events[-1]
    assert done.type == "transcript.text.done"
    assert done.text == DEFAULT_TEXT


def test_the_form_becomes_assemblyais_own_fields(site: Site, client: openai.OpenAI) -> None:
    client.audio.transcriptions.create(
        model="whisper-1",
        file=FILE,
        language="de-DE",
        prompt="true",
        temperature=0.2,
        extra_body={
            "keyterms_prompt": ["Xarelto", "2024"],
            "speaker_labels": True,
            "speaker_options": {"min_speakers_expected": 2},
            "custom_spelling": json.dumps([{"from": ["a"], "to": "b"}]),
        },
    )
    seen = [each for each in site.us.requests if each.path == "/v2/transcript"][-1]
    sent = json.loads(seen.body)
    assert sent.pop("audio_url").startswith("https://cdn.assemblyai.com/upload/")
    assert sent == {
        "speech_models": ["universal-3-5-pro"],
        "language_code": "de_de",
        "prompt": "true",
        "temperature": 0.2,
        "keyterms_prompt": ["Xarelto", "2024"],
        "speaker_labels": True,
        "speaker_options": {"min_speakers_expected": 2},
        "custom_spelling": [{"from": ["a"], "to": "b"}],
    }


def test_eu_audio_reaches_no_us_host(site: Site, client: openai.OpenAI) -> None:
    before = len(site.us.requests)
    client.audio.transcriptions.create(model="eu.assemblyai/universal-2", file=FILE)
    assert len(site.us.requests) == before
    upload = next(each for each in site.eu.requests if each.path == "/v2/upload")
    assert upload.body_sha256 == hashlib.sha256(AUDIO).hexdigest()


def test_a_form_in_chunks_arrives_whole(site: Site, client: openai.OpenAI) -> None:
    body = form([("model", PRO), ("file", AUDIO)])
    reply = client._client.post(
        f"{site.url}/v1/audio/transcriptions",
        content=iter([body[at : at + 1000] for at in range(0, len(body), 1000)]),
        headers={"Authorization": f"Bearer {client.api_key}", **TYPE},
    )
    assert reply.json()["text"] == DEFAULT_TEXT
    upload = [each for each in site.us.requests if each.path == "/v2/upload"][-1]
    assert upload.body_sha256 == hashlib.sha256(AUDIO).hexdigest()


def test_errors_are_the_sdks_own(site: Site, client: openai.OpenAI) -> None:
    create = client.audio.transcriptions.create
    with pytest.raises(openai.NotFoundError) as unknown_model:
        create(model="whisper-7", file=FILE)
    assert unknown_model.value.code == "model_not_found"
    with pytest.raises(openai.BadRequestError) as bad:
        create(model=PRO, file=FILE, response_format="xml")  # type: ignore[call-overload]
    assert bad.value.param == "response_format"
    # By hand: the SDK warns that this method is deprecated.
    with pytest.raises(openai.NotFoundError, match="Translations are not offered"):
        client.post("/audio/translations", cast_to=object, body={"model": PRO})
    with pytest.raises(openai.AuthenticationError):
        client.with_options(api_key="sk-no").audio.transcriptions.create(model=PRO, file=FILE)


def test_a_transcript_that_takes_too_long_is_504_with_its_id_and_not_retried(
    site: Site, client: openai.OpenAI
) -> None:
    us = site.us
    us.polls = 1_000_000
    before = len(us.transcripts)
    try:
        patient = client.with_options(max_retries=2)
        with pytest.raises(openai.InternalServerError) as late:
            patient.audio.transcriptions.create(model=PRO, file=FILE)
    finally:
        us.polls = 1
    assert late.value.status_code == 504
    body: Any = late.value.body
    assert body["transcript_id"] in us.transcripts
    assert late.value.response.headers["x-should-retry"] == "false"
    assert len(us.transcripts) == before + 1
    us.finish()
    read = client._client.get(
        f"{site.url}/assemblyai/v2/transcript/{body['transcript_id']}",
        headers={"Authorization": client.api_key},
    )
    assert read.json()["text"] == DEFAULT_TEXT


def test_one_transcript_costs_the_same_by_whichever_door(site: Site, client: openai.OpenAI) -> None:
    client.audio.transcriptions.create(model=TWO, file=FILE, extra_body={"speaker_labels": True})
    headers = {"Authorization": client.api_key}
    api = f"{site.url}/assemblyai/v2"
    http = client._client
    url = http.post(f"{api}/upload", content=AUDIO, headers=headers).json()["upload_url"]
    asked = {
        "audio_url": url,
        "speech_models": ["universal-2"],
        "speaker_labels": True,
        "language_detection": True,
    }
    made = http.post(f"{api}/transcript", json=asked, headers=headers).json()
    while http.get(f"{api}/transcript/{made['id']}", headers=headers).json()["status"] != (
        "completed"
    ):
        pass
    ours, theirs = rows(site)[-2:]
    assert ours.cost_nano == theirs.cost_nano
    assert ours.cost_nano > 0
    same = ("key_name", "route", "region", "method", "path", "kind", "model", "state", "audio_ms")
    assert [getattr(ours, name) for name in same] == [getattr(theirs, name) for name in same]


def test_one_call_is_one_line_of_the_log(site: Site, client: openai.OpenAI) -> None:
    before = len(rows(site))
    client.audio.transcriptions.create(model=PRO, file=FILE)
    assert len(rows(site)) == before + 1
