"""The forwarder called directly, with an environ that no server would build."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import Any

from assemblyai_mw.middleware.forward import UpstreamForwarder

from .kit_client import ACCOUNT_KEY


def environ(path: str = "/v2/x", method: str = "GET", body: bytes = b"", **more: Any) -> dict:
    """Return a PEP 3333 environ mounted at /assemblyai; a key set to None is left out."""
    made = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "/assemblyai",
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "SERVER_NAME": "front.example",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        **more,
    }
    if body and "CONTENT_LENGTH" not in more:
        made["CONTENT_LENGTH"] = str(len(body))
    return {key: value for key, value in made.items() if value is not None}


@dataclass
class Answer:
    """What an app answered; `raised` is what came out of its body, if anything did."""

    status: str = ""
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""
    raised: Exception | None = None

    @property
    def code(self) -> int:
        return int(self.status[:3])


def run(app: Any, env: dict) -> Answer:
    """Call *app* as a server does: iterate to the end, close in any case."""
    answer = Answer()

    def start_response(status: str, headers: list, exc_info: Any = None) -> Any:
        answer.status, answer.headers = status, headers
        return lambda data: None

    body = app(env, start_response)
    try:
        for block in body:
            answer.body += block
    except Exception as error:
        answer.raised = error
    finally:
        close = getattr(body, "close", None)
        if close is not None:
            close()
    return answer


def forwarder(port: int, **options: Any) -> UpstreamForwarder:
    return UpstreamForwarder(
        f"http://127.0.0.1:{port}", api_key=ACCOUNT_KEY, **{"timeout": 10.0, **options}
    )
