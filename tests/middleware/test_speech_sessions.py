"""Sessions of speech synthesis: what they cost, and that no budget is overspent by them.

Real parts: a stack under Werkzeug's server, a stand-in on sockets, AssemblyAI's SDK, and the
`websockets` library.
"""

from __future__ import annotations

import json
import socket
import struct
from collections.abc import Iterator
from typing import Any

import assemblyai as aai
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from metered_kit import Heard, listen, until
from speech_kit import CANCEL, DOLLAR, FLUSH, MODEL, NATIVE, PRICES, TERMINATE, Speech, generate
from stack_kit import MASTER_KEY
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection

from assemblyai_mw.middleware.budget import speech_sessions
from assemblyai_mw.testing import US_KEY, SpeechSettings

WORDS = "Grüße, world. "
# What the upstream is told where nobody will hear the rest.
DROPPED = [{"type": "Cancel"}, {"type": "Terminate"}]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Speech]:
    """One stack for the tests that each take a key of their own."""
    made = Speech(f"sqlite:///{tmp_path_factory.mktemp('speech') / 'ledger.db'}")
    yield made
    made.close()


@pytest.fixture
def stack(shared: Speech) -> Iterator[Speech]:
    shared.fake.tts = SpeechSettings()
    shared.fake.speech_sessions.clear()
    yield shared
    shared.idle()
    assert (shared.held(), shared.open(), shared.pending()) == (0, 0, 0)


_names = iter(range(10_000))


def key_of(stack: Speech, **limits: Any) -> tuple[str, str]:
    name = f"key-{next(_names)}"
    return name, stack.key(name, **limits)


def row_of(stack: Speech, name: str) -> Any:
    stack.idle()
    (row,) = [row for row in stack.rows() if row.key_name == name]
    return row


def characters(row: Any) -> int:
    return int(json.loads(row.usage)["characters"])


def said(client: ClientConnection, *texts: str) -> Heard:
    """Send, and hear the session out."""
    for text in texts:
        client.send(text)
    return listen(client)


# What a session costs


def test_the_sdk_speaks_and_the_row_has_what_assemblyai_billed(stack: Speech) -> None:
    name, key = key_of(stack, budget_usd="100")
    with stack.sdk(key, word_boundaries=True) as session:
        words: list[Any] = []
        session.on(aai.TTSEvents.WordBoundaries, words.append)
        first = b"".join(session.speak(WORDS))
        second = b"".join(session.speak("Bye."))
    assert session.begin is not None
    assert session.begin.configuration["model"] == MODEL
    assert session.termination is not None
    assert session.termination.total_input_char_length == len(WORDS) + 4
    # 24,000 samples a second of 16 bits, 50 ms a letter.
    assert (len(first), len(second)) == (len(WORDS) * 2400, 4 * 2400)
    assert [word.word for word in words[0].words] == WORDS.split()
    row = row_of(stack, name)
    assert (row.state, row.kind, row.method, row.path) == ("settled", "tts", "GET", "/v1/ws")
    assert (row.estimated, row.status, row.model, row.region) == (False, 101, MODEL, "us")
    assert (characters(row), row.cost_nano) == (len(WORDS) + 4, (len(WORDS) + 4) * DOLLAR)
    assert stack.spent(name) == row.cost_nano
    upstream = stack.spoken()
    assert (upstream.spoken, upstream.ended_by) == ([WORDS, "Bye."], "terminate")
    assert dict(upstream.headers)["Authorization"] == US_KEY


def test_the_other_zone_has_its_own_host_and_account(sqlite_url: str) -> None:
    stack = Speech(sqlite_url)
    try:
        with stack.speech(prefix="/eu.tts.assemblyai") as client:
            said(client, generate("Hallo."), TERMINATE)
        stack.idle()
        assert (stack.row().region, stack.row().route) == ("eu", "/eu.tts.assemblyai")
        assert not stack.fake.speech_sessions
    finally:
        stack.close()


def test_without_a_price_the_row_is_unpriced_and_a_budgeted_key_is_refused(
    sqlite_url: str,
) -> None:
    stack = Speech(sqlite_url, prices={})
    try:
        with stack.speech(stack.key("plain")) as client:
            said(client, generate(WORDS), FLUSH, TERMINATE)
        with stack.speech(stack.key("silent")) as client:
            said(client, TERMINATE)
        with stack.speech(stack.key("tight", budget_usd="5")) as client:
            code, text = said(client).error
        stack.idle()
        spoken, silent = stack.rows()
        assert (spoken.state, characters(spoken)) == ("unpriced", len(WORDS))
        # Whatever a character costs.
        assert (silent.state, silent.cost_nano) == ("settled", 0)
        assert code == 1008
        assert 'tts: {"*": {usd: DOLLARS, source: WHERE}}' in text
        assert len(stack.fake.speech_sessions) == 2
    finally:
        stack.close()


def test_an_allowed_key_speaks_without_a_price(sqlite_url: str) -> None:
    stack = Speech(sqlite_url, prices={})
    try:
        with stack.speech(stack.key(budget_usd="5", allow_unpriced=True)) as client:
            said(client, generate(WORDS), TERMINATE)
        stack.idle()
        assert (stack.row().state, stack.open()) == ("unpriced", 0)
    finally:
        stack.close()


@pytest.mark.parametrize("asked", ["named", "told", "not told"])
def test_the_price_is_that_of_the_model_asked_for_else_of_the_one_that_speaks(
    sqlite_url: str, asked: str
) -> None:
    prices = {
        "tts": {
            MODEL: {"usd": 500_000, "source": "x"},
            "dearer": {"usd": 1_000_000, "source": "x"},
        }
    }
    stack = Speech(sqlite_url, prices=prices)
    try:
        stack.fake.tts.models.append("dearer")
        stack.fake.tts.configuration = asked != "not told"
        with stack.speech(
            stack.key(budget_usd="6"), **({"model_id": "dearer"} if asked == "named" else {})
        ) as client:
            client.send(generate("Hello."))
            # Where no model is asked for, the dearest counts.
            until(lambda: stack.held() == 6 * DOLLAR)
            said(client, TERMINATE)
        stack.idle()
        row = stack.row()
        costs = {"named": 6 * DOLLAR, "told": 3 * DOLLAR, "not told": None}
        assert row.cost_nano == costs[asked]
        assert row.state == ("unpriced" if asked == "not told" else "settled")
    finally:
        stack.close()


@pytest.mark.parametrize("billed", [True, False])
def test_what_assemblyai_says_of_cancelled_words_counts(stack: Speech, billed: bool) -> None:
    """Its way is not documented; its own figure is taken either way."""
    stack.fake.tts.bills_cancelled = billed
    name, key = key_of(stack)
    with stack.speech(key) as client:
        heard = said(client, generate("Hello "), CANCEL, generate("Bye."), FLUSH, TERMINATE)
    assert "Cancelled" in heard.types()
    row = row_of(stack, name)
    assert characters(row) == (10 if billed else 4)
    assert row.estimated is False


def test_a_session_in_which_nothing_was_said_costs_nothing(stack: Speech) -> None:
    name, key = key_of(stack, budget_usd="1")
    with stack.speech(key) as client:
        said(client, TERMINATE)
    row = row_of(stack, name)
    assert (row.state, row.cost_nano, characters(row)) == ("settled", 0, 0)


def test_words_in_fragments_and_escapes_are_counted_as_they_are_read(stack: Speech) -> None:
    name, key = key_of(stack)
    text = json.dumps({"type": "Generate", "text": "ü\U0001f600"})
    assert "\\ud83d" in text
    with stack.speech(key) as client:
        client.send(iter([text[:20], text[20:30], text[30:]]))
        said(client, TERMINATE)
    assert characters(row_of(stack, name)) == 2


def test_words_that_assemblyai_would_end_the_session_for_are_not_sent_and_not_charged(
    stack: Speech,
) -> None:
    name, key = key_of(stack, budget_usd="5000")
    with stack.speech(key) as client:
        client.recv()
        code, text = said(client, generate("Hello."), FLUSH, generate("x" * 2001)).error
    assert (code, "2000 characters" in text) == (3006, True)
    row = row_of(stack, name)
    assert (row.estimated, row.cost_nano) == (False, 6 * DOLLAR)


def test_words_that_come_before_the_begin_have_the_documented_bound(stack: Speech) -> None:
    stack.fake.tts.begins_after_s = 0.3
    name, key = key_of(stack)
    with stack.speech(key) as client:
        code, _ = said(client, generate("Hello."), generate("x" * 2001)).error
    assert code == 3006
    row = row_of(stack, name)
    assert (row.estimated, characters(row)) == (False, 6)


# Figures that are not there, or cannot be


@pytest.mark.parametrize(
    "told",
    [{"total_input_char_length": value} for value in (10**6, -1, "12", 1.5, True, None)],
    ids=lambda told: repr(told["total_input_char_length"]),
)
def test_an_impossible_figure_gives_way_to_what_was_sent(stack: Speech, told: Any) -> None:
    stack.fake.tts.termination = told
    name, key = key_of(stack, budget_usd="50")
    with stack.speech(key) as client:
        said(client, generate("Hello."), TERMINATE)
    row = row_of(stack, name)
    assert (row.state, row.estimated, row.cost_nano) == ("settled", True, 6 * DOLLAR)
    assert row.reason


def test_what_assemblyai_bills_of_a_message_that_is_not_known_here_is_charged(
    stack: Speech,
) -> None:
    """It reads more than its documentation says, or than this package knows."""
    stack.fake.tts.any_case = True
    name, key = key_of(stack)
    with stack.speech(key) as client:
        texts = (
            json.dumps({"type": "generate", "text": "Hello."}),
            '{"type":"Generate","Text":"Hi"}',
        )
        said(client, generate("Oh. "), *texts, TERMINATE)
    assert stack.spoken().characters == 12
    row = row_of(stack, name)
    assert (row.estimated, row.cost_nano) == (False, 12 * DOLLAR)


def test_without_a_termination_what_was_sent_counts(sqlite_url: str) -> None:
    stack = Speech(sqlite_url, terminate_s=0.3)
    try:
        stack.fake.tts.answers_end = False
        with stack.speech(stack.key(budget_usd="50")) as client:
            client.send(generate("Hello."))
            client.send(TERMINATE)
            client.close()
        until(lambda: not stack.pending())
        row = stack.row()
        assert (row.state, row.estimated, row.cost_nano) == ("settled", True, 6 * DOLLAR)
        assert "the characters are those that were sent" in row.reason
    finally:
        stack.close()


def test_an_upstream_that_vanishes_is_told_and_charged_for_what_was_sent(stack: Speech) -> None:
    name, key = key_of(stack, budget_usd="50")
    with stack.speech(key) as client:
        client.send(generate("Hello."))
        assert stack.fake.wait_for(
            lambda fake: bool(fake.speech_sessions and fake.speech_sessions[-1].texts)
        )
        stack.fake.speech_sessions[-1].vanish()
        assert listen(client).error[0] == 3005
    row = row_of(stack, name)
    assert (row.estimated, row.cost_nano) == (True, 6 * DOLLAR)


def test_a_refusal_before_the_begin_costs_nothing(stack: Speech) -> None:
    name, key = key_of(stack, budget_usd="50")
    with stack.speech(key, sample_rate=7) as client:
        heard = said(client)
    assert heard.error[0] == 3006
    row = row_of(stack, name)
    assert (row.state, row.cost_nano) == ("failed", 0)


# Clients that leave


@pytest.mark.parametrize("how", ["rst", "close"])
def test_a_client_that_leaves_drops_what_is_not_spoken_and_is_charged_what_is_told(
    stack: Speech, how: str
) -> None:
    stack.fake.tts.bills_cancelled = False
    name, key = key_of(stack, budget_usd="50")
    with stack.speech(key) as client:
        client.send(generate("Hello."))
        client.send(FLUSH)
        client.send(generate(" And so on, for a long time."))
        assert stack.fake.wait_for(
            lambda fake: bool(fake.speech_sessions and len(fake.speech_sessions[-1].texts) == 3)
        )
        if how == "rst":
            linger = struct.pack("ii", 1, 0)
            client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            client.socket.close()
        else:
            client.close()
    upstream = stack.spoken()
    assert [text["type"] for text in upstream.texts[-2:]] == ["Cancel", "Terminate"]
    assert (upstream.spoken, upstream.ended_by) == (["Hello."], "terminate")
    row = row_of(stack, name)
    assert (row.estimated, row.cost_nano) == (False, 6 * DOLLAR)


# Budgets


def test_words_that_do_not_fit_are_not_sent_and_the_rest_is_spoken(stack: Speech) -> None:
    name, key = key_of(stack, budget_usd="10.5")
    with stack.speech(key) as client:
        heard = said(client, generate("Hello."), FLUSH, generate(" World."), FLUSH)
    code, text = heard.error
    assert code == heard.code == 3008
    assert "The budget of this key has no room for more of this session: 0 USD spent" in text
    assert "limit 10.5 USD" in text
    assert "FlushDone" in heard.types()
    assert "Termination" not in heard.types()
    upstream = stack.spoken()
    assert [text["type"] for text in upstream.texts] == ["Generate", "Flush", "Terminate"]
    assert row_of(stack, name).estimated is False
    assert stack.spent(name) == 6 * DOLLAR


def test_a_spent_budget_opens_no_session(stack: Speech) -> None:
    _, key = key_of(stack, budget_usd="0.5")
    with stack.speech(key) as client:
        code, text = said(client).error
    assert (code, "limit 0.5 USD" in text) == (4002, True)
    assert not stack.fake.speech_sessions


def test_the_sdk_shows_why_a_session_is_over(stack: Speech) -> None:
    _, key = key_of(stack, budget_usd="3")
    with (
        pytest.raises(aai.TTSError, match=r"budget of this key has no room"),
        stack.sdk(key) as session,
    ):
        b"".join(session.speak("Hello."))
    assert session.error is not None
    assert (session.error.body or {})["close_code"] == 3008


def test_a_slice_is_held_at_a_time_and_what_fits_is_held_where_it_does_not(
    stack: Speech,
) -> None:
    _, key = key_of(stack, budget_usd="3000")
    with stack.speech(key) as client:
        client.recv()
        assert stack.held() == DOLLAR
        client.send(generate("Hello."))
        client.send(FLUSH)
        until(lambda: "FlushDone" in [m["type"] for m in stack.fake.speech_sessions[-1].sent])
        assert stack.held() == (6 + speech_sessions.SLICE) * DOLLAR
        # Within the slice nothing more is held; beyond it, another does not fit, but the words do.
        client.send(generate("x" * 2000))
        client.send(generate("y" * 500))
        client.send(FLUSH)
        until(lambda: len(stack.fake.speech_sessions[-1].spoken) == 2)
        assert stack.held() == 2506 * DOLLAR
        said(client, TERMINATE)


@pytest.mark.parametrize("owner", ["key", "team"])
def test_a_budget_that_comes_midway_bounds_an_open_session(
    stack: Speech, owner: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(speech_sessions, "LOOK_S", 0.0)
    team = f"team-{next(_names)}"
    name, key = key_of(stack, team=team)
    with stack.speech(key) as client:
        client.send(generate("Hello."))
        until(lambda: stack.fake.speech_sessions and stack.fake.speech_sessions[-1].texts)
        assert stack.held() == 0
        if owner == "key":
            stack.keys.set(name, budget_usd="10")
        else:
            stack.keys.set_team(team, budget_usd="10")
        heard = said(client, generate(" W"), generate("orld."))
    assert heard.error[0] == 3008
    assert stack.spoken().characters == 8
    assert row_of(stack, name).cost_nano == 8 * DOLLAR


def test_the_master_key_is_bound_by_nothing(stack: Speech) -> None:
    with stack.speech(MASTER_KEY) as client:
        heard = said(client, generate("Hello."), TERMINATE)
    assert heard.types()[-1] == "Termination"


texts = st.text(max_size=6) | st.sampled_from(["é", "\U0001f600\U0001f600", "漢字", "\ud800"])


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    budget=st.integers(1, 40),
    said_so=st.lists(texts | st.sampled_from([None, True]), max_size=10),
    count=st.sampled_from(["points", "bytes", "units"]),
    bills_cancelled=st.booleans(),
    ends=st.booleans(),
)
def test_no_budget_is_overspent_however_characters_are_counted(
    stack: Speech, budget: int, said_so: list[Any], count: str, bills_cancelled: bool, ends: bool
) -> None:
    """None of the texts is a Flush, True a Cancel."""
    counts = {
        "points": len,
        "bytes": lambda text: len(text.encode("utf-8", "surrogatepass")),
        "units": lambda text: len(text.encode("utf-16-le", "surrogatepass")) // 2,
    }
    stack.fake.tts = SpeechSettings(counts=counts[count], bills_cancelled=bills_cancelled)
    stack.fake.speech_sessions.clear()
    name, key = key_of(stack, budget_usd=str(budget))
    with stack.speech(key) as client:
        try:
            for each in said_so:
                text = FLUSH if each is None else CANCEL if each is True else generate(each)
                client.send(text)
            if ends:
                said(client, TERMINATE)
        except Exception:  # The session is over by now.
            listen(client)
    stack.idle()
    until(lambda: not stack.pending())
    upstream = stack.spoken()
    row = row_of(stack, name)
    assert stack.spent(name) == (row.cost_nano or 0) <= budget * DOLLAR
    assert upstream.characters <= budget
    if not row.estimated:
        assert row.cost_nano == upstream.characters * DOLLAR


# What may be sent, and by whom


@pytest.mark.parametrize("key", ["plain", "budget", "list"])
def test_an_unknown_text_passes_where_nothing_depends_on_it(stack: Speech, key: str) -> None:
    """AssemblyAI ends the session for it."""
    limits: dict[str, Any] = {
        "plain": {},
        "budget": {"budget_usd": "50"},
        "list": {"denied_features": ["speaker_labels"]},
    }[key]
    _, secret = key_of(stack, **limits)
    with stack.speech(secret) as client:
        code, text = said(client, json.dumps({"type": "Speak", "words": "Hello."})).error
    assert code == (3006 if key == "plain" else 1008)
    if key != "plain":
        assert "not known here" in text
        assert stack.spoken().texts == DROPPED


@pytest.mark.parametrize(
    "message",
    [
        {"type": "Generate"},
        {"type": "Generate", "text": None},
        {"type": "Generate", "text": ["Hello."]},
        {"type": "Generate", "text": "a", "Text": "Hello."},
        {"type": "Generate", "text": "a", "te\u200bxt": "Hello."},
        {"type": ["Generate"], "text": "Hello."},
        {"type": "Flush", "text": "Hello."},
        {"type": "KeepAlive", "Text": "Hello."},
        {"type": "KeepAlive", "TYPE": "Generate", "text": "Hello."},
        ["Generate"],
    ],
    ids=json.dumps,
)
def test_words_that_could_be_read_in_two_ways_end_a_budgeted_session(
    stack: Speech, message: Any
) -> None:
    name, key = key_of(stack, budget_usd="50")
    with stack.speech(key) as client:
        assert said(client, json.dumps(message)).error[0] in (3006, 1008)
    assert stack.spoken().texts == DROPPED
    assert row_of(stack, name).cost_nano == 0


@pytest.mark.parametrize(
    "text",
    [
        '{"type":"Generate","text":"a","text":"Hello."}',
        '{"type":"KeepAlive","Type":"Generate","text":"Hello."}',
        "Hello.",
        "",
    ],
)
def test_what_is_not_one_json_object_ends_any_session(stack: Speech, text: str) -> None:
    _, key = key_of(stack)
    with stack.speech(key) as client:
        assert said(client, text).error[0] == 3006
    assert stack.spoken().texts == DROPPED


def test_a_binary_message_is_not_passed(stack: Speech) -> None:
    """It could carry words that nobody counts."""
    _, key = key_of(stack, budget_usd="50")
    words = generate("Hello.").encode()
    with stack.speech(key) as client:
        client.recv()
        client.send(iter([words[:5], words[5:]]))
        assert listen(client).error[0] == 3006
    assert stack.spoken().texts == DROPPED
    assert stack.spoken().ended_by == "terminate"


# Rights


def test_a_list_of_models_holds_for_the_handshake(stack: Speech) -> None:
    _, key = key_of(stack, models=[f"assemblyai/{MODEL}"])
    for query, code in (({}, 1008), ({"model_id": "other"}, 1008), ({"Model_ID": MODEL}, 3006)):
        with stack.speech(key, **query) as client:
            assert said(client).error[0] == code
    with stack.speech(key, model_id=MODEL) as client:
        assert said(client, TERMINATE).types() == ["Begin", "Termination"]
    assert len(stack.fake.speech_sessions) == 1


def test_a_model_that_is_named_twice_is_no_price(stack: Speech) -> None:
    name, key = key_of(stack)
    with stack.speech(key, model_id=MODEL, model="other") as client:
        said(client, generate("Hello."), TERMINATE)
    row = row_of(stack, name)
    assert (row.state, "stands beside model" in row.reason) == ("unpriced", True)
    _, tight = key_of(stack, budget_usd="50")
    with stack.speech(tight, model_id=MODEL, model="other") as client:
        assert said(client).error[0] == 3006


def test_a_pinned_key_stays_in_its_zone(stack: Speech) -> None:
    _, key = key_of(stack, region="eu")
    with stack.speech(key) as client:
        code, text = said(client).error
    assert (code, "use /eu.tts.assemblyai" in text) == (1008, True)


def test_sessions_of_all_kinds_count_together_for_their_limit(stack: Speech) -> None:
    _, key = key_of(stack, max_sessions=1)
    with stack.speech(key) as one:
        one.recv()
        with stack.speech(key) as other:
            assert said(other).error[0] == 3009
        with stack.session(key) as other:
            assert listen(other).error[0] == 3009
        said(one, TERMINATE)
    stack.idle()
    with stack.speech(key) as client:
        assert said(client, TERMINATE).types()[-1] == "Termination"


def test_a_revoked_key_ends_its_session(stack: Speech) -> None:
    name, key = key_of(stack)
    with stack.speech(key) as client:
        client.send(generate("Hello."))
        until(lambda: stack.fake.speech_sessions and stack.fake.speech_sessions[-1].texts)
        stack.keys.revoke(name)
        assert listen(client).error[0] == 1008
    # Nobody may hear it any more.
    assert stack.spoken().spoken == []
    assert row_of(stack, name).cost_nano == 6 * DOLLAR


@pytest.mark.parametrize("token", ["of streaming", "of assemblyai", "a key"])
def test_no_token_opens_a_session(stack: Speech, token: str) -> None:
    import requests

    _, key = key_of(stack)
    value = {"of assemblyai": "sometoken", "a key": key}.get(token)
    if value is None:
        address = f"http://127.0.0.1:{stack.port}/streaming.assemblyai/v3/token"
        query = {"expires_in_seconds": "60"}
        reply = requests.get(address, params=query, headers={"Authorization": key}, timeout=10)
        value = reply.json()["token"]
    with pytest.raises(InvalidStatus) as refused, stack.speech(None, token=value):
        pass
    assert refused.value.response.status_code == 401
    assert not stack.fake.speech_sessions


def test_a_request_without_upgrade_says_what_is_missing(stack: Speech) -> None:
    import requests

    _, key = key_of(stack)
    address = f"http://127.0.0.1:{stack.port}{NATIVE}/v1/ws"
    reply = requests.get(address, headers={"Authorization": key}, timeout=10)
    assert reply.status_code == 426
    assert "no Upgrade: websocket arrived" in reply.json()["error"]


def test_a_wrong_account_key_is_told_as_assemblyai_tells_it(stack: Speech) -> None:
    """After the upgrade, so it passes as it is."""
    keys, stack.fake.keys = stack.fake.keys, {"another": "account"}
    try:
        name, key = key_of(stack, budget_usd="50")
        with stack.speech(key) as client:
            assert said(client).error[0] == 1008
    finally:
        stack.fake.keys = keys
    assert row_of(stack, name).state == "failed"


def test_an_echo_of_the_account_s_key_is_masked(stack: Speech) -> None:
    _, key = key_of(stack)
    with stack.speech(key) as client:
        client.recv()
        stack.fake.speech_sessions[-1].end(3006, f"bad key {US_KEY}")
        heard = listen(client)
    assert heard.error == (3006, f"bad key {'*' * len(US_KEY)}")
    assert client.close_reason == heard.error[1]


def test_the_usage_report_has_the_characters(stack: Speech) -> None:
    name, key = key_of(stack)
    with stack.speech(key) as client:
        said(client, generate("Hello."), TERMINATE)
    stack.idle()
    (row,) = [row for row in stack.ledger.calls() if row["key"] == name]
    (line,) = row["breakdown"]
    assert (row["characters"], row["audio_seconds"], row["cost_usd"]) == (6, None, "6")
    assert (line["quantity"], line["unit"]) == ("6", "character")
    assert line["rate"] == f"{PRICES['tts']['*']['usd']}/million characters"
