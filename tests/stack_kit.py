"""The whole stack in one process: real stages, a real database, stand-ins for AssemblyAI."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import func, select
from webtest import TestApp

from assemblyai_mw import AssemblyAIMiddleware, Holds, Keys, Ledger
from assemblyai_mw.store.database import _databases
from assemblyai_mw.store.schema import holds, spend
from assemblyai_mw.testing import EU_KEY, US_KEY, FakeTransport

MASTER_KEY = "sk-master-0123456789abcdef"
API = "/assemblyai"
CHAT = "/v1/chat/completions"


def host_app(environ: Any, start_response: Any) -> list[bytes]:
    start_response("404 Not Found", [("Content-Type", "text/plain"), ("Content-Length", "4")])
    return [b"host"]


def config_of(database_url: str, **more: Any) -> dict[str, Any]:
    """Return a configuration for *database_url*; nothing runs in the background."""
    general = {"master_key": MASTER_KEY, "database_url": database_url}
    general |= more.pop("general_settings", {})
    return {
        "model_list": [
            {"model_name": f"{name}/*", "litellm_params": {"model": f"{name}/*", "api_key": key}}
            for name, key in (("assemblyai", US_KEY), ("eu.assemblyai", EU_KEY))
        ],
        "general_settings": general,
        "settlement": False,
        **more,
    }


class Stack:
    """A stack under WebTest.

    Attributes:
        us, eu: The stand-ins, with what they were asked.
        keys, ledger, holds: The same database, beside the app.
    """

    def __init__(self, database_url: str, *, options: Any = None, **config: Any) -> None:
        self.transport = FakeTransport()
        self.us, self.eu = self.transport.us, self.transport.eu
        self.middleware = AssemblyAIMiddleware(
            host_app, config_of(database_url, **config), transport=self.transport, **options or {}
        )
        self.app = TestApp(self.middleware)
        self.keys = Keys(database_url)
        self.ledger = Ledger(self.keys.database)
        self.holds = Holds(self.keys.database)

    def close(self) -> None:
        """Close the connections of every database in this process."""
        for database in list(_databases):
            database.close()

    def key(self, name: str, **limits: Any) -> str:
        """Make a key and return its secret."""
        return self.keys.create(name, **limits).key

    def ask(self, method: str, path: str, key: str | None, **options: Any) -> Any:
        """Send a request and return the reply, whatever its status."""
        headers = {**options.pop("headers", {}), **({"Authorization": key} if key else {})}
        if "json" in options:
            return self.app._gen_request(
                method,
                path,
                params=json.dumps(options.pop("json")).encode(),
                headers={"Content-Type": "application/json", **headers},
                status="*",
                **options,
            )
        return self.app._gen_request(method, path, headers=headers, status="*", **options)

    def submit(self, key: str, *, prefix: str = API, **fields: Any) -> str:
        """Have a new transcript and return its id."""
        body = {"audio_url": "https://example.com/a.mp3", "speech_models": ["universal-3-5-pro"]}
        reply = self.ask("POST", f"{prefix}/v2/transcript", key, json={**body, **fields})
        assert reply.status_int == 200, reply
        return str(reply.json["id"])

    def finish(self) -> None:
        """Let every transcript be completed."""
        self.us.finish()
        self.eu.finish()

    def asked_anything(self) -> bool:
        """Whether any stand-in was asked since the last look; forgets it."""
        asked = bool(self.us.requests or self.eu.requests)
        self.us.requests.clear()
        self.eu.requests.clear()
        return asked

    def held(self) -> int:
        """Return the nano-dollars held in this database."""
        with self.keys.database.read() as connection:
            amounts = connection.scalar(select(func.coalesce(func.sum(holds.c.amount_nano), 0)))
        with self.keys.database.read() as connection:
            where = spend.c.period == "total", spend.c.scope == "key"
            total = select(func.coalesce(func.sum(spend.c.held_nano), 0)).where(*where)
            assert connection.scalar(total) == amounts
        return int(amounts)


def chat(content: str = "hi", model: str = "assemblyai/gpt-5-mini", **fields: Any) -> Any:
    """Return the body of a chat completion."""
    return {"model": model, "messages": [{"role": "user", "content": content}], **fields}
