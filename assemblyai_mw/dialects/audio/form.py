"""A form's fields as a tree of values: `a=1`, `a[]=x`, `a[b]=true`, `a={"b": 1}`.

OpenAI's clients spell lists and objects with brackets (openai-python: `languages[]`,
`speaker_options[min_speakers_expected]`). Users of curl write JSON.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from ...errors import BadRequest
from ...http.strict_json import loads

# Fields of AssemblyAI's whose value is text, whatever it looks like (openapi.yml).
TEXTS = frozenset(
    {
        "boost_param",
        "domain",
        "language",
        "language_code",
        "model",
        "prompt",
        "redact_pii_audio_quality",
        "redact_pii_sub",
        "response_format",
        "summary_model",
        "summary_type",
        "webhook_auth_header_name",
        "webhook_auth_header_value",
        "webhook_url",
    }
)
# Fields whose value is a list of texts.
LISTS = frozenset(
    {
        "include",
        "keyterms_prompt",
        "keywords",
        "known_speaker_names",
        "known_speaker_references",
        "language_codes",
        "languages",
        "redact_pii_policies",
        "timestamp_granularities",
        "topics",
        "word_boost",
    }
)
MAX_DEPTH = 4
_NAME = re.compile(r"([A-Za-z_][A-Za-z0-9_-]{0,63})((?:\[[A-Za-z0-9_-]{1,64}\])*)(\[\])?")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,15})(?:\.[0-9]{1,16})?")
_WORDS: Mapping[str, bool] = {"true": True, "True": True, "false": False, "False": False}


def tree_of(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Return the fields by name; fields with an empty value are left out.

    Raises:
        BadRequest: A name is malformed or comes twice, or a value that begins as JSON is none.
    """
    tree: dict[str, Any] = {}
    plain: set[str] = set()
    for name, text in pairs:
        match = _NAME.fullmatch(name)
        if match is None:
            raise BadRequest("A field of the form has a malformed name.")
        head, inner, is_item = match[1], match[2], match[3] is not None
        path = [head, *inner[1:-1].split("][")] if inner else [head]
        if len(path) > MAX_DEPTH:
            raise BadRequest(f"{head}: the field is nested too deep.", param=head)
        if head in TEXTS and (inner or is_item):
            raise BadRequest(f"{head}: expected one text.", param=head)
        if head in LISTS and inner:
            raise BadRequest(f"{head}: expected a list of texts.", param=head)
        if not text:
            continue
        place = tree
        for step in path[:-1]:
            place = place.setdefault(step, {})
            if not isinstance(place, dict) or head in plain:
                raise _twice(head)
        last = path[-1]
        is_list = is_item or head in LISTS
        value = _value(head, text, is_text=head in TEXTS or (head in LISTS and is_item))
        if is_list:
            if head in plain:
                raise _twice(head)
            found = place.setdefault(last, [])
            if not isinstance(found, list):
                raise _twice(head)
            if isinstance(value, list) and not is_item:
                found += value
            else:
                found.append(text if head in LISTS and not isinstance(value, list) else value)
        elif last in place:
            raise _twice(head)
        else:
            place[last] = value
            if not inner:
                plain.add(head)
    return tree


def _value(name: str, text: str, *, is_text: bool) -> Any:
    if is_text:
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _NUMBER.fullmatch(text) or text == "null":
        return loads(text.encode())
    # A list of texts may hold one that looks like the beginning of JSON: `[noise]`.
    if text[0] in "[{":
        try:
            return loads(text.encode())
        except BadRequest as error:
            if name in LISTS:
                return text
            raise BadRequest(f"{name}: {error.message}", param=name) from None
    return text


def _twice(name: str) -> BadRequest:
    return BadRequest(f"The form has more than one value for {name}.", param=name)
