"""Holds that fit: what an upload, its channels and the path of a clip say of a call's cost."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from wsgiref.util import setup_testing_defaults

import pytest
from sqlalchemy import select
from stack_kit import API, MASTER_KEY, Stack
from stand_in.kit import wav

from assemblyai_mw import AssemblyAIMiddleware, Budget, Database, Holds, KeyAuth
from assemblyai_mw.billing.price_book import format_usd
from assemblyai_mw.middleware.isolation import Isolation
from assemblyai_mw.store.schema import uploads

HOUR_USD = Decimal("0.21")


@pytest.fixture
def stack(sqlite_url: str) -> Iterator[Stack]:
    stack = Stack(sqlite_url)
    yield stack
    stack.close()


@pytest.fixture
def both(database_url: str) -> Iterator[Stack]:
    """The same on each engine."""
    stack = Stack(database_url)
    yield stack
    stack.close()


def uploaded(stack: Stack, key: str, file: bytes, **headers: str) -> str:
    reply = stack.app.post(
        f"{API}/v2/upload", params=file, headers={"Authorization": key, **headers}
    )
    return str(reply.json["upload_url"])


def hours_held(stack: Stack, key: str, **fields: Any) -> Decimal:
    """Submit, and return how many hours of universal-3-5-pro (0.21 USD each) are held for it."""
    before = stack.held()
    stack.submit(key, **fields)
    return Decimal(stack.held() - before) / 10**9 / HOUR_USD


def flac(seconds: int, channels: int = 1) -> bytes:
    packed = 8000 << 44 | channels - 1 << 41 | 15 << 36 | seconds * 8000
    return b"fLaC\x80\0\0\x22" + bytes(10) + packed.to_bytes(8, "big") + bytes(16)


def test_pcm_is_held_at_the_length_of_its_bytes(both: Stack) -> None:
    key = both.key("a", budget_usd="1000")
    for seconds, hours in ((36, "0.01"), (5400, "1.5")):
        url = uploaded(both, key, wav(seconds))
        assert hours_held(both, key, audio_url=url) == Decimal(hours)


def test_a_short_file_fits_in_a_budget_that_an_assumed_hour_does_not(stack: Stack) -> None:
    key = stack.key("a", budget_usd="0.01")
    url = uploaded(stack, key, wav(60))
    body = {"audio_url": "https://example.com/a.mp3"}
    assert stack.ask("POST", f"{API}/v2/transcript", key, json=body).status_int == 429
    assert stack.ask("POST", f"{API}/v2/transcript", key, json={"audio_url": url}).status_int == 200


def test_a_told_length_raises_and_never_lowers(both: Stack) -> None:
    key = both.key("a", budget_usd="1000")
    for seconds, hours in ((60, 1), (36_000, 10)):
        url = uploaded(both, key, flac(seconds))
        assert hours_held(both, key, audio_url=url) == hours


def test_a_file_of_which_nothing_is_known_is_held_as_assumed(stack: Stack) -> None:
    key = stack.key("a", budget_usd="1000")
    for url in (uploaded(stack, key, b"no audio"), "https://example.com/a.wav"):
        assert hours_held(stack, key, audio_url=url) == 1


@pytest.mark.parametrize("flag", ["multichannel", "dual_channel"])
def test_each_channel_is_held_where_each_is_billed(stack: Stack, flag: str) -> None:
    key = stack.key("a", budget_usd="1000")
    six = uploaded(stack, key, wav(36, channels=6))
    told = uploaded(stack, key, flac(60, channels=8))
    assert hours_held(stack, key, **{flag: True}) == 2
    assert hours_held(stack, key, **{flag: True}, audio_url=six) == Decimal("0.06")
    assert hours_held(stack, key, **{flag: True}, audio_url=told) == 8
    assert hours_held(stack, key, audio_url=six) == Decimal("0.01")


def test_assumed_channels_is_a_setting(sqlite_url: str) -> None:
    stack = Stack(sqlite_url, budgets={"assumed_channels": 32})
    try:
        key = stack.key("a", budget_usd="1000")
        assert hours_held(stack, key, multichannel=True) == 32
        assert hours_held(stack, key) == 1
        one = stack.key("b", budget_usd="1")
        body = {"audio_url": "https://example.com/a.mp3", "multichannel": True}
        assert stack.ask("POST", f"{API}/v2/transcript", one, json=body).status_int == 429
    finally:
        stack.close()


def test_assumed_channels_of_none_is_refused(sqlite_url: str) -> None:
    with pytest.raises(ValueError, match="assumed_channels"):
        Budget(lambda *_: [], holds=Holds(sqlite_url), assumed_channels=0)


@pytest.mark.parametrize(
    "respelled",
    [
        pytest.param(lambda url: url + "?x=1", id="a query"),
        pytest.param(lambda url: url.replace("/upload", "/%75pload"), id="encoded"),
        pytest.param(
            lambda url: f"{url.replace('/upload/', '%2Fupload%2F')}%3F@long.example/ten-hours.wav",
            id="another host to a strict reader",
        ),
        pytest.param(lambda url: url.replace("https:", ""), id="no scheme"),
    ],
)
def test_another_spelling_of_an_uploads_url_lowers_nothing(stack: Stack, respelled: Any) -> None:
    key = stack.key("a", budget_usd="0.20")
    url = uploaded(stack, key, wav(36))
    submit = f"{API}/v2/transcript"
    assert stack.ask("POST", submit, key, json={"audio_url": respelled(url)}).status_int == 429
    assert stack.ask("POST", submit, key, json={"audio_url": url}).status_int == 200


def test_an_upload_elsewhere_in_the_body_decides_nothing(stack: Stack) -> None:
    key = stack.key("a", budget_usd="1000")
    short = uploaded(stack, key, wav(36))
    more = {"custom": {"audio_url": short}, "note": short}
    assert hours_held(stack, key, audio_url="https://example.com/long.wav", **more) == 1


def test_an_upload_that_broke_off_is_not_remembered(stack: Stack) -> None:
    key, file = stack.key("a"), wav(36)
    reply, _ = sent(stack.middleware, key, file, announced=len(file) + 1)
    assert reply == "400 Bad Request"
    with stack.keys.database.read() as connection:
        assert connection.execute(select(uploads)).all() == []


def test_an_upload_that_was_answered_before_its_end_tells_no_length(stack: Stack) -> None:
    """Nobody knows how many bytes AssemblyAI had."""
    key, file = stack.key("a", budget_usd="1000"), wav(36)
    url = "https://cdn.assemblyai.com/upload/early"

    def early(environ: Any, start_response: Any) -> list[bytes]:
        environ["wsgi.input"].read(1000)
        start_response("200 OK", [("Content-Type", "application/json")])
        return [json.dumps({"upload_url": url}).encode()]

    app = KeyAuth(Isolation(early, ledger=stack.ledger), keys=stack.keys)
    assert sent(app, key, file, announced=len(file)) == (
        "200 OK",
        json.dumps({"upload_url": url}).encode(),
    )
    owner = stack.ledger.upload_owner("us", url.removeprefix("https://"))
    assert owner is not None
    assert (owner.key_name, owner.audio) == ("a", None)


def sent(app: Any, key: str, file: bytes, *, announced: int) -> tuple[str, bytes]:
    """Upload *file* as a body of *announced* bytes; return status and body of the reply."""
    environ: dict[str, Any] = {}
    setup_testing_defaults(environ)
    environ |= {
        "REQUEST_METHOD": "POST",
        "SCRIPT_NAME": "",
        "PATH_INFO": f"{API}/v2/upload",
        "CONTENT_LENGTH": str(announced),
        "HTTP_AUTHORIZATION": key,
        "wsgi.input": io.BytesIO(file),
    }
    if not isinstance(app, AssemblyAIMiddleware):
        environ |= {"SCRIPT_NAME": API, "PATH_INFO": "/v2/upload"}
    statuses: list[str] = []
    reply = app(environ, lambda status, *_: statuses.append(status))
    body = b"".join(reply)
    getattr(reply, "close", lambda: None)()
    return statuses[0], body


def test_a_compressed_upload_is_not_taken_for_what_it_begins_with(stack: Stack) -> None:
    key = stack.key("a", budget_usd="1000")
    url = uploaded(stack, key, wav(36), **{"Content-Encoding": "gzip"})
    assert hours_held(stack, key, audio_url=url) == 1


def test_the_length_of_a_mates_upload_counts_as_well(stack: Stack) -> None:
    a = stack.key("a", team="blue")
    mate = stack.key("mate", team="blue", budget_usd="1000")
    assert hours_held(stack, mate, audio_url=uploaded(stack, a, wav(36))) == Decimal("0.01")
    assert stack.submit(MASTER_KEY, audio_url=uploaded(stack, MASTER_KEY, wav(36)))


def test_what_is_known_of_an_upload_takes_no_round_trip_of_its_own(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = stack.key("a", budget_usd="1000")
    known, unknown = uploaded(stack, key, wav(36)), uploaded(stack, key, b"no audio")
    stack.submit(key, audio_url=unknown)
    taken: list[str] = []
    for name in ("read", "write", "snapshot"):
        original = getattr(Database, name)

        def counting(self: Database, *, original: Any = original, name: str = name) -> Any:
            taken.append(name)
            return original(self)

        monkeypatch.setattr(Database, name, counting)
    stack.submit(key, audio_url=unknown)
    without, taken[:] = list(taken), []
    stack.submit(key, audio_url=known)
    assert taken == without
    assert "read" in taken


# The synchronous API and dictation


@pytest.mark.parametrize(
    "path, usd",
    [
        ("/v1/transcribe", "0.10"),
        ("/transcribe", "0.10"),
        ("/v1/transcribe/live", "0.01"),
        ("/v1/transcribe/stream", "0.01"),
    ],
)
@pytest.mark.parametrize("service", ["sync", "dictation"])
def test_a_clip_is_held_at_the_longest_that_its_path_takes(
    sqlite_url: str, service: str, path: str, usd: str
) -> None:
    """0.30 USD an hour: 20 minutes where the file is sent whole, 120 seconds live."""
    prefix = f"/{service}.assemblyai"
    routes = {prefix: f"https://{service}.assemblyai.com"}
    stack = Stack(sqlite_url, routes=routes, prices={service: {"*": "0.30"}})
    try:
        just = stack.key("just", budget_usd=usd)
        under = stack.key("under", budget_usd=Decimal(usd) - Decimal("0.000000001"))
        reply = stack.ask("POST", prefix + path, under, params=b"audio")
        needed = f"up to {format_usd(int(Decimal(usd) * 10**9))} USD"
        assert (reply.status_int, needed in str(reply.json)) == (429, True)
        assert stack.ask("POST", prefix + path, just, params=b"audio").status_int != 429
    finally:
        stack.close()
