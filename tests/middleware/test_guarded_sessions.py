"""Guards on streaming sessions: their query, their client's updates, and AssemblyAI's texts.

Real parts: a stack under Werkzeug's server, a stand-in on sockets, raw clients and the SDK.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qsl, quote

import pytest
from session_kit import MODEL, STREAMING, Site, farewell, live, served_by_gunicorn, until
from stand_in.streaming_kit import CHUNK, Raw, Sdk

from assemblyai_mw.call.session_kind import STREAMING as SPEAKS
from assemblyai_mw.guards import Block, Guardrail, PatternGuard
from assemblyai_mw.guards.sessions import SessionGuards
from assemblyai_mw.testing import FakeAssemblyAI
from assemblyai_mw.testing.websocket import BINARY, TEXT

SSN = "123 45 6789"
PATTERNS = {"ssn": r"\d{3} \d{2} \d{4}"}
TURN = {
    "type": "Turn",
    "turn_order": 7,
    "turn_is_formatted": False,
    "end_of_turn": False,
    "transcript": "",
    "utterance": "",
    "end_of_turn_confidence": 0.0,
    "words": [],
}
# What guards of this file do, by their name: their configuration can hold no function.
ANSWERS: dict[str, Callable[..., Any]] = {}


class Says:
    """A guard that answers as a test says."""

    def __init__(self, name: str, kinds: list[str] | None = None) -> None:
        self.name = name
        self.kinds = kinds

    def before(self, call: Any, body: Any) -> Any:
        return ANSWERS.get(f"{self.name} before", lambda call, body: None)(call, body)

    def after(self, call: Any, reply: Any) -> Any:
        return ANSWERS.get(f"{self.name} after", lambda call, reply: None)(call, reply)


@pytest.fixture(autouse=True)
def no_answers() -> Iterator[None]:
    yield
    ANSWERS.clear()


def says(name: str, **more: Any) -> dict[str, Any]:
    options = {"name": name, "kinds": more.pop("kinds", None)}
    return entry(name, f"{__name__}:Says", options, **more)


def entry(name: str, guard: str, options: dict[str, Any], **more: Any) -> dict[str, Any]:
    params = {"guardrail": guard, "options": options, **more}
    return {"guardrail_name": name, "litellm_params": params}


def numbers(action: str = "mask", **more: Any) -> dict[str, Any]:
    options = {"patterns": PATTERNS, "action": action, **more.pop("options", {})}
    return entry("numbers", "pattern", options, **more)


@pytest.fixture
def site(sqlite_url: str) -> Iterator[Callable[..., Site]]:
    """A stack with guards, and a stand-in that says *text* within a second of audio."""
    open_now: list[Any] = []

    def make(*guards: Any, text: str = "Hello there. Good bye.", **config: Any) -> Site:
        fake = FakeAssemblyAI(text=text, audio_s=1.0)
        context = live(sqlite_url, us=fake, guardrails=list(guards), **config)
        made = context.__enter__()
        open_now.append(context)
        return made

    yield make
    for context in open_now:
        context.__exit__(None, None, None)


def talk(session: Raw, seconds: float = 1.0) -> None:
    for _ in range(int(seconds * 10)):
        session.send(BINARY, CHUNK)


def to_end(session: Raw) -> list[dict[str, Any]]:
    """Terminate, and return all messages."""
    session.say({"type": "Terminate"})
    found = [session.message()]
    while found[-1]["type"] != "Termination":
        found.append(session.message())
    assert session.close_code() == 1000
    return found


# What AssemblyAI says


def test_a_masked_turn_arrives_at_the_sdk_and_no_part_of_it_leaks(site: Any) -> None:
    at = site(numbers(), text=f"Call {SSN} today. Thank you.")
    sdk = Sdk(at.url + STREAMING, key=at.key("alice")).connect(speech_model="u3-rt-pro")
    sdk.client.stream([CHUNK] * 10)
    sdk.client.disconnect(terminate=True)
    assert sdk.errors == []
    turns = [event for event in sdk.events if event.type == "Turn" and event.end_of_turn]
    assert [turn.transcript for turn in turns] == ["Call [ssn] today.", "Thank you."]
    assert [word.text for word in turns[0].words] == ["Call", "[ssn]", "", "", "today."]
    assert not any("6789" in str(event) for event in sdk.events)
    assert any("6789" in str(message) for message in at.us.sessions[-1].sent)


def test_a_number_that_builds_up_over_partial_turns_is_masked_once_it_is_there(site: Any) -> None:
    at = site(numbers())
    with at.open(at.key("alice")) as session:
        session.message()
        said = ["", "123", "123 45", "123 45 6789", "123 45 6789 is", "123 45 6789 is it."]
        words = " ".join(said).split()
        for transcript in said:
            words = [{"text": word} for word in transcript.split()]
            at.us.sessions[-1].send({**TURN, "transcript": transcript, "words": words})
        found = [session.message() for _ in said]
    shown = [turn["transcript"] for turn in found]
    assert shown == ["", "123", "123 45", "[ssn]", "[ssn] is", "[ssn] is it."]
    texts = [[word["text"] for word in turn["words"]] for turn in found]
    assert texts[3:] == [["[ssn]", "", ""], ["[ssn]", "", "", "is"], ["[ssn]", "", "", "is", "it."]]


def test_a_number_whose_last_word_is_not_final_is_masked_in_transcript_and_words(
    site: Any,
) -> None:
    at = site(numbers())
    with at.open(at.key("alice")) as session:
        session.message()
        words = [{"text": word, "word_is_final": word != "6789"} for word in SSN.split()]
        at.us.sessions[-1].send({**TURN, "transcript": "123 45", "words": words})
        turn = session.message()
    assert turn["transcript"] == "[ssn]"
    assert [word["text"] for word in turn["words"]] == ["[ssn]", "", ""]


@pytest.mark.parametrize(
    "message",
    [
        {"type": "LLMGatewayResponse", "transcript": SSN, "data": {"choices": [{"text": SSN}]}},
        {
            "type": "LLMGatewayResponse",
            "data": {"choices": [{"message": {"role": "assistant", "content": f"So {SSN}"}}]},
        },
        {
            "type": "SpeakerRevision",
            "revisions": [{"turn_order": 1, "words": [{"text": each} for each in SSN.split()]}],
        },
        {"type": "OfTomorrow", "words_of_it": [[SSN]]},
        {"untyped": SSN},
        {"type": "Turn", "transcript": SSN, "words": [{"text": "one two three"}]},
    ],
    ids=["response", "message", "revision", "unknown", "untyped", "other words"],
)
def test_each_message_with_words_is_guarded(site: Any, message: dict[str, Any]) -> None:
    at = site(numbers())
    with at.open(at.key("alice")) as session:
        session.message()
        at.us.sessions[-1].send(message)
        shown = json.dumps(session.message())
    assert "[ssn]" in shown
    assert "6789" not in shown
    assert "two" not in shown


def test_what_guards_do_not_change_arrives_byte_for_byte(site: Any) -> None:
    at = site(numbers())
    spelled = b'{"type":  "Turn", "transcript": "\\u0048i", "b": 1.50}'
    with at.open(at.key("alice")) as session:
        session.message()
        at.us.sessions[-1]._socket.send_text(spelled.decode())
        assert session.frame() == (bytes((0x80 | TEXT, len(spelled))), spelled)


def test_a_blocked_turn_ends_the_session_with_the_reason_and_nothing_after_it(site: Any) -> None:
    at = site(numbers("block"), text=f"First words. Then {SSN} comes. And more.")
    with at.open(at.key("alice", budget_usd="1"), "speech_model=u3-rt-pro") as session:
        talk(session)
        found = [session.message()]
        while found[-1]["type"] != "Error":
            found.append(session.message())
        assert session.frame()[0][0] & 0x0F == 8
        assert session._reader.read() == b""
    assert found[-1]["error_code"] == 1008
    assert found[-1]["error"] == "Blocked by guardrail 'numbers': ssn found"
    shown = json.dumps(found[:-1])
    assert "First" in shown
    assert "6789" not in shown
    assert "Termination" not in shown
    record = at.ended()
    until(lambda: at.us.sessions[-1].ended_by == "terminate")
    (row,) = at.rows()
    assert row.state == "settled"
    assert row.cost_nano > 0
    assert at.nothing_open()
    assert record.status == 101


def test_a_block_holds_for_the_last_turns_of_a_session_that_ends_for_another_reason(
    site: Any,
) -> None:
    at = site(numbers("block"), text=f"Good bye. Mine is {SSN} and that is all there is to say")
    with at.open(at.key("alice"), f"{MODEL}&include_partial_turns=false") as session:
        session.message()
        talk(session)
        until(lambda: at.us.sessions[-1].chunks == 10)
        at.middleware.parts.relay.begin_drain()
        found = [session.message()]
        while found[-1]["type"] != "Error":
            found.append(session.message())
    assert found[-1]["error_code"] == 1012
    assert SSN in json.dumps(list(at.us.sessions[-1].sent))
    assert "good bye" in json.dumps(found)
    assert "6789" not in json.dumps(found)


def test_other_sessions_go_on_while_a_guard_is_slow(site: Any) -> None:
    seen, release = threading.Event(), threading.Event()

    def wait(call: Any, reply: Any) -> None:
        if call.caller.name == "alice":
            seen.set()
            assert release.wait(20)

    ANSWERS["slow after"] = wait
    at = site(says("slow"))
    with at.open(at.key("alice")) as held:
        held.message()
        talk(held, 0.5)
        assert seen.wait(20)
        for name in ("bob", "carol", "dave"):
            with at.open(at.key(name)) as session:
                talk(session)
                assert "Turn" in [message["type"] for message in to_end(session)]
        assert held.connection.gettimeout() is not None
        release.set()
        assert "Turn" in [message["type"] for message in to_end(held)]


def test_texts_keep_their_order_behind_a_slow_guard(site: Any) -> None:
    ANSWERS["slow after"] = lambda call, reply: {**reply, "seen": True}
    at = site(says("slow"))
    with at.open(at.key("alice")) as session:
        talk(session)
        found = to_end(session)
    types = [message["type"] for message in at.us.sessions[-1].sent]
    assert [message["type"] for message in found] == types
    assert [message.get("seen") for message in found] == [
        True if kind == "Turn" else None for kind in types
    ]


def fails(call: Any, value: Any) -> None:
    raise RuntimeError(SSN)


def hangs(call: Any, value: Any) -> None:
    threading.Event().wait(0.5)


@pytest.mark.parametrize("how", [fails, hangs, lambda call, value: 7])
def test_a_closed_guard_that_fails_ends_the_session(site: Any, how: Any) -> None:
    ANSWERS["broken after"] = how
    at = site(says("broken", timeout_s=0.05))
    with at.open(at.key("alice")) as session:
        talk(session)
        code, text = farewell(session)
    assert code == 3005
    assert text == "The guardrail 'broken' could not judge this session, so it is over."


@pytest.mark.parametrize("how", [fails, hangs])
def test_an_open_guard_that_fails_is_skipped(site: Any, how: Any) -> None:
    ANSWERS["broken after"] = ANSWERS["broken before"] = how
    at = site(says("broken", timeout_s=0.05, on_error="open"), numbers(), text=f"My {SSN}.")
    with at.open(at.key("alice")) as session:
        talk(session)
        found = to_end(session)
    assert "my [ssn]" in json.dumps(found)
    assert "6789" not in json.dumps(found)


# What the client sends


def update(**members: Any) -> bytes:
    return json.dumps({"type": "UpdateConfiguration", **members}).encode()


def test_an_update_goes_up_masked(site: Any) -> None:
    at = site(numbers())
    with at.open(at.key("alice")) as session:
        session.send(
            TEXT, update(prompt=f"It is {SSN}", keyterms_prompt=["a", SSN], vad_threshold=0.5)
        )
        to_end(session)
    expected = {
        "type": "UpdateConfiguration",
        "prompt": "It is [ssn]",
        "keyterms_prompt": ["a", "[ssn]"],
        "vad_threshold": 0.5,
    }
    assert at.us.sessions[-1].texts == [expected, {"type": "Terminate"}]


@pytest.mark.parametrize(
    "text",
    [
        r'{"type":"UpdateConfiguration","prompt":"\u0031\u00323 45\u0020678\u0039"}',
        r'{"type":"Update\u0043onfiguration","prompt":"123 45 6789"}',
        r'{"\u0074ype":"UpdateConfiguration","prom\u0070t":"123 45 6789"}',
        '{"prompt":"123 45 6789",\n\t"type":"UpdateConfiguration"}',
        '{"type":"KeepAlive","note":"123 45 6789"}',
    ],
)
def test_no_spelling_of_json_evades_the_guards(site: Any, text: str) -> None:
    at = site(numbers())
    with at.open(at.key("alice")) as session:
        session.send(TEXT, text.encode())
        to_end(session)
    shown = json.dumps(at.us.sessions[-1].texts[0])
    assert "[ssn]" in shown
    assert "6789" not in shown


@pytest.mark.parametrize(
    "text, code",
    [
        ('{"type":"UpdateConfiguration","prompt":"123 45 6789","prompt":"x"}', 3006),
        ('{"type":"UpdateConfiguration","Prompt":"x"}', 3006),
        ('{"type":"UpdateConfiguration","prompt":7}', 3006),
        ('{"type":"KeepAlive","Type":"UpdateConfiguration","prompt":"x"}', 3006),
        ('{"type":"UpdateConfiguration","prompt":NaN}', 3006),
        ("{'type':'UpdateConfiguration'}", 3006),
        ('["UpdateConfiguration"]', 3006),
        ('{"type":"updateconfiguration","prompt":"x"}', 1008),
        ('{"type":["UpdateConfiguration"],"prompt":"x"}', 1008),
        ('{"prompt":"x"}', 1008),
        ('{"type":"Speak","text":"x"}', 1008),
    ],
)
def test_what_could_be_read_in_two_ways_or_not_at_all_ends_the_session(
    site: Any, text: str, code: int
) -> None:
    at = site(numbers())
    with at.open(at.key("alice")) as session:
        session.send(TEXT, text.encode())
        assert farewell(session)[0] == code
    until(lambda: at.us.sessions[-1].ended_by)
    assert at.us.sessions[-1].texts == [{"type": "Terminate"}]


def test_a_blocked_update_ends_the_session_and_does_not_go_up(site: Any) -> None:
    at = site(numbers("block"))
    with at.open(at.key("alice")) as session:
        session.send(TEXT, update(prompt=SSN))
        assert farewell(session) == (1008, "Blocked by guardrail 'numbers': ssn found")
    until(lambda: at.us.sessions[-1].ended_by)
    assert at.us.sessions[-1].texts == [{"type": "Terminate"}]


def test_what_a_guard_makes_of_an_update_is_what_the_key_is_judged_by(site: Any) -> None:
    ANSWERS["turns before"] = lambda call, body: {**body, "filter_profanity": True}
    at = site(says("turns"))
    key = at.key("alice", denied_features=["filter_profanity"])
    with at.open(key, MODEL) as session:
        assert farewell(session)[0] == 1008
    assert at.unseen()


# The handshake


def queried(at: Site) -> dict[str, str]:
    return dict(parse_qsl(at.us.sessions[-1].query))


def test_the_words_of_a_query_go_up_masked_and_the_rest_as_it_is(site: Any) -> None:
    at = site(numbers())
    llm = {
        "model": "gpt-5",
        "messages": [{"role": "system", "content": f"Say {SSN}"}],
        "max_tokens": 9,
    }
    words = {
        "prompt": f"It is {SSN}",
        "keyterms_prompt": json.dumps(["a", SSN]),
        "agent_context": SSN,
        "llm_gateway": json.dumps(llm),
        "of_tomorrow": SSN,
    }
    query = "&".join(f"{name}={quote(value)}" for name, value in words.items())
    with at.open(
        at.key("alice"), f"%73ample_rate=16000&{MODEL}&{query}&inactivity_timeout=60"
    ) as one:
        to_end(one)
    sent = at.us.sessions[-1].query
    assert sent.startswith(f"%73ample_rate=16000&{MODEL}&prompt=It%20is%20%5Bssn%5D&")
    assert sent.endswith("&inactivity_timeout=60")
    found = queried(at)
    assert json.loads(found["keyterms_prompt"]) == ["a", "[ssn]"]
    assert json.loads(found["llm_gateway"])["messages"][0]["content"] == "Say [ssn]"
    assert found["agent_context"] == found["of_tomorrow"] == "[ssn]"
    assert at.us.sessions[-1].options["prompt"] == "It is [ssn]"


@pytest.mark.parametrize(
    "query",
    [
        "prompt=%31%32%33+45%206789",
        "p%72ompt=123+45+6789",
        "keyterms_prompt=%5B%22%5Cu003123%2045%206789%22%5D",
    ],
)
def test_no_spelling_of_a_query_evades_the_guards(site: Any, query: str) -> None:
    at = site(numbers())
    with at.open(at.key("alice"), f"{MODEL}&{query}") as session:
        to_end(session)
    assert "[ssn]" in str(queried(at))
    assert "6789" not in str(queried(at))


@pytest.mark.parametrize(
    "query",
    [
        f"prompt={quote(SSN)}&prompt=x",
        f"PROMPT={quote(SSN)}x",
        "keyterms_prompt=%5Bx",
        "llm_gateway="
        + quote('{"model":"m","messages":[{"content":"1"}],"messages":[{"content":"2"}]}'),
    ],
)
def test_a_query_that_could_be_read_in_two_ways_opens_nothing(site: Any, query: str) -> None:
    at = site(numbers())
    assert at.goodbye(at.key("alice"), f"{MODEL}&{query}")[0] == 3006
    assert at.unseen()


def test_a_blocked_query_opens_nothing_and_costs_nothing(site: Any) -> None:
    at = site(numbers("block"))
    key = at.key("alice", budget_usd="1")
    found = at.goodbye(key, f"{MODEL}&prompt={quote(SSN)}")
    assert found == (1008, "Blocked by guardrail 'numbers': ssn found")
    assert at.unseen()
    assert at.rows() == []
    assert at.nothing_open()


def test_a_guard_that_fails_at_the_handshake_opens_nothing(site: Any) -> None:
    ANSWERS["broken before"] = fails
    at = site(says("broken"))
    answer = at.refused(at.key("alice"))
    assert answer.status == 503
    assert "'broken' could not judge this session, so it is not opened" in str(answer.json)
    assert at.unseen()


@pytest.mark.parametrize(
    "kinds, query, is_open",
    [
        (["transcript"], MODEL, False),
        (["chat", "result"], MODEL, False),
        (["session"], MODEL, True),
        (["chat"], MODEL, True),
        (["chat"], f"{MODEL}&llm_gateway=" + quote('{"model":"m","messages":[]}'), False),
        (["chat", "session"], f"{MODEL}&llm_gateway=" + quote('{"model":"m"}'), True),
        ([], MODEL, True),
    ],
)
def test_a_guard_of_speech_that_does_not_see_sessions_refuses_them(
    site: Any, kinds: list[str], query: str, is_open: bool
) -> None:
    at = site(says("half", kinds=kinds))
    if is_open:
        with at.open(at.key("alice"), query) as session:
            assert session.message()["type"] == "Begin"
        return
    code, text = at.goodbye(at.key("alice"), query)
    assert code == 1008
    assert "'half' does not check such sessions" in text
    assert at.unseen()


def test_a_request_for_the_path_of_sessions_that_is_no_handshake_is_not_judged(site: Any) -> None:
    at = site(numbers("block"))
    answer = at.get(f"{STREAMING}/v3/ws?prompt={quote(SSN)}", Authorization=at.key("alice"))
    assert answer.status == 426


def test_a_masked_query_goes_up_from_gunicorn_too(sqlite_url: str, tmp_path: Any) -> None:
    guards = [numbers()]
    with served_by_gunicorn(sqlite_url, tmp_path, guardrails=guards) as at:
        with at.open(at.key("alice"), f"prompt={quote(SSN)}&{MODEL}") as session:
            to_end(session)
        assert at.us.sessions[-1].query == f"prompt=%5Bssn%5D&{MODEL}"


# A policy of features


def policy(**options: Any) -> dict[str, Any]:
    return entry("policy", "feature_policy", options)


@pytest.mark.parametrize(
    "feature, query",
    [
        ("redact_pii", "redact_pii=True"),
        ("speaker_labels", "speaker_labels=true"),
        ("voice_focus", "noise_suppression_model=near-field"),
        ("prompt", "prompt=x"),
        ("domain.medical-v1", "domain=medical-v1"),
        ("llm_gateway", "llm_gateway=" + quote('{"model":"m"}')),
    ],
)
def test_a_forbidden_feature_opens_no_session(site: Any, feature: str, query: str) -> None:
    at = site(policy(forbid=[feature]))
    code, text = at.goodbye(at.key("alice"), f"{MODEL}&{query}")
    assert (code, text) == (1008, f"Blocked by guardrail 'policy': {feature} may not be used")
    assert at.unseen()


def test_a_forbidden_feature_cannot_be_turned_on_later(site: Any) -> None:
    at = site(policy(forbid=["prompt"]))
    with at.open(at.key("alice")) as session:
        session.send(TEXT, update(prompt="x"))
        assert farewell(session)[0] == 1008
    until(lambda: at.us.sessions[-1].ended_by)
    assert "prompt" not in at.us.sessions[-1].features


def test_what_is_forced_is_forced_on_sessions_and_their_updates(site: Any) -> None:
    forced = {"redact_pii": True, "redact_pii_policies": ["person_name"], "prompt": "Be plain"}
    at = site(policy(force=forced))
    # A parameter that looks like an update's type is none.
    query = f"{MODEL}&redact_pii=false&prompt=Mine&type=UpdateConfiguration"
    with at.open(at.key("alice"), query) as session:
        session.send(TEXT, update(prompt="Mine", vad_threshold=0.1))
        to_end(session)
    opened = at.us.sessions[-1]
    assert {name: opened.options[name] for name in forced} == forced
    sent = {"type": "UpdateConfiguration", "prompt": "Be plain", "vad_threshold": 0.1}
    assert opened.texts[0] == sent
    assert opened.features >= {"redact_pii", "prompt"}
    until(lambda: at.rows()[0].state == "settled")


def test_what_sessions_do_not_have_cannot_be_forced_on_them(site: Any) -> None:
    at = site(policy(force={"sentiment_analysis": True}))
    code, text = at.goodbye(at.key("alice"))
    assert code == 1008
    assert "sentiment_analysis is forced, and sessions do not have it" in text


def test_sessions_can_have_forced_parameters_of_their_own(site: Any) -> None:
    at = site(policy(force={"sentiment_analysis": True}, force_sessions={"redact_pii": True}))
    with at.open(at.key("alice")) as session:
        to_end(session)
    assert at.us.sessions[-1].options["redact_pii"] is True


# The log, and what is asked at all


def lines(caplog: Any) -> list[str]:
    found = [each.getMessage() for each in caplog.records if each.name.endswith("guardrails")]
    return [" ".join(p for p in line.split(" ") if not p.startswith("call=")) for line in found]


def test_an_action_is_told_once_a_session(site: Any, caplog: Any) -> None:
    caplog.set_level(logging.INFO, "assemblyai_mw.guardrails")
    at = site(numbers(), text=f"{SSN} and {SSN}.")
    with at.open(at.key("alice"), f"{MODEL}&prompt={quote(SSN)}") as session:
        session.send(TEXT, update(prompt=SSN))
        talk(session)
        to_end(session)
    assert lines(caplog) == [
        "guard=numbers stage=before action=changed reason=",
        "guard=numbers stage=after action=changed reason=",
    ]
    assert "6789" not in caplog.text


def test_a_guard_that_only_logs_changes_nothing(site: Any, caplog: Any) -> None:
    caplog.set_level(logging.INFO, "assemblyai_mw.guardrails")
    at = site(numbers("block", mode="logging_only"), text=f"{SSN} and so on.")
    with at.open(at.key("alice"), f"{MODEL}&prompt={quote(SSN)}") as session:
        talk(session)
        assert "6789" in json.dumps(to_end(session))
    assert queried(at)["prompt"] == SSN
    assert lines(caplog) == [
        "guard=numbers stage=before action=would_block reason=ssn found",
        "guard=numbers stage=after action=would_block reason=ssn found",
    ]


def test_a_custom_guard_sees_parameters_updates_and_turns(site: Any) -> None:
    seen: list[Any] = []
    ANSWERS["sees before"] = lambda call, body: seen.append((call.kind, body))
    ANSWERS["sees after"] = lambda call, reply: seen.append((call.kind, reply["type"]))
    at = site(says("sees"))
    query = f"{MODEL}&keyterms_prompt=%5B%22a%22%5D"
    with at.open(at.key("alice"), query) as session:
        session.send(TEXT, update(prompt="x"))
        at.us.sessions[-1].send(TURN)
        to_end(session)
    model = MODEL.partition("=")[2]
    assert seen[0] == ("session", {"speech_model": model, "keyterms_prompt": ["a"]})
    assert ("session", {"type": "UpdateConfiguration", "prompt": "x"}) in seen
    assert ("session", "Turn") in seen
    assert len(seen) == 3


def test_a_custom_guard_can_block_by_a_setting(site: Any) -> None:
    ANSWERS["pii before"] = lambda call, body: None if "redact_pii" in body else Block("no PII")
    at = site(says("pii"))
    assert at.goodbye(at.key("alice")) == (1008, "Blocked by guardrail 'pii': no PII")


@pytest.mark.parametrize("before, after", [(True, False), (False, True)])
def test_a_direction_without_guards_does_not_wait(before: bool, after: bool) -> None:
    guards = [Guardrail(PatternGuard(patterns=["email"]))]
    call: Any = None
    watcher = SessionGuards(guards if before else [], guards if after else [], call, SPEAKS)
    assert (watcher.slow_client, watcher.slow_server) == (before, after)
    if not before:
        assert watcher.client_text(b"no JSON") is None
    if not after:
        assert watcher.server_text(b"no JSON") is None
