"""docs/openai.md: its table is the code's, and its blocks run."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from openai_kit import Answered, environ_of

from assemblyai_mw.client import calls
from assemblyai_mw.middleware.openai import OpenAITranslator
from assemblyai_mw.testing import EU_KEY, US_KEY, FakeAssemblyAI, serve
from assemblyai_mw.translate import PARAMETERS, ModelList
from assemblyai_mw.translate.models import GATEWAY_PREFIXES
from assemblyai_mw.translate.reply import finish_reason

PAGE = Path(__file__).parent.parent / "docs" / "openai.md"
TEXT = PAGE.read_text(encoding="utf-8")
BEGIN, END = "<!-- parameters: begin -->\n", "<!-- parameters: end -->"


def table() -> str:
    """Return the table of parameters as the code has it."""
    lines = ["| parameter | whose | | null | |", "|---|---|---|---|---|"]
    for row in sorted(PARAMETERS.values(), key=lambda row: (row.origin != "openai", row.name)):
        whose = "OpenAI's" if row.origin == "openai" else "the gateway's"
        note = row.note
        if row.harmless:
            values = " or ".join(f"`{_json(value)}`" for value in row.harmless)
            note = f"{note}; {values} is dropped"
        null = "yes" if row.nullable else ""
        lines.append(f"| `{row.name}` | {whose} | {row.fate} | {null} | {note} |")
    return "\n".join(lines) + "\n"


def _json(value: Any) -> str:
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)


def test_the_table_is_the_codes() -> None:
    """`python tests/test_openai_docs.py` writes it."""
    assert TEXT.partition(BEGIN)[2].partition(END)[0] == table()


def test_the_reasons_are_the_codes() -> None:
    part = TEXT.partition("| `finish_reason` |")[2]
    rows = re.findall(r"^\| `(stop|length|tool_calls|content_filter)` \| (.+) \|$", part, re.M)
    assert len(rows) == 4
    for ours, theirs in rows:
        for word in re.findall(r"`(\w+)`", theirs):
            assert finish_reason(word, called=False) == ours


def test_the_model_list_is_one() -> None:
    (block,) = re.findall(r"```yaml\n(.*?)```", TEXT, re.S)
    models = ModelList(yaml.safe_load(block)["model_list"])
    names = ("assemblyai/x", "eu.assemblyai/x", "fast")
    assert all(models.candidates(name) for name in names)


def paris(asked: dict[str, Any]) -> str:
    return "Paris."


@pytest.fixture
def served() -> Iterator[tuple[str, FakeAssemblyAI]]:
    us = FakeAssemblyAI(keys=None, reply_to=paris)
    eu = FakeAssemblyAI(region="eu", keys=None, reply_to=paris)

    def inner(environ: dict[str, Any], start_response: Any) -> Any:
        return (eu if "/eu." in environ["SCRIPT_NAME"] else us)(environ, start_response)

    with serve(OpenAITranslator(inner)) as url:
        yield url, us


def test_the_blocks_run(
    served: tuple[str, FakeAssemblyAI],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    url, us = served
    us_gateway = FakeAssemblyAI(reply_to=paris)
    body = json.dumps({"audio_url": "https://audio.example/a.mp3"}).encode()
    job = Answered(us, environ_of("/v2/transcript", body=body)).json["id"]
    monkeypatch.setenv("ASSEMBLYAI_API_KEY", US_KEY)
    monkeypatch.setenv("ASSEMBLYAI_EU_API_KEY", EU_KEY)
    blocks = re.findall(r"```python\n(.*?)```", TEXT, re.S)
    assert len(blocks) == 5
    with serve(us_gateway.host("llm-gateway")) as gateway:
        monkeypatch.setattr(
            calls, "DEFAULT_ROUTES", dict.fromkeys(GATEWAY_PREFIXES.values(), gateway)
        )
        names: dict[str, Any] = {"transcript_id": job}
        for block in blocks:
            exec(block.replace("http://127.0.0.1:8000", url), names)
    names["client"].close()
    assert capsys.readouterr().out.count("Paris.") == 4


if __name__ == "__main__":
    before, _, rest = TEXT.partition(BEGIN)
    PAGE.write_text(before + BEGIN + table() + END + rest.partition(END)[2], encoding="utf-8")
