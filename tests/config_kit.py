"""What the tests of the configuration share."""

from __future__ import annotations

import traceback
from pathlib import Path
from typing import Any

import pytest

from assemblyai_mw.config import load_config
from assemblyai_mw.errors import ConfigError

ACCOUNT_KEY = "account-key-of-this-test"
PLANTED = "planted-Secret-value-0123456789"
ENVIRON = {"ASSEMBLYAI_API_KEY": ACCOUNT_KEY}


def written(tmp_path: Path, text: str | bytes, mode: int = 0o600) -> Path:
    path = tmp_path / "mw.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    path.chmod(mode)
    return path


def refusal(config: Any, environ: dict[str, str] | None = None) -> str:
    with pytest.raises(ConfigError) as caught:
        load_config(config, ENVIRON if environ is None else environ)
    message = str(caught.value)
    assert "\n" not in message
    assert PLANTED not in message
    assert PLANTED not in "".join(traceback.format_exception(caught.value, chain=True))
    return message


def of_general(**settings: Any) -> dict[str, Any]:
    return {"general_settings": settings}


def of_model(**params: Any) -> dict[str, Any]:
    return {"model_list": [{"model_name": "a/*", "litellm_params": params}]}


def of_guard(**params: Any) -> dict[str, Any]:
    return {"guardrails": [{"guardrail_name": "g", "litellm_params": params}]}
