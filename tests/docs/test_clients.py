"""The page of clients has a row of each, as `python -m tests.clients --write` left it."""

from __future__ import annotations

import pytest
from clients.clients import CLIENTS, Client
from clients.clients import DOORS as SHOWN
from clients.page import HEAD, read

from assemblyai_mw.routes import DOORS

SERVED = {f"`/v1/{door.name}`" for door in DOORS}
EXPECTED = [
    pytest.param(client, SHOWN[door], id=f"{client.name}-{door}")
    for client in CLIENTS.values()
    for door in client.doors
    if SHOWN[door] in SERVED
]


@pytest.mark.parametrize("client, door", EXPECTED)
def test_a_client_has_a_row_for_each_api_and_all_of_it_passed(client: Client, door: str) -> None:
    (row,) = (row for row in read() if row[0] == client.title and row[2] == door)
    assert len(row) == len(HEAD)
    assert set(row[3:]) <= {"yes", "by setting", ""}
    assert "yes" in row[3:]


def test_no_row_is_of_a_client_that_the_command_does_not_run() -> None:
    known = {(client.title, SHOWN[door]) for client in CLIENTS.values() for door in client.doors}
    assert {(row[0], row[2]) for row in read()} <= known
    assert len(read()) == len({(row[0], row[2]) for row in read()})


def test_a_cell_that_needs_a_setting_is_explained() -> None:
    titles = {row[0] for row in read() if "by setting" in row}
    assert titles
    assert all(client.note for client in CLIENTS.values() if client.title in titles)
