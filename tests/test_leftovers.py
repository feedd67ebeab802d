"""A test run that is killed leaves neither its servers nor their folder."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import psutil
import pytest

POSTGRESQL = """
import threading
from conftest import postgresql

def test_waits(postgresql):
    print(f"\\nREADY {postgresql.directory}", flush=True)
    threading.Event().wait(120)
"""
REDIS = """
import threading
from redis_server import running_redis

def test_waits():
    with running_redis() as server:
        print(f"\\nREADY {server.redis_dir}", flush=True)
        threading.Event().wait(120)
"""


@pytest.mark.parametrize(
    "run_text, pid_file", [(POSTGRESQL, "data/postmaster.pid"), (REDIS, "redis.pid")]
)
@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_run_ended_by_a_signal_leaves_no_server_and_no_folder(
    tmp_path: Path, end: signal.Signals, run_text: str, pid_file: str
) -> None:
    (tmp_path / "test_run.py").write_text(run_text)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    command = [sys.executable, "-m", "pytest", "-q", "-s", "-p", "no:cacheprovider", "test_run.py"]
    with subprocess.Popen(
        command,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *sys.path])},
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as run:
        assert run.stdout is not None
        ready = next(line for line in run.stdout if line.startswith("READY "))
        directory = Path(ready.split()[1])
        server = int((directory / pid_file).read_text().split()[0])
        os.kill(server, 0)
        # To all of the run's processes, as a terminal or a job's time limit does it.
        os.killpg(run.pid, end)
        run.communicate(timeout=60)
    for _ in range(600):
        if not directory.exists() and not is_running(server):
            break
        threading.Event().wait(0.05)
    assert not directory.exists()
    assert not is_running(server)


def is_running(pid: int) -> bool:
    """Whether a process runs; one that has ended and whose parent has not looked does not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
