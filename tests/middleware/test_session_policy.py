"""What a client says in an open session, judged for a key with lists or a region."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from assemblyai.streaming.v3 import StreamingSessionParameters
from session_kit import MASTER_KEY, MODEL, WS, Site, farewell, live, until
from stand_in.streaming_kit import MASK, Raw, Sdk, handshake

from assemblyai_mw.testing.websocket import BINARY, TEXT, frame

EU = "/eu.streaming.assemblyai/v3/ws"
UPDATE = '"type":"UpdateConfiguration"'


@pytest.fixture
def site(sqlite_url: str) -> Iterator[Site]:
    with live(sqlite_url) as running:
        yield running


def texts(site: Site) -> list[Any]:
    """What clients' texts reached AssemblyAI, without the ends."""
    ends = {"type": "Terminate"}
    all_sessions = [*site.us.sessions, *site.eu.sessions]
    return [text for each in all_sessions for text in each.texts if text != ends]


def say(session: Raw, text: str | bytes, *, pieces: int = 1) -> None:
    data = text.encode() if isinstance(text, str) else text
    if pieces == 1:
        session.send(TEXT, data)
        return
    size = -(-len(data) // pieces)
    parts = [data[at : at + size] for at in range(0, len(data), size)]
    for at, part in enumerate(parts):
        session.send(0 if at else TEXT, part, fin=at == len(parts) - 1)


DENIED: dict[str, Any] = {"denied_features": ["prompt", "keyterms_prompt"]}
CUTS: list[tuple[dict[str, Any], str, int, str]] = [
    (DENIED, f'{{{UPDATE},"prompt":"a"}}', 1008, "prompt"),
    (DENIED, f'{{"prompt":"a",{UPDATE}}}', 1008, "prompt"),
    (DENIED, '{"typ\\u0065":"UpdateConfiguration","prompt":"a"}', 1008, "prompt"),
    (DENIED, '{"type":"UpdateConfigur\\u0061tion","\\u0070rompt":"a"}', 1008, "prompt"),
    (DENIED, f'{{{UPDATE},"keyterms_prompt":["a"]}}', 1008, "keyterms_prompt"),
    (DENIED, f'{{{UPDATE},"prompt":null,"prompt":"a"}}', 3006, ""),
    (DENIED, f'{{{UPDATE},"type":"KeepAlive","prompt":"a"}}', 3006, ""),
    (DENIED, f'{{"type":"KeepAlive",{UPDATE},"prompt":"a"}}', 3006, ""),
    (DENIED, f'{{{UPDATE},"Prompt":"a"}}', 3006, "Prompt"),
    (DENIED, f'{{{UPDATE},"PROMPT":"a"}}', 3006, "PROMPT"),
    (DENIED, f'{{{UPDATE},"prompt ":"a"}}', 3006, "prompt"),
    (DENIED, f'{{{UPDATE},"keyterms-prompt":["a"]}}', 3006, "keyterms"),
    (DENIED, f'{{{UPDATE},"keyterms_prompt":"a"}}', 3006, "keyterms_prompt"),
    (DENIED, '{"type":"updateconfiguration","prompt":"a"}', 1008, "type"),
    (DENIED, '{"Type":"UpdateConfiguration","prompt":"a"}', 1008, "type"),
    (DENIED, '{"type":"KeepAlive","Type":"UpdateConfiguration","prompt":"a"}', 3006, "type"),
    (DENIED, '{"type":["UpdateConfiguration"],"prompt":"a"}', 1008, "type"),
    (DENIED, '{"prompt":"a"}', 1008, "type"),
    (DENIED, '{"type":"SetSomething","prompt":"a"}', 1008, "type"),
    (DENIED, '[{"type":"UpdateConfiguration","prompt":"a"}]', 3006, ""),
    (DENIED, f'{{{UPDATE},"prompt":"a"}} ', 1008, "prompt"),
    (DENIED, f'{{{UPDATE},"prompt":"a"}}{{}}', 3006, ""),
    (DENIED, f'\ufeff{{{UPDATE},"prompt":"a"}}', 3006, ""),
    (DENIED, "not json", 3006, ""),
    (DENIED, "", 3006, ""),
    (DENIED, "[" * 100_000, 3006, ""),
    (DENIED, f'{{{UPDATE},"llm_gateway":{{"model":"a"}}}}', 3006, "llm_gateway"),
    ({"features": ["format_turns"]}, f'{{{UPDATE},"prompt":"a"}}', 1008, "prompt"),
    (
        {"models": ["universal-streaming-english"]},
        f'{{{UPDATE},"speech_model":"universal-streaming-multilingual"}}',
        3006,
        "speech_model",
    ),
    (
        {"models": ["universal-streaming-english"]},
        f'{{{UPDATE},"speech_models":["universal-streaming-multilingual"]}}',
        3006,
        "speech_models",
    ),
    ({"region": "eu"}, f'{{{UPDATE},"llm_gateway":{{"model":"a"}}}}', 3006, "llm_gateway"),
    ({"region": "eu"}, '{"type":"Other","llm_gateway":{"model":"a"}}', 1008, "region"),
]


@pytest.mark.parametrize("pieces", [1, 3])
@pytest.mark.parametrize(("limits", "text", "code", "says"), CUTS)
def test_a_text_that_the_key_does_not_allow_ends_the_session_and_goes_nowhere(
    site: Site, limits: dict[str, Any], text: str, code: int, says: str, pieces: int
) -> None:
    target = {"target": EU} if "region" in limits else {}
    with site.open(site.key("k", **limits), MODEL, **target) as session:
        assert session.message()["type"] == "Begin"
        say(session, text, pieces=pieces if len(text) > pieces else 1)
        found, why = farewell(session)
    assert found == code
    assert says in why
    assert texts(site) == []
    record = site.ended()
    assert (record.close_code, record.ended_by, record.state) == (code, "cut", "settled")
    until(site.nothing_open)


@pytest.mark.parametrize("who", ["alice", "master"])
def test_a_key_without_lists_may_say_what_it_likes(site: Site, who: str) -> None:
    key = MASTER_KEY if who == "master" else site.key("alice")
    with site.open(key) as session:
        assert session.message()["type"] == "Begin"
        session.say({"type": "UpdateConfiguration", "prompt": "a"})
        session.say({"type": "Terminate"})
        assert session.message()["type"] == "Termination"
    assert texts(site) == [{"type": "UpdateConfiguration", "prompt": "a"}]
    assert "prompt" in site.us.sessions[0].features


def test_what_a_listed_key_may_do_passes_byte_for_byte(site: Site) -> None:
    limits = {"features": ["format_turns", "prompt"], "models": ["universal-streaming-english"]}
    said = [
        '{ "type" : "UpdateConfiguration", "format_turns": true }',
        '{"type":"UpdateConfiguration","prompt":"caf\\u00e9"}',
        '{"type":"UpdateConfiguration","max_turn_silence":400}',
        '{"type":"KeepAlive"}',
        '{"type":"ForceEndpoint"}',
    ]
    with site.open(site.key("alice", **limits)) as session:
        assert session.message()["type"] == "Begin"
        for text in said:
            say(session, text)
        session.say({"type": "Terminate"})
        assert session.close_code() == 1000
    assert texts(site) == [json.loads(text) for text in said]


def test_audio_after_a_forbidden_text_goes_nowhere(site: Site) -> None:
    with site.open(site.key("alice", **DENIED)) as session:
        assert session.message()["type"] == "Begin"
        say(session, f'{{{UPDATE},"prompt":"a"}}')
        session.send(BINARY, bytes(3200))
        assert farewell(session)[0] == 1008
    until(lambda: site.us.sessions[0].ended_by)
    assert site.us.sessions[0].audio_bytes == 0


def test_a_text_glued_to_the_handshake_is_judged_too(site: Site) -> None:
    glued = frame(TEXT, f'{{{UPDATE},"prompt":"a"}}'.encode(), mask=MASK)
    session = site.send(handshake(f"{WS}?{MODEL}", key=site.key("alice", **DENIED)) + glued)
    assert isinstance(session, Raw)
    # Begin may come before.
    code, why = farewell(session)
    session.close()
    assert code == 1008
    assert "prompt" in why
    assert texts(site) == []


def test_the_python_sdk_shows_why_its_session_was_ended(site: Site) -> None:
    sdk = Sdk(f"{site.url}/streaming.assemblyai", key=site.key("alice", **DENIED))
    sdk.connect(speech_model="universal-streaming-english")
    sdk.client.set_params(StreamingSessionParameters(keyterms_prompt=["a"]))
    assert sdk.ended.wait(10)
    (error,) = sdk.errors
    assert error.code == 1008
    assert "keyterms_prompt" in str(error)
    sdk.client.disconnect()
