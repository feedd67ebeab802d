"""Rates: exact moving windows, shared by processes by a file, across hosts by Redis."""

from __future__ import annotations

import logging
import multiprocessing
import os
import sqlite3
import stat
import threading
from pathlib import Path
from typing import Any

import pytest
from limits.storage import Storage
from stack_kit import API, CHAT, MASTER_KEY, Stack, chat
from webtest import TestApp

from assemblyai_mw import Caller, ConfigError, KeyAuth, RateLimit
from assemblyai_mw.middleware.rate_limit import outage
from assemblyai_mw.middleware.rate_limit.place import path_beside
from assemblyai_mw.middleware.rate_limit.storage import FileStorage, storage_of

OK = "200 OK"

STORAGE = "assemblyai_mw.middleware.rate_limit.storage"
PLACE = "assemblyai_mw.middleware.rate_limit.place"


def _app(environ: Any, start_response: Any) -> list[bytes]:
    start_response(OK, [("Content-Type", "text/plain"), ("Content-Length", "2")])
    return [b"ok"]


def _limited(storage: Any, *callers: Caller, **options: Any) -> list[TestApp]:
    app = RateLimit(_app, storage=storage, **options)
    return [
        TestApp(KeyAuth(app, keys={"k": caller}), extra_environ={"HTTP_AUTHORIZATION": "k"})
        for caller in callers
    ]


def _statuses(app: TestApp, times: int) -> list[int]:
    return [app.get("/", status="*").status_int for _ in range(times)]


def test_a_key_may_ask_so_often_and_no_more(storage: Storage) -> None:
    (app,) = _limited(storage, Caller("a", rpm=3))
    assert _statuses(app, 5) == [200, 200, 200, 429, 429]


def test_the_429_says_when_the_next_fits(storage: Storage) -> None:
    (app,) = _limited(storage, Caller("a", rpm=1))
    passed = app.get("/")
    refused = app.get("/", status=429)
    assert passed.headers["X-RateLimit-Limit"] == "1"
    assert passed.headers["X-RateLimit-Remaining"] == "0"
    assert 58 <= int(refused.headers["Retry-After"]) <= 60
    assert refused.headers["X-RateLimit-Limit"] == "1"
    assert refused.headers["X-RateLimit-Remaining"] == "0"
    assert refused.headers["X-RateLimit-Reset"] == refused.headers["Retry-After"]
    wait = refused.headers["Retry-After"]
    assert refused.json == {
        "error": f"Too many requests: this key may make 1 a minute. The next one fits in {wait} s."
    }


def test_keys_do_not_count_for_each_other(storage: Storage) -> None:
    a, b = _limited(storage, Caller("a", rpm=1), Caller("b", rpm=1))
    assert (_statuses(a, 2), _statuses(b, 2)) == ([200, 429], [200, 429])


def test_a_team_counts_together_and_takes_nothing_from_its_keys(storage: Storage) -> None:
    one = Caller("one", team="blue", rpm=3, team_rpm=2)
    two = Caller("two", team="blue", team_rpm=2)
    alone = Caller("one", rpm=3)
    a, b, same = _limited(storage, one, two, alone)
    assert (_statuses(a, 1), _statuses(b, 2)) == ([200], [200, 429])
    refused = a.get("/", status=429)
    assert "this team may make 2 a minute" in refused.json["error"]
    # What the team's rate refused was not counted for the key.
    assert _statuses(same, 3) == [200, 200, 429]


def test_a_rate_of_none_at_all(storage: Storage) -> None:
    (app,) = _limited(storage, Caller("a", rpm=0))
    assert _statuses(app, 2) == [429, 429]


def test_who_has_no_rate_touches_no_storage(tmp_path: Path) -> None:
    path = tmp_path / "rates"
    for caller in (Caller("a"), Caller("m", master=True, rpm=1), Caller("a", team_rpm=1)):
        (app,) = _limited(path, caller)
        assert _statuses(app, 3) == [200, 200, 200]
        assert "X-RateLimit-Limit" not in app.get("/").headers
    assert not path.exists()


def test_upstreams_own_fields_are_left_alone(tmp_path: Path) -> None:
    def upstream(environ: Any, start_response: Any) -> list[bytes]:
        start_response(OK, [("Content-Type", "text/plain"), ("x-ratelimit-remaining", "17")])
        return [b""]

    app = RateLimit(upstream, storage=tmp_path / "rates")
    reply = TestApp(KeyAuth(app, keys={"k": Caller("a", rpm=5)})).get(
        "/", headers={"Authorization": "k"}
    )
    fields = [(k, v) for k, v in reply.headers.items() if k.lower().startswith("x-ratelimit")]
    assert fields == [("x-ratelimit-remaining", "17")]
    app.storage.close()  # type: ignore[attr-defined]


# The file


def _window(monkeypatch: pytest.MonkeyPatch, now: list[float]) -> None:
    monkeypatch.setattr(f"{STORAGE}.time.monotonic", lambda: now[0])


def test_the_window_moves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No minute ever holds more than allowed: not at the edge of a window either."""
    now = [1000.0]
    _window(monkeypatch, now)
    storage = FileStorage(tmp_path / "rates")
    admitted = []
    for _ in range(600):
        now[0] += 0.7
        if storage.acquire_entry("k", 10, 60):
            admitted.append(now[0])
    for first in admitted:
        assert sum(first <= at < first + 60 for at in admitted) <= 10
    assert len(admitted) == 70
    storage.close()


def test_the_file_keeps_no_more_than_the_window(tmp_path: Path) -> None:
    storage = FileStorage(tmp_path / "rates")
    for _ in range(50):
        storage.acquire_entry("k", 5, 0)
    with sqlite3.connect(tmp_path / "rates") as connection:
        assert connection.execute("SELECT count(*) FROM hits").fetchone() == (5,)
    connection.close()
    storage.close()


def test_what_is_told_of_a_window_is_what_lies_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [1000.0]
    _window(monkeypatch, now)
    monkeypatch.setattr(f"{STORAGE}.time.time", lambda: now[0])
    storage = FileStorage(tmp_path / "rates")
    assert storage.get_moving_window("k", 500, 60) == (1000.0, 0)
    hits: list[float] = []
    for step in (0.25, 7.0, 0.25, 59.75, 60.0, 0.25, 130.0):
        for amount in (1, 3, 2):
            now[0] += step
            assert storage.acquire_entry("k", 500, 60, amount=amount)
            hits += [now[0]] * amount
            inside = [at for at in hits if at > now[0] - 60]
            assert storage.get_moving_window("k", 500, 60) == (inside[0], len(inside))
    now[0] += 60
    assert storage.get_moving_window("k", 500, 60) == (now[0], 0)
    storage.close()


def test_hits_of_before_a_reboot_do_not_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [1_000_000.0]
    _window(monkeypatch, now)
    storage = FileStorage(tmp_path / "rates")
    assert [storage.acquire_entry("k", 2, 60) for _ in range(3)] == [True, True, False]
    now[0] = 5.0
    assert storage.get_moving_window("k", 2, 60)[1] == 0
    assert [storage.acquire_entry("k", 2, 60) for _ in range(3)] == [True, True, False]
    storage.close()


def test_a_clock_that_is_set_changes_no_rate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage = FileStorage(tmp_path / "rates")
    assert storage.acquire_entry("k", 1, 60)
    monkeypatch.setattr(f"{STORAGE}.time.time", lambda: 4_000_000_000.0)
    assert not storage.acquire_entry("k", 1, 60)
    storage.close()


def test_amounts_clear_and_reset(storage: Storage) -> None:
    assert storage.acquire_entry("k", 3, 60, amount=2)  # type: ignore[attr-defined]
    assert not storage.acquire_entry("k", 3, 60, amount=2)  # type: ignore[attr-defined]
    assert storage.get_moving_window("k", 3, 60)[1] == 2  # type: ignore[attr-defined]
    storage.reset()
    assert storage.acquire_entry("k", 3, 60, amount=3)  # type: ignore[attr-defined]
    assert storage.check()


def _hit(storage: Any, times: int, results: Any) -> None:
    results.put(sum(storage.acquire_entry("k", 100, 60) for _ in range(times)))


def test_threads_and_forked_processes_share_one_window(tmp_path: Path) -> None:
    """The storage was used before the fork, as a host does that warms itself up."""
    storage = FileStorage(tmp_path / "rates")
    assert storage.acquire_entry("k", 100, 60)
    context = multiprocessing.get_context("fork")
    results = context.Queue()
    processes = [context.Process(target=_hit, args=(storage, 60, results)) for _ in range(4)]
    for process in processes:
        process.start()
    counts: list[int] = []
    threads = [
        threading.Thread(
            target=lambda: counts.append(sum(storage.acquire_entry("k", 100, 60) for _ in range(9)))
        )
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    counts += [results.get(timeout=60) for _ in processes]
    for process in processes:
        process.join()
    assert sum(counts) == 99
    storage.close()


def test_the_file_is_its_owners_alone(tmp_path: Path) -> None:
    storage = FileStorage(tmp_path / "rates")
    storage.acquire_entry("k", 1, 60)
    assert stat.S_IMODE((tmp_path / "rates").stat().st_mode) == 0o600
    storage.close()


@pytest.mark.parametrize("method", ["incr", "get", "get_expiry"])
def test_fixed_windows_are_refused_rather_than_wrong(tmp_path: Path, method: str) -> None:
    arguments = ("k", 60) if method == "incr" else ("k",)
    with pytest.raises(NotImplementedError):
        getattr(FileStorage(tmp_path / "rates"), method)(*arguments)


def test_a_ledgers_rates_lie_beside_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert path_beside("sqlite:////var/x/ledger.db") == "/var/x/ledger.db.rates"
    monkeypatch.setattr(f"{PLACE}.tempfile.gettempdir", lambda: str(tmp_path))
    first = path_beside("postgresql+psycopg://u:secret@h/one")
    second = path_beside("postgresql+psycopg://u:secret@h/two")
    assert first != second
    assert "secret" not in first
    assert Path(first).parent == tmp_path / f"assemblyai-mw-{os.getuid()}"
    assert stat.S_IMODE(Path(first).parent.stat().st_mode) == 0o700


def test_somebody_elses_directory_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(f"{PLACE}.tempfile.gettempdir", lambda: str(tmp_path))
    planted = tmp_path / f"assemblyai-mw-{os.getuid()}"
    planted.mkdir()
    planted.chmod(0o777)
    with pytest.raises(ConfigError, match="only this user"):
        path_beside("postgresql://h/x")


# When the storage is gone


@pytest.mark.parametrize("where", ["redis://127.0.0.1:1/0", "/nowhere/at/all/rates"])
@pytest.mark.parametrize("policy, status", [("open", 200), ("closed", 503)])
def test_without_a_storage_the_policy_decides_and_it_is_logged_once(
    where: str,
    policy: str,
    status: int,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(outage, "RETRY_S", 0.0)
    (app,) = _limited(where, Caller("a", rpm=1), when_gone=policy)
    with caplog.at_level(logging.WARNING, "assemblyai_mw.rate_limit"):
        assert _statuses(app, 4) == [status] * 4
    assert caplog.text.count("rates cannot be counted") == 1
    if status == 503:
        assert app.get("/", status=503).json == {"error": "Rates cannot be counted at the moment."}


def test_a_redis_that_comes_back_counts_again(
    redis_url: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outage, "RETRY_S", 0.0)
    storage = storage_of(redis_url)
    (app,) = _limited(storage, Caller("a", rpm=1))
    connections = storage.storage.connection_pool.connection_kwargs  # type: ignore[attr-defined]
    path = connections["path"]
    connections["path"] = "/nowhere"
    assert _statuses(app, 2) == [200, 200]
    connections["path"] = path
    storage.storage.connection_pool.reset()  # type: ignore[attr-defined]
    with caplog.at_level(logging.WARNING, "assemblyai_mw.rate_limit"):
        assert _statuses(app, 2) == [200, 429]
    assert "counted again" in caplog.text
    storage.storage.close()  # type: ignore[attr-defined]


def test_a_storage_that_failed_is_left_alone_for_a_moment(tmp_path: Path) -> None:
    class Failing(FileStorage):
        asked = 0

        def acquire_entry(self, *arguments: Any, **options: Any) -> bool:
            Failing.asked += 1
            raise sqlite3.OperationalError("gone")

    (app,) = _limited(Failing(tmp_path / "x"), Caller("a", rpm=1))
    assert _statuses(app, 20) == [200] * 20
    assert Failing.asked < 20


@pytest.mark.parametrize("url", ["redis://h:port", "redis://user:secret@[::1"])
def test_a_url_that_is_none_is_refused_without_showing_it(url: str) -> None:
    with pytest.raises(ConfigError) as error:
        storage_of(url)
    assert "secret" not in str(error.value)


def test_the_policy_is_one_of_two(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="when_gone"):
        RateLimit(_app, storage=tmp_path, when_gone="maybe")  # type: ignore[arg-type]


# In the stack


@pytest.mark.parametrize("shared", ["file", "redis"])
def test_every_route_counts_for_one_rate(
    sqlite_url: str, shared: str, request: pytest.FixtureRequest
) -> None:
    general = {"redis_url": request.getfixturevalue("redis_url")} if shared == "redis" else {}
    stack = Stack(sqlite_url, general_settings=general)
    key = stack.key("a", rpm=3)
    assert stack.ask("POST", f"{API}/v2/upload", key).status_int == 200
    assert stack.ask("POST", CHAT, key, json=chat()).status_int == 200
    assert stack.ask("POST", "/eu.assemblyai/v2/upload", key).status_int == 200
    stack.us.requests.clear()
    error = stack.ask("POST", CHAT, key, json=chat())
    assert error.status_int == 429
    assert error.json["error"]["code"] == "rate_limit_exceeded"
    assert error.json["error"]["type"] == "rate_limit_error"
    assert stack.ask("DELETE", f"{API}/v2/transcript/x1", key).status_int == 429
    assert stack.ask("GET", f"{API}/v2/anything", key).status_int == 429
    assert stack.us.requests == []
    # A holder may still look, and the master key is not counted.
    assert stack.ask("GET", "/assemblyai-mw/key/me", key).json["rpm"] == 3
    assert stack.ask("GET", f"{API}/v2/transcript", MASTER_KEY).status_int == 200
    stack.close()


def test_a_changed_rate_counts_what_came_before(sqlite_url: str) -> None:
    stack = Stack(sqlite_url)
    one = stack.key("one", team="blue", team_rpm=3)
    # Another rate for the same team: both count in the team's one window.
    two = stack.key("two", team="blue", team_rpm=2)
    path = f"{API}/v2/upload"
    statuses = [stack.ask("POST", path, key).status_int for key in (one, two, two, one, one)]
    assert statuses == [200, 200, 429, 200, 429]
    stack.close()


def test_a_teams_rate_is_set_for_the_team(sqlite_url: str) -> None:
    stack = Stack(sqlite_url)
    stack.keys.set_team("blue", rpm=2)
    one, two = stack.key("one", team="blue"), stack.key("two", team="blue")
    path = f"{API}/v2/upload"
    statuses = [stack.ask("POST", path, key).status_int for key in (one, two, one)]
    assert statuses == [200, 200, 429]
    stack.close()


# Reading one's own work


def _reads(stack: Stack, key: str, paths: list[str], method: str = "GET") -> list[int]:
    return [stack.ask(method, path, key).status_int for path in paths]


@pytest.mark.parametrize("shared", ["file", "redis"])
def test_a_job_of_a_key_with_a_low_rate_can_be_polled(
    sqlite_url: str, shared: str, request: pytest.FixtureRequest
) -> None:
    general = {"redis_url": request.getfixturevalue("redis_url")} if shared == "redis" else {}
    stack = Stack(sqlite_url, general_settings=general)
    key = stack.key("a", rpm=1)
    id = stack.submit(key)
    path = f"{API}/v2/transcript/{id}"
    stack.us.finish()
    others = [f"{path}/sentences", f"{path}/srt", f"{API}/v2/transcript", "/assemblyai-mw/key/me"]
    assert _reads(stack, key, [path] * 55 + others) == [200] * 59
    assert _reads(stack, key, [path], method="HEAD") == [200]
    stack.us.requests.clear()
    refused = stack.ask("GET", path, key)
    assert refused.status_int == 429
    assert "this key may make 60 reads a minute" in refused.json["error"]
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert _reads(stack, key, [*others, path]) == [429] * 5
    assert stack.us.requests == []
    # The other window is as it was: full since the submit.
    told = stack.ask("POST", f"{API}/v2/upload", key)
    assert (told.status_int, told.headers["X-RateLimit-Limit"]) == (429, "1")
    stack.close()


def test_the_window_of_reads_is_ten_times_the_rate(sqlite_url: str) -> None:
    stack = Stack(sqlite_url)
    key = stack.key("a", rpm=50)
    id = stack.submit(key)
    told = stack.ask("GET", f"{API}/v2/transcript/{id}", key).headers
    assert (told["X-RateLimit-Limit"], told["X-RateLimit-Remaining"]) == ("500", "499")
    told = stack.ask("POST", f"{API}/v2/upload", key).headers
    assert (told["X-RateLimit-Limit"], told["X-RateLimit-Remaining"]) == ("50", "48")
    stack.close()


def test_a_teams_reads_count_together(sqlite_url: str) -> None:
    stack = Stack(sqlite_url)
    stack.keys.set_team("blue", rpm=1)
    one, two = stack.key("one", team="blue"), stack.key("two", team="blue")
    path = f"{API}/v2/transcript"
    assert _reads(stack, one, [path] * 30) + _reads(stack, two, [path] * 30) == [200] * 60
    refused = stack.ask("GET", path, one)
    assert "this team may make 60 reads a minute" in refused.json["error"]
    stack.close()


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_list_counts_as_the_requests_that_it_took(sqlite_url: str, method: str) -> None:
    stack = Stack(sqlite_url)
    key = stack.key("a", rpm=6)
    for _ in range(6):
        stack.submit(key)
        for _ in range(300):
            stack.us.new_transcript("account", {"audio_url": "x"}, "universal-3-5-pro", None)
    left = 60
    while left:
        stack.us.requests.clear()
        reply = stack.ask(method, f"{API}/v2/transcript", key)
        assert reply.status_int == 200
        assert len(stack.us.requests) == 5
        left = int(reply.headers["X-RateLimit-Remaining"])
        assert (60 - left) % 5 == 0
    stack.us.requests.clear()
    assert stack.ask(method, f"{API}/v2/transcript", key).status_int == 429
    assert stack.us.requests == []
    stack.close()


def test_what_does_not_fit_fills_the_window_up(storage: Storage) -> None:
    """A list that took more requests than were left is answered; the next one is not."""

    def list_(environ: Any, start_response: Any) -> list[bytes]:
        environ["assemblyai_mw.call"].upstream_reads = 7
        return _app(environ, start_response)

    app = RateLimit(list_, storage=storage)
    client = TestApp(
        KeyAuth(app, keys={"k": Caller("a", rpm=1)}), extra_environ={"HTTP_AUTHORIZATION": "k"}
    )
    statuses = [client.get("/v2/transcript", status="*").status_int for _ in range(10)]
    assert statuses == [200] * 9 + [429]
    # Where nothing was listed, nothing more is charged.
    other = TestApp(
        KeyAuth(app, keys={"k": Caller("b", rpm=3)}), extra_environ={"HTTP_AUTHORIZATION": "k"}
    )
    assert _statuses(other, 4) == [200, 200, 200, 429]


def test_other_spellings_of_a_read_count_as_requests(sqlite_url: str) -> None:
    stack = Stack(sqlite_url)
    key = stack.key("a", rpm=1)
    assert _reads(stack, key, [f"{API}/v2/transcript/", f"{API}//v2/transcript"]) == [404, 429]
    stack.close()
