"""Targets: which app gets a request, and what the upstream sees of it. Rows 1 to 19."""

from __future__ import annotations

import itertools

import pytest

from assemblyai_mw.errors import ConfigError
from assemblyai_mw.middleware.router import PrefixRouter

from .kit_client import ask, request
from .kit_servers import Fleet, Server, each_server

LONG_QUERY = "q=" + "%7e" * 1000

EXACT = [
    pytest.param("/assemblyai/v2/transcript?limit=1", "/v2/transcript?limit=1", id="c1-plain"),
    pytest.param("/assemblyai", "/", id="c3-no-slash"),
    pytest.param("/assemblyai/", "/", id="c3-slash"),
    pytest.param("/assemblyai?x=1", "/?x=1", id="c3-query"),
    pytest.param("/assemblyai/v2/%252e%252e/x", "/v2/%252e%252e/x", id="c5-encoded-twice"),
    pytest.param("/assemblyai/v2/...", "/v2/...", id="c5-three-dots-are-a-name"),
    pytest.param("/assemblyai/v2/.well-known", "/v2/.well-known", id="c5-leading-dot"),
    pytest.param("/assemblyai/v2/x/a%2Fb%2f?x=%41", "/v2/x/a%2Fb%2f?x=%41", id="c6-slashes"),
    pytest.param("/assemblyai/v2/%41%7E%7e~", "/v2/%41%7E%7e~", id="c6-unreserved"),
    pytest.param(
        "/assemblyai/v2/a;b=c,d:e@f!$&'()*+=~", "/v2/a;b=c,d:e@f!$&'()*+=~", id="c6-sub-delims"
    ),
    pytest.param(
        "/assemblyai/v2/x?x=%7e&&y=[1]&z=a+b;'|", "/v2/x?x=%7e&&y=[1]&z=a+b;'|", id="c7-brackets"
    ),
    pytest.param("/assemblyai/v2/x?", "/v2/x?", id="c7-empty-query"),
    pytest.param("/assemblyai/v2/x?=", "/v2/x?=", id="c7-equals"),
    pytest.param("/assemblyai/v2/x?a=1?b=2", "/v2/x?a=1?b=2", id="c7-two-question-marks"),
    pytest.param("/assemblyai/v2/x?%zz", "/v2/x?%zz", id="c7-bad-escape"),
    pytest.param("/assemblyai/v2/x?a=%", "/v2/x?a=%", id="c7-bare-percent"),
    pytest.param("/assemblyai/v2/x?u=../../x", "/v2/x?u=../../x", id="c7-dots-in-query"),
    pytest.param("/assemblyai/v2/x?u=http://h/%0d%0a", "/v2/x?u=http://h/%0d%0a", id="c7-url"),
    pytest.param(f"/assemblyai/v2/x?{LONG_QUERY}", f"/v2/x?{LONG_QUERY}", id="c7-3-KB"),
    pytest.param("/assemblyai//v2//transcript", "//v2//transcript", id="c8-inner-slashes"),
    pytest.param("http://evil.example/assemblyai/v2/x?y", "/v2/x?y", id="c9-absolute-form"),
    pytest.param("http://evil.example/assemblyai", "/", id="c9-absolute-bare"),
    pytest.param("/assemblyai/@evil:80/", "/@evil:80/", id="c10-at"),
    pytest.param("/assemblyai//evil.example/x", "//evil.example/x", id="c10-two-slashes"),
    pytest.param("/assemblyai/http://evil.example/x", "/http://evil.example/x", id="c10-url"),
    pytest.param("/assemblyai/v2/%ff", "/v2/%ff", id="c11-ff"),
    pytest.param("/assemblyai/v2/%zz", "/v2/%zz", id="c11-bad-escape"),
    pytest.param("/assemblyai/v2/%C3%A9", "/v2/%C3%A9", id="c11-utf-8"),
]


@each_server
@pytest.mark.parametrize("sent, seen", EXACT)
def test_upstream_sees_the_clients_own_target(wire: Server, sent: str, seen: str) -> None:
    assert ask(wire.port, request(sent, host="evil.example")).status == 200
    assert wire.upstream.only.target == seen.encode()
    assert wire.upstream.only.values("host") == [b"127.0.0.1:%d" % wire.upstream.port]
    assert wire.eu.conns == []


@each_server
def test_c18_eu_prefix_reaches_the_eu_upstream_alone(wire: Server) -> None:
    assert ask(wire.port, request("/eu.assemblyai/v2/transcript")).status == 200
    assert wire.eu.only.target == b"/v2/transcript"
    assert wire.upstream.conns == []


HOSTS_OWN = [
    pytest.param("/assemblyaifoo", id="c2-longer-name"),
    pytest.param("/assemblyai2/v2", id="c2-digit"),
    pytest.param("/assemblyai-x", id="c2-dash"),
    pytest.param("/assemblyai;x/v2", id="c2-parameter"),
    pytest.param("/assemblyai.json", id="c2-suffix"),
    pytest.param("/assembly", id="c2-shorter"),
    pytest.param("/Assemblyai/v2", id="c2-case"),
    pytest.param("/x/assemblyai/v2", id="c2-deeper"),
    pytest.param("/eu.assemblyai.evil/v2", id="c2-eu-suffix"),
    pytest.param("/assemblyai%2Fv2/transcript", id="c4-encoded-slash"),
    pytest.param("/%61ssemblyai/v2/transcript", id="c4-encoded-letter"),
    pytest.param("/assemblya%69/v2/transcript", id="c4-last-letter"),
    pytest.param("/%2fassemblyai/v2", id="c4-leading-slash"),
    pytest.param("//assemblyai/v2", id="c8-two-slashes"),
    pytest.param("/assemblyai@evil.example/", id="c10-at"),
    pytest.param("/assemblyai%00/v2", id="c11-nul-in-prefix"),
]


@each_server
@pytest.mark.parametrize("key", [pytest.param("good", id="key"), pytest.param(None, id="no-key")])
@pytest.mark.parametrize("target", HOSTS_OWN)
def test_what_is_not_under_the_prefix_is_the_hosts(
    wire: Server, target: str, key: str | None
) -> None:
    reply = ask(wire.port, request(target, key=key))
    assert reply.status < 500
    if reply.status == 200:
        assert reply.json()["host"] is True
        assert reply.json()["script_name"] == ""
        assert reply.json()["authorization"] == (key and f"Bearer {key}")
        assert reply.json()["own"] == []
    assert wire.upstream.conns == []


DOT_SEGMENTS = [
    "/assemblyai/..",
    "/assemblyai/.",
    "/assemblyai/../host",
    "/assemblyai/%2e%2e/admin",
    "/assemblyai/v2/../../admin",
    "/assemblyai/v2/%2e%2e/x",
    "/assemblyai/v2/%2E%2E/x",
    "/assemblyai/v2/.%2e/x",
    "/assemblyai/v2/%2e./x",
    "/assemblyai/v2/./x",
    "/assemblyai/v2/..;/x",
    "/assemblyai/v2/..;a=b/x",
    "/assemblyai/v2/x/..",
    "/assemblyai/v2/x%2f..%2fadmin",
    "/assemblyai/v2/%2e%2e%2fadmin",
    "/assemblyai/v2/..%5cadmin",
    "/assemblyai/v2/..?x=1",
    "http://evil.example/assemblyai/../x",
]
CONTROLS = [
    "/assemblyai/v2/%00",
    "/assemblyai/v2/%0d%0aX-Evil:1",
    "/assemblyai/v2/%0a",
    "/assemblyai/v2/%09",
    "/assemblyai/v2/%7f",
    "/assemblyai/v2/%1b%5b31m",
    "/assemblyai/v2/a\\b",
    "/assemblyai/\\\\evil/x",
]


@each_server
@pytest.mark.parametrize(
    "target",
    [pytest.param(t, id=f"c5-{i}") for i, t in enumerate(DOT_SEGMENTS)]
    + [pytest.param(t, id=f"c11-{i}") for i, t in enumerate(CONTROLS)],
)
def test_a_target_with_two_readings_is_refused(wire: Server, target: str) -> None:
    """Dot segments, controls and backslashes: 400 with the key, 401 without, never sent."""
    reply = ask(wire.port, request(target))
    assert reply.status == 400
    assert reply.error
    unknown = ask(wire.port, request(target, key=None))
    assert unknown.status in (400, 401)
    assert wire.upstream.conns == []


@each_server
@pytest.mark.parametrize(
    "target",
    [
        pytest.param("/assemblyai/v2/é".encode("latin-1"), id="c11-latin-1"),
        pytest.param("/assemblyai/v2/é".encode(), id="c11-utf-8"),
        pytest.param(b"/assemblyai/v2/a\tb", id="c11-tab"),
        pytest.param(b"/assemblyai/v2/a\0b", id="c11-nul"),
        pytest.param(b"/assemblyai/v2/x?a\0b", id="c11-nul-in-query"),
        pytest.param(b"/assemblyai/v2/x?a\x7fb", id="c11-del-in-query"),
        pytest.param("/assemblyai/v2/x?é".encode("latin-1"), id="c11-latin-1-in-query"),
        pytest.param(b"/assemblyai/v2/x y", id="c11-space"),
        pytest.param(b"/assemblyai/v2/x#f", id="c12-fragment"),
        pytest.param(b"/assemblyai/v2/x?a=1#f", id="c12-fragment-after-query"),
        pytest.param(b"/assemblyai/v2/x?a=1\rX-Evil:1", id="c11-bare-cr"),
    ],
)
def test_raw_bytes_that_no_target_has_are_never_sent(wire: Server, target: bytes) -> None:
    """The server refuses some of them itself; the fragment may be taken for the host's."""
    assert ask(wire.port, request(target)).status < 500
    assert wire.upstream.conns == []


@each_server
@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
def test_c13_asterisk_target_crashes_nothing(wire: Server, method: str) -> None:
    assert ask(wire.port, request("*", method=method)).status < 500
    assert wire.upstream.conns == []


@pytest.mark.parametrize(
    "kind, options",
    [
        pytest.param("gthread", {"env": {"WIRE_MOUNT": "/gw"}}, id="c14-dispatcher-gthread"),
        pytest.param("waitress", {"env": {"WIRE_MOUNT": "/gw"}}, id="c14-dispatcher-waitress"),
        pytest.param(
            "gthread",
            {"env": {"SCRIPT_NAME": "/gw"}, "mount": "/gw"},
            id="c14-script-name",
        ),
    ],
)
def test_a_mount_in_front_of_the_stack_does_not_show_upstream(
    fleet: Fleet, kind: str, options: dict[str, object]
) -> None:
    server = fleet.get(kind, **options)
    for sent, seen in [
        ("/gw/assemblyai/v2/a%2Fb?x=%41", b"/v2/a%2Fb?x=%41"),
        ("/gw/assemblyai", b"/"),
        ("/gw/assemblyai/gw/assemblyai", b"/gw/assemblyai"),
    ]:
        server.restart_upstreams()
        assert ask(server.port, request(sent)).status == 200
        assert server.upstream.only.target == seen
    server.restart_upstreams()
    for target in ("/gw%2Fassemblyai/v2/x", "/gw/%61ssemblyai/v2/x"):
        assert ask(server.port, request(target)).status < 600
        assert server.upstream.conns == []


@pytest.mark.parametrize("wire", ["wsgiref"], indirect=True)
@pytest.mark.parametrize(
    "sent, seen",
    [
        pytest.param("/assemblyai/v2/a%20b%C3%A9?x=%41", "/v2/a%20b%C3%A9?x=%41", id="c15-quoted"),
        pytest.param("/assemblyai/v2/x?", "/v2/x", id="c15-empty-query-is-lost"),
        pytest.param("/assemblyai/v2/a%2Fb", "/v2/a/b", id="c15-encoded-slash-is-lost"),
        pytest.param("/assemblyai/v2/100%25", "/v2/100%25", id="c15-percent"),
    ],
)
def test_a_server_without_the_raw_target_gets_it_quoted_again(
    wire: Server, sent: str, seen: str
) -> None:
    assert ask(wire.port, request(sent)).status == 200
    assert wire.upstream.only.target == seen.encode()


@each_server
def test_c16_headers_named_like_environ_variables_decide_nothing(wire: Server) -> None:
    names = ["Raw-Uri", "Request-Uri", "Path-Info", "Script-Name", "Request-Method", "Wsgi-Input"]
    reply = ask(wire.port, request("/assemblyai/v2/x", *[f"{n}: /evil" for n in names]))
    assert reply.status == 200
    assert wire.upstream.only.target == b"/v2/x"
    assert wire.upstream.only.method == b"GET"


@each_server
@pytest.mark.parametrize(
    "method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"]
)
def test_c17_method_arrives_as_sent(wire: Server, method: str) -> None:
    assert ask(wire.port, request("/assemblyai/v2/x", method=method)).status == 200
    assert wire.upstream.only.method == method.encode()


@each_server
def test_c17_lower_case_method_is_not_made_another(wire: Server) -> None:
    reply = ask(wire.port, request("/assemblyai/v2/x", method="get"), method="GET")
    assert reply.status < 500
    assert [r.method for r in wire.upstream.requests] in ([], [b"get"])


@each_server
@pytest.mark.parametrize("method", ["TRACE", "CONNECT"])
def test_c17_trace_and_connect_are_refused(wire: Server, method: str) -> None:
    assert ask(wire.port, request("/assemblyai/v2/x", method=method)).status == 405
    assert wire.upstream.conns == []


def named(name: str):
    def app(environ, start_response):
        start_response("200 OK", [])
        return [f"{name} {environ['SCRIPT_NAME']} {environ['PATH_INFO']}".encode()]

    return app


@pytest.mark.parametrize(
    "path, expected",
    [
        ("/assemblyai/v2", b"short /assemblyai /v2"),
        ("/assemblyai/eu/v2", b"long /assemblyai/eu /v2"),
        ("/assemblyai/eu", b"long /assemblyai/eu "),
        ("/assemblyai/eux", b"short /assemblyai /eux"),
        ("/other", b"host  /other"),
    ],
)
def test_c18_longest_prefix_wins_in_any_order_of_declaration(path: str, expected: bytes) -> None:
    mounts = [("/assemblyai", named("short")), ("/assemblyai/eu", named("long"))]
    for order in itertools.permutations(mounts):
        environ = {"REQUEST_METHOD": "GET", "SCRIPT_NAME": "", "PATH_INFO": path}
        router = PrefixRouter(named("host"), dict(order))
        assert b"".join(router(environ, lambda *_: None)) == expected


@pytest.mark.parametrize(
    "prefix",
    ["", "/", "assemblyai", "/assemblyai/", "//assemblyai", "/a b", "/a%2Fb", "/é", "/a?b"],
)
def test_c18_a_prefix_that_could_match_nothing_is_an_error_at_start(prefix: str) -> None:
    with pytest.raises(ConfigError):
        PrefixRouter(named("host"), {prefix: named("mounted")})


@pytest.mark.parametrize("path", ["/other", "/assemblyaifoo", "/assemblyai/v2", "/"])
def test_c19_the_hosts_environ_is_left_as_it_was(path: str) -> None:
    environ = {"REQUEST_METHOD": "GET", "SCRIPT_NAME": "", "PATH_INFO": path, "x": object()}
    before = dict(environ)
    list(PrefixRouter(named("host"), {"/assemblyai": named("in")})(environ, lambda *_: None))
    assert environ == before


def test_c19_what_is_not_ours_gets_the_very_environ_of_the_host() -> None:
    seen = []

    def host(environ, start_response):
        seen.append(environ)
        start_response("200 OK", [])
        return []

    environ = {"REQUEST_METHOD": "GET", "SCRIPT_NAME": "", "PATH_INFO": "/other"}
    PrefixRouter(host, {"/assemblyai": named("in")})(environ, lambda *_: None)
    assert seen[0] is environ
