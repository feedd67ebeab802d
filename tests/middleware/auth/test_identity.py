"""The identity bridge: who calls, where the host vouches and no key is shown."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import pytest
from webtest import TestApp

from assemblyai_mw.call import CALL_KEY, Caller
from assemblyai_mw.errors import StoreError
from assemblyai_mw.middleware.auth.identity import Answer
from assemblyai_mw.middleware.auth.stage import KeyAuth
from assemblyai_mw.middleware.router import PrefixRouter
from assemblyai_mw.store import Keys

SUBMIT = "/assemblyai/v2/transcript"
PAGE = {"Sec-Fetch-Site": "same-origin", "Cookie": "session=maria"}


def whoami(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    caller = environ[CALL_KEY].caller
    text = f"{caller.name} {caller.team} {caller.end_user} {sorted(caller.tags.items())}"
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [text.encode()]


def app_of(
    identify: Callable[[dict[str, Any]], Answer], keys: Any = None, **options: Any
) -> TestApp:
    known = KeyAuth(whoami, keys=keys or {"sk-1": "web"}, identify=identify, **options)
    prefixes = ("/assemblyai", "/streaming.assemblyai", "/v1/chat/completions")
    return TestApp(PrefixRouter(whoami, dict.fromkeys(prefixes, known)))


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        pytest.param("web", "web None None []", id="a-name"),
        pytest.param(
            {"key": "web", "team": "t", "end_user": 42, "tags": {"a": "b"}},
            "web t 42 [('a', 'b')]",
            id="a-mapping",
        ),
        pytest.param(Caller("me", end_user="x"), "me None x []", id="a-caller"),
    ],
)
def test_the_host_says_who_calls(answer: Answer, text: str) -> None:
    assert app_of(lambda environ: answer).post(SUBMIT, headers=PAGE).text == text


@pytest.mark.parametrize("answer", [None, "nobody", {"key": "nobody"}])
def test_nobody_known_is_401(answer: Answer) -> None:
    reply = app_of(lambda environ: answer).post(SUBMIT, headers=PAGE, status=401)
    assert reply.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("shown", ["sk-wrong", "Basic abc", "Bearer,", "Bearer ,", "Basic", ","])
def test_the_host_is_not_asked_where_a_key_is_shown(shown: str) -> None:
    def identify(environ: dict[str, Any]) -> Answer:
        raise AssertionError("asked")

    app = app_of(identify)
    app.post(SUBMIT, headers={**PAGE, "Authorization": shown}, status=401)
    assert app.post(SUBMIT, headers={"Authorization": "sk-1"}).text.startswith("web ")


@pytest.mark.parametrize("shown", ["", " ", "Bearer", "bearer ", "BEARER \t", "\tBearer"])
def test_an_empty_credential_is_none(shown: str) -> None:
    """The AssemblyAI SDK for JavaScript always sends the field."""
    app = app_of(lambda environ: "web" if "HTTP_COOKIE" in environ else None)
    page = {**PAGE, "Authorization": shown}
    assert app.post(SUBMIT, headers=page).text == "web None None []"
    app.post(SUBMIT, headers={**page, "Sec-Fetch-Site": "cross-site"}, status=403)
    app.post(SUBMIT, headers={"Authorization": shown}, status=401)


@pytest.mark.parametrize(
    "answer",
    [
        42,
        {},
        {"key": 1},
        {"key": "web", "budget": 1},
        {"key": "web", "team": ""},
        {"key": "web", "tags": {"a": 1}},
    ],
    ids=repr,
)
def test_an_answer_of_another_kind_is_503(answer: Any) -> None:
    app_of(lambda environ: answer).post(SUBMIT, headers=PAGE, status=503)


def test_a_failure_is_503_and_its_message_stays_out_of_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def identify(environ: dict[str, Any]) -> Answer:
        raise RuntimeError("password=hunter2")

    reply = app_of(identify).post(SUBMIT, headers=PAGE, status=503)
    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    assert "RuntimeError at " in record.getMessage()
    assert "hunter2" not in caplog.text + reply.text


def test_the_host_sees_the_request_without_its_body_and_stages_with_it() -> None:
    seen = []

    def identify(environ: dict[str, Any]) -> Answer:
        seen.append(
            (environ["HTTP_COOKIE"], environ["wsgi.input"].read(), environ["CONTENT_LENGTH"])
        )
        return "web"

    def body(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))]

    app = TestApp(KeyAuth(body, keys={"sk-1": "web"}, identify=identify))
    assert app.post(SUBMIT, b"the body", headers=PAGE).body == b"the body"
    assert seen == [("session=maria", b"", "0")]


COOKIE = {"Cookie": "session=maria"}
TOKEN = "/streaming.assemblyai/v3/token"


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        pytest.param("POST", SUBMIT, {"Sec-Fetch-Site": "same-origin"}, 200, id="own-page"),
        pytest.param("POST", SUBMIT, {"Sec-Fetch-Site": "cross-site"}, 403, id="other-site"),
        pytest.param("POST", SUBMIT, {"Sec-Fetch-Site": "same-site"}, 403, id="sibling-site"),
        pytest.param("POST", SUBMIT, {"Sec-Fetch-Site": "none"}, 403, id="typed-post"),
        pytest.param("POST", SUBMIT, {"Origin": "http://localhost"}, 200, id="own-origin"),
        pytest.param("POST", SUBMIT, {"Origin": "http://localhost:80"}, 200, id="own-port"),
        pytest.param("POST", SUBMIT, {"Origin": "https://localhost"}, 403, id="other-scheme"),
        pytest.param("POST", SUBMIT, {"Origin": "http://localhost:81"}, 403, id="other-port"),
        pytest.param("POST", SUBMIT, {"Origin": "http://evil.example"}, 403, id="other-origin"),
        pytest.param("POST", SUBMIT, {"Origin": "null"}, 403, id="null-origin"),
        pytest.param("POST", SUBMIT, {"Origin": "http://localhost@evil.example"}, 403, id="user"),
        pytest.param("POST", SUBMIT, {"Origin": "http://localhost:x"}, 403, id="nonsense"),
        pytest.param(
            "POST",
            SUBMIT,
            {"Origin": "http://localhost", "Sec-Fetch-Site": "cross-site"},
            403,
            id="they-disagree",
        ),
        pytest.param("POST", SUBMIT, {}, 403, id="cookie-alone"),
        pytest.param("DELETE", SUBMIT + "/x", {}, 403, id="delete-cookie-alone"),
        pytest.param("POST", "/v1/chat/completions", {}, 403, id="chat-cookie-alone"),
        pytest.param("GET", SUBMIT, {}, 200, id="read-cookie-alone"),
        pytest.param("GET", SUBMIT, {"Sec-Fetch-Site": "none"}, 200, id="typed-read"),
        pytest.param("GET", SUBMIT, {"Sec-Fetch-Site": "cross-site"}, 403, id="read-other-site"),
        pytest.param("GET", SUBMIT, {"Origin": "http://evil.example"}, 403, id="read-other-origin"),
        pytest.param("GET", TOKEN, {}, 403, id="token-cookie-alone"),
        pytest.param("GET", TOKEN, {"Sec-Fetch-Site": "none"}, 403, id="token-typed"),
        pytest.param("GET", TOKEN, {"Sec-Fetch-Site": "same-origin"}, 200, id="token-own-page"),
    ],
)
def test_a_browser_counts_from_the_sites_own_pages_only(
    method: str, path: str, headers: dict[str, str], status: int
) -> None:
    app = app_of(lambda environ: "web")
    environ = {"HTTP_HOST": "localhost"}
    send = getattr(app, method.lower())
    send(path, headers={**COOKIE, **headers}, extra_environ=environ, status=status)


def test_who_is_no_browser_needs_no_origin() -> None:
    assert app_of(lambda environ: "web").post(SUBMIT).text == "web None None []"


def test_the_named_key_is_the_stores_with_its_policy_and_its_teams_limits(
    database_url: str,
) -> None:
    keys = Keys(database_url)
    keys.create("web", team="browsers", region="eu", rpm=7, tags={"app": "site"})
    keys.set_team("user-1", budget_usd="2", rpm=3)
    plain = keys.named("web")
    theirs = keys.named("web", team="user-1")
    assert plain is not None
    assert theirs is not None
    assert (plain.team, plain.region, plain.rpm, plain.budgeted) == ("browsers", "eu", 7, False)
    assert (theirs.team, theirs.region, theirs.rpm, theirs.team_rpm) == ("user-1", "eu", 7, 3)
    assert theirs.budgeted
    assert theirs.key_id == plain.key_id
    assert keys.named("nobody") is None
    keys.revoke("web")
    assert keys.named("web") is None
    keys.create("short", expires_in="1s")
    keys.set("short", expires_at=keys.get("short").created_at)
    assert keys.named("short") is None
    keys.database.close()


def test_a_name_is_believed_for_a_second_and_each_team_by_itself(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = []
    now = [0.0]
    monkeypatch.setattr("assemblyai_mw.middleware.auth.stage.time.monotonic", lambda: now[0])

    class Source:
        def find(self, key_hash: bytes) -> Caller | None:
            raise AssertionError("no key was shown")

        def named(self, name: str, *, team: str | None = None) -> Caller | None:
            asked.append((name, team))
            if name == "gone":
                raise StoreError("no database")
            return Caller(name, team=team)

    teams = iter(["a", "a", "b", "a"])
    app = app_of(lambda environ: {"key": "web", "team": next(teams)}, Source())
    for moment in (0.0, 0.9, 0.95, 1.1):
        now[0] = moment
        app.post(SUBMIT)
    assert asked == [("web", "a"), ("web", "b"), ("web", "a")]
    app_of(lambda environ: "gone", Source()).post(SUBMIT, status=503)
