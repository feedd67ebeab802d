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
REFUSED = """\
Live captions

closed: 1006
"""


@pytest.mark.skipif(CHROMIUM is None, reason="Debian's chromium is not installed")
@pytest.mark.skipif(PROGRAM is None, reason="Debian's nginx-light is not installed")
def test_a_page_shows_what_is_said(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The user has no key; the sessions' cost is that user's.

    The page has a token, or no more than the login. A page of another site's has that login too,
    as browsers have it, and no session.
    """
    modules = node_modules(tmp_path_factory)
    with (
        streaming_site(GTHREAD, tmp_path / "site", audio_s=10.0) as site,
        nginx(site.address, tmp_path / "nginx") as proxy,
        nginx(site.address, tmp_path / "other") as other,
    ):
        microphone = f"https://{proxy.address}/microphone"
        # Cookies know no ports, so the login goes with this one's handshake too.
        stranger = f"https://{other.address}/microphone"
        told = {
            "program": CHROMIUM,
            "profile": str(tmp_path / "profile"),
            "login": f"https://{proxy.address}/login/maria",
            "pages": [
                microphone,
                f"{microphone}?login",
                f"{stranger}?login&at=https://{proxy.address}",
            ],
            "pictures": str(tmp_path),
        }
        assert run_node(CLIENT, modules, json.dumps(told)).stdout == SEEN + SEEN + REFUSED
        for row in site.settled(2):
            assert (row["key"], row["team"], row["end_user"]) == ("web", "user-maria", "maria")
            assert float(row["cost_usd"]) > 0
        assert len(site.fake.sessions) == 2
        for session in site.fake.sessions:
            assert session.audio_ms == 10_000
            assert session.header("cookie") is None
            assert session.header("origin") is None
        assert " 403 " in proxy.requests("/streaming.assemblyai/v3/ws")[-1]
        assert "st-" not in proxy.log.read_text()
