"""Who may see the usage page, and what every reply of it has."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, session
from stack_kit import MASTER_KEY, Stack, chat, config_of, host_app
from usage_page_kit import AT, basic
from webtest import TestApp
from werkzeug.middleware.proxy_fix import ProxyFix

from assemblyai_mw import AssemblyAIMiddleware, ConfigError
from assemblyai_mw.hosts.flask import AssemblyAI

PAGES = ("/", "/calls", "/keys", "/health", "/overview.json", "/calls.csv", "/keys.json")
Make = Callable[..., Stack]


@pytest.fixture
def make(sqlite_url: str) -> Iterator[Make]:
    made: list[Stack] = []

    def make(may_see_usage: Any = None, **general: Any) -> Stack:
        options = {} if may_see_usage is None else {"may_see_usage": may_see_usage}
        general = {"usage_path": AT, **general}
        made.append(Stack(sqlite_url, options=options, general_settings=general))
        return made[-1]

    yield make
    for stack in made:
        stack.close()


def spent(stack: Stack) -> None:
    """Let a key of team blue, and one without a team, make a chat each."""
    for name, team in (("alice", "blue"), ("lone", None)):
        key = stack.key(name, team=team)
        assert stack.ask("POST", "/v1/chat/completions", key, json=chat()).status_int == 200


@pytest.mark.parametrize("path", PAGES)
def test_without_a_key_there_is_nothing(make: Make, path: str) -> None:
    stack = make()
    spent(stack)
    wrong = ["", "Basic", "Basic !", f"Bearer {MASTER_KEY}", MASTER_KEY]
    wrong += [basic(each)["Authorization"] for each in ("", "sk-unknown", f"{MASTER_KEY}x")]
    wrong.append("Basic " + base64.b64encode(MASTER_KEY.encode()).decode())
    for value in wrong:
        reply = stack.app.get(AT + path, headers={"Authorization": value}, status=401)
        assert reply.headers["WWW-Authenticate"].startswith("Basic realm=")
        assert "alice" not in reply
        assert "blue" not in reply
        assert MASTER_KEY not in reply


def test_the_master_key_sees_everything_and_a_key_its_team_or_itself(make: Make) -> None:
    stack = make()
    spent(stack)
    bob, other = stack.key("bob", team="blue"), stack.key("other")

    def keys(password: str) -> set[str]:
        rows = stack.app.get(f"{AT}/calls.json", headers=basic(password)).json
        return {row["key"] for row in rows}

    assert keys(MASTER_KEY) == {"alice", "lone"}
    assert keys(bob) == {"alice"}
    assert keys(other) == set()
    stack.keys.revoke("bob")
    stack.app.get(AT, headers=basic(bob), status=401)


def test_the_host_is_asked_first_and_sees_no_key(make: Make) -> None:
    seen: list[dict[str, Any]] = []

    def may_see(environ: dict[str, Any]) -> Any:
        seen.append(environ)
        return {"x=t": {"teams": ["blue"]}, "x=k": {"keys": ["lone"]}, "x=n": {"teams": []}}.get(
            environ.get("HTTP_COOKIE", ""), environ.get("HTTP_X_ALL") and "all"
        )

    stack = make(may_see)
    spent(stack)

    def keys(**headers: str) -> set[str]:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return {row["key"] for row in stack.app.get(f"{AT}/calls.json", headers=named).json}

    assert keys(Cookie="x=t") == {"alice"}
    assert keys(Cookie="x=k") == {"lone"}
    assert keys(Cookie="x=n") == set()
    assert keys(X_All="1") == {"alice", "lone"}
    # What the host says counts, though the key would see more.
    assert keys(Cookie="x=t", **basic(MASTER_KEY)) == {"alice"}
    assert keys(**basic(MASTER_KEY)) == {"alice", "lone"}
    stack.app.get(AT, status=401)
    assert not any(MASTER_KEY in str(environ) for environ in seen)
    assert not any("HTTP_AUTHORIZATION" in environ for environ in seen)
    assert "Cookie" in stack.app.get(AT, status=401).headers["Vary"]


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param("everything", id="another word"),
        pytest.param({"team": ["blue"]}, id="unknown member"),
        pytest.param({"teams": "blue"}, id="a text for a list"),
        pytest.param({}, id="empty"),
        pytest.param({"teams": [""]}, id="an empty name"),
        pytest.param(object(), id="an object"),
        pytest.param(RuntimeError("with-a-secret"), id="raises"),
    ],
)
def test_a_host_that_answers_nonsense_shows_nothing(
    make: Make, answer: Any, caplog: pytest.LogCaptureFixture
) -> None:
    def may_see(environ: dict[str, Any]) -> Any:
        if isinstance(answer, Exception):
            raise answer
        return answer

    stack = make(may_see)
    spent(stack)
    reply = stack.app.get(AT, headers=basic(MASTER_KEY), status=503)
    assert "alice" not in reply
    assert "may_see_usage failed" in caplog.text
    assert "with-a-secret" not in caplog.text


@pytest.mark.parametrize("yes", [True, "all"])
@pytest.mark.parametrize("no", [False, None])
def test_yes_and_no_are_answers(make: Make, yes: Any, no: Any) -> None:
    stack = make(lambda environ: yes if "HTTP_X_STAFF" in environ else no)
    stack.app.get(AT, headers={"X-Staff": "1"}, status=200)
    stack.app.get(AT, status=401)


@pytest.mark.parametrize("path", [*PAGES, "/style.css", "/nothing", "/calls/1", "/?by=x"])
def test_every_reply_is_private_and_loads_nothing(make: Make, path: str) -> None:
    stack = make()
    for headers in ({}, basic(MASTER_KEY)):
        reply = stack.app.get(AT + path, headers=headers, status="*")
        assert reply.headers["Cache-Control"] == "private, no-store"
        assert reply.headers["X-Content-Type-Options"] == "nosniff"
        assert reply.headers["Referrer-Policy"] == "no-referrer"
        assert reply.headers["Content-Security-Policy"] == (
            "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
            "frame-ancestors 'none'; base-uri 'none'"
        )
        assert "Authorization" in reply.headers["Vary"]
        head = stack.app.head(AT + path, headers=headers, status="*")
        assert (head.status, head.body) == (reply.status, b"")
        assert head.headers["Content-Length"] == reply.headers["Content-Length"]
        assert "style=" not in reply
        assert "<script" not in reply


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_it_only_shows(make: Make, method: str) -> None:
    reply = make().app.request(AT, method=method, headers=basic(MASTER_KEY), status=405)
    assert reply.headers["Allow"] == "GET, HEAD"


@pytest.mark.parametrize(
    "path",
    ["/x", "/calls/0", "/calls/x", "/calls/9999999999999999999", "/teams/", "/teams/no", "//"],
)
def test_what_is_not_there_is_a_404_page(make: Make, path: str) -> None:
    reply = make().app.get(AT + path, headers=basic(MASTER_KEY), status=404)
    assert reply.html.h1.text == "Nothing is here"
    assert reply.html.main.a["href"] == f"{AT}/"


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("period=7x", "period"),
        ("period=2026-13", "period"),
        ("period=7d&from=2026-01-01", "period"),
        ("from=2026-02-30", "from"),
        ("from=20260101", "from"),
        ("from=2026-01-02&until=2026-01-02", "until"),
        ("by=teams", "by"),
        ("by=call", "by"),
        ("region=asia", "region"),
        ("state=open", "state"),
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=x", "limit"),
        ("limit=%C2%B2", "limit"),
        ("teams=blue", "teams"),
        ("team=a&team=b", "team"),
        ("&".join(f"key={n}" for n in range(60)), "query"),
        ("%3Cscript%3E=1", "<script>"),
        ("by=%22%3E%3Cimg%3E", "by"),
    ],
)
def test_a_wrong_value_is_a_400_page_that_names_it(make: Make, query: str, named: str) -> None:
    stack = make()
    reply = stack.app.get(f"{AT}/?{query}", headers=basic(MASTER_KEY), status=400)
    assert reply.html.h1.text == f"The parameter {named} is wrong"
    assert reply.html.find("img") is None
    assert reply.html.find("script") is None
    reply = stack.app.get(f"{AT}/calls.json?{query}", headers=basic(MASTER_KEY), status=400)
    assert set(reply.json) == {"error"}


@pytest.mark.parametrize("after", ["x", "1", "1.2.3", "-", "9" * 40])
def test_a_place_in_no_list_is_a_400(make: Make, after: str) -> None:
    stack = make()
    reply = stack.app.get(f"{AT}/calls?after={after}", headers=basic(MASTER_KEY), status=400)
    assert "after" in reply.html.h1.text


def test_a_filter_that_keys_do_not_have_is_told(make: Make) -> None:
    stack = make()
    reply = stack.app.get(f"{AT}/keys?model=x", headers=basic(MASTER_KEY), status=400)
    assert "team and key" in reply.html.main.text


def test_a_ledger_that_cannot_be_read_is_a_503(make: Make, sqlite_url: str) -> None:
    stack = make()
    Path(sqlite_url.removeprefix("sqlite:///")).write_bytes(b"no database at all" * 100)
    for path in ("", "/calls", "/calls.json"):
        reply = stack.app.get(AT + path, headers=basic(MASTER_KEY), status=503)
        assert "cannot be read" in reply or "in a moment" in reply


def test_links_hold_where_the_app_is_mounted_elsewhere(make: Make) -> None:
    stack = make()
    spent(stack)
    proxied = TestApp(ProxyFix(stack.middleware, x_host=1, x_prefix=1, x_proto=1))
    forwarded = {
        "X-Forwarded-Prefix": "/tools",
        "X-Forwarded-Host": "app.example",
        "X-Forwarded-Proto": "https",
        **basic(MASTER_KEY),
    }
    for path in ("", "/", "/calls", "/keys", "/teams/blue", "/health"):
        page = proxied.get(AT + path, headers=forwarded).html
        links = [each["href"] for each in page.find_all(["a", "link"])]
        assert links
        assert {link[: len(f"/tools{AT}")] for link in links} == {f"/tools{AT}"}
    mounted = TestApp(stack.middleware, extra_environ={"SCRIPT_NAME": "/tools"})
    assert mounted.get(AT, headers=basic(MASTER_KEY)).html.a["href"] == f"/tools{AT}/"
    # A prefix of two slashes would be another host's.
    evil = TestApp(stack.middleware, extra_environ={"SCRIPT_NAME": "//evil.example"}, lint=False)
    assert evil.get(AT, headers=basic(MASTER_KEY)).html.a["href"].startswith("/evil.example/")


def test_no_frame_of_a_failing_page_holds_the_key(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack = make(lambda environ: None)
    stack.app.get(AT, headers=basic(MASTER_KEY), status=200)

    def fail(*args: Any, **options: Any) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr("assemblyai_mw.endpoints.usage_page.app.overview_page", fail)
    (password,) = basic(MASTER_KEY).values()
    environ = TestApp.RequestClass.blank(AT, headers=basic(MASTER_KEY)).environ
    with pytest.raises(RuntimeError, match="broken") as raised:
        stack.middleware(environ, lambda *args: print)
    frames = [entry.frame for entry in raised.traceback[1:]]
    assert len(frames) > 4
    for frame in frames:
        shown = [f"{name}={value!r}" for name, value in frame.f_locals.items()]
        assert not [each for each in shown if MASTER_KEY in each or password in each], frame.code


def test_without_a_path_the_host_has_it(make: Make, sqlite_url: str) -> None:
    assert make(usage_path=None).app.get(AT, status=404).text == "host"
    with pytest.raises(ConfigError, match=r"usage_path: expected a path.*may_see_usage"):
        AssemblyAIMiddleware(host_app, config_of(sqlite_url), may_see_usage=lambda environ: "all")


def test_flask_users_by_the_hosts_own_login(sqlite_url: str) -> None:
    app = Flask("host")
    app.secret_key = "for a test"
    assemblyai = AssemblyAI(app, config_of(sqlite_url, general_settings={"usage_path": AT}))

    @app.get("/login")
    def login() -> str:
        session["admin"] = True
        return "in"

    @assemblyai.may_see_usage
    def may_see_usage() -> Any:
        return "all" if session.get("admin") else None

    browser = app.test_client()
    assert browser.get(AT).status_code == 401
    browser.get("/login")
    assert browser.get(AT).status_code == 200
    assert browser.get("/login").status_code == 200
    app.extensions["assemblyai_mw"].close()
    given = Flask("other")
    AssemblyAI(
        given,
        config_of(sqlite_url, general_settings={"usage_path": AT}),
        may_see_usage=lambda: {"teams": ["blue"]},
    )
    assert given.test_client().get(AT).status_code == 200
    given.extensions["assemblyai_mw"].close()
