"""PrefixRouter: which requests are AssemblyAI's, on every server."""

import pytest
from webtest import TestApp

from assemblyai_mw import ConfigError, OpenAITranslator, PrefixRouter
from assemblyai_mw.call import CALL_KEY, enter
from assemblyai_mw.routes import Route, route_for


def host(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "4")])
    return [b"host"]


class Seen:
    """A mounted app that remembers what it was given."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.environs: list[dict] = []

    def __call__(self, environ, start_response):
        self.environs.append(environ)
        body = f"{self.name} {environ['SCRIPT_NAME']} {environ['PATH_INFO']}".encode()
        headers = [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))]
        start_response("200 OK", headers)
        return [body]


@pytest.mark.parametrize(
    "path, answer",
    [
        pytest.param("/assemblyai/v2/x", "us /assemblyai /v2/x", id="c1"),
        pytest.param("/assemblyai", "us /assemblyai ", id="c3-bare"),
        pytest.param("/assemblyai/", "us /assemblyai /", id="c3-slash"),
        pytest.param("/assemblyai/eu/x", "longer /assemblyai/eu /x", id="c18-longest"),
        pytest.param("/assemblyai/europe", "us /assemblyai /europe", id="c18-segment"),
        *(
            pytest.param(path, "host", id=f"c2-{path}")
            for path in (
                "/",
                "/assemblyaifoo",
                "/assemblyai2/v2",
                "/assemblyai-x",
                "/assemblyai;x/v2",
                "/assemblyai.json",
                "/Assemblyai/v2",
                "/x/assemblyai/v2",
                "//assemblyai/v2",
            )
        ),
    ],
)
def test_a_prefix_matches_whole_segments(path: str, answer: str) -> None:
    app = TestApp(PrefixRouter(host, {"/assemblyai": Seen("us"), "/assemblyai/eu": Seen("longer")}))
    assert app.get(path, extra_environ={"RAW_URI": path}).text == answer


@pytest.mark.parametrize(
    "raw", ["/%61ssemblyai/v2", "/assemblyai%2Fv2", "/%2Fassemblyai/v2", "/x/../assemblyai/v2"]
)
def test_c4_an_encoded_prefix_is_the_host_apps(raw: str) -> None:
    """Servers decode PATH_INFO; the router goes by the letters that were sent."""
    mounted = Seen("us")
    app = TestApp(PrefixRouter(host, {"/assemblyai": mounted}))
    assert app.get("/assemblyai/v2", extra_environ={"RAW_URI": raw}).text == "host"
    assert mounted.environs == []


def test_c19_the_host_app_gets_the_very_environ() -> None:
    given: list[dict] = []

    def host_app(environ, start_response):
        given.append(environ)
        return host(environ, start_response)

    environ = {"PATH_INFO": "/page", "SCRIPT_NAME": "", "REQUEST_METHOD": "GET"}
    before = dict(environ)
    PrefixRouter(host_app, {"/assemblyai": Seen("us")})(environ, lambda *_: lambda _: None)
    assert given[0] is environ
    assert before == environ


def test_the_mounted_app_gets_a_copy_with_the_call() -> None:
    mounted = Seen("eu")
    environ = {"PATH_INFO": "/eu.assemblyai/v2/x", "SCRIPT_NAME": "/gw", "REQUEST_METHOD": "GET"}
    before = dict(environ)
    PrefixRouter(host, {"/eu.assemblyai": mounted})(environ, lambda *_: lambda _: None)
    (inner,) = mounted.environs
    assert before == environ
    assert inner["SCRIPT_NAME"] == "/gw/eu.assemblyai"
    call = inner[CALL_KEY]
    assert (call.route.region, call.route.service, call.path) == ("eu", "api", "/v2/x")


@pytest.mark.parametrize("prefix", ["", "/", "x", "/x/", "/a//b", "/a b", "/\xe4", "/%61", "/a?b"])
def test_c18_a_prefix_that_cannot_match_stops_the_start(prefix: str) -> None:
    with pytest.raises(ConfigError, match="expected a path"):
        PrefixRouter(host, {prefix: host})


@pytest.mark.parametrize(
    "script, path, service, dialect",
    [
        ("", "/v2/transcript", "api", "assemblyai"),
        ("", "/v1/chat/completions", "llm-gateway", "openai"),
        ("/models", "/v1/understanding", "llm-gateway", "assemblyai"),
        ("/assemblyai", "/v1/chat/completions", "api", "assemblyai"),
    ],
)
def test_where_no_prefix_names_the_host_the_path_does(script, path, service, dialect) -> None:
    environ = {"SCRIPT_NAME": script, "PATH_INFO": path, "REQUEST_METHOD": "POST"}
    route = enter(environ)[0].route
    assert (route.prefix, route.service, route.dialect) == (script, service, dialect)


def test_a_route_that_is_given_counts_before_the_prefixes_name() -> None:
    known = route_for("/stt", "https://api.eu.assemblyai.com")
    seen = Seen("stt")
    app = TestApp(PrefixRouter(host, {"/stt": seen, "/eu.speech": seen}, routes={"/stt": known}))
    for path in ("/stt/v2/x", "/stt/v1/chat/completions", "/eu.speech/v2/x"):
        app.get(path)
    first, chat, by_name = (environ[CALL_KEY].route for environ in seen.environs)
    # No path makes the API another service.
    assert first == chat == known
    assert by_name == Route("/eu.speech", "api", "eu")


def test_a_translator_leaves_a_route_of_a_known_host_alone() -> None:
    """`/gw/v1/chat/completions` is the gateway's own path, like that below its usual prefix."""
    seen = Seen("gateway")
    routes = {"/gw": route_for("/gw", "https://llm-gateway.eu.assemblyai.com")}
    app = TestApp(PrefixRouter(host, {"/gw": OpenAITranslator(seen)}, routes=routes))
    app.post_json("/gw/v1/chat/completions", {"model": "x"})
    (environ,) = seen.environs
    assert (environ["SCRIPT_NAME"], environ[CALL_KEY].route) == ("/gw", routes["/gw"])


def test_within_a_translator_it_leads_to_each_regions_gateway() -> None:
    us, eu = Seen("us"), Seen("eu")
    routes = {"/llm-gateway.assemblyai": us, "/eu.llm-gateway.assemblyai": eu}
    app = TestApp(OpenAITranslator(PrefixRouter(host, routes)))
    for model, asked in (("assemblyai/x", us), ("eu.assemblyai/x", eu)):
        body = {"model": model, "messages": [{"role": "user", "content": "hi"}]}
        app.post_json("/v1/chat/completions", body, status=502)  # Seen speaks no JSON
        (environ,) = asked.environs
        assert environ["PATH_INFO"] == "/v1/chat/completions"
    assert app.get("/elsewhere").text == "host"
