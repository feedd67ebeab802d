"""Generated messages and bodies: none that a lax reader could take for another's id passes."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator
from typing import Any

import pytest

from assemblyai_mw.billing.agents import MESSAGES, ids_in_body
from assemblyai_mw.billing.operations import read
from assemblyai_mw.call import Call, Caller
from assemblyai_mw.middleware.isolation.object_sessions import SessionIds
from assemblyai_mw.relay import Cut
from assemblyai_mw.routes import route_for
from assemblyai_mw.store import Ledger
from assemblyai_mw.store.space import Space

ROUTE = route_for("/agents.assemblyai")
OWN, THEIRS, NEVER = "own-0001", "their-0001", "never-0001"
NAMES = (
    *(
        "agent_id",
        "session_id",
        "AgentId",
        "SESSION_ID",
        "agent-id",
        "agent\u200b_id",
        "\uff41gent_id",
    ),
    *("session", "Session", "input", "output", "tools", "parameters", "result", "arguments"),
    *("system_prompt", "greeting", "audio", "call_id", "instructions", "type", "Type", "x"),
)
FREE = ("tools", "parameters", "arguments", "result")
ROUNDS = 1200


@pytest.fixture(scope="module")
def watcher(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SessionIds]:
    ledger = Ledger(f"sqlite:///{tmp_path_factory.mktemp('fuzz')}/ledger.db")
    me, other = Caller(name="me", key_id=None), Caller(name="other", key_id=None)
    for kind in ("agent", "session"):
        space = Space("agents", "global", kind)
        ledger.own(space, OWN, me)
        ledger.own(space, THEIRS, other)
    call = Call("c", 0.0, ROUTE, "GET", "/v1/ws")
    call.caller = me
    call.reading = read("agents", "GET", "/v1/ws")
    yield SessionIds(ledger, call, me)
    ledger.database.close()


def value(rng: random.Random, depth: int) -> Any:
    kind = rng.randrange(10)
    if depth and kind < 3:
        return {rng.choice(NAMES): value(rng, depth - 1) for _ in range(rng.randrange(4))}
    if depth and kind < 5:
        return [value(rng, depth - 1) for _ in range(rng.randrange(3))]
    return rng.choice([OWN, THEIRS, NEVER, "", "AAAA", None, True, 7, 1.5, "a b"])


def message(rng: random.Random) -> dict[str, Any]:
    said = rng.choice([*MESSAGES, *MESSAGES, "session.attach", "Session.Update", None, 3])
    made = {"type": said, "session": value(rng, 3)} if rng.random() < 0.5 else {"type": said}
    for _ in range(rng.randrange(4)):
        made[rng.choice(NAMES)] = value(rng, 3)
    made["type"] = said
    return made


def named(found: Any) -> Iterator[Any]:
    """What a reader of any laxness could take for an id, but where members are the client's own."""
    if isinstance(found, list):
        for each in found:
            yield from named(each)
    elif isinstance(found, dict):
        for name, each in found.items():
            plain = name.replace("\uff41", "a").lower()
            if re.sub("[^a-z]", "", plain) in ("agentid", "sessionid"):
                yield each
            elif name not in FREE:
                yield from named(each)


def test_no_generated_message_names_another_s_object_and_passes(watcher: SessionIds) -> None:
    rng = random.Random(20261126)
    passed = 0
    for _ in range(ROUNDS):
        made = message(rng)
        verdict = watcher.client_text(json.dumps(made).encode())
        if verdict is None:
            passed += 1
            assert made["type"] in MESSAGES
            assert all(each == OWN for each in named(made)), made
        else:
            assert isinstance(verdict, Cut)
            assert verdict.code in (1008, 3006)
            assert not any(id in verdict.text for id in (OWN, THEIRS, NEVER))
    assert ROUNDS // 20 < passed < ROUNDS


def test_a_damaged_message_never_gets_further_than_a_sound_one(watcher: SessionIds) -> None:
    rng = random.Random(7)
    for _ in range(ROUNDS):
        text = bytearray(json.dumps(message(rng)).encode())
        for _ in range(rng.randrange(1, 4)):
            at = rng.randrange(len(text) + 1)
            how = rng.randrange(3)
            if how == 0:
                text[at:at] = rng.choice(
                    [b'"', b"\\", b"{", b"}", b",", b"\0", b"\xff", b"\\u0061"]
                )
            elif how == 1:
                del text[at : at + rng.randrange(4)]
            else:
                text[at : at + 1] = bytes([rng.randrange(256)])
        if watcher.client_text(bytes(text)) is None:
            read_again = json.loads(text)
            assert read_again["type"] in MESSAGES
            assert all(each == OWN for each in named(read_again)), text


@pytest.mark.parametrize(
    "text, audio",
    [
        (b'{"type":"input.audio","audio":"QUJD"}', True),
        (b' { "type" : "input.audio" , "audio" : "" } ', True),
        (b'{"type":"input.audio","audio":"QUJD","session_id":"x"}', False),
        (b'{"type":"input.audio","audio":"QU\\u004aD"}', False),
        (b'{"type":"input.audio","audio":"QUJD"}{}', False),
        (b'{"type":"input.audio","audio":"QUJD","type":"session.resume"}', False),
        (b'{"type":"input.audio","audio":["QUJD"]}', False),
        (b'{"type":"session.end","audio":"QUJD"}', False),
        (b'{"type":"input.audio","audio":"', False),
        (b'{"type":"input.audio","audio":"QUJD"', False),
        (b'{"type":"input.audio","audio":"QUJD","x":"y"}', False),
        (b'{"type":"input.audio","audio":"not base64, and one text all the same"}', True),
    ],
)
def test_audio_is_what_no_reader_takes_for_something_else(
    watcher: SessionIds, text: bytes, audio: bool
) -> None:
    assert watcher.client_waits(text) is not audio


def test_a_body_s_ids_are_found_however_deep() -> None:
    body: Any = {"agent_id": THEIRS}
    for _ in range(50):
        body = {"x": [body]}
    assert [each.value for each in ids_in_body(body)] == [THEIRS]
    assert ids_in_body({"tools": [{"parameters": {"properties": {"agent_id": {}}}}]}) == []
