"""WebSocket sessions through a WSGI server, and other waiting, without holding its threads.

takeover    takes the client's connection out of the server's hands
lingering   connections whose clients are still sending a body that was refused
servers     where each server keeps that connection
handshake   the opening handshake; pure
frames      frames as they pass; pure
watch       what stages see of a session, and how they end it
session     one session: two ends, and the rules by which each may leave
ends        the sockets of a session, which never wait
loop        the thread of a process's sessions
background  a thread for what waits
relay       a stack's sessions, from the first handshake to the end of the process
"""

from .relay import Relay
from .takeover import Grip, Taken, Ungrippable, can_take, find
from .watch import WORDS, Cut, End, OpenSession, Watcher, Words

__all__ = [
    "WORDS",
    "Cut",
    "End",
    "Grip",
    "OpenSession",
    "Relay",
    "Taken",
    "Ungrippable",
    "Watcher",
    "Words",
    "can_take",
    "find",
]
