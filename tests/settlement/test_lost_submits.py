"""Submits whose answer was lost, where the same audio was sent past the app as well."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from settlement_kit import COST, SUBMIT, House, build, close_databases

from assemblyai_mw.settlement.matching import shows_what_was_asked
from assemblyai_mw.settlement.options import OPTIONS, option_marks
from assemblyai_mw.store import Keys
from assemblyai_mw.testing import US_KEY, FakeAssemblyAI, Hosts, serve_all

PAGE = b"<html>503 Service Unavailable</html>"


@pytest.fixture
def hosts() -> Iterator[Hosts]:
    with serve_all(FakeAssemblyAI(polls=0), FakeAssemblyAI(region="eu", polls=0)) as hosts:
        yield hosts


@pytest.fixture
def house(hosts: Hosts, sqlite_url: str) -> Iterator[House]:
    house = build(hosts, sqlite_url)
    yield house
    close_databases()


def lost(house: House, key: str | None = None, *, taken: bool = False, **body: Any) -> None:
    """Submit, and have a gateway answer 503, whether or not AssemblyAI took it."""
    house.hosts.us.fail_next(503, body=PAGE, method="POST")
    house.app.post_json(
        "/assemblyai/v2/transcript",
        {**SUBMIT, **body},
        headers={"Authorization": key or house.key},
        status=503,
    )
    if taken:
        outside(house, **body)


def outside(house: House, **body: Any) -> str:
    """Submit with the account's own key, past the app; return the transcript's id."""
    url = f"{house.hosts.routes['/assemblyai']}/v2/transcript"
    headers = {"Authorization": US_KEY}
    reply = requests.post(url, json={**SUBMIT, **body}, headers=headers, timeout=10)
    return str(reply.json()["id"])


def owner_of(house: House, transcript_id: str) -> str | None:
    owner = house.ledger.owner("us", transcript_id)
    return owner.key_name if owner else None


OTHERS: list[Any] = [
    pytest.param({}, {"speaker_labels": True}, id="another feature"),
    pytest.param({"speaker_labels": True}, {}, id="a feature less"),
    pytest.param({}, {"multichannel": True}, id="channels"),
    pytest.param({}, {"speech_models": ["universal-3-5-pro"]}, id="another model"),
    pytest.param({"language_code": "de"}, {"language_code": "fr"}, id="another language"),
    pytest.param({"language_code": "de"}, {}, id="the default language"),
    pytest.param({}, {"keyterms_prompt": ["Aspirin"]}, id="key terms"),
    pytest.param({"keyterms_prompt": ["A"]}, {"keyterms_prompt": ["B"]}, id="other key terms"),
    pytest.param({}, {"prompt": "a call"}, id="a prompt"),
    pytest.param({}, {"audio_start_from": 1000}, id="another part"),
    pytest.param({}, {"domain": "medical-v1"}, id="a domain"),
    pytest.param(
        {},
        {"speech_understanding": {"request": {"translation": {"target_languages": ["es"]}}}},
        id="a task",
    ),
    pytest.param(
        {"webhook_url": "https://a.example/1"}, {"webhook_url": "https://b.example/"}, id="webhook"
    ),
]


@pytest.mark.parametrize("ours, theirs", OTHERS)
def test_a_transcript_made_outside_with_other_options_is_given_to_nobody(
    house: House, ours: dict[str, Any], theirs: dict[str, Any]
) -> None:
    lost(house, **ours)
    other = outside(house, **theirs)
    assert house.settle(after_s=10).left == {"its request may still be under way": 1}
    assert owner_of(house, other) is None
    assert house.settle(after_s=400).unpriced == 1
    assert owner_of(house, other) is None
    row = house.row()
    assert (row["state"], row["cost_usd"], row["transcript_id"]) == ("unpriced", None, None)
    assert "with other options" in row["reason"]


@pytest.mark.parametrize("ours, theirs", OTHERS)
def test_its_own_transcript_is_found_beside_one_made_outside_with_other_options(
    house: House, ours: dict[str, Any], theirs: dict[str, Any]
) -> None:
    other = outside(house, **theirs)
    lost(house, **ours)
    own = outside(house, **ours)
    assert house.settle(after_s=400).resolved == 1
    assert (owner_of(house, own), owner_of(house, other)) == ("alice", None)
    assert house.row()["transcript_id"] == own


def test_a_transcript_made_outside_that_is_the_same_in_everything_cannot_be_told_apart(
    house: House,
) -> None:
    """The same account, audio and options at the same time: what docs/costs.md says of it."""
    lost(house)
    alike = outside(house)
    assert house.settle(after_s=10).settled == 1
    assert (owner_of(house, alike), house.row()["cost_usd"]) == ("alice", COST)


def test_of_two_that_are_alike_one_made_outside_none_is_given_away(house: House) -> None:
    lost(house, taken=True)
    outside(house)
    summary = house.settle(after_s=400)
    assert list(summary.left) == ["2 transcripts in AssemblyAI's list could be this one"]
    assert [owner_of(house, id) for id in house.hosts.us.transcripts] == [None, None]


def test_lost_submits_of_two_tenants_with_one_audio_get_each_their_own(house: House) -> None:
    bob = Keys(house.database).create("bob").key
    lost(house, bob, taken=True, language_code="de")
    lost(house, taken=True, language_code="fr")
    assert house.settle(after_s=400).resolved == 2
    assert [owner_of(house, id) for id in house.hosts.us.transcripts] == ["bob", "alice"]


def test_the_one_of_two_lost_submits_that_was_not_taken_fails(house: House) -> None:
    """The one transcript there is came of the other: nothing is left that could be its own."""
    bob = Keys(house.database).create("bob").key
    lost(house, bob, speaker_labels=True)
    lost(house, taken=True)
    assert house.settle(after_s=400).resolved == 1
    assert [row["state"] for row in house.ledger.calls()] == ["failed", "settled"]
    assert [owner_of(house, id) for id in house.hosts.us.transcripts] == ["alice"]


def test_lost_submits_of_two_tenants_that_are_alike_get_nothing(house: House) -> None:
    bob = Keys(house.database).create("bob").key
    lost(house, bob, taken=True)
    lost(house, taken=True)
    assert house.settle(after_s=400).resolved == 0
    assert [owner_of(house, id) for id in house.hosts.us.transcripts] == [None, None]


def test_the_ledger_keeps_no_option_of_a_submit_in_words(house: House) -> None:
    house.submit(prompt="about Mrs. Robinson", webhook_url="https://a.example/?token=abc")
    kept = str(house.row()["features"])
    assert "Robinson" not in kept
    assert "a.example" not in kept
    assert set(house.row()["features"][OPTIONS]) == {"prompt", "webhook_url"}


@pytest.mark.parametrize(
    "asked, stated, fits",
    [
        ({"language_code": "en"}, {"language_code": "en_us"}, True),
        ({"language_code": "en"}, {"language_code": "es"}, False),
        ({}, {"language_code": "en_us"}, True),
        ({"prompt": "x"}, {"prompt": None}, True),
        ({"prompt": "x"}, {}, True),
        ({}, {"prompt": ""}, True),
        ({}, {"keyterms_prompt": []}, True),
        ({"redact_pii_policies": ["b", "a"]}, {"redact_pii_policies": ["a", "b"]}, True),
        ({"redact_pii_policies": ["a"]}, {"redact_pii_policies": ["b"]}, False),
        ({}, {"redact_pii_policies": ["a"]}, True),
        ({}, {"speech_understanding": None, "domain": None}, True),
        ({"audio_end_at": 1}, {"audio_end_at": "1"}, False),
    ],
)
def test_what_a_transcript_leaves_out_or_states_by_default_tells_nothing(
    asked: dict[str, Any], stated: dict[str, Any], fits: bool
) -> None:
    features = {OPTIONS: option_marks("id", asked)}
    assert shows_what_was_asked(features, stated, "id") is fits
