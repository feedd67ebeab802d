"""Instructor, over OpenAI's and Anthropic's clients."""

import instructor
import openai
from kit import CLAUDE, DOORS, MODEL, NOVEL, cell, run, used
from pydantic import BaseModel


class Novel(BaseModel):
    title: str
    year: int


EMMA = {"title": "Emma", "year": 1815}


def asked(text):
    return [{"role": "user", "content": text}]


def cells(door, client, **more):
    @cell("structured", door)
    def structured():
        reply, raw = client.create_with_completion(
            messages=asked(NOVEL), response_model=Novel, **more
        )
        assert reply.model_dump() == EMMA
        usage = raw.usage.model_dump()
        given, made = ("prompt", "completion") if door == "chat" else ("input", "output")
        used(usage[f"{given}_tokens"], usage[f"{made}_tokens"])

    @cell("stream", door)
    def stream():
        steps = list(client.create_partial(messages=asked(NOVEL), response_model=Novel, **more))
        assert steps[-1].model_dump() == EMMA

    @cell("structured", door)
    def structured_list():
        found = client.create_iterable(messages=asked(NOVEL), response_model=Novel, **more)
        assert [novel.model_dump() for novel in found] == [EMMA]


def by_mode(name):
    client = instructor.from_openai(openai.OpenAI(), mode=instructor.Mode[name])

    @cell("structured")
    def structured():
        novel = client.create(model=MODEL, messages=asked(NOVEL), response_model=Novel)
        assert novel.model_dump() == EMMA


if "chat" in DOORS:
    cells("chat", instructor.from_provider(f"openai/{MODEL}"))
    for mode in ("TOOLS", "TOOLS_STRICT", "JSON", "MD_JSON", "JSON_SCHEMA"):
        by_mode(mode)
if "responses" in DOORS:
    cells(
        "responses",
        instructor.from_provider(f"openai/{MODEL}", mode=instructor.Mode.RESPONSES_TOOLS),
    )
if "messages" in DOORS:
    cells("messages", instructor.from_provider(f"anthropic/{CLAUDE}"), max_tokens=500)
run()
