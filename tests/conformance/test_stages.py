"""Rows 164 to 171 of docs/reliability.md, and laziness: over every stage."""

from __future__ import annotations

import io
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from wsgiref.validate import validator

import pytest
from webtest import TestApp
from webtest.app import TestRequest
from werkzeug.middleware.lint import LintMiddleware

from assemblyai_mw import Cors

from .stages import STAGES, Stage, stage_classes

Build = Callable[[Any], Any]
# What a KeyAuth adds to every reply.
PRIVATE = ("cache-control", "vary", "x-content-type-options")
HEADERS = [("Content-Type", "a/b"), ("X-A", "1"), ("X-B", "2"), ("X-A", "3"), ("Link", "<a>")]


@pytest.fixture(params=STAGES, ids=lambda stage: stage.name)
def stage(request: pytest.FixtureRequest) -> Stage:
    return request.param


@pytest.fixture
def around(stage: Stage, tmp_path: Path) -> Build:
    """Builds the stage around an app."""
    return lambda app: stage.build(app, tmp_path)


class Body:
    """Items, counted as they are asked for, and how often it was closed."""

    def __init__(self, *items: bytes | Exception) -> None:
        self.items = list(items)
        self.given = 0
        self.closed = 0

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        if self.given == len(self.items):
            raise StopIteration
        item = self.items[self.given]
        if isinstance(item, Exception):
            raise item
        self.given += 1
        return item

    def close(self) -> None:
        self.closed += 1


class Started:
    """A start_response that keeps what it was told."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []
        self.written: list[bytes] = []

    def __call__(self, status: str, headers: list, exc_info: Any = None) -> Any:
        self.calls.append((status, list(headers), exc_info))
        return self.written.append

    @property
    def status(self) -> str:
        return self.calls[-1][0]

    @property
    def headers(self) -> list[tuple[str, str]]:
        return self.calls[-1][1]


def app_of(body: Any, status: str = "200 OK", headers: list | None = None) -> Any:
    def app(environ: Any, start_response: Any) -> Any:
        start_response(status, list(HEADERS if headers is None else headers))
        return body

    return app


def close(body: Any) -> None:
    closing = getattr(body, "close", None)
    if closing is not None:
        closing()


def test_every_stage_of_the_package_is_here() -> None:
    listed = {cls for stage in STAGES for cls in stage.classes}
    assert stage_classes() - listed == set()


@pytest.mark.parametrize("status", ["200 OK", "404 Not Found", "500 Oops", "204 No Content"])
def test_reply_passes_through(around: Build, stage: Stage, status: str) -> None:
    started = Started()
    items = [] if status.startswith("204") else [b"a", b"b" * 70_000, b"c"]
    body = around(app_of(Body(*items), status))(stage.environ(), started)
    assert b"".join(body) == b"".join(items)
    close(body)
    assert started.status == status
    added = ("x-rate", "rate", *(PRIVATE if stage.private else ()))
    if Cors in stage.classes:
        added += ("vary", "access-control-")
    kept = [pair for pair in started.headers if not pair[0].lower().startswith(added)]
    assert kept == HEADERS


def test_request_passes_through(around: Build, stage: Stage) -> None:
    seen = {}

    def app(environ: Any, start_response: Any) -> Any:
        seen.update(environ, body=environ["wsgi.input"].read(5))
        start_response("200 OK", [])
        return []

    environ = stage.environ("PUT", b"hello")
    close(around(app)(environ, Started()))
    assert seen["body"] == b"hello"
    assert seen["REQUEST_METHOD"] == environ["REQUEST_METHOD"]
    assert seen["QUERY_STRING"] == "a=1"
    assert (seen["SCRIPT_NAME"] + seen["PATH_INFO"]) == (
        environ["SCRIPT_NAME"] + environ["PATH_INFO"]
    )


def test_body_streams_lazily(around: Build, stage: Stage) -> None:
    """An item is handed on before the next one is asked for."""
    inner = Body(b"data: 1\n\n", b"data: 2\n\n", b"data: 3\n\n")
    headers = [("Content-Type", "text/event-stream")]
    body = around(app_of(inner, headers=headers))(stage.environ(), Started())
    items = iter(body)
    for number in (1, 2, 3):
        assert next(items) == b"data: %d\n\n" % number
        assert inner.given == number
    assert list(items) == []
    close(body)


def test_c168_list_of_one_item_stays_one(around: Build, stage: Stage) -> None:
    """Servers take its length for the Content-Length."""
    body = around(app_of([b"abc"]))(stage.environ(), Started())
    if stage.metered:
        assert list(body) == [b"abc"]
        close(body)
    else:
        assert body == [b"abc"]


def test_c166_body_is_closed_once_after_it_was_read(around: Build, stage: Stage) -> None:
    inner = Body(b"a", b"b")
    body = around(app_of(inner))(stage.environ(), Started())
    assert list(body) == [b"a", b"b"]
    close(body)
    assert inner.closed == 1


def test_c166_body_is_closed_once_after_a_part_was_read(around: Build, stage: Stage) -> None:
    inner = Body(b"a", b"b")
    body = around(app_of(inner))(stage.environ(), Started())
    assert next(iter(body)) == b"a"
    close(body)
    # What a reply costs is known before its last block goes out, so one may be held back.
    assert inner.given <= 1 + stage.metered
    assert inner.closed == 1


def test_c166_body_is_closed_once_though_nothing_was_read(around: Build, stage: Stage) -> None:
    inner = Body(b"a", b"b")
    body = around(app_of(inner))(stage.environ(), Started())
    close(body)
    assert inner.closed == 1


def test_c166_c167_body_that_raises_raises_for_the_server_and_is_closed_once(
    around: Build, stage: Stage
) -> None:
    """A return instead would make half a reply look whole."""
    inner = Body(b"a", RuntimeError("broke"))
    body = around(app_of(inner))(stage.environ(), Started())
    given: list[bytes] = []
    with pytest.raises(RuntimeError, match="broke"):
        given.extend(body)
    close(body)
    assert given == [b"a"] or (stage.metered and given == [])
    assert inner.closed == 1


def test_c166_c167_body_that_raises_at_once_is_closed_once(around: Build, stage: Stage) -> None:
    inner = Body(RuntimeError("broke"))
    body = around(app_of(inner))(stage.environ(), Started())
    with pytest.raises(RuntimeError, match="broke"):
        next(iter(body))
    close(body)
    assert inner.closed == 1


def test_c167_app_that_raises_raises_for_the_server(around: Build, stage: Stage) -> None:
    def app(environ: Any, start_response: Any) -> Any:
        raise RuntimeError("broke")

    with pytest.raises(RuntimeError, match="broke"):
        list(around(app)(stage.environ(), Started()))


def test_c169_generator_never_begun_closes_without_a_word(around: Build, stage: Stage) -> None:
    ended = []

    def app(environ: Any, start_response: Any) -> Iterator[bytes]:
        try:
            start_response("200 OK", [])
            yield b"a"
            yield b"b"
        finally:
            ended.append(True)

    body = around(app)(stage.environ(), Started())
    close(body)
    body = around(app)(stage.environ(), Started())
    next(iter(body))
    close(body)
    assert ended


def test_c168_late_start_response_is_passed_on(around: Build, stage: Stage) -> None:
    """A generator app calls it when its first item is asked for."""

    def app(environ: Any, start_response: Any) -> Iterator[bytes]:
        start_response("201 Created", list(HEADERS))
        yield b"a"
        yield b"b"

    started = Started()
    body = around(app)(stage.environ(), started)
    assert list(body) == [b"a", b"b"]
    close(body)
    assert started.status == "201 Created"


def test_c168_write_comes_before_the_body(around: Build, stage: Stage) -> None:
    def app(environ: Any, start_response: Any) -> Any:
        write = start_response("200 OK", [("Content-Type", "a/b")])
        write(b"a")
        write(b"b")
        return [b"c"]

    started = Started()
    body = around(app)(stage.environ(), started)
    items = list(body)
    close(body)
    assert b"".join(started.written + items) == b"abc"


def test_c167_exc_info_is_passed_on(around: Build, stage: Stage) -> None:
    """An app that fails before its first byte may take its first status back."""

    def app(environ: Any, start_response: Any) -> Any:
        import sys

        start_response("200 OK", [("Content-Type", "a/b")])
        try:
            raise ValueError("changed its mind")
        except ValueError:
            start_response("500 Oops", [("Content-Type", "c/d")], sys.exc_info())
        return [b"oops"]

    started = Started()
    body = around(app)(stage.environ(), started)
    assert b"".join(body) == b"oops"
    close(body)
    assert started.status == "500 Oops"
    assert ("Content-Type", "c/d") in started.headers
    if len(started.calls) > 1:
        assert started.calls[-1][2] is not None


def test_c19_the_hosts_environ_is_left_alone(around: Build, stage: Stage) -> None:
    def app(environ: Any, start_response: Any) -> Any:
        environ["PATH_INFO"] = environ["PATH_INFO"] + "/changed" if not stage.mounted else "/x"
        start_response("200 OK", [])
        return []

    environ = stage.environ("POST", b"hello")
    passed_untouched = stage.name in ("PrefixRouter-host", "AssemblyAIMiddleware")
    before = dict(environ)
    close(around(app_of([]) if passed_untouched else app)(environ, Started()))
    assert environ == before
    assert environ["wsgi.input"] is before["wsgi.input"]


def test_c171_what_is_added_to_environ_has_the_packages_name(around: Build, stage: Stage) -> None:
    seen = {}

    def app(environ: Any, start_response: Any) -> Any:
        seen.update(environ)
        start_response("200 OK", [])
        return []

    environ = stage.environ()
    close(around(app)(environ, Started()))
    assert all(key.startswith("assemblyai_mw.") for key in seen.keys() - environ.keys())
    assert "sk-" not in repr(seen) or stage.name in ("PrefixRouter-host", "PrefixRouter-mounted")


def test_head_has_no_body(around: Build, stage: Stage) -> None:
    started = Started()
    headers = [("Content-Length", "3"), ("Content-Type", "a/b")]
    body = around(app_of([], headers=headers))(stage.environ("HEAD"), started)
    assert b"".join(body) == b""
    close(body)
    assert [pair for pair in headers if pair in started.headers] == headers


def test_threads_share_a_stage_and_nothing_else(around: Build, stage: Stage) -> None:
    barrier = threading.Barrier(8)

    def app(environ: Any, start_response: Any) -> Iterator[bytes]:
        start_response("200 OK", [("X-Nonce", environ["HTTP_X_NONCE"])])
        barrier.wait(10)
        yield environ["HTTP_X_NONCE"].encode()
        barrier.wait(10)
        yield environ["HTTP_X_NONCE"].encode()

    outer = around(app)
    found: dict[str, bytes] = {}

    def call(nonce: str) -> None:
        started = Started()
        body = outer({**stage.environ(), "HTTP_X_NONCE": nonce}, started)
        found[nonce] = b"".join(body) + dict(started.headers)["X-Nonce"].encode()
        close(body)

    threads = [threading.Thread(target=call, args=(f"n{i}",)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert found == {f"n{i}": f"n{i}".encode() * 3 for i in range(8)}


def plain(environ: Any, start_response: Any) -> Any:
    """An app that every validator likes: it reads its body with a size, and answers."""
    length = int(environ.get("CONTENT_LENGTH") or 0)
    body = environ["wsgi.input"].read(length) if length else b""
    if environ["REQUEST_METHOD"] == "HEAD":
        body = b""
    headers = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(body)))]
    start_response("200 OK", headers)
    return [body]


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "DELETE"])
def test_c164_wsgiref_validator_finds_nothing_outside_or_inside(
    around: Build, stage: Stage, method: str
) -> None:
    body = b"hello" if method in ("POST", "PUT") else b""
    app = validator(around(validator(plain)))
    environ = {**stage.environ(method, body), "wsgi.errors": _Errors()}
    body = b"" if environ["REQUEST_METHOD"] == "HEAD" else body
    started = Started()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with closing(app(environ, started)) as items:
            assert b"".join(items) == body
    assert started.status == "200 OK"


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT"])
def test_c165_werkzeug_lint_finds_nothing_outside_or_inside(
    around: Build, stage: Stage, method: str
) -> None:
    body = b"hello" if method == "PUT" else b""
    app = LintMiddleware(around(LintMiddleware(plain)))
    environ = {**stage.environ(method, body), "wsgi.errors": _Errors()}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with closing(app(environ, Started())) as items:
            assert b"".join(items) == body


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT"])
def test_c165_webtest_lint_finds_nothing(around: Build, stage: Stage, method: str) -> None:
    environ = stage.environ(method)
    method = environ["REQUEST_METHOD"]
    extra = {k: v for k, v in environ.items() if k.startswith("HTTP_")}
    test = TestApp(around(plain), lint=True, extra_environ=extra)
    path = environ["PATH_INFO"]
    writes = method in ("PUT", "POST")
    request = TestRequest.blank(path, method=method, body=b"hello" if writes else b"")
    request.environ.update(extra, SCRIPT_NAME=environ["SCRIPT_NAME"])
    reply = test.do_request(request, status=200)
    assert reply.body == (b"hello" if writes else b"")


class _Errors(io.StringIO):
    """A wsgi.errors with everything that validators ask for."""
