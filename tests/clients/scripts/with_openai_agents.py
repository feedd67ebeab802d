"""OpenAI's Agents SDK: by default over responses, and over chat completions."""

from agents import (
    Agent,
    ModelSettings,
    OpenAIChatCompletionsModel,
    Runner,
    function_tool,
    set_default_openai_api,
)
from kit import (
    BOTH,
    CAPITAL,
    COUNT,
    DOORS,
    MODEL,
    NOVEL,
    PARIS,
    WEATHER,
    cell,
    run,
    told,
    used,
    weather,
)
from openai import AsyncOpenAI
from pydantic import BaseModel


class Novel(BaseModel):
    title: str
    year: int


ran = []


@function_tool
def get_weather(city: str) -> str:
    """Tell the weather of a city."""
    ran.append(city)
    return weather(city)


def cells(door, model):
    def agent(**more):
        return Agent(name="assistant", instructions="Be brief.", model=model, **more)

    @cell("chat", door)
    async def chat():
        result = await Runner.run(agent(), CAPITAL)
        assert result.final_output == PARIS
        usage = result.context_wrapper.usage
        used(usage.input_tokens, usage.output_tokens)

    @cell("stream", door)
    async def stream():
        result = Runner.run_streamed(agent(), CAPITAL)
        pieces = [
            event.data.delta
            async for event in result.stream_events()
            if event.type == "raw_response_event"
            and event.data.type == "response.output_text.delta"
        ]
        assert "".join(pieces) == result.final_output == PARIS

    async def loop(question, *cities):
        ran.clear()
        result = await Runner.run(agent(tools=[get_weather]), question)
        told(result.final_output, *cities)
        assert sorted(ran) == sorted(cities)

    @cell("tools", door)
    async def tools():
        await loop(WEATHER, "Rome")

    @cell("tools", door)
    async def tools_in_a_stream():
        result = Runner.run_streamed(agent(tools=[get_weather]), WEATHER)
        async for _ in result.stream_events():
            pass
        told(result.final_output, "Rome")

    @cell("tools", door)
    async def tool_that_must_be_called():
        settings = ModelSettings(tool_choice="required")
        result = await Runner.run(agent(tools=[get_weather], model_settings=settings), WEATHER)
        told(result.final_output, "Rome")

    @cell("parallel", door)
    async def parallel():
        await loop(BOTH, "Rome", "Oslo")

    @cell("structured", door)
    async def structured():
        result = await Runner.run(agent(output_type=Novel), NOVEL)
        assert result.final_output == Novel(title="Emma", year=1815)

    @cell("sent back", door)
    async def sent_back():
        first = await Runner.run(agent(output_type=Novel), NOVEL)
        items = [*first.to_input_list(), {"role": "user", "content": COUNT}]
        last = await Runner.run(agent(), items)
        # With the instructions.
        assert last.final_output == "There are 4 messages."


# By its name a model is asked for through the API that is the default.
if "responses" in DOORS:
    cells("responses", f"openai/{MODEL}")
if "chat" in DOORS:
    cells("chat", OpenAIChatCompletionsModel(MODEL, AsyncOpenAI()))

    @cell("chat")
    async def chat_by_name():
        set_default_openai_api("chat_completions")
        result = await Runner.run(Agent(name="assistant", model=f"openai/{MODEL}"), CAPITAL)
        assert result.final_output == PARIS


run()
