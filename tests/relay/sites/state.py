"""What tests compare of the process that answers them."""

from __future__ import annotations

import gc
import os
from typing import Any


def state() -> dict[str, Any]:
    """Return this process's number, descriptors, connections in Gunicorn's count, and CPU time."""
    workers = [each for each in gc.get_objects() if type(each).__name__ == "ThreadWorker"]
    used = os.times()
    return {
        "pid": os.getpid(),
        "fds": len(os.listdir("/proc/self/fd")),
        "nr_conns": [worker.nr_conns for worker in workers],
        "cpu_s": used.user + used.system,
    }
