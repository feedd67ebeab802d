"""No frame that a traceback shows holds a key: not the presented one, not the account's.

Error trackers and debug pages show the `repr` of each local, and of what `self` has.
"""

from __future__ import annotations

import io
import logging
import socket
import ssl
import threading
import traceback
from pathlib import Path
from typing import Any

import pytest
import requests
from stack_kit import API, CHAT, config_of
from werkzeug.debug.repr import DebugReprGenerator

import assemblyai_mw
from assemblyai_mw import (
    AssemblyAIMiddleware,
    KeyAuth,
    PrefixRouter,
    RequestsTransport,
    SocketTransport,
    UpstreamForwarder,
)
from assemblyai_mw.config import Upstream
from assemblyai_mw.errors import UpstreamError
from assemblyai_mw.middleware.lingering import LingeringClose
from assemblyai_mw.middleware.log import CallLog
from assemblyai_mw.secret import HiddenBytes, Secret
from assemblyai_mw.settlement.rest_api import Account
from assemblyai_mw.transport import Origin, Request, Timeouts, TLSPipe
from assemblyai_mw.transport.connection import Connection
from assemblyai_mw.transport.piped import PipedConnection

KEY = "sk-presented-8c1f2e6b7d"
ACCOUNT = "acct-0f9e8d7c6b5a4938"
HERE = str(Path(__file__))
PACKAGE = str(Path(assemblyai_mw.__file__).parent)


class Boom(RuntimeError):
    """Raised by what is innermost."""


def boom(*_: Any, **__: Any) -> Any:
    raise Boom


class BoomTransport:
    def send(self, origin: Any, request: Any, timeouts: Any) -> Any:
        raise Boom


class BoomKeys:
    def find(self, key_hash: bytes) -> Any:
        raise Boom

    named = find


def shown(value: Any) -> str:
    """Return what a debugger shows of a local, and of the attributes of an object."""
    parts = [repr(value), DebugReprGenerator().repr(value)]
    slots = [name for cls in type(value).__mro__ for name in getattr(cls, "__slots__", ())]
    if not isinstance(value, Secret) and type(value).__module__.startswith("assemblyai_mw"):
        attributes = {**getattr(value, "__dict__", {})}
        attributes |= {name: getattr(value, name) for name in slots if hasattr(value, name)}
        if isinstance(value, HiddenBytes):
            del attributes["_value"]
        if isinstance(value, Request):
            # Its own repr leaves them out.
            del attributes["headers"]
        parts += [repr(each) for each in attributes.values()]
    return "\n".join(parts)


def leaks(error: BaseException) -> list[str]:
    """Return the frames that show a key, of an exception and of its causes."""
    found, seen = [], [error]
    for each in seen:
        for frame, line in traceback.walk_tb(each.__traceback__):
            if frame.f_code.co_filename == HERE:
                continue
            for name, value in frame.f_locals.items():
                text = shown(value)
                if KEY in text or ACCOUNT in text:
                    found.append(f"{frame.f_code.co_filename}:{line} {name}")
        seen += [more for more in (each.__cause__, each.__context__) if more and more not in seen]
    return found


def environ(path: str = f"{API}/v2/x", key: str | None = KEY, **more: Any) -> dict[str, Any]:
    made = {
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "SERVER_NAME": "front.example",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "HTTP_HOST": "front.example",
        "HTTP_USER_AGENT": "a test",
        **more,
    }
    return made if key is None else {**made, "HTTP_AUTHORIZATION": f"Bearer {key}"}


def raised(app: Any, given: dict[str, Any], wanted: type = Boom) -> BaseException:
    with pytest.raises(wanted) as caught:
        b"".join(app(given, lambda *_: None))
    return caught.value


def forwarder(transport: Any = None) -> UpstreamForwarder:
    return UpstreamForwarder(
        "https://api.assemblyai.com", api_key=ACCOUNT, transport=transport or BoomTransport()
    )


STACKS = [
    pytest.param(lambda: KeyAuth(boom, keys={KEY: "a"}), id="KeyAuth"),
    pytest.param(lambda: CallLog(KeyAuth(boom, keys={KEY: "a"}), on_call=print), id="CallLog"),
    pytest.param(lambda: LingeringClose(KeyAuth(boom, keys={KEY: "a"})), id="LingeringClose"),
    pytest.param(lambda: KeyAuth(boom, keys=BoomKeys()), id="key-store"),
    pytest.param(lambda: KeyAuth(boom, keys={}, master_key=KEY), id="master"),
    pytest.param(lambda: PrefixRouter(boom, {API: KeyAuth(boom, keys={KEY: "a"})}), id="router"),
    pytest.param(lambda: KeyAuth(forwarder(), keys={KEY: "a"}), id="forwarder"),
]


@pytest.mark.parametrize("build", STACKS)
def test_no_stage_holds_a_key_while_the_next_one_runs(build: Any) -> None:
    assert leaks(raised(build(), environ())) == []


@pytest.mark.parametrize("both", [False, True])
def test_a_key_in_the_other_header_is_not_held_either(both: bool) -> None:
    for keys in ({KEY: "a"}, BoomKeys()):
        auth = KeyAuth(boom, keys=keys)  # type: ignore[arg-type]
        app = PrefixRouter(boom, {"/v1/messages": LingeringClose(CallLog(auth, on_call=print))})
        given = environ("/v1/messages", KEY if both else None, HTTP_X_API_KEY=KEY)
        assert leaks(raised(app, given)) == []


def test_a_frame_that_did_hold_one_would_be_found() -> None:
    code = compile(
        "def app(environ, start):\n    held = environ['HTTP_AUTHORIZATION']\n    boom()",
        "elsewhere.py",
        "exec",
    )
    scope: dict[str, Any] = {"boom": boom}
    exec(code, scope)
    assert leaks(raised(scope["app"], environ()))


@pytest.fixture
def build(sqlite_url: str) -> Any:
    made = []

    def whole(transport: Any, **options: Any) -> AssemblyAIMiddleware:
        config = config_of(sqlite_url, general_settings={"master_key": KEY})
        for entry in config["model_list"]:
            entry["litellm_params"]["api_key"] = ACCOUNT
        made.append(AssemblyAIMiddleware(boom, config, transport=transport, **options))
        return made[-1]

    yield whole
    for each in made:
        each.close()


@pytest.mark.parametrize("path", [f"{API}/v2/transcript/x", f"{API}/v2/transcript"])
def test_the_whole_stack_holds_no_key_while_the_transport_runs(build: Any, path: str) -> None:
    assert leaks(raised(build(BoomTransport()), environ(path))) == []


def test_the_whole_stack_holds_no_key_while_a_chat_is_sent(build: Any) -> None:
    body = b'{"model": "assemblyai/gpt-5-mini", "messages": [{"role": "user", "content": "hi"}]}'
    given = environ(CHAT, REQUEST_METHOD="POST", CONTENT_LENGTH=str(len(body)))
    given |= {"wsgi.input": io.BytesIO(body), "CONTENT_TYPE": "application/json"}
    assert leaks(raised(build(BoomTransport()), given)) == []


def test_a_hook_that_fails_is_logged_without_any_local(build: Any, caplog: Any) -> None:
    seen = []

    def identify(given: Any) -> Any:
        seen.append(shown(given))
        raise Boom

    app = build(BoomTransport(), identify=identify)
    with caplog.at_level(logging.DEBUG):
        b"".join(app(environ(key=None), lambda *_: None))
    assert len(seen) == 1
    assert not any(secret in text for secret in (KEY, ACCOUNT) for text in (*seen, caplog.text))


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def resetting_port() -> int:
    """Return a port that takes a connection and resets it."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        for _ in range(2):
            taken, _ = server.accept()
            taken.recv(1)
            taken.close()
        server.close()

    threading.Thread(target=serve, daemon=True).start()
    return int(server.getsockname()[1])


@pytest.mark.parametrize("transport", [SocketTransport, RequestsTransport])
@pytest.mark.parametrize("port", [closed_port, resetting_port])
def test_no_frame_of_a_transport_that_fails_shows_the_key(transport: Any, port: Any) -> None:
    upstream = Upstream(f"http://127.0.0.1:{port()}", Secret(ACCOUNT), "us")
    account = Account(upstream, transport(), Timeouts())
    with pytest.raises(UpstreamError) as caught:
        account.page()
    assert leaks(caught.value) == []


@pytest.mark.parametrize("port", [closed_port, resetting_port])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_no_frame_of_an_upgrade_that_fails_shows_the_key(port: Any, scheme: str) -> None:
    origin = Origin(scheme, "127.0.0.1", port())
    request = Request("GET", "/v3/ws", [("Authorization", ACCOUNT)])
    for _ in range(2):
        with pytest.raises(UpstreamError) as caught:
            SocketTransport().upgrade(origin, request, Timeouts())
        assert leaks(caught.value) == []


def test_no_frame_of_tls_that_fails_to_write_shows_the_key() -> None:
    pipe = TLSPipe(ssl.create_default_context(), "localhost")
    connection = PipedConnection(socket.socket(), read_s=1.0, deadline=float("inf"), pipe=pipe)
    with connection.socket, pytest.raises(ssl.SSLError) as caught:
        connection.send(HiddenBytes(ACCOUNT.encode()))
    assert leaks(caught.value) == []


def test_no_frame_of_a_write_that_fails_shows_the_key(monkeypatch: Any) -> None:
    """`ssl` is Python: its frames hold what was to be written."""

    class Failing:
        def send(self, data: bytes) -> int:
            exec(compile("def inner(held):\n    raise OSError(held and 1)", "ssl.py", "exec"), here)
            return here["inner"](data)

    here: dict[str, Any] = {}
    connection = Connection(Failing(), read_s=1.0, deadline=float("inf"), _wait_s=1.0)  # type: ignore[arg-type]
    with pytest.raises(OSError) as caught:
        connection.send(HiddenBytes(ACCOUNT.encode()))
    assert leaks(caught.value) == []


def test_a_session_of_requests_is_given_the_key_all_the_same() -> None:
    sent = []

    class Adapter(requests.adapters.BaseAdapter):
        def send(self, request: Any, **_: Any) -> Any:
            sent.append(request.headers["Authorization"])
            raise requests.ConnectionError

        def close(self) -> None: ...

    session = requests.Session()
    session.mount("https://", Adapter())
    app = KeyAuth(forwarder(RequestsTransport(session)), keys={KEY: "a"})
    b"".join(app(environ(), lambda *_: None))
    assert sent == [ACCOUNT]
