"""Open rows are closed: by clients' replies, by the background, by AssemblyAI's list."""

from __future__ import annotations

import contextlib
import gc
import gzip
import itertools
import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from webob import Request
from webtest import TestApp

from assemblyai_mw import AssemblyAIMiddleware, SocketTransport
from assemblyai_mw.calllog import CallRecord
from assemblyai_mw.config import load_config
from assemblyai_mw.pricing import PriceBook
from assemblyai_mw.settlement.settler import Settler, Summary
from assemblyai_mw.store import Database, Keys, Ledger
from assemblyai_mw.store.database import _databases
from assemblyai_mw.testing import EU_KEY, US_KEY, FakeAssemblyAI, Hosts, serve_all

SUBMIT = {"audio_url": "https://audio.example/a.mp3", "speech_models": ["universal-2"]}
# 12.4 seconds count as 13, at 0.15 dollars an hour.
COST = "0.000541667"
DAY = 86_400.0


def host_app(environ: Any, start_response: Any) -> list[bytes]:
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "2")])
    return [b"ok"]


def settings_of(hosts: Hosts, url: str, **more: Any) -> dict[str, Any]:
    return {
        "model_list": [
            {"model_name": f"{name}/*", "litellm_params": {"model": f"{name}/*", "api_key": key}}
            for name, key in (("assemblyai", US_KEY), ("eu.assemblyai", EU_KEY))
        ],
        "general_settings": {"master_key": "sk-master-for-settlement", "database_url": url},
        "routes": hosts.routes,
        "settlement": False,
        **more,
    }


@dataclass
class House:
    """The stack on an empty database, its upstreams on sockets, and a clock to turn on."""

    hosts: Hosts
    config: dict[str, Any]
    database: Database
    key: str
    app: TestApp
    records: list[CallRecord]
    transport: SocketTransport = field(default_factory=SocketTransport)
    ahead_s: float = 0.0

    @property
    def ledger(self) -> Ledger:
        return Ledger(self.database)

    def submit(self, prefix: str = "/assemblyai", status: int = 200, **body: Any) -> str:
        reply = self.app.post_json(
            f"{prefix}/v2/transcript",
            {**SUBMIT, **body},
            headers={"Authorization": self.key},
            status=status,
        )
        return str(reply.json.get("id"))

    def get(self, path: str, **options: Any) -> Any:
        return self.app.get(path, headers={"Authorization": self.key}, **options)

    def settler(self, **options: Any) -> Settler:
        return Settler(
            load_config(self.config),
            ledger=self.ledger,
            transport=self.transport,
            prices=PriceBook.load(),
            on_call=[self.records.append],
            clock=lambda: time.time() + self.ahead_s,
            **options,
        )

    def settle(self, *, after_s: float = 0.0, **options: Any) -> Summary:
        """Run a settler once, as if *after_s* seconds had gone by."""
        self.ahead_s += after_s
        return self.settler(**options).run(limit=100)

    def row(self, number: int = -1) -> dict[str, Any]:
        return list(self.ledger.calls())[number]


def close_databases() -> None:
    """Close what a stack opened for itself; a process does that by ending."""
    for each in list(_databases):
        each.close()


@pytest.fixture
def hosts() -> Iterator[Hosts]:
    with serve_all(FakeAssemblyAI(polls=0), FakeAssemblyAI(region="eu", polls=0)) as hosts:
        yield hosts


def build(hosts: Hosts, url: str, **more: Any) -> House:
    config = settings_of(hosts, url, **more)
    database = Database(url)
    records: list[CallRecord] = []
    app = TestApp(AssemblyAIMiddleware(host_app, config, on_call=records.append))
    return House(hosts, config, database, Keys(database).create("alice").key, app, records)


@pytest.fixture
def house(hosts: Hosts, sqlite_url: str) -> Iterator[House]:
    house = build(hosts, sqlite_url)
    yield house
    close_databases()


@pytest.fixture
def each_house(hosts: Hosts, database_url: str) -> Iterator[House]:
    house = build(hosts, database_url)
    yield house
    close_databases()


# Nobody polls


def test_transcript_that_nobody_polls_is_charged_once(each_house: House) -> None:
    house = each_house
    id = house.submit(speaker_labels=True)
    summary = house.settle(after_s=10)
    assert (summary.settled, house.row()["state"]) == (1, "settled")
    assert [item["item"] for item in house.row()["breakdown"]] == ["universal-2", "speaker_labels"]
    assert house.settle(after_s=10).leased == 0
    assert house.get(f"/assemblyai/v2/transcript/{id}").json["status"] == "completed"
    (total,) = house.ledger.usage("key")
    assert (total["calls"], total["cost_usd"]) == (1, house.row()["cost_usd"])


def test_settlement_tells_callbacks_as_a_poll_would(house: House) -> None:
    id = house.submit()
    house.records.clear()
    house.settle(after_s=10)
    (record,) = house.records
    assert (record.state, record.cost_usd, record.key) == ("settled", COST, "alice")
    assert (record.method, record.path) == ("GET", f"/v2/transcript/{id}")
    assert (record.transcript_id, record.model, record.row) == (id, "universal-2", 1)


def test_failed_transcript_is_free(house: House) -> None:
    house.hosts.us.next_result(error="the audio could not be read")
    house.submit()
    assert house.settle(after_s=10).failed == 1
    assert (house.row()["state"], house.row()["cost_usd"]) == ("failed", "0")


def test_unfinished_transcript_is_asked_for_ever_more_rarely(house: House) -> None:
    house.hosts.us.next_result(polls=10**9)
    house.submit()
    asked = []
    for second in range(0, 1200, 3):
        house.ahead_s = second
        if house.settler().run().leased:
            asked.append(second)
    gaps = [later - sooner for sooner, later in itertools.pairwise(asked)]
    assert gaps == sorted(gaps)
    assert gaps[0] <= 9
    assert gaps[-1] >= 300
    assert house.row()["state"] == "pending"


def test_each_region_is_asked_with_its_own_key_and_no_other(house: House) -> None:
    us, eu = house.submit(), house.submit("/eu.assemblyai")
    house.settle(after_s=10)
    for fake, id in ((house.hosts.us, us), (house.hosts.eu, eu)):
        assert [(seen.method, seen.path) for seen in fake.requests] == [
            ("POST", "/v2/transcript"),
            ("GET", f"/v2/transcript/{id}"),
        ]
    assert [seen.header("authorization") for seen in house.hosts.eu.requests] == [EU_KEY] * 2


def test_eu_row_waits_where_no_route_leads_to_the_eu(house: House) -> None:
    house.submit("/eu.assemblyai")
    house.config["routes"] = {**house.config["routes"], "/eu.assemblyai": None}
    summary = house.settle(after_s=10)
    assert list(summary.left) == ["no route leads to AssemblyAI's API in region eu"]
    assert house.hosts.us.requests == []
    assert "no route" in house.row()["reason"]


def test_redirects_are_not_followed_with_the_key(house: House) -> None:
    house.submit()
    target = house.hosts.routes["/eu.assemblyai"]
    house.hosts.us.fail_next(302, headers=[("Location", f"{target}/v2/transcript")], method="GET")
    house.settle(after_s=10)
    assert house.hosts.eu.requests == []
    assert house.row()["state"] == "pending"


def test_proxies_and_netrc_of_the_environment_do_not_count(
    house: House, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    house.submit()
    assert house.settle(after_s=10).settled == 1
    assert house.hosts.us.requests[-1].header("authorization") == US_KEY


@pytest.mark.parametrize("status", [401, 429, 500, 503])
def test_trouble_upstream_spares_the_other_rows_a_request(house: House, status: int) -> None:
    for _ in range(5):
        house.submit()
    asked = len(house.hosts.us.requests)
    house.hosts.us.fail_next(status, times=100, headers=[("Retry-After", "30")])
    summary = house.settle(after_s=10)
    assert summary.left.total() == 5
    assert len(house.hosts.us.requests) == asked + 1
    house.hosts.us.clear_faults()
    assert house.settle(after_s=400).settled == 5


def test_upstream_that_is_down_is_told_of_once(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(5):
        house.submit()
    house.hosts.us.fail_next(drop=True, times=100)
    settler = house.settler()
    for _ in range(3):
        house.ahead_s += 400
        settler.run()
    told = [r for r in caplog.records if r.name == "assemblyai_mw.settlement"]
    assert len(told) == 1
    assert US_KEY not in caplog.text


def test_transcript_deleted_elsewhere_becomes_unpriced_with_its_reason(house: House) -> None:
    id = house.submit()
    house.hosts.us.transcripts.pop(id)
    assert house.settle(after_s=10).left.total() == 1
    assert house.settle(after_s=900).unpriced == 1
    assert "deleted elsewhere" in house.row()["reason"]
    assert house.row()["cost_usd"] is None


def test_row_that_cannot_be_settled_in_ninety_days_is_closed(house: House) -> None:
    house.hosts.us.next_result(status="archived")
    house.submit()
    for days in range(0, 90, 10):
        house.ahead_s = days * DAY + 10
        house.settle()
        assert house.row()["state"] == "pending"
        assert house.row()["reason"] == "unknown status 'archived'"
    house.settle(after_s=11 * DAY)
    assert house.row()["state"] == "unpriced"
    assert "within the 90 days" in house.row()["reason"]


# What clients' own requests do


def test_list_frees_errors_and_hastens_the_rest(house: House) -> None:
    house.hosts.us.next_result(error="bad audio")
    house.submit()
    house.submit()
    house.get("/assemblyai/v2/transcript")
    assert [row["state"] for row in house.ledger.calls()] == ["failed", "pending"]
    # Due at once, though an accepted transcript is due in three seconds.
    assert house.settle().settled == 1


def test_delete_of_an_unsettled_transcript_settles_it_first(house: House) -> None:
    id = house.submit()
    house.app.delete(f"/assemblyai/v2/transcript/{id}", headers={"Authorization": house.key})
    assert (house.row()["state"], house.row()["cost_usd"]) == ("settled", COST)


BOMB = gzip.compress(b" " * (200 << 20))


@pytest.mark.parametrize(
    "body, headers, state, reason",
    [
        pytest.param({"audio_duration": None}, [], "unpriced", "None", id="null"),
        pytest.param({"audio_duration": "12"}, [], "unpriced", "'12'", id="string"),
        pytest.param({"audio_duration": -5}, [], "unpriced", "-5", id="negative"),
        pytest.param(
            b'{"status":"completed","audio_duration":NaN}', [], "unpriced", "nan", id="NaN"
        ),
        pytest.param(b'{"status":"completed","audio_dur', [], "pending", "no JSON", id="truncated"),
        pytest.param(b"[" * 100_000, [], "pending", "no JSON", id="nested"),
        pytest.param(b"x" * (70 << 20), [], "pending", "no JSON", id="huge"),
        pytest.param(BOMB, [("Content-Encoding", "gzip")], "pending", "no JSON", id="gzip bomb"),
        pytest.param({"status": "archived"}, [], "pending", "'archived'", id="unknown status"),
    ],
)
def test_odd_reply_reaches_the_client_as_it_is_and_marks_the_row(
    house: House, body: Any, headers: list[tuple[str, str]], state: str, reason: str
) -> None:
    id = house.submit()
    if isinstance(body, dict):
        body = json.dumps({"id": id, "status": "completed", **SUBMIT, **body}).encode()
    house.hosts.us.fail_next(200, body=body, headers=headers, times=2, method="GET")
    # Past WebTest, which would undo the compression.
    request = Request.blank(
        f"/assemblyai/v2/transcript/{id}",
        headers={"Authorization": house.key, "Accept-Encoding": "gzip"},
    )
    _, sent, blocks = request.call_application(house.app.app)
    assert dict(sent).get("Content-Encoding") == dict(headers).get("Content-Encoding")
    assert b"".join(blocks) == body
    blocks.close()
    house.settle(after_s=10)
    assert house.row()["state"] == state
    assert reason in house.row()["reason"]


# Submits whose answer was never seen


def test_submit_whose_answer_broke_off_is_found_in_the_list(each_house: House) -> None:
    house = each_house
    house.hosts.us.fail_next(cut_after=20, method="POST")
    house.submit(status=502)
    assert house.row()["state"] == "pending"
    summary = house.settle(after_s=10)
    (job,) = house.hosts.us.transcripts.values()
    assert (summary.resolved, summary.settled) == (1, 1)
    assert house.row()["transcript_id"] == job.id
    owner = house.ledger.owner("us", job.id)
    assert owner is not None
    assert owner.key_name == "alice"


def test_submit_that_never_arrived_fails_only_once_that_is_certain(house: House) -> None:
    house.hosts.us.fail_next(drop=True, method="POST")
    house.submit(status=502)
    # The stand-in drops the request before it acts; nobody here can know that.
    assert house.settle(after_s=10).left == {"its request may still be under way": 1}
    assert house.settle(after_s=400).failed == 1
    assert (house.row()["state"], house.row()["cost_usd"]) == ("failed", "0")
    assert "never reached" in house.row()["reason"]


def _of_long_ago(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """Let calls have come in so long ago: it took that long to read their bodies."""

    class Earlier:
        @staticmethod
        def time() -> float:
            return time.time() - seconds

    monkeypatch.setattr("assemblyai_mw.call.time", Earlier)


def test_submit_that_was_long_in_coming_is_found_though_its_reply_is_lost(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    _of_long_ago(monkeypatch, 400)
    house.hosts.us.fail_next(cut_after=20, method="POST")
    house.submit(status=502)
    summary = house.settle(after_s=10)
    assert (summary.failed, summary.resolved, summary.settled) == (0, 1, 1)


def test_submit_that_was_long_in_coming_is_not_given_up_at_once(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    _of_long_ago(monkeypatch, 400)
    house.hosts.us.fail_next(drop=True, method="POST")
    house.submit(status=502)
    assert house.settle(after_s=10).left == {"its request may still be under way": 1}
    assert house.settle(after_s=400).failed == 1


def _of_a_dead_worker(house: House, kind: str, path: str, **features: Any) -> None:
    """Open a row as a worker does that is killed before it sees an answer."""
    from assemblyai_mw.call import Call, Caller, route_for

    route = route_for("/assemblyai" if kind == "transcript" else "/sync.assemblyai")
    call = Call("0" * 32, time.time(), route, "POST", path, caller=Caller("alice", 1))
    house.ledger.open(call, kind=kind, model=None, features=features)


@pytest.mark.parametrize("waited_s", [0, 5000])
@pytest.mark.parametrize(
    "kind, path, state",
    [
        ("transcript", "/v2/transcript", "failed"),
        ("sync", "/v1/transcribe", "unpriced"),
        ("dictation", "/v1/transcribe", "unpriced"),
    ],
)
def test_call_of_a_dead_worker_is_open_as_long_as_its_request_may_last(
    house: House, kind: str, path: str, state: str, waited_s: float
) -> None:
    """`timeouts.total_s` and a minute, from when it went out."""
    _of_a_dead_worker(house, kind, path, **({"sent_after_s": waited_s} if waited_s else {}))
    for after_s in (1000, 6200 + waited_s):
        house.settle(after_s=after_s)
        assert house.row()["state"] == "pending"
    house.settle(after_s=400)
    assert house.row()["state"] == state


def test_submit_of_a_dead_worker_is_looked_for_all_the_while(house: House) -> None:
    _of_a_dead_worker(house, "transcript", "/v2/transcript")
    house.ahead_s = 900
    for _ in range(10):
        asked = len(house.hosts.us.requests)
        assert house.settle(after_s=310).leased == 1
        assert len(house.hosts.us.requests) == asked + 1


def test_how_long_a_body_was_in_coming_is_kept(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.submit()
    assert "sent_after_s" not in house.row()["features"]
    _of_long_ago(monkeypatch, 400)
    house.submit()
    assert house.row(0)["features"]["sent_after_s"] == 400


@pytest.mark.parametrize("accepted", [True, False])
def test_submit_that_a_gateway_answered_is_charged_if_it_was_taken(
    each_house: House, accepted: bool
) -> None:
    house = each_house
    page = b"<html>504 Gateway Time-out</html>"
    house.hosts.us.fail_next(504, body=page, method="POST")
    reply = house.app.post_json(
        "/assemblyai/v2/transcript", SUBMIT, headers={"Authorization": house.key}, status=504
    )
    assert reply.body == page
    if accepted:
        # What the gateway had passed on all the same.
        _past_the_stack(house)
        assert house.settle(after_s=10).settled == 1
        assert house.row()["cost_usd"] == COST
    else:
        assert house.settle(after_s=10).left == {"its request may still be under way": 1}
        assert house.settle(after_s=400).failed == 1
        assert house.row()["cost_usd"] == "0"


def test_nothing_fails_while_the_list_cannot_be_read(house: House) -> None:
    house.hosts.us.fail_next(drop=True, method="POST")
    house.submit(status=502)
    house.hosts.us.fail_next(500, times=100)
    assert house.settle(after_s=DAY).failed == 0
    house.hosts.us.clear_faults()
    house.hosts.us.fail_next(200, body={"transcripts": [{"id": "x"}]}, times=1)
    assert house.settle(after_s=DAY).failed == 0
    assert house.row()["state"] == "pending"


def test_retry_of_a_lost_submit_does_not_take_its_transcript(house: House) -> None:
    house.hosts.us.fail_next(cut_after=20, method="POST")
    house.submit(status=502)
    second = house.submit()
    summary = house.settle(after_s=10)
    assert (summary.resolved, summary.settled) == (1, 2)
    first, *_ = house.hosts.us.transcripts
    assert [row["transcript_id"] for row in house.ledger.calls()] == [first, second]


def test_alike_lost_submits_of_one_key_are_told_apart_by_time(house: House) -> None:
    for _ in range(3):
        house.hosts.us.fail_next(cut_after=20, method="POST")
        house.submit(status=502)
    assert house.settle(after_s=10).resolved == 0
    assert house.settle(after_s=400).resolved == 3
    assert [row["transcript_id"] for row in house.ledger.calls()] == list(
        house.hosts.us.transcripts
    )


def test_lost_submits_of_two_keys_for_one_audio_are_told_apart_by_what_they_asked(
    house: House,
) -> None:
    bob = Keys(house.database).create("bob").key
    alices, house.key = house.key, bob
    house.hosts.us.fail_next(cut_after=20, method="POST")
    house.submit(status=502, speaker_labels=True)
    house.key = alices
    house.hosts.us.fail_next(cut_after=20, method="POST")
    house.submit(status=502)
    assert house.settle(after_s=400).resolved == 2
    for job, name in zip(house.hosts.us.transcripts, ("bob", "alice"), strict=True):
        owner = house.ledger.owner("us", job)
        assert owner is not None
        assert owner.key_name == name


def test_submit_that_several_transcripts_fit_stays_open(house: House) -> None:
    """Somebody sent the same audio with the account's own key: nobody can know which is whose."""
    house.hosts.us.fail_next(cut_after=20, method="POST")
    house.submit(status=502)
    _past_the_stack(house)
    summary = house.settle(after_s=400)
    assert list(summary.left) == ["2 transcripts in AssemblyAI's list could be this one"]
    assert house.row()["transcript_id"] is None


def test_other_audio_in_the_list_is_nobodys(house: House) -> None:
    house.hosts.us.fail_next(drop=True, method="POST")
    house.submit(status=502)
    _past_the_stack(house, audio_url="https://audio.example/another.mp3")
    assert house.settle(after_s=400).failed == 1


def test_ledger_keeps_no_audio_url(house: House, tmp_path: Path) -> None:
    house.submit(audio_url="https://audio.example/a.mp3?signature=0123456789abcdef")
    house.database.close()
    kept = b"".join(path.read_bytes() for path in tmp_path.glob("ledger.db*"))
    assert b"transcript" in kept
    assert b"audio.example" not in kept
    assert b"0123456789abcdef" not in kept


def test_chat_whose_worker_died_becomes_unpriced_and_frees_its_row(house: House) -> None:
    from assemblyai_mw.call import Call, Caller, route_for

    caller = Caller("alice", 1)
    route = route_for("/llm-gateway.assemblyai")
    call = Call("0" * 32, time.time(), route, "POST", "/v1/chat/completions", caller=caller)
    house.ledger.open(call, kind="chat", model="gpt-5", features={})
    assert house.settle(after_s=1000).left == {"its request may still be under way": 1}
    assert house.settle(after_s=7200).unpriced == 1
    assert "whether it was done" in house.row()["reason"]


def _past_the_stack(house: House, **more: Any) -> None:
    import requests

    url = f"{house.hosts.routes['/assemblyai']}/v2/transcript"
    reply = requests.post(
        url, json={**SUBMIT, **more}, headers={"Authorization": US_KEY}, timeout=10
    )
    assert reply.status_code == 200


# Several settlers


def test_settlers_at_once_ask_once_and_charge_once(each_house: House) -> None:
    house = each_house
    ids = [house.submit() for _ in range(30)]
    house.ahead_s = 10
    before = len(house.hosts.us.requests)
    start = threading.Barrier(4)

    def work() -> None:
        settler = house.settler()
        start.wait()
        while settler.run(limit=5).leased:
            pass

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    asked = [seen.path for seen in house.hosts.us.requests[before:]]
    assert sorted(asked) == sorted(f"/v2/transcript/{id}" for id in ids)
    (total,) = house.ledger.usage("key")
    assert total["cost_usd"] == "0.01625001"


# In the background


def wait_for(true: Callable[[], bool], timeout_s: float = 20.0) -> bool:
    deadline = time.monotonic() + timeout_s
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def running() -> list[threading.Thread]:
    return [t for t in threading.enumerate() if t.name == "assemblyai-mw-settlement"]


@pytest.fixture
def lively(hosts: Hosts, sqlite_url: str) -> Iterator[House]:
    house = build(hosts, sqlite_url, settlement={"first_poll_s": 0.1})
    yield house
    house.app.app.parts.settlement.stop(10)
    house.database.close()


def test_background_settles_what_nobody_polls(lively: House) -> None:
    before = len(running())
    lively.submit()
    assert len(running()) == before + 1
    assert wait_for(lambda: lively.row()["state"] == "settled")


def test_nothing_runs_before_the_first_call(lively: House) -> None:
    before = len(running())
    lively.app.get("/")
    lively.app.get("/assemblyai/v2/transcript", status=401)
    assert len(running()) == before


def test_settlement_off_starts_nothing(house: House) -> None:
    before = len(running())
    house.submit()
    assert house.app.app.parts.settlement is None
    assert len(running()) == before


def test_background_ends_with_the_app_and_on_stop(lively: House) -> None:
    before = len(running())
    lively.submit()
    lively.app.app.parts.settlement.stop(10)
    assert len(running()) == before
    lively.submit()
    assert len(running()) == before
    other = build(lively.hosts, str(lively.config["general_settings"]["database_url"]) + "2")
    other.config["settlement"] = {"first_poll_s": 0.1}
    stack = AssemblyAIMiddleware(host_app, other.config)
    assert stack.parts.settlement is not None
    stack.parts.settlement.wake()
    (thread,) = running()
    del stack
    gc.collect()
    thread.join(10)
    assert not thread.is_alive()
    other.database.close()


def test_background_waits_for_a_ledger_that_cannot_be_read(
    lively: House, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    lively.hosts.us.next_result(polls=10**9)
    lively.submit()
    moved = [(path, path.with_suffix(".away")) for path in tmp_path.glob("ledger.db")]
    for path, away in moved:
        path.rename(away)
    assert wait_for(lambda: "settlement waits" in caplog.text)
    for path, away in moved:
        away.rename(path)
    assert len(running()) == 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_c177_forked_worker_gets_a_thread_of_its_own(lively: House) -> None:
    lively.submit()
    assert wait_for(lambda: lively.row()["state"] == "settled")
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        with contextlib.suppress(BaseException):
            first = len(running())
            lively.submit()
            os.write(write, bytes([first, len(running())]))
        os._exit(0)
    os.waitpid(pid, 0)
    assert os.read(read, 2) == bytes([0, 1])
    os.close(read)
    os.close(write)
    # The child is gone; what it submitted is settled by its parent.
    assert wait_for(lambda: all(row["state"] == "settled" for row in lively.ledger.calls()))


def test_due_row_is_at_most_a_lease_old(house: House) -> None:
    """A settler that dies with its rows leased holds them for five minutes, not for good."""
    house.submit()
    house.ahead_s = 10
    assert len(house.ledger.due(time.time() + 10, lease_s=300)) == 1
    assert house.settle().leased == 0
    assert house.settle(after_s=timedelta(minutes=6).total_seconds()).settled == 1
