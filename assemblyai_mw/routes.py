"""AssemblyAI's hosts and zones, and the prefixes that lead to them. A new host begins here."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal
from urllib.parse import urlsplit

# The zones in which data stays. Each account, transcript and model is in one of them.
Zone = Literal["us", "eu"]
# `global` is AssemblyAI's routing to the nearest region: Oregon, Virginia or Ireland.
Region = Literal["us", "eu", "global"]


Dialect = Literal["assemblyai", "openai", "anthropic"]


@dataclass(frozen=True, slots=True)
class Door:
    """A path of another API, below each base, whose calls are translated to AssemblyAI's.

    Attributes:
        name: The path below a base: `chat/completions`.
        service: The service that answers.
        dialect: The API that its clients speak, errors included.
    """

    name: str
    service: str
    dialect: Dialect


# A new door begins here; `OpenAITranslator` and `AudioTranscriber` have a handler for each.
CHAT_DOOR = Door("chat/completions", "llm-gateway", "openai")
MODELS_DOOR = Door("models", "llm-gateway", "openai")
SPEECH_DOOR = Door("audio/speech", "tts", "openai")
TRANSCRIPTIONS_DOOR = Door("audio/transcriptions", "api", "openai")
TRANSLATIONS_DOOR = Door("audio/translations", "api", "openai")
DOORS = (CHAT_DOOR, MODELS_DOOR, SPEECH_DOOR, TRANSCRIPTIONS_DOOR, TRANSLATIONS_DOOR)
DEFAULT_BASES = ("/v1",)


def doors_below(bases: Iterable[str] = DEFAULT_BASES) -> dict[str, Door]:
    """Return the doors below each of *bases* by their paths; `""` is the root."""
    return {f"{base}/{door.name}": door for base in bases for door in DOORS}


_NAMED = {door.name: door for door in DOORS}
_V1 = re.compile(rf"(?:^|/)v1(?:/(?P<door>{'|'.join(map(re.escape, _NAMED))}))?$")


# AssemblyAI's other hosts (docs/api-reference), whose prefix is just their name.
_HOSTS = frozenset({"llm-gateway", "streaming", "sync", "dictation", "tts", "agents", "token"})
# The hosts that are in the US if their name has no zone (docs, endpoints-and-data-zones of
# streaming, sync-stt and llm-gateway). No source says so of other hosts.
_AT_HOME = frozenset({"api", "llm-gateway"})
_DOMAIN = ".assemblyai.com"
_ZONES: Mapping[str, Zone] = {"us": "us", "eu": "eu"}


_GATEWAYS: Mapping[str, Dialect] = {
    "/v1/chat/completions": "openai",
    "/v1/models": "openai",
    "/v1/understanding": "assemblyai",
}


@dataclass(frozen=True, slots=True)
class Route:
    """A prefix and its upstream.

    Attributes:
        prefix: As mounted and as written to the ledger: `/eu.assemblyai`.
        service: The upstream host's first name: `api`, `llm-gateway`,
            `streaming`, `sync`, or whatever a configured prefix says.
        region: `us`, `eu` or `global`.
        dialect: The shape of the errors this route's clients understand.
        by_host: The upstream's host sets service and region; no path changes them.
        door: The door by which its calls come; None for native calls.
    """

    prefix: str
    service: str
    region: Region
    dialect: Dialect = "assemblyai"
    by_host: bool = False
    door: Door | None = None


def door_route(prefix: str, door: Door) -> Route:
    """Return the `Route` of a door until its handler knows where the call goes."""
    return Route(prefix, door.service, "us", door.dialect, door=door)


def route_for(prefix: str, base_url: str | None = None) -> Route:
    """Return the `Route` of a prefix; a host of AssemblyAI in *base_url* decides.

    For other hosts the prefix decides, by the rule *region first, then host*.
    `/eu.llm-gateway.assemblyai` is the LLM Gateway in the EU; `/v1/...` speaks OpenAI's dialect. A
    prefix with an unknown end is the API, so that cost and ownership of transcripts do not depend
    on a name. Segments before the last are the host's mount point and can name only the EU.
    """
    known = _of_host(base_url) if base_url is not None else None
    if known is not None:
        service, zone = known
        return Route(prefix, service, zone or _without_zone(service), by_host=True)
    path = prefix.strip("/")
    segments = path.split("/")
    zone = zone_named(prefix)
    name = re.sub("^(?:us|eu)[.]", "", segments[-1])
    if name == "assemblyai" or name.endswith(".assemblyai"):
        # `/dictation.assemblyai`, and the private `/model-1.llm-gateway.assemblyai`.
        service = name.removesuffix("assemblyai").rstrip(".").split(".")[-1] or "api"
        return Route(prefix, service, zone or _without_zone(service))
    spelled = _V1.search(path)
    if spelled is not None and spelled["door"] is not None:
        return door_route(prefix, _NAMED[spelled["door"]])
    if spelled is not None or segments[0] == "v1":
        return Route(prefix, "llm-gateway", "us", "openai")
    service = name if name in _HOSTS else "api"
    return Route(prefix, service, zone or _without_zone(service))


def zone_named(prefix: str) -> Zone | None:
    """Return the zone that a prefix claims by `eu.` or `us.`, None where it claims none."""
    segments = prefix.strip("/").split("/")
    if any(segment.startswith("eu.") for segment in segments):
        return "eu"
    return "us" if segments[-1].startswith("us.") else None


def by_path(route: Route, path: str) -> Route:
    """Return *route*, moved to the LLM Gateway where its prefix names no host and its path does.

    A stage that wraps an app without a prefix must also recognise a chat and its price.
    """
    if (
        route.service != "api"
        or route.by_host
        or path not in _GATEWAYS
        or route.prefix.endswith("assemblyai")
    ):
        return route
    return replace(route, service="llm-gateway", dialect=_GATEWAYS[path])


def _of_host(base_url: str) -> tuple[str, Zone | None] | None:
    """Return service and zone of AssemblyAI's host; None for any other host.

    AssemblyAI's hosts are `NAME.assemblyai.com` and `NAME.ZONE.assemblyai.com`; any other name is
    an unknown service.
    """
    host = f".{urlsplit(base_url).hostname or ''}".removesuffix(".")
    if not host.endswith(_DOMAIN):
        return None
    name = host.removesuffix(_DOMAIN)[1:]
    service, dot, label = name.rpartition(".")
    if dot and label in _ZONES:
        return service, _ZONES[label]
    return name or "assemblyai.com", None


def _without_zone(service: str) -> Region:
    return "us" if service in _AT_HOME else "global"
