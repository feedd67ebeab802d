"""What the LLM Gateway offers, as it last said: kept for a while, and for as long as it is down.

The list is volatile (models come and go within minutes) and public, so one copy serves
all callers of a process.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

logger = logging.getLogger("assemblyai_mw.openai")

MAX_MODELS = 5000


@dataclass(frozen=True, slots=True)
class GatewayModel:
    """A model as `GET /v1/models` lists it.

    Attributes:
        id: The gateway's id.
        owned_by: Who made the model.
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


class Catalogue:
    """The lists of several routes, each fetched when it is asked for and old.

    One caller fetches while the others are given the old list; where there is none yet,
    they wait for it.

    Args:
        fresh_s: Seconds for which a list is not fetched again.
        retry_s: Seconds to leave a route alone after a failure.
        clock: Seconds, monotonic.
    """

    def __init__(
        self,
        *,
        fresh_s: float = 300.0,
        retry_s: float = 10.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._fresh_s = fresh_s
        self._retry_s = retry_s
        self._clock = clock
        self._guard = threading.Lock()
        self._routes: dict[str, _Kept] = {}

    def known(self, prefix: str) -> Mapping[str, GatewayModel] | None:
        """Return the list as last fetched, of any age, without fetching; None if never."""
        kept = self._routes.get(prefix)
        return kept.models if kept is not None else None

    def models(
        self, prefix: str, fetch: Callable[[], Mapping[str, GatewayModel]]
    ) -> Mapping[str, GatewayModel] | None:
        """Return the list, by *fetch* where it is old; None if it could never be had.

        Whatever *fetch* raises is logged, and the old list goes on being served.
        """
        with self._guard:
            kept = self._routes.setdefault(prefix, _Kept())
        if self._clock() < kept.due or not kept.lock.acquire(blocking=kept.models is None):
            return kept.models
        try:
            if self._clock() >= kept.due:
                self._refresh(kept, prefix, fetch)
            return kept.models
        finally:
            kept.lock.release()

    def _refresh(
        self, kept: _Kept, prefix: str, fetch: Callable[[], Mapping[str, GatewayModel]]
    ) -> None:
        try:
            kept.models = fetch()
        except Exception as error:
            logger.warning("the list of models on %s cannot be had: %s", prefix, error)
            kept.due = self._clock() + self._retry_s
        else:
            kept.due = self._clock() + self._fresh_s


class _Kept:
    """One route's list, and until when it need not be fetched."""

    __slots__ = ("due", "lock", "models")

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.models: Mapping[str, GatewayModel] | None = None
        self.due = float("-inf")
