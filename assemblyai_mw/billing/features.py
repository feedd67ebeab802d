"""Which features a transcript was asked for: one reading for requests and for replies.

Names are the API's own parameter names; a speech understanding task is
`speech_understanding.TASK`, a specialised domain `domain.DOMAIN`. All features that
the documentation lists are recorded, free ones too: which of them cost something is
the price book's business. Parameters that only shape another feature (speakers_expected,
redact_pii_policies, ...) are no features.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from heapq import nsmallest
from typing import Any

from .spelling import hint, misspelled

FLAGS = frozenset(
    {
        "auto_chapters",
        "auto_highlights",
        "content_safety",
        "disfluencies",
        "dual_channel",
        "entity_detection",
        "filter_profanity",
        "iab_categories",
        "language_detection",
        "multichannel",
        "redact_pii",
        "redact_pii_audio",
        "sentiment_analysis",
        "speaker_labels",
        "summarization",
    }
)
# Each channel is transcribed and billed separately.
CHANNELED = frozenset({"dual_channel", "multichannel"})
# In force where they hold something: a list of terms, a text, a table.
FILLED = frozenset({"custom_spelling", "keyterms_prompt", "prompt", "voice_focus", "word_boost"})
# True or false, and no work of its own: formatting that is on by default, settings of
# other features, and facts that replies state beside the flags.
_SETTINGS = frozenset(
    {
        "custom_topics",
        "format_text",
        "language_model",
        "punctuate",
        "redact_pii_return_unredacted",
        "redact_static_entities",
        "speed_boost",
        "throttled",
        "webhook_auth",
    }
)
# Streaming sessions' own, and what follows `speech_understanding.` and `domain.`.
_OF_SESSIONS = frozenset({"customer_support_audio_capture", "format_turns"})
TASKS = frozenset(
    {
        "action_items",
        "custom_formatting",
        "speaker_identification",
        "summarization",
        "translation",
    }
)
_TASKS = frozenset(f"speech_understanding.{task}" for task in TASKS)
_DOMAINS = frozenset({"domain.medical-v1"})
_FAMILIES = ("domain.", "speech_understanding.")
NAMES = FLAGS | FILLED | _OF_SESSIONS | _TASKS | _DOMAINS
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
MAX_FEATURES = 64


def features_of(body: Mapping[str, Any], asked: Iterable[str] | None = None) -> frozenset[str]:
    """Return the features that are on by *body*: a request, or a reply with what was *asked*.

    What a reply states with true, false, a text or a list counts; what it leaves out or
    says null to stays as asked. A request's true flag that no documentation of ours
    lists is recorded by its name, so that new features leave a trace; a reply's is not,
    since replies state more than what was asked for.
    """
    on = set(asked or ())
    unknown: set[str] = set()
    for name, value in body.items():
        if value is None:
            continue
        if name in FLAGS:
            wanted = is_on(value)
        elif name in FILLED:
            wanted = _is_filled(value)
        else:
            if value is False:
                on.discard(name)
            elif asked is None and value is True and name not in _SETTINGS:
                unknown.add(_plain(name))
            continue
        if wanted:
            on.add(name)
        else:
            on.discard(name)
    domain = body.get("domain")
    if isinstance(domain, str) and domain.strip():
        on.add("domain." + _plain(domain.strip().lower()))
    understanding = body.get("speech_understanding")
    tasks = understanding.get("request") if isinstance(understanding, Mapping) else None
    if isinstance(tasks, Mapping):
        for task in tasks_on(tasks):
            name = "speech_understanding." + _plain(task)
            (on if name in NAMES else unknown).add(name)
    # A flood of made-up names must not push a known one out.
    on.update(nsmallest(MAX_FEATURES, unknown))
    return frozenset(on)


def tasks_on(tasks: Mapping[str, Any]) -> list[str]:
    """Return the names under `speech_understanding.request` that ask for something."""
    return [task for task, wanted in tasks.items() if wanted is not None and wanted is not False]


def made_up(body: Mapping[str, Any]) -> int:
    """Return how many flags are on in a request that no documentation of ours lists."""
    known = NAMES | _SETTINGS
    return sum(value is True and name not in known for name, value in body.items())


def is_plain(name: str) -> bool:
    """Whether *name* is a plain word, as names of tasks and domains are."""
    return _NAME.fullmatch(name) is not None


def check_names(option: str, names: Iterable[str], *, deny: bool = False) -> None:
    """Refuse names that no request's features can have, for the list *option* of a key.

    New tasks and domains come without notice: only a slip of a known one is refused. With
    *deny*, settings are refused too: they are no features, and denying one denies nothing.

    Raises:
        ValueError: The line names the option, the name and the nearest known one.
    """
    for name in names:
        if name in NAMES or (name in _SETTINGS and not deny):
            continue
        family, dot, rest = name.partition(".")
        if f"{family}{dot}" in _FAMILIES and _NAME.fullmatch(name):
            members = {each.partition(".")[2] for each in NAMES if each.startswith(family + dot)}
            near = misspelled(rest, members)
            if near is None:
                continue
            raise ValueError(f"{option}: {name} is no feature; did you mean {family}.{near}?")
        shown = name if _NAME.fullmatch(name) else "a name"
        if name in _SETTINGS:
            raise ValueError(f"{option}: {name} is a setting and no feature; it cannot be denied")
        raise ValueError(f"{option}: {shown} is no feature; {hint(name, NAMES)}")


def _is_filled(value: Any) -> bool:
    """Whether a text, list or table holds something; a URL's query spells lists as JSON."""
    if isinstance(value, str):
        return value.strip() not in ("", "[]", "{}", "null")
    if isinstance(value, list):
        return any(item not in ("", None) for item in value)
    return bool(value)


def is_on(value: Any) -> bool:
    """Whether the value of a flag may be read as true."""
    if isinstance(value, str):
        return value.strip().lower() not in ("", "false", "0", "no", "off")
    return bool(value)


def _plain(name: Any) -> str:
    """Return *name* where it is a plain word, else `?`: nothing else goes to a ledger."""
    return name if isinstance(name, str) and is_plain(name) else "?"
