"""AssemblyAI's hosts and zones, and the prefixes that lead to them. A new host begins here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    pass


Region = Literal["us", "eu"]


Dialect = Literal["assemblyai", "openai"]


_OPENAI = re.compile(r"(?:^|/)v1(?:/chat/completions|/models)?$")


# AssemblyAI's other hosts (docs/api-reference), where a prefix is no more than their name.
_HOSTS = frozenset({"llm-gateway", "streaming", "sync", "dictation", "tts"})


_GATEWAYS: Mapping[str, Dialect] = {
    "/v1/chat/completions": "openai",
    "/v1/models": "openai",
    "/v1/understanding": "assemblyai",
}


@dataclass(frozen=True, slots=True)
class Route:
    """Where a prefix leads.

    Attributes:
        prefix: As mounted and as written to the ledger: `/eu.assemblyai`.
        service: The upstream host's first name: `api`, `llm-gateway`,
            `streaming`, `sync`, or whatever a configured prefix says.
        region: `us` or `eu`.
        dialect: The shape of the errors this route's clients understand.
    """

    prefix: str
    service: str
    region: Region
    dialect: Dialect = "assemblyai"


def route_for(prefix: str) -> Route:
    """Return the `Route` that a prefix names, by the rule *region first, then host*.

    `/eu.llm-gateway.assemblyai` is the LLM Gateway in the EU; `/v1/...` speaks
    OpenAI's dialect; a prefix that ends in nothing known is the API: what its host's
    transcripts cost and whose they are must not hang on a name. Segments before the
    last are a mount point of the host's and name nothing but the EU.
    """
    path = prefix.strip("/")
    segments = path.split("/")
    name = segments[-1]
    region: Region = "eu" if any(part.startswith("eu.") for part in segments) else "us"
    if name == "assemblyai" or name.endswith(".assemblyai"):
        # `/dictation.assemblyai`, and the private `/model-1.llm-gateway.assemblyai`.
        service = name.removesuffix("assemblyai").removeprefix("eu.").rstrip(".").split(".")[-1]
        return Route(prefix, service or "api", region)
    if segments[0] == "v1" or _OPENAI.search(path):
        return Route(prefix, "llm-gateway", "us", "openai")
    name = name.removeprefix("eu.")
    return Route(prefix, name if name in _HOSTS else "api", region)


def by_path(route: Route, path: str) -> Route:
    """Return *route*, moved to the LLM Gateway where its prefix names no host and its path does.

    A stage alone around an app, with no prefix, must know a chat and its price as well.
    """
    if route.service != "api" or path not in _GATEWAYS or route.prefix.endswith("assemblyai"):
        return route
    return replace(route, service="llm-gateway", dialect=_GATEWAYS[path])
