"""Speech synthesis under Gunicorn's threads: AssemblyAI's SDK, sessions at once, and kill -9."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import assemblyai as aai
import psutil
import pytest
from metered_kit import Books, listen, until
from session_kit import served_by_gunicorn
from speech_kit import DOLLAR, FLUSH, PRICES, TERMINATE, generate, sdk_session, settled, speech

from assemblyai_mw import PriceBook, SocketTransport
from assemblyai_mw.config import load_config
from assemblyai_mw.settlement.settler import Settler
from assemblyai_mw.testing import FakeAssemblyAI


class Served:
    """Gunicorn with one worker of four threads, its ledger and its stand-in."""

    def __init__(self, site: Any, url: str, folder: Path) -> None:
        self.site = site
        self.port: int = site.address[1]
        self.books = Books(url)
        self.folder = folder
        self.fake: FakeAssemblyAI = site.us

    def workers(self) -> list[psutil.Process]:
        me = psutil.Process()
        (master,) = [each for each in me.children() if "gunicorn" in " ".join(each.cmdline())]
        return list(master.children())


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("gunicorn")
    url = f"sqlite:///{folder / 'ledger.db'}"
    with served_by_gunicorn(url, folder, prices=PRICES, settlement=False) as site:
        made = Served(site, url, folder)
        yield made
        made.books.close()


def test_twenty_sdks_speak_at_once_on_four_threads_within_one_budget(served: Served) -> None:
    key = served.books.keys.create("many", budget_usd="50").key

    def speak(number: int) -> str:
        try:
            with sdk_session(served.port, key) as session:
                return f"{len(b''.join(session.speak('Hello.')))}"
        except aai.TTSError as error:
            return f"error {(error.body or {}).get('close_code')}"

    with ThreadPoolExecutor(20) as pool:
        ends = list(pool.map(speak, range(20)))
    rows = settled(served.books, 8)
    spent = served.books.spent("many")
    assert spent == sum(session.characters for session in served.fake.speech_sessions) * DOLLAR
    assert spent <= 50 * DOLLAR
    assert set(ends) <= {str(6 * 2400), "error 3008", "error 4002"}
    assert ends.count(str(6 * 2400)) == len([row for row in rows if row.cost_nano])
    assert served.books.held() == 0


def test_the_other_doors_speak_too(served: Served) -> None:
    key = served.books.keys.create("doors").key
    address = f"http://127.0.0.1:{served.port}/us.tts.assemblyai"
    client = aai.Client(settings=aai.Settings(api_key=key, tts_base_url=address))
    tts = aai.TextToSpeech(client=client, config=aai.TTSConfig(container="wav"))
    whole = tts.synthesize("Hello.")
    with tts.stream("Bye.") as stream:
        parts = list(stream)
    client.http_client.close()
    assert (whole.billed_characters, whole.audio_duration_ms) == (6, 300)
    assert whole.audio[:4] == b"RIFF"
    assert b"".join(parts)[:4] == b"RIFF"
    assert stream.info.billed_characters == 4
    rows = [row for row in settled(served.books) if row.key_name == "doors"]
    assert [row.cost_nano for row in rows] == [6 * DOLLAR, 4 * DOLLAR]


def test_a_killed_workers_session_is_closed_by_its_last_checkpoint(served: Served) -> None:
    """The last test: it takes the worker away."""
    key = served.books.keys.create("killed", budget_usd="5000").key
    with speech(served.port, key) as client:
        client.send(generate("Hello."))
        client.send(FLUSH)
        (row,) = [row for row in served.books.rows() if row.key_name == "killed"]

        def recorded() -> bool:
            due = served.books.ledger.look(row.id)
            return due is not None and due.features.get("characters") == 6

        until(recorded)
        assert served.books.held() > 6 * DOLLAR
        (worker,) = served.workers()
        os.kill(worker.pid, signal.SIGKILL)
        listen(client)
    settler = Settler(
        load_config(served.folder / "config.json"),
        ledger=served.books.ledger,
        transport=SocketTransport(),
        prices=PriceBook.load(PRICES),
    )
    settler._stopped = True
    settler.run(limit=100)
    (row,) = [row for row in served.books.rows() if row.key_name == "killed"]
    assert (row.state, row.estimated, row.cost_nano) == ("settled", True, 6 * DOLLAR)
    assert (served.books.held(), served.books.open()) == (0, 0)
    with speech(served.port, key) as client:
        client.send(TERMINATE)
        assert listen(client).types()[-1] == "Termination"
