"""Guards on speech submits, chat and streamed chat, in both formats: block, mask, log, fail."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from webtest import TestApp

from assemblyai_mw import CostLogger, Ledger, OpenAITranslator, PrefixRouter
from assemblyai_mw.guards import Block, Blocked, Finding, Guardrail, PatternGuard, TextGuard
from assemblyai_mw.middleware.guardrails import Guardrails
from assemblyai_mw.testing import FakeAssemblyAI

NATIVE = "/llm-gateway.assemblyai/v1/chat/completions"
OPENAI = "/v1/chat/completions"
SUBMIT = "/assemblyai/v2/transcript"
each_format = pytest.mark.parametrize("path", [NATIVE, OPENAI], ids=["native", "openai"])
each_call = pytest.mark.parametrize("path", [NATIVE, OPENAI, SUBMIT])


class House:
    """Guards in front of a meter and a stand-in, and the translator before them."""

    def __init__(self, url: str, *guards: Any, **options: Any) -> None:
        self.fake = FakeAssemblyAI(keys=None)
        self.ledger = Ledger(url)
        inner = Guardrails(CostLogger(self.fake, ledger=self.ledger), guards=guards, **options)
        self.app = TestApp(
            PrefixRouter(
                self.fake,
                {
                    "/assemblyai": inner,
                    "/llm-gateway.assemblyai": inner,
                    OPENAI: OpenAITranslator(inner),
                },
            )
        )

    def post(self, path: str, text: str = "Hello", **fields: Any) -> Any:
        if path == SUBMIT:
            body = {"audio_url": "https://example.com/a.mp3", "prompt": text}
        else:
            model = "gpt-5" if path == NATIVE else "assemblyai/gpt-5"
            body = {"model": model, "messages": [{"role": "user", "content": text}]}
        return self.app.post_json(path, {**body, **fields}, status="*")

    def sent(self) -> list[Any]:
        """The bodies that the stand-in got."""
        return [json.loads(seen.body) for seen in self.fake.requests if seen.method == "POST"]

    def rows(self) -> list[dict[str, Any]]:
        return list(self.ledger.calls())


@pytest.fixture
def house(sqlite_url: str) -> Iterator[Any]:
    made: list[House] = []

    def make(*guards: Any, **options: Any) -> House:
        made.append(House(sqlite_url, *guards, **options))
        return made[-1]

    yield make
    for each in made:
        each.ledger.database.close()


class Says:
    """A guard that does what it is told, at either end."""

    name = "says"

    def __init__(self, before: Any = None, after: Any = None) -> None:
        self._answers = {"before": before, "after": after}
        self.seen: list[Any] = []

    def _say(self, end: str, value: Any) -> Any:
        self.seen.append(value)
        answer = self._answers[end]
        if isinstance(answer, BaseException):
            raise answer
        return answer(value) if callable(answer) else answer

    def before(self, call: Any, body: Any) -> Any:
        return self._say("before", body)

    def after(self, call: Any, reply: Any) -> Any:
        return self._say("after", reply)


def error_of(reply: Any) -> tuple[str, str | None]:
    """The message and code of an error in either shape."""
    error = reply.json["error"]
    return (error, None) if isinstance(error, str) else (error["message"], error["code"])


def events_of(reply: Any) -> list[Any]:
    """The events of a stream; `[DONE]` as that text."""
    datas = [part.removeprefix("data: ") for part in reply.text.strip().split("\n\n")]
    return [data if data == "[DONE]" else json.loads(data) for data in datas]


def said(reply: Any) -> str:
    return "".join(
        choice["delta"].get("content") or ""
        for event in events_of(reply)
        if event != "[DONE]"
        for choice in event.get("choices", ())
    )


# Before


@each_call
@pytest.mark.parametrize(
    "answer", [Block("no heron"), Blocked("no heron")], ids=["return", "raise"]
)
def test_a_blocked_call_is_a_400_with_the_guards_name_and_reason_and_nothing_is_sent(
    house, path, answer
):
    at = house(Says(before=answer))
    reply = at.post(path)
    message, code = error_of(reply)
    assert reply.status_int == 400
    assert message == "Blocked by guardrail 'says': no heron"
    assert code == ("content_policy_violation" if path == OPENAI else None)
    assert at.sent() == []
    assert at.rows() == []


@each_call
def test_a_changed_body_is_what_is_sent_and_what_the_ledger_sees(house, path):
    guard = PatternGuard(patterns=["email"], action="mask")
    at = house(guard)
    assert at.post(path, "Ask ann@example.com about it").status_int == 200
    (body,) = at.sent()
    words = body["prompt"] if path == SUBMIT else body["messages"][0]["content"]
    assert words == "Ask [email] about it"
    (row,) = at.rows()
    assert row["kind"] == ("transcript" if path == SUBMIT else "chat")


@each_call
def test_a_guard_that_only_logs_changes_nothing(house, path, caplog):
    caplog.set_level(logging.INFO, "assemblyai_mw.guardrails")
    at = house(Guardrail(PatternGuard(patterns=["email"]), name="watch", mode="logging_only"))
    assert at.post(path, "ann@example.com").status_int == 200
    assert "ann@example.com" in json.dumps(at.sent())
    assert "guard=watch" in caplog.text
    assert "action=would_block reason=email found" in caplog.text
    assert "ann@example.com" not in caplog.text


@each_call
@pytest.mark.parametrize("on_error", ["closed", "open"])
def test_a_guard_that_raises_refuses_or_is_passed_over_as_told(house, path, on_error, caplog):
    guard = Says(before=RuntimeError("ann@example.com is in my message"))
    at = house(Guardrail(guard, on_error=on_error))
    reply = at.post(path)
    assert "failed_" + on_error in caplog.text
    assert "ann@example.com" not in caplog.text + reply.text
    if on_error == "open":
        assert reply.status_int == 200
    else:
        message, code = error_of(reply)
        assert reply.status_int == 503
        assert message == "The guardrail 'says' could not judge this call, so it is not made."
        assert code == ("guardrail_failed" if path == OPENAI else None)
        assert at.sent() == []


@each_call
@pytest.mark.parametrize("on_error", ["closed", "open"])
def test_a_guard_that_hangs_does_not_hang_the_call(house, path, on_error, caplog):
    free = threading.Event()
    at = house(Guardrail(Says(before=lambda _: free.wait(60)), on_error=on_error, timeout_s=0.05))
    try:
        assert at.post(path).status_int == (503 if on_error == "closed" else 200)
    finally:
        free.set()
    assert "no answer within 0.05 s" in caplog.text


def test_guards_that_hang_for_ever_do_not_pile_up_threads(house):
    free = threading.Event()
    guard = Guardrail(Says(before=lambda _: free.wait(60)), timeout_s=0.001)
    at = house(guard)
    before = set(threading.enumerate())
    try:
        assert {at.post(NATIVE).status_int for _ in range(40)} == {503}
        assert len(set(threading.enumerate()) - before) == 32
    finally:
        free.set()


@pytest.mark.parametrize("answer", [1, "text", [], {"a": object()}, {"a": float}])
def test_an_answer_that_is_no_body_is_a_failure(house, answer):
    at = house(Says(before=lambda _: answer))
    assert at.post(NATIVE).status_int == 503
    assert at.sent() == []


def test_guards_are_asked_in_order_each_with_what_the_last_one_left(house):
    first = Says(before=lambda body: {**body, "temperature": 1})
    second = Says(before=lambda body: {**body, "temperature": body["temperature"] + 1})
    at = house(Guardrail(first, name="a"), Guardrail(second, name="b"))
    assert at.post(NATIVE).status_int == 200
    assert at.sent()[0]["temperature"] == 2


def test_a_guard_that_scribbles_on_its_copy_and_lets_it_pass_changes_nothing(house):
    at = house(Says(before=lambda body: body.clear()))
    assert at.post(NATIVE, "Hello").status_int == 200
    assert at.sent()[0]["messages"][0]["content"] == "Hello"


def test_guards_see_native_json_of_openai_calls(house):
    guard = Says()
    at = house(guard)
    reply = at.post(OPENAI, max_completion_tokens=7)
    assert guard.seen[0]["model"] == "gpt-5"
    assert guard.seen[0]["max_tokens"] == 7
    assert "request_id" in guard.seen[1]
    assert reply.json["object"] == "chat.completion"


@pytest.mark.parametrize(
    "body, status",
    [(b"{", 400), (b"[1]", 400), (b'{"model":"a","model":"b"}', 400)],
    ids=["no JSON", "a list", "a key twice"],
)
def test_what_cannot_be_read_alike_by_all_is_refused_before_any_guard(house, body, status):
    guard = Says()
    at = house(guard)
    headers = {"Content-Type": "application/json"}
    assert at.app.post(NATIVE, body, headers=headers, status="*").status_int == status
    assert guard.seen == []


def test_a_compressed_body_is_refused_where_a_guard_must_read_it(house):
    at = house(Says())
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    assert at.app.post(NATIVE, b"x", headers=headers, status="*").status_int == 415


# After


@each_format
def test_a_blocked_reply_is_withheld_and_charged(house, path):
    at = house(PatternGuard(patterns=["us_ssn"]))
    at.fake.next_answer("It is 123-45-6789.")
    reply = at.post(path)
    assert reply.status_int == 400
    assert error_of(reply)[0] == "Blocked by guardrail 'pattern': us_ssn found"
    assert "123-45" not in reply.text
    (row,) = at.rows()
    assert row["state"] == "settled"
    assert row["output_tokens"] > 0


@each_format
def test_a_reply_is_masked(house, path):
    at = house(PatternGuard(patterns=["us_ssn"], action="mask", mask="***"))
    at.fake.next_answer("It is 123-45-6789.")
    reply = at.post(path)
    assert reply.json["choices"][0]["message"]["content"] == "It is ***."
    assert int(reply.headers["Content-Length"]) == len(reply.body)


def test_a_reply_that_no_guard_changes_passes_byte_for_byte(house):
    at = house(Says())
    body = b'{ "choices" : [ {"message":{"content":"caf\\u00e9"}} ],"usage":null }'
    at.fake.fail_next(200, body=body, path="/v1/chat")
    assert at.post(NATIVE).body == body


@each_format
def test_a_failed_guard_after_the_call_keeps_clients_from_paying_twice(house, path):
    at = house(Says(after=RuntimeError()))
    reply = at.post(path)
    assert reply.status_int == 503
    assert reply.headers["x-should-retry"] == "false"
    assert len(at.sent()) == 1


def test_an_error_reply_is_not_a_guards_business(house):
    guard = Says(after=Block("never"))
    at = house(guard)
    at.fake.fail_next(429, path="/v1/chat")
    assert at.post(NATIVE).status_int == 429
    assert len(guard.seen) == 1


def test_replies_are_asked_for_uncompressed_where_a_guard_reads_them(house):
    at = house(PatternGuard(patterns=["us_ssn"], action="mask"))
    at.fake.compress = True
    at.fake.next_answer("123-45-6789")
    at.app.extra_environ["HTTP_ACCEPT_ENCODING"] = "br, gzip"
    reply = at.post(NATIVE)
    assert reply.json["choices"][0]["message"]["content"] == "[us_ssn]"


def test_a_compressed_reply_that_came_anyway_is_read(house):
    import gzip

    at = house(PatternGuard(patterns=["us_ssn"], action="mask"))
    body = gzip.compress(b'{"choices":[{"message":{"content":"123-45-6789"}}]}')
    at.fake.fail_next(200, body=body, headers=[("Content-Encoding", "gzip")], path="/v1/chat")
    reply = at.post(NATIVE)
    assert reply.json["choices"][0]["message"]["content"] == "[us_ssn]"
    assert "Content-Encoding" not in reply.headers


@pytest.mark.parametrize("on_error, status", [("closed", 503), ("open", 200)])
def test_a_reply_larger_than_may_be_read_is_a_failure_of_its_guards(house, on_error, status):
    at = house(Guardrail(Says(), on_error=on_error), max_reply_bytes=100)
    at.fake.next_answer("word " * 100)
    reply = at.post(NATIVE)
    assert reply.status_int == status
    if on_error == "open":
        assert reply.json["choices"][0]["message"]["content"] == "word " * 100


# Transcripts as they are read

WORDS = "Call 555-123-4567 today."


def finished(at: House, text: str = WORDS) -> str:
    at.fake.next_result(text=text, polls=0)
    return f"{SUBMIT}/{at.post(SUBMIT).json['id']}"


@pytest.mark.parametrize("what", ["", "/sentences", "/paragraphs", "/srt", "/vtt"])
def test_transcripts_are_masked_in_every_form_they_are_read_in(house, what):
    at = house(PatternGuard(patterns=["phone"], action="mask"))
    path = finished(at)
    reply = at.app.get(path + what)
    assert "[phone]" in reply.text
    assert "4567" not in reply.text


def test_a_find_that_runs_over_several_words_is_masked_in_the_words_too(house):
    guard = PatternGuard(patterns={"name": r"Ann Lee Smith"}, action="mask")
    at = house(guard)
    reply = at.app.get(finished(at, "This is Ann Lee Smith speaking"))
    assert reply.json["text"] == "This is [name] speaking"
    texts = [word["text"] for word in reply.json["words"]]
    assert texts == ["This", "is", "[name]", "", "", "speaking"]


def test_a_blocked_transcript_is_settled_all_the_same(house):
    at = house(PatternGuard(patterns=["phone"]))
    assert at.app.get(finished(at), status="*").status_int == 400
    (row,) = at.rows()
    assert row["state"] == "settled"


def test_polls_of_unfinished_transcripts_ask_no_guard(house):
    guard = Says()
    at = house(guard)
    at.fake.next_result(polls=3)
    path = f"{SUBMIT}/{at.post(SUBMIT).json['id']}"
    guard.seen.clear()
    while at.app.get(path).json["status"] != "completed":
        assert guard.seen == []
    assert len(guard.seen) == 1


@pytest.mark.parametrize("spelling", ["/assemblyai//v2/transcript/", "/assemblyai/v2//transcript/"])
def test_another_spelling_of_the_path_is_no_way_around(house, spelling):
    guard = Says(after=Block("no"))
    at = house(guard)
    transcript_id = finished(at).rpartition("/")[2]
    at.fake.fail_next(200, body={"text": WORDS, "status": "completed"}, method="GET")
    assert at.app.get(spelling + transcript_id, status="*").status_int == 404


def test_where_no_guard_wants_replies_they_are_not_touched(house):
    at = house(Guardrail(PatternGuard(patterns=["phone"]), mode="pre_call"))
    at.app.extra_environ["HTTP_ACCEPT_ENCODING"] = "gzip"
    at.app.get(finished(at))
    assert at.fake.requests[-1].header("accept-encoding") == "gzip"


def test_a_guard_is_asked_only_about_the_kinds_it_wants(house):
    guard = Says()
    guard.kinds = {"result"}
    at = house(guard)
    at.post(NATIVE)
    path = finished(at)
    assert guard.seen == []
    at.app.get(path)
    assert len(guard.seen) == 1


# Streams

SECRET = "The number is 123-45-6789, and that is all there is to say about it."


@each_format
def test_a_stream_is_masked_across_its_chunks(house, path):
    at = house(PatternGuard(patterns=["us_ssn"], action="mask"))
    at.fake.next_answer("Tell 123-45-6789 and then 987-65-4321 or 1 23-45-6789")
    reply = at.post(path, stream=True)
    # 9xx is no such number.
    assert said(reply) == "Tell [us_ssn] and then 987-65-4321 or 1 23-45-6789"
    assert events_of(reply)[-1] == "[DONE]"


@each_format
def test_a_stream_without_findings_says_the_same_in_the_same_order(house, path):
    at = house(PatternGuard(patterns=["us_ssn"], action="mask", window=5))
    plain = house()
    for each in (at, plain):
        each.fake.next_answer("one two three four five six seven")
    guarded, bare = at.post(path, stream=True), plain.post(path, stream=True)
    assert said(guarded) == said(bare)
    reasons = [
        choice["finish_reason"] for event in events_of(guarded)[:-1] for choice in event["choices"]
    ]
    assert [reason for reason in reasons if reason] == ["stop"]
    # All text has been said before the choice ends.
    last = reasons.index("stop")
    assert not any(
        c["delta"].get("content") for e in events_of(guarded)[last:-1] for c in e["choices"]
    )


@each_format
def test_a_block_in_a_stream_ends_in_an_error_event_and_no_done(house, path):
    at = house(PatternGuard(patterns=["us_ssn"], window=16))
    at.fake.next_answer(SECRET)
    reply = at.post(path, stream=True)
    *_, last = events_of(reply)
    assert last["error"]["code"] == "content_policy_violation"
    assert last["error"]["message"] == "Blocked by guardrail 'pattern': us_ssn found"
    assert "123-45" not in reply.text
    assert "[DONE]" not in reply.text


@each_format
def test_what_a_blocked_stream_used_is_charged(house, path):
    at = house(PatternGuard(patterns=["us_ssn"], window=16))
    at.fake.next_answer(SECRET)
    at.post(path, stream=True)
    (row,) = at.rows()
    assert row["state"] == "settled"
    assert row["output_tokens"] == -(-len(SECRET) // 4)


def test_a_stream_blocked_before_its_first_word_has_a_status_of_its_own_for_openai(house):
    at = house(Says(after=Block("no")))
    reply = at.post(OPENAI, stream=True)
    assert reply.status_int == 400
    assert error_of(reply)[1] == "content_policy_violation"


def test_a_guard_without_find_sees_the_stream_whole_and_may_change_it(house):
    def shout(completion: Any) -> Any:
        message = completion["choices"][0]["message"]
        message["content"] = message["content"].upper()
        return completion

    at = house(Says(after=shout))
    at.fake.next_answer("quiet words")
    reply = at.post(NATIVE, stream=True)
    assert said(reply) == "QUIET WORDS"
    assert events_of(reply)[-1] == "[DONE]"


def scripted(stream: list[bytes], *guards: Any) -> Any:
    """The reply of guards around an app that streams just these bytes."""

    def inner(environ: Any, start_response: Any) -> Any:
        start_response("200 OK", [("Content-Type", "text/event-stream")])
        return iter(stream)

    app = PrefixRouter(inner, {"/llm-gateway.assemblyai": Guardrails(inner, guards=guards)})
    return TestApp(app).post_json(NATIVE, {"stream": True})


def test_a_stream_that_only_logging_guards_watch_passes_byte_for_byte(caplog):
    caplog.set_level(logging.INFO, "assemblyai_mw.guardrails")
    raw = [
        b': hello\n\ndata: {"choices":[{"delta":{"content":"123-45-"}}]}\r\n\r\nda',
        b'ta: {"choices":[{"delta":{"content":"6789"}}],"x":  1}\n\ndata: [DONE]\n\n',
    ]
    guard = Guardrail(PatternGuard(patterns=["us_ssn"]), mode="logging_only")
    assert scripted(raw, guard).body == b"".join(raw)
    assert "would_block" in caplog.text


@pytest.mark.parametrize("raw", [b"data: no json\n\n", b"data: [1]\n\n", b"data: 1"])
def test_an_event_that_nobody_can_read_ends_a_guarded_stream(raw):
    reply = scripted([raw, b"data: [DONE]\n\n"], PatternGuard(patterns=["email"]))
    (event,) = events_of(reply)
    assert event["error"]["code"] == "guardrail_failed"


def test_what_is_no_text_passes_at_once_and_as_it_came():
    raw = [b": ping\n\n", b'data: {"choices":[], "usage":{"n":1}}\n\n', b"data: [DONE]\n\n"]
    assert scripted(raw, PatternGuard(patterns=["email"])).body == b"".join(raw)


def test_a_stream_without_done_still_says_all_its_words():
    raw = [b'data: {"choices":[{"index":0,"delta":{"content":"a@b.cc!"}}]}\n\n']
    reply = scripted(raw, PatternGuard(patterns=["email"], action="mask"))
    assert said(reply) == "[email]!"


def test_choices_are_texts_of_their_own():
    def delta(index: int, content: str) -> bytes:
        choice = {"index": index, "delta": {"content": content}}
        return b"data: " + json.dumps({"choices": [choice]}).encode() + b"\n\n"

    raw = [
        delta(0, "ann@exam"),
        delta(1, "x@y"),
        delta(0, "ple.com"),
        delta(1, " z"),
        b"data: [DONE]\n\n",
    ]
    reply = scripted(raw, PatternGuard(patterns=["email"], action="mask"))
    texts = {0: "", 1: ""}
    for event in events_of(reply)[:-1]:
        for choice in event["choices"]:
            texts[choice["index"]] += choice["delta"]["content"]
    assert texts == {0: "[email]", 1: "x@y z"}


def test_arguments_of_tools_are_masked_inside_their_json(house):
    at = house(PatternGuard(patterns=["email"], action="mask"))
    tools = [{"type": "function", "function": {"name": "mail", "parameters": {}}}]
    for stream in (False, True):
        at.fake.next_answer(tool_calls=[("mail", {"to": "ann@example.com", "n": 1})])
        reply = at.post(NATIVE, stream=stream, tools=tools)
        if stream:
            text = "".join(
                call["function"].get("arguments", "")
                for event in events_of(reply)[:-1]
                for choice in event["choices"]
                for call in choice["delta"].get("tool_calls", ())
            )
        else:
            text = reply.json["choices"][0]["message"]["tool_calls"][0]["function"]["arguments"]
        assert json.loads(text) == {"to": "[email]", "n": 1}


class Fails(TextGuard):
    name = "fails"

    def find(self, text: str) -> Iterator[Finding]:
        raise RuntimeError(text)


@pytest.mark.parametrize("on_error", ["closed", "open"])
def test_a_guard_that_raises_in_a_stream(house, on_error):
    at = house(Guardrail(Fails(), mode="post_call", on_error=on_error))
    at.fake.next_answer("word " * 100)
    reply = at.post(NATIVE, stream=True)
    if on_error == "open":
        assert said(reply) == "word " * 100
        assert events_of(reply)[-1] == "[DONE]"
    else:
        assert events_of(reply)[-1]["error"]["code"] == "guardrail_failed"
        assert said(reply) == ""


def test_a_guard_that_hangs_in_a_stream_does_not_hang_it(house):
    free = threading.Event()

    class Hangs(TextGuard):
        def find(self, text: str) -> Iterator[Finding]:
            free.wait(60)
            yield from ()

    at = house(Guardrail(Hangs(), mode="post_call", timeout_s=0.05))
    at.fake.next_answer("word " * 100)
    try:
        reply = at.post(NATIVE, stream=True)
    finally:
        free.set()
    assert events_of(reply)[-1]["error"]["code"] == "guardrail_failed"


def test_a_client_that_leaves_a_guarded_stream_closes_it_below():
    closed = threading.Event()

    class Body:
        def __iter__(self) -> Iterator[bytes]:
            yield b'data: {"choices":[{"delta":{"content":"a"}}]}\n\n'
            yield b"data: [DONE]\n\n"

        def close(self) -> None:
            closed.set()

    def inner(environ: Any, start_response: Any) -> Any:
        start_response("200 OK", [("Content-Type", "text/event-stream")])
        return Body()

    stage = Guardrails(inner, guards=[PatternGuard(patterns=["email"])])
    request = TestApp(stage).RequestClass.blank(
        "/v1/chat/completions", method="POST", body=b"{}", base_url="http://h/"
    )
    environ = {**request.environ, "SCRIPT_NAME": "/llm-gateway.assemblyai"}
    body = stage(environ, lambda *_: lambda _: None)
    next(iter(body))
    body.close()
    assert closed.is_set()


# Construction


@pytest.mark.parametrize(
    "make, words",
    [
        pytest.param(lambda: Guardrail(object()), "a method before or after", id="no guard"),
        pytest.param(lambda: Guardrail(Says(), mode="during_call"), "mode", id="mode"),
        pytest.param(lambda: Guardrail(Says(), mode=()), "mode", id="no mode"),
        pytest.param(
            lambda: Guardrail(Says(), mode=("logging_only", "pre_call")), "alone", id="both"
        ),
        pytest.param(lambda: Guardrail(Says(), on_error="maybe"), "on_error", id="on_error"),
        pytest.param(lambda: Guardrail(Says(), timeout_s=0), "timeout_s", id="timeout"),
        pytest.param(
            lambda: Guardrails(lambda *_: [], guards=[Says(), Says()]), "a name", id="one name"
        ),
    ],
)
def test_what_makes_no_sense_is_refused_at_start(make, words):
    with pytest.raises(ValueError, match=words):
        make()
