"""What 16 MiB made to hurt cost the stack: `python -m benchmarks.hostile_bodies [NAME ...]`.

Each body goes once through the whole stack of stages, in a process of its own, to an upstream
that answers at once; the key has a team, a budget and lists of models and features, so that
every stage looks at it. CPU is the process's, from the call until its reply is read: reading
the body, deciding, sending. Memory is the most that the process had resident meanwhile, less
what it had before and less the body itself, once. Linux only.
"""

from __future__ import annotations

import argparse
import io
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

SIZE = 16 * 1024 * 1024
MAX_CPU_S, MAX_MB = 1.0, 100.0
SUBMIT, CHAT, NATIVE = (
    "/assemblyai/v2/transcript",
    "/v1/chat/completions",
    "/llm-gateway.assemblyai/v1/chat/completions",
)
RESPONSES, MESSAGES = "/v1/responses", "/v1/messages"
UNKNOWN, UNDERSTANDING = "/assemblyai/v2/x", "/llm-gateway.assemblyai/v1/understanding"
_SUBMIT = b'{"audio_url":"https://a.example/a.mp3","speech_models":["universal-2"],'
_CHAT = b'{"model":"assemblyai/gpt-5-mini","max_tokens":1,'
_NATIVE = b'{"model":"gpt-5-mini","max_tokens":1,'
_RESPONSE = b'{"model":"assemblyai/gpt-5-mini","max_output_tokens":1,'
_USED = (
    b'"messages":[{"role":"assistant","content":[{"type":"tool_use","id":"a","name":"f","input":{'
)
_SAID = b'"messages":[{"role":"user","content":"'


def _filled(start: bytes, unit: bytes, end: bytes, size: int = SIZE) -> bytes:
    """Return *unit* as often as it fits between *start* and *end* within *size* bytes."""
    return start + unit * ((size - len(start) - len(end)) // len(unit)) + end


def _counted(
    start: bytes, unit: Callable[[int], bytes], between: bytes, end: bytes, most: int = 1 << 30
) -> bytes:
    """Return as many numbered units as fit, at most *most*."""
    units: list[bytes] = []
    left = SIZE - len(start) - len(end)
    while left > 0 and len(units) < most:
        units.append(unit(len(units)))
        left -= len(units[-1]) + len(between)
    return start + between.join(units[:-1] if left <= 0 else units) + end


def _chain(number: int, depth: int = 100) -> bytes:
    """Return objects within each other, each with one member of a name of its own."""
    names = (b'{"%x":' % (number * depth + level) for level in range(depth))
    return b"".join(names) + b"1" + b"}" * depth


def _values() -> int:
    from assemblyai_mw.http.strict_json import MAX_VALUES

    return MAX_VALUES


def _under(part: float) -> int:
    return int(_values() * part) - 64


# Each is sent to its path as JSON, unless its name ends in "(text)".
BODIES: dict[str, tuple[str, Callable[[], bytes]]] = {
    "one long text": (CHAT, lambda: _filled(_CHAT + _SAID, b"a ", b'"}]}')),
    "one long text, native": (NATIVE, lambda: _filled(_NATIVE + _SAID, b"a ", b'"}]}')),
    "a text of commas and brackets": (CHAT, lambda: _filled(_CHAT + _SAID, b"[{,", b'"}]}')),
    "a text of escapes": (CHAT, lambda: _filled(_CHAT + _SAID, b"\\u0001", b'"}]}')),
    "a text of quotes": (CHAT, lambda: _filled(_CHAT + _SAID, b'\\"', b'"}]}')),
    "a text of DEL": (CHAT, lambda: _filled(_CHAT + _SAID, b"\x7f", b'"}]}')),
    "a text of Chinese": (CHAT, lambda: _filled(_CHAT + _SAID, "\u4e2d".encode(), b'"}]}')),
    "a text of Latin accents": (CHAT, lambda: _filled(_CHAT + _SAID, "\xe9".encode(), b'"}]}')),
    "ASCII with one Chinese": (
        CHAT,
        lambda: _filled(_CHAT + _SAID + "\u4e2d".encode(), b"a", b'"}]}'),
    ),
    "ASCII with one emoji": (
        CHAT,
        lambda: _filled(_CHAT + _SAID + "\U0001f600".encode(), b"a", b'"}]}'),
    ),
    "8 MiB of ASCII with one emoji": (
        CHAT,
        lambda: _filled(_CHAT + _SAID + "\U0001f600".encode(), b"a", b'"}]}', 8 << 20),
    ),
    "8 MiB of ASCII with one emoji, escaped": (
        NATIVE,
        lambda: _filled(_NATIVE + _SAID + b"\\ud83d\\ude00", b"a", b'"}]}', 8 << 20),
    ),
    "a text without an end": (CHAT, lambda: _filled(_CHAT + _SAID, b'\\"', b"")),
    "[{},{},...]": (SUBMIT, lambda: _filled(b"[{}", b",{}", b"]")),
    "[[],[],...] (text)": (UNKNOWN, lambda: _filled(b"[[]", b",[]", b"]")),
    "numbers": (SUBMIT, lambda: _filled(_SUBMIT + b'"x":[1', b",1", b"]}")),
    "one long integer": (SUBMIT, lambda: _filled(_SUBMIT + b'"x":', b"1", b"}")),
    "one long fraction": (SUBMIT, lambda: _filled(_SUBMIT + b'"x":0.', b"1", b"}")),
    "long fractions": (
        SUBMIT,
        lambda: _filled(_SUBMIT + b'"x":[0.1', b",0." + b"123456789" * 1000 + b"e-300", b"]}"),
    ),
    "one exponent without an end": (SUBMIT, lambda: _filled(_SUBMIT + b'"x":1e-', b"1", b"}")),
    "16 MiB of [": (SUBMIT, lambda: _filled(b"", b"[", b"")),
    "16 MiB of ]": (SUBMIT, lambda: _filled(b"[" * 150, b"]", b"")),
    "spaces": (SUBMIT, lambda: _filled(_SUBMIT + b'"x":', b" ", b"1}")),
    "stop, 120 deep": (
        CHAT,
        lambda: _filled(
            _CHAT + _SAID + b'a"}],"stop":' + b"[" * 120, b"0,", b"0" + b"]" * 120 + b"}"
        ),
    ),
    "stop, 120 deep, within the bound": (
        NATIVE,
        lambda: (
            _NATIVE
            + _SAID
            + b'a"}],"stop":'
            + b"[" * 120
            + b",".join([b'"%41a"'] * _under(1))
            + b"]" * 120
            + b"}"
        ),
    ),
    "objects of one member, all names new": (
        SUBMIT,
        lambda: _counted(_SUBMIT + b'"x":[', _chain, b",", b"]}", _under(1) // 101),
    ),
    "objects of one member, all names new (chat)": (
        NATIVE,
        lambda: _counted(_NATIVE + b'"metadata":[', _chain, b",", b"]}", _under(1) // 101),
    ),
    "members with long names": (
        SUBMIT,
        lambda: _counted(
            _SUBMIT + b'"x":{',
            lambda n: b'"%d%s":1' % (n, b"_x" * 30),
            b",",
            b"}}",
            _under(1),
        ),
    ),
    "one name of 16 MiB": (SUBMIT, lambda: _filled(_SUBMIT + b'"', b"_a", b'":1}')),
    "one name of 16 MiB, not ASCII": (
        SUBMIT,
        lambda: _filled(_SUBMIT + b'"', "\xe9".encode(), b'":1}'),
    ),
    "one name of 16 MiB that folds to three times as much": (
        NATIVE,
        lambda: _filled(_NATIVE + b'"', "\u0390".encode(), b'":1}'),
    ),
    "one name twice": (
        SUBMIT,
        lambda: _counted(_SUBMIT, lambda n: b'"a":1', b",", b"}", _under(1)),
    ),
    "features by the thousand": (
        SUBMIT,
        lambda: _counted(_SUBMIT, lambda n: b'"f%d":true' % n, b",", b"}", _under(1)),
    ),
    "tasks by the thousand": (
        UNDERSTANDING,
        lambda: _counted(
            b'{"transcript_id":"x","speech_understanding":{"request":{',
            lambda n: b'"t%d":null' % n,
            b",",
            b"}}}",
            _under(1),
        ),
    ),
    "texts of nested %25": (
        SUBMIT,
        lambda: _filled(_SUBMIT + b'"x":["a"', b',"%' + b"25" * 1020 + b'41"', b"]}"),
    ),
    "texts of %25, wide and not": (
        SUBMIT,
        lambda: _filled(
            _SUBMIT + b'"x":["a"', b',"' + "\uff05%2541\u4e2d".encode() * 140 + b'"', b"]}"
        ),
    ),
    "short texts of %": (
        SUBMIT,
        lambda: _filled(_SUBMIT + b'"x":["a"', b',"' + b"%41" * 28 + b'"', b"]}"),
    ),
    "texts of wide letters": (
        SUBMIT,
        lambda: _filled(_SUBMIT + b'"x":["a"', b',"' + "\uff55a".encode() * 700 + b'"', b"]}"),
    ),
    "texts of everything in Unicode": (
        SUBMIT,
        lambda: (
            _counted(
                _SUBMIT + b'"x":[',
                lambda n: (
                    b'"'
                    + "".join(
                        chr(0x10000 + (n * 1000 + at) % 0xFFFFF) for at in range(1000)
                    ).encode()
                    + b'\xef\xbd\x95"'
                ),
                b",",
                b"]}",
            )[: 8 << 20].rpartition(b",")[0]
            + b"]}"
        ),
    ),
    "features, and texts of wide letters up to the bound": (
        SUBMIT,
        lambda: (
            _counted(_SUBMIT, lambda n: b'"f%d":true' % n, b",", b"", _under(0.94))
            + _filled(b',"x":["a"', b',"' + ("\uff55" * 600).encode() + b'"', b"]", 500_000)
            + _filled(b',"y":["a"', b',"' + ("\u0315" * 900).encode() + b'"', b"]}", 12_000_000)
        ),
    ),
    "accents out of order": (
        SUBMIT,
        lambda: _filled(
            _SUBMIT + b'"x":["a"',
            b',"\xef\xbd\x95' + ("\u0315" * 500 + "\u0300" * 500).encode() + b'"',
            b"]}",
        ),
    ),
    "audio_url of 16 KiB, by the thousand": (
        SUBMIT,
        lambda: _counted(
            b'{"speech_models":["universal-2"],"x":[',
            lambda n: b'{"audio_url":"https://%d.example/%s"}' % (n, b"%4141" * 3200),
            b",",
            b"]}",
        ),
    ),
    "audio_url by the thousand": (
        SUBMIT,
        lambda: _counted(
            b'{"speech_models":["universal-2"],"x":[',
            lambda n: b'{"audio_url":"https://%d.example/a"}' % n,
            b",",
            b"]}",
            1000,
        ),
    ),
    "transcript_ids by the thousand": (
        SUBMIT,
        lambda: _counted(b'{"transcript_ids":[', lambda n: b'"%d"' % n, b",", b"]}", _under(1)),
    ),
    "one long text, a response": (
        RESPONSES,
        lambda: _filled(_RESPONSE + b'"input":"', b"a ", b'"}'),
    ),
    "long instructions of Chinese": (
        RESPONSES,
        lambda: _filled(_RESPONSE + b'"input":"a","instructions":"', "\u4e2d".encode(), b'"}'),
    ),
    "long instructions of Latin accents": (
        RESPONSES,
        lambda: _filled(_RESPONSE + b'"input":"a","instructions":"', "\xe9".encode(), b'"}'),
    ),
    "long instructions of escapes": (
        RESPONSES,
        lambda: _filled(_RESPONSE + b'"input":"a","instructions":"', b"\\u0001", b'"}'),
    ),
    "long instructions, streamed": (
        RESPONSES,
        lambda: _filled(
            _RESPONSE + b'"stream":true,"input":"a","instructions":"', "\u4e2d".encode(), b'"}'
        ),
    ),
    "items by the thousand": (
        RESPONSES,
        lambda: _counted(
            _RESPONSE + b'"input":[',
            lambda n: b'{"role":"user","content":"a"}',
            b",",
            b"]}",
            _under(1 / 3) - 10,
        ),
    ),
    "answers and calls by the thousand": (
        RESPONSES,
        lambda: _counted(
            _RESPONSE + b'"input":[',
            lambda n: (
                b'{"type":"function_call","call_id":"a","name":"f","arguments":""}'
                if n % 2
                else b'{"role":"assistant","content":"a"}'
            ),
            b",",
            b"]}",
            _under(1 / 4) - 10,
        ),
    ),
    "outputs by the thousand": (
        RESPONSES,
        lambda: _counted(
            _RESPONSE + b'"input":[',
            lambda n: b'{"type":"function_call_output","call_id":"a","output":""}',
            b",",
            b"]}",
            _under(1 / 4) - 10,
        ),
    ),
    "tools by the thousand, a response": (
        RESPONSES,
        lambda: _counted(
            _RESPONSE + b'"input":"a","tools":[',
            lambda n: b'{"type":"function","name":"f%d"}' % n,
            b",",
            b"]}",
            _under(1 / 3) - 10,
        ),
    ),
    "a large schema, streamed": (
        RESPONSES,
        lambda: _counted(
            _RESPONSE + b'"stream":true,"input":"a","tools":[{"type":"function","name":"f",'
            b'"parameters":{"x":[',
            lambda n: b'{"%d":1}' % n,
            b",",
            b"]}}]}",
            _under(1 / 2) - 40,
        ),
    ),
    "includes by the thousand": (
        RESPONSES,
        lambda: _counted(
            _RESPONSE + b'"input":"a","include":[', lambda n: b'"a"', b",", b"]}", _under(1) - 10
        ),
    ),
    "one long text, a message": (MESSAGES, lambda: _filled(_CHAT + _SAID, b"a ", b'"}]}')),
    "messages by the thousand, of Anthropic": (
        MESSAGES,
        lambda: _counted(
            _CHAT + b'"messages":[',
            lambda n: b'{"role":"user","content":"a"}',
            b",",
            b"]}",
            _under(1 / 3) - 10,
        ),
    ),
    "turns by the thousand": (
        MESSAGES,
        lambda: _counted(
            _CHAT + b'"messages":[',
            lambda n: b'{"role":"%s","content":"a"}' % (b"assistant" if n % 2 else b"user"),
            b",",
            b"]}",
            _under(1 / 3) - 10,
        ),
    ),
    "blocks by the thousand": (
        MESSAGES,
        lambda: _counted(
            _CHAT + b'"messages":[{"role":"user","content":[',
            lambda n: b'{"type":"text","text":"a"}',
            b",",
            b"]}]}",
            _under(1 / 3) - 10,
        ),
    ),
    "results of tools by the thousand": (
        MESSAGES,
        lambda: _counted(
            _CHAT + b'"messages":[{"role":"user","content":[',
            lambda n: b'{"type":"tool_result","tool_use_id":"a","is_error":true}',
            b",",
            b"]}]}",
            _under(1 / 4) - 10,
        ),
    ),
    "calls of tools by the thousand": (
        MESSAGES,
        lambda: _counted(
            _CHAT + b'"messages":[{"role":"assistant","content":[',
            lambda n: b'{"type":"tool_use","id":"a","name":"f","input":{}}',
            b",",
            b"]}]}",
            _under(1 / 6) - 10,
        ),
    ),
    "one large input of a tool": (
        MESSAGES,
        lambda: _filled(
            _CHAT + _USED + b'"x":"',
            "\u4e2d".encode(),
            b'"}}]}]}',
        ),
    ),
    "one large input of a tool, of escapes": (
        MESSAGES,
        lambda: _filled(
            _CHAT + _USED + b'"x":"',
            b"\\u0001",
            b'"}}]}]}',
        ),
    ),
    "one large input of a tool, of values": (
        MESSAGES,
        lambda: _counted(
            _CHAT + _USED + b'"x":[',
            lambda n: b'{"%d":1}' % n,
            b",",
            b"]}}]}]}",
            _under(1 / 2) - 40,
        ),
    ),
    "tools by the thousand, a message": (
        MESSAGES,
        lambda: _counted(
            _CHAT + _SAID + b'a"}],"tools":[',
            lambda n: b'{"name":"f%d","input_schema":{"type":"object"}}' % n,
            b",",
            b"]}",
            _under(1 / 4) - 10,
        ),
    ),
    "system blocks by the thousand": (
        MESSAGES,
        lambda: _counted(
            _CHAT + _SAID + b'a"}],"system":[',
            lambda n: b'{"type":"text","text":"a"}',
            b",",
            b"]}",
            _under(1 / 3) - 10,
        ),
    ),
    "messages by the thousand": (
        CHAT,
        lambda: _counted(
            _CHAT + b'"messages":[',
            lambda n: b'{"role":"user","content":""}',
            b",",
            b"]}",
            _under(1 / 3) - 10,
        ),
    ),
    "parts by the thousand": (
        CHAT,
        lambda: _counted(
            _CHAT + b'"messages":[{"role":"user","content":[',
            lambda n: b'{"type":"text","text":""}',
            b",",
            b"]}]}",
            _under(1 / 3) - 10,
        ),
    ),
    "tool calls by the thousand": (
        CHAT,
        lambda: _counted(
            _CHAT + b'"messages":[{"role":"assistant","tool_calls":[',
            lambda n: b'{"id":"a","type":"function","function":{"name":"f","arguments":""}}',
            b",",
            b"]}]}",
            _under(1 / 6) - 10,
        ),
    ),
    "tools by the thousand": (
        CHAT,
        lambda: _counted(
            _CHAT + _SAID + b'a"}],"tools":[',
            lambda n: b'{"type":"function","function":{"name":"f"}}',
            b",",
            b"]}",
            _under(1 / 4) - 10,
        ),
    ),
    "fallbacks by the thousand": (
        CHAT,
        lambda: _counted(
            _CHAT + _SAID + b'a"}],"fallbacks":[',
            lambda n: b'{"model":"assemblyai/gpt-%d"}' % n,
            b",",
            b"]}",
            _under(1 / 2) - 10,
        ),
    ),
    "fallbacks by the thousand, native": (
        NATIVE,
        lambda: _counted(
            _NATIVE + _SAID + b'a"}],"fallbacks":[',
            lambda n: b'{"model":"gpt-%d"}' % n,
            b",",
            b"]}",
            _under(1 / 2) - 10,
        ),
    ),
    "speech_models by the thousand": (
        SUBMIT,
        lambda: _counted(b'{"speech_models":[', lambda n: b'"m%d"' % n, b",", b"]}", _under(1)),
    ),
    "a schema 100 deep": (
        CHAT,
        lambda: _counted(
            _CHAT + _SAID + b'a"}],"response_format":{"type":"json_schema","json_schema":'
            b'{"name":"a","schema":{"x":[',
            _chain,
            b",",
            b"]}}}}",
            _under(1) // 101,
        ),
    ),
    "words like ids": (
        UNKNOWN,
        lambda: _counted(b'{"x":[', lambda n: b'"%032d"' % n, b",", b"]}", _under(1)),
    ),
    "words like ids (text)": (UNKNOWN, lambda: _filled(b"", b"aaaaaaaaaaaaaaaa ", b"")),
    "% (text)": (UNKNOWN, lambda: _filled(b"", b"%41", b"")),
    "%, apart (text)": (UNKNOWN, lambda: _filled(b"", b"%41a", b"")),
    "nested %25 (text)": (UNKNOWN, lambda: _filled(b"%", b"25", b"41")),
    "nested %25, apart (text)": (UNKNOWN, lambda: _filled(b"", b"%25252541", b"")),
    "wide letters (text)": (UNKNOWN, lambda: _filled(b"%41", "\uff41".encode(), b"")),
    "wide letters, apart (text)": (UNKNOWN, lambda: _filled(b"%41", "\uff41a".encode(), b"")),
    "accents out of order (text)": (
        UNKNOWN,
        lambda: _filled(b"%41", ("\u0315" * 500 + "\u0300" * 500).encode(), b""),
    ),
    "base64 (text)": (UNKNOWN, lambda: _filled(b"", b"QUJDREVGR0g0", b"")),
    "arguments of many values": (
        NATIVE,
        lambda: _filled(
            _NATIVE + b'"messages":[{"role":"assistant","tool_calls":[{"function":{"name":"f",'
            b'"arguments":"[{}',
            b",{}",
            b']"}}]}]}',
        ),
    ),
    "what a guard's patterns begin with": (
        NATIVE,
        lambda: _filled(_NATIVE + _SAID, b"a", b'"}]}', 3_999_000),
    ),
    "what a guard finds": (
        NATIVE,
        lambda: _filled(_NATIVE + _SAID, b"a@b.c ", b'"}]}', 3_999_000),
    ),
    "what a guard finds, at most": (
        NATIVE,
        lambda: _filled(_NATIVE + _SAID, b"a@b.c ", b'"}]}', 1_199_000),
    ),
    "what a guard finds beside DEL": (
        NATIVE,
        lambda: _filled(_NATIVE + _SAID + b'a@b.c"}],"id":"', b"\x7f", b'"}'),
    ),
    "half a surrogate pair": (
        SUBMIT,
        lambda: _filled(_SUBMIT + b'"x":"\\ud800","y":"', b"a", b'"}', 8 << 20),
    ),
}


class Upstream:
    """Answers at once, with nothing; reads what it is sent."""

    status, reason, headers = 200, "OK", [("Content-Type", "application/json")]
    whole = (
        b'{"model":"gpt-5-mini","choices":[{"message":{"role":"assistant","content":"a"},'
        b'"finish_reason":"stop"}],"usage":{"input_tokens":1,"output_tokens":1}}'
    )

    def send(self, origin: Any, request: Any, timeouts: Any) -> Upstream:
        """Take the request."""
        request.sent = True
        if request.body is not None and not isinstance(request.body, bytes):
            for _ in request.body:
                pass
        return self

    def __iter__(self) -> Iterator[bytes]:
        return iter([self.whole])

    def __next__(self) -> bytes:
        raise StopIteration

    def close(self) -> None:
        """Nothing is open."""


def _host(environ: Any, start_response: Any) -> Iterable[bytes]:
    start_response("404 Not Found", [])
    return [b""]


def _resident(field: str) -> int:
    """Return VmRSS or VmHWM of this process, in bytes."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) * 1024
    raise OSError(f"/proc/self/status has no {field}")


def _ask(app: Any, path: str, key: str, body: Any, size: int, text: bool) -> int:
    seen: list[int] = []
    environ = {
        "REQUEST_METHOD": "POST",
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.url_scheme": "http",
        "wsgi.input": body,
        "wsgi.errors": sys.stderr,
        "CONTENT_LENGTH": str(size),
        "CONTENT_TYPE": "text/plain" if text else "application/json",
        "HTTP_AUTHORIZATION": key,
    }
    reply = app(environ, lambda status, headers, exc_info=None: seen.append(int(status[:3])))
    for _ in reply:
        pass
    close = getattr(reply, "close", None)
    if close is not None:
        close()
    return seen[0]


def measure(name: str, file: Path, guarded: bool) -> dict[str, Any]:
    """Send the body in *file* through a stack of its own, in this process."""
    import logging

    from assemblyai_mw import AssemblyAIMiddleware, Keys

    logging.disable()
    path = BODIES[name][0]
    text = name.endswith("(text)")
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/ledger.db"
        config: dict[str, Any] = {
            "model_list": [
                {
                    "model_name": "assemblyai/*",
                    "litellm_params": {"model": "assemblyai/*", "api_key": "account"},
                }
            ],
            "general_settings": {"master_key": "sk-master-0123456789abcdef", "database_url": url},
            "settlement": False,
        }
        if guarded:
            config["guardrails"] = [
                {
                    "guardrail_name": "pii",
                    "litellm_params": {
                        "guardrail": "pattern",
                        "mode": ["pre_call"],
                        "options": {"patterns": ["email", "us_ssn"], "action": "mask"},
                    },
                }
            ]
        stack = AssemblyAIMiddleware(_host, config, transport=Upstream())
        keys = Keys(url)
        # No budget for unknown paths and no lists: they would be refused unread.
        limits: dict[str, Any] = {"team": "t", "allow_unpriced": True}
        if path != UNKNOWN:
            limits |= {
                "budget_usd": "1000000",
                "models": ["*"],
                "region": "us",
                "denied_features": ["redact_pii"],
            }
        key = keys.create("k", **limits).key
        small = b'{"model":"assemblyai/gpt-5-mini","messages":[{"role":"user","content":"a"}]}'
        for warm in (small, b"{}", b'{"audio_url":"https://a.example/%41"}', b'"%41\xef\xbd\x95"'):
            for at in (path, CHAT):
                _ask(stack, at, key, io.BytesIO(warm), len(warm), text)
        size = file.stat().st_size
        Path("/proc/self/clear_refs").write_text("5")
        before, started = _resident("VmRSS"), time.process_time()
        with file.open("rb") as body:
            status = _ask(stack, path, key, body, size, text)
        cpu_s = time.process_time() - started
        grown = _resident("VmHWM") - before - size
        stack.close()
        keys.database.close()
    return {"status": status, "cpu_s": cpu_s, "mb": max(0, grown) / 1e6, "size": size}


def main() -> None:
    """Measure the bodies that were named, or all, and print their table."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.hostile_bodies", description=__doc__
    )
    parser.add_argument("names", nargs="*", help="of bodies; all by default")
    parser.add_argument("--guarded", action="store_true", help="with a guard of text as well")
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        print(json.dumps(measure(options.names[0], options.child, options.guarded)))
        return
    names = options.names or list(BODIES)
    rows: list[tuple[str, dict[str, Any]]] = []
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "body"
        for name in names:
            file.write_bytes(BODIES[name][1]())
            command = [
                sys.executable,
                "-m",
                "benchmarks.hostile_bodies",
                name,
                "--child",
                str(file),
            ]
            command += ["--guarded"] if options.guarded else []
            done = subprocess.run(command, capture_output=True, text=True)
            if done.returncode:
                sys.exit(f"{name}: {done.stderr}")
            rows.append((name, json.loads(done.stdout)))
    worst = {what: max(row[what] for _, row in rows) for what in ("cpu_s", "mb")}
    print("| body | MiB | status | CPU s | MB |\n|---|---|---|---|---|")
    for name, row in rows:
        marks = {what: " worst" if row[what] == worst[what] else "" for what in worst}
        print(
            f"| {name} | {row['size'] / (1 << 20):.1f} | {row['status']} "
            f"| {row['cpu_s']:.2f}{marks['cpu_s']} | {row['mb']:.0f}{marks['mb']} |"
        )
    if worst["cpu_s"] > MAX_CPU_S or worst["mb"] > MAX_MB:
        sys.exit(f"over the bound of {MAX_CPU_S:g} s or {MAX_MB:g} MB")


if __name__ == "__main__":
    main()
