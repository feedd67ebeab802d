"""Shells complete commands and options, by the script of docs/cli.md."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

VARIABLE = "_ASSEMBLYAI_MW_COMPLETE"
PATH = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])


def run(*command: str, **environ: str) -> str:
    done = subprocess.run(
        command,
        env={"PATH": PATH, **environ},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stderr == ""
    return done.stdout


def test_bash_completes_by_the_script(tmp_path: Path) -> None:
    script = tmp_path / "assemblyai-mw.bash"
    script.write_text(run("assemblyai-mw", **{VARIABLE: "bash_source"}))
    lines = f"""
        source {script}
        COMP_WORDS=(assemblyai-mw keys r) COMP_CWORD=2
        _assemblyai_mw_completion assemblyai-mw
        echo "${{COMPREPLY[@]}}"
    """
    assert run("bash", "-c", lines).split() == ["revoke", "rotate"]


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_get_their_script_and_its_answers(shell: str) -> None:
    assert VARIABLE in run("assemblyai-mw", **{VARIABLE: f"{shell}_source"})
    typed = {
        "COMP_WORDS": "assemblyai-mw check --cr",
        "COMP_CWORD": "2" if shell == "zsh" else "--cr",
    }
    assert "--cron" in run("assemblyai-mw", **{VARIABLE: f"{shell}_complete"}, **typed)
