"""A client whose upload is refused learns why: by Python and npm, at Gunicorn and behind nginx.

Each two of worker, way and status meet here; `python -m tests.wire.refused_uploads` has them all.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import npm_kit

from .refused_uploads import KINDS, STATUSES, WAYS, Site, Way, cell, certificate_in, site

COUNT = 8
# One worker after the other: each is started once for all of its own.
CASES = [
    (kind, way, status)
    for number, kind in enumerate(KINDS)
    for row, way in enumerate(WAYS)
    for column, status in enumerate(STATUSES)
    if (row + column) % len(KINDS) == number
]


@pytest.fixture(scope="module")
def refusing(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    with site(request.param, tmp_path_factory.mktemp("refusing")) as running:
        yield running


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return certificate_in(tmp_path_factory.mktemp("tls"))


def test_each_two_meet() -> None:
    axes = (KINDS, WAYS, STATUSES)
    for one, other in ((0, 1), (0, 2), (1, 2)):
        pairs = {(case[one], case[other]) for case in CASES}
        assert len(pairs) == len(axes[one]) * len(axes[other])


@pytest.mark.parametrize(
    "refusing, way, status",
    CASES,
    indirect=["refusing"],
    ids=lambda value: value.name if isinstance(value, Way) else str(value),
)
def test_c181_no_answer_is_lost(
    refusing: Site,
    way: Way,
    status: int,
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
    certificate: Path,
) -> None:
    environ = {"NODE_PATH": str(npm_kit.node_modules(tmp_path_factory))} if way.npm else {}
    lost, others = cell(way, refusing, status, COUNT, tmp_path, certificate, **environ)
    assert (lost, dict(others)) == (0, {})
