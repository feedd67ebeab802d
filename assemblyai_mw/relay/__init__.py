"""WebSocket sessions through a WSGI server, and other waiting, without holding its threads.

takeover    takes the client's connection out of the server's hands
lingering   connections whose clients are still sending a body that was refused
servers     where each server keeps that connection
handshake   the opening handshake; pure
frames      frames as they pass; pure
watch       what stages see of a session, and how they end it
pace        how fast a client's texts are read; pure
way         one direction of a session: what passes, and who judges it first
session     one session: two ends, and the rules by which each may leave
timer       when a session is to be ended
farewell    a client that gets no session
hub         what sessions and the loop need of each other
ends        the sockets of a session, which never wait
loop        the thread of a process's sessions
background  a thread for what waits
relay       a stack's sessions, from the first handshake to the end of the process
"""

from .relay import STOPPING, Relay
from .takeover import DeadEndBody, Grip, Taken, TLSThreads, Ungrippable, can_take, find
from .watch import Cut, End, OpenSession, Watcher, Words

__all__ = [
    "STOPPING",
    "Cut",
    "DeadEndBody",
    "End",
    "Grip",
    "OpenSession",
    "Relay",
    "TLSThreads",
    "Taken",
    "Ungrippable",
    "Watcher",
    "Words",
    "can_take",
    "find",
]
