"""Mutated requests and replies against a real server: `python -m tests.wire.mutate --count 20000`.

Each case is a number: its seed message and its mutations follow from it alone, so a number
that fails is a case to keep (`KEPT` below) and to run again with `--only`.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from .kit_client import ACCOUNT_KEY, Client, ask, request
from .kit_http import CutShort, Malformed, Reply, Source, parse_reply_head
from .kit_servers import Server
from .kit_upstream import Conn, reply
from .seeds import CANARY, REPLIES, REQUESTS

# Numbers that once failed: (server, which, number).
KEPT: list[tuple[str, str, int]] = [("waitress", "requests", 7219)]

_ODD = [b"\0", b"\r", b"\n", b"\r\n", b"\r\n\r\n", b" ", b"\t", b"\x0b", b"\x7f", b"\x80", b"\xff"]
_ODD += [b":", b",", b";", b"%00", b"%2e", b"..", b"/", b"\\", b"?", b"#", b"0", b"-", b"+", b"_"]


def _flip(rng: random.Random, data: bytearray) -> None:
    if data:
        data[rng.randrange(len(data))] = rng.randrange(256)


def _insert(rng: random.Random, data: bytearray) -> None:
    at = rng.randint(0, len(data))
    data[at:at] = rng.choice(_ODD)


def _delete(rng: random.Random, data: bytearray) -> None:
    at = rng.randint(0, len(data))
    del data[at : at + rng.randint(1, 4)]


def _truncate(rng: random.Random, data: bytearray) -> None:
    del data[rng.randint(0, len(data)) :]


def _lines(data: bytearray) -> list[bytes]:
    return bytes(data).split(b"\r\n")


def _double_line(rng: random.Random, data: bytearray) -> None:
    lines = _lines(data)
    at = rng.randrange(len(lines))
    lines.insert(rng.randint(0, len(lines)), lines[at])
    data[:] = b"\r\n".join(lines)


def _drop_line(rng: random.Random, data: bytearray) -> None:
    lines = _lines(data)
    del lines[rng.randrange(len(lines))]
    data[:] = b"\r\n".join(lines)


def _swap_lines(rng: random.Random, data: bytearray) -> None:
    lines = _lines(data)
    one, other = rng.randrange(len(lines)), rng.randrange(len(lines))
    lines[one], lines[other] = lines[other], lines[one]
    data[:] = b"\r\n".join(lines)


def _other_line_end(rng: random.Random, data: bytearray) -> None:
    ends = [at for at in range(len(data) - 1) if data[at : at + 2] == b"\r\n"]
    if ends:
        at = rng.choice(ends)
        data[at : at + 2] = rng.choice([b"\n", b"\r", b"\r\r\n", b"\n\r", b" \r\n", b"\r\n "])


def _other_number(rng: random.Random, data: bytearray) -> None:
    digits = [at for at, byte in enumerate(data) if 0x30 <= byte <= 0x39]
    if digits:
        data[rng.choice(digits)] = rng.choice(b"0123456789aAfFxX+-_. ")


def _other_case(rng: random.Random, data: bytearray) -> None:
    at = rng.randint(0, len(data))
    data[at : at + 20] = data[at : at + 20].swapcase()


def _space_before_colon(rng: random.Random, data: bytearray) -> None:
    colons = [at for at, byte in enumerate(data) if byte == 0x3A]
    if colons:
        at = rng.choice(colons)
        data[at:at] = rng.choice([b" ", b"\t", b"\0", b"\x0b"])


MUTATORS = [
    _flip,
    _insert,
    _delete,
    _truncate,
    _double_line,
    _drop_line,
    _swap_lines,
    _other_line_end,
    _other_number,
    _other_case,
    _space_before_colon,
]


def mutated(messages: list[bytes], number: int) -> bytes:
    """Return case *number*: a message, changed in up to four places, the canary in none."""
    rng = random.Random(number)
    message = messages[number % len(messages)] if number < len(messages) else rng.choice(messages)
    changes = 0 if number < len(messages) else rng.randint(1, 4)
    before, canary, after = message.partition(CANARY)
    data = bytearray(before)
    for _ in range(changes):
        rng.choice(MUTATORS)(rng, data)
    return bytes(data) + canary + after


def try_request(server: Server, number: int) -> str | None:
    """Send case *number*; return what is wrong with what became of it, or None."""
    raw = mutated(REQUESTS, number)
    upstream = server.upstream
    done = len(upstream.conns)
    count = len(upstream.requests)
    upstream.answer = reply(b"{}", "200 OK", "X-From-Upstream: 1")
    passed = 0
    with Client(server.port, timeout=15) as client:
        client.send(raw)
        with suppress(OSError):
            client.half_close()
        method = raw.lstrip(b"\r\n").split(b" ")[0].decode("latin-1")
        try:
            for _ in range(8):
                got = client.reply(method)
                passed += bool(got.values("x-from-upstream"))
                if got.status == 500:
                    return "500"
                if not got.keeps:
                    break
        except CutShort:
            pass
        except Malformed as error:
            return f"the client got no HTTP: {error}"
        except TimeoutError:
            return "no reply and no end"
    if b"Traceback" in client.received:
        return "a traceback"
    for conn in upstream.conns[max(0, done - 1) :]:
        if isinstance(conn.fault, Malformed):
            return f"the upstream got no HTTP: {conn.fault}"
    sent = upstream.requests[count:]
    if any(b"canary" in r.target for r in sent):
        return "the canary reached the upstream"
    if any(r.values("authorization") != [ACCOUNT_KEY.encode()] for r in sent):
        return "another key than the account's went upstream"
    whole = sum(r.whole for r in sent)
    # The client's last reply may be lost where its own bytes made the server hang up.
    if not passed <= whole <= passed + 1:
        return f"{whole} requests upstream, {passed} replies"
    return None


class _Bytes:
    """A socket that holds all it will ever say."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def recv(self, size: int) -> bytes:
        data, self.data = self.data[:size], self.data[size:]
        return data


def strictly(raw: bytes) -> Reply | None:
    """Return the reply that *raw* is by the strict reader, or None where it is none."""
    source = Source(_Bytes(raw))
    try:
        while True:
            head = source.until(b"\r\n\r\n")
            if head is None:
                return None
            got = parse_reply_head(head, "GET")
            if got.status >= 200:
                break
            if got.status == 101:
                return None
        body = bytearray()
        if got.framing == "chunked":
            source.chunks(body.extend)
        elif got.framing == "length":
            source.exactly(int(got.values("content-length")[0]), body.extend)
        elif got.framing == "close":
            source.to_end(body.extend)
    except (CutShort, Malformed):
        return None
    got.body = bytes(body)
    return got


def try_reply(server: Server, number: int) -> str | None:
    """Answer a good request with case *number*; return what is wrong with it, or None."""
    raw = mutated(REPLIES, number)

    def script(conn: Conn) -> None:
        conn.request()
        conn.send(raw)

    server.upstream.script = script
    with Client(server.port, timeout=15) as client:
        client.send(request("/assemblyai/v2/x", "Connection: close"))
        try:
            got = client.reply()
        except CutShort:
            got = None
        except Malformed as error:
            return f"the client got no HTTP: {error}"
        except TimeoutError:
            return "no reply and no end"
    if b"Traceback" in client.received:
        return "a traceback"
    if ACCOUNT_KEY.encode() in client.received and b"200" not in client.received[:16]:
        return "the account's key"
    if got is not None and got.status == 500 and b"500" not in raw:
        return "500"
    meant = strictly(raw)
    if got is None or not got.whole or got.status == 502:
        return None
    if meant is None:
        # A laxer reading than the strict one must still be one that the bytes allow.
        said = raw + raw.replace(ACCOUNT_KEY.encode(), b"*" * len(ACCOUNT_KEY))
        return None if got.body in said or b"chunked" in raw.lower() else "a body from nowhere"
    if got.status != meant.status:
        return f"status {got.status}, not {meant.status}"
    if got.body.replace(b"*", b"") not in (meant.body, b"") and got.status < 400:
        return "another body"
    return None


TRIES = {"requests": try_request, "replies": try_reply}


def run(server: Server, which: str, numbers: Iterable[int]) -> list[tuple[int, str]]:
    """Try *numbers*, with a good call after every 25; return those that failed, and how."""
    failures = []
    pid = server.stats()["pid"]
    server.restart_upstreams()
    for done, number in enumerate(numbers, 1):
        problem = TRIES[which](server, number)
        if problem is None and done % 25 == 0:
            server.restart_upstreams()
            if ask(server.port, request("/assemblyai/next")).json() != {"ok": True}:
                problem = "the next call"
            # The kept connection would answer the next case as a good upstream does.
            server.restart_upstreams()
        if problem is not None:
            failures.append((number, problem))
            server.restart_upstreams()
    server.restart_upstreams()
    if server.stats()["pid"] != pid:
        failures.append((-1, "the worker died"))
    if "CANARY" in server.log():
        failures.append((-1, "the canary reached the host app"))
    return failures


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--start", type=int, default=0)
    parser.add_argument("--only", type=int, nargs="*")
    parser.add_argument("--kind", default="gthread", choices=["gthread", "sync", "waitress"])
    parser.add_argument("--which", default="both", choices=["requests", "replies", "both"])
    options = parser.parse_args()
    numbers = options.only or range(options.start, options.start + options.count)
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        server = Server(options.kind, Path(folder))
        try:
            server.wait_ready()
            for which in TRIES if options.which == "both" else [options.which]:
                failures = run(server, which, numbers)
                failed += len(failures)
                print(f"{which}: {len(numbers)} tried on {options.kind}, {len(failures)} failed")
                for number, problem in failures[:50]:
                    print(f"  {number}: {problem}")
        finally:
            server.stop()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
