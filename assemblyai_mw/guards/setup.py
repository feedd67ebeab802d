"""The configured guards, imported and made."""

from __future__ import annotations

from typing import Any

from ..config import Config, GuardrailEntry
from ..config.dotted import imported
from ..errors import ConfigError
from .protocol import Guardrail


def guards_of(settings: Config) -> list[Guardrail]:
    """Return the configured guards, made and ready.

    Raises:
        ConfigError: One cannot be imported or made.
    """
    return [_guardrail(entry, settings.source) for entry in settings.guardrails]


def _guardrail(entry: GuardrailEntry, source: str) -> Guardrail:
    place = f"{source}: guardrails: {entry.name}"
    guard: Any = imported(entry.guard, place)
    is_made = not isinstance(guard, type) and (hasattr(guard, "before") or hasattr(guard, "after"))
    if is_made and entry.options:
        raise ConfigError(f"{place}: expected no options, since {entry.guard!r} is made already")
    try:
        if not is_made:
            guard = guard(**entry.options)
        return Guardrail(
            guard,
            name=entry.name,
            mode=entry.mode,
            on_error=entry.on_error,
            timeout_s=entry.timeout_s,
        )
    except ImportError as error:
        raise ConfigError(f"{place}: {entry.guard!r} needs {error.name}: install it") from error
    except (TypeError, ValueError) as error:
        raise ConfigError(f"{place}: {' '.join(str(error).split())}") from error
