"""YAML for configuration: safe tags only, no duplicate keys, no alias bombs, one-line errors.

PyYAML's safe loader lets the last of two equal keys win, so a second `budget` could silently undo
the first. Its errors quote the text around them, which may be a key.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ..errors import ConfigError

# A configuration is some hundred lines; aliases can make a small file huge.
MAX_BYTES = 1 << 20
MAX_VALUES = 50_000
_MERGE = "tag:yaml.org,2002:merge"
_STRING = "tag:yaml.org,2002:str"
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")


def loads(data: bytes, source: str) -> Any:
    """Return the one document in *data*; None where it is empty.

    Raises:
        ConfigError: Not UTF-8, over 1 MiB, not YAML, a tag beyond YAML's own, a key
            twice or no string, or aliases that expand to more than 50,000 values.
            The line names *source* and the line in it, and quotes nothing.
    """
    import yaml  # 20 ms that a process without a file need not spend

    if len(data) > MAX_BYTES:
        raise ConfigError(f"{source}: expected a file of at most {MAX_BYTES} bytes, got a larger")
    try:
        loader = yaml.SafeLoader(data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise ConfigError(f"{source}: expected UTF-8") from None
    except yaml.reader.ReaderError:
        raise ConfigError(f"{source}: expected text, got control characters") from None
    try:
        root = loader.get_single_node()
        if root is None:
            return None
        _measure(root, source, {}, set())
        return loader.construct_document(root)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f"line {mark.line + 1}" if mark else "somewhere"
        raise ConfigError(f"{source}: {line}: {_problem(error.problem)}") from None
    except yaml.YAMLError:
        raise ConfigError(f"{source}: expected YAML") from None
    except (ValueError, OverflowError):
        # A date such as 2026-13-45, or an integer of many thousand digits.
        raise ConfigError(f"{source}: expected YAML, got a date or number out of range") from None
    except RecursionError:
        raise ConfigError(f"{source}: expected fewer levels of nesting") from None
    finally:
        loader.dispose()


def _problem(problem: str | None) -> str:
    """Return PyYAML's message without its quotes from the file."""
    if problem is None:
        return "expected YAML"
    if "'\\t'" in problem:
        return "expected spaces, got a tab"
    if "constructor for the tag" in problem:
        return "expected plain YAML, got a tag (!...)"
    if "undefined alias" in problem:
        return "expected a known alias after * (quote a value that begins with *)"
    if "another document" in problem:
        return "expected one document, got several"
    return f"expected YAML; {_QUOTED.sub('...', problem)}"


def _measure(node: Any, source: str, sizes: dict[int, int], above: set[int]) -> int:
    """Return how many values *node* expands to; raise where keys repeat or it is too many."""
    known = sizes.get(id(node))
    if known is not None:
        return known
    if id(node) in above:
        raise ConfigError(f"{source}: {_line(node)}: expected a value, got an alias of itself")
    above.add(id(node))
    size = 1
    if isinstance(node.value, list):
        seen: set[str] = set()
        for item in node.value:
            if isinstance(item, tuple):
                _check_key(item[0], source, seen)
                item = item[1]
            size += _measure(item, source, sizes, above)
            if size > MAX_VALUES:
                raise ConfigError(f"{source}: expected at most {MAX_VALUES} values, got more")
    above.remove(id(node))
    sizes[id(node)] = size
    return size


def _check_key(key: Any, source: str, seen: set[str]) -> None:
    if key.tag == _MERGE:
        return
    if key.tag != _STRING:
        raise ConfigError(f"{source}: {_line(key)}: expected a string as key (quote it)")
    if key.value in seen:
        raise ConfigError(f"{source}: {_line(key)}: {shown(key.value)} stands there twice")
    seen.add(key.value)


def _line(node: Any) -> str:
    return f"line {node.start_mark.line + 1}"


def shown(key: object) -> str:
    """Return *key* for an error: a plain name, or a description."""
    if isinstance(key, str) and re.fullmatch(r"[\w./*:-]{1,64}", key):
        return key
    return "(a key that is no plain name)"


def check_mapping(value: Any, source: str, depth: int = 0) -> None:
    """Refuse values in a Python mapping that YAML cannot express."""
    if depth > 50:
        raise ConfigError(f"{source}: expected fewer levels of nesting")
    if isinstance(value, Mapping):
        for key, item in value.items():
            if not isinstance(key, str):
                raise ConfigError(f"{source}: expected strings as keys")
            check_mapping(item, source, depth + 1)
    elif isinstance(value, list | tuple):
        for item in value:
            check_mapping(item, source, depth + 1)
