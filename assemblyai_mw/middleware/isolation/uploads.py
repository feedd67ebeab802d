"""Facts of an upload that are known before its URL is: complete or not, and its length."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...billing.audio_length import HEAD_BYTES, AudioFacts, audio_facts
from ...http.counted_input import CountedInput
from ...http.messages import content_length

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment


def counted(environ: WSGIEnvironment) -> CountedInput:
    """Have the request's body counted while it passes."""
    found = environ["wsgi.input"]
    if isinstance(found, CountedInput) and not found.count:
        # An outer stage counts already.
        found.keep(HEAD_BYTES)
        return found
    body = environ["wsgi.input"] = CountedInput(found, keep=HEAD_BYTES)
    return body


def audio_of(body: CountedInput, environ: WSGIEnvironment) -> AudioFacts | None:
    """Return the audio facts of an upload; None unless all of it went out unchanged."""
    encoding = environ.get("HTTP_CONTENT_ENCODING", "identity").strip().lower()
    if encoding not in ("", "identity") or not body.is_whole(content_length(environ)):
        return None
    return audio_facts(body.head, body.count)
