"""Guards: the host's content checks on requests and replies.

    protocol         the interface of guards, and their answers
    texts            finds the texts in AssemblyAI's JSON
    windows          guarding a streamed reply, word by word
    pattern          `PatternGuard`: regular expressions that block or mask
    feature_policy   `FeaturePolicyGuard`: forces or forbids AssemblyAI's own features
    presidio         `PresidioGuard`: personal data, found by Microsoft Presidio (an extra)
    guarded_stream   a streamed chat reply on its way through the guards
    sessions         a streaming session's parameters and texts on their way through the guards
    speech_sessions  the words of a session of speech synthesis, before they go up
    setup            the configured guards, imported and made
    verdicts         runs a guard, and applies its answer to the call

Your own guard is any object with a `before`, an `after`, or both; see `Guard`. A guard that
searches text is shorter as a `TextGuard`, which also guards streams.
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
