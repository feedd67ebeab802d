"""Keys in files: read at start, followed while the app runs, and never shown."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Any

import pytest
from config_kit import ACCOUNT_KEY, written
from stack_kit import MASTER_KEY, Stack

from assemblyai_mw.config import key_files, load_config
from assemblyai_mw.config.key_files import FileSecret
from assemblyai_mw.errors import ConfigError
from assemblyai_mw.secret import Secret
from assemblyai_mw.testing import US_KEY


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look at files each time, not once a second."""
    monkeypatch.setattr(key_files, "LOOK_EVERY_S", 0.0)


def config_with(key: Any) -> dict[str, Any]:
    return {
        "model_list": [
            {"model_name": "a/*", "litellm_params": {"model": "assemblyai/*", "api_key": key}}
        ]
    }


def replaced(path: Path, text: str) -> None:
    """Put another file in its place, as Docker and Kubernetes do."""
    draft = path.with_suffix(".new")
    draft.write_text(text)
    os.replace(draft, path)


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_a_key_is_what_the_file_holds_without_its_line_end(tmp_path: Path, end: str) -> None:
    path = tmp_path / "key"
    path.write_bytes(ACCOUNT_KEY.encode() + end.encode())
    config = load_config(config_with(f"file:{path}"), {})
    upstream = config.upstreams["/assemblyai"]
    assert upstream.api_key.reveal() == ACCOUNT_KEY
    assert ACCOUNT_KEY not in repr(config)


def test_a_relative_path_begins_beside_the_configuration_file(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(ACCOUNT_KEY)
    text = """
model_list:
  - model_name: assemblyai/*
    litellm_params: {model: assemblyai/*, api_key: "file:key"}
"""
    # A file that others can read, and that only names the key's.
    config = load_config(written(tmp_path, text, mode=0o644), {})
    assert config.upstreams["/assemblyai"].api_key.reveal() == ACCOUNT_KEY


def test_the_environment_may_name_a_file_too(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(f"{ACCOUNT_KEY}\n")
    (tmp_path / "master").write_text("sk-master-in-a-file-123\n")
    environ = {
        "ASSEMBLYAI_API_KEY": f"file:{tmp_path / 'key'}",
        "ASSEMBLYAI_MW_MASTER_KEY": f"file:{tmp_path / 'master'}",
    }
    config = load_config({}, environ)
    assert config.upstreams["/assemblyai"].api_key.reveal() == ACCOUNT_KEY
    assert config.master_key == Secret("sk-master-in-a-file-123")


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (None, "cannot be read: No such file or directory"),
        ("", "is empty"),
        ("two words", "holds blanks or other characters than visible ASCII"),
        ("two\nlines", "holds blanks or other characters than visible ASCII"),
        ("schlüssel", "holds blanks or other characters than visible ASCII"),
    ],
)
def test_a_file_without_a_key_ends_the_start_by_name(
    tmp_path: Path, content: str | None, fault: str
) -> None:
    path = tmp_path / "key"
    if content is not None:
        path.write_text(content)
    with pytest.raises(ConfigError) as caught:
        load_config(config_with(f"file:{path}"), {})
    assert str(caught.value) == (f"config: model_list[0].litellm_params.api_key: {path} {fault}")


def test_calls_go_out_with_the_key_that_the_file_holds_by_then(
    tmp_path: Path, sqlite_url: str, at_once: None
) -> None:
    path = tmp_path / "key"
    path.write_text("a-key-that-is-refused")
    stack = Stack(sqlite_url, model_list=config_with(f"file:{path}")["model_list"])
    key = stack.key("alice")
    assert stack.ask("GET", "/assemblyai/v2/transcript/x", MASTER_KEY).status_int in (404, 502)
    asked = [request.header("authorization") for request in stack.us.requests]
    assert asked == ["a-key-that-is-refused"]
    replaced(path, f"{US_KEY}\n")
    assert stack.submit(key)
    assert stack.us.requests[-1].header("authorization") == US_KEY
    stack.close()


def test_every_upstream_has_the_key_of_the_file_by_then(tmp_path: Path, at_once: None) -> None:
    path = tmp_path / "key"
    path.write_text("first-key")
    config = load_config(config_with(f"file:{path}"), {})
    replaced(path, "second-key")
    assert {each.api_key.reveal() for each in config.upstreams.values()} == {"second-key"}


@pytest.mark.parametrize("content", [None, "", "not a key"])
def test_a_file_that_is_lost_leaves_the_last_key_and_one_line(
    tmp_path: Path, content: str | None, at_once: None, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "key"
    path.write_text(ACCOUNT_KEY)
    secret = FileSecret(str(path))
    if content is None:
        path.unlink()
    else:
        replaced(path, content)
    assert [secret.reveal() for _ in range(3)] == [ACCOUNT_KEY] * 3
    [line] = [record.getMessage() for record in caplog.records]
    assert line.startswith(f"{path} ")
    assert line.endswith("; the last key stays in use")
    caplog.clear()
    caplog.set_level(logging.INFO, "assemblyai_mw.config")
    replaced(path, "another-key")
    assert secret.reveal() == "another-key"
    assert caplog.messages == [f"{path} holds another key now; it is in use"]
    assert "another-key" not in caplog.text.replace(caplog.messages[0], "")


def test_the_file_is_looked_at_once_a_second(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [1000.0]
    monkeypatch.setattr(key_files.time, "monotonic", lambda: now[0])
    path = tmp_path / "key"
    path.write_text("first-key")
    secret = FileSecret(str(path))
    replaced(path, "second-key")
    now[0] += 0.9
    assert secret.reveal() == "first-key"
    now[0] += 0.2
    assert secret.reveal() == "second-key"


def test_both_keys_are_masked_around_a_change(tmp_path: Path, at_once: None) -> None:
    path = tmp_path / "key"
    path.write_text("the-first-key")
    secret = FileSecret(str(path))
    replaced(path, "key-two")
    assert secret.reveal() == "key-two"
    assert secret.masked("a key-two, the-first-key") == "a *******, *************"
    assert secret.masked_bytes(b"the-first-key") == b"*************"
    assert secret.is_in("x the-first-key")
    assert len(secret) == len("the-first-key")
    assert repr(secret) == str(secret) == f"{secret}" == "Secret('***')"


def test_a_reply_that_repeats_the_key_of_a_file_is_masked(tmp_path: Path, sqlite_url: str) -> None:
    path = tmp_path / "key"
    path.write_text(US_KEY)
    stack = Stack(sqlite_url, model_list=config_with(f"file:{path}")["model_list"])
    stack.us.fail_next(400, body={"error": f"your key is {US_KEY}"})
    reply = stack.ask("GET", "/assemblyai/v2/transcript/x", MASTER_KEY)
    assert US_KEY not in reply.text
    stack.close()
