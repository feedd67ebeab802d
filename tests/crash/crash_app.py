"""The app that the workers serve: the stack as users have it, and deaths on order.

Nothing in the product knows of this: the points are put around its methods here.

| point          | the worker dies                                              |
|----------------|--------------------------------------------------------------|
| before-forward | with the row of intent written, before AssemblyAI is asked   |
| after-upstream | when AssemblyAI has taken the work, before its reply is read |
| before-accept  | when the reply was read, before the owner is stored          |
| after-accept   | when the owner is stored, before the client gets the id      |
| before-settle  | when a reply showed the end, before the row is closed        |
| after-settle   | when the row is closed, before the client gets the reply     |
"""

from __future__ import annotations

import json

from dying import FOLDER, around, die_if_armed, host_app

from assemblyai_mw import AssemblyAIMiddleware
from assemblyai_mw.store import Ledger
from assemblyai_mw.transport import SocketTransport


def submits_only(owner):
    send = owner.send

    def wrapped(self, origin, request, timeouts):
        submit = request.method == "POST" and request.target == "/v2/transcript"
        if submit:
            die_if_armed("before-forward")
        reply = send(self, origin, request, timeouts)
        if submit:
            die_if_armed("after-upstream")
        return reply

    owner.send = wrapped


submits_only(SocketTransport)
around(Ledger, "accept", before="before-accept", after="after-accept")
around(Ledger, "write", before="before-settle", after="after-settle")


app = AssemblyAIMiddleware(host_app, json.loads((FOLDER / "config.json").read_text()))
