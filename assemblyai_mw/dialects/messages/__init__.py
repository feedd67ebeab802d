"""Anthropic's Messages in, OpenAI's chats out, and back again. Pure.

- `parameters`: what becomes of each request parameter, in one table.
- `request`: a request as a chat; `content`: its messages; `tools`: its tools.
- `reply`: a completion as a message.
- `events`: chunks as the events of a stream.
- `exchange`: all of it, as `dialects.chat` asks for it.

Anthropic's side is its API reference for messages as the `anthropic` package types it.
"""

from .exchange import MessagesExchange
from .parameters import PARAMETERS

__all__ = ["PARAMETERS", "MessagesExchange"]
