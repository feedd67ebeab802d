"""openai-python, as its README shows it."""

import openai
from kit import (
    BOTH,
    CAPITAL,
    COUNT,
    MODEL,
    NOVEL,
    PARIS,
    SPEECH_MODEL,
    SPOKEN,
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


class City(BaseModel):
    """Tells the weather."""

    city: str


client = openai.OpenAI()
TOOL = openai.pydantic_function_tool(City, name="get_weather")


def asked(text):
    return [{"role": "user", "content": text}]


@cell("chat")
def chat():
    reply = client.chat.completions.create(model=MODEL, messages=asked(CAPITAL))
    assert reply.choices[0].message.content == PARIS
    used(reply.usage.prompt_tokens, reply.usage.completion_tokens)


@cell("chat")
async def chat_by_asyncio():
    async with openai.AsyncOpenAI() as asynchronous:
        reply = await asynchronous.chat.completions.create(model=MODEL, messages=asked(CAPITAL))
    assert reply.choices[0].message.content == PARIS


@cell("stream")
def stream():
    options = {"include_usage": True}
    with client.chat.completions.create(
        model=MODEL, messages=asked(CAPITAL), stream=True, stream_options=options
    ) as chunks:
        all_ = list(chunks)
    assert "".join(c.choices[0].delta.content or "" for c in all_ if c.choices) == PARIS
    used(all_[-1].usage.prompt_tokens, all_[-1].usage.completion_tokens)


@cell("stream")
def stream_with_the_helper():
    with client.chat.completions.stream(model=MODEL, messages=asked(CAPITAL)) as events:
        kinds = {event.type for event in events}
        final = events.get_final_completion()
    assert "content.delta" in kinds, kinds
    assert final.choices[0].message.content == PARIS


def loop(question, *cities):
    messages = asked(question)
    first = client.chat.completions.parse(model=MODEL, messages=messages, tools=[TOOL])
    message = first.choices[0].message
    assert first.choices[0].finish_reason == "tool_calls"
    assert [c.function.parsed_arguments.city for c in message.tool_calls] == list(cities)
    messages.append(message)
    for call in message.tool_calls:
        content = weather(call.function.parsed_arguments.city)
        messages.append({"role": "tool", "tool_call_id": call.id, "content": content})
    last = client.chat.completions.create(model=MODEL, messages=messages, tools=[TOOL])
    told(last.choices[0].message.content, *cities)


@cell("tools")
def tools():
    loop(WEATHER, "Rome")


@cell("tools")
def tools_in_a_stream():
    with client.chat.completions.stream(
        model=MODEL, messages=asked(WEATHER), tools=[TOOL]
    ) as events:
        for _ in events:
            pass
        message = events.get_final_completion().choices[0].message
    (call,) = message.tool_calls
    result = {"role": "tool", "tool_call_id": call.id, "content": weather("Rome")}
    last = client.chat.completions.create(
        model=MODEL, messages=[*asked(WEATHER), message, result], tools=[TOOL]
    )
    told(last.choices[0].message.content, "Rome")


@cell("parallel")
def parallel():
    loop(BOTH, "Rome", "Oslo")


@cell("structured")
def structured():
    reply = client.chat.completions.parse(model=MODEL, messages=asked(NOVEL), response_format=Novel)
    assert reply.choices[0].message.parsed == Novel(title="Emma", year=1815)


@cell("sent back")
def sent_back():
    messages = asked(NOVEL)
    reply = client.chat.completions.parse(model=MODEL, messages=messages, response_format=Novel)
    messages += [reply.choices[0].message, *asked(COUNT)]
    last = client.chat.completions.create(model=MODEL, messages=messages)
    assert last.choices[0].message.content == "There are 3 messages."


@cell("speech")
def speech():
    reply = client.audio.transcriptions.create(model=SPEECH_MODEL, file=sound())
    assert reply.text == SPOKEN


@cell("speech")
def speech_as_segments():
    reply = client.audio.transcriptions.create(
        model=SPEECH_MODEL, file=sound(), response_format="verbose_json"
    )
    assert [segment.text.strip() for segment in reply.segments] == [SPOKEN]


@cell("chat", "responses")
def response():
    reply = client.responses.create(model=MODEL, input=CAPITAL)
    assert reply.output_text == PARIS
    assert reply.status == "completed"
    used(reply.usage.input_tokens, reply.usage.output_tokens)


@cell("stream", "responses")
def response_stream():
    events = list(client.responses.create(model=MODEL, input=CAPITAL, stream=True))
    assert events[0].type == "response.created"
    assert events[-1].type == "response.completed"
    assert "".join(e.delta for e in events if e.type == "response.output_text.delta") == PARIS
    used(events[-1].response.usage.input_tokens, events[-1].response.usage.output_tokens)


@cell("stream", "responses")
def response_stream_with_the_helper():
    with client.responses.stream(model=MODEL, input=CAPITAL) as events:
        for _ in events:
            pass
        assert events.get_final_response().output_text == PARIS


def response_loop(question, *cities):
    tool = openai.pydantic_function_tool(City, name="get_weather")["function"]
    tool = {"type": "function", **tool}
    items = asked(question)
    first = client.responses.create(model=MODEL, input=items, tools=[tool])
    calls = [item for item in first.output if item.type == "function_call"]
    assert [City.model_validate_json(call.arguments).city for call in calls] == list(cities)
    items += first.output
    for call in calls:
        output = weather(City.model_validate_json(call.arguments).city)
        items.append({"type": "function_call_output", "call_id": call.call_id, "output": output})
    last = client.responses.create(model=MODEL, input=items, tools=[tool])
    told(last.output_text, *cities)


@cell("tools", "responses")
def response_tools():
    response_loop(WEATHER, "Rome")


@cell("parallel", "responses")
def response_parallel():
    response_loop(BOTH, "Rome", "Oslo")


@cell("structured", "responses")
def response_structured():
    reply = client.responses.parse(model=MODEL, input=NOVEL, text_format=Novel)
    assert reply.output_parsed == Novel(title="Emma", year=1815)


@cell("sent back", "responses")
def response_sent_back():
    items = asked(NOVEL)
    reply = client.responses.parse(model=MODEL, input=items, text_format=Novel)
    items += [*reply.output, *asked(COUNT)]
    last = client.responses.create(model=MODEL, input=items)
    assert last.output_text == "There are 3 messages."


run()
