"""Pages of other origins: what a browser is told of them, by every stage and for every route."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from wsgiref.validate import validator

import pytest
from flask import Flask
from stack_kit import API, CHAT, MASTER_KEY, Stack, chat, config_of
from webtest import TestApp, TestResponse

from assemblyai_mw import AssemblyAIMiddleware
from assemblyai_mw.errors import ConfigError
from assemblyai_mw.hosts.flask import AssemblyAI
from assemblyai_mw.middleware.auth.stage import KeyAuth
from assemblyai_mw.middleware.cors import Cors
from assemblyai_mw.middleware.router import PrefixRouter
from assemblyai_mw.telemetry.record import CallRecord
from assemblyai_mw.testing import FakeTransport

APP, OTHER = "https://app.example", "https://other.example"
LIST = f"{API}/v2/transcript"
PREFLIGHT = {"Access-Control-Request-Method": "POST"}


@pytest.fixture
def make(sqlite_url: str) -> Iterator[Callable[..., Stack]]:
    stacks = []

    def stack_of(*origins: str, options: Any = None, **general: Any) -> Stack:
        general = {"cors_origins": list(origins), **general}
        stacks.append(Stack(sqlite_url, options=options, general_settings=general))
        return stacks[-1]

    yield stack_of
    for stack in stacks:
        stack.middleware.close()
        stack.close()


def asked(stack: Stack, path: str, origin: str | None = APP, **more: str) -> TestResponse:
    """Send a preflight."""
    named = {} if origin is None else {"Origin": origin}
    reply = stack.ask("OPTIONS", path, None, headers={**named, **PREFLIGHT, **more})
    assert isinstance(reply, TestResponse)
    return reply


def grants(reply: TestResponse) -> dict[str, str]:
    """Return the reply's CORS fields, none of which comes twice."""
    fields = [
        (name.lower().removeprefix("access-control-"), value)
        for name, value in reply.headerlist
        if name.lower().startswith("access-control-")
    ]
    assert len(fields) == len(dict(fields))
    return dict(fields)


def varies(reply: TestResponse) -> list[str]:
    return [name.strip() for name in ",".join(reply.headers.getall("Vary")).split(",")]


MOUNTED = [
    LIST,
    f"{API}/v2/upload",
    "/eu.assemblyai/v2/transcript",
    "/streaming.assemblyai/v3/token",
    "/sync.assemblyai/v1/transcribe",
    CHAT,
    "/v1/models",
    "/assemblyai-mw/key/me",
    "/metrics",
]


@pytest.mark.parametrize("path", MOUNTED)
def test_a_preflight_is_answered_for_every_route_and_is_no_call(
    make: Callable[..., Stack], path: str
) -> None:
    seen: list[CallRecord] = []
    stack = make(APP, options={"on_call": seen.append}, metrics_path="/metrics")
    reply = asked(stack, path, **{"Access-Control-Request-Headers": "authorization, content-type"})
    assert (reply.status, reply.body) == ("204 No Content", b"")
    told = grants(reply)
    assert told["allow-origin"] == APP
    assert "POST" in told["allow-methods"].split(", ")
    assert {"authorization", "content-type", "x-api-key"} <= {*told["allow-headers"].split(", ")}
    assert int(told["max-age"]) > 0
    assert "allow-credentials" not in told
    assert "Origin" in varies(reply)
    assert "Content-Length" not in reply.headers
    assert not stack.asked_anything()
    assert not seen


@pytest.mark.parametrize("path", MOUNTED)
def test_a_refusal_can_be_read_and_names_what_scripts_may_see(
    make: Callable[..., Stack], path: str
) -> None:
    stack = make(APP, metrics_path="/metrics", request_id_header="X-Our-Request")
    reply = stack.ask("GET", path, "sk-wrong", headers={"Origin": APP})
    assert reply.status_int == 401
    told = grants(reply)
    assert told.keys() == {"allow-origin", "expose-headers"}
    assert told["allow-origin"] == APP
    names = {"Retry-After", "X-RateLimit-Remaining", "X-Should-Retry", "X-Our-Request"}
    assert names <= {*told["expose-headers"].split(", ")}
    assert {"Authorization", "Origin"} <= {*varies(reply)}
    assert len(reply.headers.getall("Vary")) == 1


def test_errors_of_every_stage_can_be_read(make: Callable[..., Stack]) -> None:
    stack = make(APP)
    alice = stack.key("alice", rpm=1, region="eu")
    page = {"Origin": APP}
    statuses = [
        stack.ask("GET", LIST, alice, headers=page),
        stack.ask("POST", "/eu.assemblyai/v2/transcript", alice, headers=page, json={}),
        stack.ask("POST", "/eu.assemblyai/v2/transcript", alice, headers=page, json={}),
        stack.ask("GET", f"{LIST}/nobodys", stack.key("bob"), headers=page),
        stack.ask("POST", CHAT, stack.key("carol"), headers=page, json={"nonsense": 1}),
        stack.ask("PUT", f"{API}/v2/upload", stack.key("dora"), headers=page),
    ]
    stack.us.fail_next(drop=True)
    statuses.append(stack.ask("GET", LIST, MASTER_KEY, headers=page))
    assert [each.status_int for each in statuses] == [403, 400, 429, 404, 400, 405, 502]
    assert {grants(each)["allow-origin"] for each in statuses} == {APP}


def test_an_origin_that_is_not_listed_learns_nothing_and_may_not_ask(
    make: Callable[..., Stack],
) -> None:
    stack = make(APP)
    key = stack.key("alice")
    for origin in (
        OTHER,
        "null",
        f"{APP}.evil",
        f"{APP}:443",
        "http://app.example",
        f"{APP}, {APP}",
    ):
        refused = asked(stack, LIST, origin)
        assert (refused.status_int, grants(refused)) == (403, {})
        assert "cors_origins" in refused.json["error"]
        assert varies(refused) == ["Origin"]
        reply = stack.ask("GET", LIST, key, headers={"Origin": origin})
        assert (reply.status_int, grants(reply)) == (200, {})
        assert "Origin" in varies(reply)
    assert asked(stack, CHAT, OTHER).json["error"]["code"] == "origin_not_allowed"


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({}, id="no-origin-no-method"),
        pytest.param({"Origin": APP}, id="no-method"),
        pytest.param(PREFLIGHT, id="no-origin"),
        pytest.param({"Origin": APP, **PREFLIGHT, "Authorization": "sk-wrong"}, id="with-a-key"),
        pytest.param({"Origin": APP, **PREFLIGHT, "Content-Length": "2"}, id="with-a-body"),
    ],
)
def test_other_options_go_on(make: Callable[..., Stack], fields: dict[str, str]) -> None:
    stack = make(APP)
    reply = stack.app.options(LIST, headers=fields, status="*")
    assert reply.status_int == 401


def test_an_answer_has_the_field_once_though_assemblyai_sends_its_own(
    make: Callable[..., Stack],
) -> None:
    stack = make(APP)
    stack.us.reply_headers += [
        ("Access-Control-Allow-Origin", "*"),
        ("access-control-allow-credentials", "true"),
        ("X-AAI-Trace", "7"),
    ]
    reply = stack.ask("GET", f"{LIST}?limit=1", MASTER_KEY, headers={"Origin": APP})
    assert reply.status_int == 200
    assert grants(reply)["allow-origin"] == APP
    assert "allow-credentials" not in grants(reply)
    whole = stack.ask("POST", CHAT, MASTER_KEY, headers={"Origin": APP}, json=chat())
    assert (whole.status_int, grants(whole)["allow-origin"]) == (200, APP)


def test_without_the_setting_nothing_is_told(make: Callable[..., Stack]) -> None:
    stack = make()
    stack.us.reply_headers.append(("Access-Control-Allow-Origin", "*"))
    reply = stack.ask("GET", LIST, MASTER_KEY, headers={"Origin": APP})
    assert (reply.status_int, grants(reply)) == (200, {})
    assert "Origin" not in varies(reply)
    assert asked(stack, LIST).status_int == 401
    assert "Cors" not in repr(stack.middleware)


def test_the_hosts_own_pages_are_left_alone(make: Callable[..., Stack]) -> None:
    stack = make("*")
    for path in ("/", "/v1/embeddings", "/assemblyaifoo"):
        reply = asked(stack, path)
        assert (reply.body, grants(reply), reply.headers.get("Vary")) == (b"host", {}, None)


@pytest.mark.parametrize("origin", [APP, "null", "http://[::1]:3000"])
def test_a_star_lets_all_in_without_cookies(make: Callable[..., Stack], origin: str) -> None:
    stack = make("*")
    told = grants(asked(stack, LIST, origin))
    assert told["allow-origin"] == "*"
    reply = stack.ask("GET", LIST, stack.key("a"), headers={"Origin": origin})
    assert grants(reply).keys() == {"allow-origin", "expose-headers"}
    assert grants(reply)["allow-origin"] == "*"


def test_a_preflight_echoes_only_names_of_families_that_are_known(
    make: Callable[..., Stack],
) -> None:
    wanted = "AssemblyAI-Agent, x-stainless-os,x-assemblyai-mw-tags, x-evil, cookie, x-aai-a b"
    told = grants(asked(make(APP), LIST, **{"Access-Control-Request-Headers": wanted}))
    names = told["allow-headers"].split(", ")
    assert len(names) == len({*names})
    assert {"assemblyai-agent", "x-stainless-os", "x-assemblyai-mw-tags"} <= {*names}
    assert {"x-evil", "cookie", "x-aai-a b", "*"}.isdisjoint(names)


def test_a_page_of_a_private_network_is_not_asked_for_more(make: Callable[..., Stack]) -> None:
    reply = asked(make(APP), LIST, **{"Access-Control-Request-Private-Network": "true"})
    assert "allow-private-network" not in grants(reply)


# The host's login

MARIA = {"key": "web", "team": "user-maria", "end_user": "maria"}
COOKIE = {"Cookie": "session=maria"}


def test_a_login_counts_for_pages_of_listed_origins_and_for_no_others(
    make: Callable[..., Stack],
) -> None:
    plain, local = "http://intra.example", "http://localhost:5173"
    options = {"identify": lambda environ: MARIA if environ.get("HTTP_COOKIE") else None}
    stack = make(APP, plain, local, options=options, metrics_path="/metrics")
    stack.key("web")
    body = {"audio_url": "https://example.com/a.mp3"}

    def status(**fields: str) -> tuple[int, int]:
        page = {**COOKIE, **{name.replace("_", "-"): value for name, value in fields.items()}}
        return (
            stack.ask("POST", LIST, None, headers=page, json=body).status_int,
            stack.ask("GET", LIST, None, headers=page).status_int,
        )

    for origin in (APP, local):
        assert status(Origin=origin, Sec_Fetch_Site="cross-site") == (200, 200)
        assert status(Origin=origin) == (200, 200)
        assert grants(asked(stack, LIST, origin))["allow-credentials"] == "true"
        reply = stack.ask("GET", LIST, None, headers={**COOKIE, "Origin": origin})
        assert grants(reply)["allow-credentials"] == "true"
        assert {"Authorization", "Cookie", "Origin"} <= {*varies(reply)}
    # An image or a form of a listed page names no origin, and is not told from others'.
    assert status(Sec_Fetch_Site="cross-site") == (403, 403)
    for origin in (OTHER, "null", f"{APP}.evil", f"{APP}, {OTHER}", plain):
        assert status(Origin=origin, Sec_Fetch_Site="cross-site") == (403, 403)
        assert status(Origin=origin) == (403, 403)
    # On a plain http page anybody on the network may write the script: it needs a key.
    assert grants(asked(stack, LIST, plain)).get("allow-credentials") is None
    reply = stack.ask("GET", LIST, MASTER_KEY, headers={"Origin": plain})
    assert (reply.status_int, grants(reply)["allow-origin"]) == (200, plain)
    # Where no bridge is asked, no login of the browser's counts.
    assert "allow-credentials" not in grants(asked(stack, "/metrics", APP))


def test_a_listed_page_may_read_why_its_login_does_not_count(make: Callable[..., Stack]) -> None:
    stack = make(APP, options={"identify": lambda environ: None})
    reply = stack.ask("GET", LIST, None, headers={**COOKIE, "Origin": APP})
    assert (reply.status_int, grants(reply)["allow-origin"]) == (401, APP)


@pytest.mark.parametrize(
    ("origins", "fault"),
    [
        pytest.param(["https://app.example/"], "[0]: expected an origin without a slash", id="/"),
        pytest.param(["https://app.example/a"], "[0]: expected an origin without path", id="path"),
        pytest.param(["https://app.example?a"], "[0]: expected an origin without path", id="query"),
        pytest.param(["app.example"], "[0]: expected an origin with its scheme", id="no-scheme"),
        pytest.param(["//app.example"], "[0]: expected an origin with its scheme", id="slashes"),
        pytest.param([APP, "ftp://a.example"], "[1]: expected an origin that begins", id="ftp"),
        pytest.param(["https://*.example"], "[0]: expected an origin such as", id="pattern"),
        pytest.param([APP, "*"], "[1]: expected an origin such as", id="star-among-others"),
        pytest.param(["null"], "[0]: expected an origin such as", id="null"),
        pytest.param(["https://a@b.example"], "[0]: expected an origin without user", id="user"),
        pytest.param(
            ["https://a.example:443"], "[0]: expected an origin without the port", id="443"
        ),
        pytest.param(["http://a.example:80"], "[0]: expected an origin without the port", id="80"),
        pytest.param(["https://a.example:0"], "[0]: expected an origin with a host", id="port-0"),
        pytest.param(["https://a.example:x"], "[0]: expected an origin with a host", id="port-x"),
        pytest.param(["https://a.example:"], "[0]: expected an origin with a host", id="no-port"),
        pytest.param(["https://"], "[0]: expected an origin with a host", id="no-host"),
        pytest.param(["https://a.example:08"], "[0]: expected an origin with a host", id="port-08"),
        pytest.param(["http://127.1"], "[0]: expected an origin with its address", id="short"),
        pytest.param(["http://0x7f.1"], "[0]: expected an origin with its address", id="hex"),
        pytest.param(["http://1.2.3.256"], "[0]: expected an origin with its address", id="256"),
        pytest.param(["http://[0::1]"], "[0]: expected an origin with its address", id="long-ipv6"),
        pytest.param(["https://a b.example"], "[0]: expected an origin with a host", id="blank"),
        pytest.param(["https://ä.example"], "[0]: expected an origin in ASCII", id="idn"),
        pytest.param([""], "[0]: expected a string", id="empty"),
        pytest.param([7], "[0]: expected a string", id="number"),
        pytest.param(APP, ": expected a list", id="no-list"),
    ],
)
def test_a_wrong_origin_stops_the_start_and_is_named_by_its_place(
    sqlite_url: str, origins: Any, fault: str
) -> None:
    config = config_of(sqlite_url, general_settings={"cors_origins": origins})
    with pytest.raises(ConfigError) as caught:
        AssemblyAIMiddleware(nothing, config)
    assert str(caught.value).startswith(f"config: general_settings.cors_origins{fault}")
    if isinstance(origins, list):
        for build in (Cors, login_for):
            with pytest.raises(ConfigError, match=r"^(login_)?origins: expected"):
                build(nothing, origins=[str(each) for each in origins])
    with pytest.raises(ConfigError, match=r"^origins: expected a list"):
        Cors(nothing, origins=APP)


def login_for(app: Any, *, origins: list[str]) -> KeyAuth:
    return KeyAuth(app, keys={}, login_origins=origins)


@pytest.mark.parametrize(
    "origin",
    [
        "https://APP.example",
        "http://localhost:3000",
        "http://[::1]:5173",
        "http://192.168.0.7",
        "https://xn--bcher-kva.example:8443",
        "capacitor://localhost",
        "chrome-extension://abcdef",
    ],
)
def test_an_origin_is_listed_as_browsers_write_it(make: Callable[..., Stack], origin: str) -> None:
    assert grants(asked(make(origin), LIST, origin.lower()))["allow-origin"] == origin.lower()


def test_a_star_beside_an_identity_bridge_stops_the_start(sqlite_url: str) -> None:
    config = config_of(sqlite_url, general_settings={"cors_origins": ["*"]})
    with pytest.raises(ConfigError, match=r"^config: general_settings\.cors_origins: .*identify"):
        AssemblyAIMiddleware(nothing, config, identify=lambda environ: None)
    with pytest.raises(ConfigError, match="origins"):
        Cors(nothing, origins=["*"], login=True)


def nothing(environ: Any, start_response: Any) -> list[bytes]:
    raise AssertionError("asked")


# The stage by itself, and in an app


def test_the_stage_works_alone_and_keeps_to_wsgi() -> None:
    def answer(environ: Any, start_response: Any) -> list[bytes]:
        fields = [("Content-Type", "text/plain"), ("Vary", "accept"), ("vary", "ORIGIN")]
        fields += [("Access-Control-Allow-Origin", OTHER), ("X-RateLimit-Model", "m")]
        start_response("200 OK", fields)
        return [b"hello"]

    app = TestApp(validator(Cors(validator(answer), origins=[APP], expose=["X-One"])))
    reply = app.get("/assemblyai", headers={"Origin": APP})
    told = grants(reply)
    assert (reply.text, told["allow-origin"], varies(reply)) == ("hello", APP, ["accept", "ORIGIN"])
    assert {"X-One", "X-RateLimit-Model"} <= {*told["expose-headers"].split(", ")}
    assert app.options("/", headers={"Origin": APP, **PREFLIGHT}).status_int == 204
    assert app.options("/", headers={"Origin": OTHER, **PREFLIGHT}, status=403).json["error"]


def test_a_handshake_is_left_to_the_judge_of_logins() -> None:
    def answer(environ: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"open"]

    known = KeyAuth(
        answer, keys={"sk-1": "web"}, identify=lambda environ: "web", login_origins=[APP]
    )
    app = TestApp(
        PrefixRouter(answer, {"/streaming.assemblyai": Cors(known, origins=[APP], login=True)})
    )
    shake = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13"}
    shake |= {"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", **COOKIE}
    for origin, status in ((APP, 200), (OTHER, 403)):
        page = {**shake, "Origin": origin}
        reply = app.get("/streaming.assemblyai/v3/ws", headers=page, status=status)
        assert grants(reply) == {}


def flask_app(sqlite_url: str, origins: list[str]) -> tuple[Flask, AssemblyAI]:
    app = Flask(__name__)
    app.config["ASSEMBLYAI_MW"] = config_of(sqlite_url, general_settings={"cors_origins": origins})
    extension = AssemblyAI(transport=FakeTransport())
    return app, extension


def test_flask_with_a_star_takes_no_identify_neither_before_nor_after(sqlite_url: str) -> None:
    app, extension = flask_app(sqlite_url, ["*"])
    extension.init_app(app)
    reply = TestApp(app.wsgi_app).get(LIST, headers={"Origin": OTHER}, status=401)
    assert grants(reply)["allow-origin"] == "*"
    with pytest.raises(ConfigError, match=r"cors_origins.*identify"):
        extension.identify(lambda: None)
    app.extensions["assemblyai_mw"].close()
    app, extension = flask_app(sqlite_url, ["*"])
    extension.identify(lambda: None)
    with pytest.raises(ConfigError, match=r"cors_origins.*identify"):
        extension.init_app(app)


def test_flask_cors_around_doubles_nothing(sqlite_url: str) -> None:
    flask_cors = pytest.importorskip("flask_cors")
    app, extension = flask_app(sqlite_url, [APP])
    flask_cors.CORS(app, origins=[APP], supports_credentials=True)
    extension.init_app(app)

    @app.get("/own")
    def own() -> str:
        return "own"

    client = TestApp(app.wsgi_app)
    page = {"Origin": APP}
    assert grants(client.get("/own", headers=page))["allow-origin"] == APP
    assert grants(client.get(LIST, headers=page, status=401))["allow-origin"] == APP
    preflight = client.options(LIST, headers={**page, **PREFLIGHT})
    assert (preflight.status_int, grants(preflight)["allow-origin"]) == (204, APP)
    app.extensions["assemblyai_mw"].close()
