"""The app of workers with sessions: the stack as users have it, shorter times, deaths on order.

| point           | the worker dies                                             |
|-----------------|-------------------------------------------------------------|
| before-row      | before the session has a row                                |
| after-row       | with the row written, before AssemblyAI is asked            |
| after-101       | when AssemblyAI has accepted the handshake                  |
| joined          | when both ends are joined, before Begin                     |
| mid-audio       | when audio has come, before it goes up                      |
| after-checkpoint| when a checkpoint is written                                |
| before-renewal  | before more budget is held                                  |
| after-renewal   | when more budget is held, before the session may use it     |
| after-update    | when an UpdateConfiguration has gone up                     |
| after-terminate | when Terminate has gone up                                  |
| before-close    | when Termination has come, before the row is closed         |
| after-close     | when the row is closed                                      |
| in-drain        | when it was told to stop, and has told its sessions so      |
"""

from __future__ import annotations

import json
from dataclasses import replace

from dying import FOLDER, around, host_app

from assemblyai_mw import AssemblyAIMiddleware
from assemblyai_mw.config import load_config
from assemblyai_mw.relay import Relay
from assemblyai_mw.relay.way import Way
from assemblyai_mw.store import Holds, Ledger
from assemblyai_mw.transport import SocketTransport


def says(word):
    return lambda way, item, text: word in text


around(Ledger, "open_session", before="before-row", after="after-row")
around(SocketTransport, "upgrade", after="after-101")
around(Relay, "start", after="joined")
around(Way, "feed", before="mid-audio", only=lambda way, data: way.masked and len(data) > 1000)
around(Ledger, "checkpoint", after="after-checkpoint")
around(Holds, "renew", before="before-renewal", after="after-renewal")
around(Way, "pass_text", after="after-update", only=says(b'"UpdateConfiguration"'))
around(Way, "pass_text", after="after-terminate", only=says(b'"Terminate"'))
around(Ledger, "write", before="before-close", after="after-close")
around(Relay, "begin_drain", after="in-drain")

config = load_config(json.loads((FOLDER / "config.json").read_text()))
# Below what a configuration may say, so that tests need not wait.
shorter = json.loads((FOLDER / "streaming.json").read_text())
app = AssemblyAIMiddleware(
    host_app, replace(config, streaming=replace(config.streaming, **shorter))
)
