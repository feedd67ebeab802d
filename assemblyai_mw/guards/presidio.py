"""PresidioGuard: personal data, found by Microsoft Presidio (the extra `presidio`)."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from pkgutil import resolve_name
from typing import Any, Literal, Protocol

from .protocol import Finding
from .texts import TextGuard


class Analyzer(Protocol):
    """Presidio's interface: `AnalyzerEngine`, or any object with its `analyze`."""

    def analyze(
        self, text: str, language: str, entities: list[str] | None, score_threshold: float | None
    ) -> list[Any]:
        """Return results with `entity_type`, `start`, `end` and `score`."""


class PresidioGuard(TextGuard):
    """Block or mask personal data that Presidio's analyzer finds.

        PresidioGuard(entities={"PERSON": "mask", "CREDIT_CARD": "block"}, score_threshold=0.5)

    A finding is replaced by its type, such as `<PERSON>`, as Presidio's anonymizer does by default.
    In streams, Presidio sees only the last few hundred characters so far. Names that it recognises
    by the sentence around them are found less reliably there.

    Args:
        entities: Presidio's entity names, with `mask` or `block` for each; or a list of names,
            which all get *action*; None for all entities of the analyzer.
        action: `mask` or `block`.
        language: Presidio's code of the language; the analyzer must be set up for it.
        score_threshold: Least score from 0 to 1; None for the analyzer's own.
        analyzer: An analyzer, its factory, or the dotted path of either. None makes Presidio's
            default `AnalyzerEngine` when it is first needed. It loads spaCy's model
            `en_core_web_lg` and downloads it if missing: install the model beforehand (`python -m
            spacy download en_core_web_lg`).
        window: Characters held back in streams.
        kinds: As in `Guard`.
        name: For refusals and logs.

    Raises:
        ValueError: An action is unknown.
        ImportError: No *analyzer* is given and Presidio is not installed.
    """

    def __init__(
        self,
        *,
        entities: Mapping[str, Literal["mask", "block"]] | Collection[str] | None = None,
        action: Literal["mask", "block"] = "mask",
        language: str = "en",
        score_threshold: float | None = None,
        analyzer: Analyzer | str | Any = None,
        window: int = 512,
        kinds: Collection[str] | None = None,
        name: str = "presidio",
    ) -> None:
        if entities is not None and not isinstance(entities, Mapping):
            entities = dict.fromkeys(entities, action)
        if not {action, *(entities or {}).values()} <= {"mask", "block"}:
            raise ValueError("entities, action: expected 'mask' or 'block'")
        if analyzer is None:
            import presidio_analyzer

            analyzer = presidio_analyzer.AnalyzerEngine
        elif isinstance(analyzer, str):
            analyzer = resolve_name(analyzer)
        self.name = name
        self.window = window
        self.kinds = None if kinds is None else frozenset(kinds)
        self.language = language
        self.score_threshold = score_threshold
        self._actions: dict[str, str] | None = None if entities is None else dict(entities)
        self._default = action
        given: Any = analyzer
        made = hasattr(given, "analyze") and not isinstance(given, type)
        self._analyzer: Analyzer | None = given if made else None
        self._make: Callable[[], Analyzer] = given
        self._lock = threading.Lock()

    def find(self, text: str) -> Iterator[Finding]:
        """Yield the analyzer's findings of the wanted entities."""
        actions = self._actions
        found = self._engine().analyze(
            text=text,
            language=self.language,
            entities=None if actions is None else list(actions),
            score_threshold=self.score_threshold,
        )
        for each in found:
            kind = str(each.entity_type)
            action = self._default if actions is None else actions.get(kind)
            if action is not None:
                mask = f"<{kind}>" if action == "mask" else None
                yield Finding(each.start, each.end, mask, f"{kind} found")

    def _engine(self) -> Analyzer:
        """Return the analyzer; it takes seconds to load, so it is made once, on demand."""
        engine = self._analyzer
        if engine is None:
            with self._lock:
                engine = self._analyzer
                if engine is None:
                    engine = self._analyzer = self._make()
        return engine
