"""Policy: may this key ask for that? Regions, routes, models, features, sizes."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from ..call import Call, Caller, enter, json_of, read_body
from ..errors import RequestRefused
from ..usage import asked_of, kind_of

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

MAX_JSON_BYTES = 16 * 1024 * 1024

# Kinds whose request names models and features in a JSON object.
_JSON_KINDS = frozenset({"transcript", "chat", "understanding", "lemur", "tts"})


class Policy:
    """Answer 403 where the caller's key may not do what is asked.

    A key pinned to a region is refused on every route of the other one, and where a body
    asks for `model_region: global`: its data stays where it was put. A key with a list of
    routes, models or features is refused everything else; where it names models, a request
    that leaves the choice to AssemblyAI is refused too, since nobody knows what it would be.

    Reads `call.caller`, and the JSON body of speech submits and LLM calls where a rule needs
    it. Writes `call.max_body_bytes` for keys with a largest upload. The master key may do
    everything.

    Args:
        app: The next WSGI app.
        max_json_bytes: Largest JSON request that is read.
    """

    def __init__(self, app: WSGIApplication, *, max_json_bytes: int = MAX_JSON_BYTES) -> None:
        self.app = app
        self.max_json_bytes = max_json_bytes

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        call, environ = enter(environ)
        caller = call.caller
        if caller is not None and not caller.master:
            try:
                self._check(caller, call, environ)
            except RequestRefused as error:
                return error.reply(call.route.dialect)(environ, start_response)
        return self.app(environ, start_response)

    def _check(self, caller: Caller, call: Call, environ: WSGIEnvironment) -> None:
        if caller.region is not None and caller.region != call.route.region:
            raise _forbidden(f"This key may use the {caller.region.upper()} routes only.")
        if caller.routes is not None and not _listed(call.route.prefix, caller.routes):
            raise _forbidden("This key may not use this route.")
        if caller.max_upload_bytes is not None:
            call.max_body_bytes = caller.max_upload_bytes
        kind = kind_of(call.route.service, call.method, call.path)
        if kind is None or not (
            caller.region
            or caller.models is not None
            or caller.features is not None
            or caller.denied_features
        ):
            return
        if kind in _JSON_KINDS:
            body = self._object(call, environ)
            asked = asked_of(kind, body)
        else:
            body, asked = {}, asked_of(kind, {"model": environ.get("HTTP_X_AAI_MODEL")})
        if caller.region is not None and _names(body, "model_region", "global"):
            raise _forbidden("This key may not let a model run outside its region.")
        self._check_models(caller, kind, asked)
        self._check_features(caller, asked)

    def _object(self, call: Call, environ: WSGIEnvironment) -> dict[str, Any]:
        if environ.get("HTTP_CONTENT_ENCODING", "identity").lower() != "identity":
            raise RequestRefused("A compressed body cannot be read here.", status=415)
        read_body(call, environ, max_bytes=self.max_json_bytes)
        body = json_of(call)
        if not isinstance(body, dict):
            raise RequestRefused("The body is not a JSON object.")
        return body

    def _check_models(self, caller: Caller, kind: str, asked: dict[str, Any]) -> None:
        if caller.models is None or kind == "understanding":
            return
        models = asked.get("models") or ()
        if not models:
            raise _forbidden("This key may use certain models only; name one.", param="model")
        for model in models:
            if not model_allowed(model, caller.models):
                raise _forbidden(
                    f"This key may not use the model {str(model)[:80]!r}.",
                    param="model",
                    code="model_not_allowed",
                )

    def _check_features(self, caller: Caller, asked: dict[str, Any]) -> None:
        for feature in asked.get("features") or ():
            denied = feature in caller.denied_features
            if denied or (caller.features is not None and feature not in caller.features):
                raise _forbidden(
                    f"This key may not use {feature}.", param=feature, code="feature_not_allowed"
                )


def model_allowed(model: str, patterns: Iterable[str]) -> bool:
    """Whether *model* matches one of *patterns*, with or without `assemblyai/` before it."""
    plain = model.removeprefix("eu.").removeprefix("assemblyai/")
    return any(
        fnmatchcase(plain, pattern.removeprefix("eu.").removeprefix("assemblyai/"))
        for pattern in patterns
    )


def _listed(prefix: str, routes: Iterable[str]) -> bool:
    return any(prefix.strip("/") == route.strip("/") for route in routes)


def _names(body: object, member: str, value: str) -> bool:
    """Whether *body* holds the member *member* with *value*, at any depth."""
    if isinstance(body, dict):
        found = body.get(member)
        if isinstance(found, str) and found.strip().lower() == value:
            return True
        return any(_names(inner, member, value) for inner in body.values())
    if isinstance(body, list):
        return any(_names(inner, member, value) for inner in body)
    return False


def _forbidden(
    message: str, *, param: str | None = None, code: str = "forbidden"
) -> RequestRefused:
    return RequestRefused(message, status=403, param=param, code=code)
