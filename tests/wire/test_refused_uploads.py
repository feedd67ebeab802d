"""A client whose upload is refused learns why: by Python and npm, at Gunicorn and behind nginx."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import npm_kit

from .refused_uploads import KINDS, STATUSES, WAYS, Site, Way, cell, certificate_in, site

COUNT = 8


@pytest.fixture(scope="module", params=KINDS)
def refusing(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    with site(request.param, tmp_path_factory.mktemp("refusing")) as running:
        yield running


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return certificate_in(tmp_path_factory.mktemp("tls"))


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name)
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
