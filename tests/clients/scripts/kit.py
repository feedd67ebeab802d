"""What every script shares: cells that say yes or no, questions and their known answers."""

import asyncio
import inspect
import io
import json
import os
import sys
import traceback
import wave

URL, KEY, MODEL = (os.environ[f"CLIENT_{name}"] for name in ("URL", "KEY", "MODEL"))
DOORS = os.environ["CLIENT_DOORS"].split(",")

CAPITAL = "What is the capital of France?"
PARIS = "Paris is the capital of France."
WEATHER = "What is the weather in Rome?"
BOTH = "What is the weather in Rome and Oslo?"
NOVEL = "Which novel is Emma, and of which year?"
COUNT = "How many messages are there?"
SPOKEN = "The quick brown fox jumps over the lazy dog."
SPEECH_MODEL = "assemblyai/universal-2"
CLAUDE = "assemblyai/claude-sonnet-4-6"

_cells = []


def cell(name, door="chat", setting=False):
    """Make a function a cell of the table; it passes if it raises nothing.

    *setting* says that it passes by a setting which the page names, and not by default.
    """

    def keep(function):
        _cells.append((name, door, setting, function))
        return function

    return keep


def weather(city: str) -> str:
    """What the tool of all scripts says."""
    return {"Rome": "21 degrees in Rome", "Oslo": "4 degrees in Oslo"}[city]


def told(text, *cities):
    """Assert that an answer has the weather of *cities*, which only the tool knows."""
    assert text.startswith("The tools said: "), text
    for city in cities:
        assert weather(city) in text, text


def used(given, made):
    """Assert that a client shows what was used."""
    assert isinstance(given, int), given
    assert isinstance(made, int), made
    assert given > 0, given
    assert made > 0, made


def sound():
    """Return half a second of silence as a file in WAV, with a name."""
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(16_000)
        out.writeframes(bytes(16_000))
    file.seek(0)
    file.name = "speech.wav"
    return file


def run():
    """Run the cells of the asked doors, say of each whether it passed, and exit."""
    failed = False
    # One loop for all: clients keep connections, which belong to the loop that opened them.
    loop = asyncio.Runner()
    for name, door, setting, function in _cells:
        if door not in DOORS:
            continue
        said = {"cell": name, "door": door, "ok": True, "setting": setting}
        try:
            if inspect.iscoroutinefunction(function):
                loop.run(function())
            else:
                function()
        except BaseException as error:
            failed = True
            traceback.print_exc()
            said |= {"ok": False, "why": f"{type(error).__name__}: {error}"[:500]}
        print("CELL " + json.dumps(said), flush=True)
    sys.exit(1 if failed else 0)
