"""The stand-in's LLM models, as `GET /v1/models` of the gateway lists them.

Every item has the members that AssemblyAI's own SDK requires (assemblyai 1.8.2,
llm_gateway/v1/models.py). Prices are those of AssemblyAI's price list of 2026-05-29, in
dollars for a million tokens; the live list showed only `global` prices and the increase for a
region, as here. Context lengths, the rates of caches, and the price of `qwen3.5-4b-32k-fast`
are made up.
"""

from __future__ import annotations

from typing import Any

# id, creator, $ per million input and output tokens, in the EU too
_MODELS = (
    ("claude-opus-4-6", "anthropic", 5.0, 25.0, False),
    ("claude-sonnet-4-6", "anthropic", 3.0, 15.0, True),
    ("claude-sonnet-4-5-20250929", "anthropic", 3.0, 15.0, True),
    ("claude-haiku-4-5-20251001", "anthropic", 1.0, 5.0, True),
    ("gpt-5.2", "openai", 1.75, 14.0, False),
    ("gpt-5", "openai", 1.25, 10.0, False),
    ("gpt-5-mini", "openai", 0.25, 2.0, False),
    ("gpt-5-nano", "openai", 0.05, 0.4, False),
    ("gpt-4.1", "openai", 2.0, 8.0, False),
    ("gpt-oss-20b", "openai", 0.07, 0.3, False),
    ("gpt-oss-120b", "openai", 0.15, 0.6, False),
    ("gemini-2.5-pro", "google", 1.25, 10.0, True),
    ("gemini-2.5-flash", "google", 0.3, 2.5, True),
    ("gemini-2.5-flash-lite", "google", 0.1, 0.4, True),
    ("qwen3-32B", "alibaba", 0.15, 0.6, False),
    ("qwen3.5-4b-32k-fast", "alibaba", 0.05, 0.2, False),
    ("kimi-k2.5", "moonshotai", 0.6, 3.0, False),
)
_PARAMETERS = ["max_tokens", "temperature", "tools", "tool_choice", "reasoning"]
CONTEXT_LENGTH = 131_072
# Observed: 0.1 means ten percent.
REGIONAL_INCREASE = 0.1
# Parts of the input rate, by creator: the list names them as dollars.
_CACHES: dict[str, dict[str, float]] = {
    "anthropic": {
        "input_cache_read": 0.1,
        "input_cache_write": 1.25,
        "input_cache_write_1h": 2.0,
    },
    "openai": {"input_cache_read": 0.1},
}


def catalogue(region: str) -> dict[str, dict[str, Any]]:
    """Return the region's models by id."""
    return {
        name: _item(name, creator, prompt, completions, in_eu)
        for name, creator, prompt, completions, in_eu in _MODELS
        if in_eu or region != "eu"
    }


def _item(
    name: str, creator: str, prompt: float, completions: float, in_eu: bool
) -> dict[str, Any]:
    # Documented: gpt-oss models know no response_format; the live list gave all but
    # them the parameter `stream`.
    extra = [] if name.startswith("gpt-oss") else ["response_format", "stream"]
    parts = {} if name.startswith("gpt-oss") else _CACHES.get(creator, {})
    cache = {rate: round(prompt * part, 9) for rate, part in parts.items()}
    provider = {"id": creator, "name": creator.title()}
    return {
        "id": name,
        "name": name,
        "description": f"{name} at the stand-in",
        "default_parameters": {"temperature": 1.0, "top_p": None, "frequency_penalty": None},
        "supported_parameters": _PARAMETERS + extra,
        "top_provider": {
            "is_moderated": False,
            "context_length": CONTEXT_LENGTH,
            "max_completion_tokens": 32_768,
        },
        "context_length": CONTEXT_LENGTH,
        "pricing": {
            "global": {"prompt": prompt, "completions": completions, **cache},
            "regional_increase_percent": REGIONAL_INCREASE,
        },
        "creator": creator,
        "retirement_date": 0,
        "available_regions": ["us", "eu"] if in_eu else ["us"],
        "providers": [provider],
        "default_provider": provider,
    }
