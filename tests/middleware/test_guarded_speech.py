"""Guards on sessions of speech synthesis: their client's words, before they go up."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from metered_kit import Heard, listen
from speech_kit import CANCEL, FLUSH, TERMINATE, Speech, generate
from websockets.sync.client import ClientConnection

from assemblyai_mw.guards import Block, Guardrail, PatternGuard
from assemblyai_mw.guards.speech_sessions import LEAST_CHARS, MOST_CHARS, SpeechGuards
from assemblyai_mw.relay import Cut

SSN = "123-45-6789"
# What the guard of this file does: its configuration can hold no function.
ANSWERS: dict[str, Callable[..., Any]] = {}


class Says:
    """A guard that answers as a test says."""

    name = "says"

    def __init__(self, kinds: list[str] | None = None) -> None:
        self.kinds = kinds

    def before(self, call: Any, body: Any) -> Any:
        return ANSWERS.get("before", lambda body: None)(body)


@pytest.fixture(autouse=True)
def no_answers() -> Iterator[None]:
    yield
    ANSWERS.clear()


def entry(guard: str, **more: Any) -> dict[str, Any]:
    options = more.pop("options", {})
    params = {"guardrail": guard, "options": options, **more}
    return {"guardrail_name": guard.rpartition(":")[2].lower(), "litellm_params": params}


def numbers(action: str = "mask", **more: Any) -> dict[str, Any]:
    return entry("pattern", options={"patterns": ["us_ssn"], "action": action}, **more)


@pytest.fixture
def stack_of(sqlite_url: str) -> Iterator[Callable[..., Speech]]:
    made: list[Speech] = []

    def make(*guards: Any) -> Speech:
        made.append(Speech(sqlite_url, guardrails=list(guards)))
        return made[-1]

    yield make
    for stack in made:
        stack.close()


def said(client: ClientConnection, *texts: str) -> Heard:
    for text in texts:
        client.send(text)
    return listen(client)


def words(stack: Speech) -> list[str]:
    """What went up."""
    return [each["text"] for each in stack.spoken().texts if each["type"] == "Generate"]


def test_masked_words_are_what_is_spoken_counted_and_billed(
    stack_of: Callable[..., Speech],
) -> None:
    stack = stack_of(numbers())
    with stack.sdk(stack.key(budget_usd="100")) as session:
        b"".join(session.speak(f"It is {SSN}."))
    stack.idle()
    assert stack.spoken().spoken == ["It is [us_ssn]."]
    assert json.loads(stack.row().usage)["characters"] == len("It is [us_ssn].")


def test_a_block_ends_the_session_and_the_words_do_not_go_up(
    stack_of: Callable[..., Speech],
) -> None:
    stack = stack_of(numbers("block"))
    with stack.speech(stack.key()) as client:
        heard = said(client, generate("Well. "), FLUSH, generate(f"It is {SSN}."), FLUSH)
    code, text = heard.error
    assert (code, "us_ssn" in text, SSN in text) == (1008, True, False)
    assert words(stack) == ["Well. "]
    stack.idle()
    assert stack.row().state == "settled"


def test_a_finding_across_messages_ends_the_session(stack_of: Callable[..., Speech]) -> None:
    stack = stack_of(numbers())
    with stack.speech(stack.key()) as client:
        heard = said(client, *map(generate, ("It is ", "123-45", "-6789", ".")))
    code, text = heard.error
    assert (code, "words that were sent before" in text) == (1008, True)
    assert words(stack) == ["It is ", "123-45"]


@pytest.mark.parametrize("ends", [FLUSH, CANCEL])
def test_words_of_another_request_are_another_text(
    stack_of: Callable[..., Speech], ends: str
) -> None:
    stack = stack_of(numbers())
    with stack.speech(stack.key()) as client:
        said(client, generate("123-45"), ends, generate("-6789"), TERMINATE)
    assert words(stack) == ["123-45", "-6789"]


def test_a_guard_sees_the_parameters_and_then_the_words(stack_of: Callable[..., Speech]) -> None:
    seen: list[Any] = []
    stack = stack_of(entry(f"{__name__}:Says"))
    ANSWERS["before"] = lambda body: seen.append(body)
    with stack.speech(stack.key(), voice_id="aai-jane") as client:
        said(client, generate("Hello "), generate("you."), FLUSH, TERMINATE)
    assert seen == [
        {"voice_id": "aai-jane"},
        {"type": "Generate", "text": "Hello "},
        {"type": "Generate", "text": "Hello you."},
    ]


def test_a_guard_changes_and_refuses_parameters(stack_of: Callable[..., Speech]) -> None:
    stack = stack_of(entry(f"{__name__}:Says"))
    ANSWERS["before"] = lambda body: {**body, "voice_id": "aai-anna"}
    with stack.speech(stack.key(), voice_id="aai-jane", language="spanish") as client:
        said(client, TERMINATE)
    assert stack.fake.speech_sessions[-1].query == "voice_id=aai-anna&language=spanish"
    ANSWERS["before"] = lambda body: Block("no cloned voices")
    with stack.speech(stack.key("bob")) as client:
        code, text = said(client).error
    assert (code, "no cloned voices" in text) == (1008, True)
    assert len(stack.fake.speech_sessions) == 1


def test_digits_in_the_name_of_a_voice_are_no_words(stack_of: Callable[..., Speech]) -> None:
    stack = stack_of(numbers("block"))
    with stack.speech(stack.key(), voice_id=SSN) as client:
        assert said(client, TERMINATE).types() == ["Begin", "Termination"]
    reply = {"voice_id": SSN, "text": "Hello."}
    import requests

    address = f"http://127.0.0.1:{stack.port}/us.tts.assemblyai/v1/speech"
    headers = {"Authorization": stack.key("bob")}
    assert requests.post(address, json=reply, headers=headers, timeout=10).status_code == 200


@pytest.mark.parametrize("on_error, code", [("closed", 3005), ("open", None)])
def test_a_guard_that_fails_is_closed_or_open(
    stack_of: Callable[..., Speech], on_error: str, code: int | None
) -> None:
    def fail(body: Any) -> None:
        if "text" in body:
            raise RuntimeError("a fault of its own")

    stack = stack_of(entry(f"{__name__}:Says", on_error=on_error))
    ANSWERS["before"] = fail
    with stack.speech(stack.key()) as client:
        heard = said(client, generate("Hello."), TERMINATE)
    assert (heard.error[0] if code else None) == code
    assert words(stack) == ([] if code else ["Hello."])


@pytest.mark.parametrize("kinds", [["chat"], ["session"]])
def test_a_guard_of_other_kinds_is_not_asked(
    stack_of: Callable[..., Speech], kinds: list[str]
) -> None:
    stack = stack_of(entry(f"{__name__}:Says", options={"kinds": kinds}))
    ANSWERS["before"] = lambda body: Block("never")
    with stack.speech(stack.key()) as client:
        assert said(client, TERMINATE).types() == ["Begin", "Termination"]


def test_a_guard_that_only_logs_changes_nothing(stack_of: Callable[..., Speech]) -> None:
    stack = stack_of(numbers("block", mode="logging_only"))
    with stack.speech(stack.key()) as client:
        said(client, generate(f"It is {SSN}."), TERMINATE)
    assert words(stack) == [f"It is {SSN}."]


def test_what_guards_cannot_read_ends_the_session(stack_of: Callable[..., Speech]) -> None:
    stack = stack_of(numbers())
    with stack.speech(stack.key()) as client:
        assert said(client, json.dumps({"type": "Speak", "text": SSN})).error[0] == 1008
    with stack.speech(stack.key("other")) as client:
        assert said(client, json.dumps({"type": "Flush", "text": SSN})).error[0] == 3006
    assert words(stack) == []


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pieces=st.lists(st.text("123456789- .ab", max_size=9), max_size=30))
def test_no_finding_goes_up_whole_however_it_is_cut(pieces: list[str]) -> None:
    from assemblyai_mw.call import Call
    from assemblyai_mw.routes import route_for

    pattern = {"ssn": r"\d{3}-\d{2}"}
    guard = PatternGuard(patterns=pattern, action="mask")
    call = Call("x", 0.0, route_for("/us.tts.assemblyai"), "GET", "/v1/ws", session=[])
    watcher = SpeechGuards([Guardrail(guard)], call)
    went = ""
    for piece in pieces:
        text = generate(piece).encode()
        answer = watcher.client_text(text)
        if isinstance(answer, Cut):
            break
        went += json.loads(text if answer is None else answer)["text"]
    assert not list(guard.find(went))


def test_what_is_judged_again_has_a_bound() -> None:
    from assemblyai_mw.call import Call
    from assemblyai_mw.routes import route_for

    longest = 0

    class Measures:
        def before(self, call: Any, body: dict[str, Any]) -> None:
            nonlocal longest
            longest = max(longest, len(body["text"]))

    call = Call("x", 0.0, route_for("/us.tts.assemblyai"), "GET", "/v1/ws", session=[])
    watcher = SpeechGuards([Guardrail(Measures())], call)
    for _ in range(3000):
        watcher.client_text(generate("word ").encode())
    assert LEAST_CHARS < longest <= MOST_CHARS + 5
