"""OpenAI's Responses API in and out, over a chat: stateless. Pure.

- `parameters`: what becomes of each request parameter, in one table.
- `items`, `tools`: the input, the tools and the form of the text, as those of a chat.
- `request`: a request as a chat, and what the reply repeats of it.
- `reply`, `stream`: a chat's completion as a `response`, its chunks as events.
- `exchange`: all of it, for one request.

OpenAI's side is its API reference for responses and their streaming events, as `openai-python`
types it.
"""

from .exchange import ResponsesExchange
from .parameters import PARAMETERS

__all__ = ["PARAMETERS", "ResponsesExchange"]
