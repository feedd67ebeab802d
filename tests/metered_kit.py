"""The whole stack behind a server in this process, with sessions that cost a dollar a second."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

import werkzeug.serving
from sqlalchemy import func, select
from stack_kit import MASTER_KEY, config_of, host_app
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from assemblyai_mw import AssemblyAIMiddleware, Database, Holds, Keys, Ledger
from assemblyai_mw.config import load_config
from assemblyai_mw.store.schema import calls, holds, open_sessions, spend
from assemblyai_mw.testing import FakeAssemblyAI, serve_all
from assemblyai_mw.testing.sessions import FakeSession

MODEL, DEARER, UNKNOWN = "universal-streaming-english", "u3-rt-pro", "whisper-streaming"
# A dollar, and ten, a second; an add-on is two more.
PRICES = {
    "session": {
        MODEL: {"usd": 3600, "source": "a test"},
        DEARER: {"usd": 36_000, "source": "a test"},
    },
    "session_addon": {"keyterms_prompt": {"usd": 7200, "source": "a test"}},
}
SECOND = 10**9
CHUNK = bytes(3200)
TERMINATE = json.dumps({"type": "Terminate"})


@dataclass
class Heard:
    """What a client was told until its connection closed."""

    messages: list[dict[str, Any]] = field(default_factory=list)
    code: int | None = None
    reason: str = ""

    def types(self) -> list[str]:
        return [message["type"] for message in self.messages]

    @property
    def error(self) -> tuple[int, str]:
        """The code and text of its Error, which the close frame repeats."""
        last = self.messages[-1]
        assert last["type"] == "Error", self
        assert last["error_code"] == self.code, self
        return last["error_code"], last["error"]


def listen(client: ClientConnection) -> Heard:
    """Hear a session out."""
    heard = Heard()
    try:
        while True:
            heard.messages.append(json.loads(client.recv(timeout=60)))
    except ConnectionClosed as closed:
        if closed.rcvd is not None:
            heard.code, heard.reason = closed.rcvd.code, closed.rcvd.reason
    return heard


def update(**options: Any) -> str:
    return json.dumps({"type": "UpdateConfiguration", **options})


def until(true: Callable[[], Any], seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.01)


def dollars(nano: int) -> str:
    return str(Decimal(nano) / SECOND)


class Books:
    """What a ledger says of sessions, beside the app."""

    def __init__(self, url: str) -> None:
        self.database = Database(url)
        self.keys = Keys(self.database)
        self.ledger = Ledger(self.database)
        self.holds = Holds(self.database)

    def rows(self) -> list[Any]:
        with self.database.read() as connection:
            return list(connection.execute(select(calls).order_by(calls.c.id)))

    def row(self) -> Any:
        (row,) = self.rows()
        return row

    def pending(self) -> int:
        return sum(row.state == "pending" for row in self.rows())

    def open(self) -> int:
        with self.database.read() as connection:
            return connection.scalar(select(func.count()).select_from(open_sessions)) or 0

    def held(self) -> int:
        """Held nano-dollars; no window disagrees with the rows of the holds."""
        with self.database.snapshot() as connection:
            amount = connection.scalar(select(func.coalesce(func.sum(holds.c.amount_nano), 0)))
            windows = connection.execute(select(spend.c.held_nano)).scalars().all()
        if not amount:
            assert not any(windows), windows
        return int(amount or 0)

    def spent(self, name: str) -> int:
        """What a key has spent, which is what its rows cost, in each of its windows."""
        rows = [row for row in self.rows() if row.key_name == name]
        key_id = next(row.key_id for row in rows)
        with self.database.read() as connection:
            where = spend.c.scope == "key", spend.c.owner == str(key_id)
            windows = set(connection.execute(select(spend.c.spent_nano).where(*where)).scalars())
        assert windows == {sum(row.cost_nano or 0 for row in rows)}, (windows, rows)
        return windows.pop()

    def close(self) -> None:
        self.database.close()


class Metered(Books):
    """A stack with sessions in this process.

    Attributes:
        fake: The stand-in.
        stack: The middleware.
    """

    def __init__(
        self,
        url: str,
        *,
        slice_s: float = 1.0,
        checkpoint_s: float = 1.0,
        terminate_s: float = 1.0,
        prices: Mapping[str, Any] = PRICES,
        **config: Any,
    ) -> None:
        super().__init__(url)
        self._ends = contextlib.ExitStack()
        hosts = self._ends.enter_context(serve_all(FakeAssemblyAI()))
        self.fake = hosts.us
        settings = load_config(config_of(url, routes=hosts.routes, prices=prices, **config))
        streaming: Any = replace(
            settings.streaming,
            hold_slice_s=slice_s,
            checkpoint_s=checkpoint_s,
            terminate_s=terminate_s,
        )
        self.stack = AssemblyAIMiddleware(host_app, replace(settings, streaming=streaming))
        self._server = werkzeug.serving.make_server("127.0.0.1", 0, self.stack, threaded=True)
        self.port: int = self._server.server_port
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), daemon=True
        )
        self._thread.start()

    def key(self, name: str = "alice", **limits: Any) -> str:
        return self.keys.create(name, **limits).key

    def url(self, model: str | None = MODEL, **query: str) -> str:
        asked = {"sample_rate": "16000", **({"speech_model": model} if model else {}), **query}
        query_string = "&".join(f"{name}={value}" for name, value in asked.items())
        return f"ws://127.0.0.1:{self.port}/streaming.assemblyai/v3/ws?{query_string}"

    @contextlib.contextmanager
    def session(
        self, key: str | None = MASTER_KEY, model: str | None = MODEL, **query: str
    ) -> Iterator[ClientConnection]:
        """A client's open session."""
        headers = {"Authorization": key} if key else {}
        url = self.url(model, **query)
        with connect(url, additional_headers=headers, compression=None) as client:
            yield client

    def whole(self, key: str = MASTER_KEY, model: str | None = MODEL, **query: str) -> Heard:
        """Run a session from Begin to Termination, and return what was heard."""
        with self.session(key, model, **query) as client:
            client.send(CHUNK)
            client.send(TERMINATE)
            heard = listen(client)
        self.idle()
        return heard

    def upstream(self) -> FakeSession:
        """The only session of the stand-in, when it is over there."""
        (session,) = self.fake.sessions
        assert self.fake.wait_for(lambda _: session.ended_by is not None)
        return session

    def idle(self) -> None:
        """Wait until the end of every session has been noted."""
        relay = self.stack.parts.relay
        assert relay is not None
        until(lambda: not relay.open and not (relay._loop and relay._loop.untold))

    def billed(self) -> int:
        """Nano-dollars that the stand-in bills for sessions of `MODEL` without add-ons."""
        return sum(session.billed_s for session in self.fake.sessions) * SECOND

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        self.stack.close()
        super().close()
        self._ends.close()
