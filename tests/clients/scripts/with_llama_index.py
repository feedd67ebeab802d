"""LlamaIndex's OpenAILike, and its agents."""

from kit import (
    BOTH,
    CAPITAL,
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
from llama_index.core.agent.workflow import AgentStream, FunctionAgent
from llama_index.core.llms import ChatMessage
from llama_index.core.prompts import PromptTemplate
from llama_index.llms.openai_like import OpenAILike, OpenAILikeResponses
from pydantic import BaseModel


class Novel(BaseModel):
    """A novel."""

    title: str
    year: int


EMMA = Novel(title="Emma", year=1815)
ran = []


def get_weather(city: str) -> str:
    """Tell the weather of a city."""
    ran.append(city)
    return weather(city)


def cells(door, made):
    @cell("chat", door)
    def chat():
        reply = made().chat([ChatMessage(CAPITAL)])
        assert reply.message.content == PARIS
        usage = reply.raw.usage.model_dump()
        given, out = ("prompt", "completion") if door == "chat" else ("input", "output")
        used(usage[f"{given}_tokens"], usage[f"{out}_tokens"])

    @cell("stream", door)
    def stream():
        assert "".join(c.delta or "" for c in made().stream_chat([ChatMessage(CAPITAL)])) == PARIS

    async def loop(question, *cities, streaming=False):
        ran.clear()
        agent = FunctionAgent(tools=[get_weather], llm=made(), streaming=streaming)
        handler = agent.run(question)
        pieces = [e.delta async for e in handler.stream_events() if isinstance(e, AgentStream)]
        told(str(await handler), *cities)
        assert sorted(ran) == sorted(cities)
        assert not streaming or "".join(pieces)

    @cell("tools", door)
    async def tools():
        await loop(WEATHER, "Rome")

    @cell("tools", door)
    async def tools_in_a_stream():
        await loop(WEATHER, "Rome", streaming=True)

    @cell("parallel", door)
    async def parallel():
        await loop(BOTH, "Rome", "Oslo", streaming=True)

    @cell("structured", door)
    def structured():
        reply = made().as_structured_llm(Novel).chat([ChatMessage(NOVEL)])
        assert reply.raw == EMMA

    @cell("structured", door)
    def structured_predict():
        assert made().structured_predict(Novel, PromptTemplate(NOVEL)) == EMMA

    @cell("sent back", door)
    def sent_back():
        model = made()
        tool_call = model.chat([ChatMessage(NOVEL)]).message
        last = model.chat([ChatMessage(NOVEL), tool_call, ChatMessage(COUNT)])
        assert last.message.content == "There are 3 messages."


base = {"model": MODEL, "api_base": f"{URL}/v1", "api_key": KEY, "is_function_calling_model": True}
if "chat" in DOORS:
    cells("chat", lambda: OpenAILike(is_chat_model=True, **base))

    @cell("structured")
    def structured_by_a_schema():
        model = OpenAILike(is_chat_model=True, should_use_structured_outputs=True, **base)
        assert model.as_structured_llm(Novel).chat([ChatMessage(NOVEL)]).raw == EMMA


if "responses" in DOORS:
    cells("responses", lambda: OpenAILikeResponses(**base))
run()
