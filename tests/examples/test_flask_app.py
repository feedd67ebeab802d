"""The example is what the README promises: an app in one line, a demo in one command."""

from __future__ import annotations

import html
import importlib.util
import os
import re
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from types import ModuleType

import pytest
from webtest import TestApp

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "examples" / "flask_app"
MAX_LINES = 35


@pytest.fixture
def example(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ModuleType:
    """The module `app`, set up by the environment alone."""
    for name in [name for name in os.environ if name.startswith("ASSEMBLYAI_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("ASSEMBLYAI_API_KEY", "account-key")
    monkeypatch.setenv("ASSEMBLYAI_MW_DATABASE_URL", f"sqlite:///{tmp_path}/ledger.db")
    spec = importlib.util.spec_from_file_location("example_app", FOLDER / "app.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_app_keeps_its_own_pages(example: ModuleType) -> None:
    app = TestApp(example.app.wsgi_app)
    assert "<h1>Podcasts</h1>" in app.get("/")
    assert app.get("/healthz").json == {"status": "ok"}
    app.get("/assemblyaifoo", status=404)


@pytest.mark.parametrize(
    ("path", "error"),
    [
        pytest.param("/assemblyai/v2/transcript", str, id="assemblyai"),
        pytest.param("/eu.assemblyai/v2/transcript", str, id="eu"),
        pytest.param("/v1/models", dict, id="openai"),
    ],
)
def test_nobody_gets_past_the_app_without_a_key(
    path: str, error: type, example: ModuleType
) -> None:
    reply = TestApp(example.app.wsgi_app).get(path, status=401)
    assert isinstance(reply.json["error"], error)


def test_the_app_is_short_and_its_middleware_one_line() -> None:
    lines = (FOLDER / "app.py").read_text().splitlines()
    assert len(lines) <= MAX_LINES
    assert [line for line in lines if "AssemblyAIMiddleware(" in line] == [
        "app.wsgi_app = AssemblyAIMiddleware(app.wsgi_app)"
    ]


def test_the_demo_shows_everything_and_leaves_nothing(tmp_path: Path) -> None:
    environ = {k: v for k, v in os.environ.items() if not k.startswith("ASSEMBLYAI_")}
    with subprocess.Popen(
        [sys.executable, str(FOLDER / "demo.py")],
        env={**environ, "TMPDIR": str(tmp_path), "PYTHONPATH": os.pathsep.join(sys.path)},
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as process:
        output = process.communicate(timeout=120)[0]
    assert process.returncode == 0, output

    assert "HTTP 200 {" in output
    key = re.search(r"^   \| (sk-\S{22,})$", output, re.MULTILINE)
    assert key, output
    assert "Good morning. This is the stand-in" in output
    assert re.search(r"00:00:00,000 --> 00:00:0\d,\d{3}", output)
    assert re.search(r"the session lasted 2 s .*\n(.*\n)?   turn: good morning\n", output)
    assert re.search(r"at the EU stand-in: [1-9]\d*, at the US stand-in: 0\n", output)
    assert re.search(r"HTTP 401: .*API key missing/invalid", output)
    assert re.search(r"HTTP 404: .*Not found", output)
    assert "assemblyai/gemini-2.5-flash-lite: Paris" in output
    assert "deleted: 'Deleted by user.'" in output
    picture = (ROOT / "docs" / "assets" / "demo.svg").read_text(encoding="utf-8")
    headings = [line for line in output.splitlines() if line.startswith("== ")]
    assert re.findall(r">(== .*)</text>", picture) == [html.escape(each) for each in headings]
    # 8 s and 13 s of Universal-3.5 Pro at $0.21 an hour, the first with speakers ($0.02);
    # a session of 1.1 s, counted as 2, of Universal-Streaming at $0.15 an hour; two chats of 10
    # and 7 tokens at $0.10 and $0.40 a million, and 10 % for the region.
    speech = Decimal("0.23") * 8 / 3600 + Decimal("0.21") * 13 / 3600
    speech += Decimal("0.15") * 2 / 3600
    llm = 2 * (10 * Decimal("0.10") + 7 * Decimal("0.40")) / 1_000_000 * Decimal("1.1")
    total = re.search(r"\| alice .* (\d+\.\d+)\n", output)
    assert total, output
    assert abs(Decimal(total[1]) - speech - llm) < Decimal("0.000000002")
    # The README shows the same table.
    readme = (FOLDER.parents[1] / "README.md").read_text()
    shown = readme.partition("$ assemblyai-mw usage --exact\n")[2].partition("```")[0].splitlines()
    printed = output.partition("$ assemblyai-mw usage --by key --exact\n")[2]
    assert len(shown) == 5
    assert [f"   | {line}" for line in shown] == printed.splitlines()[:5]

    assert list(tmp_path.iterdir()) == []
    # The demo led a process group of its own; it is empty.
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)
