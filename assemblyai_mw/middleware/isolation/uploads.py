"""What is known of an upload by the time its URL is told: whole or not, and how long."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...billing.audio_length import HEAD_BYTES, AudioFacts, audio_facts
from ...http.counted_input import CountedInput
from ...http.messages import content_length

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment


def counted(environ: WSGIEnvironment) -> CountedInput:
    """Have the request's body counted while it passes."""
    body = environ["wsgi.input"] = CountedInput(environ["wsgi.input"], keep=HEAD_BYTES)
    return body


def audio_of(body: CountedInput, environ: WSGIEnvironment) -> AudioFacts | None:
    """Return what an upload tells of its audio; None unless all of it went out as it is."""
    encoding = environ.get("HTTP_CONTENT_ENCODING", "identity").strip().lower()
    if encoding not in ("", "identity") or not body.is_whole(content_length(environ)):
        return None
    return audio_facts(body.head, body.count)
