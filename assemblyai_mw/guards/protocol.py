"""The protocol of guards, their answers, and the handling of failures."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol

from ..billing.operations import SESSION_KINDS
from ..errors import MiddlewareError

if TYPE_CHECKING:
    from ..call import Call

Mode = Literal["pre_call", "post_call", "logging_only"]
MODES: tuple[Mode, ...] = ("pre_call", "post_call", "logging_only")
# Kinds in which speech is transcribed.
SPEECH = frozenset({"transcript", "result", "sync", "dictation"})
# Hanging runs of one guard after which it fails at once.
MAX_RUNNING = 32


class GuardError(MiddlewareError):
    """A guard failed: it raised, took too long, or gave an invalid answer."""


class Blocked(MiddlewareError):
    """Raised by a guard to block a call. The caller sees *reason*."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Block:
    """Returned by a guard to block a call. The caller sees *reason*."""

    reason: str


@dataclass(frozen=True, slots=True)
class Finding:
    """A place in a text, and the action for it.

    Attributes:
        start, end: As in `text[start:end]`.
        mask: The replacement; None blocks the call.
        reason: Name of the finding for the caller: never the text itself.
    """

    start: int
    end: int
    mask: str | None
    reason: str


class Guard(Protocol):
    """The interface that `Guardrails` calls. Either method may be left out.

    Both get AssemblyAI's native JSON: an OpenAI request is translated before, and its reply
    afterwards. The value is the guard's own copy. The methods return None to let it pass, a changed
    value to replace it, or a `Block`; raising `Blocked` is the same as returning one. Any other
    exception is a failure, and `Guardrail.on_error` decides about the call.

    Of a streaming session, `before` gets the parameters of its query, as a JSON object, and each
    message with which its client changes them, such as `UpdateConfiguration`; `after` gets each
    message of AssemblyAI's that holds words, such as a `Turn`. The calls come from several threads.
    Of a session of speech synthesis, `before` gets the parameters of its query, then each
    `Generate`, whose `text` begins with the words of the same request that have gone up.

    A guard may also have:

    - `name`: its name in refusals and logs, unless its `Guardrail` sets another.
    - `kinds`: the kinds of calls that it checks: `transcript` (a submit), `result` (a transcript
      that is read), `chat`, `understanding`, `lemur`, `tts`, `sync`, `dictation` and `session`;
      None for all.
    - `find(text)` and `window`, as in `TextGuard`: streamed replies are then guarded while they
      flow. Without them a stream is held until it has ended.
    """

    def before(self, call: Call, body: dict[str, Any]) -> dict[str, Any] | Block | None:
        """Check a speech submit or an LLM call."""

    def after(self, call: Call, reply: Any) -> Any:
        """Check a reply: a JSON object, or a text (subtitles)."""


@dataclass(frozen=True, eq=False)
class Guardrail:
    """A guard and its settings.

    Attributes:
        guard: The guard itself.
        name: For refusals and logs; default: the guard's own.
        mode: When it runs: `pre_call`, `post_call`, or both; `logging_only` runs at both ends and
            only logs the answer.
        on_error: Handling of a call whose guard failed: `closed` refuses it, `open` lets it pass.
        timeout_s: Seconds after which it has failed. With a timeout each run has its own thread,
            which cannot be stopped. A guard that hangs keeps its thread; after 32 of them it fails
            at once. A regular expression holds Python's lock while it searches: no timeout helps
            against that.

    Raises:
        ValueError: One of them is invalid.
    """

    guard: Any
    name: str = ""
    mode: Collection[str] = ("pre_call", "post_call")
    on_error: Literal["open", "closed"] = "closed"
    timeout_s: float | None = None
    _running: threading.BoundedSemaphore = field(
        default_factory=lambda: threading.BoundedSemaphore(MAX_RUNNING), init=False, repr=False
    )

    def __post_init__(self) -> None:
        if not any(callable(getattr(self.guard, name, None)) for name in ("before", "after")):
            raise ValueError(f"guards: {self.guard!r}: expected a method before or after")
        modes = (self.mode,) if isinstance(self.mode, str) else tuple(self.mode)
        if not modes or not set(modes) <= set(MODES):
            raise ValueError(f"mode: expected some of {', '.join(MODES)}")
        if "logging_only" in modes and len(modes) > 1:
            raise ValueError("mode: logging_only stands alone")
        if self.on_error not in ("open", "closed"):
            raise ValueError("on_error: expected 'open' or 'closed'")
        if self.timeout_s is not None and not self.timeout_s > 0:
            raise ValueError("timeout_s: expected seconds above 0, or None")
        name = self.name or getattr(self.guard, "name", "") or type(self.guard).__name__
        object.__setattr__(self, "mode", modes)
        object.__setattr__(self, "name", str(name))

    @property
    def only_logs(self) -> bool:
        """Whether its answers change nothing."""
        return "logging_only" in self.mode

    def asked_before(self, kind: str) -> bool:
        """Whether it wants requests of *kind*."""
        return self._asked("before", "pre_call", kind)

    def asked_after(self, kind: str) -> bool:
        """Whether it wants replies of *kind*."""
        return self._asked("after", "post_call", kind)

    def _asked(self, method: str, mode: str, kind: str) -> bool:
        if mode not in self.mode and not self.only_logs:
            return False
        kinds = getattr(self.guard, "kinds", None)
        return callable(getattr(self.guard, method, None)) and (kinds is None or kind in kinds)

    def misses_sessions(self, kind: str, *, with_llm: bool) -> bool:
        """Whether a session of this *kind* could do unseen what it checks elsewhere.

        Speech is what every session has; its LLM is one of *with_llm*. A guard that checks neither
        has nothing to see there.
        """
        kinds = getattr(self.guard, "kinds", None)
        if kinds is None or kind in kinds or self.only_logs:
            return False
        speech = (SPEECH | SESSION_KINDS) - {kind}
        return not speech.isdisjoint(kinds) or (with_llm and "chat" in kinds)

    def ask(self, question: Callable[..., Any], *arguments: Any) -> Any:
        """Return the guard's answer; a `Block` if it raises `Blocked`.

        Raises:
            GuardError: It failed; the message names only the guard and the kind of failure.
        """
        if self.timeout_s is None:
            return _answer(question, arguments)
        if not self._running.acquire(blocking=False):
            raise GuardError(f"{MAX_RUNNING} earlier questions are unanswered")
        answered: list[Any] = []
        over = threading.Event()

        def run() -> None:
            try:
                answered.append(_answer(question, arguments))
            except BaseException as error:
                answered.append(error)
            finally:
                self._running.release()
                over.set()

        # The end of the process waits for a pool's threads; it must not wait for a hanging guard.
        try:
            threading.Thread(target=run, name=f"guard {self.name}", daemon=True).start()
        except RuntimeError as error:
            self._running.release()
            raise GuardError("no thread can be started") from error
        if not over.wait(self.timeout_s):
            raise GuardError(f"no answer within {self.timeout_s:g} s")
        if isinstance(answered[0], BaseException):
            raise answered[0]
        return answered[0]


def _answer(question: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
    try:
        return question(*arguments)
    except Blocked as error:
        return Block(error.reason)
    except GuardError:
        raise
    except Exception as error:
        # Its message may quote the guard's input.
        raise GuardError(f"it raised {type(error).__name__}") from error
