"""`check`: whether the server can carry streaming sessions, and has room and time for them."""

from __future__ import annotations

import contextlib
import resource
from collections.abc import Iterator
from typing import Any

import pytest
from cli_kit import ACCOUNT_KEY
from gunicorn.config import Config as Gunicorn

from assemblyai_mw.billing.operations import SESSION_HOSTS
from assemblyai_mw.cli.check import server
from assemblyai_mw.cli.check.app import Loaded
from assemblyai_mw.cli.check.finding import Finding
from assemblyai_mw.cli.check.sessions import behind, descriptors, under_gunicorn
from assemblyai_mw.config import DEFAULT_ROUTES, Config, load_config
from assemblyai_mw.testing import serve


def config(routes: dict[str, Any] | None = None, **streaming: Any) -> Config:
    return load_config(
        {"streaming": streaming, "routes": routes or {}}, {"ASSEMBLYAI_API_KEY": ACCOUNT_KEY}
    )


def gunicorn(**settings: Any) -> Gunicorn:
    found = Gunicorn()
    for name, value in settings.items():
        found.set(name, value)
    return found


WITHOUT_ROUTES = {
    prefix: None
    for prefix in DEFAULT_ROUTES
    if any(prefix.endswith(f"{host}.assemblyai") for host in SESSION_HOSTS)
}
NOT_RELAYED = [
    pytest.param(config(relay=False), id="relay-off"),
    pytest.param(config(WITHOUT_ROUTES), id="no-route"),
]


@contextlib.contextmanager
def limit(soft: int) -> Iterator[None]:
    """Let this process open *soft* descriptors."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


@pytest.mark.parametrize(
    ("sessions", "soft", "level", "words"),
    [
        # 3 x 100, 100 of the worker itself, and 128 refused uploads that are still read.
        pytest.param(100, 528, "ok", "528 for 100 sessions", id="just-enough"),
        pytest.param(100, 527, "note", "need 528, and a process started here may open 527"),
        pytest.param(1000, 528, "note", "max_sessions_per_worker: 100", id="what-would-fit"),
    ],
)
def test_descriptors_are_counted_against_the_limit_of_this_process(
    sessions: int, soft: int, level: str, words: str
) -> None:
    with limit(soft):
        (found,) = descriptors(config(max_sessions_per_worker=sessions))
    assert (found.level, found.subject) == (level, "descriptors")
    assert words in found.as_line()


@pytest.mark.parametrize("worker", ["sync", "gthread", "gevent", "gevent_pywsgi"])
@pytest.mark.parametrize("tokens", [None, "own", "upstream"])
def test_gunicorns_own_workers_carry_sessions(worker: str, tokens: str | None) -> None:
    (found,) = under_gunicorn(config(tokens=tokens), gunicorn(worker_class=worker))
    assert (found.level, found.subject) == ("ok", "sessions")


def test_a_worker_named_by_its_class_is_known() -> None:
    name = "gunicorn.workers.ggevent.GeventWorker"
    (found,) = under_gunicorn(config(), gunicorn(worker_class=name))
    assert found.level == "ok"


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        pytest.param({"worker_class": "tornado"}, "tornado worker hands the app no socket"),
        pytest.param({"worker_class": "uvicorn.workers.UvicornWorker"}, "hands the app no socket"),
        pytest.param({"certfile": __file__}, "its sync worker cannot hand over"),
        pytest.param(
            {"certfile": __file__, "worker_class": "gevent"}, "its gevent worker cannot hand over"
        ),
    ],
)
def test_a_server_that_cannot_carry_sessions_is_wrong_if_their_tokens_need_it(
    settings: dict[str, Any], words: str
) -> None:
    (note,) = under_gunicorn(config(), gunicorn(**settings))
    (wrong,) = under_gunicorn(config(tokens="own"), gunicorn(**settings))
    assert (note.level, wrong.level) == ("note", "wrong")
    assert words in note.text
    assert wrong.text.startswith(note.text)
    assert "streaming: tokens" in (wrong.hint or "")


@pytest.mark.parametrize("worker", ["sync", "gthread"])
def test_tls_at_gunicorn_holds_threads(worker: str) -> None:
    found = list(
        under_gunicorn(config(), gunicorn(certfile=__file__, worker_class=worker, threads=8))
    )
    assert [each.level for each in found] == ["note"]
    assert "holds one of the 8 thread(s)" in found[0].text


@pytest.mark.parametrize(
    ("settings", "streaming", "names"),
    [
        pytest.param({}, {}, [], id="defaults"),
        pytest.param({"timeout": 25}, {}, ["timeout = 30"], id="timeout"),
        pytest.param({"timeout": 26}, {}, [], id="timeout-above"),
        pytest.param({"timeout": 0}, {}, [], id="no-timeout"),
        pytest.param({"graceful_timeout": 10}, {}, ["graceful_timeout = 30"], id="graceful"),
        pytest.param(
            {}, {"drain_s": 60}, ["graceful_timeout = 70", "timeout = 70"], id="long-drain"
        ),
    ],
)
def test_sessions_end_before_their_worker_is_killed(
    settings: dict[str, Any], streaming: dict[str, Any], names: list[str]
) -> None:
    found = under_gunicorn(config(**streaming), gunicorn(threads=8, **settings))
    wrong = [each.hint or "" for each in found if each.level == "wrong"]
    assert len(wrong) == len(names)
    for text, name in zip(wrong, names, strict=True):
        assert f"{name}, or a smaller drain_s" == text


@pytest.mark.parametrize("cannot", NOT_RELAYED)
def test_without_a_relay_nothing_is_said_of_sessions(cannot: Config) -> None:
    with limit(300):
        assert list(descriptors(cannot)) == []
    assert list(under_gunicorn(cannot, gunicorn(worker_class="tornado"))) == []
    assert list(behind(cannot, "waitress")) == []


@pytest.mark.parametrize(
    ("name", "tokens", "levels"),
    [
        ("waitress", None, ["note"]),
        ("waitress", "own", ["wrong"]),
        ("Apache/2.4.62 (Unix) mod_wsgi/5.0.2 Python/3.11", "own", ["wrong"]),
        ("nginx", "own", []),
        ("gunicorn", "own", []),
    ],
)
def test_a_running_server_is_known_by_its_header(
    name: str, tokens: str | None, levels: list[str]
) -> None:
    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("401 Unauthorized", [("Content-Length", "0"), ("Server", name)])
        return []

    with serve(app) as url:
        found = list(server.running(url, config(tokens=tokens)))
    assert [each.level for each in found if each.subject == "sessions"] == levels


def test_gunicorns_environment_is_held_against_the_sessions(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GUNICORN_CMD_ARGS", "--worker-class tornado --timeout 150")
    found = list(server.gunicorn(config(tokens="own"), Loaded(None, (), ())))
    assert [each.level for each in found if each.subject == "sessions"] == ["wrong"]


def test_check_says_whether_descriptors_suffice(run: Any) -> None:
    with limit(300):
        result = run("check", environ={"ASSEMBLYAI_API_KEY": ACCOUNT_KEY})
    expected = Finding("note", "descriptors", "1,000 sessions in a worker need 3,228")
    assert expected.as_line() in result.stdout
