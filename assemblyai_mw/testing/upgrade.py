"""How an app takes a connection over from `serve` and from `FakeTransport`.

Both leave an empty list in the environ of a request. An app that answers 101 puts a function
into it, and it is called with the connection once the head is out.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable

UPGRADE_KEY = "assemblyai_mw.testing.upgrade"
# The connection, what the client sent behind its handshake, and the event of a server that stops.
Talk = Callable[[socket.socket, bytes, threading.Event], None]
