"""Runs a guard, and applies its answer to the call."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from ..errors import CONTENT_POLICY, RequestRefused
from .feature_policy import FeaturePolicyGuard
from .protocol import Block, Finding, GuardError, Guardrail
from .texts import TextGuard
from .windows import Filter

if TYPE_CHECKING:
    from ..call import Call

logger = logging.getLogger("assemblyai_mw.guardrails")


class Refused(RequestRefused):
    """A guard's refusal, as distinct from those of requests."""


# Kinds of lines that one session has in the log.
MAX_TOLD = 100
# Methods that only read the body, and answer with another one.
_READERS = (TextGuard.before, FeaturePolicyGuard.before)
LINE = "guard=%s call=%s stage=%s action=%s reason=%s"


def needs_copy(guard: Any) -> bool:
    """Whether *guard* may change the body that its `before` is given."""
    return getattr(type(guard), "before", None) not in _READERS


def verdict_of(
    guard: Guardrail,
    stage: str,
    call: Call,
    question: Callable[..., Any],
    *arguments: Any,
    told: set[tuple[str, ...]] | None = None,
) -> Any:
    """Return the value with which a guard replaces its input, or None.

    Args:
        guard: The guard and its settings.
        stage: `before` or `after`.
        call: The call.
        question: The guard's method.
        arguments: Its arguments, what is judged the last.
        told: Actions of this call that have their line in the log already; None where each is to
            have one.

    Raises:
        Refused: It blocks, or it failed and is closed.
    """
    asked = arguments[-1]
    try:
        verdict = guard.ask(question, *arguments)
        if isinstance(verdict, Block):
            return blocked(guard, stage, call, verdict.reason, told)
        if verdict is None:
            return None
        if not isinstance(verdict, str if isinstance(asked, str) else dict):
            raise GuardError(f"it answered with a {type(verdict).__name__}")
        try:
            json.dumps(verdict, ensure_ascii=False).encode()
        except (TypeError, ValueError, RecursionError) as error:
            raise GuardError("its answer is not JSON") from error
    except GuardError as error:
        failed(guard, stage, call, error)
        return None
    _tell(guard, stage, call, "would_change" if guard.only_logs else "changed", "", told)
    return None if guard.only_logs else verdict


def _tell(
    guard: Guardrail,
    stage: str,
    call: Call,
    action: str,
    reason: str,
    told: set[tuple[str, ...]] | None,
) -> None:
    line = (guard.name, stage, action, reason)
    if told is None or line not in told:
        logger.info(LINE, guard.name, call.id, stage, action, reason)
    # Reasons are the guard's own, and could be without number.
    if told is not None and len(told) < MAX_TOLD:
        told.add(line)


def blocked(
    guard: Guardrail,
    stage: str,
    call: Call,
    reason: str,
    told: set[tuple[str, ...]] | None = None,
) -> None:
    """Refuse what a guard has blocked, unless it only logs.

    Raises:
        Refused: It is blocked.
    """
    shown = "".join(c if c.isprintable() else "?" for c in str(reason))[:500]
    action = "would_block" if guard.only_logs else "blocked"
    _tell(guard, stage, call, action, shown, told)
    if not guard.only_logs:
        raise Refused(
            f"Blocked by guardrail {guard.name!r}: {shown}", status=400, code=CONTENT_POLICY
        )


def failed(guard: Guardrail, stage: str, call: Call, error: GuardError) -> None:
    """Refuse what a guard could not judge, unless it is open.

    Raises:
        Refused: It is closed.
    """
    passed = guard.only_logs or guard.on_error == "open"
    logger.error(
        LINE, guard.name, call.id, stage, "failed_open" if passed else "failed_closed", error
    )
    if passed:
        return
    done = stage == "after"
    what = "it is over" if call.upstream != "unsent" else "it is not opened"
    if call.session is None:
        what = "its reply is withheld" if done else "it is not made"
    raise Refused(
        f"The guardrail {guard.name!r} could not judge this "
        f"{'call' if call.session is None else 'session'}, so {what}.",
        status=503,
        code="guardrail_failed",
        # OpenAI's clients would retry, and pay again.
        headers=[("x-should-retry", "false")] if done else (),
    )


def parsed(text: bytes) -> Any:
    """Return what AssemblyAI sent as JSON, where it is an object, else as text."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = None
    return value if isinstance(value, dict) else text.decode("utf-8")


def encoded(verdict: Any) -> bytes:
    """Return a guard's answer as bytes again."""
    return verdict.encode() if isinstance(verdict, str) else json.dumps(verdict).encode()


def filter_of(guard: Guardrail, call: Call) -> Filter:
    """Return a text guard for a stream; a guard that fails open finds nothing more."""
    given_up = told = False

    def find(text: str) -> Iterable[Finding]:
        nonlocal given_up, told
        if given_up:
            return ()
        try:
            found = guard.ask(lambda: list(guard.guard.find(text)))
        except GuardError as error:
            failed(guard, "after", call, error)
            given_up = True
            return ()
        if isinstance(found, Block):
            block(found.reason)
        if not told and any(each.mask is not None for each in found):
            told = True
            logger.info(LINE, guard.name, call.id, "after", "changed", "")
        return list(found)

    def block(reason: str) -> None:
        blocked(guard, "after", call, reason)

    return Filter(find, int(getattr(guard.guard, "window", 1)), block)
