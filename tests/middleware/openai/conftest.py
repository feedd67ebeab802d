"""Stacks of a test's own configuration."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from stack_kit import Stack


@pytest.fixture
def stack_of(sqlite_url: str) -> Iterator[Callable[..., Stack]]:
    made: list[Stack] = []

    def make(**config: Any) -> Stack:
        made.append(Stack(sqlite_url, **config))
        return made[-1]

    yield make
    for stack in made:
        stack.middleware.close()
        stack.close()
