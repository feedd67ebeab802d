"""PrefixRouter: the outermost stage; decides which requests are for AssemblyAI."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from ..call import CALL_KEY, Call, Route, enter_route
from ..errors import ConfigError
from ..http.messages import path_with_slashes, request_tail
from ..routes import route_for

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    _Mount = tuple[str, str, WSGIApplication, Route]


class PrefixRouter:
    """Send requests below a prefix to its app, and everything else to *app*, untouched.

    A prefix matches whole path segments as the client spelled them: `/assemblyai`
    matches `/assemblyai/v2` and neither `/assemblyaifoo` nor `/%61ssemblyai/v2`, so
    that all stages agree on what was requested. The longest prefix wins. The mounted app sees the
    prefix at the end of SCRIPT_NAME, in a copy of environ. Within an `OpenAITranslator` it leads
    each translated call to the gateway of its region. Service and region of a prefix come from its
    `Route` in *routes*, else from its name.

    Reads PATH_INFO and, where the server has it, RAW_URI or REQUEST_URI. Writes the
    `Call` with its `Route`. Answers nothing itself.

        app = PrefixRouter(app, {"/assemblyai": UpstreamForwarder(...)})

    Raises:
        ConfigError: A prefix is empty, has no leading or a trailing slash, or is not
            plain ASCII.
    """

    def __init__(
        self,
        app: WSGIApplication,
        mounts: Mapping[str, WSGIApplication],
        *,
        routes: Mapping[str, Route] | None = None,
    ) -> None:
        for prefix in mounts:
            if (
                not prefix.startswith("/")
                or prefix.endswith("/")
                or "//" in prefix
                or not prefix.isascii()
                or not prefix.isprintable()
                or any(c in prefix for c in " %?#\\;")
            ):
                raise ConfigError(
                    f"routes: {prefix!r}: expected a path like '/assemblyai', "
                    "plain ASCII with a leading and no trailing slash"
                )
        self.app = app
        self.mounts: dict[str, list[_Mount]] = {}
        for prefix in sorted(mounts, key=len, reverse=True):
            route = (routes or {}).get(prefix) or route_for(prefix)
            mount = (prefix, prefix + "/", mounts[prefix], route)
            self.mounts.setdefault(_first_segment(prefix), []).append(mount)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        for prefix, below, mounted, route in self.mounts.get(_first_segment(path), ()):
            if path.startswith(below) or path == prefix:
                inner = environ.copy()
                inner["SCRIPT_NAME"] = environ.get("SCRIPT_NAME", "") + prefix
                inner["PATH_INFO"] = path[len(prefix) :]
                if request_tail(inner) is None:
                    decoded = path_with_slashes(inner)
                    if decoded is None:
                        break
                    inner["PATH_INFO"] = decoded
                enter_route(inner, route)
                # The host's own environ still holds the caller's key, and tracebacks show local
                # variables.
                del environ
                return mounted(inner, start_response)
        moved: Call | None = environ.get(CALL_KEY)
        if moved is not None and moved.route.dialect != "assemblyai":
            # The translator has put the prefix at the end of SCRIPT_NAME already.
            prefix = moved.route.prefix
            for known, _, mounted, _ in self.mounts.get(_first_segment(prefix), ()):
                if known == prefix and environ["SCRIPT_NAME"].endswith(prefix):
                    return mounted(environ, start_response)
        return self.app(environ, start_response)


def _first_segment(path: str) -> str:
    end = path.find("/", 1)
    return path if end < 0 else path[:end]
