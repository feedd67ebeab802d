"""The LLM Gateway's list of models, `GET /v1/models`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

MAX_MODELS = 5000


@dataclass(frozen=True, slots=True)
class GatewayModel:
    """A model as `GET /v1/models` lists it.

    Attributes:
        id: The gateway's id.
        owned_by: The model's maker.
        created: Unix seconds; 0 where the gateway does not say.
        supported: Parameters the model takes; None where the gateway does not say.
    """

    id: str
    owned_by: str
    created: int
    supported: frozenset[str] | None

    @property
    def cannot_stream(self) -> bool:
        """The gateway lists the model's parameters, and `stream` is not among them."""
        return self.supported is not None and "stream" not in self.supported


def read_models(payload: Any) -> dict[str, GatewayModel]:
    """Return the models of a `GET /v1/models` reply, by id.

    Raises:
        ValueError: It is no such list.
    """
    items = payload.get("data") if isinstance(payload, dict) else None
    if not isinstance(items, list):
        raise ValueError("the reply has no list of models")
    models = {}
    for item in items[:MAX_MODELS]:
        model_id = item.get("id") if isinstance(item, dict) else None
        if not isinstance(model_id, str) or not model_id:
            continue
        creator, created = item.get("creator"), item.get("created")
        supported = item.get("supported_parameters")
        models[model_id] = GatewayModel(
            model_id,
            creator if isinstance(creator, str) and creator else "assemblyai",
            created if isinstance(created, int) and not isinstance(created, bool) else 0,
            # The gateway writes an unknown list as null or as an empty one.
            frozenset(name for name in supported if isinstance(name, str))
            if isinstance(supported, list) and supported
            else None,
        )
    return models
