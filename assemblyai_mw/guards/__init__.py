"""Guards: what a host asks about a call's words, before they go out and before they come back.

    protocol        what a guard is, and what it may answer
    texts           where the words are in AssemblyAI's JSON
    stream          guarding a streamed reply, word by word
    pattern         `PatternGuard`: regular expressions that block or mask
    feature_policy  `FeaturePolicyGuard`: forces or forbids AssemblyAI's own features
    presidio        `PresidioGuard`: personal data, found by Microsoft Presidio (an extra)

A guard of one's own is any object with a `before`, an `after`, or both; see `Guard`. One
that looks for something in text is shorter as a `TextGuard`, and then guards streams too.
"""

from .feature_policy import FeaturePolicyGuard
from .pattern import PatternGuard
from .protocol import Block, Blocked, Finding, Guard, GuardError, Guardrail
from .texts import TextGuard

__all__ = [
    "Block",
    "Blocked",
    "FeaturePolicyGuard",
    "Finding",
    "Guard",
    "GuardError",
    "Guardrail",
    "PatternGuard",
    "TextGuard",
]
