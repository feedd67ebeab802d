"""The door `audio/speech`: AssemblyAI's own speech synthesis in OpenAI's shape, by zone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...billing.operations import OPENAI_SPEECH_PATH
from ...call import Call, json_of, read_body, replace_body
from ...call.billable import check_encoding
from ...call.entrance import Entered, not_allowed
from ...call.inner import native_post
from ...dialects.chat.checks import missing
from ...dialects.chat.gateway_reply import failure, read_error
from ...dialects.chat.models import is_name, not_found
from ...errors import BadRequest
from ...http.strict_json import dumps_like
from ...http.wsgi import Reply
from ...routes import Route, Zone

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_ZONES: tuple[tuple[str, Zone], ...] = (("assemblyai/", "us"), ("eu.assemblyai/", "eu"))


def speak(
    app: WSGIApplication,
    call: Call,
    environ: WSGIEnvironment,
    entered: Entered,
    *,
    max_body_bytes: int,
) -> WSGIApplication:
    """Send a request to the TTS host of its model's zone; its reply passes byte for byte.

    Raises:
        RequestRefused: 400 where the body is no JSON object with a model, 404 for a model without
            `assemblyai/` or `eu.assemblyai/`, 405, 413, 415.
    """
    if environ["REQUEST_METHOD"] != "POST":
        raise not_allowed("POST")
    check_encoding(environ)
    given = read_body(call, environ, max_bytes=max_body_bytes)
    body = json_of(call)
    if not isinstance(body, dict):
        raise BadRequest("The body must be a JSON object.")
    if "model" not in body:
        raise missing("model")
    name, zone = _model(body["model"])
    route = Route(f"/{zone}.tts.assemblyai", "tts", zone, "openai")
    inner = native_post(call, environ, entered.mount, route, OPENAI_SPEECH_PATH)
    payload = {**body, "model": name}
    replace_body(call, inner, dumps_like(payload, given), payload)
    reply = Reply(app, inner)
    if reply.status_code // 100 == 2:
        return _passed(reply)
    try:
        return failure(reply, *read_error(reply))
    finally:
        reply.close()


def _model(asked: object) -> tuple[str, Zone]:
    """Return AssemblyAI's name of a model, and the zone that its prefix names."""
    if not isinstance(asked, str):
        raise BadRequest("Invalid value for 'model': expected a string.", param="model")
    for prefix, zone in _ZONES:
        name = asked.removeprefix(prefix)
        if name != asked and is_name(name):
            return name, zone
    raise not_found(
        asked, hint=f"assemblyai/{asked}" if is_name(asked) and "/" not in asked else None
    )


def _passed(reply: Reply) -> WSGIApplication:
    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        reply.start(start_response)
        return reply

    return answer
