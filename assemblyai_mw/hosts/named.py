"""The setting of a host in which a configuration stands, for the errors about it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from ..config import NamedConfig
from ..errors import ConfigError

Source = str | os.PathLike[str] | Mapping[str, Any] | None


def named(config: Any, setting: str) -> Source:
    """Return *config*, the value of *setting*; errors about a mapping then name the setting.

    Raises:
        ConfigError: It is neither a path nor a mapping nor None.
    """
    if isinstance(config, Mapping):
        return NamedConfig(config, setting)
    if config is None or isinstance(config, str | os.PathLike):
        return config
    raise ConfigError(f"{setting}: expected a YAML file's path, a mapping or None")
