"""LiteLLM's SDK, with the providers `openai` and `anthropic`."""

import json

import litellm
from kit import (
    BOTH,
    CAPITAL,
    CLAUDE,
    COUNT,
    KEY,
    MODEL,
    NOVEL,
    PARIS,
    SPEECH_MODEL,
    SPOKEN,
    URL,
    WEATHER,
    cell,
    run,
    sound,
    told,
    used,
    weather,
)
from pydantic import BaseModel


class Novel(BaseModel):
    title: str
    year: int


PARAMETERS = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}
TOOL = {"type": "function", "function": {"name": "get_weather", "parameters": PARAMETERS}}


def asked(text):
    return [{"role": "user", "content": text}]


def cells(door, **base):
    @cell("chat", door)
    def chat():
        reply = litellm.completion(messages=asked(CAPITAL), **base)
        assert reply.choices[0].message.content == PARIS
        used(reply.usage.prompt_tokens, reply.usage.completion_tokens)

    @cell("stream", door)
    def stream():
        chunks = list(
            litellm.completion(
                messages=asked(CAPITAL),
                stream=True,
                stream_options={"include_usage": True},
                **base,
            )
        )
        assert "".join(c.choices[0].delta.content or "" for c in chunks if c.choices) == PARIS
        used(chunks[-1].usage.prompt_tokens, chunks[-1].usage.completion_tokens)

    def loop(question, *cities):
        messages = asked(question)
        message = litellm.completion(messages=messages, tools=[TOOL], **base).choices[0].message
        found = [json.loads(call.function.arguments)["city"] for call in message.tool_calls]
        assert found == list(cities)
        messages.append(message)
        for call, city in zip(message.tool_calls, found, strict=True):
            messages.append({"role": "tool", "tool_call_id": call.id, "content": weather(city)})
        last = litellm.completion(messages=messages, tools=[TOOL], **base)
        told(last.choices[0].message.content, *cities)

    @cell("tools", door)
    def tools():
        loop(WEATHER, "Rome")

    @cell("parallel", door)
    def parallel():
        loop(BOTH, "Rome", "Oslo")

    @cell("structured", door)
    def structured():
        reply = litellm.completion(messages=asked(NOVEL), response_format=Novel, **base)
        assert json.loads(reply.choices[0].message.content) == {"title": "Emma", "year": 1815}

    @cell("sent back", door)
    def sent_back():
        messages = asked(NOVEL)
        reply = litellm.completion(messages=messages, response_format=Novel, **base)
        messages += [reply.choices[0].message, *asked(COUNT)]
        last = litellm.completion(messages=messages, **base)
        assert last.choices[0].message.content == "There are 3 messages."


cells("chat", model=f"openai/{MODEL}")
cells("messages", model=f"anthropic/{CLAUDE}", api_base=URL, api_key=KEY, max_tokens=500)


@cell("speech")
def speech():
    reply = litellm.transcription(model=f"openai/{SPEECH_MODEL}", file=sound())
    assert reply.text == SPOKEN


@cell("chat", "responses")
def response():
    reply = litellm.responses(model=f"openai/{MODEL}", input=CAPITAL)
    assert reply.output[-1].content[0].text == PARIS
    used(reply.usage.input_tokens, reply.usage.output_tokens)


@cell("stream", "responses")
def response_stream():
    events = list(litellm.responses(model=f"openai/{MODEL}", input=CAPITAL, stream=True))
    pieces = [e.delta for e in events if e.type == "response.output_text.delta"]
    assert "".join(pieces) == PARIS
    assert events[-1].type == "response.completed"


@cell("tools", "responses")
def response_tools():
    tool = {"type": "function", "name": "get_weather", "parameters": PARAMETERS}
    items = asked(WEATHER)
    first = litellm.responses(model=f"openai/{MODEL}", input=items, tools=[tool])
    (call,) = (item for item in first.output if item.type == "function_call")
    assert json.loads(call.arguments) == {"city": "Rome"}
    items += [item.model_dump() for item in first.output] + [
        {"type": "function_call_output", "call_id": call.call_id, "output": weather("Rome")}
    ]
    last = litellm.responses(model=f"openai/{MODEL}", input=items, tools=[tool])
    told(last.output[-1].content[0].text, "Rome")


run()
