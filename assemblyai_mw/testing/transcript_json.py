"""A transcript's JSON for its request (pure).

Fields and result shapes: openapi.yml, schema Transcript, and `assemblyai.types` of the
Python SDK 1.8.2. Contents are made up from the text.
"""

from __future__ import annotations

import re
from collections.abc import Set
from typing import TYPE_CHECKING, Any

from . import speech

if TYPE_CHECKING:
    from .state import FakeTranscript

Json = dict[str, Any]

# AssemblyAI's price list of 2026-05-29 names these as aliases.
MODEL_ALIASES = {"best": "universal-3-5-pro", "nano": "universal-2", "universal": "universal-2"}
SPEECH_MODELS = frozenset({"universal-3-5-pro", "universal-3-pro", "universal-2", "slam-1"})
# The default model is not documented: the field is required.
DEFAULT_MODEL = "universal-3-5-pro"

_FLAGS = [
    "auto_chapters",
    "auto_highlights",
    "content_safety",
    "disfluencies",
    "entity_detection",
    "filter_profanity",
    "iab_categories",
    "language_detection",
    "multichannel",
    "dual_channel",
    "redact_pii",
    "redact_pii_audio",
    "sentiment_analysis",
    "speaker_labels",
    "summarization",
    "custom_topics",
]
_ECHOED = [
    "audio_end_at",
    "audio_start_from",
    "custom_spelling",
    "domain",
    "keyterms_prompt",
    "language_codes",
    "language_confidence_threshold",
    "language_detection_options",
    "prompt",
    "redact_pii_audio_options",
    "redact_pii_audio_quality",
    "redact_pii_policies",
    "redact_pii_return_unredacted",
    "redact_pii_sub",
    "remove_audio_tags",
    "speaker_options",
    "speakers_expected",
    "speech_model",
    "speech_models",
    "speech_threshold",
    "summary_model",
    "summary_type",
    "temperature",
    "topics",
    "webhook_auth_header_name",
    "webhook_url",
    "word_boost",
    "boost_param",
]
# What speech understanding can do, and the lists that a task may have.
_TASKS: dict[str, tuple[str, ...]] = {
    "translation": ("target_languages",),
    "speaker_identification": ("known_values", "speakers"),
    "custom_formatting": (),
    "summarization": (),
}
_RESULTS = [
    "auto_highlights_result",
    "chapters",
    "content_safety_labels",
    "entities",
    "iab_categories_result",
    "sentiment_analysis_results",
    "summary",
    "utterances",
    "translated_texts",
]


def problem_with(asked: Json) -> str | None:
    """Return why a POST /v2/transcript body is refused, None if it is not."""
    if not isinstance(asked.get("audio_url"), str) or not asked["audio_url"]:
        return "audio_url is required and must be a string"
    for name in (*_FLAGS, "punctuate", "format_text"):
        if asked.get(name) is not None and not isinstance(asked[name], bool):
            return f"{name} must be a Boolean"
    if not isinstance(asked.get("speech_models") or [], list):
        return "speech_models must be an array"
    understanding = asked.get("speech_understanding")
    if understanding is not None:
        if not isinstance(understanding, dict):
            return "speech_understanding must be an object"
        problem = task_problem(understanding.get("request"))
        if problem:
            return problem
    if asked.get("redact_pii_audio") and not asked.get("redact_pii"):
        return "redact_pii must be enabled to use redact_pii_audio"
    return None


def task_problem(tasks: Any) -> str | None:
    """Return why `speech_understanding.request` is refused, None if it is not."""
    if not isinstance(tasks, dict):
        return "speech_understanding.request must be an object"
    for task, settings in tasks.items():
        if task not in _TASKS:
            return f"speech_understanding knows no {task}"
        if not isinstance(settings, dict):
            return f"{task} must be an object"
        for name in _TASKS[task]:
            items = settings.get(name)
            if items is None:
                continue
            kind = dict if name == "speakers" else str
            if not isinstance(items, list) or not all(isinstance(i, kind) for i in items):
                return f"{task}.{name} must be an array"
    return None


def model_used(asked: Json, available: Set[str]) -> str | None:
    """Return the first available model of those asked for, None if there is none."""
    wanted = asked.get("speech_models") or [asked.get("speech_model") or DEFAULT_MODEL]
    names = [MODEL_ALIASES.get(name, name) for name in wanted if isinstance(name, str)]
    return next((name for name in names if name in available), None)


def why_it_fails(asked: Json, model: str) -> str | None:
    """Return the error of a job that is accepted and then fails."""
    if model.startswith("universal-3"):
        for name in ("auto_chapters", "summarization"):
            if asked.get(name):
                return f"{name} is not supported by {model}"
    return None


def audio_url(job: FakeTranscript) -> str:
    """Return the job's audio_url, which deletion removes."""
    return "http://deleted_by_user" if job.deleted else str(job.asked["audio_url"])


def transcript_json(job: FakeTranscript, status: str) -> Json:
    """Return the transcript as AssemblyAI's JSON shows it in this state."""
    asked = job.asked
    reply: Json = {
        "id": job.id,
        "language_model": "assemblyai_default",
        "acoustic_model": "assemblyai_default",
        "language_code": asked.get("language_code") or "en_us",
        "language_confidence": None,
        "status": status,
        "audio_url": audio_url(job),
        "text": None,
        "words": None,
        "confidence": None,
        "audio_duration": None,
        "punctuate": asked.get("punctuate", True),
        "format_text": asked.get("format_text", True),
        "speech_model_used": None,
        "webhook_status_code": None,
        "webhook_auth": bool(asked.get("webhook_auth_header_value")),
        "throttled": None,
        "speed_boost": None,
        "project_id": 1,
        "token_id": 1,
    }
    reply |= {name: bool(asked.get(name)) for name in _FLAGS}
    reply |= {name: asked.get(name) for name in _ECHOED}
    reply |= dict.fromkeys(_RESULTS)
    if asked.get("speech_understanding"):
        reply["speech_understanding"] = {**asked["speech_understanding"], "response": None}
    if status == "error":
        reply["error"] = job.error
    if status == "completed":
        reply |= _finished(job)
    if status in ("completed", "error"):
        reply |= job.fields
    if job.deleted:
        reply |= dict.fromkeys((*_RESULTS, "words"))
        reply["text"] = "Deleted by user."
    return reply


def _finished(job: FakeTranscript) -> Json:
    asked, words = job.asked, job.words
    text = " ".join(word["text"] for word in words)
    reply: Json = {
        "text": text,
        "words": words,
        "confidence": speech.confidence_of(words),
        "audio_duration": job.audio_duration,
        "speech_model_used": job.model,
    }
    if job.multichannel:
        reply["audio_channels"] = job.channels
    if asked.get("domain"):
        reply["metadata"] = {"domain_used": asked["domain"]}
    if asked.get("language_detection"):
        reply["language_confidence"] = 0.9959
    if asked.get("speaker_labels") or job.multichannel:
        reply["utterances"] = speech.utterances_of(words)
    sentences = speech.sentences_of(words)
    if asked.get("sentiment_analysis"):
        reply["sentiment_analysis_results"] = [
            {k: v for k, v in sentence.items() if k != "words"} | {"sentiment": "NEUTRAL"}
            for sentence in sentences
        ]
    names = [word for word in words if re.fullmatch(r"[A-Z]\w+\W?", word["text"])]
    if asked.get("entity_detection"):
        reply["entities"] = [
            {"entity_type": "organization", "text": word["text"].strip(".,!?")} | _times(word)
            for word in names
        ]
    whole = {"start": 0, "end": words[-1]["end"] if words else 0}
    if asked.get("auto_chapters"):
        first = sentences[0]["text"] if sentences else ""
        reply["chapters"] = [{"gist": first, "headline": first, "summary": text} | whole]
    if asked.get("summarization"):
        reply["summary"] = f"- {sentences[0]['text']}" if sentences else ""
    if asked.get("auto_highlights"):
        reply["auto_highlights_result"] = {
            "status": "success",
            "results": [
                {"count": 1, "rank": 0.08, "text": word["text"], "timestamps": [_times(word)]}
                for word in names[:5]
            ],
        }
    if asked.get("content_safety"):
        reply["content_safety_labels"] = {
            "status": "success",
            "results": [],
            "summary": {},
            "severity_score_summary": {},
        }
    if asked.get("iab_categories"):
        label = {"relevance": 0.9, "label": "Technology&Computing"}
        reply["iab_categories_result"] = {
            "status": "success",
            "results": [{"text": text, "labels": [label], "timestamp": whole}],
            "summary": {label["label"]: label["relevance"]},
        }
    tasks = (asked.get("speech_understanding") or {}).get("request") or {}
    if tasks:
        reply |= understanding(tasks, text, reply.get("utterances") or [])
    return reply


def understanding(tasks: Json, text: str, utterances: list[Json]) -> Json:
    """Return what speech understanding adds for its tasks, inline or afterwards.

    The live service says `success` where its description says `completed`.
    """
    response: Json = {task: {"status": "success"} for task in tasks}
    reply: Json = {"speech_understanding": {"request": tasks, "response": response}}
    if "translation" in tasks:
        languages = tasks["translation"].get("target_languages") or []
        reply["translated_texts"] = {language: f"[{language}] {text}" for language in languages}
    if "speaker_identification" in tasks:
        asked = tasks["speaker_identification"]
        values = asked.get("known_values") or [
            s.get("name") or s.get("role") for s in asked.get("speakers") or []
        ]
        response["speaker_identification"]["mapping"] = dict(
            zip(sorted({u["speaker"] for u in utterances}), values, strict=False)
        )
    if "custom_formatting" in tasks:
        response["custom_formatting"] |= {"mapping": {}, "formatted_text": text}
    if "summarization" in tasks:
        first = speech.split_sentences(text)[:1]
        response["summarization"] |= {"block_summary": first[0] if first else ""}
    return reply


def _times(word: Json) -> Json:
    return {"start": word["start"], "end": word["end"]}
