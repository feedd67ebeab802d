"""Cache of the LLM Gateway's model list; it outlasts failures of the gateway.

The list is volatile (models come and go within minutes) and public, so one copy serves
all callers of a process.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from ...call import CALL_KEY, Call, Caller, Route, new_id
from ...call.inner import native
from ...dialects.chat import Model, Target
from ...dialects.chat.errors import parsed
from ...dialects.chat.gateway_models import GatewayModel, read_models
from ...dialects.chat.gateway_reply import read_body_of
from ...errors import UpstreamError
from ...http.wsgi import Reply

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

MODELS = "/v1/models"
MAX_LIST_BYTES = 8 << 20

logger = logging.getLogger("assemblyai_mw.openai")


class Catalogue:
    """The lists of several routes; each is fetched when needed and stale.

    One caller fetches while the others get the old list. If there is none yet, they wait.

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
        """Return the list, fetched if it is stale; None if no fetch has succeeded.

        Exceptions of *fetch* are logged, and the old list stays in use.
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
            logger.warning("the list of models on %s cannot be fetched: %s", prefix, error)
            kept.due = self._clock() + self._retry_s
        else:
            kept.due = self._clock() + self._fresh_s


class _Kept:
    """One route's list, and the time until which it is fresh."""

    __slots__ = ("due", "lock", "models")

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.models: Mapping[str, GatewayModel] | None = None
        self.due = float("-inf")


def fetch(
    app: WSGIApplication, call: Call, environ: WSGIEnvironment, mount: str, at: Model | Target
) -> Mapping[str, GatewayModel]:
    """Fetch the gateway's models on the operator's behalf: the list is for all callers.

    Raises:
        UpstreamError, ValueError: The fetch failed, or its reply is no list.
    """
    prefix = at.route if isinstance(at, Model) else at.prefix
    route = Route(prefix, "llm-gateway", at.region, "openai")
    caller = call.caller and Caller("models", master=True)
    own = Call(new_id(), time.time(), route, "GET", MODELS, caller=caller)
    inner = native(environ, mount, route, "GET", MODELS, **{CALL_KEY: own})
    # What asked first does not ask for all.
    inner.pop("HTTP_USER_AGENT", None)
    reply = Reply(app, inner)
    try:
        if reply.status_code != 200:
            raise UpstreamError(f"status {reply.status_code}")
        return read_models(parsed(read_body_of(reply, MAX_LIST_BYTES)))
    finally:
        reply.close()
