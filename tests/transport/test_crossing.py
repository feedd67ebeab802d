"""Which header fields cross: the lists, and what no setting may add to them."""

from __future__ import annotations

import pytest

from assemblyai_mw import ConfigError, UpstreamForwarder
from assemblyai_mw.errors import BadRequest
from assemblyai_mw.transport.crossing import (
    DROPPED,
    DROPS,
    GUNICORNS,
    PASSES,
    REFUSED,
    SENT,
    reply_fields,
    request_fields,
)


def goes(*names: str, added: tuple[str, ...] = ()) -> list[str]:
    """Return the lower-case names that go upstream of a request with these."""
    environ = {f"HTTP_{name.upper().replace('-', '_')}": "1" for name in names}
    return [name.lower() for name, _ in request_fields(added).of(environ)]


def each(groups: tuple) -> list[str]:
    """Return an example of each name in a list."""
    return [name.replace("*", "x") for group in groups for name in group.names]


def test_what_the_list_names_goes_upstream() -> None:
    names = [name.lower() for name in each(SENT)]
    assert goes(*names) == names


# What front servers, browsers, hosts and OpenAI's clients put on a request.
# fmt: off
STAYS = [
    "Authorization", "Cookie", "X-Api-Key", "X-Auth-Token", "Remote-User", "Ssl-Client-Cert",
    "X-Client-Cert", "X-Amzn-Oidc-Data", "X-Amzn-Oidc-Accesstoken", "Cf-Access-Jwt-Assertion",
    "X-Goog-Iap-Jwt-Assertion", "X-Ms-Token-Aad-Access-Token", "X-Auth-Request-Access-Token",
    "X-Forwarded-Access-Token", "Cf-Connecting-Ip", "X-Forwarded-For", "Forwarded", "Via",
    "X-Real-Ip", "True-Client-Ip", "Referer", "Origin", "Sec-Fetch-Site", "Sec-Ch-Ua",
    "Idempotency-Key", "Traceparent", "Tracestate", "Baggage", "X-B3-Traceid",
    "X-Amzn-Trace-Id", "X-Http-Method-Override", "Openai-Organization", "X-Stainless-Lang",
    "X-Assemblyai-Mw-Tags", "Content-Length", "Host", "Expect", "Te", "Upgrade", "Assemblyai",
    "X-Aai", "Acceptable", "If", "Range-X", "Prefer", "Dnt", "Priority",
]
# fmt: on


@pytest.mark.parametrize("name", STAYS)
def test_everything_else_stays_here(name: str) -> None:
    assert goes(name) == []


@pytest.mark.parametrize("name", ["referer", "Traceparent", "X-Team"])
def test_a_setting_adds_a_field(name: str) -> None:
    assert goes(name, "Origin", added=(name,)) == [name.lower()]


@pytest.mark.parametrize(
    "name",
    [
        *each(REFUSED),
        "X-Auth-Token",
        "X-Csrf-Token",
        "X-Goog-Iap-Jwt-Assertion",
        "X_Team",
        "X-Team-",
        "X-Ms-Token-Aad-Access-Token",
        "Proxy-Authorization",
        "Transfer-Encoding",
        "X Team",
        "",
    ],
)
def test_a_field_that_may_not_go_stops_the_start(name: str) -> None:
    with pytest.raises(ConfigError, match=r"^headers: expected "):
        UpstreamForwarder("https://api.assemblyai.com", api_key="k", headers=[name])


def test_one_name_in_place_of_a_list_stops_the_start() -> None:
    with pytest.raises(ConfigError):
        request_fields("X-Team")


@pytest.mark.parametrize("key", ["HTTP_CONTENT_TYPE", "HTTP_ACCEPT_", "HTTP_CONTENT_LENGTH_"])
def test_underscore_twins_stay_here(key: str) -> None:
    assert request_fields().of({key: "1"}) == []


def test_a_name_that_is_no_token_is_refused_though_it_would_stay() -> None:
    with pytest.raises(BadRequest):
        request_fields().of({"HTTP_X\r\nEVIL": "1"})


def test_the_plans_are_bounded() -> None:
    fields = request_fields(["X-Plans"])
    for number in range(2000):
        fields.of({f"HTTP_X_{number}": "1"})
    assert len(fields._plans) <= 256


@pytest.mark.parametrize("name", [name for name in each(DROPPED) if name != "Connection"])
def test_what_acts_beyond_the_reply_does_not_come_back(name: str) -> None:
    assert {reply_fields()[spelling] for spelling in (name, name.lower(), name.upper())} == {DROPS}


# fmt: off
COMES_BACK = [
    "X-RateLimit-Limit", "x-ratelimit-reset", "Retry-After", "X-Request-Id", "Content-Encoding",
    "Content-Disposition", "Content-Length", "Content-Location", "ETag", "Last-Modified",
    "Location", "Link", "Warning", "Vary", "Cache-Control", "Allow", "Accept-Ranges",
    "X-Tts-Billed-Characters", "X-Tts-Audio-Duration-Ms", "Date", "Server", "X-Frame-Options",
    "Referrer-Policy", "Deprecation", "Sunset", "X-Unknown",
]
# fmt: on


@pytest.mark.parametrize("name", COMES_BACK)
def test_everything_else_comes_back(name: str) -> None:
    assert reply_fields()[name] == PASSES


def test_gunicorn_writes_date_and_server_itself() -> None:
    assert [reply_fields(*GUNICORNS)[name] for name in ("Date", "Server", "ETag")] == [1, 1, 0]
