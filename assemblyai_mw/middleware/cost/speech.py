"""Speech synthesis: the characters of a reply or of a session, and the end of their rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ...billing.decisive import read_words
from ...billing.operations import SPEECH_EVENTS_PATH
from ...billing.sessions import model_in_force
from ...billing.speech import (
    CHARACTERS,
    MAX_GENERATE_CHARS,
    MESSAGES,
    SpeechEvents,
    byte_length,
    estimated_speech,
    most_at_once,
    session_speech_outcome,
    speech_outcome,
    spoken,
    with_model,
)
from ...billing.usage import Outcome, name_of
from ...call import Call
from ...call.session_text import client_message
from ...http.bodies import CountingBody, log_exceptions
from ...http.wsgi import Reply
from ...relay import Cut, End
from ...relay.watch import message
from .sessions import SessionMeter, Sessions

BILLED_CHARACTERS = "x-tts-billed-characters"
SPEAKING_MODEL = "x-tts-model"


def metered_speech(
    call: Call, asked: Mapping[str, Any], reply: Reply, close: Callable[[Outcome], object]
) -> Iterable[bytes]:
    """Return the body of a synthesis, which *close*s its row when it ends.

    Its head tells the characters, which count where all of it arrived. A stream of events tells
    them again, as its last one.
    """
    billed, model = reply.header(BILLED_CHARACTERS), reply.header(SPEAKING_MODEL)
    region = call.route.region
    events = SpeechEvents() if call.path == SPEECH_EVENTS_PATH else None

    def each(block: bytes) -> bool:
        if events is not None:
            events.feed(block)
        return False

    def end(whole: bool) -> None:
        if not whole:
            close(Outcome("unmeterable", reason="the speech did not arrive whole"))
        elif events is not None:
            close(events.outcome(billed, asked, region, model=model))
        else:
            close(speech_outcome(billed, asked, region, model=model))

    return CountingBody(reply, lambda _, whole: log_exceptions(end)(whole), each=each)


class SpeechMeter(SessionMeter):
    """Follows one session for its price: the words that its client sends, by the character.

    It is the innermost of the session's watchers, so that what it counts goes up.
    """

    def __init__(self, sessions: Sessions, call: Call, row: int, asked: Mapping[str, Any]) -> None:
        super().__init__(sessions, call, row, asked)
        self._bytes = 0
        self._model: str | None = None
        # Until a Begin tells it: a client may send before.
        self._most: int | None = MAX_GENERATE_CHARS

    def client_text(self, text: bytes) -> Cut | None:
        """Count words that go up."""
        value = client_message(text)
        if isinstance(value, Cut):
            return value
        words = spoken(value)
        if words and self._most is not None and len(words) > self._most:
            return Cut(3006, f"A Generate has more than {self._most} characters.", drain=True)
        if value.get("type") not in MESSAGES or read_words(value).fault("price"):
            # Words as AssemblyAI may read it: what it bills of them is not more than was sent.
            self._bytes += len(text)
        elif words:
            self._bytes += byte_length(words)
        if words:
            so_far = self._asked.get(CHARACTERS) or 0
            self._learn({**self._asked, CHARACTERS: so_far + len(words)})
        return None

    def server_text(self, text: bytes) -> None:
        """Note the model that speaks, and how many characters were billed."""
        # Sound comes in texts too, and base64 has no quotes.
        if not (b'"Begin"' in text or b'"Termination"' in text or b'"Error"' in text):
            return
        value = message(text)
        kind = value.get("type") if value is not None else None
        if value is None:
            return
        if kind == "Begin":
            self._has_begun = True
            self._most = most_at_once(value)
            self._model = name_of(model_in_force(value))
            self._learn(with_model(self._asked, self._model))
        elif kind == "Termination":
            self._outcome = session_speech_outcome(
                value, self._asked, self._call.route.region, most=self._bytes, model=self._model
            )
        elif kind == "Error":
            self._note_error(value)

    def _estimated(self, end: End) -> tuple[Outcome, str]:
        outcome = estimated_speech(self._asked, self._call.route.region, model=self._model)
        return outcome, "the characters are those that were sent"
