"""A page of the host's in Chromium: the login gets a token, and the token opens a session."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from nginx import PROGRAM, nginx
from npm_kit import node_modules, run_node

from .hosts import GTHREAD
from .streaming_kit import streaming_site

CHROMIUM = shutil.which("chromium")
CLIENT = Path(__file__).parent / "clients" / "browser.cjs"
SEEN = """\
Live captions

closed: 1000

Good morning.
This is the stand-in for AssemblyAI, speaking from your own machine.
Every word here was made up.
No audio left the house, and there will be no bill.

10 s of audio
"""


@pytest.mark.skipif(CHROMIUM is None, reason="Debian's chromium is not installed")
@pytest.mark.skipif(PROGRAM is None, reason="Debian's nginx-light is not installed")
def test_a_page_shows_what_is_said(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The user has no key; the session's cost is that user's."""
    modules = node_modules(tmp_path_factory)
    with (
        streaming_site(GTHREAD, tmp_path / "site", audio_s=10.0) as site,
        nginx(site.address, tmp_path / "nginx") as proxy,
    ):
        told = {
            "program": CHROMIUM,
            "profile": str(tmp_path / "profile"),
            "pages": [f"https://{proxy.address}/{path}" for path in ("login/maria", "microphone")],
            "picture": str(tmp_path / "page.png"),
        }
        assert run_node(CLIENT, modules, json.dumps(told)).stdout == SEEN
        (row,) = site.settled(1)
        assert (row["key"], row["team"], row["end_user"]) == ("web", "user-maria", "maria")
        (session,) = site.fake.sessions
        assert float(row["cost_usd"]) > 0
        assert session.audio_ms == 10_000
        assert session.header("cookie") is None
        assert session.header("origin") is None
        assert "st-" not in proxy.log.read_text()
