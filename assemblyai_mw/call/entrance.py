"""The doors at which requests come in: where they are mounted, and what follows their path."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..errors import RequestRefused
from ..routes import Door, doors_below
from .model import CALL_KEY, Call

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment


@dataclass(frozen=True, slots=True)
class Entered:
    """The door of one request.

    Attributes:
        door: The door.
        mount: The path before the door's base; the native routes are below it too.
        rest: What follows the door's path, from its slash on; None for the door itself.
    """

    door: Door
    mount: str
    rest: str | None


class Entrances:
    """The doors below each of *bases*."""

    def __init__(self, bases: Iterable[str]) -> None:
        self._doors = doors_below(bases)
        paths = "|".join(re.escape(path) for path in sorted(self._doors, key=len, reverse=True))
        # Without doors, a pattern that matches nothing.
        self._pattern = re.compile(
            rf"(?P<mount>.*?)(?P<path>{paths or '(?!)'})(?P<rest>/.*)?", re.DOTALL
        )

    def of(self, environ: WSGIEnvironment) -> Entered | None:
        """Return the door that a request asks for; None for a native or any other path."""
        script, path = environ.get("SCRIPT_NAME", ""), environ.get("PATH_INFO", "")
        known: Call | None = environ.get(CALL_KEY)
        # Below a native prefix the same path belongs to AssemblyAI's host.
        if script.endswith("assemblyai") or (known is not None and known.route.by_host):
            return None
        route = known.route if known is not None else None
        if route is not None and route.door is not None and script.endswith(route.prefix):
            return Entered(route.door, script.removesuffix(route.prefix), path or None)
        found = self._pattern.fullmatch(script + path)
        # What lies above the base is where the app is mounted, and no part of the path.
        if found is None or found.end("mount") > len(script):
            return None
        return Entered(self._doors[found["path"]], found["mount"], found["rest"])


def not_allowed(methods: str) -> RequestRefused:
    """Return the 405 of a door that takes only *methods*."""
    return RequestRefused(
        f"Method not allowed; use {methods}.", status=405, headers=[("Allow", methods)]
    )
