"""The page on Docker, without an engine: its app, its command, its health check, its log."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import time
from pathlib import Path

import requests
from blocks import ROOT, blocks_of

PAGE = ROOT / "docs" / "docker.md"


def test_the_pages_command_serves_is_healthy_and_logs_to_stdout(tmp_path: Path) -> None:
    texts = {block.title or block.language: block.text for block in blocks_of(PAGE)}
    dockerfile = texts["dockerfile"]
    (tmp_path / "app.py").write_text(texts["app.py"])
    (tmp_path / "mw.yaml").write_text(texts["mw.yaml"].replace("/data", str(tmp_path)))
    (variable,) = re.findall(r"^ENV (\w+)=/srv/mw.yaml$", dockerfile, re.MULTILINE)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = str(listener.getsockname()[1])
    probe, run = re.findall(r"^ *CMD (\[.*\])$", dockerfile, re.MULTILINE)
    serve = json.loads(run.replace("0.0.0.0:8000", f"127.0.0.1:{port}"))
    check = json.loads(probe.replace("8000", port))
    assert (serve[0], check[0]) == ("gunicorn", "python")
    environ = {k: v for k, v in os.environ.items() if not k.startswith("ASSEMBLYAI_")}
    environ |= {"ASSEMBLYAI_API_KEY": "x", variable: "mw.yaml", "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        [sys.executable, "-m", *serve],
        cwd=tmp_path,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as server:
        try:
            until = time.monotonic() + 30
            while subprocess.run([sys.executable, *check[1:]], capture_output=True).returncode:
                assert server.poll() is None
                assert time.monotonic() < until
            url = f"http://127.0.0.1:{port}/assemblyai/v2/transcript"
            assert requests.get(url, timeout=20).status_code == 401
            assert server.stdout is not None
            assert "status=401" in server.stdout.readline()
        finally:
            server.terminate()
            server.communicate(timeout=60)
    assert subprocess.run([sys.executable, *check[1:]], capture_output=True).returncode == 1
