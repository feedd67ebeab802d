"""Starts what is measured, each a process group of its own, and reads what it uses."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

HERE = Path(__file__).parent
KEY_NAME = "bench"
TRANSCRIPT = "bench-transcript"
_BOOTED = r"Listening at: http://127\.0\.0\.1:(\d+).*Booting worker"


@dataclass
class Target:
    """Where to send requests.

    Attributes:
        port: On 127.0.0.1.
        prefix: What its paths begin with.
        headers: What a request to it must carry.
    """

    name: str
    port: int
    prefix: str = "/assemblyai"
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Server(Target):
    """A contender that runs in *process*, with the virtual *keys* that it knows."""

    process: subprocess.Popen[bytes] = field(kw_only=True)
    keys: list[str] = field(default_factory=list)

    def workers(self) -> list[psutil.Process]:
        """The processes that do the work: the children, or itself if it has none."""
        root = psutil.Process(self.process.pid)
        return root.children(recursive=True) or [root]

    def cpu_s(self) -> float:
        """CPU seconds used so far, user and system, by the process and all that it started.

        A master's share counts too, so that it does not matter whether a server works in the
        process itself (LiteLLM's) or in children (Gunicorn, nginx). A child that has ended
        counts among its parent's ended children.
        """
        root = psutil.Process(self.process.pid)
        times = [process.cpu_times() for process in (root, *root.children(recursive=True))]
        return float(sum(t.user + t.system + t.children_user + t.children_system for t in times))

    def rss(self) -> int:
        """Resident bytes of all workers."""
        return sum(worker.memory_info().rss for worker in self.workers())


def upstream() -> AbstractContextManager[int]:
    """Run the upstream; gives its port."""
    return compiled("upstream.c")


@contextmanager
def compiled(source: str, *arguments: str) -> Iterator[int]:
    """Run a program of this folder, compiled on the spot; gives the port that it prints."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if not compiler:
        raise RuntimeError("the benchmarks need a C compiler: no slower program can show a limit")
    with tempfile.TemporaryDirectory() as folder:
        binary = f"{folder}/program"
        subprocess.run([compiler, "-O2", "-o", binary, str(HERE / source)], check=True)
        with running([binary, *arguments], stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            yield int(process.stdout.readline())


@contextmanager
def gunicorn(
    name: str,
    upstream_port: int,
    *,
    worker: str = "gthread",
    threads: int = 32,
    workers: int = 1,
    title: str | None = None,
    database: str | None = None,
    keys: int | list[str] = 1,
    authority: Path | None = None,
    **options: Any,
) -> Iterator[Server]:
    """Run a contender of `benchmarks.apps` under Gunicorn.

    Args:
        title: What it is called in tables; default: *name*.
        database: URL of its ledger; default: a SQLite file of its own.
        keys: How many keys it has, all with these *options*; `Server.keys` lists them. Or the
            keys that its ledger has already.
        authority: PEM file of the one whose certificate the upstream has; without it, plain http.
    """
    with tempfile.TemporaryDirectory() as folder:
        environ = {
            **os.environ,
            "BENCH_UPSTREAM": f"{'https' if authority else 'http'}://127.0.0.1:{upstream_port}",
            "BENCH_CA": str(authority or ""),
            "BENCH_DATABASE": database or f"sqlite:///{folder}/bench.db",
            "BENCH_LOG": f"{folder}/calls.log",
            "PYTHONPATH": str(HERE.parent),
        }
        made = ["any-key"]
        if name.startswith(("ours", "key")):
            if name == "ours realtime":
                options["budget_usd"] = 1000
            made = (
                keys
                if isinstance(keys, list)
                else prepare(environ["BENCH_DATABASE"], keys, **options)
            )
        command = [sys.executable, "-m", "gunicorn", f"benchmarks.apps:make('{name}')"]
        command += ["--worker-class", worker, "--workers", str(workers), "--bind", "127.0.0.1:0"]
        command += ["--threads", str(threads)] if worker == "gthread" else []
        command += ["--timeout", "300", "--keep-alive", "60", "--no-control-socket"]
        log = open(f"{folder}/gunicorn.log", "wb+")  # noqa: SIM115
        with log, running(command, stderr=log, env=environ) as process:
            port = listening(Path(log.name), process, _BOOTED)
            headers = {"Authorization": f"Bearer {made[0]}"}
            yield Server(title or name, port, headers=headers, process=process, keys=made)


def prepare(database: str, count: int, **options: Any) -> list[str]:
    """Make keys, and a settled transcript of the first one; return them."""
    from assemblyai_mw import Call, Keys, Ledger, Route
    from assemblyai_mw.store import hash_key

    keys, ledger = Keys(database), Ledger(database)
    team = options.get("team")
    if team is not None and "team_budget_usd" in options:
        keys.set_team(team, budget_usd=options.pop("team_budget_usd"))
    made = [keys.create(f"{KEY_NAME}-{number}", **options).key for number in range(count)]
    route = Route("/assemblyai", "api", "us")
    call = Call("0" * 32, time.time(), route, "POST", "/v2/transcript")
    call.caller = keys.find(hash_key(made[0]))
    row = ledger.open(call, kind="transcript", model="universal-2", features={})
    ledger.accept(row, status=200, transcript_id=TRANSCRIPT)
    ledger.fail(row, status=200)
    return made


def listening(log: Path, process: subprocess.Popen[bytes], line: str) -> int:
    """Wait for what matches *line* in the log; return the port, its first group."""
    for _ in range(2400):
        text = log.read_text()
        if found := re.search(line, text, re.DOTALL):
            return int(found[1])
        if process.poll() is not None:
            raise RuntimeError(text)
        time.sleep(0.05)
    raise RuntimeError(f"no server: {log.read_text()}")


@contextmanager
def running(command: list[str], **options: object) -> Iterator[subprocess.Popen[bytes]]:
    """Run *command* in a process group of its own, and end the group afterwards."""
    process = subprocess.Popen(command, start_new_session=True, **options)  # type: ignore[call-overload]
    try:
        yield process
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        if process.stdout is not None:
            process.stdout.close()
