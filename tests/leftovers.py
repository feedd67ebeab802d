"""Takes away what a test run leaves behind, however it ends.

    python leftovers.py DIRECTORY

It waits for the end of its standard input, which is the end of whoever started it, killed or
not; then it stops the servers whose process ids stand in DIRECTORY and deletes it.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

# Each file names its server in the first line.
_PIDS = ("data/postmaster.pid", "*/pgbouncer.pid", "redis.pid")


def watch(directory: Path) -> subprocess.Popen[bytes]:
    """Start the program for *directory*; closing its standard input cleans up."""
    return subprocess.Popen(
        [sys.executable, __file__, str(directory)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        # A Ctrl-C in the terminal is for the tests alone.
        start_new_session=True,
    )


def clean(directory: Path) -> None:
    """Stop the servers of *directory* and delete it."""
    for pattern in _PIDS:
        for file in directory.glob(pattern):
            with contextlib.suppress(FileNotFoundError, ProcessLookupError, ValueError):
                pid = int(file.read_text().split()[0])
                os.kill(pid, signal.SIGQUIT)
                _wait_for_end(pid)
    # A server's own children may still be writing their last.
    for _ in range(50):
        shutil.rmtree(directory, ignore_errors=True)
        if not directory.exists():
            return
        time.sleep(0.1)


def _wait_for_end(pid: int) -> None:
    for _ in range(200):
        os.kill(pid, 0)
        time.sleep(0.05)
    # One that was started with the signal ignored, as the jobs of a shell's background are.
    os.kill(pid, signal.SIGKILL)


if __name__ == "__main__":
    sys.stdin.buffer.read()
    clean(Path(sys.argv[1]))
