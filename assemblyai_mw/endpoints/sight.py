"""What a host says of who may see the usage page. Types alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

# "all" or True; `{"teams": [...]}`, `{"keys": [...]}` or both; None or False: a key is asked for.
Seen = str | bool | Mapping[str, Any] | None
MaySeeUsage = Callable[[dict[str, Any]], Seen]
