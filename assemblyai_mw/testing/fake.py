"""FakeAssemblyAI: AssemblyAI's hosts as one WSGI app, inspectable and adjustable."""

from __future__ import annotations

import gzip
import math
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from . import small_hosts as voice
from . import transcript_json as features
from .agent_sessions import AgentFault
from .agents import SOCKET_PATH, AgentsHost, failure
from .faults import BrokenBody, ConnectionCut, Fault, Faults
from .gateway import Gateway, gateway_error, unauthorized
from .replies import Answer, Headers, Request, api_error
from .seen import JSON_BYTES, KEPT_BYTES, SeenRequest, headers_of, read_body
from .sessions import SessionFault
from .state import State
from .streaming import WEBSOCKET_PATH, Streaming
from .transcripts import Transcripts
from .tts import WS_PATH, SpeechHost
from .tts import error as speech_error

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

# A server that is stopping sets the event it leaves here.
STOP_KEY = "assemblyai_mw.testing.stop"
US_KEY = "us-account-key-of-the-stand-in"
EU_KEY = "eu-account-key-of-the-stand-in"
SERVICES = ("api", "llm-gateway", "streaming", "sync", "dictation", "tts", "agents")
DEFAULT_TEXT = (
    "Good morning. This is the stand-in for AssemblyAI, speaking from your own machine. "
    "Every word here was made up. No audio left the house, and there will be no bill."
)
LOGGED_REQUESTS = 100_000


class FakeAssemblyAI(State):
    """A stand-in for AssemblyAI: all hosts of one region as one WSGI app.

    One instance is one region with its own accounts, uploads and transcripts. It finds the host of
    a request by its path; `host(name)` returns an app for one host only. It is safe to use from
    many threads, and to change while it runs.

    In-process, use it in place of the `UpstreamForwarder`, with `keys=None`: the caller is already
    known there, and the account's key is not added.

    Args:
        region: `us` or `eu`; shows in the URLs it gives out and in the models it has.
        keys: The accounts' keys, as AssemblyAI would issue them: one key, several of one
            account, or a mapping of keys to accounts. None accepts every request. The default is
            `US_KEY` or `EU_KEY`.
        polls: Reads of a transcript that find it unfinished; `math.inf` for a job that only
            `finish()` ends.
        takes_s: Seconds a transcript takes at least.
        text: Text of every transcript.
        audio_s: Length in seconds of audio that is no uploaded WAV file.
        channels: Channels of audio that is no uploaded WAV file.
        reply_to: Function from the chat request to the model's answer; default: an echo.
        rate_limit: Gateway requests a minute for each model.
        clock: The time, in Unix seconds.

    Attributes:
        requests: `SeenRequest`s in the order of arrival.
        uploads: `Upload`s by their URL.
        transcripts: `FakeTranscript`s by id, oldest first.
        sessions: `FakeSession`s of `/v3/ws`, oldest first.
        streaming: `StreamingSettings`: what the streaming host does, also where AssemblyAI's way
            is not documented.
        speech_sessions: `FakeSpeech`s of `/v1/ws` of the TTS host, oldest first.
        tts: `SpeechSettings`: what speech synthesis does, also where AssemblyAI's way is not
            documented.
        tokens: `FakeToken`s of `/v3/token` that have not expired, by their text.
        agents: Stored voice agents by id: `account`, what was `asked`, what is `shown`.
        agent_sessions: `FakeAgentSession`s of the agents' `/v1/ws`, oldest first.
        agent_settings: `AgentSettings`: what that host does.
        agent_session_fields: Fields over those of every `GET /v1/sessions/{id}`.
        agent_tokens: `FakeToken`s of its `/v1/token`.
        subscriptions: Webhook subscriptions by id.
        models: The gateway's catalogue by id; change it at will.
        models_down, models_forbidden: Ids of models that fail, or that the account may
            not use.
        speech_models: Names that a transcript may ask for.
        tool_calls_in: `message` or `choice`: where replies carry tool calls. AssemblyAI's
            description says one, its SDK the other.
        finish_reasons: `openai` or `provider` (Claude's own words).
        usage_spelling: `both`, `input` or `prompt`: which counts a plain reply has.
        choice_index: Whether `choices[]` carry their index, which the live service omits
            at times.
        dictation_hides_itself: Dictation answers a wrong key with 404, as was seen, not with 401.
        compress: Send gzip to clients that accept it.
        reply_headers: Headers of every reply, in place of its own of the same names.
    """

    def __init__(
        self,
        *,
        region: str = "us",
        keys: str | Iterable[str] | Mapping[str, str] | None = "",
        polls: float = 1,
        takes_s: float = 0.0,
        text: str = DEFAULT_TEXT,
        audio_s: float = 12.4,
        channels: int = 1,
        reply_to: Callable[[dict[str, Any]], str] | None = None,
        rate_limit: int = 1_000_000,
        clock: Callable[[], float] = time.time,
    ) -> None:
        if region not in ("us", "eu"):
            raise ValueError(f"region: expected 'us' or 'eu', got {region!r}")
        if keys == "":
            keys = EU_KEY if region == "eu" else US_KEY
        if isinstance(keys, str):
            keys = [keys]
        if keys is not None and not isinstance(keys, Mapping):
            keys = dict.fromkeys(keys, "account")
        super().__init__(
            region=region,
            keys=keys,
            polls=polls,
            takes_s=takes_s,
            text=text,
            audio_s=audio_s,
            channels=channels,
            reply_to=reply_to,
            rate_limit=rate_limit,
            clock=clock,
        )
        self.speech_models |= features.SPEECH_MODELS
        self.requests: list[SeenRequest] = []
        self.compress = False
        self.reply_headers: list[tuple[str, str]] = []
        self._changed = threading.Condition(self.lock)
        self._faults = Faults()
        self._rest = Transcripts(self)
        self._gateway = Gateway(self)
        self._sessions = Streaming(self, self._note)
        self._speech = SpeechHost(self, self._note)
        self._agents = AgentsHost(self, self._note)
        self._watching = 0

    # What comes out.

    def fail_next(
        self,
        status: int | None = None,
        *,
        body: Any = None,
        headers: Sequence[tuple[str, str]] = (),
        delay_s: float = 0.0,
        drop: bool = False,
        cut_after: int | None = None,
        gap_s: float = 0.0,
        times: int = 1,
        method: str | None = None,
        path: str = "",
    ) -> None:
        """Break the next *times* replies to *method* requests whose path begins with *path*.

        The other arguments are the attributes of `Fault`: a status with its body and
        headers, a delay, a dropped connection, a reply cut short, a slow stream.
        """

        def match(seen: SeenRequest) -> bool:
            return method in (None, seen.method) and seen.path.startswith(path)

        self._faults.add(
            Fault(status, body, headers, delay_s, drop, cut_after, gap_s, times, match)
        )

    def fail_next_session(
        self, *, status: int | None = None, no_reply: bool = False, times: int = 1, **how: Any
    ) -> None:
        """Break the next *times* sessions of `/v3/ws`; *how* are the attributes of `SessionFault`.

        With *status* the handshake gets that status (`fail_next` also takes a body and headers),
        with *no_reply* nothing until the server stops.
        """
        if status is not None or no_reply:
            delay_s = math.inf if no_reply else 0.0
            self.fail_next(status, delay_s=delay_s, path=WEBSOCKET_PATH, times=times)
        if how or not (status is not None or no_reply):
            self._sessions.faults.add(SessionFault(times=times, **how))

    def fail_next_agent_session(self, **how: Any) -> None:
        """Break the next sessions of the agents' `/v1/ws`; *how* are those of `AgentFault`."""
        self._agents.add_fault(AgentFault(**how))

    def clear_faults(self) -> None:
        """Forget the faults that have not struck."""
        self._faults.clear()
        self._agents.clear_faults()
        self._sessions.faults.clear()

    def finish(self, transcript_id: str | None = None) -> None:
        """Finish a transcript, or all of them, whatever `polls` and `takes_s` say."""
        with self.lock:
            for job in list(self.transcripts.values()):
                if transcript_id in (None, job.id):
                    job.polls, job.ready_at = 0, 0.0

    # What came in.

    def wait_for(self, true: Callable[[FakeAssemblyAI], bool], timeout_s: float = 10.0) -> bool:
        """Wait until *true* of this stand-in; looked at whenever a request comes or
        ends, and at each event of a session: Begin, a message, its end.

        Returns False when *timeout_s* seconds passed first.
        """
        with self._changed:
            self._watching += 1
            try:
                return self._changed.wait_for(lambda: true(self), timeout_s)
            finally:
                self._watching -= 1

    def asked(self, method: str | None = None, path: str = "") -> list[SeenRequest]:
        """Return the requests of *method* whose path begins with *path*."""
        with self.lock:
            return [
                seen
                for seen in self.requests
                if method in (None, seen.method) and seen.path.startswith(path)
            ]

    # The hosts.

    def host(self, service: str) -> WSGIApplication:
        """Return an app that is one host only: `api`, `llm-gateway`, `streaming`, ..."""
        if service not in SERVICES:
            raise ValueError(f"service: expected one of {SERVICES}, got {service!r}")

        def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            return self._serve(environ, start_response, service)

        return app

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        return self._serve(environ, start_response, service_of(environ.get("PATH_INFO", "")))

    def _serve(
        self, environ: WSGIEnvironment, start_response: StartResponse, service: str
    ) -> Iterable[bytes]:
        stop: threading.Event = environ.get(STOP_KEY) or threading.Event()
        seen = self._log(environ, service)
        upload = seen.path == "/v2/upload"
        read_body(environ, seen, keep=KEPT_BYTES if upload else JSON_BYTES)
        fault = self._faults.take(seen)
        if fault is not None and fault.delay_s:
            # Event.wait takes no infinity.
            stop.wait(min(fault.delay_s, threading.TIMEOUT_MAX))
        if fault is not None and fault.drop:
            self._note()
            raise ConnectionCut("the stand-in was told to drop this request")
        request = Request(seen, environ)
        if fault is not None and fault.status is not None:
            answer = _faulty(service, fault)
        elif not seen.complete:
            answer = _error(service, 400, "The body is incomplete")
        else:
            with self.lock:
                answer = self._answer(service, request)
        seen.status = answer.status
        body = self._start(answer, seen, start_response)
        if fault is not None and (fault.cut_after is not None or fault.gap_s):
            body = BrokenBody(body, fault, stop)
        self._note()
        return body

    def _start(
        self, answer: Answer, seen: SeenRequest, start_response: StartResponse
    ) -> Iterable[bytes]:
        headers = _with(answer.headers, self.reply_headers)
        body = answer.body
        if answer.status == 101:
            body = []
        elif isinstance(body, bytes):
            accepted = seen.header("accept-encoding") or ""
            if self.compress and "gzip" in accepted:
                body = gzip.compress(body, mtime=0)
                headers.append(("Content-Encoding", "gzip"))
            headers = _with([("Content-Length", str(len(body)))], headers)
            body = [body] if body else []
        start_response(answer.status_line, headers)
        return [] if seen.method == "HEAD" else body

    def _log(self, environ: WSGIEnvironment, service: str) -> SeenRequest:
        path, query = environ.get("PATH_INFO", ""), environ.get("QUERY_STRING", "")
        seen = SeenRequest(
            at=self.clock(),
            service=service,
            region=self.region,
            method=environ["REQUEST_METHOD"],
            target=environ.get("REQUEST_URI") or (f"{path}?{query}" if query else path),
            path=path,
            query=query,
            headers=headers_of(environ),
        )
        with self._changed:
            self.requests.append(seen)
            if len(self.requests) > LOGGED_REQUESTS:
                del self.requests[: LOGGED_REQUESTS // 2]
            self._changed.notify_all()
        return seen

    def _note(self) -> None:
        # A chunk of audio is an event too: nobody takes the lock for it while nobody waits.
        if self._watching:
            with self._changed:
                self._changed.notify_all()

    def _answer(self, service: str, request: Request) -> Answer:
        if request.path.startswith("/redacted-audio/"):
            return self._rest.redacted_file(request)
        if (request.method, request.path, service) == ("GET", "/v1/models", "llm-gateway"):
            return self._gateway.models()
        if (request.path, service) == (WEBSOCKET_PATH, "streaming"):
            return self._sessions.answer(request)
        if (request.path, service) == (WS_PATH, "tts"):
            return self._speech.open_session(request)
        if (request.path, service) == (SOCKET_PATH, "agents"):
            return self._agents.connect(request)
        account = self._account(service, request.seen.header("authorization") or "")
        if account is None and service == "dictation" and self.dictation_hides_itself:
            return Answer.json({"detail": "Invalid API key"}, status=404)
        if account is None:
            return _error(service, 401)
        request.account = request.seen.account = account
        if service == "api":
            return self._rest.answer(request)
        if service == "llm-gateway":
            return self._gateway.answer(request)
        if service == "streaming":
            return voice.streaming_token(request, self)
        if service == "agents":
            return self._agents.answer(request)
        if service == "tts":
            return self._speech.answer(request)
        return voice.transcribe(request, self, service)

    def _account(self, service: str, credentials: str) -> str | None:
        if self.keys is None:
            return "account"
        if service == "tts":
            return self._speech.account(credentials)
        # Seen live: the gateway takes both forms; the agents' host documents both. The other hosts'
        # documentation shows the raw key only.
        if service in ("llm-gateway", "agents") and credentials[:7].lower() == "bearer ":
            credentials = credentials[7:]
        return self.keys.get(credentials)


def service_of(path: str) -> str:
    """Return the host that a path belongs to; unknown paths are the API's."""
    if path.startswith("/v3/"):
        return "streaming"
    if path.startswith(("/v1/transcribe", "/v1/warm")):
        return "sync"
    return "llm-gateway" if path.startswith("/v1/") else "api"


def _error(service: str, status: int, message: str | None = None) -> Answer:
    if service == "llm-gateway":
        if status == 401:
            return unauthorized()
        return gateway_error(status, message or api_error(status).status_line[4:].lower())
    if service == "tts":
        code = "unauthorized" if status == 401 else "error"
        return speech_error(status, code, message or api_error(status).status_line[4:])
    if service == "agents":
        return failure(status, message or "Unauthorized")
    if service in ("sync", "dictation"):
        title = api_error(status).status_line[4:]
        return voice.problem(status, title, message or title)
    return api_error(status, message)


def _with(headers: Headers, further: Sequence[tuple[str, str]]) -> Headers:
    """Return *headers* and *further*, which take the place of those with their names."""
    names = {name.lower() for name, _ in further}
    return [*(field for field in headers if field[0].lower() not in names), *further]


def _faulty(service: str, fault: Fault) -> Answer:
    status = fault.status or 500
    if fault.body is None:
        answer = _error(service, status)
    elif isinstance(fault.body, bytes):
        answer = Answer(status, [("Content-Type", "application/json")], fault.body)
    else:
        answer = Answer.json(fault.body, status=status)
    answer.headers = _with(answer.headers, fault.headers)
    return answer
