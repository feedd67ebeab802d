"""Sessions whose peers do anything at any moment."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from typing import Any

import pytest

from assemblyai_mw.relay import Relay, Watcher

from .frames_agree import some_frames
from .rig import CUT, DRAIN, TERMINATE, TERMINATION, Peer, Rig, relaying


class Marks(Watcher):
    def __init__(self, rng: random.Random) -> None:
        self.slow_client, self.slow_server = rng.random() < 0.3, rng.random() < 0.3
        self.cuts_at = rng.choice([3, 10, 1000])
        self.lock = threading.Lock()

    def client_text(self, text: bytes) -> Any:
        with self.lock:
            self.cuts_at -= 1
            return DRAIN if self.cuts_at == 0 else text + b"!" if len(text) == 1 else None

    server_text = client_text


def actions(rig: Rig, rng: random.Random) -> list[Callable[[], object]]:
    """Return what happens, in its order; the peers speak as the protocol has it, to a point."""

    def pieces(peer: Peer) -> list[Callable[[], object]]:
        frames = some_frames(rng, masked=peer.masked)
        data = b"".join(each for each in frames if each[0] & 0x0F != 8)
        cuts = sorted(rng.randrange(len(data) + 1) for _ in range(rng.randrange(6)))
        found = [data[a:b] for a, b in zip([0, *cuts], [*cuts, len(data)], strict=True)]
        return [lambda each=each: peer.sock.sendall(each) for each in found]  # type: ignore[misc]

    ways: list[list[Callable[[], object]]] = [pieces(rig.client), pieces(rig.upstream)]
    ends = [
        lambda: rig.session.cut(CUT),
        lambda: rig.session.cut(DRAIN),
        lambda: rig.session.end_after(rng.random() / 100, DRAIN, by=1),
        rig.client.close,
        rig.upstream.close,
        lambda: rig.client.text(TERMINATE),
        lambda: rig.upstream.text(TERMINATION),
        rig.client.reset,
        rig.upstream.reset,
        rig.client.leave,
        rig.upstream.leave,
    ]
    # Where the peers stand within a frame, what they send is wrong: that is to be lived with, too.
    ways.append(rng.sample(ends, rng.randrange(1, 4)))
    order: list[Callable[[], object]] = []
    while any(ways):
        order.append(rng.choice([way for way in ways if way]).pop(0))
        ways = [way for way in ways if way]
    return order


@pytest.mark.parametrize("seed", range(8))
def test_whatever_happens_each_end_hears_the_protocol_and_watchers_hear_one_end(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assemblyai_mw.relay.session.CLOSE_S", 0.05)
    with relaying(terminate_s=0.05, idle_s=0.5) as relay:
        for at in range(25):
            play(relay, random.Random(seed * 1000 + at))


def play(relay: Relay, rng: random.Random) -> None:
    rig = Rig(relay, [Marks(rng) for _ in range(rng.randrange(3))])
    for action in actions(rig, rng):
        try:
            action()
        except OSError:
            # The relay has closed, or the peer itself.
            continue
    for peer in (rig.client, rig.upstream):
        while not peer.ended and peer.sock.fileno() >= 0:
            peer.hear()
    assert rig.end.seconds < 60
    rig.gone()
