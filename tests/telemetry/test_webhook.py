"""Events posted to a URL: signed, in order, again where it helps, and never in a call's way."""

from __future__ import annotations

import json
import logging
import os
import threading
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from assemblyai_mw.errors import ConfigError
from assemblyai_mw.store import SoftBudget
from assemblyai_mw.telemetry.record import CallRecord
from assemblyai_mw.telemetry.webhook import WebhookSink

SECRET = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
WARNING = SoftBudget(
    "key",
    "alice",
    "7",
    "blue",
    "daily",
    8_000_000_000,
    0,
    10_000_000_000,
    0.8,
    datetime(2026, 1, 2, tzinfo=UTC),
)


def record(number: int = 0) -> CallRecord:
    return CallRecord(
        f"call-{number}",
        datetime(2026, 1, 1, tzinfo=UTC),
        "alice",
        None,
        "/assemblyai",
        "us",
        "POST",
        "/v2/transcript",
        200,
        12.5,
        300,
        cost_usd="0.0123",
    )


class Receiver:
    """An HTTP server that answers as told and keeps what it was sent."""

    def __init__(self) -> None:
        self.answers: list[tuple[int, dict[str, str]]] = []
        self.posts: list[tuple[dict[str, str], bytes]] = []
        self.gate = threading.Event()
        self.gate.set()
        self.arrived = threading.Semaphore(0)
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.posts.append((dict(self.headers), body))
                receiver.arrived.release()
                receiver.gate.wait(30)
                status, headers = receiver.answers.pop(0) if receiver.answers else (204, {})
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))
        self.thread.start()

    def close(self) -> None:
        self.gate.set()
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    def events(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body in self.posts]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    server = Receiver()
    yield server
    server.close()


def sink_of(receiver: Receiver, **options: Any) -> WebhookSink:
    return WebhookSink(receiver.url, **{"secret": SECRET, "first_pause_s": 0.001} | options)


def test_a_receiver_verifies_posts_with_the_standard_library_for_it(receiver):
    sink = sink_of(receiver)
    sink(record())
    assert sink.close(10)
    headers, body = receiver.posts[0]
    assert Webhook(SECRET).verify(body, headers) == json.loads(body)
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(body.replace(b"0.0123", b"0.0001"), headers)


def test_a_calls_event_holds_the_fields_of_its_log_line(receiver):
    sink = sink_of(receiver)
    sink(record())
    assert sink.close(10)
    (event,) = receiver.events()
    assert event["type"] == "call"
    assert event["data"] == record().fields()


def test_a_budget_warning_holds_dollars_as_text(receiver):
    sink = sink_of(receiver)
    sink(WARNING)
    assert sink.close(10)
    (event,) = receiver.events()
    assert event["type"] == "soft_budget"
    assert event["data"] == {
        "scope": "key",
        "name": "alice",
        "owner": "7",
        "team": "blue",
        "window": "daily",
        "spent_usd": "8",
        "held_usd": "0",
        "limit_usd": "10",
        "ratio": 0.8,
        "resets_at": "2026-01-02T00:00:00.000Z",
    }


def test_only_the_events_that_are_wanted_are_posted(receiver):
    sink = sink_of(receiver, events=["soft_budget"])
    sink(record())
    sink(WARNING)
    assert sink.close(10)
    assert [event["type"] for event in receiver.events()] == ["soft_budget"]


def test_events_arrive_in_their_order(receiver):
    sink = sink_of(receiver)
    for number in range(50):
        sink(record(number))
    assert sink.close(30)
    assert [event["data"]["id"] for event in receiver.events()] == [f"call-{n}" for n in range(50)]
    assert (sink.sent, sink.dropped) == (50, 0)


def test_a_post_that_fails_is_sent_again_under_the_same_id(receiver):
    receiver.answers = [(500, {}), (429, {"Retry-After": "0"}), (200, {})]
    sink = sink_of(receiver)
    sink(record())
    assert sink.close(10)
    assert len(receiver.posts) == 3
    assert len({headers["webhook-id"] for headers, _ in receiver.posts}) == 1
    assert len({body for _, body in receiver.posts}) == 1


def test_a_receiver_that_never_agrees_is_given_up_and_the_next_event_goes_out(receiver, caplog):
    receiver.answers = [(503, {})] * 3
    sink = sink_of(receiver, max_tries=3)
    sink(record(1))
    sink(record(2))
    assert sink.close(10)
    assert [e["data"]["id"] for e in receiver.events()] == ["call-1"] * 3 + ["call-2"]
    assert (sink.sent, sink.dropped) == (1, 1)
    assert "given up: status 503" in caplog.text


@pytest.mark.parametrize("status", [301, 400, 401, 404, 410])
def test_what_will_not_change_is_not_asked_twice(receiver, status):
    receiver.answers = [(status, {"Location": receiver.url})]
    sink = sink_of(receiver)
    sink(record())
    sink.close(10)
    assert len(receiver.posts) == 1
    assert sink.dropped == 1


def test_a_thread_that_cannot_start_is_tried_again_with_the_next_event(
    receiver, caplog, monkeypatch
):
    def start(self):
        raise RuntimeError("can't start new thread")

    sink = sink_of(receiver)
    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", start)
        sink(record(0))
    sink(record(1))
    assert sink.close(10)
    assert [event["data"]["id"] for event in receiver.events()] == ["call-0", "call-1"]
    assert "cannot start" in caplog.text


def test_a_full_queue_drops_counts_and_says_so_once(receiver, caplog):
    receiver.gate.clear()
    sink = sink_of(receiver, queue_size=2)
    sink(record(0))
    receiver.arrived.acquire(timeout=10)
    for number in range(1, 6):
        sink(record(number))
    assert sink.dropped == 3
    assert caplog.text.count("the queue is full") == 1
    receiver.gate.set()
    assert sink.close(10)
    assert [event["data"]["id"] for event in receiver.events()] == ["call-0", "call-1", "call-2"]


def test_closing_does_not_wait_longer_than_told(receiver, caplog):
    receiver.gate.clear()
    sink = sink_of(receiver)
    sink(record(0))
    receiver.arrived.acquire(timeout=10)
    sink(record(1))
    assert not sink.close(0.05)
    assert "stopped with 2 events not delivered" in caplog.text


def test_a_pause_between_tries_ends_when_the_process_does(receiver):
    receiver.answers = [(500, {})] * 5
    sink = sink_of(receiver, first_pause_s=3600)
    sink(record())
    receiver.arrived.acquire(timeout=10)
    sink.close(5)
    assert len(receiver.posts) == 1
    assert sink.dropped == 1


def test_a_forked_worker_posts_its_own_events_and_not_its_parents(receiver):
    receiver.gate.clear()
    sink = sink_of(receiver)
    sink(record(1))
    receiver.arrived.acquire(timeout=10)
    sink(record(2))  # waits in the parent's queue
    with warnings.catch_warnings():
        # Newer Pythons warn of any fork with threads about: that is what is tested.
        warnings.simplefilter("ignore", DeprecationWarning)
        pid = os.fork()
    if pid == 0:
        try:
            receiver.gate.set()
            sink(record(3))
            os._exit(0 if sink.close(10) and sink.sent == 1 else 1)
        except BaseException:
            os._exit(2)
    receiver.arrived.acquire(timeout=10)
    receiver.gate.set()
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert sink.close(10)
    ids = sorted(event["data"]["id"] for event in receiver.events())
    assert ids == ["call-1", "call-2", "call-3"]


def test_the_environments_proxy_is_not_used(receiver, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "")
    sink = sink_of(receiver, max_tries=1)
    sink(record())
    assert sink.close(10)
    assert sink.sent == 1


def test_a_receiver_that_is_not_there_costs_the_caller_nothing(caplog):
    sink = WebhookSink("http://127.0.0.1:9/", secret=SECRET, max_tries=2, first_pause_s=0.001)
    sink(record())
    sink.close(10)
    assert sink.dropped == 1
    assert "given up: ConnectionError" in caplog.text


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({"url": "http://example.com/hook"}, id="plain http to elsewhere"),
        pytest.param({"url": "https://user:pass@example.com/"}, id="password in the URL"),
        pytest.param({"url": "file:///etc/passwd"}, id="no http"),
        pytest.param({"secret": "short"}, id="short secret"),
        pytest.param({"secret": "whsec_not base64"}, id="no base64"),
        pytest.param({"events": ["calls"]}, id="unknown event"),
        pytest.param({"queue_size": 0}, id="no queue"),
    ],
)
def test_what_cannot_be_used_is_refused_at_start(options):
    with pytest.raises(ConfigError):
        WebhookSink(**{"url": "https://example.com/hook", "secret": SECRET} | options)


def test_neither_repr_nor_log_shows_the_secret(receiver, caplog):
    caplog.set_level(logging.DEBUG)
    receiver.answers = [(400, {})]
    sink = sink_of(receiver)
    sink(record())
    sink.close(10)
    assert caplog.text
    assert SECRET.removeprefix("whsec_") not in caplog.text + repr(sink)


def test_neither_repr_nor_log_shows_the_path(receiver, caplog):
    """Many receivers know their senders by it alone."""
    receiver.answers = [(400, {})]
    sink = WebhookSink(receiver.url + "/hooks/T0KEN", secret=SECRET, first_pause_s=0.001)
    sink(record())
    sink.close(10)
    assert "given up" in caplog.text
    assert "T0KEN" not in caplog.text + repr(sink)
    assert "127.0.0.1" in repr(sink)
