"""Finds and masks the texts in AssemblyAI's JSON for guards."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate, islice
from typing import TYPE_CHECKING, Any

from ..billing.sessions import PARAMETERS
from ..errors import BadRequest
from ..http.strict_json import check_size
from .protocol import Block, Blocked, Finding, GuardError

if TYPE_CHECKING:
    from ..call import Call

Find = Callable[[str], Iterable[Finding]]

# Longest text that is searched: a ten-hour transcript has some 600,000 characters, and its
# words a second time.
MAX_CHARS = 4_000_000
# Most findings in one body: each takes two microseconds and 250 bytes.
MAX_FINDINGS = 200_000
WINDOW_CHARS = 256

# Members without user text: addresses, ids, and words of the API itself. Masking one would break
# the call. All other members are read, whatever their name.
NOT_WORDS = frozenset(
    {
        "acoustic_model",
        "agent_id",
        "audio_url",
        "call_id",
        "created",
        "finish_reason",
        "id",
        "item_id",
        "language_code",
        "language_codes",
        "language_model",
        "model",
        "model_id",
        "object",
        "redacted_audio_url",
        "reply_id",
        "request_id",
        "resource_url",
        "role",
        "session_id",
        "speech_model",
        "speech_model_used",
        "speech_models",
        "status",
        "system_fingerprint",
        "tool_call_id",
        "transcript_id",
        "type",
        "voice",
        "voice_id",
        "webhook_auth_header_name",
        "webhook_auth_header_value",
        "webhook_url",
    }
)
# Likewise in the parameters of a session.
_SETTINGS = frozenset(name for name, each in PARAMETERS.items() if not each.words)
# Where a transcript stands whole, beside its `words`.
_WHOLE = ("transcript", "text")
_NAME, _TEXT = frozenset({"name"}), frozenset({"text"})


class TextGuard:
    """Base class for guards that search text: you only write `find`.

    `before` and `after` search all strings of a body or reply, at any depth, except ids, addresses
    and words of the API (`NOT_WORDS`; of a session's parameters, all documented ones without
    words). Words and parts that belong together (`words[]`, a message in parts) are searched as one
    text, so that findings across parts are found, and a message's parts each by itself too. A
    transcript and its `words[]` are one text, and are masked alike; where the words spell another
    text, and something was found in the transcript, their texts are emptied. Tool arguments and
    results are searched inside their JSON. Numbers and member names are not searched, but for those
    of a tool's result.

    Attributes:
        kinds: As in `Guard`.
        window: Characters of a streamed text that are held back because a finding may begin in
            them: the longest beginning of a finding, with the context it needs. A finding that may
            still grow is held as well.
    """

    name: str = ""
    kinds: frozenset[str] | None = None
    window: int = WINDOW_CHARS

    def find(self, text: str) -> Iterable[Finding]:
        """Yield the findings in *text*."""
        raise NotImplementedError

    def before(self, call: Call, body: dict[str, Any]) -> dict[str, Any] | Block | None:
        """Block or mask the findings in a request."""
        settings = {}
        if getattr(call, "kind", None) == "session":
            settings = {name: value for name, value in body.items() if name in _SETTINGS}
        words = {name: value for name, value in body.items() if name not in settings}
        screened: dict[str, Any] | None = screen(words, self.find)
        return screened and {name: {**settings, **screened}[name] for name in body}

    def after(self, call: Call, reply: Any) -> Any:
        """Block or mask the findings in a reply."""
        return screen(reply, self.find)


def screen(value: Any, find: Find, *, max_chars: int = MAX_CHARS) -> Any:
    """Return *value* with its findings masked; None where there are none.

    Raises:
        Blocked: A finding has no mask.
        GuardError: There is more text than *max_chars*, or there are more findings than
            `MAX_FINDINGS`.
    """
    screener = _Screener(find, max_chars)
    changed = screener.text(value) if isinstance(value, str) else screener.value(value)
    return None if changed is value else changed


def ordered(findings: Iterable[Finding]) -> list[Finding]:
    """Return findings by place, joined where they overlap; one that blocks prevails."""
    joined: list[Finding] = []
    for each in sorted(findings, key=lambda found: (found.start, -found.end)):
        if joined and each.start < joined[-1].end:
            last = joined[-1]
            worse = each if each.mask is None and last.mask is not None else last
            joined[-1] = Finding(last.start, max(last.end, each.end), worse.mask, worse.reason)
        elif each.end > each.start:
            joined.append(each)
    return joined


def masked_pieces(
    pieces: Sequence[str], findings: Iterable[Finding], *, starts: Sequence[int] | None = None
) -> list[str]:
    """Return *pieces* of one text with findings masked.

    The piece in which a finding begins gets the mask; from the others it is cut out.

    Args:
        pieces: In their order.
        findings: In the whole text.
        starts: The place of each piece in the text; None where one follows at once on another.

    Raises:
        Blocked: A finding has no mask.
    """
    found = ordered(findings)
    for each in found:
        if each.mask is None:
            raise Blocked(each.reason)
    if not found:
        return list(pieces)
    result, end, at = [], 0, 0
    for number, piece in enumerate(pieces):
        before, start = end, end if starts is None else starts[number]
        end = start + len(piece)
        while at < len(found) and found[at].end <= start:
            at += 1
        out, done, index = "", start, at
        while index < len(found) and found[index].start < end:
            each = found[index]
            out += piece[done - start : max(each.start, start) - start]
            # One that begins between two pieces belongs to the second.
            if each.start >= before:
                out += each.mask or ""
            done = min(each.end, end)
            index += 1
        result.append(out + piece[done - start :] if index > at else piece)
    return result


class _Screener:
    """One walk through one body, counting what it reads."""

    def __init__(self, find: Find, max_chars: int) -> None:
        self._find = find
        self._left = max_chars
        self._findings_left = MAX_FINDINGS

    def text(self, text: str) -> str:
        return masked_pieces([text], self.findings(text))[0]

    def pieces(self, pieces: list[str], separator: str) -> list[str]:
        """Mask parts of one text, with *separator* between them."""
        text = pieces[0] if len(pieces) == 1 else separator.join(pieces)
        starts = [0, *accumulate(len(piece) + len(separator) for piece in pieces)]
        found = self.findings(text)
        if len(pieces) > 1 and not separator:
            found += self._alone(pieces, starts, found)
        return masked_pieces(pieces, found, starts=starts)

    def _alone(
        self, pieces: list[str], starts: list[int], found: list[Finding]
    ) -> Iterator[Finding]:
        """Yield what is found in a piece, and not in the text where another is next to it.

        A model may read each as a text of its own: a digit at the beginning of the next one must
        not hide a number.
        """
        known = {(each.start, each.end) for each in found}
        for start, piece in zip(starts, pieces, strict=False):
            for each in self._find(piece) if piece else ():
                if (start + each.start, start + each.end) not in known:
                    self._count_finding()
                    yield Finding(start + each.start, start + each.end, each.mask, each.reason)

    def _count_finding(self, number: int = 1) -> None:
        self._findings_left -= number
        if self._findings_left < 0:
            raise GuardError("there is more to find than it may mask")

    def findings(self, text: str) -> list[Finding]:
        self._left -= len(text)
        if self._left < 0:
            raise GuardError("there is more text than it may search")
        if not text:
            return []
        found = list(islice(self._find(text), self._findings_left + 1))
        self._count_finding(len(found))
        return found

    def value(
        self,
        value: Any,
        skip: frozenset[str] = NOT_WORDS,
        *,
        but: frozenset[str] = frozenset(),
    ) -> Any:
        """Return *value*, or a copy where something in it was masked.

        *skip* names members, at any depth, whose strings are not looked at; *but* those of *value*
        itself that are not.
        """
        if isinstance(value, str):
            changed: Any = self.text(value)
            return value if changed == value else changed
        if isinstance(value, dict):
            spoken = self._spoken(value, skip)
            members = {
                name: item
                if name in but
                else self._unspoken(item, skip)
                if name in skip
                else spoken[name]
                if name in spoken
                else self._member(name, item, skip)
                for name, item in value.items()
            }
            same = all(members[name] is item for name, item in value.items())
            return value if same else members
        if isinstance(value, list):
            items = [self.value(item, skip) for item in value]
            return value if all(map(_is, items, value)) else items
        return value

    def _unspoken(self, item: Any, skip: frozenset[str]) -> Any:
        """Return a member whose strings are no words; what else it holds may have some.

        So in a tool's schema: its properties have names of their own.
        """
        if isinstance(item, dict):
            return self.value(item, skip)
        if isinstance(item, list):
            items = [self._unspoken(each, skip) for each in item]
            return item if all(map(_is, items, item)) else items
        return item

    def _member(self, name: str, item: Any, skip: frozenset[str]) -> Any:
        if name == "arguments" and isinstance(item, str):
            return self.arguments(item)
        if name == "result" and isinstance(item, str):
            # JSON, or any text; and the model reads JSON as it stands, names and numbers too.
            changed = self.text(self.arguments(item))
            return item if changed == item else changed
        if name == "function" and isinstance(item, dict):
            return self.value(item, skip, but=_NAME)
        if isinstance(item, list) and name in ("words", "content") and _in_pieces(item):
            return self._texts(item, " " if name == "words" else "", skip)
        return self.value(item, skip)

    def _spoken(self, value: dict[str, Any], skip: frozenset[str]) -> dict[str, Any]:
        """Return a transcript and its words, masked alike; nothing where there are not both."""
        name = next((name for name in _WHOLE if isinstance(value.get(name), str)), None)
        items = value.get("words")
        if name is None or not isinstance(items, list) or not _in_pieces(items):
            return {}
        text, words = value[name], [item["text"] for item in items]
        whole, starts = _laid_out(text, words)
        found = self.findings(whole)
        masked = masked_pieces([text, whole[len(text) :]], found)[0]
        if starts is not None:
            changed = masked_pieces(words, found, starts=starts)
        else:
            # Even where they are found in: the one might be another.
            changed = [""] * len(words) if found else self.pieces(words, " ")
        return {
            name: text if masked == text else masked,
            "words": self._with_texts(items, changed, skip),
        }

    def _texts(self, items: list[dict[str, Any]], separator: str, skip: frozenset[str]) -> Any:
        return self._with_texts(
            items, self.pieces([item["text"] for item in items], separator), skip
        )

    def _with_texts(
        self, items: list[dict[str, Any]], masked: list[str], skip: frozenset[str]
    ) -> Any:
        texts = [item["text"] for item in items]
        rest = [self.value(item, skip, but=_TEXT) for item in items]
        if masked == texts and all(map(_is, rest, items)):
            return items
        return [{**item, "text": text} for item, text in zip(rest, masked, strict=True)]

    def arguments(self, text: str) -> str:
        """Mask inside the JSON of a tool's arguments, and keep it valid JSON."""
        try:
            check_size(text.encode("utf-8", "replace"))
        except BadRequest:
            raise GuardError("a tool's arguments hold more than it may search") from None
        try:
            value = json.loads(text, object_pairs_hook=_members)
        except (ValueError, RecursionError):
            return self.text(text)
        changed = self.value(value, frozenset())
        return text if changed is value else json.dumps(changed)


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        # A model reads both.
        raise GuardError("a tool's arguments name a member twice")
    return members


def _is(one: object, other: object) -> bool:
    return one is other


def _in_pieces(items: list[Any]) -> bool:
    """Whether these are parts of one text: each an object with a `text`."""
    return bool(items) and all(
        isinstance(item, dict) and isinstance(item.get("text"), str) for item in items
    )


def _laid_out(text: str, words: Sequence[str]) -> tuple[str, list[int] | None]:
    """Return *text* with the words that follow on it, and where each word stands in it.

    A turn's transcript ends before the words that may still change. The places are None where the
    words spell another text.
    """
    starts: list[int] = []
    at, end = 0, len(text)
    more: list[str] = []
    is_spaced = True
    for word in words:
        blanks = at
        while at < len(text) and text[at].isspace():
            at += 1
        if at < len(text):
            if not text.startswith(word, at):
                return text, None
            if starts:
                # Some scripts have no spaces.
                is_spaced = at > blanks
            starts.append(at)
            at += len(word)
        else:
            if end and is_spaced:
                more.append(" ")
                end += 1
            starts.append(end)
            more.append(word)
            end += len(word)
    return text + "".join(more), starts


def screen_arguments(text: str, find: Find) -> str:
    """Return the JSON text of a tool's arguments, masked.

    Raises:
        Blocked: A finding has no mask.
    """
    return _Screener(find, MAX_CHARS).arguments(text)
