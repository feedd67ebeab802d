"""The doors of other APIs: the setting `openai_bases`, and what it may not be."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ..errors import ConfigError
from ..routes import Door, route_for
from .checks import Node, url_path
from .values import ModelEntry, Upstream


def openai_bases(node: Node) -> tuple[str, ...]:
    """A list of paths of this app, such as `/v1`; an empty string is the root."""
    bases = [url_path(item) if item.value != "" else "" for item in node.items()]
    return tuple(dict.fromkeys(bases))


def leads_on(door: Door, models: Iterable[ModelEntry], upstreams: Mapping[str, Upstream]) -> bool:
    """Whether there is an upstream behind a door."""
    if door.service in ("api", "llm-gateway") and not any(models):
        # Both go by the names of model_list.
        return False
    if door.service == "llm-gateway":
        return True
    return any(route_for(at, to.base_url).service == door.service for at, to in upstreams.items())


def check_doors(doors: Iterable[str], prefixes: Iterable[str], root: Node) -> None:
    """Raise a `ConfigError` where a door lies below a native route: AssemblyAI owns those paths."""
    for prefix in prefixes:
        for door in doors:
            if f"{door}/".startswith(f"{prefix}/"):
                raise ConfigError(
                    f"{root.source}: general_settings.openai_bases: expected paths outside of the "
                    f"route {prefix}, got {door} below it"
                )
