"""The whole stack on an empty ledger, with a clock that tests turn on."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from webtest import TestApp

from assemblyai_mw import AssemblyAIMiddleware, SocketTransport
from assemblyai_mw.billing.price_book import PriceBook
from assemblyai_mw.config import load_config
from assemblyai_mw.settlement.settler import Settler
from assemblyai_mw.settlement.summary import Summary
from assemblyai_mw.store import Database, Keys, Ledger
from assemblyai_mw.store.database import _databases
from assemblyai_mw.telemetry.record import CallRecord
from assemblyai_mw.testing import EU_KEY, US_KEY, Hosts

SUBMIT = {"audio_url": "https://audio.example/a.mp3", "speech_models": ["universal-2"]}
# 12.4 seconds count as 13, at 0.15 dollars an hour.
COST = "0.000541667"
DAY = 86_400.0


def host_app(environ: Any, start_response: Any) -> list[bytes]:
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "2")])
    return [b"ok"]


def settings_of(hosts: Hosts, url: str, **more: Any) -> dict[str, Any]:
    return {
        "model_list": [
            {"model_name": f"{name}/*", "litellm_params": {"model": f"{name}/*", "api_key": key}}
            for name, key in (("assemblyai", US_KEY), ("eu.assemblyai", EU_KEY))
        ],
        "general_settings": {"master_key": "sk-master-for-settlement", "database_url": url},
        "routes": hosts.routes,
        "settlement": False,
        **more,
    }


@dataclass
class House:
    """The stack on an empty database, its upstreams on sockets, and a clock to turn on."""

    hosts: Hosts
    config: dict[str, Any]
    database: Database
    key: str
    app: TestApp
    records: list[CallRecord]
    transport: SocketTransport = field(default_factory=SocketTransport)
    ahead_s: float = 0.0

    @property
    def ledger(self) -> Ledger:
        return Ledger(self.database)

    def submit(self, prefix: str = "/assemblyai", status: int = 200, **body: Any) -> str:
        reply = self.app.post_json(
            f"{prefix}/v2/transcript",
            {**SUBMIT, **body},
            headers={"Authorization": self.key},
            status=status,
        )
        return str(reply.json.get("id"))

    def get(self, path: str, **options: Any) -> Any:
        return self.app.get(path, headers={"Authorization": self.key}, **options)

    def settler(self, **options: Any) -> Settler:
        return Settler(
            load_config(self.config),
            ledger=self.ledger,
            transport=self.transport,
            prices=PriceBook.load(),
            on_call=[self.records.append],
            clock=lambda: time.time() + self.ahead_s,
            **options,
        )

    def settle(self, *, after_s: float = 0.0, **options: Any) -> Summary:
        """Run a settler once, as if *after_s* seconds had gone by."""
        self.ahead_s += after_s
        return self.settler(**options).run(limit=100)

    def row(self, number: int = -1) -> dict[str, Any]:
        return list(self.ledger.calls())[number]


def close_databases() -> None:
    """Close what a stack opened for itself; a process does that by ending."""
    for each in list(_databases):
        each.close()


def build(hosts: Hosts, url: str, **more: Any) -> House:
    config = settings_of(hosts, url, **more)
    database = Database(url)
    records: list[CallRecord] = []
    app = TestApp(AssemblyAIMiddleware(host_app, config, on_call=records.append))
    return House(hosts, config, database, Keys(database).create("alice").key, app, records)
