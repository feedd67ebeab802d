"""Matches transcripts to submits whose reply was never seen. Pure.

A transcript is given to a submit only where nothing else fits: it is in no ledger row,
it was made when the submit was under way, its audio is the submit's, it shows nothing else
than the submit asked for, and no other open submit could have made it. A guess would show
one caller's words to another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from ..billing.features import FLAGS, features_of
from .closing import AUDIO, SENT_AFTER, audio_mark
from .deadlines import sent_at
from .options import OPTIONS, shows_options
from .transcript_list import Listed

if TYPE_CHECKING:
    from ..store import Due

# How far this machine's clock and AssemblyAI's may be apart.
SKEW = timedelta(seconds=120)
# Features that a transcript states by a name, and states for none that was made without.
_NAMED = ("domain.", "speech_understanding.")


@dataclass(frozen=True, slots=True)
class Match:
    """The result for one submit.

    Attributes:
        transcript: The one that came of it, if that is certain.
        candidates: How many could have; 0 where none is in the list.
        unlike: How many of its audio show something else than it asked for, and came of no
            other submit.
    """

    transcript: Listed | None
    candidates: int
    unlike: int = 0


def match(
    intents: Sequence[Due],
    listed: Iterable[Listed],
    *,
    until: Callable[[Due], datetime],
    is_past_deadline: Callable[[Due], bool],
    agrees: Callable[[Due, Listed], bool],
) -> dict[int, Match]:
    """Return the result for each submit, by its row.

    Args:
        intents: Every open submit of the account, also those not to be decided yet: each
            is a claim.
        listed: Transcripts that no row of the ledger has.
        until: By when a submit's transcript may have been made.
        is_past_deadline: Whether a submit cannot be under way any more. Alike submits are
            told apart by their order only once that is so of all of them.
        agrees: Whether a transcript shows what the submit asked for.
    """
    known = list(listed)
    fits: dict[int, list[Listed]] = {}
    vague: dict[int, int] = {}
    for intent in intents:
        first, last = sent_at(intent) - SKEW, until(intent) + SKEW
        inside = [item for item in known if first <= item.created <= last]
        fits[intent.row] = [item for item in inside if _same_audio(intent, item)]
        vague[intent.row] = sum(
            item.audio_url is None or AUDIO not in intent.features for item in inside
        )
    found: dict[int, Match] = {}
    for rows, items in _groups(intents, fits):
        found.update(_decide(rows, items, fits, is_past_deadline, agrees))
    for intent in intents:
        if intent.row not in found:
            found[intent.row] = Match(None, vague[intent.row])
    return found


def _same_audio(intent: Due, item: Listed) -> bool:
    mark = intent.features.get(AUDIO)
    return mark is not None and mark == audio_mark(intent.request_id, item.audio_url)


def _groups(
    intents: Sequence[Due], fits: Mapping[int, list[Listed]]
) -> Iterable[tuple[list[Due], list[Listed]]]:
    """Yield submits and transcripts that fit each other, directly or through others."""
    left = [intent for intent in intents if fits[intent.row]]
    while left:
        rows = [left.pop(0)]
        items = {item.id: item for item in fits[rows[0].row]}
        grown = True
        while grown:
            more = [i for i in left if any(item.id in items for item in fits[i.row])]
            left = [i for i in left if i not in more]
            rows += more
            items |= {item.id: item for intent in more for item in fits[intent.row]}
            grown = bool(more)
        yield rows, list(items.values())


def _decide(
    rows: list[Due],
    items: list[Listed],
    fits: Mapping[int, list[Listed]],
    is_past_deadline: Callable[[Due], bool],
    agrees: Callable[[Due, Listed], bool],
) -> dict[int, Match]:
    unsure = {row.row: Match(None, len(fits[row.row])) for row in rows}
    if len(rows) * len(items) > 1 and not all(map(is_past_deadline, rows)):
        return unsure
    fitting = {row.row: [item for item in fits[row.row] if agrees(row, item)] for row in rows}
    if len(rows) == len(items) == 1 and fitting[rows[0].row]:
        return {rows[0].row: Match(items[0], 1)}
    unsure = {row.row: Match(None, len(fitting[row.row])) for row in rows}
    found: dict[int, Match] = {}
    for group, some in _groups(rows, fitting):
        if len(group) > 1 and len({_alike(row) for row in group}) > 1:
            continue
        pairs = _in_order(group, some, fitting)
        if pairs is not None:
            found |= pairs
    given = {match.transcript.id for match in found.values() if match.transcript is not None}
    return {
        row: replace(match, unlike=sum(item.id not in given for item in fits[row]))
        if match.transcript is None and not match.candidates
        else match
        for row, match in (unsure | found).items()
    }


def _alike(row: Due) -> tuple[object, ...]:
    """The values that two submits must share to be interchangeable."""
    # The marks of options are of one request each; that they fit has been seen.
    ours = (AUDIO, OPTIONS, SENT_AFTER)
    asked = sorted((name, repr(value)) for name, value in row.features.items() if name not in ours)
    return (row.key_id, row.key_name, row.team, tuple(row.tags.items()), tuple(asked))


def _in_order(
    rows: list[Due], items: list[Listed], fitting: Mapping[int, list[Listed]]
) -> dict[int, Match] | None:
    """Give alike submits their transcripts by time; None where a transcript is left over."""
    free = sorted(rows, key=lambda row: row.at)
    pairs: dict[int, Match] = {}
    for item in sorted(items, key=lambda item: item.created):
        taker = next((row for row in free if item in fitting[row.row]), None)
        if taker is None:
            return None
        free.remove(taker)
        pairs[taker.row] = Match(item, 1)
    return pairs | {row.row: Match(None, 0) for row in free}


def shows_what_was_asked(
    asked: Mapping[str, Any], transcript: Mapping[str, Any], request_id: str
) -> bool:
    """Whether a transcript could have come of a request, by what it says of its options.

    Features, models, language, terms, prompt, webhook and the like; options that the transcript
    does not state show nothing.
    """
    features = set(asked.get("features") or ())
    # AssemblyAI detects the language by default with some models, asked or not.
    for name in FLAGS - {"language_detection"}:
        said = transcript.get(name)
        if isinstance(said, bool) and said != (name in features):
            return False
    shown = {name for name in features_of(transcript) if name.startswith(_NAMED)}
    if shown - features:
        return False
    models, wanted = transcript.get("speech_models"), asked.get("models")
    if isinstance(models, list) and models and wanted and list(wanted) != models:
        return False
    return shows_options(request_id, asked.get(OPTIONS) or {}, transcript)
