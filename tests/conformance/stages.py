"""Every stage of the package, each with a call that it has no reason to answer by itself."""

from __future__ import annotations

import importlib
import inspect
import io
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import assemblyai_mw.middleware
from assemblyai_mw import (
    AssemblyAIMiddleware,
    CostLogger,
    Isolation,
    KeyAuth,
    OpenAITranslator,
    Policy,
    PrefixRouter,
)
from assemblyai_mw.call import Caller, enter
from assemblyai_mw.guards.pattern import PatternGuard
from assemblyai_mw.middleware.audio import AudioTranscriber
from assemblyai_mw.middleware.budget import Budget
from assemblyai_mw.middleware.cors import Cors
from assemblyai_mw.middleware.guardrails import Guardrails
from assemblyai_mw.middleware.idempotency import Idempotency
from assemblyai_mw.middleware.lingering import LingeringClose
from assemblyai_mw.middleware.log import CallLog
from assemblyai_mw.middleware.rate_limit import ParallelLimit, RateLimit, TokenLimit
from assemblyai_mw.middleware.realtime import Realtime
from assemblyai_mw.relay import Relay

KEY = "sk-conformance-3f1d9b"
MASTER = "sk-master-conformance-77"


@dataclass(frozen=True)
class Stage:
    """How to build a stage around an app, and a call that passes through it.

    Attributes:
        build: From an app and a folder for its files.
        path: Path of the call; below `/assemblyai` where `mounted`.
        method: Where a test names none; a PUT to a path that nobody knows may cost, so that
            the ledger is written.
        mount: Below which prefix.
        takes: Methods that pass here; a test that asks with another gets *method*.
    """

    name: str
    classes: tuple[type, ...]
    build: Callable[[Any, Path], Any]
    path: str = "/v2/anything"
    mounted: bool = True
    method: str = "GET"
    headers: dict[str, str] = field(default_factory=dict)
    mount: str = "/assemblyai"
    takes: frozenset[str] = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE"})

    @property
    def metered(self) -> bool:
        """Whether the call may cost, so that a stage reads its reply along."""
        return self.method in ("PUT", "POST")

    @property
    def private(self) -> bool:
        """Whether a KeyAuth is in it, so that replies depend on the key."""
        return "HTTP_AUTHORIZATION" in self.headers

    def environ(self, method: str | None = None, body: bytes = b"") -> dict[str, Any]:
        environ = {
            "REQUEST_METHOD": method if method in self.takes else self.method,
            "SCRIPT_NAME": self.mount if self.mounted else "",
            "PATH_INFO": self.path,
            "QUERY_STRING": "a=1",
            "SERVER_NAME": "front.example",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": io.StringIO(),
            "wsgi.multithread": True,
            "wsgi.multiprocess": True,
            "wsgi.run_once": False,
            "HTTP_HOST": "front.example",
            **self.headers,
        }
        if body:
            environ["CONTENT_LENGTH"] = str(len(body))
        return environ


def known(app: Any, caller: Caller) -> Any:
    """Return *app* behind what stands for a KeyAuth: it only names the caller."""

    def outer(environ: Any, start_response: Any) -> Any:
        call, environ = enter(environ)
        call.caller = caller
        return app(environ, start_response)

    return outer


GUARD = PatternGuard(patterns=["us_ssn"], action="mask")
ALICE = Caller(name="alice", key_id=1, team="search")
BOUNDED = Caller(
    name="bob",
    key_id=2,
    team="t",
    rpm=1_000_000,
    team_rpm=1_000_000,
    tpm=1_000_000_000,
    team_tpm=1_000_000_000,
    max_parallel=1_000_000,
    team_max_parallel=1_000_000,
    budgeted=True,
    allow_unpriced=True,
)


def _database(folder: Path) -> str:
    return f"sqlite:///{folder / 'ledger.db'}"


def _whole(app: Any, folder: Path) -> Any:
    settings = {
        "general_settings": {"master_key": MASTER, "database_url": _database(folder)},
        "model_list": [
            {
                "model_name": "assemblyai/*",
                "litellm_params": {"model": "assemblyai/*", "api_key": "account"},
            }
        ],
    }
    return AssemblyAIMiddleware(app, settings)


def _all_by_hand(app: Any, folder: Path) -> Any:
    url = _database(folder)
    governed = Isolation(Budget(CostLogger(app, ledger=url), holds=url), ledger=url)
    limited = RateLimit(Policy(governed), storage=folder / "rates")
    return PrefixRouter(_nobody, {"/sync.assemblyai": KeyAuth(limited, keys={KEY: BOUNDED})})


STAGES = [
    Stage(
        "PrefixRouter-host",
        (PrefixRouter,),
        lambda app, folder: PrefixRouter(app, {"/assemblyai": _nobody}),
        path="/other",
        mounted=False,
    ),
    Stage(
        "PrefixRouter-mounted",
        (PrefixRouter,),
        lambda app, folder: PrefixRouter(_nobody, {"/assemblyai": app}),
        path="/assemblyai/v2/anything",
        mounted=False,
    ),
    Stage(
        "KeyAuth",
        (KeyAuth,),
        lambda app, folder: KeyAuth(app, keys={KEY: "alice"}),
        headers={"HTTP_AUTHORIZATION": f"Bearer {KEY}"},
    ),
    Stage("Cors", (Cors,), lambda app, folder: Cors(app, origins=["https://app.example"])),
    Stage(
        "Cors-for-a-page",
        (Cors,),
        lambda app, folder: Cors(app, origins=["https://app.example"]),
        headers={"HTTP_ORIGIN": "https://app.example"},
    ),
    Stage(
        "RateLimit",
        (RateLimit,),
        lambda app, folder: known(RateLimit(app, storage=folder / "rates"), BOUNDED),
    ),
    Stage(
        "RateLimit-unbounded",
        (RateLimit,),
        lambda app, folder: known(RateLimit(app, storage=folder / "rates"), ALICE),
    ),
    Stage(
        "ParallelLimit",
        (ParallelLimit,),
        lambda app, folder: known(ParallelLimit(app, places=folder / "rates"), BOUNDED),
    ),
    Stage(
        "ParallelLimit-unbounded",
        (ParallelLimit,),
        lambda app, folder: known(ParallelLimit(app, places=folder / "rates"), ALICE),
    ),
    Stage(
        "TokenLimit",
        (TokenLimit,),
        lambda app, folder: known(TokenLimit(app, counts=folder / "rates"), BOUNDED),
    ),
    Stage(
        "TokenLimit-unbounded",
        (TokenLimit,),
        lambda app, folder: known(TokenLimit(app, counts=folder / "rates"), ALICE),
    ),
    Stage(
        "Realtime",
        (Realtime,),
        lambda app, folder: known(Realtime(app, relay=Relay()), ALICE),
    ),
    Stage(
        "OpenAITranslator",
        (OpenAITranslator,),
        lambda app, folder: known(OpenAITranslator(app, models=[]), ALICE),
    ),
    Stage(
        "AudioTranscriber",
        (AudioTranscriber,),
        lambda app, folder: known(AudioTranscriber(app, models=[]), ALICE),
    ),
    Stage(
        "Idempotency",
        (Idempotency,),
        lambda app, folder: known(Idempotency(app, answers=_database(folder)), ALICE),
    ),
    Stage(
        "Idempotency-without-effect",
        (Idempotency,),
        lambda app, folder: known(Idempotency(app, answers=_database(folder)), ALICE),
        headers={"HTTP_IDEMPOTENCY_KEY": "k-1"},
    ),
    Stage("Policy", (Policy,), lambda app, folder: known(Policy(app), ALICE)),
    Stage(
        "Isolation",
        (Isolation,),
        lambda app, folder: known(Isolation(app, ledger=_database(folder)), ALICE),
    ),
    Stage(
        "Budget",
        (Budget,),
        lambda app, folder: known(Budget(app, holds=_database(folder)), BOUNDED),
        path="/v2/transcript/anything",
        takes=frozenset({"GET", "HEAD", "DELETE"}),
    ),
    Stage(
        "CostLogger",
        (CostLogger,),
        lambda app, folder: known(CostLogger(app, ledger=_database(folder)), ALICE),
    ),
    Stage(
        "CostLogger-with-callback",
        (CostLogger,),
        lambda app, folder: known(
            CostLogger(app, ledger=_database(folder), on_call=lambda record: None), ALICE
        ),
    ),
    Stage(
        "CostLogger-billable",
        (CostLogger,),
        lambda app, folder: known(CostLogger(app, ledger=_database(folder)), ALICE),
        method="PUT",
    ),
    Stage(
        "Budget-billable",
        (Budget,),
        lambda app, folder: known(Budget(app, holds=_database(folder)), BOUNDED),
        path="/v1/transcribe",
        mount="/sync.assemblyai",
        method="POST",
        takes=frozenset({"POST"}),
    ),
    Stage(
        "Guardrails",
        (Guardrails,),
        lambda app, folder: known(Guardrails(app, guards=[GUARD]), ALICE),
        takes=frozenset({"GET", "HEAD"}),
    ),
    Stage(
        "Guardrails-without-guards",
        (Guardrails,),
        lambda app, folder: known(Guardrails(app, guards=[]), ALICE),
    ),
    Stage(
        "CallLog",
        (CallLog,),
        lambda app, folder: known(CallLog(app, on_call=lambda record: None), ALICE),
    ),
    Stage(
        "LingeringClose",
        (LingeringClose,),
        lambda app, folder: known(LingeringClose(app), ALICE),
    ),
    Stage("CallLog-silent", (CallLog,), lambda app, folder: known(CallLog(app), ALICE)),
    Stage(
        "AssemblyAIMiddleware",
        (AssemblyAIMiddleware,),
        _whole,
        path="/other",
        mounted=False,
    ),
    *(
        Stage(
            f"all-by-hand-{method}",
            (),
            _all_by_hand,
            path=f"/sync.assemblyai{path}",
            method=method,
            takes=takes,
            mounted=False,
            headers={"HTTP_AUTHORIZATION": KEY},
        )
        for method, path, takes in (
            ("GET", "/v1/warm", frozenset({"GET", "HEAD"})),
            ("POST", "/v1/transcribe", frozenset({"POST"})),
        )
    ),
]


def _nobody(environ: Any, start_response: Any) -> Any:
    raise AssertionError("this call was meant for the other app")


def stage_classes() -> set[type]:
    """Return every class of the package's middleware that wraps an app."""
    found = set()
    package = assemblyai_mw.middleware
    for module in pkgutil.iter_modules(package.__path__, package.__name__ + "."):
        for _, thing in inspect.getmembers(importlib.import_module(module.name), inspect.isclass):
            if not thing.__module__.startswith(package.__name__) or thing.__name__[0] == "_":
                continue
            if list(inspect.signature(thing).parameters)[:1] == ["app"]:
                found.add(thing)
    return found
