"""The file's form: plain YAML, no key twice, no bombs; errors name the line and quote nothing.

Numbers after c are those of docs/reliability.md.
"""

from __future__ import annotations

import pytest
from config_kit import ENVIRON, PLANTED, refusal, written

from assemblyai_mw.config import load_config

BOMB = "a: &a [1,1,1,1,1,1,1,1,1,1]\n" + "".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [{','.join([f'*{chr(97 + n)}'] * 10)}]\n" for n in range(8)
)


@pytest.mark.parametrize(
    "text, named",
    [
        pytest.param("a: [1,\nb: 2\n", "line 3: expected YAML", id="c158 syntax"),
        pytest.param(
            "general_settings:\n\tmaster_key: " + PLANTED,
            "line 2: expected spaces, got a tab",
            id="c158 tab",
        ),
        pytest.param(
            "settlement: on\nsettlement: off\n",
            "line 2: settlement stands there twice",
            id="c158 a key twice",
        ),
        pytest.param(
            f"general_settings:\n  master_key: {PLANTED}\n  master_key: x\n",
            "line 3: master_key stands there twice",
            id="c158 a key twice, deeper",
        ),
        pytest.param(
            "x: !!python/object/apply:os.system ['true']\n",
            "expected plain YAML, got a tag",
            id="c158 Python object",
        ),
        pytest.param(
            f"general_settings: {{master_key: !{PLANTED} x}}\n", "got a tag", id="c158 own tag"
        ),
        pytest.param(
            f"general_settings: {{master_key: *{PLANTED}}}\n",
            "expected a known alias",
            id="c158 alias of nothing",
        ),
        pytest.param(BOMB, "expected at most 50000 values, got more", id="c158 alias bomb"),
        pytest.param("prices: &p {more: *p}\n", "got an alias of itself", id="c158 endless alias"),
        pytest.param(
            "prices: {a: " + "[" * 5000 + "]" * 5000 + "}",
            "fewer levels of nesting",
            id="c158 deep",
        ),
        pytest.param(
            "#" * (1 << 20) + "\n", "expected a file of at most 1048576 bytes", id="c158 large file"
        ),
        pytest.param(
            f"general_settings: {{master_key: 0{'1' * 20}}}\n",
            "master_key: expected a key, as a string, got an integer (quote a string)",
            id="c158 key as an octal",
        ),
        pytest.param(
            "rate_limit: {when_redis_is_gone: off}\n",
            "expected open or closed, got a boolean",
            id="c158 off is a boolean",
        ),
        pytest.param(
            "general_settings: {database_url: 2026-11-22}\n",
            "expected a string, got a date",
            id="c158 date",
        ),
        pytest.param(
            "prices: {since: 2026-13-45}\n", "a date or number out of range", id="c158 no date"
        ),
        pytest.param("0123: x\n", "line 1: expected a string as key", id="c158 number as key"),
        pytest.param("on: x\n", "line 1: expected a string as key", id="c158 boolean as key"),
        pytest.param("? [a, b]\n: x\n", "expected a string as key", id="c158 list as key"),
        pytest.param(
            "a: 1\n---\nb: 2\n", "expected one document, got several", id="c158 documents"
        ),
        pytest.param("[1, 2]\n", "expected a mapping, got a list", id="c158 a list"),
        pytest.param(PLANTED, "expected a mapping, got a string", id="c158 a word"),
        pytest.param(b"a: \xff\n", "expected UTF-8", id="c158 no UTF-8"),
        pytest.param(b"a: \x00\n", "expected text, got control characters", id="c158 NUL"),
    ],
)
def test_a_file_that_is_not_plain_yaml_is_refused(tmp_path, text, named):
    path = written(tmp_path, text)
    message = refusal(path)
    assert message.startswith(f"{path}: ")
    assert named in message


def test_aliases_and_merged_mappings_work(tmp_path):
    path = written(
        tmp_path,
        """
model_list:
  - model_name: assemblyai/*
    litellm_params: &shared {model: assemblyai/*, api_key: os.environ/ASSEMBLYAI_API_KEY}
  - model_name: fast
    litellm_params: {<<: *shared, model: assemblyai/gemini}
""",
    )
    assert [entry.model for entry in load_config(path, ENVIRON).models] == [
        "assemblyai/*",
        "assemblyai/gemini",
    ]


@pytest.mark.parametrize("what", ["directory", "unreadable name"])
def test_a_file_that_cannot_be_read_is_named(tmp_path, what):
    path = str(tmp_path) if what == "directory" else f"{tmp_path}/a\0b"
    assert "expected a readable file" in refusal(path)
