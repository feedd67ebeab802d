"""completion(): the OpenAI-style call to the LLM Gateway, without any server.

    from assemblyai_mw import completion

    reply = completion("assemblyai/gpt-5-mini", [{"role": "user", "content": "Hello"}])
    print(reply.choices[0].message.content, reply.cost_usd)

The same translation as behind `/v1/chat/completions`, so a call can move between the
two without change. Made with `requests`, which is not the fastest, on purpose: proxies,
certificates and adapters are as everybody knows them.
"""

from .calls import DEFAULT_TIMEOUT_S, acompletion, completion
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
from .streams import AsyncCompletionStream, CompletionStream, Record

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
    "acompletion",
    "completion",
]
