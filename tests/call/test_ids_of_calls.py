"""Ids of calls: no two alike, in one process, in many threads, and across a fork."""

import os
from concurrent.futures import ThreadPoolExecutor

from assemblyai_mw.call import new_id


def test_no_two_are_alike() -> None:
    with ThreadPoolExecutor(8) as pool:
        ids = list(pool.map(lambda _: new_id(), range(5000)))
    assert len(set(ids)) == 5000
    assert all(len(id) == 32 and int(id, 16) >= 0 for id in ids)


def test_a_fork_draws_its_own() -> None:
    new_id()
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writer, " ".join(new_id() for _ in range(300)).encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        theirs = set(pipe.read().split())
    os.waitpid(child, 0)
    ours = {new_id() for _ in range(300)}
    assert len(theirs) == len(ours) == 300
    assert not theirs & ours
