"""aider, by its command, in a git repository of its own."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from kit import MODEL, cell, run

HELLO = 'print("Hello, world")\n'
Path(".aider.model.metadata.json").write_text(
    json.dumps(
        {
            f"openai/{MODEL}": {
                "max_input_tokens": 128_000,
                "max_output_tokens": 16_000,
                "litellm_provider": "openai",
                "mode": "chat",
            }
        }
    )
)


def edited(name, *options):
    folder = Path(name)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
    for setting in ("user.name=A", "user.email=a@example.com"):
        subprocess.run(["git", "config", *setting.split("=")], cwd=folder, check=True)
    (folder / "greeting.py").write_text("print()\n")
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "aider",
            "--model",
            f"openai/{MODEL}",
            "--yes-always",
            *options,
            "--message",
            "Greet the world.",
            "greeting.py",
        ],
        cwd=folder,
        env={**os.environ, "PWD": str(folder.resolve())},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert (folder / "greeting.py").read_text() == HELLO, done.stdout
    assert "Tokens:" in done.stdout, done.stdout
    log = subprocess.run(
        ["git", "log", "--oneline"], cwd=folder, capture_output=True, text=True, check=True
    )
    assert log.stdout.strip(), done.stdout


@cell("chat")
def chat():
    edited("whole", "--no-stream")


@cell("stream")
def stream():
    edited("streamed")


run()
