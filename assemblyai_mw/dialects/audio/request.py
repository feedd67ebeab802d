"""The form of a transcription, and the submit that it becomes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ...errors import BadRequest, RequestRefused
from ..chat.models import GATEWAY_PREFIXES, Region, Target

FORMATS = ("json", "text", "srt", "verbose_json", "vtt", "diarized_json")
# Formats whose stream OpenAI describes.
STREAMED = ("json", "text", "diarized_json")
# The native routes of the API, by region.
API_PREFIXES: Mapping[Region, str] = {"us": "/assemblyai", "eu": "/eu.assemblyai"}
# AssemblyAI cuts the audio by itself; who asks for it is written by the key.
_IGNORED = ("chunking_strategy", "user")
_UNSUPPORTED = ("include", "known_speaker_names", "known_speaker_references")
# What the file and the model decide here.
_DECIDED = {
    "audio_url": "file",
    "speech_model": "model",
    "speech_models": "model",
    "file": "file",
}


@dataclass(frozen=True, slots=True)
class SpeechRequest:
    """A transcription that was asked for.

    Attributes:
        model: AssemblyAI's name of the model.
        format: The form of the reply, one of `FORMATS`.
        stream: The reply is a stream of events.
        segments, words: What `verbose_json` shows.
        temperature: As asked for; 0 otherwise.
        fields: Members of the submit besides its audio and model.
    """

    model: str
    format: str
    stream: bool
    segments: bool
    words: bool
    temperature: float
    fields: Mapping[str, Any]

    def payload(self, audio_url: str) -> dict[str, Any]:
        """Return the JSON of `POST /v2/transcript`."""
        return {"audio_url": audio_url, "speech_models": [self.model], **self.fields}


def target_of(name: Any, resolve: Callable[[str], Target]) -> Target:
    """Return the speech model behind *name*, on the API's route of its region.

    Raises:
        RequestRefused: 400 without a name, and for one that leads to an account of the LLM
            Gateway's own, which has no transcripts here; and what *resolve* raises.
    """
    if not isinstance(name, str) or not name:
        raise BadRequest("model: expected the name of a model.", param="model")
    found = resolve(name)
    if found.prefix != GATEWAY_PREFIXES[found.region]:
        raise BadRequest(
            "This model has an address or a key of its own in model_list, for chats. Speech to "
            "text uses the key of its region's route.",
            param="model",
        )
    return Target(found.name, found.id, found.region, API_PREFIXES[found.region])


def to_submit(
    tree: Mapping[str, Any], target: Target, *, whole: bool = True, detect: bool = True
) -> SpeechRequest:
    """Return what a form asks of *target*; *tree* holds its fields, without the file.

    Of a form that is not *whole*, only that is refused which later fields cannot mend. Where no
    field says the language, AssemblyAI is to *detect* it, as OpenAI does.

    Fields that OpenAI does not know go to AssemblyAI as they are.

    Raises:
        RequestRefused: 400 that names the field, for what is malformed or unsupported.
    """
    fields = {name: value for name, value in tree.items() if name not in ("model", *_IGNORED)}
    for name in _UNSUPPORTED:
        if fields.pop(name, None):
            raise RequestRefused(
                f"{name} is not supported here.", code="unsupported_parameter", param=name
            )
    for name, decides in _DECIDED.items():
        if name in fields:
            raise BadRequest(f"{name} is not taken here: the field {decides} says it.", param=name)
    form = fields.pop("response_format", "json")
    if form not in FORMATS:
        raise BadRequest(f"response_format: expected one of {', '.join(FORMATS)}.", param=_FORMAT)
    stream = _flag(fields, "stream")
    if stream and form not in STREAMED:
        raise BadRequest(
            f"stream: {form} cannot be streamed; use one of {', '.join(STREAMED)}.", param="stream"
        )
    shown = _granularities(fields, form, whole=whole)
    temperature = _temperature(fields)
    _languages(fields, detect=detect)
    _terms(fields)
    if form == "diarized_json" and fields.setdefault("speaker_labels", True) is not True:
        raise BadRequest("speaker_labels: diarized_json needs it to be on.", param="speaker_labels")
    return SpeechRequest(
        target.id, form, stream, "segment" in shown, "word" in shown, temperature, fields
    )


_FORMAT = "response_format"
_GRANULARITIES = "timestamp_granularities"


def _flag(fields: dict[str, Any], name: str) -> bool:
    value = fields.pop(name, None)
    if value is not None and not isinstance(value, bool):
        raise BadRequest(f"{name}: expected true or false.", param=name)
    return bool(value)


def _granularities(fields: dict[str, Any], form: str, *, whole: bool) -> tuple[str, ...]:
    given = fields.pop(_GRANULARITIES, None)
    if given is None:
        return ("segment",)
    if not isinstance(given, list) or not all(each in ("word", "segment") for each in given):
        raise BadRequest(f"{_GRANULARITIES}: expected word, segment or both.", param=_GRANULARITIES)
    if whole and form != "verbose_json":
        raise BadRequest(
            f"{_GRANULARITIES}: response_format must be verbose_json.", param=_GRANULARITIES
        )
    return tuple(given)


def _temperature(fields: dict[str, Any]) -> float:
    """Return the temperature; 0 is AssemblyAI's default, and not sent."""
    given = fields.pop("temperature", None)
    if given is None:
        return 0.0
    if isinstance(given, bool) or not isinstance(given, int | float) or not 0 <= given <= 1:
        raise BadRequest("temperature: expected a number from 0 to 1.", param="temperature")
    if given:
        fields["temperature"] = given
    return float(given)


def _languages(fields: dict[str, Any], *, detect: bool) -> None:
    language, candidates = fields.pop("language", None), fields.pop("languages", None)
    if language is not None:
        if "language_code" in fields:
            raise BadRequest("language: language_code says it already.", param="language")
        fields["language_code"] = language.strip().lower().replace("-", "_")
    if candidates:
        options = fields.setdefault("language_detection_options", {})
        if not isinstance(options, dict) or "expected_languages" in options:
            raise BadRequest("languages: language_detection_options says it.", param="languages")
        options["expected_languages"] = candidates
    if detect and not fields.keys() & {"language_code", "language_codes", "language_detection"}:
        fields["language_detection"] = True


def _terms(fields: dict[str, Any]) -> None:
    terms = fields.pop("keywords", None)
    if not terms:
        return
    if "keyterms_prompt" in fields:
        raise BadRequest("keywords: keyterms_prompt says them already.", param="keywords")
    fields["keyterms_prompt"] = terms
