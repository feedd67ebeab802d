"""`check --app MODULE:APP`: finds the stack in the app, and the middlewares around it."""

from __future__ import annotations

import importlib
import os
import sys
import threading
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from werkzeug.middleware.proxy_fix import ProxyFix

from ...middleware.router import PrefixRouter
from ...stack import AssemblyAIMiddleware
from .finding import Finding

# Under these names middlewares keep the app that they wrap: Flask, Werkzeug, WhiteNoise, Django.
_INNER = ("wsgi_app", "app", "application", "inner", "wrapped", "__wrapped__")
_CURE = "app.wsgi_app = AssemblyAIMiddleware(app.wsgi_app), or wrap() in Django's wsgi.py"


class NotLoaded(Exception):
    """The app cannot be imported; the message says why."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """An imported app.

    Attributes:
        app: The app that the server would call.
        threads, descriptors: Threads and descriptors that its import left open, in words.
    """

    app: Any
    threads: tuple[str, ...]
    descriptors: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Mounted:
    """The stack as it was found.

    Attributes:
        mount: The path under which a dispatcher mounts it; empty for the root.
        outer: Types of what stands outside of it, outermost first.
    """

    middleware: AssemblyAIMiddleware
    mount: str
    outer: tuple[str, ...]


def load(spec: str) -> Loaded:
    """Import `module:app` or `module:make_app()`, as Gunicorn does; `app` may be left out.

    Raises:
        NotLoaded: It cannot be.
    """
    module, _, name = spec.partition(":")
    name = name or "application"
    if os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())
    threads, descriptors = set(threading.enumerate()), _descriptors()
    try:
        app = importlib.import_module(module)
        for part in name.removesuffix("()").split("."):
            app = getattr(app, part)
        if name.endswith("()"):
            app = app()  # type: ignore[operator]
    except Exception as error:
        raise NotLoaded(f"{spec}: {type(error).__name__}: {error}") from error
    if not callable(app):
        raise NotLoaded(f"{spec}: expected a WSGI app, got a {type(app).__name__}")
    started = sorted(t.name for t in threading.enumerate() if t not in threads)
    opened = [what for number, what in _descriptors().items() if number not in descriptors]
    return Loaded(app, tuple(started), tuple(sorted(opened)))


def _descriptors() -> dict[str, str]:
    """Return open sockets and database files by number, where the system tells (Linux)."""
    found = {}
    try:
        numbers = os.listdir("/proc/self/fd")
    except OSError:
        return {}
    for number in numbers:
        try:
            target = os.readlink(f"/proc/self/fd/{number}")
        except OSError:
            continue
        if target.startswith("socket:"):
            found[number] = "a socket"
        elif target.endswith((".db", ".sqlite", ".sqlite3", "-wal", "-shm")):
            found[number] = target
    return found


def find(app: Any) -> tuple[Mounted | None, list[Finding]]:
    """Return the stack in *app*, and faults in the order of the middlewares around it."""
    found = list(_layers(app))
    stacks = [each for each in found if isinstance(each[0], AssemblyAIMiddleware)]
    if not stacks:
        if any(isinstance(layer, PrefixRouter) for layer, _, _ in found):
            text = "composed by hand; only an AssemblyAIMiddleware can be probed"
            return None, [Finding("note", "app", text)]
        return None, [Finding("wrong", "app", "no AssemblyAIMiddleware around it", _CURE)]
    findings = []
    middleware, mount, outer = stacks[0]
    if len(stacks) > 1:
        findings.append(
            Finding(
                "wrong",
                "order",
                f"{len(stacks)} AssemblyAIMiddlewares, one within the other",
                "remove one",
            )
        )
    inside = [layer for layer, _, path in found if type(middleware).__name__ in path]
    if any(isinstance(layer, ProxyFix) for layer in inside):
        findings.append(
            Finding(
                "wrong",
                "order",
                "ProxyFix stands inside AssemblyAIMiddleware, which then sees the proxy's scheme "
                "and host",
                "wrap the app in ProxyFix last",
            )
        )
    return Mounted(middleware, mount, outer), findings


def _layers(app: Any) -> Iterator[tuple[Any, str, tuple[str, ...]]]:
    """Yield what *app* wraps, outermost first: the object, its mount, the types around it."""
    todo: deque[tuple[Any, str, tuple[str, ...]]] = deque([(app, "", ())])
    seen: set[int] = set()
    while todo:
        layer, mount, outer = todo.popleft()
        if id(layer) in seen:
            continue
        seen.add(id(layer))
        yield layer, mount, outer
        around = (*outer, type(layer).__name__)
        for inner in _wrapped(layer):
            todo.append((inner, mount, around))
        mounts = getattr(layer, "mounts", None)
        if isinstance(mounts, Mapping):
            for prefix, inner in mounts.items():
                todo.append((inner, f"{mount}{prefix}", around))


def _wrapped(layer: Any) -> Iterator[Any]:
    for name in _INNER:
        inner = getattr(layer, name, None)
        if callable(inner):
            yield inner
    # A middleware written as a function keeps its app in its closure.
    for cell in getattr(layer, "__closure__", None) or ():
        try:
            inner = cell.cell_contents
        except ValueError:
            continue
        if callable(inner) and not isinstance(inner, type):
            yield inner
