"""Marks of a submit's options, by which its transcript is recognised. Pure.

The ledger keeps no prompt and no URL: each option stands there as a short hash, keyed by the
request's own random id.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

# The member of a row's features under which they stand.
OPTIONS = "options"
# Options that a transcript's JSON repeats as they were sent, and states for no transcript that
# was made without them (openapi.yml, Transcript).
_REPEATED = (
    "audio_end_at",
    "audio_start_from",
    "keyterms_prompt",
    "prompt",
    "speakers_expected",
    "webhook_url",
    "word_boost",
)
# The same, but they may have a default: compared only where they were asked for.
_LANGUAGE, _POLICIES = "language_code", "redact_pii_policies"
_WITH_DEFAULT = (_LANGUAGE, _POLICIES, "summary_type", "topics")
_MARK_DIGITS = 16


def option_marks(request_id: str, body: Mapping[str, Any]) -> dict[str, str]:
    """Return the marks of what a submit's JSON asks for, by option."""
    return {
        name: _mark(request_id, name, body[name])
        for name in (*_REPEATED, *_WITH_DEFAULT)
        if _is_stated(body.get(name))
    }


def shows_options(request_id: str, marks: Mapping[str, Any], transcript: Mapping[str, Any]) -> bool:
    """Whether a transcript states no option that the submit with these *marks* did not ask for.

    Missing and null options show nothing.
    """
    for name in (*_REPEATED, *_WITH_DEFAULT):
        stated, asked = transcript.get(name), marks.get(name)
        if not _is_stated(stated) or (asked is None and name in _WITH_DEFAULT):
            continue
        if asked != _mark(request_id, name, stated):
            return False
    return True


def _is_stated(value: object) -> bool:
    return value not in (None, "", [], {})


def _mark(request_id: str, name: str, value: object) -> str:
    if name == _POLICIES and isinstance(value, list):
        # A set, in whatever order it is stated.
        value = sorted(map(repr, value))
    elif name == _LANGUAGE and isinstance(value, str):
        # `en` and `en_us` may be one and the same to AssemblyAI.
        value = value.lower().replace("-", "_").partition("_")[0]
    text = json.dumps([name, value], sort_keys=True).encode()
    return hmac.new(request_id.encode(), text, hashlib.sha256).hexdigest()[:_MARK_DIGITS]
