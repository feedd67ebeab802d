"""One line a call: for every call, on one line, in every logging setup, without content."""

from __future__ import annotations

import io
import json
import logging
import re
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from pythonjsonlogger.json import JsonFormatter
from stack_kit import CHAT, MASTER_KEY, Stack, chat
from webtest import TestApp

from assemblyai_mw.middleware.log import CallLog
from assemblyai_mw.telemetry.call_log import logger
from assemblyai_mw.telemetry.record import CallRecord


@pytest.fixture
def told() -> list[CallRecord]:
    return []


@pytest.fixture
def stack(sqlite_url: str, told: list[CallRecord]) -> Iterator[Stack]:
    made = Stack(sqlite_url, options={"on_call": told.append})
    yield made
    made.close()


@pytest.fixture
def lines() -> Iterator[Any]:
    """Attach a formatter to the logger, and give the lines it wrote."""
    attached: list[logging.Handler] = []

    def attach(formatter: logging.Formatter | None = None) -> Any:
        stream = io.StringIO()
        handler = logging.StreamHandler(stream)
        handler.setFormatter(formatter)
        logger.addHandler(handler)
        attached.append(handler)
        logger.setLevel(logging.INFO)
        return lambda: stream.getvalue().splitlines()

    yield attach
    for handler in attached:
        logger.removeHandler(handler)
    logger.setLevel(logging.NOTSET)


# Each call


@pytest.mark.parametrize(
    "method, path, key, options, status",
    [
        ("GET", "/assemblyai/v2/transcript", None, {}, 401),
        ("GET", "/assemblyai/v2/transcript", "sk-wrong", {}, 401),
        ("POST", CHAT, None, {"json": chat()}, 401),
        ("GET", "/eu.assemblyai/v2/transcript", "us", {}, 403),
        ("GET", "/assemblyai/v2/transcript/nobodys-id-0123456789", "us", {}, 404),
        ("POST", CHAT, "us", {"json": {}}, 400),
        ("POST", CHAT, "us", {"json": chat(model="no-such-model")}, 404),
        ("GET", CHAT, "us", {}, 405),
        ("POST", CHAT, "us", {"json": chat()}, 200),
        ("POST", CHAT, "us", {"json": chat(stream=True)}, 200),
        ("GET", "/assemblyai/v2/transcript", "us", {}, 200),
        ("GET", "/llm-gateway.assemblyai/v1/models", "us", {}, 200),
    ],
)
def test_every_call_leaves_one_line_and_is_told_once(
    stack, told, lines, method, path, key, options, status
):
    read = lines()
    secret = stack.key("alice", region="us", rpm=100)
    reply = stack.ask(method, path, secret if key == "us" else key, **options)
    assert reply.status_int == status
    assert [record.status for record in told] == [status]
    assert len(read()) == 1
    assert f"status={status}" in read()[0]
    assert told[0].key == ("alice" if key == "us" else None)
    assert told[0].bytes_out == len(reply.body)


def test_a_call_over_its_rate_leaves_a_line_too(stack, told):
    secret = stack.key("alice", rpm=1)
    statuses = [stack.ask("POST", "/assemblyai/v2/upload", secret).status_int for _ in range(2)]
    assert statuses == [200, 429]
    assert [record.status for record in told] == statuses


def test_a_stage_that_raises_leaves_a_line_without_a_status(lines):
    read = lines()

    def broken(environ: Any, start_response: Any) -> Any:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        TestApp(CallLog(broken)).get("/v2/transcript")
    (line,) = read()
    assert " status=" not in line


def test_a_line_holds_no_content_and_no_key(stack, lines):
    read = lines()
    secret = stack.key("alice")
    stack.us.next_answer("heron-in-the-answer")
    stack.ask("POST", CHAT, secret, json=chat("heron-in-the-question"))
    stack.ask("GET", "/assemblyai/v2/transcript?heron=query", secret)
    text = "\n".join(read())
    assert "path=/v1/chat/completions" in text
    assert "heron" not in text
    assert secret not in text


@pytest.mark.parametrize(
    "path",
    [
        "/assemblyai/a%0Ab",
        "/assemblyai/a%0D%0Astatus=200",
        "/assemblyai/a%1B[31m",
        "/assemblyai/%E2%80%A8",
    ],
    ids=["newline", "forged line", "terminal", "line separator"],
)
def test_one_call_is_one_line_whatever_its_path(stack, lines, path):
    read = lines()
    stack.ask("GET", path, MASTER_KEY)
    assert len(read()) == 1
    assert read()[0].isprintable()


@pytest.mark.parametrize(
    "tag", ["1 status=500", 'x" status=500', "\x85 status=500", '\\" status=500']
)
def test_hostile_tags_do_not_leave_their_place(stack, lines, tag):
    read = lines()
    tags = {"X-AssemblyAI-MW-Tags": f"a={tag}"}
    stack.ask("GET", "/assemblyai/v2/transcript", MASTER_KEY, headers=tags)
    (line,) = read()
    fields = re.findall(r'(?:^| )([a-z_]+)=("(?:[^"\\]|\\.)*"|[^ "]*)(?= |$)', line)
    assert [value for name, value in fields if name == "status"] == ["200"]
    assert " ".join(f"{name}={value}" for name, value in fields) == line


# The request's id


@pytest.mark.parametrize(
    "given",
    [
        "9b2c0e5e-8d1f-4a53-a6d6-1c2f9a7c5b11",
        "01ARZ3NDEKTSV4RRFFQ69G5FAV",
        "Root=1-67891233-abcdef",
    ],
)
def test_a_sane_request_id_of_the_hosts_is_taken(stack, told, given):
    stack.ask("GET", "/assemblyai/v2/transcript", MASTER_KEY, headers={"X-Request-Id": given})
    assert told[0].request_id == given
    assert told[0].id != given
    assert told[0].fields()["request_id"] == given


@pytest.mark.parametrize(
    "given", ["", "a b", "x" * 129, "a\x85b", "-rf", "{{7*7}}", "a=b status=1", "café", "<script>"]
)
def test_a_hostile_request_id_is_replaced(stack, told, given):
    stack.ask("GET", "/assemblyai/v2/transcript", MASTER_KEY, headers={"X-Request-Id": given})
    assert told[0].request_id == told[0].id
    assert "request_id" not in told[0].fields()


def test_a_request_id_sent_twice_does_not_mix_up_two_calls(stack, told):
    secret = stack.key("alice", budget_usd="1")
    for _ in range(2):
        stack.ask("POST", CHAT, secret, json=chat(), headers={"X-Request-Id": "same"})
    assert [record.state for record in told] == ["settled", "settled"]
    assert told[0].id != told[1].id
    assert stack.held() == 0


def test_the_id_is_told_to_clients_only_where_the_host_asks_for_it(sqlite_url, stack, told):
    assert "X-Request-Id" not in stack.ask("GET", "/assemblyai/v2/transcript", None).headers
    telling = Stack(
        sqlite_url,
        general_settings={"request_id_header": "X-Request-Id"},
        options={"on_call": told.append},
    )
    reply = telling.ask("GET", "/assemblyai/v2/transcript", None)
    assert reply.headers["X-Request-Id"] == told[-1].request_id


def test_a_header_of_that_name_is_left_as_it_came():
    def app(environ: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", [("x-request-id", "theirs"), ("Content-Type", "text/plain")])
        return [b"x"]

    reply = TestApp(CallLog(app, reply_header="X-Request-Id")).get("/")
    assert [v for k, v in reply.headerlist if k.lower() == "x-request-id"] == ["theirs"]


# Other people's logging


def test_a_json_formatter_writes_the_fields_as_an_object(stack, told, lines):
    read = lines(JsonFormatter("%(levelname)s %(name)s"))
    stack.ask("POST", CHAT, MASTER_KEY, json=chat(), headers={"X-AssemblyAI-MW-Tags": "a=b"})
    (line,) = read()
    fields = json.loads(line)["assemblyai_mw"]
    assert fields == json.loads(json.dumps(told[0].fields()))
    assert fields["status"] == 200
    assert fields["tags"] == {"a": "b"}
    assert fields["cost_usd"] == told[0].cost_usd


def test_structlogs_formatter_writes_them_too(stack, told, lines):
    read = lines(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[
                structlog.stdlib.add_logger_name,
                structlog.stdlib.ExtraAdder(),
            ],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    stack.ask("GET", "/assemblyai/v2/transcript", MASTER_KEY)
    (line,) = read()
    entry = json.loads(line)
    assert entry["logger"] == "assemblyai_mw"
    assert entry["assemblyai_mw"] == told[0].fields()
    assert entry["event"] == told[0].line()


def test_a_formatter_of_the_standard_librarys_json_writes_them_too(stack, told, lines):
    class Formatter(logging.Formatter):
        def format(self, record: logging.LogRecord) -> str:
            return json.dumps(vars(record)["assemblyai_mw"])

    read = lines(Formatter())
    stack.ask("GET", "/assemblyai/v2/transcript", MASTER_KEY)
    assert json.loads(read()[0]) == told[0].fields()


def test_plain_logging_shows_level_name_and_line(stack, told, lines):
    read = lines(logging.Formatter("%(levelname)s:%(name)s:%(message)s"))
    stack.ask("GET", "/assemblyai/v2/transcript", MASTER_KEY)
    assert read() == [f"INFO:assemblyai_mw:{told[0].line()}"]


def test_where_nobody_listens_nothing_is_made(sqlite_url, monkeypatch):
    monkeypatch.setattr("assemblyai_mw.middleware.log.emit", lambda *_, **__: pytest.fail("made"))
    silent = Stack(sqlite_url)
    assert silent.ask("GET", "/assemblyai/v2/transcript", MASTER_KEY).status_int == 200


def test_a_callback_that_raises_is_logged_and_the_reply_goes_out(sqlite_url, caplog):
    def broken(record: CallRecord) -> None:
        raise RuntimeError("my fault")

    stack = Stack(sqlite_url, options={"on_call": broken})
    assert stack.ask("GET", "/assemblyai/v2/transcript", MASTER_KEY).status_int == 200
    assert "the reply is not affected" in caplog.text
