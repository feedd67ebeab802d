"""A stand-in AssemblyAI for tests and demos: no account, no network, no bill.

`FakeAssemblyAI` is a WSGI app that answers as AssemblyAI's hosts do: the REST API,
the LLM Gateway, streaming sessions and their tokens, the synchronous API, dictation, and speech
synthesis, its sessions too. On a socket:

    from assemblyai_mw.testing import FakeAssemblyAI, serve

    fake = FakeAssemblyAI(polls=2, text="Hello from the stand-in.")
    with serve(fake) as url:
        ...                                  # point any client, or a route, at url
    assert fake.requests[-1].path == "/v2/upload"

`serve_all` starts every host of both regions and gives the `routes` for a configuration;
`FakeTransport` puts them behind an `AssemblyAIMiddleware` in the same process, without
any socket. `fake.fail_next(...)` injects faults; `fake.next_result(...)` and
`fake.next_answer(...)` set replies; `fake.requests` holds the requests received.

Streaming sessions (`/v3/ws`, a WebSocket) need `serve`, `serve_all` or `FakeTransport`; another
WSGI server gets 501. `fake.sessions` holds a record of each: what was asked, heard and said, how
it ended, and the seconds that AssemblyAI would bill. `fake.streaming` holds the settings, most of
all for what AssemblyAI does not document; `fake.fail_next_session(...)` breaks sessions. Those of
speech synthesis are in `fake.speech_sessions`, their settings in `fake.tts`.

Voice agents (`/v1/ws` of their host, agents, sessions, webhook subscriptions) are in `fake.agents`,
`fake.agent_sessions` and `fake.subscriptions`; `fake.agent_settings` and
`fake.fail_next_agent_session(...)` are theirs.

The shapes follow AssemblyAI's OpenAPI description, its documentation and its Python
SDK 1.8.2. Where those are silent the docstrings say so.
"""

from .agent_sessions import AgentFault, AgentSettings, FakeAgentSession
from .chat import ChatAnswer
from .fake import EU_KEY, US_KEY, FakeAssemblyAI
from .faults import ConnectionCut, Fault
from .in_process import FakeTransport
from .seen import SeenRequest
from .server import Hosts, serve, serve_all
from .sessions import FakeSession, FakeToken, SessionFault, StreamingSettings
from .state import FakeTranscript, Upload
from .tts_sessions import FakeSpeech
from .tts_voice import SpeechSettings

__all__ = [
    "EU_KEY",
    "US_KEY",
    "AgentFault",
    "AgentSettings",
    "ChatAnswer",
    "ConnectionCut",
    "FakeAgentSession",
    "FakeAssemblyAI",
    "FakeSession",
    "FakeSpeech",
    "FakeToken",
    "FakeTranscript",
    "FakeTransport",
    "Fault",
    "Hosts",
    "SeenRequest",
    "SessionFault",
    "SpeechSettings",
    "StreamingSettings",
    "Upload",
    "serve",
    "serve_all",
]
