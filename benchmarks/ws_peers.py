"""The two ends of the realtime benchmark, and a relay to compare with, as small programs.

    python -m benchmarks.ws_peers upstream          prints its port; answers each frame of audio
    python -m benchmarks.ws_peers relay UPSTREAM    the `websockets` library on both sides

Both speak just as much WebSocket as they meet here.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import selectors
import socket
import sys

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
BEGIN = b'{"type":"Begin","id":"bench","expires_at":4102444800}'
TURN = b'{"type":"Turn","turn_order":0,"transcript":"' + b"so many words " * 8 + b'"}'
TERMINATION = b'{"type":"Termination","audio_duration_seconds":1,"session_duration_seconds":1}'


def frame(opcode: int, payload: bytes) -> bytes:
    """Return a server's frame."""
    size = len(payload)
    head = bytes((0x80 | opcode, size)) if size < 126 else bytes((0x80 | opcode, 126))
    return head + (b"" if size < 126 else size.to_bytes(2, "big")) + payload


class Upstream:
    """Begins each session, answers each frame of audio with a Turn, and ends when asked."""

    def __init__(self) -> None:
        self.selector = selectors.DefaultSelector()
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self.listener.setblocking(False)
        self.buffers: dict[socket.socket, bytes] = {}
        self.open: set[socket.socket] = set()

    def run(self) -> None:
        """Serve until killed."""
        print(self.listener.getsockname()[1], flush=True)
        self.selector.register(self.listener, selectors.EVENT_READ)
        while True:
            for key, _ in self.selector.select():
                sock = key.fileobj
                assert isinstance(sock, socket.socket)
                if sock is self.listener:
                    made, _ = sock.accept()
                    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    self.buffers[made] = b""
                    self.selector.register(made, selectors.EVENT_READ)
                else:
                    self._read(sock)

    def _read(self, sock: socket.socket) -> None:
        try:
            data = sock.recv(65536)
        except ConnectionError:
            data = b""
        if not data:
            self.selector.unregister(sock)
            del self.buffers[sock]
            self.open.discard(sock)
            sock.close()
            return
        data = self.buffers[sock] + data
        if sock not in self.open:
            if b"\r\n\r\n" in data:
                head, _, data = data.partition(b"\r\n\r\n")
                self._accept(sock, head)
            self.buffers[sock] = data
            return
        at = 0
        while len(data) - at >= 2:
            size, head_size = data[at + 1] & 127, 6
            if size == 126:
                size, head_size = int.from_bytes(data[at + 2 : at + 4], "big"), 8
            if len(data) - at < head_size + size:
                break
            opcode = data[at] & 15
            at += head_size + size
            if opcode == 2:
                sock.sendall(frame(1, TURN))
            elif opcode == 1:
                sock.sendall(frame(1, TERMINATION) + frame(8, (1000).to_bytes(2, "big")))
        self.buffers[sock] = data[at:]

    def _accept(self, sock: socket.socket, head: bytes) -> None:
        lines = dict(
            line.split(b": ", 1) for line in head.lower().split(b"\r\n")[1:] if b": " in line
        )
        at = head.lower().index(b"sec-websocket-key: ") + 19
        key = head[at : head.find(b"\r\n", at) if b"\r\n" in head[at:] else len(head)]
        assert b"upgrade" in lines
        accept = base64.b64encode(hashlib.sha1(key + GUID).digest())
        sock.sendall(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n" + frame(1, BEGIN)
        )
        self.open.add(sock)


async def relay(upstream: int) -> None:
    """Relay by the `websockets` library's own connections, without compression."""
    from websockets.asyncio.client import connect
    from websockets.asyncio.server import ServerConnection, serve

    async def serve_one(client: ServerConnection) -> None:
        assert client.request is not None
        uri = f"ws://127.0.0.1:{upstream}{client.request.path}"
        async with connect(uri, compression=None) as server:

            async def up() -> None:
                async for message in client:
                    await server.send(message)

            async def down() -> None:
                async for message in server:
                    await client.send(message)

            tasks = [asyncio.create_task(up()), asyncio.create_task(down())]
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                task.cancel()

    async with serve(serve_one, "127.0.0.1", 0, compression=None) as server:
        print(next(iter(server.sockets)).getsockname()[1], flush=True)
        await server.serve_forever()


if __name__ == "__main__":
    if sys.argv[1] == "upstream":
        Upstream().run()
    else:
        asyncio.run(relay(int(sys.argv[2])))
