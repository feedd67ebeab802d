"""Usage of a call, read from its request and its reply. Pure, and without prices.

`billing_facts` keeps what the price depends on from the request, and `transcript_outcome` and
its siblings read the reply. `operations` names the reader of each operation. Fields are those of
AssemblyAI's API reference (docs/api-reference/transcripts) and of its own SDKs.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from .chat import ChatMeter, chat_asked, chat_outcome, chat_usage
from .features import CHANNELED, features_of
from .sessions import estimated_session, session_asked, session_outcome
from .speech import speech_asked
from .usage import (
    MAX_CHANNELS,
    Outcome,
    Usage,
    completed,
    count,
    milliseconds,
    name_of,
    names_of,
    shown,
    unmeterable,
)

_SPEECH = frozenset({"token", "transcript"})

__all__ = [
    "ChatMeter",
    "Outcome",
    "Usage",
    "billing_facts",
    "chat_outcome",
    "chat_usage",
    "clip_outcome",
    "estimated_session",
    "session_outcome",
    "transcript_outcome",
    "understanding_outcome",
]


def billing_facts(kind: str, body: Mapping[str, Any], *, size: int | None = None) -> dict[str, Any]:
    """Return the facts of the request that its price depends on: small and JSON-able.

    They are kept with the ledger's row, so that a reply can be priced long after the request.
    Members, each only if it has a value:

    | member           | kinds                      | what                              |
    |------------------|----------------------------|-----------------------------------|
    | `models`         | all                        | asked for, first choice first     |
    | `features`       | speech, understanding      | names as in `Usage.features`      |
    | `transcript_id`  | chat, understanding        | the transcript that is read       |
    | `fallbacks`      | chat                       | true where another model may answer |
    | `max_tokens`, `choices`, `prompt_bytes`, `model_region` | chat | bounds   |
    | `body_bytes`     | tts                        | bound of the characters           |
    | `characters`     | tts                        | sent up in a session so far       |
    | `unclear`        | all                        | why no price can be told, by `decisive.read` |
    | `max_session_s`  | token                      | longest session it can open       |
    | `llm_gateway`    | session                    | true where it runs an LLM         |

    Args:
        kind: As `operations.read` gives it.
        body: The request's JSON; for `token` and `session` its query, for an
            `UpdateConfiguration` of a session its JSON, for `sync` and `dictation`
            `{"model": ...}` from the `x-aai-model` header.
        size: The body's length in bytes, where it is known.
    """
    if kind == "chat":
        return chat_asked(body, size)
    if kind == "session":
        return session_asked(body)
    if kind == "tts":
        return speech_asked(body, len(json.dumps(body).encode()) if size is None else size)
    if kind == "agent":
        # One price, whatever the agent is.
        return {}
    asked: dict[str, Any] = {}
    models = _models(body) if kind in _SPEECH else _other_models(body)
    if models:
        asked["models"] = models
    if kind in ("transcript", "understanding"):
        features = features_of(body)
        if features:
            asked["features"] = sorted(features)
    if kind == "understanding":
        transcript = name_of(body.get("transcript_id"))
        if transcript:
            asked["transcript_id"] = transcript
    if kind == "token":
        asked["max_session_s"] = _session_bound(body.get("max_session_duration_seconds"))
    return asked


def _models(body: Mapping[str, Any]) -> list[str]:
    """Return every speech model a request names, first choice first.

    `speech_models` replaced `speech_model`; where both are there, both may run.
    """
    several = body.get("speech_models")
    named: list[Any] = list(several) if isinstance(several, list) else []
    return names_of([*named, body.get("speech_model")])


def _other_models(body: Mapping[str, Any]) -> list[str]:
    """Return the model of a request that is for no transcript; LeMUR's is `final_model`."""
    return names_of([body.get("model") or body.get("final_model")])


def _session_bound(value: Any) -> int:
    """Return the longest session a token can open: 60 to 10,800 seconds, the default."""
    try:
        return min(max(int(value), 60), 10_800)
    except (TypeError, ValueError, OverflowError):
        return 10_800


def transcript_outcome(reply: Any, asked: Mapping[str, Any] | None, region: str) -> Outcome:
    """Return how a transcript ended, by a reply that shows it.

    *reply* is the JSON of POST or GET /v2/transcript[/ID], of DELETE (the API scrubs
    the text and keeps the rest), or of .../sentences and .../paragraphs, which exist
    only once a transcript is completed. *asked* is what `billing_facts` kept, None where the
    request is not known.

    A flag that the reply states counts; what it leaves out, or says null to, counts as
    it was asked. The model is `speech_model_used`; else `speech_model` of the reply;
    else the one model that was asked for. If several were requested and none is reported, the model
    is unknown, and the outcome is `unmeterable`.
    """
    if not isinstance(reply, Mapping):
        return unmeterable(f"the reply is not an object but {shown(reply)}")
    asked = asked or {}
    whole = "status" in reply
    status = reply.get("status")
    if not whole and not ("sentences" in reply or "paragraphs" in reply):
        return unmeterable("the reply has no status")
    if whole:
        if status in ("queued", "processing"):
            return Outcome("pending")
        if status == "error":
            return Outcome("error")
        if status != "completed":
            return unmeterable(f"unknown status {shown(status)}")
    named = name_of(reply.get("speech_model_used")) or name_of(reply.get("speech_model"))
    audio_ms = milliseconds(reply.get("audio_duration"), 1000)
    if audio_ms is None:
        return unmeterable(f"audio_duration is {shown(reply.get('audio_duration'))}", named)
    model = named
    if model is None:
        told = _models(reply)
        models = told or list(asked.get("models") or ())
        if len(models) != 1:
            if not whole:
                return Outcome("pending", reason="this reply does not name the model")
            wanted = ", ".join(models[:4]) or "none asked for"
            return unmeterable(f"the reply does not say which speech model was used ({wanted})")
        model = models[0]
        named = model if told else None
    features = features_of(reply, asked.get("features") or ())
    channels = _channels(reply, features)
    if channels is None:
        if not whole:
            return Outcome("pending", reason="this reply does not count the channels")
        return unmeterable(f"audio_channels is {shown(reply.get('audio_channels'))}", named)
    return completed(
        asked,
        Usage(
            "transcript",
            model,
            region,
            audio_ms=audio_ms,
            channels=channels,
            features=features,
        ),
        model=named,
    )


def _channels(reply: Mapping[str, Any], features: frozenset[str]) -> int | None:
    """Return how many channels were transcribed, None where the reply cannot be right.

    `audio_channels` is there only with multichannel (API reference), so it says enough
    where no flag does; the older `dual_channel` is two.
    """
    value = reply.get("audio_channels")
    if not features & CHANNELED and (value is None or reply.get("multichannel") is False):
        return 1
    if value is None and "multichannel" not in features:
        return 2
    return count(value, MAX_CHANNELS) or None


def clip_outcome(
    reply: Any, asked: Mapping[str, Any] | None, region: str, *, kind: str = "sync"
) -> Outcome:
    """Return the usage of a single-request transcription (sync and dictation APIs).

    Their replies carry `audio_duration_ms`, a whole number (`SyncTranscriptResponse`,
    `DictationResponse` in the SDK), and no model; the model is the one asked for by the
    `x-aai-model` header. Keyterms, prompts and context are included in their price
    (assemblyai.com/pricing, 2026-10-07), so no features are read.
    """
    if not isinstance(reply, Mapping):
        return unmeterable(f"the reply is not an object but {shown(reply)}")
    audio_ms = milliseconds(reply.get("audio_duration_ms"), 1)
    if audio_ms is None:
        return unmeterable(f"audio_duration_ms is {shown(reply.get('audio_duration_ms'))}")
    models = (asked or {}).get("models") or (None,)
    return Outcome("completed", Usage(kind, models[0], region, audio_ms=audio_ms))


def understanding_outcome(reply: Any, asked: Mapping[str, Any] | None, region: str) -> Outcome:
    """Return the usage of a speech understanding request on a finished transcript.

    The reply of POST /v1/understanding names neither usage nor price. The tasks are
    billed by the hours of the transcript they read, so the caller must set `asked["audio_ms"]` from
    the transcript. Without it the usage has no length.
    """
    if not isinstance(reply, Mapping):
        return unmeterable(f"the reply is not an object but {shown(reply)}")
    asked = asked or {}
    return completed(
        asked,
        Usage(
            "understanding",
            region=region,
            audio_ms=milliseconds(asked.get("audio_ms"), 1),
            features=features_of(reply, asked.get("features") or ()),
        ),
    )
