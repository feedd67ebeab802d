"""The model list, and upstreams for its entries with their own address or key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...config import LLM_ROUTES, Config, Upstream
from ...dialects.chat import Model
from ...errors import ConfigError

if TYPE_CHECKING:
    pass


def deployments_of(settings: Config) -> tuple[list[Model], dict[str, Upstream]]:
    """Return the model list, and an upstream for each address or key that it sets.

    Only the translator can reach these upstreams. An entry without its own address is left out if
    its region's route was removed.

    Raises:
        ConfigError: An entry with an address has no key.
    """
    models: list[Model] = []
    upstreams: dict[str, Upstream] = {}
    for entry in settings.models:
        prefix = LLM_ROUTES[entry.region]
        route = settings.upstreams.get(prefix)
        key = entry.api_key or (route.api_key if route else None)
        if entry.api_base is None and route is None:
            continue
        if key is None:
            raise ConfigError(
                f"{settings.source}: model_list: {entry.model_name}: expected api_key, "
                f"since the route {prefix} is removed"
            )
        base = entry.api_base.removesuffix("/v1") if entry.api_base else None
        upstream = Upstream(base or (route.base_url if route else ""), key, entry.region)
        own = None
        if upstream != route:
            own = next((name for name, known in upstreams.items() if known == upstream), None)
            if own is None:
                own = f"{'/eu.' if entry.region == 'eu' else '/'}model-{len(upstreams) + 1}"
                own += ".llm-gateway.assemblyai"
                upstreams[own] = upstream
        models.append(Model(entry.model_name, entry.model, own))
    return models, upstreams
