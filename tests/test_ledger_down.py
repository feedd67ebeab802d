"""The ledger cannot be written: nothing that costs goes out, what is free goes on."""

from __future__ import annotations

import contextlib
import resource
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from settlement_kit import COST, SUBMIT, House, build, close_databases

from assemblyai_mw.testing import FakeAssemblyAI, Hosts, serve_all

pytestmark = pytest.mark.usefixtures("impatient")


@pytest.fixture
def hosts() -> Iterator[Hosts]:
    with serve_all(FakeAssemblyAI(polls=0), FakeAssemblyAI(region="eu", polls=0)) as hosts:
        yield hosts


@contextlib.contextmanager
def locked(ledger: Path) -> Iterator[None]:
    """Another process writes and does not end."""
    other = sqlite3.connect(ledger, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN EXCLUSIVE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()


@contextlib.contextmanager
def no_larger(ledger: Path) -> Iterator[None]:
    """The disk is full: no file may grow past what the ledger's are now."""
    # Only a grown file hits the limit: put all of it into one first.
    with contextlib.closing(sqlite3.connect(ledger)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@contextlib.contextmanager
def gone(ledger: Path) -> Iterator[None]:
    """Somebody moved it away."""
    away = ledger.with_suffix(".away")
    ledger.rename(away)
    try:
        yield
    finally:
        ledger.unlink(missing_ok=True)
        away.rename(ledger)


@contextlib.contextmanager
def replaced(ledger: Path) -> Iterator[None]:
    """Another ledger lies in its place, valid and empty."""
    from assemblyai_mw.store import Database

    empty = ledger.with_name("empty.db")
    other = Database(f"sqlite:///{empty}")
    with other.write():
        pass
    other.close()
    with gone(ledger):
        empty.rename(ledger)
        yield


TROUBLE: list[Any] = [
    pytest.param(locked, id="locked"),
    pytest.param(no_larger, id="disk full"),
    pytest.param(gone, id="gone"),
    pytest.param(replaced, id="replaced"),
]


@pytest.fixture
def house(hosts: Hosts, sqlite_url: str) -> Iterator[House]:
    yield build(hosts, sqlite_url)
    close_databases()


def submits(house: House) -> int:
    return len(house.hosts.us.asked("POST"))


@pytest.mark.parametrize("trouble", TROUBLE)
def test_nothing_billable_goes_out_and_nothing_is_lost_afterwards(
    house: House, tmp_path: Path, trouble: Callable[[Path], AbstractContextManager[None]]
) -> None:
    house.submit()
    with trouble(tmp_path / "ledger.db"):
        before = submits(house)
        house.submit(status=503)
        assert submits(house) == before
    house.submit()
    house.settle(after_s=400)
    assert [row["state"] for row in house.ledger.calls()] == ["settled", "settled"]
    (total,) = house.ledger.usage("key")
    assert total["calls"] == 2
    assert house.database.check() == []


@pytest.mark.parametrize("trouble", TROUBLE[:2])
def test_what_is_free_goes_on(
    house: House, tmp_path: Path, trouble: Callable[[Path], AbstractContextManager[None]]
) -> None:
    id = house.submit()
    with trouble(tmp_path / "ledger.db"):
        assert house.get("/").body == b"ok"
        assert house.get(f"/assemblyai/v2/transcript/{id}").json["status"] == "completed"
        assert house.get(f"/assemblyai/v2/transcript/{id}/sentences").status_code == 200
    # The poll could not be written; settlement does it later.
    assert house.row()["state"] == "pending"
    house.settle(after_s=10)
    assert house.row()["cost_usd"] == COST


def test_full_filesystem_refuses_and_recovers(hosts: Hosts, tmp_path: Path) -> None:
    """A real one, of a megabyte; where this user may not mount one, the limit above stands in."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = shutil.which("mount")
    command = [mount or "mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)]
    if mount is None or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("cannot mount a tmpfs here")
    try:
        house = build(hosts, f"sqlite:///{disk / 'ledger.db'}")
        house.submit()
        ballast = disk / "ballast"
        with contextlib.suppress(OSError), ballast.open("wb", buffering=0) as file:
            while True:
                file.write(bytes(4096))
        before = submits(house)
        for _ in range(100):
            reply = house.app.post_json(
                "/assemblyai/v2/transcript",
                SUBMIT,
                headers={"Authorization": house.key},
                status="*",
            )
            if reply.status_code == 503:
                break
            before += 1
        assert reply.status_code == 503
        assert submits(house) == before
        ballast.unlink()
        house.submit()
        assert house.settle(after_s=400).settled == before + 1
        assert house.database.check() == []
    finally:
        close_databases()
        subprocess.run(["umount", str(disk)], check=True)


def test_accept_that_cannot_be_written_shows_no_id_and_is_found_later(
    house: House, tmp_path: Path
) -> None:
    """The disk fills up between the row of intent and the owner."""
    ledger = tmp_path / "ledger.db"
    lock = contextlib.ExitStack()

    def looks_at_the_clock() -> float:
        # The stand-in does when it has the request.
        if not submits(house):
            lock.enter_context(locked(ledger))
        return time.time()

    house.hosts.us.clock = looks_at_the_clock
    reply = house.app.post_json(
        "/assemblyai/v2/transcript", SUBMIT, headers={"Authorization": house.key}, status=503
    )
    lock.close()
    house.hosts.us.clock = time.time
    (job,) = house.hosts.us.transcripts
    assert job not in reply.text
    assert house.ledger.owner("us", job) is None
    # Nobody can read it meanwhile, its owner neither.
    house.get(f"/assemblyai/v2/transcript/{job}", status=404)
    assert house.settle(after_s=400).resolved == 1
    assert house.get(f"/assemblyai/v2/transcript/{job}").json["status"] == "completed"
    assert house.row()["cost_usd"] == COST
