"""The SDKs against each host under each server: the same claims for all of them."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import assemblyai as aai
import openai
import pytest
import requests
import yaml

from assemblyai_mw.store import Database, Keys, Ledger
from assemblyai_mw.testing import EU_KEY, US_KEY, FakeAssemblyAI, Hosts, serve_all

from .combinations import SERVERS, Server, running

COMBINATIONS = [
    pytest.param((host, server), id=f"{host}-{server.name.replace(' ', '-')}")
    for host in ("flask", "django")
    for server in SERVERS
]


@dataclass(frozen=True, slots=True)
class Site:
    url: str
    host: str
    server: Server
    hosts: Hosts
    database: Database
    alice: str

    @contextmanager
    def transcriber(self, key: str, route: str = "/assemblyai") -> Iterator[aai.Transcriber]:
        settings = aai.Settings(base_url=self.url + route, api_key=key, polling_interval=0.02)
        client = aai.Client(settings=settings)
        yield aai.Transcriber(client=client)
        client.http_client.close()


@pytest.fixture(scope="session")
def hosts() -> Iterator[Hosts]:
    with serve_all(FakeAssemblyAI(reply_to=lambda asked: "Paris it is.")) as served:
        yield served


@pytest.fixture(scope="session", params=COMBINATIONS)
def site(
    request: pytest.FixtureRequest, hosts: Hosts, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    host, server = request.param
    folder: Path = tmp_path_factory.mktemp("site")
    url = f"sqlite:///{folder}/ledger.db"
    keys = [("assemblyai/*", US_KEY), ("eu.assemblyai/*", EU_KEY)]
    config = {
        "routes": hosts.routes,
        "general_settings": {"database_url": url},
        "model_list": [
            {"model_name": name, "litellm_params": {"model": name, "api_key": key}}
            for name, key in keys
        ],
    }
    (folder / "mw.yaml").write_text(yaml.safe_dump(config))
    (folder / "mw.yaml").chmod(0o600)
    database = Database(url)
    alice = Keys(database).create("alice").key
    Keys(database).create("web")
    with running(host, server, folder, folder / "mw.yaml") as url:
        yield Site(url, host, server, hosts, database, alice)
    database.close()


def test_the_sdk_uploads_transcribes_lists_and_deletes(site: Site) -> None:
    with site.transcriber(site.alice) as sdk:
        transcript = sdk.transcribe(io.BytesIO(b"sized audio" * 5000))
        assert transcript.status == aai.TranscriptStatus.completed
        assert transcript.text == site.hosts.us.text
        assert "00:00:00,000 --> " in transcript.export_subtitles_srt()
        assert [t.id for t in sdk.list_transcripts().transcripts] == [transcript.id]

    row = next(row for row in Ledger(site.database).calls() if row["kind"] == "transcript")
    assert (row["transcript_id"], row["key"], row["state"]) == (transcript.id, "alice", "settled")
    assert row["cost_usd"] == "0.000758333"

    headers = {"Authorization": site.alice}
    gone = requests.delete(
        f"{site.url}/assemblyai/v2/transcript/{transcript.id}", headers=headers, timeout=30
    )
    assert gone.json()["text"] == "Deleted by user."


def test_the_eu_route_reaches_the_eu_alone(site: Site) -> None:
    before = len(site.hosts.us.asked("POST"))
    with site.transcriber(site.alice, "/eu.assemblyai") as sdk:
        assert sdk.transcribe(io.BytesIO(b"audio")).status == aai.TranscriptStatus.completed
    assert len(site.hosts.us.asked("POST")) == before


def test_a_chunked_upload_arrives_or_is_refused(site: Site) -> None:
    before = len(site.hosts.us.uploads)
    reply = requests.post(
        f"{site.url}/assemblyai/v2/upload",
        data=(block for block in [b"a" * 70_000, b"b", b"c" * 9]),
        headers={"Authorization": site.alice},
        timeout=30,
    )
    if site.server.chunked[site.host]:
        assert site.hosts.us.uploads[reply.json()["upload_url"]].size == 70_010
    else:
        assert reply.status_code == 411
        assert len(site.hosts.us.uploads) == before


def test_the_openai_sdk_chats_and_streams(site: Site) -> None:
    asked = [{"role": "user", "content": "What is the capital of France?"}]
    model = "assemblyai/gemini-2.5-flash-lite"
    with openai.OpenAI(base_url=f"{site.url}/v1", api_key=site.alice) as llm:
        reply = llm.chat.completions.create(model=model, messages=asked)
        assert reply.choices[0].message.content == "Paris it is."
        chunks = list(llm.chat.completions.create(model=model, messages=asked, stream=True))
    words = [c.choices[0].delta.content for c in chunks if c.choices]
    assert "".join(word or "" for word in words) == "Paris it is."
    assert len([word for word in words if word]) > 1


def test_a_wrong_key_is_refused(site: Site) -> None:
    with site.transcriber("sk-wrong") as sdk:
        with pytest.raises(aai.AssemblyAIError, match="API key missing/invalid"):
            sdk.list_transcripts()
    with openai.OpenAI(base_url=f"{site.url}/v1", api_key="sk-wrong") as llm:
        with pytest.raises(openai.AuthenticationError):
            llm.models.list()


def test_whoever_is_logged_in_needs_no_key(site: Site) -> None:
    path = f"{site.url}/assemblyai/v2/transcript"
    job = {"audio_url": "https://example.com/a.mp3"}
    with requests.Session() as browser:
        browser.headers["Sec-Fetch-Site"] = "same-origin"
        assert browser.post(path, json=job, timeout=30).status_code == 401
        assert browser.get(f"{site.url}/login/maria", timeout=30).text == "maria"
        made = browser.post(path, json=job, timeout=30)
        assert made.status_code == 200
        assert browser.get(f"{path}/{made.json()['id']}", timeout=30).status_code == 200

        browser.headers["Sec-Fetch-Site"] = "cross-site"
        count = len(site.hosts.us.asked("POST", "/v2/transcript"))
        assert browser.post(path, json=job, timeout=30).status_code == 403
        assert len(site.hosts.us.asked("POST", "/v2/transcript")) == count

        # Users of one key are apart where they are in teams of their own.
        browser.headers["Sec-Fetch-Site"] = "same-origin"
        browser.get(f"{site.url}/login/jose", timeout=30)
        assert browser.get(f"{path}/{made.json()['id']}", timeout=30).status_code == 404

    row = next(
        row for row in Ledger(site.database).calls() if row["transcript_id"] == made.json()["id"]
    )
    assert (row["key"], row["team"], row["end_user"]) == ("web", "user-maria", "maria")
    upstream = site.hosts.us.asked("POST", "/v2/transcript")[-1]
    assert upstream.header("cookie") is None
