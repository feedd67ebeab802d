"""The upstream for machines without a C compiler; speaks what upstream.c speaks."""

from __future__ import annotations

import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

JSON = b'{"id":"bench-transcript","status":"completed","audio_duration":60}'
BLOCK = bytes(1 << 18)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def _answer(self, body: bytes) -> None:
        self.send_response_only(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        """Answer one of the three kinds of GET."""
        _, kind, *numbers = self.path.split("/")
        if kind == "download":
            left = int(numbers[0])
            self.send_response_only(200)
            self.send_header("Content-Length", str(left))
            self.end_headers()
            while left:
                left -= self.wfile.write(BLOCK[: min(left, len(BLOCK))])
        elif kind == "events":
            self.send_response_only(200)
            self.send_header("Content-Type", "text/event-stream")
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for _ in range(int(numbers[0])):
                event = f"data: {time.clock_gettime_ns(time.CLOCK_MONOTONIC)}\n\n".encode()
                self.wfile.write(b"%x\r\n%b\r\n" % (len(event), event))
                time.sleep(int(numbers[1]) / 1000)
            self.wfile.write(b"0\r\n\r\n")
        else:
            self._answer(JSON)

    def do_POST(self) -> None:
        """Read the body and answer its size."""
        got = 0
        if self.headers.get("Transfer-Encoding"):
            while size := int(self.rfile.readline(), 16):
                got += len(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
        else:
            left = int(self.headers.get("Content-Length") or 0)
            while left:
                block = self.rfile.read(min(left, len(BLOCK)))
                left -= len(block)
                got += len(block)
        self._answer(b'{"received":%d}' % got)


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(server.server_port, flush=True)
    server.serve_forever()
