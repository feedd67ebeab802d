"""AssemblyAI behind any WSGI app, by virtual key, in its own format, with its exact cost.

The way of a request, in and back out:

    host server (Gunicorn, Waitress, mod_wsgi, WebTest, ...)
      PrefixRouter              /assemblyai/* and similar prefixes; all else is the host app's
        LingeringClose          a client whose upload is refused learns why
        CallLog                 one log line a call
          KeyAuth               whose call is this?     401 in the dialect of the route
            RateLimit           too fast?               429 and retry-after
              OpenAITranslator  on /v1/* only: OpenAI's JSON <-> the LLM Gateway's
                Guardrails      may this be said?       the host's own guards, before and after
                  Policy        may this key do that?   403
                    Isolation   is this id theirs?      404, as for an unknown id
                      Budget    may they spend this?    429: spent, held, needed, limit
                        CostLogger  what did it cost?   the ledger's row, callbacks
                          UpstreamForwarder             bytes out, bytes back, streamed

Each stage is plain WSGI, `Stage(app, *, options)`, and works alone around any app;
`AssemblyAIMiddleware` only composes them. `Cors` stands around `CallLog` where the configuration
lists origins whose pages may call; `AudioTranscriber`, for OpenAI's speech to text, stands within
`OpenAITranslator`. They share the facts of a request in one `Call`;
the `call` module lists the writers and readers of its fields.
"""

from typing import TYPE_CHECKING

from .billing.price_book import PriceBook
from .call import Call, Caller, Route
from .endpoints.key_me import SelfService
from .errors import ConfigError, MiddlewareError
from .middleware.auth import KeyAuth
from .middleware.budget import Budget
from .middleware.cors import Cors
from .middleware.cost import CostLogger
from .middleware.forward import UpstreamForwarder
from .middleware.isolation import Isolation
from .middleware.lingering import LingeringClose
from .middleware.log import CallLog
from .middleware.openai import OpenAITranslator
from .middleware.policy import Policy
from .middleware.rate_limit import RateLimit
from .middleware.router import PrefixRouter
from .stack import AssemblyAIMiddleware
from .telemetry.record import CallRecord
from .transport import RequestsTransport, SocketTransport, Timeouts

if TYPE_CHECKING:
    from .client import acompletion, completion
    from .middleware.guardrails import Guardrails
    from .store import Database, Holds, Keys, Ledger, SoftBudget

__version__ = "0.1.0"

__all__ = [
    "AssemblyAIMiddleware",
    "Budget",
    "Call",
    "CallLog",
    "CallRecord",
    "Caller",
    "ConfigError",
    "Cors",
    "CostLogger",
    "Database",
    "Guardrails",
    "Holds",
    "Isolation",
    "KeyAuth",
    "Keys",
    "Ledger",
    "LingeringClose",
    "MiddlewareError",
    "OpenAITranslator",
    "Policy",
    "PrefixRouter",
    "PriceBook",
    "RateLimit",
    "RequestsTransport",
    "Route",
    "SelfService",
    "SocketTransport",
    "SoftBudget",
    "Timeouts",
    "UpstreamForwarder",
    "acompletion",
    "completion",
]

# These bring SQLAlchemy, requests or the guards along, for which a wrapped app need not wait.
_LATE = {
    **dict.fromkeys(("Database", "Holds", "Keys", "Ledger", "SoftBudget"), ".store"),
    **dict.fromkeys(("acompletion", "completion"), ".client"),
    "Guardrails": ".middleware.guardrails",
}


def __getattr__(name: str) -> object:
    if name not in _LATE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(_LATE[name], __name__), name)
    globals()[name] = value
    return value
