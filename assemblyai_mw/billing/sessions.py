"""Streaming sessions: what their parameters decide, and what an open one costs. Pure.

A session costs the time that its socket is open, times the hourly price of its model and of each
add-on in force. `PARAMETERS` has every documented parameter with its effect. Sources:

- streaming-v3.yml (AsyncAPI, Universal-3 Pro Streaming), read 2026-11-25
- `RealTimeParameters` and `UpdateConfiguration` of the Python SDK 1.8.2, which writes lists and
  objects as JSON into the query, and true as `True`
- `StreamingTranscriberParams`, `StreamingUpdateConfiguration` and `connectionUrl()` of the Node
  SDK 4.41.5
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ..errors import BadRequest
from ..http.strict_json import loads
from .features import MAX_FEATURES, NAMES, features_of, is_on
from .price_lines import HOUR_MS
from .usage import (
    UNCLEAR,
    Outcome,
    Usage,
    completed,
    milliseconds,
    names_of,
    shown,
    unmeterable,
)

# The feature under which the price book would have the LLM that a session runs. Its tokens are in
# no message of the session, so without a price of the operator's such a session has none.
LLM_GATEWAY = "llm_gateway"
# The fact that names a session, where an API tells of it later.
SESSION_ID = "session_id"
# Documented client messages in JSON; audio is binary (SDKs as above).
MESSAGES = ("UpdateConfiguration", "ForceEndpoint", "KeepAlive", "Terminate")
# `NoiseSuppressionModel` (Python), `VoiceFocusModel` (Node).
VOICE_FOCUS = ("near-field", "far-field")
# A price rounds each line half up for itself, so it exceeds the exact sum by half a nano-dollar
# a line at most. A session has fewer lines than that: `NAMES`, MAX_FEATURES others, and few more.
ROUNDING_NANO = (len(NAMES) + MAX_FEATURES) // 2 + 8

Form = Literal["flag", "model", "domain", "focus", "text", "terms", "llm", "setting"]


@dataclass(frozen=True, slots=True)
class Parameter:
    """One documented parameter of a session.

    Attributes:
        form: What its value may be. A `setting` bears on no price, right or words of guards.
        feature: The feature that it turns on, as in `Usage.features`.
        update: `UpdateConfiguration` may change it in an open session.
        words: Guards of text read it; other documented parameters they do not.
        effect: Its effect, in words.
    """

    form: Form = "setting"
    feature: str | None = None
    update: bool = False
    words: bool = False
    effect: str = "none on the price"


_SETTING = Parameter()
_TURNS = Parameter(update=True)

PARAMETERS: Mapping[str, Parameter] = {
    "speech_model": Parameter("model", effect="the base price"),
    "speaker_labels": Parameter("flag", "speaker_labels", effect="add-on: diarization"),
    "domain": Parameter("domain", "domain.DOMAIN", effect="add-on: medical-v1"),
    "redact_pii": Parameter("flag", "redact_pii", effect="add-on: PII redaction"),
    "voice_focus": Parameter("focus", "voice_focus", effect="add-on: voice focus"),
    # The former name, which the host still takes; Python's SDK turns it into the new one.
    "noise_suppression_model": Parameter("focus", "voice_focus", effect="add-on: voice focus"),
    "prompt": Parameter("text", "prompt", update=True, words=True, effect="add-on: prompting"),
    "keyterms_prompt": Parameter(
        "terms", "keyterms_prompt", update=True, words=True, effect="add-on: keyterms"
    ),
    "llm_gateway": Parameter(
        "llm", LLM_GATEWAY, words=True, effect="an LLM answers each turn; its tokens are not told"
    ),
    "agent_context": Parameter("text", update=True, words=True, effect="free; words for the model"),
    "filter_profanity": Parameter("flag", "filter_profanity", update=True, effect="free feature"),
    "format_turns": Parameter("flag", "format_turns", update=True, effect="free feature"),
    "language_detection": Parameter("flag", "language_detection", effect="free feature"),
    # The host takes both names (a comment in the Node SDK's connectionUrl says so).
    **dict.fromkeys(
        ("customer_support_audio_capture", "_customer_support_audio_capture"),
        Parameter(
            "flag",
            "customer_support_audio_capture",
            effect="free feature; AssemblyAI keeps the session's audio",
        ),
    ),
    **dict.fromkeys(
        (
            "acknowledge_silence",
            "end_of_turn_confidence_threshold",
            "interruption_delay",
            "language_codes",
            "max_turn_silence",
            "min_end_of_turn_silence_when_confident",
            "min_turn_silence",
            "session_heartbeat",
            "turn_left_pad_ms",
            "vad_threshold",
        ),
        _TURNS,
    ),
    **dict.fromkeys(
        (
            "continuous_partials",
            "encoding",
            "inactivity_timeout",
            "include_partial_turns",
            "language_code",
            "max_speakers",
            "mode",
            "noise_suppression_threshold",
            "redact_pii_policies",
            "redact_pii_sub",
            "sample_rate",
            "speaker_labels_revision_interval_ms",
            "token",
            "voice_focus_threshold",
            "webhook_auth_header_name",
            "webhook_auth_header_value",
            "webhook_url",
        ),
        _SETTING,
    ),
}


def session_asked(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return the billing facts of a handshake's query, or of an `UpdateConfiguration`.

    Args:
        parameters: The query as texts, or the message's JSON object.

    Returns:
        `models`, `features` and `llm_gateway`, each only if it has a value; see `billing_facts`.
    """
    asked: dict[str, Any] = {}
    models = names_of([parameters.get("speech_model")])
    if models:
        asked["models"] = models
    features = _features(parameters)
    if features:
        asked["features"] = sorted(features)
    if parameters.get("llm_gateway") is not None:
        asked["llm_gateway"] = True
    return asked


def union(asked: Mapping[str, Any], update: Mapping[str, Any]) -> dict[str, Any]:
    """Return the facts of a session after an `UpdateConfiguration` with the facts *update*.

    An option that was on once counts for the whole session: no source says that the price follows
    what is switched off midway.
    """
    both = {**asked, **update}
    models = names_of([*(asked.get("models") or ()), *(update.get("models") or ())])
    if models:
        both["models"] = models
    features = {*(asked.get("features") or ()), *(update.get("features") or ())}
    if features:
        both["features"] = sorted(features)
    reason = asked.get(UNCLEAR) or update.get(UNCLEAR)
    if len(features - NAMES) > MAX_FEATURES:
        # Some must go, and one of them could have a price.
        kept = sorted(features - NAMES)[:MAX_FEATURES]
        both["features"] = sorted([*(features & NAMES), *kept])
        reason = reason or f"the session sets more than {MAX_FEATURES} undocumented flags"
    if reason:
        both[UNCLEAR] = reason
    return both


def model_in_force(begin: Mapping[str, Any]) -> Any:
    """Return the model that a Begin message names, or None."""
    configuration = begin.get("configuration")
    return configuration.get("model") if isinstance(configuration, dict) else None


def in_json(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return a query's parameters as a JSON object: those that are spelled in JSON are parsed.

    One that is no JSON stays a text, and so does one that is no single text.
    """
    found = dict(parameters)
    for name, value in parameters.items():
        parameter = PARAMETERS.get(name)
        if parameter is not None and parameter.form in ("terms", "llm") and isinstance(value, str):
            found[name] = parsed(value)
    return found


def parsed(text: str) -> Any:
    """Return the JSON in *text*, else *text* itself, as where two readers could differ."""
    try:
        return loads(text.encode())
    except (BadRequest, UnicodeEncodeError):
        return text


def used_features(asked: Mapping[str, Any]) -> frozenset[str]:
    """Return the features that a session is priced by: those asked for, and its LLM."""
    features = frozenset(asked.get("features") or ())
    return features | {LLM_GATEWAY} if asked.get("llm_gateway") else features


def session_outcome(message: Any, asked: Mapping[str, Any] | None, region: str) -> Outcome:
    """Return the usage of a streaming session, by its `Termination` message.

    Sessions are billed by `session_duration_seconds`, the time the socket was open, and
    not by the audio sent (docs/guides/billing-tracking).

    Args:
        message: A text of the server's, as JSON; any but `Termination` leaves it pending.
        asked: The facts of the query and of all updates: see `union`.
        region: The region of the host.
    """
    if not isinstance(message, Mapping):
        return unmeterable(f"the message is not an object but {shown(message)}")
    if message.get("type") != "Termination":
        return Outcome("pending")
    session_ms = milliseconds(message.get("session_duration_seconds"), 1000)
    if session_ms is None:
        value = shown(message.get("session_duration_seconds"))
        return unmeterable(f"session_duration_seconds is {value}")
    return estimated_session(asked, session_ms, region)


def estimated_session(
    asked: Mapping[str, Any] | None, elapsed_ms: int, region: str, *, kind: str = "session"
) -> Outcome:
    """Return the usage of a session that ended without a usable word of it, by our own clock.

    Args:
        asked, region: As for `session_outcome`.
        elapsed_ms: From the upstream's 101 to its end, milliseconds; less than one counts as one.
        kind: Kind of billable work.
    """
    asked = asked or {}
    models = asked.get("models") or (None,)
    features = used_features(asked)
    ms = max(1, elapsed_ms)
    return completed(asked, Usage(kind, models[0], region, session_ms=ms, features=features))


def cost_of(ms: int, rate: int) -> int:
    """Return a bound on what a session of *ms* milliseconds costs, nano-dollars.

    It is never below what `PriceBook.price` charges for the same time; what it adds is rounding,
    less than a millionth of a dollar.

    Args:
        ms: Milliseconds.
        rate: Nano-dollars an hour, by `PriceBook.session_rate`.
    """
    if rate <= 0 or ms <= 0:
        return 0
    return -(-rate * ms // HOUR_MS) + ROUNDING_NANO


def seconds_for(nano: int, rate: int) -> float:
    """Return for how many seconds *nano* nano-dollars last: whole milliseconds, inf if free.

    `cost_of` of that time is *nano* or less.
    """
    if rate <= 0:
        return math.inf
    return max(0, nano - ROUNDING_NANO) * HOUR_MS // rate / 1000


def _features(parameters: Mapping[str, Any]) -> frozenset[str]:
    on: set[str] = set()
    # Flags of other kinds of work: of no documented effect here, and recorded all the same.
    others = {name: value for name, value in parameters.items() if name not in PARAMETERS}
    on |= features_of(others)
    for name, value in parameters.items():
        parameter = PARAMETERS.get(name)
        if parameter is None or value is None:
            continue
        if parameter.form == "domain":
            on |= features_of({"domain": value})
        elif parameter.feature is not None and parameter.form != "llm" and _asks(parameter, value):
            on.add(parameter.feature)
    return frozenset(on)


def _asks(parameter: Parameter, value: Any) -> bool:
    """Whether *value*, a query's text or a member of JSON, turns its feature on."""
    if parameter.form == "flag":
        return is_on(value)
    if parameter.form == "terms" and isinstance(value, str):
        value = parsed(value)
    if isinstance(value, list):
        return any(item not in ("", None) for item in value)
    return bool(value)
