"""What a guard is, what it may answer, and what becomes of one that fails."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol

from ..errors import MiddlewareError

if TYPE_CHECKING:
    from ..call import Call

Mode = Literal["pre_call", "post_call", "logging_only"]
MODES: tuple[Mode, ...] = ("pre_call", "post_call", "logging_only")
# Runs of one guard that may hang at the same time before it counts as failed at once.
MAX_RUNNING = 32


class GuardError(MiddlewareError):
    """A guard could not say: it raised, took too long, or answered with something odd."""


class Blocked(MiddlewareError):
    """Raised by a guard: this may not pass. *reason* is told to the caller."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Block:
    """Returned by a guard: this may not pass. *reason* is told to the caller."""

    reason: str


@dataclass(frozen=True, slots=True)
class Finding:
    """A place in a text, and what is to be done about it.

    Attributes:
        start, end: As in `text[start:end]`.
        mask: What takes its place; None blocks the call.
        reason: What was found, in words that may be told: never the text itself.
    """

    start: int
    end: int
    mask: str | None
    reason: str


class Guard(Protocol):
    """What `Guardrails` asks. Either method may be left out; then it is not asked there.

    Both are given native JSON, in both formats: an OpenAI request has been translated
    before, and its reply is translated afterwards. What they are given is their own copy.
    They return None to let it pass, a changed value to put in its place, or a `Block`;
    raising `Blocked` is the same as returning one. Anything else that they raise is a
    failure, and `Guardrail.on_error` says what becomes of the call.

    Beside them a guard may have:

    - `name`: text; what refusals and logs call it, unless its `Guardrail` says otherwise.
    - `kinds`: which calls it wants, of `transcript` (a submit), `result` (a transcript that
      is read), `chat`, `understanding`, `lemur`, `tts`, `sync` and `dictation`; None for all.
    - `find(text)` and `window`, as `TextGuard` has them: then streamed replies are guarded
      while they flow. For a guard without, a stream is held until it has ended.
    """

    def before(self, call: Call, body: dict[str, Any]) -> dict[str, Any] | Block | None:
        """Say what becomes of a speech submit or an LLM call."""

    def after(self, call: Call, reply: Any) -> Any:
        """Say what becomes of a reply: a JSON object, or a text (subtitles)."""


@dataclass(frozen=True, eq=False)
class Guardrail:
    """A guard, and how it is asked.

    Attributes:
        guard: The guard itself.
        name: For refusals and logs; default: the guard's own.
        mode: When it is asked: `pre_call`, `post_call`, or both; `logging_only` asks at
            both ends, and what it answers is logged and nothing else.
        on_error: What becomes of a call whose guard failed: `closed` refuses it, `open`
            lets it pass.
        timeout_s: Seconds after which it has failed. With a timeout each question runs in
            a thread of its own, which cannot be stopped: a guard that hangs for ever keeps
            its thread, up to 32 of them, after which it counts as failed at once. A regular
            expression holds Python's lock while it searches: no timeout helps against that.

    Raises:
        ValueError: One of them has another shape.
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

    def ask(self, question: Callable[..., Any], *arguments: Any) -> Any:
        """Return what the guard answers, a `Block` where it raises `Blocked`.

        Raises:
            GuardError: It failed; the message names only the guard and the kind of fault.
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

        # A pool's threads would be waited for when the process ends; a hanging guard's
        # must not be.
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
        # Its message may quote what the guard was reading.
        raise GuardError(f"it raised {type(error).__name__}") from error
