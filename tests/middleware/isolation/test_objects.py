"""Agents, sessions and webhook subscriptions of two tenants, through the whole stack."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from agents_kit import AGENT, AGENTS, SECRET, ask, make_agent, whole
from session_kit import MASTER_KEY, Site, live
from sqlalchemy import insert

from assemblyai_mw.middleware.isolation import object_lists, replies
from assemblyai_mw.store.schema import owned
from assemblyai_mw.store.space import Space

HOOK = {"url": "https://hooks.example/a", "events": ["session.completed"], "secret": SECRET}


class Tenants:
    """Two keys, and an object of each kind that the first one has.

    Attributes:
        objects: Ids by the path of their kind.
    """

    def __init__(self, site: Site) -> None:
        self.site = site
        self.ann, self.ben = site.key("ann"), site.key("ben")
        agent = make_agent(site, self.ann)
        hook = ask(
            site, self.ann, "POST", "/v1/webhook-subscriptions", json=HOOK | {"agent_id": agent}
        )
        assert hook.status_code == 201, hook.text
        self.objects = {
            "agents": agent,
            "sessions": whole(site, self.ann),
            "webhook-subscriptions": str(hook.json()["id"]),
        }


@pytest.fixture(scope="module")
def tenants(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tenants]:
    folder = tmp_path_factory.mktemp("objects")
    with live(f"sqlite:///{folder}/ledger.db", streaming={"terminate_s": 1.0}) as site:
        yield Tenants(site)


ONE_OBJECT = [
    *(("GET", kind, {}) for kind in ("agents", "sessions", "webhook-subscriptions")),
    *(("HEAD", kind, {}) for kind in ("agents", "sessions", "webhook-subscriptions")),
    *(("DELETE", kind, {}) for kind in ("agents", "sessions", "webhook-subscriptions")),
    ("PUT", "agents", {"json": {"name": "Mine"}}),
    ("PATCH", "webhook-subscriptions", {"json": {"url": "https://evil.example"}}),
    ("POST", "agents", {"json": AGENT}),
    ("TRACE", "agents", {}),
]


@pytest.mark.parametrize("method, kind, options", ONE_OBJECT)
def test_another_s_object_answers_as_one_that_never_was(
    tenants: Tenants, method: str, kind: str, options: dict[str, Any]
) -> None:
    site, id = tenants.site, tenants.objects[kind]
    before = len(site.us.requests)
    theirs = ask(site, tenants.ben, method, f"/v1/{kind}/{id}", **options)
    never = ask(site, tenants.ben, method, f"/v1/{kind}/{id[:-1]}x", **options)
    assert theirs.status_code == never.status_code == 404
    assert theirs.content == never.content
    fields = [
        {k: v for k, v in reply.headers.items() if k.lower() not in ("date", "x-request-id")}
        for reply in (theirs, never)
    ]
    assert fields[0] == fields[1]
    assert len(site.us.requests) == before


@pytest.mark.parametrize("kind", ["agents", "sessions", "webhook-subscriptions"])
def test_an_owner_and_the_master_key_read_an_object(tenants: Tenants, kind: str) -> None:
    for key in (tenants.ann, MASTER_KEY):
        reply = ask(tenants.site, key, "GET", f"/v1/{kind}/{tenants.objects[kind]}")
        assert reply.status_code == 200
        assert reply.json()["id"] == tenants.objects[kind]
        assert (
            ask(tenants.site, key, "POST", f"/v1/{kind}/{tenants.objects[kind]}").status_code == 405
        )


def items(reply: Any) -> list[str]:
    value = reply.json()
    rows = value if isinstance(value, list) else value.get("sessions", value.get("subscriptions"))
    return [row["id"] for row in rows]


@pytest.mark.parametrize("kind", ["agents", "sessions", "webhook-subscriptions"])
def test_lists_hold_own_objects_alone(tenants: Tenants, kind: str) -> None:
    site, path = tenants.site, f"/v1/{kind}"
    assert tenants.objects[kind] in items(ask(site, tenants.ann, "GET", path))
    assert items(ask(site, tenants.ben, "GET", path)) == []
    assert tenants.objects[kind] in items(ask(site, MASTER_KEY, "GET", path))
    assert ask(site, tenants.ann, "HEAD", path).content == b""


def test_the_list_has_assemblyai_s_shape(tenants: Tenants) -> None:
    site = tenants.site
    found = ask(site, tenants.ann, "GET", "/v1/sessions").json()
    theirs = ask(site, MASTER_KEY, "GET", "/v1/sessions").json()
    assert found.keys() == theirs.keys()
    assert found["sessions"][0].keys() == theirs["sessions"][0].keys()
    assert found["response_metadata"] == {"next_cursor": ""}


def test_all_own_sessions_are_found_page_by_page_among_many_others(tenants: Tenants) -> None:
    site = tenants.site
    cara = site.key("cara")
    mine = [whole(site, cara)]
    last = site.us.agent_sessions[-1]
    owner = site.ledger.object_owner(Space("agents", "global", "session"), last.id)
    assert owner is not None
    keys = ("agent_id", "config", "began", "limit_s", "settings", "clock", "ended")
    fields = {name: getattr(last, name) for name in keys}
    made = []
    with site.keys.database.write() as connection:
        row = {"service": "agents", "region": "global", "kind": "session"}
        whose = {"owner": f"key:{owner.key_id}", "key_id": owner.key_id, "key_name": "cara"}
        for number in range(60):
            made.append(f"sess_more_{number}")
            at = 4_000_000_000_000_000 + number
            connection.execute(insert(owned).values(**row, **whose, id=made[-1], at=at))
    strangers = [f"sess_other_{number}" for number in range(300)]
    for id in (*made, *strangers):
        site.us.agent_sessions.append(type(last)(id=id, account=last.account, **fields))
    # Gone at AssemblyAI, by other means.
    site.us.agent_sessions[:] = [s for s in site.us.agent_sessions if s.id != "sess_more_5"]
    found: list[str] = []
    cursor, pages = "", 0
    while True:
        before = len(site.us.requests)
        query = f"?limit=40&cursor={cursor}" if cursor else "?limit=40"
        page = ask(site, cara, "GET", f"/v1/sessions{query}")
        assert page.status_code == 200, page.text
        assert len(site.us.requests) - before <= object_lists.MAX_READS
        found += items(page)
        pages += 1
        if not page.json()["has_more"]:
            break
        cursor = page.json()["response_metadata"]["next_cursor"]
        assert cursor in made
    wanted = [id for id in reversed(made) if id != "sess_more_5"] + mine
    assert (found, pages > 1) == (wanted, True)
    # Another's cursor, and one that never was.
    for other in (made[3], "sess_never", "a b"):
        reply = ask(site, tenants.ben, "GET", "/v1/sessions", params={"cursor": other})
        assert reply.status_code == 404
    site.us.agent_sessions[:] = [s for s in site.us.agent_sessions if "_other_" not in s.id]


@pytest.mark.parametrize(
    "query, status",
    [
        ("limit=0", 400),
        ("limit=201", 400),
        ("limit=x", 400),
        ("limit=1&limit=2", 400),
        ("account=all", 400),
        ("status=completed", 200),
        ("status=active", 200),
        ("agent_id=THEIRS", 404),
        ("Agent-ID=THEIRS", 404),
        ("agent_id=never", 404),
        ("x=THEIRS", 404),
        ("x=0000-never-was-an-id", 404),
        ("cursor=&cursor=THEIRS", 404),
        ("cursor=&cursor=0000-never-was-an-id", 404),
        ("x=%2554HEIRS", 400),
    ],
)
def test_a_list_s_query_names_own_objects_alone(tenants: Tenants, query: str, status: int) -> None:
    theirs = tenants.objects["agents"]
    spelled = "".join(f"%25{ord(c):02x}" for c in theirs) if "%25" in query else theirs
    text = query.replace("%2554HEIRS", spelled).replace("THEIRS", theirs)
    wanted = (404,) if "%25" in query else (status,)
    reply = ask(tenants.site, tenants.ben, "GET", f"/v1/sessions?{text}")
    assert reply.status_code in wanted, reply.text
    assert theirs not in reply.text


def test_own_sessions_by_their_agent(tenants: Tenants) -> None:
    site, id = tenants.site, tenants.objects["agents"]
    assert items(ask(site, tenants.ann, "GET", f"/v1/sessions?agent_id={id}")) == []


# Subscriptions


@pytest.mark.parametrize(
    "agent, status",
    [
        ({}, 403),
        ({"agent_id": None}, 403),
        ({"agent_id": "THEIRS"}, 404),
        ({"agent_id": "never"}, 404),
        ({"agent_id": ""}, 404),
        ({"agent_id": ["THEIRS"]}, 404),
        ({"Agent_Id": "THEIRS"}, 403),
        ({"agent_id": "OWN", "agentId": None}, 400),
        ({"agent_id": "OWN", "filter": {"agent_id": "THEIRS"}}, 400),
        ({"agent_id": "OWN", "session_id": "THEIRS"}, 400),
        ({"agent_id": "OWN"}, 201),
    ],
    ids=str,
)
def test_a_subscription_hears_of_an_own_agent_alone(
    tenants: Tenants, agent: dict[str, Any], status: int
) -> None:
    site = tenants.site
    own = make_agent(site, tenants.ben)
    text = json.dumps(HOOK | agent).replace("THEIRS", tenants.objects["agents"]).replace("OWN", own)
    before = len(site.us.subscriptions)
    reply = ask(site, tenants.ben, "POST", "/v1/webhook-subscriptions", data=text)
    assert reply.status_code == status, reply.text
    assert len(site.us.subscriptions) - before == (status == 201)
    if status == 403:
        assert "only the master key" in reply.json()["error"]
    if status == 201:
        path = f"/v1/webhook-subscriptions/{reply.json()['id']}"
        for change, wanted in (
            ({"agent_id": None}, 403),
            ({"agent_id": tenants.objects["agents"]}, 404),
            ({"enabled": False}, 200),
        ):
            assert ask(site, tenants.ben, "PATCH", path, json=change).status_code == wanted
        assert ask(site, tenants.ben, "DELETE", path).status_code == 204
        assert ask(site, tenants.ben, "GET", path).status_code == 404


def test_the_master_key_subscribes_to_the_account(tenants: Tenants) -> None:
    reply = ask(tenants.site, MASTER_KEY, "POST", "/v1/webhook-subscriptions", json=HOOK)
    assert reply.status_code == 201
    id = reply.json()["id"]
    assert (
        ask(tenants.site, tenants.ann, "GET", f"/v1/webhook-subscriptions/{id}").status_code == 404
    )


# What is not described, and what cannot be attributed


@pytest.mark.parametrize(
    "method, path",
    [
        ("GET", "/v1/sessions/ID/webhook-deliveries"),
        ("GET", "/v1/phone-numbers"),
        ("POST", "/v1/phone-numbers"),
        ("DELETE", "/v1/agents"),
        ("GET", "/v1/agents/ID/versions"),
        ("GET", "/v2/agents/ID"),
        ("GET", "/v1/agents/%2e%2e/sessions/ID"),
        ("GET", "/V1/agents"),
        ("GET", "/v1//agents"),
        ("GET", "/v1/agents/"),
        ("GET", "/v1/agents/ID;x"),
        ("GET", "/v1/agents/ID%2f"),
        ("GET", "/"),
    ],
)
def test_a_path_that_is_not_described_is_not_for_keys(
    tenants: Tenants, method: str, path: str
) -> None:
    site = tenants.site
    before = len(site.us.requests)
    target = f"{AGENTS}{path.replace('ID', tenants.objects['agents'])}"
    # As it stands: a client's library would tidy it up.
    found = site.get(target, tenants.ben, method=method)
    assert found.status in (400, 403, 404, 405)
    assert len(site.us.requests) == before


@pytest.mark.parametrize(
    "body, status",
    [
        (b"", 400),
        (b"[]", 400),
        (b"{", 400),
        (b'{"name": "a", "name": "b"}', 400),
        (json.dumps(AGENT | {"agent_id": "x"}).encode(), 400),
        (json.dumps(AGENT | {"transfer": {"session_id": "x"}}).encode(), 400),
        (json.dumps(AGENT | {"id": "THEIRS"}).encode(), 400),
        (json.dumps(AGENT | {"Id": "another"}).encode(), 400),
        (json.dumps(AGENT | {"copy_of": ["THEIRS"]}).encode(), 404),
        (json.dumps(AGENT | {"x": [f"word-number-{n:04}" for n in range(101)]}).encode(), 413),
        (json.dumps({"name": "only"}).encode(), 422),
    ],
)
def test_an_agent_s_body_is_read_before_it_goes_out(
    tenants: Tenants, body: bytes, status: int
) -> None:
    site = tenants.site
    before = len(site.us.agents)
    if b"THEIRS" in body:
        body = body.replace(b"THEIRS", tenants.objects["agents"].encode())
    headers = {"Content-Type": "application/json"}
    import requests

    reply = requests.post(
        f"{site.url}{AGENTS}/v1/agents",
        data=body,
        headers=headers | {"Authorization": tenants.ben},
        timeout=20,
    )
    assert reply.status_code == status, reply.text
    assert len(site.us.agents) == before


def test_a_reply_that_names_no_id_is_not_passed_on(tenants: Tenants) -> None:
    site = tenants.site
    for body in ({"name": "x"}, [], "no", {"id": 7}, {"id": "a b"}):
        site.us.fail_next(201, body=body, path="/v1/agents")
        reply = ask(site, tenants.ben, "POST", "/v1/agents", json=AGENT)
        assert reply.status_code == 502
        assert "belongs to nobody" in reply.json()["error"]


def test_a_large_object_has_an_owner_too(tenants: Tenants, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replies, "MAX_LIST_BYTES", 1000)
    large = json.dumps(AGENT | {"name": "\u00e9" * 2000}, ensure_ascii=False).encode()
    made = ask(tenants.site, tenants.ben, "POST", "/v1/agents", data=large)
    assert made.status_code == 201, made.text
    path = f"/v1/agents/{made.json()['id']}"
    assert ask(tenants.site, tenants.ben, "DELETE", path).status_code == 204


def test_a_list_of_another_shape_shows_nothing(tenants: Tenants) -> None:
    site = tenants.site
    for kind in ("agents", "sessions", "webhook-subscriptions"):
        site.us.fail_next(200, body={"data": [{"id": tenants.objects[kind]}]}, path=f"/v1/{kind}")
        reply = ask(site, tenants.ann, "GET", f"/v1/{kind}")
        assert (reply.status_code, tenants.objects[kind] in reply.text) == (502, False)


def test_what_others_made_too_large_leaves_own_lists_alone(
    tenants: Tenants, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = tenants.site
    listed = ask(site, tenants.ann, "GET", "/v1/agents").json()
    monkeypatch.setattr(replies, "MAX_LIST_BYTES", 4000)
    huge = [make_agent(site, tenants.ben, name="n" * 2000) for _ in range(3)]
    try:
        assert ask(site, tenants.ann, "GET", "/v1/agents").json() == listed
        for kind in ("sessions", "webhook-subscriptions"):
            site.us.fail_next(200, body={"x": "n" * 4000}, path=f"/v1/{kind}")
            assert tenants.objects[kind] in items(ask(site, tenants.ann, "GET", f"/v1/{kind}"))
        monkeypatch.setattr(object_lists, "MAX_READS", 0)
        assert ask(site, tenants.ann, "GET", "/v1/agents").status_code == 502
    finally:
        for id in huge:
            ask(site, tenants.ben, "DELETE", f"/v1/agents/{id}")


def test_assemblyai_s_own_refusal_of_a_list_passes(tenants: Tenants) -> None:
    site = tenants.site
    site.us.fail_next(429, body={"detail": "slow down"}, path="/v1/sessions")
    reply = ask(site, tenants.ann, "GET", "/v1/sessions")
    assert (reply.status_code, reply.json()) == (429, {"detail": "slow down"})


def test_a_deleted_object_is_nobody_s(tenants: Tenants) -> None:
    site = tenants.site
    id = make_agent(site, tenants.ben)
    assert ask(site, tenants.ben, "DELETE", f"/v1/agents/{id}").status_code == 204
    assert ask(site, tenants.ben, "DELETE", f"/v1/agents/{id}").status_code == 404
    assert id not in items(ask(site, tenants.ben, "GET", "/v1/agents"))


def test_a_team_shares_what_its_keys_make(tenants: Tenants) -> None:
    site = tenants.site
    one, two = site.key("one", team="red"), site.key("two", team="red")
    id = make_agent(site, one)
    assert ask(site, two, "GET", f"/v1/agents/{id}").status_code == 200
    assert items(ask(site, two, "GET", "/v1/agents")) == [id]
    everything = site.key("everything", scope="all")
    assert id in items(ask(site, everything, "GET", "/v1/agents"))
    sessions = items(ask(site, everything, "GET", "/v1/sessions?limit=200"))
    assert tenants.objects["sessions"] in sessions


def test_links_to_the_host_lead_through_the_app_and_recordings_stay(tenants: Tenants) -> None:
    site, id = tenants.site, tenants.objects["sessions"]
    plain = ask(site, tenants.ann, "GET", f"/v1/sessions/{id}").json()
    assert plain["artifacts"][0]["url"].startswith("https://artifacts.example/")
    site.us.agent_session_fields = {
        "next": ["https://agents.assemblyai.com/v1/sessions/x?y=1", "agents.assemblyai.com"],
        "other": "https://agents.assemblyai.com.evil.example/v1",
    }
    try:
        led = ask(site, tenants.ann, "GET", f"/v1/sessions/{id}").json()
    finally:
        site.us.agent_session_fields = {}
    mount = f"{site.url}{AGENTS}"
    assert led["next"] == [f"{mount}/v1/sessions/x?y=1", "agents.assemblyai.com"]
    assert led["other"] == "https://agents.assemblyai.com.evil.example/v1"
    assert {**led, "next": 0, "other": 0} == {**plain, "next": 0, "other": 0}


def test_while_the_ledger_is_down_nothing_is_made(
    tenants: Tenants, monkeypatch: pytest.MonkeyPatch
) -> None:
    from assemblyai_mw.errors import StoreError
    from assemblyai_mw.store import Ledger

    def down(*_: Any, **__: Any) -> None:
        raise StoreError("down")

    monkeypatch.setattr(Ledger, "object_owner", down)
    path = f"/v1/agents/{tenants.objects['agents']}"
    assert ask(tenants.site, tenants.ann, "GET", path).status_code == 503
    monkeypatch.setattr(Ledger, "own", down)
    reply = ask(tenants.site, tenants.ann, "POST", "/v1/agents", json=AGENT)
    assert (reply.status_code, "id" in reply.json()) == (503, False)
