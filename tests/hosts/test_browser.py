"""The AssemblyAI SDK in pages of a real browser: of the app's own origin, and of others."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import yaml
from blocks import ROOT, blocks_of
from browser_kit import needs_chromium, page_host, shown
from npm_kit import node_modules

from assemblyai_mw.store import Database, Keys, Ledger
from assemblyai_mw.testing import US_KEY, FakeAssemblyAI, Hosts, serve_all

from .combinations import SERVERS, SITES, running

pytestmark = needs_chromium


@dataclass(frozen=True, slots=True)
class Site:
    """A Flask app, and hosts of pages beside it.

    Attributes:
        url: Of the app.
        abroad: A listed origin of another site.
        sibling, stranger: Origins of the app's own site, another port each; the first is listed.
        alice: A virtual key.
    """

    url: str
    abroad: str
    sibling: str
    stranger: str
    alice: str
    modules: Path
    folder: Path
    hosts: Hosts
    ledger: Ledger

    def page(self, origin: str, *, user: str = "maria", **told: str) -> dict[str, str]:
        """Return what the page of *origin* shows of its calls to the app, where *user* logged in.

        Of each call its name and what came of it.
        """
        at = f"{self.url}/static" if origin == self.url else origin
        pages = f"{at}/page.html?{urlencode(told)}"
        folder = Path(tempfile.mkdtemp(dir=self.folder))
        (lines,) = shown(self.modules, folder, pages, login=f"{self.url}/login/{user}")
        texts = [line for line in lines if line]
        return {
            name.removesuffix(":"): text for name, text in zip(texts[::2], texts[1::2], strict=True)
        }

    def calls(self, **fields: str) -> list[dict[str, Any]]:
        """Return the ledger's rows with these values."""
        rows = list(self.ledger.calls())
        return [row for row in rows if all(row[name] == fields[name] for name in fields)]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    modules = node_modules(tmp_path_factory)
    tmp_path = tmp_path_factory.mktemp("site")
    pages = tmp_path / "static"
    pages.mkdir()
    shutil.copy(modules / "assemblyai" / "dist" / "assemblyai.umd.min.js", pages)
    shutil.copy(SITES / "page.html", pages)
    with ExitStack() as stack:
        ports = [stack.enter_context(page_host(pages)) for _ in range(3)]
        abroad, sibling, stranger = (
            f"http://{name}:{port}"
            for name, port in zip(("localhost", "127.0.0.1", "127.0.0.1"), ports, strict=True)
        )
        hosts = stack.enter_context(
            serve_all(FakeAssemblyAI(reply_to=lambda asked: "Paris it is."))
        )
        database = stack.enter_context(Database(f"sqlite:///{tmp_path}/ledger.db"))
        keys = Keys(database)
        keys.create("web")
        alice = keys.create("alice", rpm=1000).key
        config = {
            "routes": hosts.routes,
            "model_list": [
                {"model_name": name, "litellm_params": {"model": name, "api_key": US_KEY}}
                for name in ("assemblyai/*", "eu.assemblyai/*")
            ],
            "general_settings": {
                "database_url": f"sqlite:///{tmp_path}/ledger.db",
                "cors_origins": [abroad, sibling],
            },
        }
        file = tmp_path / "mw.yaml"
        file.write_text(yaml.safe_dump(config))
        file.chmod(0o600)
        url = stack.enter_context(running("flask", SERVERS[0], tmp_path, file))
        yield Site(
            url, abroad, sibling, stranger, alice, modules, tmp_path, hosts, Ledger(database)
        )


def test_the_page_does_what_the_docs_show() -> None:
    """But for where the key and the address come from."""
    told = (SITES / "page.html").read_text()
    blocks = [b.text for b in blocks_of(ROOT / "docs/flask.md") if b.language == "js"]
    assert len(blocks) == 2
    told = told.replace("apiKey: key", 'apiKey: ""').replace("{api}", "{location.origin}")
    for line in "\n".join(blocks).replace("const client = new ", "").splitlines():
        assert line in told


REFUSED = "401 Authentication error, API key missing/invalid"


def answered(site: Site, *, left: str, blind: str = "opaque") -> dict[str, str]:
    """Return what a page shows that may do all this."""
    return {
        "upload": "cdn.assemblyai.com",
        "transcribe": site.hosts.us.text,
        "list": "1",
        "chat": "200 Paris it is.",
        "left": left,
        "wrong key": REFUSED,
        "blind": blind,
    }


def test_a_page_of_a_listed_origin_calls_with_a_key(site: Site) -> None:
    """It reads errors and headers too."""
    shown = site.page(site.abroad, api=site.url, key=site.alice)
    assert shown == answered(site, left="404 996")
    assert {row["key"] for row in site.calls()} == {"alice"}


def test_a_page_of_the_apps_own_origin_needs_its_login_alone(site: Site) -> None:
    """The SDK sends an empty Authorization then."""
    shown = site.page(site.url, user="nora")
    assert shown == answered(site, left="404 null", blind="basic")
    rows = site.calls(end_user="nora")
    assert {row["kind"] for row in rows} == {"transcript", "chat"}
    assert {(row["key"], row["team"]) for row in rows} == {("web", "user-nora")}


def test_a_page_of_a_listed_origin_may_use_the_login(site: Site) -> None:
    shown = site.page(site.sibling, api=site.url, login="yes", user="otto")
    assert shown == answered(site, left="404 null")
    assert {row["kind"] for row in site.calls(end_user="otto")} == {"transcript", "chat"}


def test_a_page_of_another_origin_reads_nothing_and_does_nothing(site: Site) -> None:
    """Its user is logged in, and the cookie comes along: the two are one site for browsers."""
    before = len(site.hosts.us.requests), len(site.hosts.us.uploads)
    for told in ({}, {"login": "yes"}, {"key": site.alice}):
        shown = site.page(site.stranger, api=site.url, user="eve", **told)
        assert shown.pop("blind") == "opaque"
        assert set(shown.values()) == {"TypeError: Failed to fetch"}
    assert (len(site.hosts.us.requests), len(site.hosts.us.uploads)) == before
    assert not site.calls(end_user="eve")
