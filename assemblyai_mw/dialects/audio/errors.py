"""AssemblyAI's errors as OpenAI's, for speech to text.

AssemblyAI sends `{"error": "..."}` (openapi.yml, components/responses). A job that failed is a
transcript with status `error` and a sentence in `error`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..chat.errors import MAX_MESSAGE_CHARS, ApiError, is_openai, of_status

_ABOUT_THE_MODEL = re.compile(r"\bspeech_models?\b")
# Failures of AssemblyAI's own, by the words of its error pages.
_SERVERS_OWN = re.compile(r"server error|internal error|try again", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class JobError:
    """The end of a wait for a transcript, other than its text.

    Attributes:
        retry: Another try costs nothing: the job was not billed.
    """

    error: ApiError
    transcript_id: str
    retry: bool

    def payload(self) -> dict[str, Any]:
        """Return the JSON body: OpenAI's error object with the transcript's id."""
        payload = self.error.payload()
        payload["error"]["transcript_id"] = self.transcript_id
        return payload


def to_error(status: int, payload: Any) -> ApiError:
    """Return the error of a reply with *status* and parsed JSON *payload* as OpenAI's."""
    if is_openai(payload):
        error = payload["error"]
        texts = {n: error[n] for n in ("code", "param") if isinstance(error.get(n), str)}
        return of_status(status, error["message"], type=error["type"], **{"code": None, **texts})
    if not 400 <= status <= 599:
        return of_status(502, f"AssemblyAI answered with status {status}.")
    text = payload.get("error") if isinstance(payload, dict) else None
    if not isinstance(text, str) or not text:
        return of_status(status, f"AssemblyAI answered with status {status}.")
    text = text[:MAX_MESSAGE_CHARS]
    if status == 400 and _ABOUT_THE_MODEL.search(text):
        return of_status(404, text, code="model_not_found", param="model")
    return of_status(status, text)


def failed_job(transcript_id: str, transcript: Mapping[str, Any]) -> JobError:
    """Return the error of a job that failed: 400 for the audio's faults, 502 for AssemblyAI's."""
    text = transcript.get("error")
    if not isinstance(text, str) or not text:
        text = "The transcript failed."
    text = text[:MAX_MESSAGE_CHARS]
    status = 502 if _SERVERS_OWN.search(text) else 400
    param = "file" if status == 400 else None
    error = of_status(status, text, code="transcription_failed", param=param)
    return JobError(error, transcript_id, retry=True)


def still_running(transcript_id: str, waited_s: float) -> JobError:
    """Return the 504 for a transcript that takes longer than a client waits."""
    message = (
        f"The transcript was not ready after {waited_s:g} seconds. It goes on, and is billed; "
        f"read it at /v2/transcript/{transcript_id}."
    )
    error = of_status(504, message, code="transcript_not_ready")
    return JobError(error, transcript_id, retry=False)
