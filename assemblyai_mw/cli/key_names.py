"""Checks of a key's names before anything is written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

import click

from ..billing.spelling import hint, misspelled
from ..config import load_names
from .base import Setup, Wrong
from .output import cell

if TYPE_CHECKING:
    from ..store import Keys

_WILD = frozenset("*?[")


def check_names(setup: Setup, options: Mapping[str, Any]) -> None:
    """Refuse unknown routes and misspelled models; warn of models that are unknown here.

    The store checks features. AssemblyAI may have a new model any day, so a model is refused only
    if it looks like a typo of a known one.

    Raises:
        Wrong: The line names the option and the nearest name.
    """
    routes, models = options.get("routes") or (), options.get("models") or ()
    if not routes and not models:
        return
    known_routes, own_models = load_names(setup.source)
    for route in routes:
        if route.strip("/") not in {each.strip("/") for each in known_routes}:
            known = hint(route, known_routes)
            raise Wrong(f"--allow-route: {cell(route)} is no route here; {known}")
    if models:
        known_models = {_plain(each) for each in (*_priced(), *own_models)}
        for model in models:
            _check_model(model, known_models)


def warn_of_team(keys: Keys, team: str | None) -> None:
    """Warn on stderr if *team* is new and spelled almost like another; it is made anyway."""
    if team is None:
        return
    known = keys.team_names()
    near = None if team in known else misspelled(team, known)
    if near is not None:
        _warn(f"{cell(team)} is a new team; did you mean {cell(near)}?")


def _check_model(model: str, known: set[str]) -> None:
    plain = _plain(model)
    if plain in known:
        return
    if _WILD & {*plain}:
        if not any(fnmatchcase(each, plain) for each in known):
            _warn(f"--allow-model: {cell(model)} matches no model that is known here")
        return
    near = misspelled(plain, known)
    if near is not None:
        raise Wrong(
            f"--allow-model: no model is named {cell(model)}; did you mean {near}? "
            "--allow-unknown takes it as it is"
        )
    _warn(f"--allow-model: {cell(model)} is no model that is known here")


def _priced() -> Iterable[str]:
    """Return the models of the shipped price book, by all their names."""
    from ..billing.layers import load

    return (name for names in load().names.values() for name in names.values())


def _plain(model: str) -> str:
    """Return a model's name as `Policy` compares it."""
    return model.removeprefix("eu.").removeprefix("assemblyai/")


def _warn(text: str) -> None:
    click.echo(f"Warning: {text}", err=True)
