"""OpenAI's chat completions in, the LLM Gateway's out, and back again. Pure.

- `parameters`: what becomes of each request parameter, in one table.
- `models`: names as callers spell them, and the gateway's models behind them.
- `request`, `reply`, `stream`, `errors`: the four kinds of JSON that travel.
- `exchange`: what another API is translated from and to, between it and a chat.
- `form`, `choice_state`: what of a reply is passed on where the gateway has no setting for it.

OpenAI's side is its API reference for chat completions as `openai-python` types it;
the gateway's is llm-gateway.yml of AssemblyAI's API specification and its pages on
tool calling, structured outputs, streaming and fallbacks.
"""

from .errors import ApiError, BadReply, to_error
from .exchange import ChatExchange, ChunkWriter, EventWriter, Exchange
from .form import ReplyForm
from .models import Model, ModelList, Target
from .parameters import PARAMETERS, Parameter
from .reply import to_completion, to_usage
from .request import ChatRequest, to_gateway
from .stream import ChunkStream, completion_as_events

__all__ = [
    "PARAMETERS",
    "ApiError",
    "BadReply",
    "ChatExchange",
    "ChatRequest",
    "ChunkStream",
    "ChunkWriter",
    "EventWriter",
    "Exchange",
    "Model",
    "ModelList",
    "Parameter",
    "ReplyForm",
    "Target",
    "completion_as_events",
    "to_completion",
    "to_error",
    "to_gateway",
    "to_usage",
]
