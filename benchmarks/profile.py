"""Where a call's CPU time goes: `python -m benchmarks.profile [--budgets] [--database postgresql]`.

Calls the whole stack in this process, without a server, and samples the stack of frames by a timer
of CPU time (SIGPROF). A sample counts for the innermost room of the package that it is in, so that
a library's time is its caller's. Beside it: the microseconds of a call, user and system.
"""

from __future__ import annotations

import argparse
import io
import os
import resource
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from . import apps
from .billable import BUDGETS
from .databases import databases
from .servers import TRANSCRIPT, Target, prepare, upstream
from .work import WORK

ROOT = str(Path(apps.__file__).parent.parent / "assemblyai_mw") + os.sep
EVERY_S = 0.001
GET = "GET of a transcript"


class Sampler:
    """Counts CPU time by room."""

    def __init__(self) -> None:
        self.rooms: Counter[str] = Counter()

    @contextmanager
    def running(self) -> Iterator[None]:
        """Sample while the block runs, in this thread."""
        before = signal.signal(signal.SIGPROF, self._sample)
        signal.setitimer(signal.ITIMER_PROF, EVERY_S, EVERY_S)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
            signal.signal(signal.SIGPROF, before)

    def _sample(self, _: int, frame: FrameType | None) -> None:
        while frame is not None:
            name = frame.f_code.co_filename
            if name.startswith(ROOT):
                self.rooms[_room(name)] += 1
                return
            frame = frame.f_back
        self.rooms["the benchmark itself"] += 1


def _room(file: str) -> str:
    """Return a stage or a room; the store's corridors to the database stand for themselves."""
    parts = file.removeprefix(ROOT).split(os.sep)
    if parts[0] == "middleware":
        return f"middleware/{parts[1].removesuffix('.py')}"
    if parts[0] == "store":
        corridor = parts[1] in ("transactions.py", "group_commit.py", "database.py", "engine.py")
        return "store: transactions" if corridor else "store: statements and rows"
    return parts[0].removesuffix(".py")


def caller(app: Any, key: str, work: str) -> Callable[[], None]:
    """Return a function that makes one call of *app*, without a server."""
    path, body = f"{apps.PREFIX}/v2/transcript/{TRANSCRIPT}", b""
    if work != GET:
        # The first request of the work.
        request = WORK[work].ours(Target("ours", 0))[0]
        assert isinstance(request, bytes)
        head, _, body = request.partition(b"\r\n\r\n")
        path = head.split(b" ", 2)[1].decode()
    environ = {
        "REQUEST_METHOD": "POST" if body else "GET",
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "RAW_URI": path,
        "QUERY_STRING": "",
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(body)) if body else "",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "127.0.0.1",
        "HTTP_AUTHORIZATION": f"Bearer {key}",
        "HTTP_USER_AGENT": "bench",
        "HTTP_ACCEPT": "*/*",
        "wsgi.errors": sys.stderr,
        "wsgi.url_scheme": "http",
        "wsgi.version": (1, 0),
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }

    def call() -> None:
        found: list[str] = []

        def start(status: str, headers: Any, _: Any = None) -> Any:
            found.append(status)

        reply = app({**environ, "wsgi.input": io.BytesIO(body)}, start)
        for _ in reply:
            pass
        if hasattr(reply, "close"):
            reply.close()
        if not found[0].startswith("200"):
            raise RuntimeError(found[0])

    return call


def profile(name: str, work: str, engine: str, *, budgets: bool, calls: int) -> None:
    """Print the time of a call by room."""
    sampler = Sampler()
    with upstream() as port, databases(engine) as fresh, tempfile.TemporaryDirectory() as folder:
        os.environ["BENCH_UPSTREAM"] = f"http://127.0.0.1:{port}"
        os.environ["BENCH_DATABASE"] = fresh()
        os.environ["BENCH_LOG"] = f"{folder}/calls.log"
        (key,) = prepare(os.environ["BENCH_DATABASE"], 1, **(dict(BUDGETS) if budgets else {}))
        app = apps.make(name)
        call = caller(app, key, work)
        for _ in range(200):
            call()
        before = resource.getrusage(resource.RUSAGE_SELF)
        with sampler.running():
            for _ in range(calls):
                call()
        after = resource.getrusage(resource.RUSAGE_SELF)
        if hasattr(app, "close"):
            app.close()
    user = (after.ru_utime - before.ru_utime) / calls * 1e6
    system = (after.ru_stime - before.ru_stime) / calls * 1e6
    print(f"\n{work}, {engine}{', budgets' if budgets else ''}: {name}")
    print(f"  {user + system:7.0f} us a call: user {user:.0f}, system {system:.0f}")
    samples = sampler.rooms.total()
    for room, count in sampler.rooms.most_common():
        share = count / samples
        print(f"  {share * (user + system):7.0f} us {share * 100:5.1f} %  {room}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--work", default="native chat", choices=[*WORK, GET])
    parser.add_argument("--database", default="sqlite", choices=["sqlite", "postgresql"])
    parser.add_argument("--budgets", action="store_true")
    parser.add_argument("--app", default="ours", choices=["ours", "key and forwarding"])
    parser.add_argument("--calls", type=int, default=5000)
    options = parser.parse_args()
    profile(
        options.app,
        options.work,
        options.database,
        budgets=options.budgets,
        calls=options.calls,
    )


if __name__ == "__main__":
    main()
