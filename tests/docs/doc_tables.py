"""The tables of the pages that are the code's: between `<!-- NAME: begin -->` and its end.

python tests/docs/doc_tables.py        # writes them
"""

from __future__ import annotations

import dataclasses
import inspect
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import click

ROOT = Path(__file__).resolve().parents[2]
sys.path += [str(ROOT), str(ROOT / "tests")]

from clients.clients import CLIENTS  # noqa: E402

from assemblyai_mw.billing.operations import OPERATIONS  # noqa: E402
from assemblyai_mw.cli import main  # noqa: E402
from assemblyai_mw.config import checks, entries, load, values  # noqa: E402
from assemblyai_mw.dialects import messages, responses  # noqa: E402
from assemblyai_mw.dialects.chat import PARAMETERS, Parameter  # noqa: E402
from assemblyai_mw.errors import ConfigError  # noqa: E402
from assemblyai_mw.store.key_options import KEY_OPTIONS, Option  # noqa: E402
from assemblyai_mw.transport import crossing  # noqa: E402

DOCS = ROOT / "docs"


def marked(page: str, name: str) -> str:
    """Return what stands between the marks of *name* in a page."""
    text = (DOCS / page).read_text(encoding="utf-8")
    begin, end = _marks(name)
    return text.partition(begin)[2].partition(end)[0]


def _marks(name: str) -> tuple[str, str]:
    return f"<!-- {name}: begin -->\n", f"<!-- {name}: end -->"


def rows(head: tuple[str, ...], lines: Iterator[tuple[str, ...]]) -> str:
    """Return a table in Markdown."""
    table = [head, ("---",) * len(head), *lines]
    return "".join("| " + " | ".join(c.replace("|", "\\|") for c in row) + " |\n" for row in table)


# docs/openai.md, docs/messages.md

_ORIGINS = {"openai": "OpenAI", "anthropic": "Anthropic", "gateway": "gateway"}


def parameters(table: Mapping[str, Parameter]) -> str:
    """Return the parameters of a request, and what becomes of each."""

    def lines() -> Iterator[tuple[str, ...]]:
        for row in sorted(table.values(), key=lambda row: (row.origin == "gateway", row.name)):
            origin = _ORIGINS[row.origin]
            note = row.note
            if row.harmless:
                named = " or ".join(f"`{_json(value)}`" for value in row.harmless)
                note = f"{note}; {named} is dropped"
            yield f"`{row.name}`", origin, row.fate, "yes" if row.nullable else "", note

    return rows(("parameter", "origin", "handling", "may be null", "note"), lines())


def _json(value: Any) -> str:
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)


# docs/configuration.md

# Section -> what reads it, and where its settings are described.
_SECTIONS: dict[str, tuple[type, type]] = {
    "general_settings": (load._General, values.Config),
    "general_settings.retention": (values.Retention, values.Retention),
    "model_list[]": (entries._ModelItem, values.ModelEntry),
    "model_list[].litellm_params": (entries._LitellmParams, values.ModelEntry),
    "timeouts": (values.Timeouts, values.Timeouts),
    "limits": (values.Limits, values.Limits),
    "settlement": (values.Settlement, values.Settlement),
    "budgets": (values.BudgetSettings, values.BudgetSettings),
    "rate_limit": (values.RateLimitSettings, values.RateLimitSettings),
    "guardrails[]": (entries._GuardItem, values.GuardrailEntry),
    "guardrails[].litellm_params": (entries._GuardParams, values.GuardrailEntry),
    "webhook": (values.WebhookSettings, values.WebhookSettings),
    "tracing": (values.TracingSettings, values.TracingSettings),
    "upstream": (values.UpstreamSettings, values.UpstreamSettings),
    "streaming": (values.StreamingSettings, values.StreamingSettings),
}
_RENAMED = {"guardrail_name": "name", "guardrail": "guard"}
# What a docstring says in the words of Python, or not at all.
_SAID = {
    "self_service_path": "Path of the self-service page for key holders; `off` for none.",
    "guardrail_name": "Its name, shown in the error of a blocked call.",
    "guardrail": "`pattern`, `feature_policy`, `presidio`, or a dotted path of your own.",
    "litellm_params": "Below.",
    "model_info": "LiteLLM's place for notes; ignored here.",
    "default_on": "Every guard checks every call, so `off` is refused.",
}


def settings() -> str:
    """Return every setting: what it may be, its default, its meaning."""
    parts = []
    for section, (cls, described) in _SECTIONS.items():
        texts = _attributes(described)

        def lines(cls: type = cls, texts: dict[str, str] = texts) -> Iterator[tuple[str, ...]]:
            for field in dataclasses.fields(cls):
                name = _RENAMED.get(field.name, field.name)
                meaning = _SAID.get(field.name) or re.sub(r"\bNone\b", "null", texts[name])
                yield f"`{field.name}`", _expected(field), _default(field), meaning

        table = rows(("setting", "expected", "default", "meaning"), lines())
        parts.append(f"### `{section}`\n\n{table}")
    return "\n".join(parts)


def _attributes(cls: type) -> dict[str, str]:
    """Return the Attributes section of a docstring, by name."""
    part = (inspect.getdoc(cls) or "").partition("Attributes:\n")[2].partition("\n\n")[0]
    items = re.findall(r"^    (\w[\w, ]*): (.*(?:\n      .*)*)", part, re.MULTILINE)
    return {name: " ".join(text.split()) for names, text in items for name in names.split(", ")}


def _expected(field: dataclasses.Field[Any]) -> str:
    """Return what the setting's own check says that it expects."""
    check = field.metadata.get("check", checks.number(unit="seconds"))
    for odd in ("!", "a b", object()):
        try:
            check(checks.Node(odd, "file", field.name, {}))
        except ConfigError as error:
            found = re.search(r"expected (.+), got", str(error))
            # A file's path is that of the working directory here.
            return re.sub(r" at /\S+", "", found[1]) if found else ""
    raise AssertionError(f"{field.name}: takes anything")


def _default(field: dataclasses.Field[Any]) -> str:
    value = values.DEFAULT_DATABASE_URL if field.name == "database_url" else field.default
    if value in (None, ""):
        return ""
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, tuple):
        return ", ".join(f"`{item}`" for item in value)
    if isinstance(value, float | int):
        return f"{value:,.10g}"
    return f"`{value}`" if isinstance(value, str) else ""


# docs/keys.md


def key_options() -> str:
    """Return what may be said of a key, and the status of what it refuses."""
    return rows(
        ("option", "Python", "", "refused with"),
        (
            (
                f"`{each.flag}{_argument(each)}`",
                f"`{each.asked_as}`",
                each.help,
                str(each.refused or ""),
            )
            for each in KEY_OPTIONS
        ),
    )


def _argument(option: Option) -> str:
    value = option.metavar or "|".join(option.kind.choices) or "NAME"
    return "" if option.kind.typed == "switch" else f" {value}"


# docs/cli.md


def commands() -> str:
    """Return every command with its arguments and options."""
    return "\n".join(_commands(main, "assemblyai-mw"))


def _commands(command: click.Command, path: str) -> Iterator[str]:
    arguments = [p for p in command.params if isinstance(p, click.Argument)]
    options = [p for p in command.params if isinstance(p, click.Option)]
    usage = path + "".join(f" {p.name.upper()}" for p in arguments if p.name)
    text = inspect.cleandoc(command.help or "").replace("\f", "")
    yield f"### `{usage}`\n\n{text}\n"
    if options:
        yield rows(("option", "meaning"), ((_option(p), _about(p)) for p in options))
    if isinstance(command, click.Group):
        for name, each in command.commands.items():
            yield from _commands(each, f"{path} {name}")


def _option(option: click.Option) -> str:
    names = ", ".join((*option.opts, *option.secondary_opts))
    if option.is_flag:
        return f"`{names}`"
    choices = getattr(option.type, "choices", None)
    kind = {"integer range": "N", "text": "NAME"}.get(option.type.name, option.type.name.upper())
    value = option.metavar or ("|".join(choices) if choices else kind)
    return f"`{names} {value}`"


def _about(option: click.Option) -> str:
    text = option.help or ""
    if option.show_default and option.default not in (None, False):
        shown = "on" if option.default is True else option.default
        text += f" Default: {shown}."
    return text.strip()


def operations() -> str:
    """Return each described operation: host, method, path, and what follows from it."""

    def lines() -> Iterator[tuple[str, ...]]:
        for row in OPERATIONS:
            words = " and ".join(sorted(row.words, reverse=True))
            line = f"`{row.method} {row.path}`"
            yield row.service, line, row.kind or "", words, ", ".join(row.prices)

    return rows(("host", "operation", "kind", "guards", "prices"), lines())


# docs/clients.md


def client_settings() -> str:
    """Return the settings of each client of others that is run: `python -m tests.clients`."""

    def shown(settings: dict[str, str]) -> str:
        texts = []
        for name, value in settings.items():
            text = value.format(url="http://127.0.0.1:8000", key="sk-...")
            texts.append(f"`{name}={text}`" if name.isupper() else f"`{text}`")
        return "<br>".join(texts)

    return rows(
        ("client", "to reach the app", "to call nobody else", "note"),
        (
            (each.title, shown(each.settings), shown(each.quiet), each.note)
            for each in CLIENTS.values()
        ),
    )


# docs/reliability.md


def fields(groups: tuple[crossing.Fields, ...], reason: str) -> str:
    """Return a list of header fields, with the reason of each group."""
    return rows(
        ("header fields", reason),
        ((", ".join(f"`{name}`" for name in names), why) for names, why in groups),
    )


TABLES: dict[tuple[str, str], Callable[[], str]] = {
    ("operations.md", "operations"): operations,
    ("openai.md", "parameters"): lambda: parameters(PARAMETERS),
    ("messages.md", "messages"): lambda: parameters(messages.PARAMETERS),
    ("openai.md", "responses"): lambda: parameters(responses.PARAMETERS),
    ("configuration.md", "settings"): settings,
    ("keys.md", "options"): key_options,
    ("cli.md", "commands"): commands,
    ("clients.md", "settings"): client_settings,
    ("reliability.md", "sent"): lambda: fields(crossing.SENT, "what they are for"),
    ("reliability.md", "refused"): lambda: fields(crossing.REFUSED, "why they never go"),
    ("reliability.md", "dropped"): lambda: fields(crossing.DROPPED, "why they do not come back"),
}


def write() -> None:
    """Put the tables into the pages."""
    for (page, name), table in TABLES.items():
        replace(page, name, table())


def replace(page: str, name: str, text: str) -> None:
    """Put *text* between the marks of *name* in a page."""
    path = DOCS / page
    begin, end = _marks(name)
    before, _, rest = path.read_text(encoding="utf-8").partition(begin)
    path.write_text(before + begin + text + end + rest.partition(end)[2], encoding="utf-8")


if __name__ == "__main__":
    write()
