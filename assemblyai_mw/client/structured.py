"""`response_format` as a Pydantic class: OpenAI's strict JSON Schema of it, without Pydantic.

OpenAI's SDK does the same to a class, in `openai.lib._pydantic` (2.x): every property is required,
no others are allowed, and a `$ref` stands alone.
"""

from __future__ import annotations

from typing import Any

from ..dialects.chat.checks import invalid, wrong

_NAMED = ("$defs", "definitions", "properties")


def response_format_of(cls: type) -> dict[str, Any]:
    """Return the `response_format` for a class with `model_json_schema()`.

    Raises:
        BadRequest: It has none, or no schema can be made of it.
    """
    schema_of = getattr(cls, "model_json_schema", None)
    if schema_of is None:
        raise wrong("response_format", "an object, or a class of Pydantic 2", cls)
    try:
        root = schema_of()
        schema = _strict(root, root)
    # Pydantic's own errors are of these kinds, and so is a class that refers to itself for ever.
    except (TypeError, ValueError, LookupError, RuntimeError) as error:
        message = f"no schema of {cls.__name__} ({type(error).__name__})."
        raise invalid("response_format", message) from None
    described = {"name": cls.__name__, "schema": schema, "strict": True}
    return {"type": "json_schema", "json_schema": described}


def _strict(schema: Any, root: dict[str, Any]) -> Any:
    if not isinstance(schema, dict):
        return schema
    out = dict(schema)
    for name in _NAMED:
        if isinstance(out.get(name), dict):
            out[name] = {key: _strict(item, root) for key, item in out[name].items()}
    if out.get("type") == "object":
        out.setdefault("additionalProperties", False)
    if isinstance(out.get("properties"), dict):
        out["required"] = list(out["properties"])
    if "items" in out:
        out["items"] = _strict(out["items"], root)
    for name in ("anyOf", "allOf"):
        if isinstance(out.get(name), list):
            out[name] = [_strict(item, root) for item in out[name]]
    if len(out.get("allOf", ())) == 1:
        out.update(out.pop("allOf")[0])
    # A property that may be null says so in its type.
    if out.get("default", out) is None:
        del out["default"]
    if "$ref" in out and len(out) > 1:
        inlined = {**_resolved(out.pop("$ref"), root), **out}
        return _strict(inlined, root)
    return out


def _resolved(ref: str, root: dict[str, Any]) -> dict[str, Any]:
    found: Any = root
    for key in ref.removeprefix("#/").split("/"):
        found = found[key]
    return dict(found)
