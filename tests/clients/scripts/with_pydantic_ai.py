"""Pydantic AI's agents."""

from kit import (
    BOTH,
    CAPITAL,
    CLAUDE,
    COUNT,
    DOORS,
    KEY,
    MODEL,
    NOVEL,
    PARIS,
    URL,
    WEATHER,
    cell,
    run,
    told,
    used,
    weather,
)
from pydantic import BaseModel
from pydantic_ai import Agent, NativeOutput, PromptedOutput
from pydantic_ai.exceptions import ModelHTTPError
from pydantic_ai.models.anthropic import AnthropicModel
from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel
from pydantic_ai.profiles.openai import OpenAIModelProfile
from pydantic_ai.providers.anthropic import AnthropicProvider
from pydantic_ai.providers.openai import OpenAIProvider


class Novel(BaseModel):
    title: str
    year: int


EMMA = Novel(title="Emma", year=1815)
ran = []


def get_weather(city: str) -> str:
    """Tell the weather of a city."""
    ran.append(city)
    return weather(city)


def cells(door, model):
    @cell("chat", door)
    def chat():
        result = Agent(model).run_sync(CAPITAL)
        assert result.output == PARIS
        used(result.usage.input_tokens, result.usage.output_tokens)

    @cell("stream", door)
    async def stream():
        async with Agent(model).run_stream(CAPITAL) as result:
            pieces = [piece async for piece in result.stream_text(delta=True)]
        assert "".join(pieces) == PARIS
        used(result.usage.input_tokens, result.usage.output_tokens)

    def loop(question, *cities):
        ran.clear()
        told(Agent(model, tools=[get_weather]).run_sync(question).output, *cities)
        assert sorted(ran) == sorted(cities)

    @cell("tools", door)
    def tools():
        loop(WEATHER, "Rome")

    @cell("tools", door)
    async def tools_in_a_stream():
        async with Agent(model, tools=[get_weather]).run_stream(WEATHER) as result:
            told(await result.get_output(), "Rome")

    @cell("parallel", door)
    def parallel():
        loop(BOTH, "Rome", "Oslo")

    @cell("structured", door)
    def structured():
        assert Agent(model, output_type=Novel).run_sync(NOVEL).output == EMMA

    @cell("structured", door)
    def structured_by_the_prompt():
        assert Agent(model, output_type=PromptedOutput(Novel)).run_sync(NOVEL).output == EMMA

    @cell("sent back", door)
    def sent_back():
        first = Agent(model, output_type=Novel).run_sync(NOVEL)
        last = Agent(model).run_sync(COUNT, message_history=first.all_messages())
        assert last.output == "There are 4 messages.", last.output


def cells_of_schemas(door, model):
    """It sends schemas to models of Anthropic's only whose names it knows."""

    @cell("structured", door)
    def structured_by_a_schema():
        assert Agent(model, output_type=NativeOutput(Novel)).run_sync(NOVEL).output == EMMA

    @cell("sent back", door)
    def schema_sent_back():
        first = Agent(model, output_type=NativeOutput(Novel)).run_sync(NOVEL)
        last = Agent(model).run_sync(COUNT, message_history=first.all_messages())
        assert last.output == "There are 3 messages.", last.output


provider = OpenAIProvider(base_url=f"{URL}/v1", api_key=KEY)
if "chat" in DOORS:
    cells("chat", OpenAIChatModel(MODEL, provider=provider))
    cells_of_schemas("chat", OpenAIChatModel(MODEL, provider=provider))


def beside_tools(output_type=Novel, **more):
    model = OpenAIChatModel(MODEL, provider=provider, **more)
    return Agent(model, output_type=output_type, tools=[get_weather]).run_sync(WEATHER).output


@cell("structured")
def structured_beside_tools_is_refused_by_default():
    refused = None
    try:
        beside_tools()
    except ModelHTTPError as error:
        refused = error
    # Else the page names a setting that is not needed any more.
    assert refused is not None
    assert refused.status_code == 400
    assert "tool_choice" in str(refused)


@cell("structured", setting=True)
def structured_beside_tools():
    profile = OpenAIModelProfile(openai_supports_tool_choice_required=False)
    assert beside_tools(profile=profile) == EMMA


@cell("structured", setting=True)
def schema_beside_tools():
    assert beside_tools(NativeOutput(Novel)) == EMMA


if "responses" in DOORS:
    cells("responses", OpenAIResponsesModel(MODEL, provider=provider))
    cells_of_schemas("responses", OpenAIResponsesModel(MODEL, provider=provider))
if "messages" in DOORS:
    cells("messages", AnthropicModel(CLAUDE, provider=AnthropicProvider(base_url=URL, api_key=KEY)))
run()
