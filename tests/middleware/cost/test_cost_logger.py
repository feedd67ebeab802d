"""CostLogger: the order of writes, what settles, and that replies are not touched."""

import gzip
import io
import json
import logging
from collections.abc import Callable
from pathlib import Path

import pytest
from webtest import TestApp
from werkzeug.test import Client

from assemblyai_mw import CallRecord, CostLogger, KeyAuth, Ledger, PrefixRouter
from assemblyai_mw.call import CALL_KEY
from assemblyai_mw.errors import ConfigError, StoreError, UpstreamError

KEY = "sk-0123456789abcdef0123456789abcdef"
ID = "9ea68fd3-f953-42c1-9742-976c447fb463"
CREATED = {"id": ID, "status": "queued", "audio_duration": None, "speech_model_used": None}
DONE = {
    "id": ID,
    "status": "completed",
    "audio_duration": 3600,
    "speech_model_used": "universal-2",
    "speaker_labels": True,
}
SUBMIT = {
    "audio_url": "https://example.com/a.mp3",
    "speech_models": ["universal-2"],
    "speaker_labels": True,
}


class Upstream:
    """The next app: answers what it is told to, and looks around while it does."""

    def __init__(self) -> None:
        self.answers: list[tuple[str, bytes, dict[str, str]]] = []
        self.seen: list[tuple[str, str, str | None]] = []
        self.look: Callable[[], None] | None = None
        self.outcome = "replied"

    def will(self, value: object, status: str = "200 OK", **headers: str) -> None:
        body = value if isinstance(value, bytes) else json.dumps(value).encode()
        self.answers.append((status, body, headers))

    def __call__(self, environ, start_response):
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        self.seen.append((method, path, environ.get("HTTP_ACCEPT_ENCODING")))
        environ[CALL_KEY].upstream = self.outcome
        if self.look is not None:
            self.look()
        status, body, more = self.answers.pop(0)
        headers = {"Content-Type": "application/json", "Content-Length": str(len(body)), **more}
        start_response(status, list(headers.items()))
        return [body[:7], body[7:]]


@pytest.fixture
def upstream() -> Upstream:
    return Upstream()


@pytest.fixture
def ledger(sqlite_url: str) -> Ledger:
    return Ledger(sqlite_url)


@pytest.fixture
def records() -> list[CallRecord]:
    return []


@pytest.fixture
def app(upstream: Upstream, ledger: Ledger, records: list[CallRecord]) -> TestApp:
    metered = CostLogger(upstream, ledger=ledger, on_call=records.append)
    routed = {"/assemblyai": metered, "/llm-gateway.assemblyai": metered}
    mounted = {prefix: KeyAuth(inner, keys={KEY: "alice"}) for prefix, inner in routed.items()}
    return TestApp(
        PrefixRouter(lambda *_: [], mounted), extra_environ={"HTTP_AUTHORIZATION": f"Bearer {KEY}"}
    )


def rows(ledger: Ledger) -> list[dict]:
    return list(ledger.calls())


def submit(app: TestApp, upstream: Upstream) -> None:
    upstream.will(CREATED)
    app.post_json("/assemblyai/v2/transcript", SUBMIT)


def test_the_intent_is_written_before_anything_is_sent(app, upstream, ledger) -> None:
    states: list[list[str]] = []
    upstream.look = lambda: states.append([row["state"] for row in rows(ledger)])
    submit(app, upstream)
    assert states == [["pending"]]


def test_the_owner_is_stored_before_the_id_is_told(app, upstream, ledger) -> None:
    upstream.will(CREATED)
    owners = []

    def watching(environ, start_response):
        def start(*args):
            owners.append(ledger.owner("us", ID))
            return start_response(*args)

        return app.app(environ, start)

    TestApp(watching).post_json(
        "/assemblyai/v2/transcript", SUBMIT, extra_environ={"HTTP_AUTHORIZATION": KEY}
    )
    assert [owner.key_name for owner in owners] == ["alice"]


def test_the_first_poll_that_shows_the_end_settles_once(app, upstream, ledger, records) -> None:
    submit(app, upstream)
    for _ in range(3):
        upstream.will(DONE)
        assert app.get(f"/assemblyai/v2/transcript/{ID}").json == DONE
    (row,) = rows(ledger)
    # 1 h of universal-2 at 0.15 and speaker labels at 0.02: assemblyai-api pricing card.
    assert (row["state"], row["cost_usd"], row["audio_seconds"]) == ("settled", "0.17", 3600)
    assert [record.cost_usd for record in records] == [None, "0.17", None, None]
    assert [record.state for record in records] == ["pending", "settled", None, None]


def test_once_settled_polls_are_not_read(app, upstream) -> None:
    submit(app, upstream)
    for _ in range(2):
        upstream.will(DONE)
        app.get(f"/assemblyai/v2/transcript/{ID}", headers={"Accept-Encoding": "gzip, br"})
    assert [accepted for *_, accepted in upstream.seen[1:]] == ["gzip", "gzip, br"]


@pytest.mark.parametrize(
    "reply, state, cost",
    [
        pytest.param({**DONE, "status": "processing"}, "pending", None, id="not yet"),
        pytest.param({**DONE, "status": "error", "error": "x"}, "failed", "0", id="error is free"),
        pytest.param({**DONE, "speech_model_used": "new"}, "unpriced", None, id="unknown model"),
        pytest.param({**DONE, "audio_duration": None}, "unpriced", None, id="no duration"),
        pytest.param({**DONE, "audio_duration": "60"}, "unpriced", None, id="text"),
        pytest.param({**DONE, "audio_duration": -1}, "unpriced", None, id="negative"),
        pytest.param({**DONE, "status": "odd"}, "pending", None, id="unknown status"),
        pytest.param(b'{"status": "completed", "audio_dur', "pending", None, id="cut JSON"),
        pytest.param(b"[]", "pending", None, id="a list"),
    ],
)
def test_odd_replies_pass_untouched_and_are_never_zero(
    app, upstream, ledger, reply: object, state: str, cost: str | None
) -> None:
    submit(app, upstream)
    upstream.will(reply)
    body = app.get(f"/assemblyai/v2/transcript/{ID}").body
    assert body == (reply if isinstance(reply, bytes) else json.dumps(reply).encode())
    (row,) = rows(ledger)
    assert (row["state"], row["cost_usd"]) == (state, cost)


def test_compressed_replies_are_metered_and_pass_as_they_are(app, upstream, ledger) -> None:
    submit(app, upstream)
    packed = gzip.compress(json.dumps(DONE).encode())
    upstream.will(packed, **{"Content-Encoding": "gzip"})
    # WebTest would undo the compression.
    client = Client(app.app)
    reply = client.get(f"/assemblyai/v2/transcript/{ID}", headers={"Authorization": KEY})
    assert reply.data == packed
    assert rows(ledger)[0]["state"] == "settled"


def test_a_delete_of_an_unsettled_transcript_is_settled_first(app, upstream, ledger) -> None:
    submit(app, upstream)
    upstream.will(DONE)
    upstream.will({**DONE, "text": "Deleted by user."})
    app.delete(f"/assemblyai/v2/transcript/{ID}")
    assert [method for method, *_ in upstream.seen] == ["POST", "GET", "DELETE"]
    assert rows(ledger)[0]["cost_usd"] == "0.17"


@pytest.mark.parametrize(
    "outcome, status, state",
    [
        ("unsent", "502 Bad Gateway", "failed"),
        ("replied", "400 Bad Request", "failed"),
        ("replied", "500 Internal Server Error", "failed"),
        ("sent", "504 Gateway Timeout", "pending"),
    ],
)
def test_what_was_refused_is_free_and_what_nobody_knows_stays_open(
    app, upstream, ledger, outcome: str, status: str, state: str
) -> None:
    upstream.outcome = outcome
    upstream.will({"error": "x"}, status)
    app.post_json("/assemblyai/v2/transcript", SUBMIT, status="*")
    assert [row["state"] for row in rows(ledger)] == [state]


PAGE = b"<html><h1>504 Gateway Time-out</h1></html>"


@pytest.mark.parametrize(
    "status, body, state",
    [
        pytest.param("502 Bad Gateway", PAGE, "pending", id="502"),
        pytest.param("503 Service Unavailable", PAGE, "pending", id="503"),
        pytest.param("504 Gateway Timeout", PAGE, "pending", id="504"),
        pytest.param("504 Gateway Timeout", b"", "pending", id="nothing"),
        pytest.param("504 Gateway Timeout", b'{"message": "timed out"}', "pending", id="JSON"),
        pytest.param("504 Gateway Timeout", b'{"error": null}', "pending", id="null"),
        pytest.param("504 Gateway Timeout", b'["error"]', "pending", id="a list"),
        pytest.param("504 Gateway Timeout", b'{"error": "x', "pending", id="cut"),
        pytest.param("504 Gateway Timeout", b"x" * 300_000, "pending", id="long"),
        pytest.param("502 Bad Gateway", b'{"error": "x"}', "failed", id="AssemblyAI's own 502"),
        pytest.param("503 Service Unavailable", b'{"error": "x"}', "failed", id="its 503"),
        pytest.param("504 Gateway Timeout", b'{"error": "x"}', "failed", id="its 504"),
        pytest.param("500 Internal Server Error", PAGE, "failed", id="500"),
        pytest.param("501 Not Implemented", PAGE, "failed", id="501"),
        pytest.param("429 Too Many Requests", PAGE, "failed", id="429"),
    ],
)
def test_what_a_gateway_answers_says_nothing_of_the_work_behind_it(
    app, upstream, ledger, status: str, body: bytes, state: str
) -> None:
    upstream.will(body, status)
    reply = app.post_json("/assemblyai/v2/transcript", SUBMIT, status=int(status[:3]))
    assert (reply.status, reply.body) == (status, body)
    (row,) = rows(ledger)
    assert (row["state"], row["cost_usd"]) == (state, None if state == "pending" else "0")
    if state == "pending":
        assert row["reason"] == f"a gateway answered {status[:3]}: whether it was done is unknown"


def test_a_gateways_packed_error_passes_as_it_is(app, upstream, ledger) -> None:
    packed = gzip.compress(b'{"error": "x"}')
    upstream.will(packed, "503 Service Unavailable", **{"Content-Encoding": "gzip"})
    reply = Client(app.app).post(
        "/assemblyai/v2/transcript", json=SUBMIT, headers={"Authorization": KEY}
    )
    assert (reply.status_code, reply.data) == (503, packed)
    assert rows(ledger)[0]["state"] == "failed"


def test_a_chat_without_an_answer_is_unpriced_and_says_why(app, upstream, ledger) -> None:
    upstream.outcome = "sent"
    upstream.will({"error": "x"}, "504 Gateway Timeout")
    chat = {"model": "gpt-5-mini", "messages": []}
    app.post_json("/llm-gateway.assemblyai/v1/chat/completions", chat, status=504)
    (row,) = rows(ledger)
    assert (row["state"], row["cost_usd"]) == ("unpriced", None)
    assert "unknown" in row["reason"]


@pytest.mark.parametrize(
    "body, headers, status",
    [
        pytest.param(b"{", {}, 400, id="cut"),
        pytest.param(b"[]", {}, 400, id="a list"),
        pytest.param(b'{"a":1,"a":2}', {}, 400, id="a key twice"),
        pytest.param(gzip.compress(b"{}"), {"Content-Encoding": "gzip"}, 415, id="packed"),
    ],
)
def test_a_billable_body_that_cannot_be_read_goes_nowhere(
    app, upstream, ledger, body: bytes, headers: dict, status: int
) -> None:
    reply = app.post("/assemblyai/v2/transcript", body, headers=headers, status=status)
    assert list(reply.json) == ["error"]
    assert (upstream.seen, rows(ledger)) == ([], [])


class Broken:
    """A ledger method that fails."""

    def __call__(self, *_: object, **__: object) -> None:
        raise StoreError("The disk is full")


def test_nothing_billable_goes_out_when_the_ledger_cannot_be_written(
    app, upstream, ledger, monkeypatch
) -> None:
    monkeypatch.setattr(ledger, "open", Broken())
    reply = app.post_json("/assemblyai/v2/transcript", SUBMIT, status=503)
    assert "ledger" in reply.json["error"]
    assert upstream.seen == []
    upstream.will({"upload_url": "https://cdn.assemblyai.com/upload/x"})
    app.post("/assemblyai/v2/upload", b"audio")


def test_an_id_whose_owner_cannot_be_stored_is_not_told(
    app, upstream, ledger, monkeypatch, caplog
) -> None:
    monkeypatch.setattr(ledger, "accept", Broken())
    upstream.will(CREATED)
    reply = app.post_json("/assemblyai/v2/transcript", SUBMIT, status=503)
    assert ID not in reply.text
    assert rows(ledger)[0]["state"] == "pending"


@pytest.mark.parametrize(
    "status, beginning", [("200 OK", b'{"id": "'), ("504 Gateway Timeout", b'{"error": "')]
)
def test_a_reply_that_breaks_off_after_a_submit_leaves_the_row_open(
    ledger, status: str, beginning: bytes
) -> None:
    def breaking(environ, start_response):
        environ[CALL_KEY].upstream = "replied"
        start_response(status, [("Content-Type", "application/json")])
        yield beginning
        raise UpstreamError("cut")

    app = TestApp(PrefixRouter(lambda *_: [], {"/assemblyai": CostLogger(breaking, ledger=ledger)}))
    reply = app.post_json("/assemblyai/v2/transcript", SUBMIT, status=502)
    assert "unknown" in reply.json["error"]
    assert rows(ledger)[0]["state"] == "pending"


def events(*chunks: object) -> bytes:
    return b"".join(b"data: %b\n\n" % json.dumps(chunk).encode() for chunk in chunks)


USAGE = {"prompt_tokens": 1_000_000, "completion_tokens": 100_000, "total_tokens": 1_100_000}
CHUNK = {"model": "gpt-5-mini", "choices": [{"index": 0, "delta": {"content": "x"}}]}
CHAT = {"model": "gpt-5-mini", "messages": [], "model_region": "global", "stream": True}


@pytest.mark.parametrize(
    "stream, state, cost",
    [
        # gpt-5-mini: 0.25 and 2 dollars a million tokens: 0.25 + 0.2.
        (events(CHUNK, {"usage": USAGE, "choices": []}) + b"data: [DONE]\n\n", "settled", "0.45"),
        (events(CHUNK) + b"data: [DONE]\n\n", "unpriced", None),
    ],
    ids=["usage", "no usage"],
)
def test_a_stream_is_charged_by_its_last_usage(
    app, upstream, ledger, stream: bytes, state: str, cost: str | None
) -> None:
    upstream.will(stream, **{"Content-Type": "text/event-stream"})
    reply = app.post_json("/llm-gateway.assemblyai/v1/chat/completions", CHAT)
    assert reply.body == stream
    (row,) = rows(ledger)
    assert (row["state"], row["cost_usd"]) == (state, cost)


def test_a_client_that_leaves_a_stream_is_charged_what_was_reported(ledger) -> None:
    first = events({**CHUNK, "usage": USAGE})

    def streaming(environ, start_response):
        environ[CALL_KEY].upstream = "replied"
        start_response("200 OK", [("Content-Type", "text/event-stream")])
        yield first
        yield events(CHUNK)

    stage = CostLogger(streaming, ledger=ledger)
    app = PrefixRouter(lambda *_: [], {"/llm-gateway.assemblyai": stage})
    body = json.dumps(CHAT).encode()
    environ = {
        "REQUEST_METHOD": "POST",
        "SCRIPT_NAME": "",
        "PATH_INFO": "/llm-gateway.assemblyai/v1/chat/completions",
        "QUERY_STRING": "",
        "CONTENT_LENGTH": str(len(body)),
        "CONTENT_TYPE": "application/json",
        "wsgi.input": io.BytesIO(body),
    }
    reply = app(environ, lambda *_: None)
    assert next(iter(reply)) == first
    reply.close()
    (row,) = rows(ledger)
    assert (row["state"], row["cost_usd"]) == ("settled", "0.45")


def test_understanding_is_priced_by_the_transcript_it_reads(app, upstream, ledger) -> None:
    submit(app, upstream)
    upstream.will(DONE)
    app.get(f"/assemblyai/v2/transcript/{ID}")
    request = {"translation": {"target_languages": ["es"]}}
    upstream.will({"speech_understanding": {"request": request, "response": {}}})
    app.post_json(
        "/llm-gateway.assemblyai/v1/understanding",
        {"transcript_id": ID, "speech_understanding": {"request": request}},
    )
    # 1 h of translation at 0.06.
    assert (rows(ledger)[-1]["state"], rows(ledger)[-1]["cost_usd"]) == ("settled", "0.06")


def test_a_call_leaves_one_line_without_secrets_or_content(app, upstream, caplog) -> None:
    with caplog.at_level(logging.INFO, "assemblyai_mw"):
        upstream.will(CREATED)
        app.post_json(
            "/assemblyai/v2/transcript",
            {**SUBMIT, "prompt": "the patient's name"},
            headers={"X-AssemblyAI-MW-Tags": "team=search"},
        )
    (line,) = [record.getMessage() for record in caplog.records if record.name == "assemblyai_mw"]
    for fact in ("key=alice", "status=200", "tags=team=search"):
        assert fact in line
    for secret in (KEY, "patient", "\n"):
        assert secret not in line


def test_a_callback_that_fails_breaks_nothing(upstream, ledger, caplog) -> None:
    def failing(record: CallRecord) -> None:
        raise RuntimeError("a dashboard is down")

    app = TestApp(
        PrefixRouter(
            lambda *_: [], {"/assemblyai": CostLogger(upstream, ledger=ledger, on_call=failing)}
        )
    )
    upstream.will({"status": "queued"})
    assert app.get("/assemblyai/v2/transcript/x").json == {"status": "queued"}
    assert "failed; the reply is not affected" in caplog.text


@pytest.mark.parametrize("ledger", ["ledger.db", Path("ledger.db")])
def test_a_ledgers_bare_path_stops_the_start(upstream: Upstream, ledger) -> None:
    with pytest.raises(ConfigError, match="expected sqlite:///FILE"):
        CostLogger(upstream, ledger=ledger)
