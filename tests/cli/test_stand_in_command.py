"""`stand-in`: AssemblyAI's hosts on fixed ports, and a configuration that uses them."""

from __future__ import annotations

import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from webtest import TestApp

from assemblyai_mw import AssemblyAIMiddleware
from assemblyai_mw.config import DEFAULT_ROUTES, load_config

HOSTS = 13


@contextmanager
def stand_in(folder: Path, *args: str) -> Iterator[tuple[subprocess.Popen[str], list[str]]]:
    """Run the command in *folder*; gives it, and what it printed until it was ready."""
    environ = {k: v for k, v in os.environ.items() if not k.startswith("ASSEMBLYAI_")}
    with subprocess.Popen(
        [sys.executable, "-W", "error", "-m", "assemblyai_mw", "stand-in", *args],
        cwd=folder,
        env=environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        lines = []
        for line in process.stdout:
            lines.append(line.strip())
            if "Ctrl-C ends it" in line:
                break
        try:
            yield process, lines
        finally:
            process.kill()


def free_ports(count: int) -> int:
    """Return the first of *count* ports in a row that are free."""
    for first in range(20_000 + os.getpid() % 5000, 32_000, count):
        with ExitStack() as stack:
            try:
                for port in range(first, first + count):
                    stack.enter_context(socket.create_server(("127.0.0.1", port)))
            except OSError:
                continue
            return first
    raise AssertionError("no free ports")


def no_host(environ: Any, start_response: Any) -> list[bytes]:
    raise AssertionError("the host is not asked")


def test_two_commands_bring_a_transcript_under_ones_own_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The ledger of the written configuration is in the working directory.
    monkeypatch.chdir(tmp_path)
    with stand_in(tmp_path, "--port", "0", "--write", "stand_in.yaml") as (process, lines):
        file = tmp_path / "stand_in.yaml"
        assert (
            f"The configuration is stand_in.yaml: export ASSEMBLYAI_MW_CONFIG={file.name}" in lines
        )
        config = load_config(file, {})
        assert {at: up.base_url for at, up in config.upstreams.items()} == dict(
            line.split() for line in lines if line.startswith("/")
        )
        assert config.upstreams.keys() == DEFAULT_ROUTES.keys()
        stack = AssemblyAIMiddleware(no_host, config)
        assert config.master_key is not None
        bearer = {"Authorization": config.master_key.reveal()}
        app = TestApp(stack)
        for prefix in ("/assemblyai", "/eu.assemblyai"):
            job = {"audio_url": "https://audio.example/a.mp3"}
            made = app.post_json(f"{prefix}/v2/transcript", job, headers=bearer).json
            while made["status"] not in ("completed", "error"):
                made = app.get(f"{prefix}/v2/transcript/{made['id']}", headers=bearer).json
            assert made["text"].startswith("Good morning.")
        stack.close()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (0, "The stand-in has ended.\n", "")


def test_the_ports_are_those_asked_for_and_one_in_use_is_one_line(tmp_path: Path) -> None:
    first = free_ports(HOSTS)
    with stand_in(tmp_path, "--port", str(first)) as (process, lines):
        used = {int(line.rpartition(":")[2]) for line in lines if line.startswith("/")}
        assert used == set(range(first, first + HOSTS))
        with stand_in(tmp_path, "--port", str(first - 1), "--write", "x.yaml") as (other, printed):
            out, err = other.communicate(timeout=30)
        assert other.returncode == 1
        assert (printed, out) == ([], "")
        assert err.count("\n") == 1
        assert "Address already in use" in err
        assert f"{first})" in err
        assert "--port N takes others" in err
        assert not (tmp_path / "x.yaml").exists()
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)
        assert process.returncode == 0


def test_a_file_is_never_overwritten_and_is_its_owners_alone(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("routes: {}\n")
    with stand_in(tmp_path, "--port", "0", "--write", str(file)) as (process, lines):
        _, err = process.communicate(timeout=30)
    assert process.returncode == 1
    assert lines == []
    assert "mine.yaml exists and is left as it is" in err
    assert err.count("\n") == 1
    assert file.read_text() == "routes: {}\n"
    with stand_in(tmp_path, "--port", "0", "--write", "new.yaml"):
        assert stat.S_IMODE((tmp_path / "new.yaml").stat().st_mode) == 0o600


@pytest.mark.parametrize("port", ["-1", "65501", "http"])
def test_what_is_no_port_is_wrong_usage(tmp_path: Path, port: str) -> None:
    with stand_in(tmp_path, "--port", port) as (process, _):
        _, err = process.communicate(timeout=30)
    assert process.returncode == 2
    assert "--port" in err
