"""Generated forms: whatever is sent, a 2xx or a 4xx in OpenAI's shape comes back.

FUZZ_FORMS=20000 python -m pytest tests/middleware/audio/test_audio_fuzz.py   # the longer run
"""

from __future__ import annotations

import io
import json
import os
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openai_kit import is_error
from stack_kit import Stack
from werkzeug.test import EnvironBuilder, run_wsgi_app

from assemblyai_mw.dialects.audio.form import LISTS, TEXTS
from assemblyai_mw.middleware.audio import AudioTranscriber

from .audio_kit import EU, PATH, PRO, TWO, TYPE, form, hurry

FORMS = int(os.environ.get("FUZZ_FORMS", "1000"))
STACKED = max(FORMS // 10, 100)
TRANSCRIPT = {
    "id": "t-1",
    "status": "completed",
    "text": "Good day. How are you?",
    "language_code": "en_us",
    "audio_duration": 3,
    "words": [
        {"text": word, "start": 500 * at, "end": 500 * at + 400, "confidence": 0.9, "speaker": "A"}
        for at, word in enumerate(["Good", "day.", "How", "are", "you?"])
    ],
}

texts = st.text(max_size=12)
good_parts = st.one_of(
    st.tuples(st.just("language"), st.sampled_from(["en", "de-DE", "pt"])),
    st.tuples(st.just("prompt"), texts),
    st.tuples(st.just("temperature"), st.sampled_from(["0", "0.4", "1"])),
    st.tuples(
        st.just("response_format"),
        st.sampled_from(["json", "text", "srt", "vtt", "verbose_json", "diarized_json"]),
    ),
    st.tuples(st.just("stream"), st.sampled_from(["true", "false"])),
    st.tuples(st.just("timestamp_granularities[]"), st.sampled_from(["word", "segment"])),
    st.tuples(st.just("keyterms_prompt[]"), texts),
    st.tuples(st.just("speaker_labels"), st.sampled_from(["true", "False"])),
    st.tuples(st.just("speaker_options[min_speakers_expected]"), st.just("2")),
    st.tuples(st.just("chunking_strategy"), st.just("auto")),
)
models = st.sampled_from([PRO, TWO, EU])
whole = st.builds(
    lambda model, parts, file, at: [
        *parts[: at % (len(parts) + 1)],
        *[("model", model), ("file", file)][:: 1 if at % 2 else -1],
        *parts[at % (len(parts) + 1) :],
    ],
    models,
    st.lists(good_parts, max_size=4),
    st.binary(min_size=1, max_size=300),
    st.integers(0, 20),
)
names = st.one_of(
    st.sampled_from(sorted(TEXTS | LISTS | {"file", "model", "stream", "audio_url"})),
    st.builds(
        lambda name, tail: name + tail,
        st.sampled_from(sorted(TEXTS | LISTS)),
        st.sampled_from(["[]", "[a]", "[a][b]", "[", "[][]", "[a][]", "[a][b][c][d][e]"]),
    ),
    texts.filter(lambda name: not set(name) & set('"\r\n\\')),
)
values = st.one_of(
    texts,
    st.binary(max_size=40),
    st.sampled_from(["null", "[", "{}", '{"a": 1, "a": 2}', "1e999", "NaN", "-0", '["\\ud800"]']),
    st.recursive(st.none() | st.booleans() | st.integers() | texts, st.lists, max_leaves=5).map(
        json.dumps
    ),
)
spoilt = st.builds(
    lambda parts, more, at: parts[: at % (len(parts) + 1)] + more + parts[at % (len(parts) + 1) :],
    whole,
    st.lists(st.tuples(names, values), min_size=1, max_size=3),
    st.integers(0, 20),
)
mangled = st.builds(
    lambda body, at, byte, cut: (
        body[: at % (len(body) + 1)] + byte + body[(at + cut) % (len(body) + 1) :]
    ),
    whole.map(form),
    st.integers(0, 10_000),
    st.binary(max_size=3),
    st.integers(0, 3),
)
bodies = st.one_of(whole.map(form), spoilt.map(form), mangled, st.binary(max_size=64))
dribbles = st.integers(1, 200)


class Dribble(io.BytesIO):
    """An input that gives a few bytes a read, so that every boundary is cut somewhere."""

    def __init__(self, body: bytes, step: int) -> None:
        super().__init__(body)
        self.step = step

    def read(self, size: int | None = -1) -> bytes:
        return super().read(self.step if size is None or size < 0 else min(size, self.step))


class Upstream:
    """A strict inner app: it keeps what arrived, and answers a completed transcript."""

    def __init__(self) -> None:
        self.uploads: list[bytes] = []
        self.submits: list[dict[str, Any]] = []

    def __call__(self, environ: Any, start_response: Any) -> list[bytes]:
        path = environ["PATH_INFO"]
        answer: dict[str, Any] = TRANSCRIPT
        if path == "/v2/upload":
            blocks = iter(lambda: environ["wsgi.input"].read(50), b"")
            self.uploads.append(b"".join(blocks))
            answer = {"upload_url": "https://cdn.assemblyai.com/upload/1"}
        elif path == "/v2/transcript":
            self.submits.append(json.loads(environ["wsgi.input"].read()))
            answer = {"id": "t-1", "status": "queued"}
        body = json.dumps(answer).encode()
        start_response("200 OK", [("Content-Type", "application/json")])
        return [body]


def send(app: Any, body: bytes, step: int) -> tuple[int, Any, bytes]:
    builder = EnvironBuilder(PATH, method="POST")
    environ = builder.get_environ()
    builder.close()
    environ |= {"CONTENT_LENGTH": str(len(body)), "CONTENT_TYPE": TYPE["Content-Type"]}
    environ["wsgi.input"] = Dribble(body, step)
    items, status, headers = run_wsgi_app(app, environ)
    return int(status[:3]), headers, b"".join(items)


def check(app: Any, body: bytes, step: int) -> int:
    """Send *body*; fail unless it ends well; return the status."""
    status, headers, data = send(app, body, step)
    assert 200 <= status < 300 or 400 <= status < 500, (status, data)
    if status >= 400:
        payload = json.loads(data)
        payload["error"].pop("transcript_id", None)
        assert is_error(payload)
    elif headers["Content-Type"] == "application/json":
        assert isinstance(json.loads(data)["text"], str)
    elif headers["Content-Type"] == "text/event-stream":
        assert data.endswith(b"data: [DONE]\n\n")
    return status


@given(bodies, dribbles)
@settings(max_examples=FORMS, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_form_is_answered_in_shape(body: bytes, step: int) -> None:
    upstream = Upstream()
    app = AudioTranscriber(upstream, pauses=(0.0, 0.0))
    status = check(app, body, step)
    assert len(upstream.submits) == (status == 200)
    for sent in upstream.submits:
        assert sent["audio_url"] == "https://cdn.assemblyai.com/upload/1"
        (model,) = sent["speech_models"]
        assert re.fullmatch(r"[A-Za-z0-9._:/-]{1,200}", model)
        assert not sent.keys() & {"file", "model", "stream", "response_format"}


@given(whole, dribbles)
@settings(max_examples=FORMS, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_file_arrives_byte_for_byte_wherever_it_stands(parts: Any, step: int) -> None:
    upstream = Upstream()
    app = AudioTranscriber(upstream, pauses=(0.0, 0.0))
    (file,) = [value for _, value in parts if isinstance(value, bytes)]
    if check(app, form(parts), step) == 200:
        assert upstream.uploads == [file]


@pytest.mark.parametrize("model_first", [True, False])
def test_a_delimiter_cut_anywhere_adds_and_takes_no_byte(model_first: bool) -> None:
    """The file ends as a delimiter begins, and each read ends at another place."""
    file = b"\r\n--b0undar\r\n\r\n--b0undary-x\n\r"
    parts: list[Any] = [("model", TWO), ("file", file)][:: 1 if model_first else -1]
    for step in range(1, len(form(parts)) + 1):
        upstream = Upstream()
        assert check(AudioTranscriber(upstream, pauses=(0.0, 0.0)), form(parts), step) == 200
        assert upstream.uploads == [file]


@given(st.lists(good_parts, max_size=1), dribbles)
@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
def test_good_forms_are_served(parts: Any, step: int) -> None:
    """Else the other tests could pass by refusing everything."""
    if parts and parts[0][0] == "timestamp_granularities[]":
        parts = [("response_format", "verbose_json"), *parts]
    body = form([*parts, ("model", TWO), ("file", b"audio")])
    assert check(AudioTranscriber(Upstream(), pauses=(0.0, 0.0)), body, step) == 200


@pytest.fixture
def stack(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stack]:
    hurry(monkeypatch)
    stack = Stack(sqlite_url)
    yield stack
    stack.close()


@pytest.mark.parametrize(
    "limits", [{}, {"budget_usd": "1000", "denied_features": ["summarization"]}]
)
def test_any_form_is_answered_in_shape_by_the_whole_stack(stack: Stack, limits: Any) -> None:
    key = stack.key("k", **limits)

    def app(environ: Any, start_response: Any) -> Any:
        environ["HTTP_AUTHORIZATION"] = key
        return stack.middleware(environ, start_response)

    @given(bodies, dribbles)
    @settings(max_examples=STACKED, deadline=None, suppress_health_check=list(HealthCheck))
    def run(body: bytes, step: int) -> None:
        check(app, body, step)

    run()
    assert stack.held() == 0
