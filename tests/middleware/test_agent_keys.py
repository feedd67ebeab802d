"""Voice Agent sessions through the whole stack, over sockets: money, rights, guards, resuming."""

from __future__ import annotations

import json
import socket
import struct
import time
from collections.abc import Iterator
from typing import Any

import pytest
from agents_kit import AGENT, AGENTS, AUDIO, SECOND, Agent, ask, make_agent, session, whole
from session_kit import MASTER_KEY, STREAMING, Site, live, until
from sqlalchemy import select
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from assemblyai_mw.middleware.budget.sessions import SessionHolds
from assemblyai_mw.relay.watch import Cut
from assemblyai_mw.store.schema import calls
from assemblyai_mw.store.space import Space
from assemblyai_mw.testing import FakeAgentSession, FakeAssemblyAI, serve

SESSIONS = Space("agents", "global", "session")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("agents")
    streaming = {"terminate_s": 1.0}
    with live(f"sqlite:///{folder}/ledger.db", streaming=streaming) as made:
        yield made


def rows(site: Site, name: str, state: str | None = None) -> list[Any]:
    """The sessions' rows of a key; with *state*, once they are in it."""

    def found() -> list[Any]:
        with site.keys.database.read() as connection:
            mine = calls.c.kind == "agent", calls.c.key_name == name
            return list(connection.execute(select(calls).where(*mine).order_by(calls.c.id)))

    if state is not None:
        until(lambda: found() and all(row.state == state for row in found()))
    return found()


def upstream(site: Site) -> FakeAgentSession:
    return site.us.agent_sessions[-1]


def vanish(agent: Agent) -> None:
    """Leave without a word."""
    raw = agent.socket.socket
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    agent.socket.close_socket()


# What a session costs


def test_a_session_costs_what_its_last_message_says(site: Site) -> None:
    with session(site, site.key("ada")) as agent:
        agent.begin(greeting="Good morning.")
        agent.speak(6)
        assert agent.until("transcript.user")["text"] == site.us.text
        assert agent.until("reply.audio")["data"]
        told = agent.end()["session_duration_seconds"]
    (row,) = rows(site, "ada", "settled")
    assert (row.estimated, row.status, row.path, row.method) == (False, 101, "/v1/ws", "GET")
    assert row.audio_ms == round(told * 1000)
    assert row.cost_nano == row.audio_ms * SECOND // 1000
    assert upstream(site).audio_bytes == 6 * 4800
    assert agent.socket.close_code == 1000


def test_the_account_s_key_goes_up_as_a_bearer_token_alone(site: Site) -> None:
    with session(site, site.key("bea")) as agent:
        agent.begin()
        sent = dict(upstream(site).headers)
        assert sent["Authorization"].startswith("Bearer ")
        assert not sent["Authorization"].startswith("Bearer sk-")
        agent.end()


def test_a_client_that_vanishes_has_its_session_ended_at_once(site: Site) -> None:
    with session(site, site.key("cleo")) as agent:
        agent.begin()
        agent.speak()
        vanish(agent)
        until(lambda: upstream(site).types[-1] == "session.end")
    (row,) = rows(site, "cleo", "settled")
    assert (row.estimated, upstream(site).ended is not None) == (False, True)
    # What the grace of thirty seconds would have cost is not spent.
    assert row.cost_nano < 5 * SECOND


def test_a_close_without_an_end_ends_the_session_too(site: Site) -> None:
    with session(site, site.key("dora")) as agent:
        agent.begin()
    assert rows(site, "dora", "settled")[0].estimated is False
    assert upstream(site).types[-1] == "session.end"


def test_an_upstream_that_vanishes_is_charged_by_our_clock_and_its_grace(site: Site) -> None:
    site.us.fail_next_agent_session(at="audio", vanish="rst")
    with session(site, site.key("edna")) as agent:
        agent.begin()
        agent.speak()
        code, name, _ = agent.farewell()
    assert (code, name) == (3005, "server_error")
    (row,) = rows(site, "edna", "settled")
    assert row.estimated is True
    # AssemblyAI bills for as long as the session could be resumed.
    assert 30 * SECOND <= row.cost_nano <= 60 * SECOND


@pytest.mark.parametrize("told", [None, "soon", -1, 0, 10**9, True], ids=repr)
def test_a_length_that_cannot_be_is_not_charged(site: Site, told: object) -> None:
    name = f"len-{told!r}".replace("'", "").replace("*", "")
    site.us.fail_next_agent_session(ended={"session_duration_seconds": told})
    with session(site, site.key(name)) as agent:
        agent.begin()
        agent.end()
    (row,) = rows(site, name, "settled")
    assert row.estimated is True
    assert 0 < row.cost_nano < 20 * SECOND


def test_a_session_that_never_begins_is_free(site: Site) -> None:
    site.us.fail_next_agent_session(at="ready", ready={"type": "session.error", "code": "x"})
    site.us.agent_settings.max_sessions = 0
    try:
        with session(site, site.key("fay")) as agent:
            assert agent.farewell()[:2] == (1008, "server_error")
    finally:
        site.us.agent_settings.max_sessions = None
        site.us.clear_faults()
    (row,) = rows(site, "fay", "failed")
    assert (row.cost_nano or 0, row.reason) == (0, "AssemblyAI refused it: server_error")


def test_audio_passes_as_it_came_and_is_kept_nowhere(site: Site) -> None:
    with session(site, site.key("gwen")) as agent:
        agent.begin()
        for text in (
            f'{{"type":"input.audio","audio":"{AUDIO}"}}',
            f'{{ "type" : "input.audio" , "audio" : "{AUDIO}" }}',
            f'{{"audio":"{AUDIO}","type":"input.audio"}}',
        ):
            agent.socket.send(text)
        agent.end()
    assert upstream(site).audio_bytes == 3 * 4800
    (row,) = rows(site, "gwen", "settled")
    assert not any(AUDIO[:40] in str(value) for value in row)


# Budgets


def test_a_budget_ends_a_session_before_it_is_overspent(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = SessionHolds.__init__

    # Below what a configuration may say, so that nobody need wait.
    def short(self: SessionHolds, **options: Any) -> None:
        made(self, **options | {"slice_s": 2.0})

    monkeypatch.setattr(SessionHolds, "__init__", short)
    with live(f"sqlite:///{tmp_path}/ledger.db", streaming={"terminate_s": 1.0}) as site:
        # One slice, the second to end it in, two of slack, the grace, and a little.
        key = site.key("ines", budget_usd=f"{35.2 * SECOND / 1e9:.9f}")
        began = time.monotonic()
        with session(site, key) as agent:
            agent.begin()
            code, name, text = agent.farewell()
        assert (code, name) == (3008, "session_expired")
        assert "has no room for more of this session" in text
        assert time.monotonic() - began > 1
        (row,) = rows(site, "ines", "settled")
        assert row.cost_nano <= 35.2 * SECOND
        until(site.nothing_open)


def test_a_session_that_the_budget_has_no_room_for_does_not_begin(site: Site) -> None:
    key = site.key("jane", budget_usd="0.05")
    with session(site, key) as agent:
        code, name, text = agent.farewell()
    assert (code, name) == (4002, "insufficient_quota")
    assert "does not fit in the budget" in text
    assert rows(site, "jane") == []


def test_a_message_that_nobody_knows_ends_the_session_of_a_key(site: Site) -> None:
    for name, limits in (("kate", {"budget_usd": "5"}), ("lena", {})):
        with session(site, site.key(name, **limits)) as agent:
            agent.begin()
            agent.send("session.attach", session_id="sess_1")
            assert agent.farewell()[:2] == (1008, "forbidden")
        assert "session.attach" not in upstream(site).types
    with session(site, MASTER_KEY) as agent:
        agent.begin()
        agent.send("session.attach")
        assert agent.message()["code"] == "invalid_format"
        agent.end()


# Rights, limits, tokens


@pytest.mark.parametrize(
    "limits, says",
    [
        ({"models": ["u3-rt-pro"]}, "run an LLM"),
        ({"features": ["prompt"]}, "run an LLM"),
        ({"denied_features": ["prompt"]}, "run an LLM"),
        ({"region": "us"}, "the US"),
        ({"region": "eu"}, "the EU"),
        ({"routes": ["/assemblyai"]}, "may not use this route"),
    ],
    ids=str,
)
def test_a_key_with_a_list_or_a_region_gets_no_session(
    site: Site, limits: dict[str, Any], says: str
) -> None:
    before = len(site.us.agent_sessions)
    with session(site, site.key(f"list-{limits}"[:40], **limits)) as agent:
        code, name, text = agent.farewell()
    assert (code, name) == (1008, "forbidden")
    assert says in text
    assert len(site.us.agent_sessions) == before


def test_the_number_of_open_sessions_is_limited_over_all_products(site: Site) -> None:
    key = site.key("mona", max_sessions=1)
    with site.open(key):
        with session(site, key) as agent:
            assert agent.farewell()[:2] == (3009, "too_many_sessions")
        assert site.goodbye(key)[0] == 3009


def test_a_revoked_key_s_session_ends(site: Site) -> None:
    with session(site, site.key("nina")) as agent:
        agent.begin()
        site.keys.revoke("nina")
        assert agent.farewell()[:2] == (1008, "forbidden")


def test_a_token_opens_one_session_of_its_product(site: Site) -> None:
    key = site.key("olga")

    def token(prefix: str, path: str) -> str:
        found = site.get(f"{prefix}{path}?expires_in_seconds=60", key)
        assert found.status == 200, found
        return str(found.json["token"])

    own = token(AGENTS, "/v1/token")
    assert own.startswith("st-")
    assert not site.us.agent_tokens
    with session(site, None, f"?token={own}") as agent:
        agent.begin()
        agent.end()
    assert rows(site, "olga", "settled")[0].cost_nano > 0
    with pytest.raises(InvalidStatus), session(site, None, f"?token={own}"):
        pass
    with (
        pytest.raises(InvalidStatus),
        session(site, None, f"?token={token(STREAMING, '/v3/token')}"),
    ):
        pass
    assert site.refused(None, f"token={token(AGENTS, '/v1/token')}").status == 401


@pytest.mark.parametrize(
    "query, status",
    [
        ("", 400),
        ("expires_in_seconds=0", 400),
        ("expires_in_seconds=601", 400),
        ("expires_in_seconds=60&max_session_duration_seconds=59", 400),
        ("expires_in_seconds=60&max_session_duration_seconds=10800", 200),
    ],
)
def test_a_token_takes_assemblyai_s_numbers(site: Site, query: str, status: int) -> None:
    assert site.get(f"{AGENTS}/v1/token?{query}", MASTER_KEY).status == status


def test_a_request_without_upgrade_is_told_so(site: Site) -> None:
    found = site.get(f"{AGENTS}/v1/ws", site.key("pia"))
    assert (found.status, "Upgrade" in found.json["error"]) == (426, True)


# Ids


def test_a_session_s_owner_is_known_before_its_client_knows_the_id(site: Site) -> None:
    key = site.key("rosa")
    with session(site, key) as agent:
        id = agent.begin()
        owner = site.ledger.object_owner(SESSIONS, id)
        assert owner is not None
        assert (owner.key_name, owner.row) == ("rosa", rows(site, "rosa")[0].id)
        agent.end()


def test_a_lost_session_is_resumed_by_its_owner_alone(site: Site) -> None:
    sue, tess = site.key("sue"), site.key("tess")
    site.us.fail_next_agent_session(at="audio", vanish="fin")
    with session(site, sue) as agent:
        id = agent.begin()
        agent.speak()
        agent.rest()
    answers = []
    for given in (id, "sess_that_never_was", "", 7, None, [id]):
        with session(site, tess) as agent:
            agent.send("session.resume", session_id=given)
            answers.append((agent.rest(), agent.socket.close_code, agent.socket.close_reason))
    assert all(each == answers[0] for each in answers)
    assert answers[0][0][-1]["code"] == "session_not_found"
    assert upstream(site).connections == 1
    with session(site, sue) as agent:
        agent.send("session.resume", session_id=id)
        assert agent.until("session.ready")["session_id"] == id
        agent.end()
    first, second = rows(site, "sue", "settled")
    assert (first.estimated, upstream(site).connections) == (True, 2)
    # AssemblyAI tells one length for both connections; it is charged once.
    total = upstream(site).billed_s * SECOND
    assert total <= first.cost_nano + second.cost_nano <= total + 62 * SECOND
    owner = site.ledger.object_owner(SESSIONS, id)
    assert owner is not None
    assert owner.row == second.id


@pytest.mark.parametrize(
    "message",
    [
        {"type": "session.update", "session": {"agent_id": "THEIRS"}},
        {"type": "session.update", "session": {"agent_id": "never"}},
        {"type": "session.update", "session": {"agent_id": None}},
        {"type": "session.update", "session": {"agent_id": ["THEIRS"]}},
        {"type": "session.update", "session": {"AgentId": "THEIRS"}},
        {"type": "session.update", "agent_id": "THEIRS", "session": {}},
        {"type": "session.update", "Session": {"agent_id": "THEIRS"}},
        {"type": "session.update", "session": {"input": {"agent_id": "THEIRS"}}},
        {"type": "session.update", "session": {"input": [{"session_id": "THEIRS"}]}},
        {"type": "session.update", "session": [{"agent_id": "THEIRS"}, *[{"agent_id": "OWN"}] * 9]},
        {"type": "session.update", "session": {"session_id": "THEIRS"}},
        {"type": "session.resume", "Session_Id": "THEIRS"},
        {"type": "session.resume", "session": {"session_id": "THEIRS"}},
        {"type": "session.resume"},
        {"type": "input.audio", "audio": "", "session_id": "THEIRS"},
        {"type": "session.end", "session_id": "THEIRS"},
        {"type": "Session.Resume", "session_id": "THEIRS"},
        {"session_id": "THEIRS"},
        ["session.resume"],
    ],
    ids=str,
)
def test_no_spelling_leads_to_another_owner_s_agent_or_session(site: Site, message: Any) -> None:
    whose, theirs = ids_of_another(site)
    if isinstance(message, dict) and "agent" in json.dumps(message).lower():
        theirs = whose
    text = json.dumps(message).replace("THEIRS", theirs)
    if "OWN" in text:
        text = text.replace("OWN", make_agent(site, one(site, "uma")))
    before = len(site.us.agent_sessions)
    with session(site, one(site, "uma")) as agent:
        agent.socket.send(text)
        last = agent.rest()[-1]
    assert last["type"] == "session.error"
    assert agent.socket.close_code in (1008, 3006)
    assert len(site.us.agent_sessions) == before
    with pytest.raises(ConnectionClosed):
        agent.message()


_ONCE: dict[tuple[int, str], Any] = {}


def one(site: Site, name: str) -> str:
    """The key of that name, made once."""
    return str(_ONCE.setdefault((id(site), name), None) or _made(site, name))


def _made(site: Site, name: str) -> str:
    key = _ONCE[id(site), name] = site.key(name)
    return key


def ids_of_another(site: Site) -> tuple[str, str]:
    """An agent and a session of another key."""
    found = _ONCE.get((id(site), "ids"))
    if found is None:
        key = one(site, "vera")
        found = _ONCE[id(site), "ids"] = make_agent(site, key), whole(site, key)
    assert isinstance(found, tuple)
    return found


@pytest.mark.parametrize("name", ["agent_id", "AgentId", "session_id", "x"])
def test_a_handshake_that_names_another_s_object_opens_nothing(site: Site, name: str) -> None:
    agent_id, session_id = ids_of_another(site)
    for id in (agent_id, session_id, *(["never"] if name != "x" else [])):
        found = site.refused(one(site, "uma"), f"{name}={id}", target=f"{AGENTS}/v1/ws")
        assert (found.status, found.json) == (404, {"error": "Not found"})
    if name == "agent_id":
        with session(site, one(site, "vera"), f"?{name}={agent_id}") as agent:
            agent.begin()
            agent.end()


def test_an_own_agent_runs_and_tools_may_speak_of_agents(site: Site) -> None:
    key = site.key("wanda")
    id = make_agent(site, key, greeting="Hello.")
    with session(site, key) as agent:
        agent.begin(agent_id=id)
        assert agent.until("transcript.agent")["text"] == "Hello."
        tool = {
            "type": "function",
            "name": "transfer",
            "parameters": {"type": "object", "properties": {"agent_id": {"type": "string"}}},
        }
        agent.send("session.update", session={"tools": [tool]})
        agent.until("session.updated")
        agent.send("tool.result", call_id="c1", result='{"agent_id": "any"}')
        agent.until("reply.done")
        agent.end()
    assert upstream(site).agent_id == id


def test_the_master_key_may_name_everything(site: Site) -> None:
    agent_id, _ = ids_of_another(site)
    with session(site, MASTER_KEY) as agent:
        agent.begin(agent_id=agent_id)
        agent.end()


def test_a_session_without_an_id_that_can_be_recorded_ends(site: Site) -> None:
    for id in (None, 7, "", "a b", "x" * 200):
        site.us.fail_next_agent_session(ready={"session_id": id})
        with session(site, one(site, "xena")) as agent:
            agent.send("session.update", session={})
            found = agent.rest()
        assert [each["type"] for each in found][-1] == "session.error"
        assert not any(each["type"] == "session.ready" for each in found)


# Guards


def numbers(action: str = "mask", **options: Any) -> dict[str, Any]:
    options |= {"patterns": ["us_ssn"], "action": action}
    params = {"guardrail": "pattern", "options": options}
    return {"guardrail_name": "numbers", "litellm_params": params}


def guarded(folder: Any, **options: Any) -> Any:
    return live(f"sqlite:///{folder}/ledger.db", guardrails=[numbers(**options)])


SSN = "My number is 219-09-9999."


def test_guards_read_what_a_client_sets_and_what_is_said(tmp_path: Any) -> None:
    with guarded(tmp_path, action="mask") as site:
        key = site.key("alice")
        site.us.text = SSN
        with session(site, key) as agent:
            agent.begin(system_prompt=SSN, greeting=SSN)
            assert "219" not in agent.until("transcript.agent")["text"]
            assert "219" not in json.dumps(upstream(site).config)
            agent.speak(6)
            assert "219" not in agent.until("transcript.user")["text"]
            agent.send("reply.create", instructions=SSN)
            agent.send("tool.result", call_id="c1", result=json.dumps({"said": SSN}))
            agent.end()
        assert "219" not in json.dumps(upstream(site).texts)
        assert (
            "219"
            not in ask(site, key, "GET", f"/v1/agents/{make_agent(site, key, greeting=SSN)}").text
        )


def test_a_guard_that_blocks_ends_the_session(tmp_path: Any) -> None:
    with guarded(tmp_path, action="block") as site:
        key = site.key("alice")
        with session(site, key) as agent:
            agent.send("session.update", session={"system_prompt": SSN})
            assert agent.farewell()[0] == 1008
        assert not site.us.agent_sessions
        assert (
            ask(site, key, "POST", "/v1/agents", json=AGENT | {"greeting": SSN}).status_code == 400
        )
        site.us.text = SSN
        with session(site, key) as agent:
            agent.begin()
            agent.speak(6)
            found = agent.rest()
        assert agent.socket.close_code == 1008
        assert not any("219" in json.dumps(each) for each in found)


class Elsewhere:
    """A guard of other kinds of work."""

    def __init__(self, kinds: list[str]) -> None:
        self.kinds = kinds

    def before(self, call: Any, body: Any) -> None:
        """Let everything pass."""


@pytest.mark.parametrize("kinds", [["transcript"], ["chat"], ["session"]], ids=str)
def test_guards_that_look_elsewhere_refuse_sessions(tmp_path: Any, kinds: list[str]) -> None:
    params = {"guardrail": f"{__name__}:Elsewhere", "options": {"kinds": kinds}}
    guard = {"guardrail_name": "elsewhere", "litellm_params": params}
    with live(f"sqlite:///{tmp_path}/ledger.db", guardrails=[guard]) as site:
        with session(site, site.key("alice")) as agent:
            code, _, text = agent.farewell()
        assert (code, "kinds need `agent`" in text) == (1008, True)


def test_an_error_s_code_is_a_name() -> None:
    from assemblyai_mw.call.session_kind import AGENTS as KIND

    assert json.loads(KIND.words.error(Cut(4999, "?")))["code"] == "server_error"
    assert json.loads(KIND.words.error(Cut(3008, "?", name="mine")))["code"] == "mine"


def test_a_key_of_the_eu_talks_where_the_host_is_of_its_zone(tmp_path: Any) -> None:
    fake = FakeAssemblyAI(region="eu")
    with serve(fake.host("agents")) as url:
        routes = {"/eu.agents.assemblyai": url}
        with live(f"sqlite:///{tmp_path}/ledger.db", routes=routes) as site:
            key = site.key("alice", region="eu")
            address = f"ws{site.url.removeprefix('http')}/eu.agents.assemblyai/v1/ws"
            headers = {"Authorization": key}
            with connect(address, additional_headers=headers, proxy=None) as socket:
                agent = Agent(socket)
                id = agent.begin()
                agent.end()
            (row,) = rows(site, "alice", "settled")
            assert (row.region, fake.agent_sessions[0].id) == ("eu", id)
            assert site.ledger.object_owner(SESSIONS, id) is None
            assert site.ledger.object_owner(Space("agents", "eu", "session"), id) is not None
