"""Pages in a real Chromium, driven by playwright-core."""

from __future__ import annotations

import contextlib
import json
import shutil
import threading
from collections.abc import Iterator, Sequence
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from npm_kit import run_node

CHROMIUM = shutil.which("chromium")
DESK, PHONE = 1280, 390

needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="Debian's chromium is not installed")


def shown(
    modules: Path, folder: Path, *pages: str, login: str, widths: Sequence[int] = (DESK, PHONE)
) -> list[list[str]]:
    """Return the lines of text of each page, once its script has set the title to "over".

    *login* is opened first, in the same profile. The pictures `AT-WIDTH.png` are put into
    *folder*, the login's first.
    """
    wanted = [{"url": login, "ends": False}, *({"url": url, "ends": True} for url in pages)]
    told = {
        "program": CHROMIUM,
        "profile": str(folder / "profile"),
        "pages": wanted,
        "widths": list(widths),
        "pictures": str(folder),
    }
    done = run_node(Path(__file__).with_name("browser.cjs"), modules, json.dumps(told))
    texts = [json.loads(line) for line in done.stdout.splitlines()]
    return [text.splitlines() for text in texts[1:]]


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: a test's output is for what failed."""


@contextlib.contextmanager
def page_host(folder: Path) -> Iterator[int]:
    """Serve the files of *folder* on 127.0.0.1, an origin of their own; gives the port."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
