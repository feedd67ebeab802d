"""`llm`, by its command, as its documentation shows for OpenAI-compatible models."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

from kit import (
    BOTH,
    CAPITAL,
    COUNT,
    DOORS,
    KEY,
    MODEL,
    NOVEL,
    PARIS,
    URL,
    WEATHER,
    cell,
    run,
    told,
    used,
)

TOOL = '''
def get_weather(city: str) -> str:
    """Tell the weather of a city."""
    return {"Rome": "21 degrees in Rome", "Oslo": "4 degrees in Oslo"}[city]
'''
place = Path("llm").resolve()
place.mkdir()
os.environ["LLM_USER_PATH"] = str(place)
extra = [
    {
        "model_id": f"{door}-model",
        "model_name": MODEL,
        "api_base": f"{URL}/v1",
        "api_key_name": "assemblyai",
        "supports_schema": True,
        "supports_tools": True,
        "responses": door == "responses",
    }
    for door in ("chat", "responses")
]
(place / "extra-openai-models.yaml").write_text(json.dumps(extra))


def llm(*arguments):
    done = subprocess.run(
        [sys.executable, "-m", "llm", *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done


llm("keys", "set", "assemblyai", "--value", KEY)


def cells(door):
    model = ("--model", f"{door}-model")

    @cell("chat", door)
    def chat():
        done = llm(*model, "--no-stream", "--usage", CAPITAL)
        assert done.stdout.strip() == PARIS
        given, made = re.search(r"(\d+) input, (\d+) output", done.stderr).groups()
        used(int(given), int(made))

    @cell("stream", door)
    def stream():
        assert llm(*model, CAPITAL).stdout.strip() == PARIS

    @cell("tools", door)
    def tools():
        told(llm(*model, "--functions", TOOL, WEATHER).stdout.strip(), "Rome")

    @cell("parallel", door)
    def parallel():
        told(llm(*model, "--functions", TOOL, BOTH).stdout.strip(), "Rome", "Oslo")

    @cell("structured", door)
    def structured():
        done = llm(*model, "--schema", "title, year int", NOVEL)
        assert json.loads(done.stdout) == {"title": "Emma", "year": 1815}

    @cell("sent back", door)
    def sent_back():
        llm(*model, "--schema", "title, year int", NOVEL)
        assert llm(*model, "--continue", COUNT).stdout.strip() == "There are 3 messages."


for each in DOORS:
    cells(each)
run()
