"""OpenAITranslator: OpenAI's routes, answered by the LLM Gateway."""

from .stage import OpenAITranslator

__all__ = ["OpenAITranslator"]
