"""Anthropic's SDK for Python, as its README shows it."""

import anthropic
from anthropic import beta_tool
from kit import (
    BOTH,
    CAPITAL,
    CLAUDE,
    COUNT,
    NOVEL,
    PARIS,
    WEATHER,
    cell,
    run,
    told,
    used,
    weather,
)
from pydantic import BaseModel


class Novel(BaseModel):
    title: str
    year: int


client = anthropic.Anthropic()
base = {"model": CLAUDE, "max_tokens": 500}
ran = []


@beta_tool
def get_weather(city: str) -> str:
    """Tell the weather.

    Args:
        city: Its name.
    """
    ran.append(city)
    return weather(city)


def asked(text):
    return [{"role": "user", "content": text}]


def text_of(message):
    return "".join(block.text for block in message.content if block.type == "text")


@cell("chat", "messages")
def chat():
    message = client.messages.create(messages=asked(CAPITAL), system="Be brief.", **base)
    assert text_of(message) == PARIS
    assert (message.type, message.role, message.stop_reason) == ("message", "assistant", "end_turn")
    used(message.usage.input_tokens, message.usage.output_tokens)


@cell("chat", "messages")
async def chat_by_asyncio():
    async with anthropic.AsyncAnthropic() as asynchronous:
        message = await asynchronous.messages.create(messages=asked(CAPITAL), **base)
    assert text_of(message) == PARIS


@cell("stream", "messages")
def stream():
    with client.messages.stream(messages=asked(CAPITAL), **base) as events:
        assert "".join(events.text_stream) == PARIS
        message = events.get_final_message()
    assert text_of(message) == PARIS
    used(message.usage.input_tokens, message.usage.output_tokens)


@cell("stream", "messages")
def stream_of_events():
    events = list(client.messages.create(messages=asked(CAPITAL), stream=True, **base))
    kinds = [event.type for event in events]
    assert (kinds[0], kinds[-1]) == ("message_start", "message_stop"), kinds


def loop(question, *cities, **more):
    ran.clear()
    runner = client.beta.messages.tool_runner(
        messages=asked(question), tools=[get_weather], **base, **more
    )
    told(text_of(runner.until_done()), *cities)
    assert sorted(ran) == sorted(cities)


@cell("tools", "messages")
def tools():
    loop(WEATHER, "Rome")


@cell("tools", "messages")
def tools_in_a_stream():
    loop(WEATHER, "Rome", stream=True)


@cell("tools", "messages")
def tool_that_must_be_called():
    message = client.messages.create(
        messages=asked(WEATHER), tools=[get_weather.to_dict()], tool_choice={"type": "any"}, **base
    )
    assert message.stop_reason == "tool_use"
    (block,) = (block for block in message.content if block.type == "tool_use")
    assert block.input == {"city": "Rome"}


@cell("parallel", "messages")
def parallel():
    loop(BOTH, "Rome", "Oslo")


def parsed():
    return client.messages.parse(messages=asked(NOVEL), output_format=Novel, **base)


@cell("structured", "messages")
def structured():
    assert parsed().parsed_output == Novel(title="Emma", year=1815)


@cell("sent back", "messages")
def sent_back():
    message = parsed()
    messages = [*asked(NOVEL), {"role": "assistant", "content": message.content}, *asked(COUNT)]
    assert text_of(client.messages.create(messages=messages, **base)) == "There are 3 messages."


run()
