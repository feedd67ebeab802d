"""PatternGuard: regular expressions that block or mask."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Literal

from .protocol import Finding
from .texts import WINDOW_CHARS, TextGuard

# Common shapes, as names for *patterns*. They match by form only; Presidio knows more.
KNOWN: Mapping[str, str] = {
    "email": r"[A-Za-z0-9._%+-]{1,64}+@[A-Za-z0-9-]{1,63}+(?:\.[A-Za-z0-9-]{1,63}+){1,8}",
    "us_ssn": r"(?<![\d-])(?!000|666|9\d\d)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?![\d-])",
    "credit_card": r"(?<![\d-])\d(?:[ -]?\d){12,18}(?![\d-])",
    "phone": r"(?<![\w+])(?:\+\d{1,3}[ .-]?)?(?:\(\d{2,4}\)[ .-]?|\d{2,4}[ .-])"
    r"\d{2,4}[ .-]?\d{3,5}(?!\w)",
    "ipv4": r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.])",
    "api_key": r"\b(?:sk|pk|rk|ghp|gho|xox[abp]|AKIA)[-_]?[A-Za-z0-9_-]{16,200}",
}


class PatternGuard(TextGuard):
    """Block or mask matches of regular expressions in requests, replies and streams.

        PatternGuard(patterns=["email", "us_ssn"], action="mask")
        PatternGuard(patterns={"codename": r"(?i)\\bproject\\s+heron\\b"})

    Python's `re` has no time limit and holds the interpreter's lock while it searches. A pattern
    that backtracks without end, such as `(a+)+$`, stops the whole process on a crafted text, and no
    timeout helps. Write patterns with bounded repetitions that do not nest. A call may have up to
    4,000,000 characters to search and 200,000 findings.

    Args:
        patterns: Names of known shapes (`email`, `us_ssn`, `credit_card`, `phone`, `ipv4`,
            `api_key`), or a mapping of names to expressions; a name alone maps to None.
        action: `block`, or `mask`.
        mask: Replacement for a match; `{name}` is the pattern's name.
        flags: Letters of `re`'s inline flags, for all patterns: `i`, `m`, `s`, `x`, `a`.
        window: Characters held back in streams; the longest beginning of a match.
        kinds: As in `Guard`.
        name: For refusals and logs.

    Raises:
        ValueError: A pattern is no regular expression, matches the empty text, or is unknown.
    """

    def __init__(
        self,
        *,
        patterns: Iterable[str] | Mapping[str, str | None],
        action: Literal["block", "mask"] = "block",
        mask: str = "[{name}]",
        flags: str = "",
        window: int = WINDOW_CHARS,
        kinds: Collection[str] | None = None,
        name: str = "pattern",
    ) -> None:
        if action not in ("block", "mask"):
            raise ValueError("action: expected 'block' or 'mask'")
        if not set(flags) <= set("imsxa"):
            raise ValueError("flags: expected letters of 'imsxa'")
        if window < 1:
            raise ValueError("window: expected 1 character or more")
        named = dict(patterns) if isinstance(patterns, Mapping) else dict.fromkeys(patterns)
        if not named:
            raise ValueError("patterns: expected at least one")
        self.name = name
        self.window = window
        self.kinds = None if kinds is None else frozenset(kinds)
        self._patterns = [
            (
                _compiled(label, expression, flags),
                mask.replace("{name}", label) if action == "mask" else None,
                f"{label} found",
            )
            for label, expression in named.items()
        ]

    def find(self, text: str) -> Iterator[Finding]:
        """Yield the matches, pattern by pattern."""
        for pattern, mask, reason in self._patterns:
            for match in pattern.finditer(text):
                yield Finding(match.start(), match.end(), mask, reason)


def _compiled(label: str, expression: str | None, flags: str) -> re.Pattern[str]:
    if expression is None:
        if label not in KNOWN:
            raise ValueError(f"patterns: {label!r}: expected one of {', '.join(KNOWN)}")
        expression = KNOWN[label]
    try:
        pattern = re.compile(f"(?{flags}){expression}" if flags else expression)
    except re.error as error:
        raise ValueError(f"patterns: {label!r}: {error}") from None
    if pattern.search("") is not None:
        raise ValueError(f"patterns: {label!r}: finds the empty text, and so all texts")
    return pattern
