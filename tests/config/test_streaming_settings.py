"""`streaming:`: its defaults, its bounds, and settings that exclude each other."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from config_kit import ENVIRON, refusal, written

from assemblyai_mw.config import StreamingSettings, load_config


def test_without_a_section_sessions_are_relayed():
    settings = load_config({}, ENVIRON).streaming
    assert dataclasses.asdict(settings) == {
        "relay": True,
        "tokens": None,
        "max_sessions_per_worker": 1000,
        "idle_s": 300.0,
        "terminate_s": 5.0,
        "drain_s": 20.0,
        "checkpoint_s": 15,
        "hold_slice_s": 60,
    }


def test_every_setting_is_read_from_a_file(tmp_path):
    text = """
streaming:
  relay: on
  tokens: own
  max_sessions_per_worker: os.environ/SESSIONS
  idle_s: 60
  terminate_s: 2.5
  drain_s: 10
  checkpoint_s: 5
  hold_slice_s: 10
"""
    config = load_config(written(tmp_path, text), {**ENVIRON, "SESSIONS": "200"})
    assert config.streaming == StreamingSettings(True, "own", 200, 60.0, 2.5, 10.0, 5, 10)


@pytest.mark.parametrize("tokens", [None, "upstream"])
def test_without_a_relay_tokens_are_assemblyais(tokens):
    settings = load_config({"streaming": {"relay": False, "tokens": tokens}}, ENVIRON).streaming
    assert (settings.relay, settings.tokens) == (False, tokens)


def test_settings_cannot_be_changed_after_the_start():
    with pytest.raises(dataclasses.FrozenInstanceError):
        StreamingSettings().relay = False  # type: ignore[misc]


@pytest.mark.parametrize(
    ("name", "least", "most", "below", "above"),
    [
        ("max_sessions_per_worker", 1, 100_000, 0, 100_001),
        ("idle_s", 0.1, 10_800, 0, 10_801),
        ("terminate_s", 0.1, 20, 0, 60.5),
        ("drain_s", 5, 600, 0, 601),
        ("checkpoint_s", 1, 30, 0, 31),
        ("hold_slice_s", 10, 3600, 9, 3601),
    ],
)
def test_each_number_has_its_bounds(
    name: str, least: float, most: float, below: float, above: float
) -> None:
    for value in (least, most):
        settings = load_config({"streaming": {name: value}}, ENVIRON).streaming
        assert getattr(settings, name) == value
    for wrong in (below, above, -1, "many", True, float("inf"), [1]):
        assert refusal({"streaming": {name: wrong}}).startswith(
            f"config: streaming.{name}: expected "
        )


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ({"tokens": "none"}, "streaming.tokens: expected own or upstream"),
        ({"tokens": True}, "streaming.tokens: expected own or upstream"),
        ({"relay": 1}, "streaming.relay: expected on or off"),
        ({"relais": True}, "streaming.relais: unknown setting; did you mean relay?"),
        ({"checkpoint_s": 2.5}, "streaming.checkpoint_s: expected a whole number of seconds"),
        (
            {"terminate_s": 30},
            "streaming.terminate_s: expected seconds up to drain_s, got more",
        ),
        ({"drain_s": 4}, "streaming.terminate_s: expected seconds up to drain_s, got more"),
        (
            {"relay": False, "tokens": "own"},
            "streaming.tokens: expected upstream, since relay is off, got own",
        ),
        (True, "streaming: expected a mapping"),
    ],
)
def test_each_refusal_names_its_setting(section: Any, said: str) -> None:
    assert refusal({"streaming": section}).startswith(f"config: {said}")


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"streaming": False}, "streaming: expected a mapping, got a boolean"),
        ({"streaming": 5}, "streaming: expected a mapping, got an integer"),
        (
            {"streaming": {"relay": 1}},
            "streaming.relay: expected on or off, got an integer",
        ),
        (
            {"streaming": {"max_sessions_per_worker": 1.5}},
            "streaming.max_sessions_per_worker: expected a whole number of sessions, 1 to 100000, "
            "got a number",
        ),
        (
            {"streaming": {"idle_s": True}},
            "streaming.idle_s: expected seconds above 0 and up to 10800, got a boolean",
        ),
        (
            {"general_settings": {"cors_origins": 5}},
            "general_settings.cors_origins: expected a list, got an integer",
        ),
    ],
)
def test_nobody_is_told_to_quote_what_is_no_string(settings: dict[str, Any], said: str):
    assert refusal(settings) == f"config: {said}"
