"""The log file: a line a call, from every worker, and through every rotation."""

from __future__ import annotations

import os
import re
import socket
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from stack_kit import CHAT, MASTER_KEY, Stack, chat

from assemblyai_mw import ConfigError
from assemblyai_mw.telemetry.log_file import LogFile

LIST = "/assemblyai/v2/transcript"


def wait_until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def write(log: LogFile, text: str) -> None:
    log.add({"id": text})
    log.flush()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "calls.log"


@pytest.fixture
def stack(sqlite_url: str, path: Path) -> Any:
    told: list[Any] = []
    made = Stack(
        sqlite_url,
        general_settings={"log_file": str(path)},
        options={"on_call": told.append},
    )
    made.told = told
    yield made
    made.close()


def test_each_call_is_one_line_of_what_a_callback_is_told(stack, path):
    for key, body in ((MASTER_KEY, chat()), (MASTER_KEY, chat(stream=True)), (None, chat())):
        stack.ask("POST", CHAT, key, json=body)
    stack.ask("GET", LIST, MASTER_KEY, headers={"X-AssemblyAI-MW-Tags": "a=b c,d=é"})
    stack.middleware.close()
    lines = path.read_text("utf-8").splitlines()
    assert lines == [record.line() for record in stack.told]
    assert [re.search(r" status=(\d+) ", line)[1] for line in lines] == ["200", "200", "401", "200"]


def test_a_request_cannot_forge_a_line(stack, path):
    stack.ask("GET", "/assemblyai/v2/a%0Aid=1 status=200%E2%80%A8", MASTER_KEY)
    stack.middleware.close()
    (line,) = path.read_text("utf-8").splitlines()
    assert line.isprintable()


def test_others_may_not_read_it(stack, path):
    assert stat.S_IMODE(path.stat().st_mode) & 0o007 == 0


def test_a_line_is_there_soon(path):
    log = LogFile(path)
    for text in ("first", "second"):
        # The second finds the thread at rest, or not.
        log.add({"id": text})
        wait_until(lambda: path.read_text().endswith(f"id={text}\n"))  # noqa: B023
        wait_until(lambda: log._resting)
    log.add({"id": "third"})
    log.close()
    assert path.read_text() == "id=first\nid=second\nid=third\n"


def test_no_line_is_lost_to_a_thread_that_is_about_to_rest(path, monkeypatch):
    monkeypatch.setattr("assemblyai_mw.telemetry.log_file.WAIT_S", 0)
    log = LogFile(path)
    for number in range(2000):
        log.add({"id": number})
        if number % 50 == 0:
            time.sleep(0.001)
    wait_until(lambda: path.read_text().count("\n") == 2000)
    log.close()
    assert path.read_text() == "".join(f"id={number}\n" for number in range(2000))


ON_A_STREAM = """
import os, sys
from assemblyai_mw.telemetry.log_file import LogFile
if sys.argv[2] == "another user's pipe" and os.geteuid() == 0:
    # As in a container whose server gives up root's rights after its start.
    os.setuid(65534)
log = LogFile(sys.argv[1])
log._look_at = 0
for text in ("one", "two"):
    log.add({"id": text})
    log.flush()
log.close()
"""


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
@pytest.mark.parametrize("kind", ["pipe", "file", "socket", "another user's pipe"])
def test_the_processes_own_streams_are_written_whatever_they_are(tmp_path, stream, kind):
    target = tmp_path / "out"
    ours, theirs = socket.socketpair()
    with ours, theirs, target.open("wb") as file:
        done = subprocess.run(
            [sys.executable, "-c", ON_A_STREAM, f"/dev/{stream}", kind],
            **{stream: {"file": file, "socket": theirs}.get(kind, subprocess.PIPE)},
            check=True,
            timeout=60,
        )
        written = ours.recv(4096) if kind == "socket" else target.read_bytes()
    assert (written or getattr(done, stream)) == b"id=one\nid=two\n"


def test_a_file_that_was_moved_away_is_made_anew(path, monkeypatch):
    monkeypatch.setattr("assemblyai_mw.telemetry.log_file.LOOK_EVERY_S", 0)
    log = LogFile(path)
    write(log, "first")
    path.rename(path.with_suffix(".1"))
    write(log, "second")
    path.unlink()
    write(log, "third")
    log.close()
    assert path.with_suffix(".1").read_text() == "id=first\n"
    assert path.read_text() == "id=third\n"


def test_a_file_cut_to_nothing_is_written_from_its_start(path):
    log = LogFile(path)
    write(log, "first")
    os.truncate(path, 0)
    write(log, "second")
    log.close()
    assert path.read_text() == "id=second\n"


def test_lines_of_many_threads_and_files_do_not_mix(path):
    logs = [LogFile(path) for _ in range(4)]
    texts = [str(number % 10) * (number % 7 * 700 + 300) for number in range(400)]
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda pair: logs[pair[0] % 4].add({"id": pair[1]}), enumerate(texts)))
    for log in logs:
        log.close()
    assert sorted(path.read_text().splitlines()) == sorted(f"id={text}" for text in texts)


def test_whole_lines_go_out_together_as_long_as_a_pipe_takes_them_at_once(path, monkeypatch):
    blocks = []

    def write_to(file: int, block: bytes) -> int:
        blocks.append(block)
        return len(block)

    log = LogFile(path)
    log._ended = True
    monkeypatch.setattr("assemblyai_mw.telemetry.log_file.os.write", write_to)
    sizes = [1000] * 9 + [5000] + [10] * 3
    log._waiting.extend({"id": "x" * size} for size in sizes)
    log.flush()
    assert b"".join(blocks) == b"".join(b"id=%b\n" % (b"x" * size) for size in sizes)
    assert [block.count(b"\n") for block in blocks] == [4, 4, 1, 1, 3]
    assert all(block.endswith(b"\n") for block in blocks)


def test_where_no_thread_starts_each_call_writes_its_line(path, monkeypatch):
    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    log = LogFile(path)
    for text in ("first", "second"):
        log.add({"id": text})
        assert path.read_text().endswith(f"id={text}\n")


def test_where_the_thread_never_runs_calls_write_what_is_late(path, monkeypatch):
    """As in uWSGI without --enable-threads."""
    monkeypatch.setattr(LogFile, "_run", lambda log, work: None)
    log = LogFile(path)
    log.add({"id": "first"})
    log.add({"id": "second"})
    assert path.read_text() == ""
    log._late_at = 0
    log.add({"id": "third"})
    assert path.read_text() == "id=first\nid=second\nid=third\n"


def test_only_so_many_lines_wait(path, monkeypatch):
    monkeypatch.setattr("assemblyai_mw.telemetry.log_file.MAX_WAITING", 3)
    monkeypatch.setattr(LogFile, "_run", lambda log, work: None)
    log = LogFile(path)
    for number in range(4):
        log.add({"id": number})
    assert path.read_text() == "id=0\nid=1\nid=2\nid=3\n"


@pytest.mark.parametrize("end", ["", "sys.exit(3)", "raise RuntimeError"])
def test_what_waits_is_written_when_the_process_ends(path, end):
    program = f"""
import sys, threading
from assemblyai_mw.telemetry.log_file import LogFile
log = LogFile({str(path)!r})
log.add({{"id": "main"}})
thread = threading.Thread(target=log.add, args=({{"id": "other"}},))
thread.start()
thread.join()
{end}
"""
    subprocess.run([sys.executable, "-c", program], stderr=subprocess.DEVNULL)
    assert path.read_text() == "id=main\nid=other\n"


def test_a_forked_process_writes_its_own_lines_alone(path):
    log = LogFile(path)
    log.add({"id": "parent"})
    pid = os.fork()
    if not pid:
        try:
            log.add({"id": "child"})
            log.flush()
        finally:
            os._exit(0)
    os.waitpid(pid, 0)
    log.close()
    assert sorted(path.read_text().splitlines()) == ["id=child", "id=parent"]


def test_a_fork_while_a_line_is_written_stops_nothing(path):
    log = LogFile(path)
    log._writing.acquire()
    pid = os.fork()
    if not pid:
        log.add({"id": "child"})
        log.flush()
        os._exit(0)
    assert os.waitpid(pid, 0)[1] == 0
    log._writing.release()
    log.close()
    assert path.read_text() == "id=child\n"


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs Linux")
def test_a_full_disk_is_told_once_and_stops_no_call(sqlite_url, caplog):
    stack = Stack(sqlite_url, general_settings={"log_file": "/dev/full"})
    statuses = []
    for _ in range(3):
        statuses.append(stack.ask("GET", LIST, MASTER_KEY).status_int)
        next(each for each in stack.middleware.parts.on_call if type(each) is LogFile).flush()
    stack.middleware.close()
    stack.close()
    assert statuses == [200, 200, 200]
    assert caplog.text.count("cannot be written: No space left on device") == 1


def test_a_file_that_cannot_be_opened_stops_the_start(sqlite_url, tmp_path):
    with pytest.raises(ConfigError, match=r"log_file: cannot open .*none/calls.log: No such file"):
        Stack(sqlite_url, general_settings={"log_file": str(tmp_path / "none" / "calls.log")})
