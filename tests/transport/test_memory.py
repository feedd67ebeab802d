"""Blocks of a large body do not cost a trip to the kernel for each of their pages."""

import platform
import subprocess
import sys

# In a thread, as servers have them: threads have heaps of their own.
PROGRAM = """
import resource, threading
from assemblyai_mw.transport.memory import keep_blocks

def work():
    for _ in range(200):
        blocks = [b"x" * (1 << 20) for _ in range(3)]

keep_blocks()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
thread = threading.Thread(target=work)
thread.start()
thread.join()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def test_a_block_is_made_of_the_pages_of_those_before_it() -> None:
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True
    )
    pages_of_all = 200 * 3 * 256
    # Other allocators than glibc's decide this for themselves.
    assert platform.libc_ver()[0] != "glibc" or int(run.stdout) < pages_of_all / 20
