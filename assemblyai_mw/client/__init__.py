"""completion(): the OpenAI-style call to the LLM Gateway, without any server.

    from assemblyai_mw import completion

    reply = completion("assemblyai/gpt-5-mini", [{"role": "user", "content": "Hello"}])
    print(reply.choices[0].message.content, reply.cost_usd)

It uses the same translation as `/v1/chat/completions`, so a call can move between the two without
change. It uses `requests` on purpose, although faster clients exist: proxies, certificates and
adapters are those of the `requests.Session` that a call is given.
"""

from .calls import acompletion, completion
from .errors import (
    APIConnectionError,
    APIError,
    APITimeoutError,
    AuthenticationError,
    BadRequestError,
    InternalServerError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
)
from .keywords import DEFAULT_TIMEOUT_S
from .records import Record, Reply
from .streams import AsyncCompletionStream, CompletionStream

__all__ = [
    "DEFAULT_TIMEOUT_S",
    "APIConnectionError",
    "APIError",
    "APITimeoutError",
    "AsyncCompletionStream",
    "AuthenticationError",
    "BadRequestError",
    "CompletionStream",
    "InternalServerError",
    "NotFoundError",
    "PermissionDeniedError",
    "RateLimitError",
    "Record",
    "Reply",
    "acompletion",
    "completion",
]
