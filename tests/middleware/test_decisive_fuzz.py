"""Generated bodies: what is let through grants and costs what it seems to, to any reader.

    FUZZ_BODIES=10000 python -m pytest tests/middleware/test_decisive_fuzz.py    # the longer run

AssemblyAI is played by a recorder that does whatever it is asked. Its bytes are read here by
a reader as lax as can be: names in any case, width and joint, each of two members with one
name, a text for a list, a number in a text.
"""

from __future__ import annotations

import json
import os
import unicodedata
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from recorder_kit import recording
from stack_kit import API

LLM = "/llm-gateway.assemblyai/v1/chat/completions"
SUBMIT = f"{API}/v2/transcript"
UNDERSTAND = "/llm-gateway.assemblyai/v1/understanding"
BODIES = int(os.environ.get("FUZZ_BODIES", "500"))

ALLOWED = ["gpt-5-n*", "universal-2"]
DENIED = ["redact_pii", "speech_understanding.translation", "domain.medical-v1", "keyterms_prompt"]
KEYS: dict[str, dict[str, Any]] = {
    "budget": {"budget_usd": "1000000"},
    "models": {"models": ALLOWED},
    "features": {"features": ["speaker_labels", "speech_understanding.summarization"]},
    "denied": {"denied_features": DENIED},
    "plain": {},
}
# Dollars a million tokens written, in nano-dollars a token (AssemblyAI's card of 2026-05-29).
OUTPUT = {"gpt-5-nano": 400, "gpt-5-mini": 2_000, "claude-opus-4-7": 27_500}
FLAGS = ("redact_pii", "speaker_labels", "sentiment_analysis")
TASKS = ("translation", "summarization")


class Object(list[tuple[str, Any]]):
    """A JSON object as it is written: its members in order, doubles among them."""


def dumped(value: Any) -> str:
    if isinstance(value, Object):
        members = (f"{json.dumps(name)}: {dumped(inner)}" for name, inner in value)
        return "{" + ", ".join(members) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(dumped, value)) + "]"
    return json.dumps(value)


# The lax reader


def plain(name: str) -> str:
    loose = unicodedata.normalize("NFKD", name).upper().casefold()
    return "".join(each for each in loose if "a" <= each <= "z" or "0" <= each <= "9")


def under(value: Any, name: str) -> Iterator[Any]:
    """Yield every value that stands in an object under *name*, however that is spelled."""
    if isinstance(value, Object):
        yield from (inner for each, inner in value if plain(each) == plain(name))


def listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list) and not isinstance(value, Object) else [value]


def texts(value: Any) -> list[str]:
    """Return every text in a value; as a lax reader may take `[["x"]]` for `x`."""
    if isinstance(value, Object):
        return [text for _, inner in value for text in texts(inner)]
    if isinstance(value, list):
        return [text for inner in value for text in texts(inner)]
    return [value] if isinstance(value, str) and value.strip() else []


def ways(body: Any) -> Iterator[Any]:
    """Yield the request and its fallbacks, and theirs."""
    yield body
    for fallbacks in under(body, "fallbacks"):
        for fallback in listed(fallbacks):
            yield from ways(fallback)


def models(body: Any) -> set[str]:
    found: set[str] = set()
    for way in ways(body):
        if isinstance(way, str):
            found.add(way.strip())
        for name in ("model", "speech_model", "speech_models"):
            found.update(text.strip() for value in under(way, name) for text in texts(value))
    return found


def features(body: Any) -> set[str]:
    found = {
        flag
        for flag in FLAGS
        if any(value not in (None, False, 0, "", "false") for value in under(body, flag))
    }
    if any(texts(value) for value in under(body, "keyterms_prompt")):
        found.add("keyterms_prompt")
    for value in under(body, "domain"):
        found.update(f"domain.{'-v'.join(plain(text).rsplit('v', 1))}" for text in texts(value))
    stack = list(under(body, "speech_understanding"))
    while stack:
        value = stack.pop()
        for task in TASKS:
            if any(inner not in (None, False) for inner in under(value, task)):
                found.add(f"speech_understanding.{task}")
        if isinstance(value, Object):
            stack += [inner for name, inner in value if plain(name) not in map(plain, TASKS)]
        elif isinstance(value, list):
            stack += value
    return found


def number(value: Any) -> int:
    try:
        return int(float(listed(value)[0]))
    except (IndexError, OverflowError, TypeError, ValueError):
        return 0


def most(body: Any) -> int:
    """Return the most that its words can cost, in nano-dollars, as any reader sees it."""
    names = ("max_tokens", "max_completion_tokens")
    bounds = [number(v) for way in ways(body) for name in names for v in under(way, name)]
    choices = [number(v) for way in ways(body) for v in under(way, "n")]
    rate = max((OUTPUT[name] for name in models(body) if name in OUTPUT), default=0)
    return max([1, *bounds]) * max([1, *choices]) * rate


# What is sent


def respelled(name: str) -> st.SearchStrategy[str]:
    return st.sampled_from(
        [
            *[name] * 12,
            name.upper(),
            name.title(),
            name.replace("_", "-"),
            name.replace("_", ""),
            name.replace("s", "\u017f").replace("k", "\u212a").replace("i", "\u0131"),
            "".join(chr(ord(c) + 0xFEE0) for c in name),
            name[:2] + "\u00ad" + name[2:],
            name + "\u200b",
            name + " ",
        ]
    )


def odd(value: Any) -> st.SearchStrategy[Any]:
    """Return *value*, and sometimes what a lax reader takes for it."""
    return st.sampled_from([*[value] * 12, [value], str(value), None, Object([("0", value)]), 1])


@st.composite
def objects(draw: st.DrawFn, members: dict[str, st.SearchStrategy[Any]]) -> Object:
    chosen = draw(st.lists(st.sampled_from(sorted(members)), max_size=5))
    return Object([(draw(respelled(name)), draw(members[name])) for name in chosen])


def valued(values: list[Any]) -> st.SearchStrategy[Any]:
    return st.sampled_from(values).flatmap(odd)


model = valued(["gpt-5-nano", "gpt-5-nano", "claude-opus-4-7", "gpt-5-mini\u200b"])
numbers = st.sampled_from([10, 1000, 10**9, 10**9 + 1, "100000", -5, 1.5, 3.0, True, None])
way: dict[str, st.SearchStrategy[Any]] = {
    "model": model,
    "max_tokens": numbers,
    "max_completion_tokens": numbers,
    "n": st.sampled_from([1, 2, 1000, 1001, "50", 0, None]),
    "model_region": valued(["global", "us"]),
    "extra_body": st.just(Object([("Model", "claude-opus-4-7")])),
}
inner_way = objects(way) | st.just("claude-opus-4-7")
way_with_fallbacks = {**way, "fallbacks": st.lists(inner_way, max_size=2).flatmap(odd)}
fallbacks = st.lists(objects(way_with_fallbacks) | inner_way | st.none(), max_size=3).flatmap(odd)
chats = objects({**way, "fallbacks": fallbacks, "messages": st.just([]), "Speech_Model": model})

task = st.sampled_from([Object(), Object([("target_languages", ["de"])]), None, False, True])
flood = st.integers(0, 80).map(lambda n: Object([(f"a{i}", None) for i in range(n)]))


@st.composite
def requests(draw: st.DrawFn) -> Object:
    tasks = draw(objects({**dict.fromkeys(TASKS, task), "batch": objects({TASKS[0]: task})}))
    return Object([*draw(flood), *tasks])


asked_for = objects({"request": requests() | objects({"request": requests()}), TASKS[0]: task})
understanding = asked_for.flatmap(odd)
speech: dict[str, st.SearchStrategy[Any]] = {
    "speech_model": valued(["universal-2", "slam-1"]),
    "speech_models": valued(
        [["universal-2"], ["universal-2"], ["universal-2", "slam-1"], ["b", None]]
    ),
    "domain": valued(["medical-v1", "Medical-V1", "medical\u00ad-v1"]),
    "keyterms_prompt": valued([["x"], [], [["x"]]]),
    "speech_understanding": understanding,
    "webhook_url": st.just("https://x.y"),
    **dict.fromkeys(FLAGS, valued([True, True, False])),
}
bodies = st.one_of(
    chats.map(lambda body: (LLM, Object([("model", "gpt-5-nano"), *body]))),
    chats.map(lambda body: (LLM, body)),
    objects(speech).map(
        lambda body: (
            SUBMIT,
            Object([("audio_url", "https://x.y/a"), ("speech_models", ["universal-2"]), *body]),
        )
    ),
    understanding.map(
        lambda body: (UNDERSTAND, Object([("transcript_id", "T"), ("speech_understanding", body)]))
    ),
)


class House:
    """A stack with a key of each sort, and a transcript that each of them owns."""

    def __init__(self, url: str) -> None:
        self.stack, self.recorder = recording(url)
        self.keys, self.own = {}, {}
        self.held = 0
        self.recorder.look = self._look
        for name, limits in KEYS.items():
            self.keys[name] = key = self.stack.key(name, team="all", **limits)
            body = {"audio_url": "https://x.y/a", "speech_models": ["universal-2"]}
            self.own[name] = self.stack.ask("POST", SUBMIT, key, json=body).json["id"]
            self.stack.ask("GET", f"{SUBMIT}/{self.own[name]}", key)

    def _look(self) -> None:
        self.held = self.stack.held()

    def check(self, name: str, path: str, body: Object) -> str:
        """Send a body by a key; fail where it gets more than it may; say what came of it."""
        named = Object([(n, self.own[name] if v == "T" else v) for n, v in body])
        sent = dumped(named).encode()
        self.recorder.bodies.clear()
        headers = {"Authorization": self.keys[name], "Content-Type": "application/json"}
        before = self.stack.held()
        reply = self.stack.app.post(path, sent, headers=headers, status="*")
        if reply.status_int != 200:
            assert reply.status_int in (400, 403, 429)
            assert self.recorder.bodies == []
            assert self.stack.held() == before
            return "refused"
        assert self.recorder.bodies == [sent]
        seen = json.loads(sent, object_pairs_hook=Object)
        if name == "models" and path != UNDERSTAND:
            assert all(any(fnmatchcase(m, p) for p in ALLOWED) for m in models(seen))
            assert models(seen)
        if name == "features" and path != LLM:
            assert features(seen) <= set(KEYS["features"]["features"])
        if name == "denied" and path != LLM:
            assert features(seen).isdisjoint(DENIED)
        if name == "budget":
            assert self.held > before
            assert path != LLM or self.held - before >= most(seen)
        if path == SUBMIT:
            self.stack.ask("GET", f"{SUBMIT}/{reply.json['id']}", self.keys[name])
        (row,) = self.stack.ledger.calls(limit=1)
        assert row["state"] in ("settled", "unpriced")
        if name == "budget":
            assert row["state"] == "settled"
            assert float(row["cost_usd"]) > 0
        if path == UNDERSTAND and row["state"] == "settled":
            priced = {line["item"] for line in row["breakdown"]}
            assert features(seen) <= priced
            assert priced
        return str(row["state"])


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    path: Path = tmp_path_factory.mktemp("fuzz") / "ledger.db"
    house = House(f"sqlite:///{path}")
    yield house
    house.stack.close()


COUNTS: dict[tuple[str, str], int] = {}


@settings(
    max_examples=BODIES, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
)
@given(st.sampled_from(sorted(KEYS)), bodies)
def test_what_is_let_through_grants_and_costs_what_it_seems_to(
    house: House, name: str, asked: tuple[str, Object]
) -> None:
    end = house.check(name, *asked)
    COUNTS[name, end] = COUNTS.get((name, end), 0) + 1


def test_the_generated_bodies_come_to_every_end() -> None:
    """Else the test above would hold without meaning anything."""
    assert {name for name, end in COUNTS if end == "refused"} == KEYS.keys()
    assert {name for name, end in COUNTS if end == "settled"} == KEYS.keys()
    assert ("plain", "unpriced") in COUNTS


def test_the_lax_reader_sees_through_disguises() -> None:
    text = '{"Model": ["a"], "fallbacks": {"MODEL": "b", "Fall-Backs": "c"}, "model": "d"}'
    assert models(json.loads(text, object_pairs_hook=Object)) == {"a", "b", "c", "d"}
    text = '{"\u017fpeech_under\u017ftanding": [{"Request": {"x": {"Tran\u00adslation": {}}}}]}'
    assert features(json.loads(text, object_pairs_hook=Object)) == {
        "speech_understanding.translation"
    }
