"""The digest of a request: the same for each try of it, and for nothing else."""

from __future__ import annotations

import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assemblyai_mw.call import MASTER, Caller
from assemblyai_mw.errors import BadRequest
from assemblyai_mw.middleware.idempotency.digest import DigestedInput, RequestDigest
from assemblyai_mw.middleware.idempotency.scope import checked_key, place_of, scope_of

FORM = "multipart/form-data; boundary="


def environ(content_type: str = "application/json", **more: str) -> dict[str, Any]:
    return {
        "REQUEST_METHOD": "POST",
        "SCRIPT_NAME": "/assemblyai",
        "PATH_INFO": "/v2/transcript",
        "QUERY_STRING": "a=1",
        "CONTENT_TYPE": content_type,
        **more,
    }


def digest(
    body: bytes, content_type: str = "application/json", size: int = 0, **more: str
) -> bytes:
    found = RequestDigest(environ(content_type, **more))
    for at in range(0, len(body), size or max(1, len(body))):
        found.update(body[at : at + (size or len(body))])
    return found.digest()


def form(
    boundary: str, *parts: bytes, head: bytes = b'Content-Disposition: form-data; name="a"'
) -> bytes:
    line = f"--{boundary}".encode()
    return (
        b"".join(line + b"\r\n" + head + b"\r\n\r\n" + each + b"\r\n" for each in parts)
        + line
        + b"--\r\n"
    )


@given(st.binary(max_size=200), st.integers(1, 50))
def test_a_digest_does_not_depend_on_the_blocks(body: bytes, size: int) -> None:
    assert digest(body) == digest(body, size=size)
    kind = f"{FORM}xy"
    assert digest(body, kind) == digest(body, kind, size)


@pytest.mark.parametrize(
    "more",
    [
        {"REQUEST_METHOD": "PUT"},
        {"PATH_INFO": "/v2/transcripts"},
        {"SCRIPT_NAME": "/eu.assemblyai"},
        {"QUERY_STRING": "a=2"},
        {"HTTP_X_AAI_MODEL": "universal-2"},
    ],
    ids=lambda more: next(iter(more)),
)
def test_another_request_has_another_digest(more: dict[str, str]) -> None:
    assert digest(b"{}", **more) != digest(b"{}")


def test_another_body_has_another_digest() -> None:
    assert len({digest(body) for body in (b"", b"{}", b"{} ", b"{}\r\n")}) == 4


@given(
    st.lists(st.binary(max_size=60), max_size=4),
    st.text("abc123-", min_size=1, max_size=12),
    st.text("xyz789", min_size=8, max_size=20),
    st.integers(1, 30),
)
def test_a_forms_boundary_makes_no_difference(
    parts: list[bytes], one: str, two: str, size: int
) -> None:
    first, second = form(f"first{one}", *parts), form(f"second{two}", *parts)
    assert digest(first, f"{FORM}first{one}") == digest(second, f'{FORM}"second{two}"', size)


@given(st.lists(st.binary(max_size=20), max_size=3), st.lists(st.binary(max_size=20), max_size=3))
def test_forms_with_other_parts_differ(one: list[bytes], two: list[bytes]) -> None:
    same = digest(form("one", *one), f"{FORM}one") == digest(form("two", *two), f"{FORM}two")
    assert same == (one == two)


def test_only_a_line_is_a_delimiter() -> None:
    one = digest(form("one", b"a--one b"), f"{FORM}one")
    assert one != digest(form("two", b"a--two b"), f"{FORM}two")
    assert one == digest(form("two", b"a--one b"), f"{FORM}two")


def test_a_parts_head_counts() -> None:
    kind = f"{FORM}one"
    assert digest(form("one", b"x"), kind) != digest(form("one", b"x", head=b"A: b"), kind)


@pytest.mark.parametrize("kind", ["multipart/form-data", f"{FORM}{'x' * 71}", f"{FORM}\xe4"])
def test_a_form_without_a_boundary_is_hashed_as_it_is(kind: str) -> None:
    assert digest(b"abc", kind) == digest(b"abc")


def test_an_input_is_digested_however_it_is_read() -> None:
    body = b"one\ntwo\nthree\nfour"
    found = RequestDigest(environ())
    read = DigestedInput(io.BytesIO(body), found)
    assert read.read(2) + read.readline() + read.readline(2) == b"one\ntw"
    assert b"".join(read.readlines()) == b"o\nthree\nfour"
    assert read.is_whole(len(body))
    assert found.digest() == digest(body)


def test_what_is_left_of_a_body_is_read_up_to_a_bound() -> None:
    for length in (10, None):
        found = RequestDigest(environ())
        read = DigestedInput(io.BytesIO(b"0123456789"), found)
        read.read(4)
        read.finish(length, 3)
        assert (read.count, read.is_whole(length)) == (7, False)
        read.finish(length, 30)
        assert (read.count, read.is_whole(length)) == (10, True)
        assert found.digest() == digest(b"0123456789")


# Keys and callers


@pytest.mark.parametrize("key", ["1", "x" * 255, "!~", '"8e03978e-40d5"', "a:b/c"])
def test_a_key_is_any_visible_text(key: str) -> None:
    assert checked_key(key) == key


@pytest.mark.parametrize(
    "key", ["", "x" * 256, "a b", "a,b", "a, b", "\xe4", "a\tb", "a\n", "\x7f"]
)
def test_no_other_text_is_a_key(key: str) -> None:
    with pytest.raises(BadRequest, match=r"^Idempotency-Key: expected one field of 1 to 255 "):
        checked_key(key)


def test_each_caller_has_a_scope_of_its_own() -> None:
    callers = [
        MASTER,
        Caller("alice", 1),
        Caller("bob", 2),
        Caller("site", 3, end_user="u-1"),
        Caller("site", 3, end_user="u-2"),
        Caller("site", 3),
        Caller("site", 3, team="a"),
        Caller("site", 3, team="b"),
        Caller("1"),
        Caller("master"),
    ]
    scopes = [scope_of(caller) for caller in callers]
    assert len(set(scopes)) == len(callers)
    assert len({place_of(scope, "same") for scope in scopes}) == len(callers)


def test_a_key_keeps_its_scope_when_it_gets_another_name_or_other_rights() -> None:
    assert scope_of(Caller("a", 1, rpm=3, tags={"x": "y"})) == scope_of(Caller("b", 1))
