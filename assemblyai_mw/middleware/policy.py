"""Policy: may this key ask for that? Regions, routes, models, features, sizes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from ..billing.decisive import Billable
from ..billing.operations import UNDERSTANDING, Operation
from ..call import Call, Caller, enter, json_of, read_body
from ..call.billable import (
    MAX_JSON_BYTES,
    check_encoding,
    read_billable,
    reading_of,
    refuse,
    undescribed,
)
from ..call.session_kind import SessionKind, kind_of
from ..call.session_text import update_in, words_in
from ..errors import BadRequest, RequestRefused
from ..http.lookalikes import folded
from ..http.messages import content_length, is_chunked
from ..relay import Cut, Watcher
from ..routes import DEFAULT_BASES, Route, Zone

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_NO_LLM = "This key may not let a session run an LLM: what it does cannot be checked here."


class Policy:
    """Answer 403 to requests that the caller's key does not allow.

    A key pinned to a region may use neither routes of another region, nor routes on which
    AssemblyAI picks the nearest one, nor another `model_region` in a body: its data stays in its
    region. A key with a list of routes, models or features may use nothing else. A key with a list
    of models must name a model: the one that AssemblyAI would choose is unknown. A key with a list
    of models or features, allowed or denied, gets no token of AssemblyAI's, since that opens any
    session. In a session here, its lists hold for the query and for what the client changes later.
    A key with any list may use no path that `billing.operations` does not describe. For a key with
    a list or a region, a decisive member whose spelling, type or place is not the documented one is
    a 400 (`billing.decisive`). A list of routes names prefixes; a call through a door of the
    translator needs the door's path, a base, or the native prefix that it leads to. The bases are
    spellings of one another: each names all doors.

    Reads `call.caller`, and the JSON body of speech submits and LLM calls where a rule needs it.
    Writes `call.max_body_bytes` for keys with an upload limit. The master key may do everything.

    Args:
        app: The next WSGI app.
        max_json_bytes: Largest JSON request that is read.
        routes: The mounted routes, so that a refusal can name the prefix to use; None if unknown.
        bases: Paths below which the translator's doors are.
    """

    def __init__(
        self,
        app: WSGIApplication,
        *,
        max_json_bytes: int = MAX_JSON_BYTES,
        routes: Iterable[Route] | None = None,
        bases: Iterable[str] = DEFAULT_BASES,
    ) -> None:
        self.app = app
        self.max_json_bytes = max_json_bytes
        self._bases = tuple(bases)
        self._prefixes: dict[tuple[str, str], str] | None = None
        if routes is not None:
            self._prefixes = {}
            for route in routes:
                self._prefixes.setdefault((route.service, route.region), route.prefix)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        call, environ = enter(environ)
        caller = call.caller
        if caller is not None and not caller.master:
            try:
                self._check(caller, call, environ)
            except RequestRefused as error:
                return call.refused(error)(environ, start_response)
        return self.app(environ, start_response)

    def _check(self, caller: Caller, call: Call, environ: WSGIEnvironment) -> None:
        if caller.region is not None and caller.region != call.route.region:
            raise self._outside(caller.region, call.route)
        if caller.routes is not None and not _route_allowed(call, caller.routes, self._bases):
            raise _forbidden("This key may not use this route.")
        if caller.max_upload_bytes is not None:
            call.max_body_bytes = caller.max_upload_bytes
        reading = reading_of(call, environ)
        listed = _listed(caller)
        if reading.operation is None and listed:
            raise undescribed(f"this key may use certain {listed} only")
        if not (caller.region or listed):
            return
        operation, kind = reading.operation, reading.kind
        if kind is None:
            return
        found = read_billable(call, environ, kind, max_bytes=self.max_json_bytes)
        refuse(found.fault("price", "words", what="spelling"))
        if caller.region is not None:
            is_json = operation is not None and operation.body == "json"
            body = json_of(call) if is_json else self._unknown(call, environ)
            if not _stays(body, caller.region):
                raise _forbidden(
                    "This key may not let a model run outside its region.", param="model_region"
                )
        if operation is not None:
            by_what = caller.models is not None or caller.features is not None
            runs_llm = operation.session is not None and kind_of(operation).runs_llm
            if runs_llm and (by_what or caller.denied_features):
                raise _forbidden(_NO_LLM, code="feature_not_allowed")
            self._check_models(caller, operation, found)
            refuse(found.fault("price", "words"))
            self._check_features(caller, operation, found.asked)
        if call.session is not None and operation is not None and operation.session == "tts":
            call.session.append(SpeechPolicy(_only(caller)))
        elif operation is not None and operation.session is not None:
            if found.asked.get("llm_gateway"):
                raise _forbidden(_NO_LLM, param="llm_gateway", code="feature_not_allowed")
            if call.session is not None:
                call.session.append(SessionPolicy(caller, kind_of(operation), _only(caller)))

    def _outside(self, zone: Zone, route: Route) -> RequestRefused:
        """Return the refusal of a route that is not in the key's *zone*."""
        there = f"the {zone.upper()}"
        if self._prefixes is None:
            return _forbidden(f"This key may use the routes of {there} only.")
        prefix = self._prefixes.get((route.service, zone))
        if prefix is None:
            return _forbidden(
                f"This key may use {there} only, and no route here leads to {route.service} in "
                f"{there}."
            )
        models = ""
        if route.door is not None:
            models = f", or here a model {'eu.' if zone == 'eu' else ''}assemblyai/MODEL"
        return _forbidden(f"This key may use {there} only: use {prefix}{models}.")

    def _unknown(self, call: Call, environ: WSGIEnvironment) -> object:
        """Return the JSON of a request of unknown shape, None if it cannot be read."""
        if call.route.service != "llm-gateway":
            # Mostly audio; only the gateway takes another region in the body.
            return None
        if not content_length(environ) and not is_chunked(environ):
            return None
        check_encoding(environ)
        raw = read_body(call, environ, max_bytes=self.max_json_bytes)
        try:
            return json_of(call)
        except BadRequest:
            if raw.lstrip()[:1] in (b"{", b"["):
                raise
            return None

    def _check_models(self, caller: Caller, operation: Operation, found: Billable) -> None:
        if caller.models is None or operation is UNDERSTANDING:
            return
        fault = found.fault("price")
        if fault is not None and fault.path != "model":
            refuse(fault)
        models = found.asked.get("models") or () if operation.metered else ()
        # A model of another type counts as none.
        if not models or fault is not None:
            raise _forbidden("This key may use certain models only; name one.", param="model")
        check_models(caller, models)

    def _check_features(self, caller: Caller, operation: Operation, asked: dict[str, Any]) -> None:
        if caller.features is None and not caller.denied_features:
            return
        if not operation.metered:
            raise _forbidden(
                "This key may use certain features only; those of this request cannot be checked.",
                code="feature_not_allowed",
            )
        check_features(caller, asked)


class SessionPolicy(Watcher):
    """Ends a session whose client turns on what its key may not use."""

    def __init__(self, caller: Caller, kind: SessionKind, reason: str) -> None:
        self._caller = caller
        self._kind = kind
        self._reason = reason

    def client_text(self, text: bytes) -> Cut | None:
        """Judge the options that a client adds."""
        found = update_in(text, self._reason, self._kind)
        if found is None or isinstance(found, Cut):
            return found
        if found.asked.get("llm_gateway"):
            return Cut(1008, _NO_LLM)
        try:
            check_features(self._caller, found.asked)
            if found.asked.get("models"):
                check_models(self._caller, found.asked["models"])
        except RequestRefused as error:
            return Cut(1008, error.message)
        return None


class SpeechPolicy(Watcher):
    """Ends a session of speech synthesis for a text that is not documented: it could set options.

    All options are those of the handshake, and no documented text changes them.
    """

    def __init__(self, reason: str) -> None:
        self._reason = reason

    def client_text(self, text: bytes) -> Cut | None:
        """Judge a text by its type."""
        found = words_in(text, self._reason)
        return found if isinstance(found, Cut) else None


def check_features(caller: Caller, asked: Mapping[str, Any]) -> None:
    """Raise 403 where one of the features *asked* for is not the caller's."""
    if caller.features is not None or caller.denied_features:
        for feature in asked.get("features") or ():
            denied = feature in caller.denied_features
            if denied or (caller.features is not None and feature not in caller.features):
                raise _forbidden(
                    f"This key may not use {feature}.", param=feature, code="feature_not_allowed"
                )


def check_models(caller: Caller, models: Iterable[str]) -> None:
    """Raise 403 where one of *models* is not the caller's."""
    for model in models if caller.models is not None else ():
        if not model_allowed(model, caller.models or ()):
            raise _forbidden(
                f"This key may not use the model {str(model)[:80]!r}.",
                param="model",
                code="model_not_allowed",
            )


def _only(caller: Caller) -> str:
    """Return why an undocumented text of a session is refused."""
    listed = _listed(caller)
    return f"this key may use certain {listed} only" if listed else "this key has a region"


def _listed(caller: Caller) -> str:
    """Return the kind of list that decides, for the message; empty without a list."""
    if caller.features is not None or caller.denied_features:
        return "features"
    if caller.models is not None:
        return "models"
    return "routes" if caller.routes is not None else ""


def model_allowed(model: str, patterns: Iterable[str]) -> bool:
    """Whether *model* matches one of *patterns*, with or without `assemblyai/` before it."""
    plain = model.removeprefix("eu.").removeprefix("assemblyai/")
    return any(
        fnmatchcase(plain, pattern.removeprefix("eu.").removeprefix("assemblyai/"))
        for pattern in patterns
    )


def _route_allowed(call: Call, routes: Iterable[str], bases: Iterable[str]) -> bool:
    """Whether *routes* names the call's prefix, the door by which it came, or a door's base."""
    route = call.route
    names = {route.prefix}
    if route.door is not None:
        names |= {path for base in bases for path in (base, f"{base}/{route.door.name}")}
        if route.service == "llm-gateway":
            # Models with their own address have a prefix that no key can name.
            names.add(f"/{'eu.' if route.region == 'eu' else ''}llm-gateway.assemblyai")
    stripped = {name.strip("/") for name in names}
    return any(allowed.strip("/") in stripped for allowed in routes)


def _stays(body: object, region: str) -> bool:
    """Whether no member `model_region`, at any depth, names another region."""
    waiting = [body]
    while waiting:
        each = waiting.pop()
        if isinstance(each, list):
            waiting += [value for value in each if isinstance(value, list | dict)]
        elif isinstance(each, dict):
            for name, value in each.items():
                if isinstance(value, list | dict):
                    waiting.append(value)
                if folded(name) == "modelregion" and not _is_region(value, region):
                    return False
    return True


def _is_region(value: object, region: str) -> bool:
    return value is None or (isinstance(value, str) and value.strip().lower() in ("", region))


def _forbidden(
    message: str, *, param: str | None = None, code: str = "forbidden"
) -> RequestRefused:
    return RequestRefused(message, status=403, param=param, code=code)
