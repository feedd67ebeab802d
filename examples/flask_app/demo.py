"""Show everything once: `python examples/flask_app/demo.py [AUDIO]`, a few seconds, no account.

Starts a stand-in AssemblyAI and the Flask app beside this file under Gunicorn, both on
this machine, then uses the app as its clients would. With ASSEMBLYAI_API_KEY set it
talks to the real AssemblyAI instead, which costs less than a cent.
"""

from __future__ import annotations

import contextlib
import math
import os
import socket
import struct
import subprocess
import sys
import tempfile
import textwrap
import time
import urllib.request
import wave
from collections.abc import Callable, Iterator
from pathlib import Path

import assemblyai as aai
import openai
import yaml
from assemblyai.streaming.v3 import (
    StreamingClient,
    StreamingClientOptions,
    StreamingEvents,
    StreamingParameters,
)

from assemblyai_mw.testing import EU_KEY, US_KEY, FakeAssemblyAI, Hosts, serve_all

HERE = Path(__file__).resolve().parent
SECONDS = 7.3
RATE = 16_000
# Small, priced, and at home in both regions.
MODEL = "gemini-2.5-flash-lite"
STREAMING_MODEL = "universal-streaming-english"
QUESTION = "What is the capital of France? One word."
REAL_KEYS = ("ASSEMBLYAI_API_KEY", "ASSEMBLYAI_EU_API_KEY")


def main() -> None:
    started = time.monotonic()
    real = bool(os.environ.get("ASSEMBLYAI_API_KEY"))
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="assemblyai-mw-")))
        hosts = None if real else stack.enter_context(stand_ins())
        environ = environment(folder, hosts)

        heading("The app", "a Flask app, wrapped in one line, under Gunicorn with 2 workers")
        url = stack.enter_context(gunicorn(environ))
        say(f"its own page, {url}/healthz: {read(url + '/healthz')}")
        say("behind it: " + ("the real AssemblyAI" if real else "a stand-in AssemblyAI"))

        heading("A virtual key", "the owner makes it; the caller never sees AssemblyAI's")
        key = command(environ, "keys", "create", "alice", "--team", "podcasts").strip()

        heading("Speech to text", "the assemblyai SDK, unchanged, with a new base_url")
        aai.settings.base_url = f"{url}/assemblyai"
        aai.settings.api_key = key
        aai.settings.polling_interval = 3.0 if real else 0.05
        audio = Path(sys.argv[1]) if len(sys.argv) > 1 else tone(folder / "tone.wav")
        transcript = transcribe(audio)

        heading("Live speech", "a WebSocket by the same SDK, through the same app")
        live(f"{url}/streaming.assemblyai", key, tone(folder / "tone.wav"))

        heading("The EU", "another prefix, another host; nothing of it passes the US")
        europe(f"{url}/eu.assemblyai", key, hosts)

        heading("A wrong key", "is refused before anything is read or sent")
        wrong = aai.Client(
            settings=aai.Settings(base_url=f"{url}/assemblyai", api_key="sk-not-a-key")
        )
        say(attempt(lambda: aai.Transcriber(client=wrong).list_transcripts()))

        heading("Another team's key", "finds nothing under alice's id")
        bob = command(environ, "keys", "create", "bob", "--team", "sales").strip()
        theirs = aai.Client(settings=aai.Settings(base_url=f"{url}/assemblyai", api_key=bob))
        say(attempt(aai.Transcript(transcript.id, client=theirs).wait_for_completion))

        heading("Chat", "the openai SDK, unchanged: Claude, GPT, Gemini by the LLM Gateway")
        chat(f"{url}/v1", key)

        heading("Listing and deleting", "by the SDK again")
        listed = aai.Transcriber().list_transcripts().transcripts
        say(
            f"{len(listed)} transcript(s): " + ", ".join(f"{t.id} {t.status.value}" for t in listed)
        )
        if transcript.id:
            say(f"deleted: {aai.Transcript.delete_by_id(transcript.id).text!r}")

        heading("What it cost", "from the ledger, in US dollars")
        command(environ, "usage", "--by", "model", "--exact")
        command(environ, "usage", "--by", "key", "--exact")
    print(f"\nDone in {time.monotonic() - started:.1f} s; everything is stopped and removed.")


# The steps.


def transcribe(audio: Path) -> aai.Transcript:
    """Upload, transcribe, and print text and subtitles."""
    config = aai.TranscriptionConfig(speech_models=["universal-3-5-pro"], speaker_labels=True)
    transcript = aai.Transcriber().transcribe(str(audio), config)
    say(
        f"uploaded {audio.name} ({audio.stat().st_size:,} bytes), status: {transcript.status.value}"
    )
    if transcript.error:
        say(f"error: {transcript.error}")
        return transcript
    say(f"text: {transcript.text or '(no speech in it)'}")
    if transcript.text:
        say("subtitles:")
        print(indented(transcript.export_subtitles_srt(chars_per_caption=48)))
    return transcript


def live(base_url: str, key: str, audio: Path) -> None:
    """Send a little more than a second of audio as it would be spoken, and print what comes."""
    options = StreamingClientOptions(
        # Without a scheme the SDK takes wss://, as behind a proxy with TLS.
        api_host=base_url.replace("http", "ws", 1),
        api_key=key,
        # The worker's first session loads what it needs.
        connect_timeout=5.0,
    )
    client = StreamingClient(options)
    turns: dict[int, str] = {}
    client.on(
        StreamingEvents.Turn, lambda _, turn: turns.update({turn.turn_order: turn.transcript})
    )
    client.on(
        StreamingEvents.Termination,
        lambda _, end: say(
            f"the session lasted {end.session_duration_seconds} s as AssemblyAI counts; "
            "what it cost is in the ledger, below"
        ),
    )
    client.on(StreamingEvents.Error, lambda _, error: say(f"error: {error}"))
    client.connect(StreamingParameters(sample_rate=RATE, speech_model=STREAMING_MODEL))
    with wave.open(str(audio)) as reader:
        for _ in range(11):
            client.stream(reader.readframes(RATE // 10))
            time.sleep(0.1)
    client.disconnect(terminate=True)
    for text in turns.values():
        say(f"turn: {text or '(no speech in it)'}")


def europe(base_url: str, key: str, hosts: Hosts | None) -> None:
    """Use the EU route; with the stand-ins, show which of them was asked."""
    settings = aai.Settings(base_url=base_url, api_key=key, polling_interval=0.05)
    transcriber = aai.Transcriber(client=aai.Client(settings=settings))
    if hosts is None:
        # An account's key need not be good for the EU.
        count = attempt(lambda: len(transcriber.list_transcripts().transcripts))
        say(f"transcripts there: {count}")
        return
    before = len(hosts.us.requests)
    transcript = transcriber.transcribe("https://example.com/interview.mp3")
    say(f"status: {transcript.status.value}")
    say(
        f"requests at the EU stand-in: {len(hosts.eu.requests)}, "
        f"at the US stand-in: {len(hosts.us.requests) - before}"
    )


def chat(base_url: str, key: str) -> None:
    """Ask a question, plain and streamed."""
    messages = [{"role": "user", "content": QUESTION}]
    say(f"asked: {QUESTION}")
    with openai.OpenAI(base_url=base_url, api_key=key) as client:
        try:
            reply = client.chat.completions.create(model=f"assemblyai/{MODEL}", messages=messages)
            say(f"{reply.model}: {reply.choices[0].message.content}")
            usage = reply.usage
            say(f"tokens: {usage.prompt_tokens} in, {usage.completion_tokens} out")
            stream = client.chat.completions.create(
                model=f"assemblyai/{MODEL}", messages=messages, stream=True
            )
            pieces = [c.choices[0].delta.content or "" for c in stream if c.choices]
            say(f"the same in {len(pieces)} events: {'|'.join(p for p in pieces if p)}")
        except openai.APIStatusError as error:
            # A free account of AssemblyAI's may not use every model.
            say(f"refused, HTTP {error.status_code}: {error.message}")


# What it takes.


@contextlib.contextmanager
def stand_ins() -> Iterator[Hosts]:
    """AssemblyAI's hosts on loopback; their one model has read an atlas."""
    us = FakeAssemblyAI(reply_to=lambda asked: "Paris, says the stand-in.")
    with serve_all(us) as hosts:
        yield hosts


def environment(folder: Path, hosts: Hosts | None) -> dict[str, str]:
    """The environment of the app and of its owner's commands."""
    kept = REAL_KEYS if hosts is None else ()
    environ = {k: v for k, v in os.environ.items() if k in kept or not k.startswith("ASSEMBLYAI_")}
    config: dict[str, object] = {
        "general_settings": {"database_url": f"sqlite:///{folder}/ledger.db"}
    }
    if hosts is not None:
        config["routes"] = hosts.routes
        environ |= {"ASSEMBLYAI_API_KEY": US_KEY, "ASSEMBLYAI_EU_API_KEY": EU_KEY}
    file = folder / "assemblyai_mw.yaml"
    file.write_text(yaml.safe_dump(config))
    # Gunicorn's control socket goes where the rest goes: away.
    return environ | {"ASSEMBLYAI_MW_CONFIG": str(file), "XDG_RUNTIME_DIR": str(folder)}


@contextlib.contextmanager
def gunicorn(environ: dict[str, str]) -> Iterator[str]:
    """Run the app; gives its URL. The port is the system's choice, taken before the start."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        options = ["--workers", "2", "--threads", "8", "--log-level", "warning"]
        bind = ["--chdir", str(HERE), "--bind", f"fd://{listener.fileno()}", "app:app"]
        process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", *options, *bind],
            env=environ,
            pass_fds=[listener.fileno()],
        )
    try:
        yield url
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def command(environ: dict[str, str], *arguments: str) -> str:
    """Run the command line as the owner would, and show what it prints."""
    say("$ assemblyai-mw " + " ".join(arguments))
    run = [sys.executable, "-m", "assemblyai_mw", *arguments]
    result = subprocess.run(run, env=environ, capture_output=True, text=True)
    print(indented(result.stdout + result.stderr), flush=True)
    result.check_returncode()
    return result.stdout


def tone(file: Path) -> Path:
    """A WAV file of a falling tone."""
    with wave.open(str(file), "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(RATE)
        samples = (
            int(9000 * math.sin(2 * math.pi * (440 - 20 * n / RATE) * n / RATE))
            for n in range(int(SECONDS * RATE))
        )
        writer.writeframes(b"".join(struct.pack("<h", sample) for sample in samples))
    return file


def attempt(call: Callable[[], object]) -> str:
    """Return what a call to AssemblyAI's SDK gives, or its error in one line."""
    try:
        return str(call())
    except aai.AssemblyAIError as error:
        return f"HTTP {error.status_code}: {error}"


def read(url: str) -> str:
    with urllib.request.urlopen(url) as reply:
        return f"HTTP {reply.status} {reply.read().decode().strip()}"


# Printing.


def heading(title: str, text: str) -> None:
    print(f"\n== {title}: {text}")


def say(text: str) -> None:
    print(textwrap.indent(textwrap.fill(text, 96), "   "), flush=True)


def indented(text: str) -> str:
    return "\n".join(f"   | {line}" for line in text.strip().splitlines())


if __name__ == "__main__":
    main()
