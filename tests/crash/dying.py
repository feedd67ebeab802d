"""Deaths on order: a worker that comes to the armed point kills itself there."""

from __future__ import annotations

import functools
import os
import signal
from pathlib import Path

FOLDER = Path(os.environ["CRASH_FOLDER"])
ARMED = FOLDER / "armed"


def die_if_armed(point):
    try:
        if ARMED.read_text() != point:
            return
        # Only one worker can take it away.
        ARMED.unlink()
    except FileNotFoundError:
        return
    os.kill(os.getpid(), signal.SIGKILL)


def around(owner, name, *, before=None, after=None, only=None):
    """Put points around a method; *only* says of its arguments whether they count."""
    method = getattr(owner, name)

    @functools.wraps(method)
    def wrapped(*arguments, **options):
        counts = only is None or only(*arguments, **options)
        if before and counts:
            die_if_armed(before)
        result = method(*arguments, **options)
        if after and counts:
            die_if_armed(after)
        return result

    setattr(owner, name, wrapped)


def host_app(environ, start_response):
    body = str(os.getpid()).encode()
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]
