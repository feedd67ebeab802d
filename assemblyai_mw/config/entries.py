"""The sections `routes`, `model_list` and `guardrails`."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

from ..errors import ConfigError
from ..routes import DEFAULT_BASES, Door, Route, Zone, doors_below, route_for, zone_named
from ..secret import Secret
from .checks import (
    Node,
    base_url,
    choice,
    dotted_path,
    from_environ,
    mapping,
    number,
    secret,
    section,
    setting,
    switch,
    text,
    url_path,
)
from .values import DEFAULT_ROUTES, LLM_ROUTES, GuardrailEntry, ModelEntry, Upstream

KEY_VARIABLE = "ASSEMBLYAI_API_KEY"
EU_KEY_VARIABLE = "ASSEMBLYAI_EU_API_KEY"


def read_routes(
    node: Node | None, bases: Iterable[str] = DEFAULT_BASES
) -> tuple[dict[str, str], dict[str, Door]]:
    """Return prefix -> base URL, and prefix -> door below each of *bases*."""
    routes = dict(DEFAULT_ROUTES)
    doors = doors_below(bases)
    mounted = dict(doors)
    for prefix, child in (node.members() if node is not None else {}).items():
        url_path(dataclasses.replace(child, value=prefix, variable=None))
        if prefix in doors:
            if child.value is not None:
                raise child.error("null (it leads where the native routes of its service do)")
            del mounted[prefix]
        elif child.value is None:
            if prefix not in routes:
                raise child.error("a URL (null removes a default route; this is not one)")
            del routes[prefix]
        else:
            routes[prefix] = base_url(child)
            zone = zone_named(prefix)
            if zone is not None and _is_outside(route_for(prefix, routes[prefix]), zone):
                raise child.error(_host_in(zone), "another region's")
    return routes, mounted


def _is_outside(route: Route, zone: Zone) -> bool:
    """Whether the upstream is a host of AssemblyAI's that is not in *zone* for certain."""
    return route.by_host and route.region != zone


def _host_in(zone: Zone) -> str:
    return "a host in the EU (....eu.assemblyai.com)" if zone == "eu" else "a host in the US"


def read_upstreams(
    routes: Mapping[str, str], models: tuple[ModelEntry, ...] | None, root: Node
) -> Mapping[str, Upstream]:
    """Give each route its account's key: by region from `model_list`, else the environment."""

    def account_key(model: str, variable: str) -> Secret | None:
        for entry in models or ():
            if entry.model == model and entry.api_key is not None:
                return entry.api_key
        found: Secret | None = from_environ(variable, secret, root.environ)
        return found

    us_key = account_key("assemblyai/*", KEY_VARIABLE)
    eu_key = account_key("eu.assemblyai/*", EU_KEY_VARIABLE) or us_key
    upstreams = {}
    for prefix, url in routes.items():
        region = route_for(prefix, url).region
        key = eu_key if region == "eu" else us_key
        if key is None:
            variable = f"{EU_KEY_VARIABLE} or {KEY_VARIABLE}" if region == "eu" else KEY_VARIABLE
            raise ConfigError(
                f"{root.source}: routes.{prefix}: expected an account's key in {variable} "
                f"or at {'eu.' if region == 'eu' else ''}assemblyai/* in model_list, got none"
            )
        upstreams[prefix] = Upstream(url, key, region)
    return MappingProxyType(upstreams)


def _model_name(node: Node) -> str:
    if text(node).count("*") > 1:
        raise node.error("at most one *", "more")
    return text(node)


def _model(node: Node) -> str:
    provider, slash, model = _model_name(node).partition("/")
    if provider not in ("assemblyai", "eu.assemblyai") or not slash or not model:
        raise node.error("assemblyai/MODEL or eu.assemblyai/MODEL", "another string")
    return text(node)


@dataclass(frozen=True, slots=True)
class _LitellmParams:
    model: str = setting("", _model)
    api_key: Secret | None = setting(None, secret)
    api_base: str | None = setting(None, base_url)


@dataclass(frozen=True, slots=True)
class _ModelItem:
    model_name: str = setting("", _model_name)
    litellm_params: _LitellmParams = setting(
        _LitellmParams(), lambda node: section(_LitellmParams, node)
    )
    # LiteLLM's place for notes about a model; nothing here reads it.
    model_info: Mapping[str, Any] | None = setting(None, mapping)


def read_models(node: Node | None) -> tuple[ModelEntry, ...] | None:
    """Return `model_list`; None where it is left out."""
    if node is None or node.value is None:
        return None
    entries = []
    for item in node.items():
        entry = section(_ModelItem, item)
        params = entry.litellm_params
        name, model = entry.model_name, params.model
        if not name:
            raise item.child("model_name", None).error("the name that callers ask for")
        if not model:
            raise item.child("litellm_params.model", None).error("assemblyai/MODEL")
        if "*" in model and "*" not in name:
            raise item.child("model_name", name).error("a * as in litellm_params.model", "none")
        entries.append(ModelEntry(name, model, params.api_key, params.api_base))
    return tuple(entries)


def check_models(
    models: Iterable[ModelEntry], upstreams: Mapping[str, Upstream], root: Node
) -> None:
    for index, entry in enumerate(models):
        place = f"{root.source}: model_list[{index}].litellm_params.api_base"
        route = LLM_ROUTES[entry.region]
        if entry.api_base is None and route not in upstreams:
            raise ConfigError(f"{place}: expected a URL, for the route {route} is removed")
        if entry.api_base is None:
            place = f"{root.source}: routes.{route}"
        leads = route_for(route, entry.api_base or upstreams[route].base_url)
        if _is_outside(leads, entry.region):
            raise ConfigError(f"{place}: expected {_host_in(entry.region)} for {entry.model}")
        if leads.service != "llm-gateway":
            raise ConfigError(f"{place}: expected a host of the LLM Gateway for {entry.model}")


def _modes(node: Node) -> tuple[str, ...]:
    one = choice("pre_call", "post_call", "logging_only")
    nodes = node.items() if isinstance(node.value, list | tuple) else [node]
    modes = tuple(dict.fromkeys(one(item) for item in nodes))
    if not modes or ("logging_only" in modes and len(modes) > 1):
        raise node.error("pre_call, post_call or both, or logging_only alone", "another list")
    return modes


# LiteLLM's short names of guards, and ours.
GUARDS = {
    "feature_policy": "assemblyai_mw.guards.feature_policy:FeaturePolicyGuard",
    "pattern": "assemblyai_mw.guards.pattern:PatternGuard",
    "presidio": "assemblyai_mw.guards.presidio:PresidioGuard",
}


def _guard(node: Node) -> str:
    return (
        GUARDS.get(node.value) or dotted_path(node) if isinstance(node.value, str) else text(node)
    )


def _default_on(node: Node) -> bool:
    if not switch(node):
        raise node.error("on (a guard here is asked about every call)", "off")
    return True


@dataclass(frozen=True, slots=True)
class _GuardParams:
    guardrail: str = setting("", _guard)
    mode: tuple[str, ...] = setting(("pre_call", "post_call"), _modes)
    default_on: bool = setting(True, _default_on)
    on_error: Literal["open", "closed"] = setting("closed", choice("open", "closed"))
    timeout_s: float | None = setting(None, number(unit="seconds"))
    options: Mapping[str, Any] | None = setting(None, mapping, show=False)


@dataclass(frozen=True, slots=True)
class _GuardItem:
    guardrail_name: str = setting("", text)
    litellm_params: _GuardParams = setting(_GuardParams(), lambda node: section(_GuardParams, node))


def read_guardrails(node: Node) -> tuple[GuardrailEntry, ...]:
    guards: dict[str, GuardrailEntry] = {}
    for item in node.items():
        entry = section(_GuardItem, item)
        params, name = entry.litellm_params, entry.guardrail_name
        if not name:
            raise item.child("guardrail_name", None).error("the guard's name")
        if not params.guardrail:
            raise item.child("litellm_params.guardrail", None).error("a dotted path")
        if name in guards:
            raise item.child("guardrail_name", name).error("a name of its own", "one twice")
        guards[name] = GuardrailEntry(
            name,
            params.guardrail,
            params.mode,
            params.on_error,
            params.timeout_s,
            params.options or {},
        )
    return tuple(guards.values())
