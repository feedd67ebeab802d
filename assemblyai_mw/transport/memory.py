"""Memory for the blocks of large bodies.

By default glibc gives a block of 1 MiB back to the kernel as soon as it is free, and gets
the next one page by page, which costs several times what copying the block does.
"""

from __future__ import annotations

import functools

# Twice this holds a block and the host server's copies of it. More would stay with each thread that
# ever had a body: glibc gives threads heaps of their own.
KEPT_BYTES = 2 << 20


@functools.cache
def keep_blocks() -> None:
    """Have the allocator keep a few MiB between two blocks, from now on in this process.

    Once glibc has seen a block of some size freed, it takes such blocks from its own heap
    and keeps up to twice as much of it (mallopt(3), M_MMAP_THRESHOLD: "dynamic mmap
    threshold"). This one is freed untouched. Where an operator has set these sizes, and
    with other allocators, nothing changes.
    """
    bytes(KEPT_BYTES)
