"""The log file: a line a call, from every worker, and through every rotation."""

from __future__ import annotations

import os
import re
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from stack_kit import CHAT, MASTER_KEY, Stack, chat

from assemblyai_mw import ConfigError
from assemblyai_mw.logfile import LogFile

LIST = "/assemblyai/v2/transcript"


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
    lines = path.read_text("utf-8").splitlines()
    assert lines == [record.line() for record in stack.told]
    assert [re.search(r" status=(\d+) ", line)[1] for line in lines] == ["200", "200", "401", "200"]


def test_a_request_cannot_forge_a_line(stack, path):
    stack.ask("GET", "/assemblyai/v2/a%0Aid=1 status=200%E2%80%A8", MASTER_KEY)
    (line,) = path.read_text("utf-8").splitlines()
    assert line.isprintable()


def test_others_may_not_read_it(stack, path):
    assert stat.S_IMODE(path.stat().st_mode) & 0o007 == 0


def test_a_file_that_was_moved_away_is_made_anew(path, monkeypatch):
    monkeypatch.setattr("assemblyai_mw.logfile.LOOK_EVERY_S", 0)
    log = LogFile(path)
    log.write("first")
    path.rename(path.with_suffix(".1"))
    log.write("second")
    path.unlink()
    log.write("third")
    log.close()
    assert path.with_suffix(".1").read_text() == "first\n"
    assert path.read_text() == "third\n"


def test_a_file_cut_to_nothing_is_written_from_its_start(path):
    log = LogFile(path)
    log.write("first")
    os.truncate(path, 0)
    log.write("second")
    log.close()
    assert path.read_text() == "second\n"


def test_lines_of_many_threads_and_files_do_not_mix(path):
    logs = [LogFile(path) for _ in range(4)]
    texts = [str(number % 10) * 300 for number in range(400)]
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda pair: logs[pair[0] % 4].write(pair[1]), enumerate(texts)))
    assert sorted(path.read_text().splitlines()) == sorted(texts)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs Linux")
def test_a_full_disk_is_told_once_and_stops_no_call(sqlite_url, caplog):
    stack = Stack(sqlite_url, general_settings={"log_file": "/dev/full"})
    statuses = [stack.ask("GET", LIST, MASTER_KEY).status_int for _ in range(3)]
    stack.close()
    assert statuses == [200, 200, 200]
    assert caplog.text.count("cannot be written: No space left on device") == 1


def test_a_file_that_cannot_be_opened_stops_the_start(sqlite_url, tmp_path):
    with pytest.raises(ConfigError, match=r"log_file: cannot open .*none/calls.log: No such file"):
        Stack(sqlite_url, general_settings={"log_file": str(tmp_path / "none" / "calls.log")})
