"""The members of a request that decide rights and prices, and their faults. Pure.

A list of allowed models, a denied feature and a hold depend on the right reading of the body. So
decisive members are read in one way: by the documented name and type, at the documented place. Any
other spelling that some reader could take for a decisive name, and any other type, is a fault.
AssemblyAI checks all other members.

Names and types are those of AssemblyAI's OpenAPI files (TranscriptOptionalParams,
LLMGatewayRequest, UnderstandingRequest), of docs/llm-gateway/fallback, and of the classes of
its Python SDK 1.8.2 (RawTranscriptionConfig, CompletionsResource.create); those of streaming
sessions are in `sessions.PARAMETERS`. Null is, in each place, as if the member were not there.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ..http.lookalikes import folded
from .chat import MAX_CHOICES
from .features import FILLED, FLAGS, MAX_FEATURES, TASKS, is_plain, made_up, tasks_on
from .replies import billing_facts
from .sessions import MESSAGES, PARAMETERS, VOICE_FOCUS, Form, parsed
from .speech import GENERATE, speech_asked
from .usage import MAX_MODELS, MAX_TOKENS, UNCLEAR, count, name_of

# Of a name, and of a path.
MAX_SHOWN, MAX_PATH = 64, 256

Decides = Literal["price", "hold", "words"]


@dataclass(frozen=True, slots=True)
class Fault:
    """A member that two readers could read in two ways.

    Attributes:
        path: Its place: `fallbacks[0].Model`.
        reason: One line that begins with the path.
        what: Its `spelling`, or its `value`: type, bounds or place.
        decides: `price` where it bears on rights or on the price, `hold` where only on the
            most that the call may cost, `words` where only on what guards read.
    """

    path: str
    reason: str
    what: Literal["spelling", "value"]
    decides: Decides = "price"


@dataclass(frozen=True, slots=True)
class Billable:
    """The decisive content of a request.

    Attributes:
        asked: As `billing_facts` says; `unclear` among it where a fault bears on the price.
        faults: The first of each sort, in the body's order.
    """

    asked: dict[str, Any]
    faults: tuple[Fault, ...] = ()

    def fault(
        self, *decides: Decides, what: Literal["spelling", "value"] | None = None
    ) -> Fault | None:
        """Return the first fault that bears on one of *decides*; None where there is none."""
        return next(
            (each for each in self.faults if each.decides in decides and what in (None, each.what)),
            None,
        )


def read(kind: str, body: Mapping[str, Any], *, size: int | None = None) -> Billable:
    """Return the decisive content of a JSON body, and its faults.

    Args:
        kind: As `operations.read` gives it; for `session`, the body is a client's message.
        body: The request's JSON object.
        size: The body's length in bytes, where it is known.
    """
    finder = _Finder()
    finder.table(_MESSAGE if kind == "session" else _BY_KIND.get(kind, _NOTHING), body, "")
    if kind == "understanding":
        finder.task_named(body)
    if kind == "tts":
        finder.one_model(body)
    return _billable(billing_facts(kind, body, size=size), finder)


def read_query(kind: str, pairs: Iterable[tuple[str, str]]) -> Billable:
    """Return the decisive content of a query; a decisive name that occurs twice is a fault.

    Args:
        kind: As `operations.read` gives it.
        pairs: Names and values as they stand there, decoded.
    """
    finder = _Finder()
    table = _QUERIES.get(kind, _QUERY)
    query: dict[str, str] = {}
    for name, value in pairs:
        known = table.name(name)
        if known is not None and name not in table.members:
            finder.spelling(_shown(name), known, table.members[known].decides)
        elif known is not None:
            member = table.members[name]
            if name in query:
                finder.add(name, "stands there twice", decides=member.decides)
            member.check(finder, value, name, member.decides)
        query[name] = value
    if kind == "tts":
        finder.one_model(query)
        return _billable(speech_asked(query), finder)
    return _billable(billing_facts(kind, query), finder)


def read_words(message: Mapping[str, Any]) -> Billable:
    """Return the faults of a message of a client of speech synthesis.

    Words are in `text` of a `Generate`, and in no other message.
    """
    finder = _Finder()
    has_words = message.get("type") == GENERATE
    finder.table(_WORDS_MESSAGE if has_words else _WORDLESS_MESSAGE, message, "")
    if has_words and message.get("text") is None:
        finder.add("text", "must be a text")
    return _billable({}, finder)


def _billable(asked: dict[str, Any], finder: _Finder) -> Billable:
    found = Billable(asked, tuple(finder.faults.values()))
    fault = found.fault("price")
    if fault is not None:
        asked[UNCLEAR] = fault.reason
    return found


class _Finder:
    """One walk through one body. Faults are kept by their sort: a flood of one hides no other."""

    def __init__(self) -> None:
        self.faults: dict[tuple[str, str], Fault] = {}

    def add(
        self,
        path: str,
        reason: str,
        what: Literal["spelling", "value"] = "value",
        decides: Decides = "price",
    ) -> None:
        if (what, decides) not in self.faults:
            self.faults[what, decides] = Fault(path, f"{path} {reason}", what, decides)

    def spelling(self, path: str, name: str, decides: Decides = "price") -> None:
        self.add(path, f"is not a documented spelling of {name}", "spelling", decides)

    def table(self, known: _Table, body: Mapping[str, Any], path: str) -> None:
        """Look at the members of one object."""
        for name, value in body.items():
            member = known.members.get(name)
            if member is None:
                lax = folded(name)
                meant = known.by_fold.get(lax)
                decides: Decides = "price"
                if meant is not None:
                    decides = known.members[meant].decides
                elif known.is_body and name not in _EVERY.members:
                    # Decisive in other requests, and AssemblyAI may come to read it in this one.
                    meant = _EVERY.by_fold.get(lax)
                if meant is not None:
                    self.spelling(f"{path}{_shown(name)}", meant, decides)
            elif value is not None:
                member.check(self, value, f"{path}{name}", member.decides)
        if known in (_TRANSCRIPT, _MESSAGE) and made_up(body) > MAX_FEATURES:
            self.add("the body", f"sets more than {MAX_FEATURES} flags that are not documented")

    def fallbacks(self, value: Any, path: str, decides: Decides) -> None:
        if not isinstance(value, list):
            self.add(path, "must be a list of objects", decides=decides)
            return
        if len(value) > MAX_MODELS:
            self.add(path, f"names more than {MAX_MODELS} models")
            return
        for at, fallback in enumerate(value):
            if isinstance(fallback, Mapping):
                self.table(_FALLBACK, fallback, f"{path}[{at}].")
            else:
                self.add(f"{path}[{at}]", "must be an object with a model", decides=decides)

    def understanding(self, value: Any, path: str, decides: Decides) -> None:
        if not isinstance(value, Mapping):
            self.add(path, "must be an object with a request", decides=decides)
            return
        self.table(_UNDERSTANDING_OBJECT, value, f"{path}.")
        self.misplaced(path, {name: inner for name, inner in value.items() if name != "request"})

    def tasks(self, value: Any, path: str, decides: Decides) -> None:
        if not isinstance(value, Mapping):
            self.add(path, "must be an object of tasks", decides=decides)
            return
        asked = tasks_on(value)
        if len(asked) > MAX_FEATURES:
            self.add(path, f"names more than {MAX_FEATURES} tasks")
            return
        self.table(_REQUEST, value, f"{path}.")
        for name in asked:
            # So that a task of tomorrow has one name for a list of features, too.
            if not (is_plain(name) and name.islower()):
                self.spelling(f"{path}.{_shown(name)}", "a task")
        # What a documented task is told is AssemblyAI's to judge.
        self.misplaced(path, {name: inner for name, inner in value.items() if name not in TASKS})

    def misplaced(self, path: str, value: Any) -> None:
        """Find the name of a task, or `request`, in or below *value*, where none is documented."""
        stack = [(path, value)]
        while stack:
            path, value = stack.pop()
            if isinstance(value, list):
                stack += [(path, inner) for inner in value]
            elif isinstance(value, Mapping):
                for name, inner in value.items():
                    meant = _UNDERSTANDING_OBJECT.name(name) or _REQUEST.name(name)
                    is_place = bool(inner) and isinstance(inner, list | Mapping)
                    if (meant is None or inner is None) and not is_place:
                        continue
                    place = f"{path}.{_shown(name)}" if len(path) < MAX_PATH else path
                    if meant is not None:
                        self.add(place, f"is not where {meant} is documented")
                    if is_place:
                        stack.append((place, inner))

    def one_model(self, body: Mapping[str, Any]) -> None:
        """Find that a request of speech synthesis names its model twice."""
        if body.get("model") is not None and body.get("model_id") is not None:
            self.add("model_id", "stands beside model")

    def task_named(self, body: Mapping[str, Any]) -> None:
        """Find that a request of speech understanding asks for none."""
        outer = body.get("speech_understanding")
        tasks = outer.get("request") if isinstance(outer, Mapping) else None
        if not (isinstance(tasks, Mapping) and tasks_on(tasks)):
            self.add("speech_understanding.request", "names no task")


Check = Callable[[_Finder, Any, str, Decides], None]


@dataclass(frozen=True, slots=True)
class _Member:
    check: Check
    decides: Decides = "price"


class _Table:
    """The decisive members of one object; *is_body*: of a request, or of a fallback of one."""

    def __init__(self, members: Mapping[str, _Member], *, is_body: bool = True) -> None:
        self.members = members
        self.is_body = is_body
        self.by_fold = {folded(name): name for name in members}

    def name(self, name: str) -> str | None:
        """Return which member a lax reader could take *name* for; None for none."""
        return self.by_fold.get(folded(name))


def _is(expected: str, is_right: Callable[[Any], bool]) -> Check:
    def check(finder: _Finder, value: Any, path: str, decides: Decides) -> None:
        if not is_right(value):
            finder.add(path, f"must be {expected}", decides=decides)

    return check


def _texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def _names(value: Any) -> bool:
    return isinstance(value, list) and all(name_of(each) is not None for each in value)


def _domain(value: Any) -> bool:
    return isinstance(value, str) and (not value.strip() or is_plain(value.strip()))


def _undocumented(finder: _Finder, value: Any, path: str, decides: Decides) -> None:
    finder.add(path, "is not documented there", decides=decides)


def _any(finder: _Finder, value: Any, path: str, decides: Decides) -> None:
    """Take any value: only the name decides, or the type is not documented."""


def _shown(name: str) -> str:
    """Return a member's name as one line of plain letters."""
    return json.dumps(name[:MAX_SHOWN])[1:-1]


_TEXT = _Member(_is("a text", lambda value: isinstance(value, str)))
_TEXTS = _Member(_is("a list of texts", _texts))
_MODEL = _Member(_is("the name of a model", lambda value: name_of(value) is not None))
_MODELS = _Member(_is("a list of names of models", _names))
_FLAG = _Member(_is("true or false", lambda value: isinstance(value, bool)))
_LIST = _Member(_is("a list", lambda value: isinstance(value, list)))
_OBJECT = _Member(_is("an object", lambda value: isinstance(value, Mapping)))
_DOMAIN = _Member(_is("the name of a domain", _domain))
_WORDS = _Member(_any, "words")


def _number(limit: int) -> _Member:
    # The gateway documents `minimum: 1` and no maximum: past *limit* a number is nonsense.
    return _Member(
        _is(f"a whole number from 1 to {limit}", lambda value: bool(count(value, limit))), "hold"
    )


_TRANSCRIPT = _Table(
    {
        "audio_url": _TEXT,
        "speech_model": _MODEL,
        "speech_models": _MODELS,
        "domain": _DOMAIN,
        "speech_understanding": _Member(_Finder.understanding),
        **dict.fromkeys(sorted(FLAGS), _FLAG),
        **dict.fromkeys(sorted(FILLED), _Member(_any)),
        "custom_spelling": _LIST,
        "keyterms_prompt": _TEXTS,
        "prompt": _TEXT,
        "word_boost": _TEXTS,
    }
)
_WAY = {
    "model": _MODEL,
    "max_tokens": _number(MAX_TOKENS),
    "max_completion_tokens": _number(MAX_TOKENS),
    "n": _number(MAX_CHOICES),
    "model_region": _TEXT,
    "transcript_id": _TEXT,
    "transcript_ids": _TEXTS,
    "messages": _WORDS,
    "prompt": _WORDS,
    "tools": _WORDS,
}
_CHAT = _Table({**_WAY, "fallbacks": _Member(_Finder.fallbacks), "fallback_config": _OBJECT})
_FALLBACK = _Table({**_WAY, "fallbacks": _Member(_undocumented)})
_UNDERSTANDING = _Table(
    {
        "transcript_id": _TEXT,
        "speech_understanding": _Member(_Finder.understanding),
        **dict.fromkeys(sorted(FLAGS), _FLAG),
    }
)
_UNDERSTANDING_OBJECT = _Table({"request": _Member(_Finder.tasks)}, is_body=False)
_REQUEST = _Table(dict.fromkeys(sorted(TASKS), _OBJECT), is_body=False)
_LEMUR = _Table({"final_model": _MODEL, "transcript_ids": _TEXTS, "prompt": _WORDS})
# The model in AssemblyAI's shape, and in OpenAI's.
_VOICES = {"model_id": _MODEL, "model": _MODEL}
_SPEECH = _Table({**_VOICES, "text": _WORDS, "input": _WORDS})
_WORDS_MESSAGE = _Table({"type": _TEXT, "text": _TEXT})
_WORDLESS_MESSAGE = _Table({"type": _TEXT, "text": _Member(_undocumented)})
_QUERY = _Table(
    dict.fromkeys(
        [*sorted(FLAGS | FILLED), "domain", "max_session_duration_seconds", "speech_model"],
        _Member(_any),
    )
)


def _spelled(is_right: Callable[[Any], bool]) -> Callable[[Any], bool]:
    """Return the check of JSON in a query's text."""
    return lambda value: isinstance(value, str) and is_right(parsed(value))


def _llm(value: Any) -> bool:
    return isinstance(value, Mapping) and name_of(value.get("model")) is not None


_FOCUS = _Member(_is(" or ".join(VOICE_FOCUS), lambda value: value in VOICE_FOCUS))
# Python's SDK writes True, Node's true.
_FLAG_TEXT = _Member(_is("true or false", lambda value: value.lower() in ("true", "false")))
_IN_QUERY: Mapping[Form, _Member] = {
    "flag": _FLAG_TEXT,
    "model": _MODEL,
    "domain": _DOMAIN,
    "focus": _FOCUS,
    "text": _TEXT,
    "terms": _Member(_is("a list of texts, as JSON", _spelled(_texts))),
    "llm": _Member(_is("an object with a model, as JSON", _spelled(_llm))),
}
_IN_UPDATE: Mapping[Form, _Member] = {"flag": _FLAG, "text": _TEXT, "terms": _TEXTS}
_NOT_THERE = _Member(_undocumented)


def _session_table(*, update: bool) -> _Table:
    """Return the decisive parameters of a handshake's query, or of a client's message."""
    members: dict[str, _Member] = {}
    for name, parameter in PARAMETERS.items():
        if parameter.form == "setting":
            continue
        if update and not parameter.update:
            members[name] = _NOT_THERE
            continue
        member = (_IN_UPDATE if update else _IN_QUERY)[parameter.form]
        only_words = parameter.words and parameter.feature is None
        members[name] = _Member(member.check, "words") if only_words else member
    members["speech_models"] = _NOT_THERE
    # No effect on sessions is documented of these; they are recorded if they are on.
    others = sorted((FLAGS | FILLED) - members.keys())
    members |= dict.fromkeys(others, _Member(_any))
    if update:
        members["type"] = _Member(_is(f"one of {', '.join(MESSAGES)}", lambda v: v in MESSAGES))
    return _Table(members)


_SESSION, _MESSAGE = _session_table(update=False), _session_table(update=True)
_NOTHING = _Table({})
_QUERIES: Mapping[str, _Table] = {"session": _SESSION, "tts": _Table(_VOICES)}
_BY_KIND: Mapping[str, _Table] = {
    "transcript": _TRANSCRIPT,
    "chat": _CHAT,
    "understanding": _UNDERSTANDING,
    "lemur": _LEMUR,
    "tts": _SPEECH,
}
_EVERY = _Table(
    {
        name: member
        for table in _BY_KIND.values()
        for name, member in table.members.items()
        if member.decides == "price"
    }
)
