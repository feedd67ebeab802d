"""Model names: the names that callers use, and the gateway's models behind them.

The list has LiteLLM's shape and meaning (docs.litellm.ai, "Wildcard routing"): exact
names before patterns, the longest pattern first, `*` in `model` stands for what `*` in
`model_name` stood for, and several entries of one name share its calls.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ...errors import RequestRefused

Region = Literal["us", "eu"]

# The native routes of the LLM Gateway, by region.
GATEWAY_PREFIXES: dict[Region, str] = {
    "us": "/llm-gateway.assemblyai",
    "eu": "/eu.llm-gateway.assemblyai",
}
MAX_NAME_CHARS = 200
_NAME = re.compile(r"[A-Za-z0-9._:/-]+")
_DOTS_OR_EMPTY = re.compile(r"(?:^|/)(?:\.{0,2})(?:/|$)")
_PROVIDER = re.compile(r"(eu\.)?assemblyai/(.+)")


def is_name(name: str) -> bool:
    """Whether *name* may be a model's: plain characters, no empty or dot segments."""
    return (
        len(name) <= MAX_NAME_CHARS
        and _NAME.fullmatch(name) is not None
        and _DOTS_OR_EMPTY.search(name) is None
    )


@dataclass(frozen=True, slots=True)
class Model:
    """One entry of the model list.

    Attributes:
        model_name: Name in requests: `assemblyai/*`, `fast`.
        model: The model that answers: `assemblyai/MODEL`, or `eu.assemblyai/MODEL` for the EU.
        prefix: The native route that leads to it; None for its region's own.

    Raises:
        ValueError: A name is no model's name, or holds more than one `*`.
    """

    model_name: str
    model: str
    prefix: str | None = None

    def __post_init__(self) -> None:
        for field, value in (("model_name", self.model_name), ("model", self.model)):
            if not is_name(value.replace("*", "x", 1)):
                raise ValueError(f"{field}: expected a model's name, with at most one *")
        if not _PROVIDER.fullmatch(self.model):
            raise ValueError("model: expected assemblyai/MODEL or eu.assemblyai/MODEL")
        if "*" in self.model and "*" not in self.model_name:
            raise ValueError("model: a * here needs a * in model_name")

    @property
    def region(self) -> Region:
        """Where it is answered."""
        return "eu" if self.model.startswith("eu.") else "us"

    @property
    def route(self) -> str:
        """The native prefix its calls take."""
        return self.prefix or GATEWAY_PREFIXES[self.region]

    @classmethod
    def of(cls, entry: Any) -> Model:
        """Return *entry* as a Model: a Model, a LiteLLM mapping, or what has its attributes.

        An `api_key` in a mapping is not read: a configuration's list can be passed unchanged, and
        the forwarder sends its own key.

        Raises:
            ValueError: It has another shape, or an address of its own, which belongs to
                the route that `prefix` names.
        """
        if isinstance(entry, cls):
            return entry
        if isinstance(entry, Mapping):
            params = entry.get("litellm_params")
            if not isinstance(params, Mapping):
                raise ValueError("litellm_params: expected a mapping with model")
            if params.get("api_base"):
                raise ValueError("litellm_params: api_base belongs to the forwarder")
            return cls(
                str(entry.get("model_name", "")),
                str(params.get("model", "")),
                entry.get("prefix"),
            )
        name, model = getattr(entry, "model_name", None), getattr(entry, "model", None)
        if name is None or model is None:
            raise ValueError("models: expected Model(model_name, model)")
        return cls(str(name), str(model), getattr(entry, "prefix", None))


@dataclass(frozen=True, slots=True)
class Target:
    """The model behind a name.

    Attributes:
        name: As the caller spelled it.
        id: The gateway's id.
        region: Where it is answered.
        prefix: The native route that leads there.
    """

    name: str
    id: str
    region: Region
    prefix: str


DEFAULT_MODELS = (Model("assemblyai/*", "assemblyai/*"),)


def spelled(region: Region, model_id: str) -> str:
    """Return a gateway id as callers spell it: `assemblyai/ID`, `eu.assemblyai/ID`."""
    return f"{'eu.' if region == 'eu' else ''}assemblyai/{model_id}"


def not_found(name: str, param: str = "model", hint: str | None = None) -> RequestRefused:
    """Return the 404 for a model that callers may not use; *hint* is a name that they may mean."""
    shown = f" `{name}`" if is_name(name) else ""
    meant = f" Did you mean `{hint}`?" if hint else ""
    return RequestRefused(
        f"The model{shown} does not exist or you do not have access to it.{meant}",
        status=404,
        code="model_not_found",
        param=param,
    )


class ModelList:
    """The entries, ready to look names up.

    `assemblyai/*` without a route of its own also answers for `eu.assemblyai/*`, in the
    EU, unless the list says something about `eu.` itself.
    """

    def __init__(self, models: Iterable[Any] = DEFAULT_MODELS) -> None:
        entries = [Model.of(entry) for entry in models]
        if not any(entry.model_name.startswith("eu.assemblyai/") for entry in entries) and any(
            (entry.model_name, entry.model, entry.route)
            == ("assemblyai/*", "assemblyai/*", GATEWAY_PREFIXES["us"])
            for entry in entries
        ):
            entries.append(Model("eu.assemblyai/*", "eu.assemblyai/*"))
        self.entries = tuple(entries)
        self._exact: dict[str, list[Model]] = {}
        patterns: dict[str, list[Model]] = {}
        for entry in entries:
            into = patterns if "*" in entry.model_name else self._exact
            into.setdefault(entry.model_name, []).append(entry)
        self._patterns = sorted(patterns.items(), key=lambda item: -len(item[0]))

    def candidates(self, name: str) -> tuple[Target, ...]:
        """Return the models for *name*, in the list's order; empty for an unknown name."""
        if not is_name(name):
            return ()
        exact = self._exact.get(name)
        if exact is not None:
            return tuple(_target(entry, name, "") for entry in exact)
        for pattern, entries in self._patterns:
            head, _, tail = pattern.partition("*")
            star = name[len(head) : len(name) - len(tail)]
            if star and name.startswith(head) and name.endswith(tail):
                return tuple(_target(entry, name, star) for entry in entries)
        return ()

    def choose(self, name: str, region: Region | None, turn: int) -> Target | None:
        """Return the model for one call, or None for an unknown name.

        Candidates take turns. If the name leaves a choice of regions, those of *region* do, the
        caller's own.
        """
        found = self.candidates(name)
        found = tuple(item for item in found if item.region == region) or found
        return found[turn % len(found)] if found else None

    def hint(self, name: str, region: Region | None) -> str | None:
        """Return the name of a model that was asked for by its bare id, as callers spell it.

        *region* is the caller's own, where its key has one.
        """
        full = spelled(region or "us", name)
        return full if "/" not in name and self.candidates(full) else None

    def listed(self, entry: Model, ids: Iterable[str]) -> list[Target]:
        """Return the names under which *entry* offers the gateway's *ids*.

        An exact entry offers its own name, whatever the gateway lists; a pattern that
        leads to one model offers names without end, and lists none.
        """
        if "*" not in entry.model_name:
            return [_target(entry, entry.model_name, "")]
        if "*" not in entry.model:
            return []
        head, _, tail = entry.model.partition("*")
        found = []
        for model_id in ids:
            full = spelled(entry.region, model_id)
            star = full[len(head) : len(full) - len(tail)]
            if not (star and full.startswith(head) and full.endswith(tail)):
                continue
            name = entry.model_name.replace("*", star)
            target = _target(entry, name, star)
            if target in self.candidates(name):
                found.append(target)
        return found


def _target(entry: Model, name: str, star: str) -> Target:
    full = entry.model.replace("*", star)
    match = _PROVIDER.fullmatch(full)
    assert match is not None  # Model checked it
    return Target(name, match[2], entry.region, entry.route)
