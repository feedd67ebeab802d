"""LangChain's ChatOpenAI and its agents."""

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
from langchain.agents import create_agent
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI
from pydantic import BaseModel


class Novel(BaseModel):
    """A novel."""

    title: str
    year: int


EMMA = Novel(title="Emma", year=1815)
ran = []


@tool
def get_weather(city: str) -> str:
    """Tell the weather of a city."""
    ran.append(city)
    return weather(city)


def asked(text):
    return {"messages": [{"role": "user", "content": text}]}


def cells(door, model):
    @cell("chat", door)
    def chat():
        reply = model.invoke(CAPITAL)
        assert reply.text == PARIS
        used(reply.usage_metadata["input_tokens"], reply.usage_metadata["output_tokens"])

    @cell("stream", door)
    def stream():
        whole = None
        for chunk in model.stream(CAPITAL):
            whole = chunk if whole is None else whole + chunk
        assert whole.text == PARIS

    @cell("stream", door)
    def stream_with_usage():
        whole = None
        # The responses API always tells it.
        for chunk in model.stream(CAPITAL, **({"stream_usage": True} if door == "chat" else {})):
            whole = chunk if whole is None else whole + chunk
        used(whole.usage_metadata["input_tokens"], whole.usage_metadata["output_tokens"])

    def loop(question, *cities):
        ran.clear()
        agent = create_agent(model, tools=[get_weather])
        told(agent.invoke(asked(question))["messages"][-1].text, *cities)
        assert sorted(ran) == sorted(cities)

    @cell("tools", door)
    def tools():
        loop(WEATHER, "Rome")

    @cell("tools", door)
    def tools_in_a_stream():
        agent = create_agent(model, tools=[get_weather])
        pieces = [
            piece.text
            for piece, about in agent.stream(asked(WEATHER), stream_mode="messages")
            if about["langgraph_node"] == "model"
        ]
        told("".join(pieces), "Rome")

    @cell("tools", door)
    def tool_that_must_be_called():
        reply = model.bind_tools([get_weather], tool_choice="any").invoke(WEATHER)
        assert [call["args"] for call in reply.tool_calls] == [{"city": "Rome"}]

    @cell("parallel", door)
    def parallel():
        loop(BOTH, "Rome", "Oslo")

    @cell("structured", door)
    def structured():
        assert model.with_structured_output(Novel).invoke(NOVEL) == EMMA

    @cell("structured", door)
    def structured_by_a_function():
        form = model.with_structured_output(Novel, method="function_calling")
        assert form.invoke(NOVEL) == EMMA

    @cell("structured", door)
    def structured_by_json():
        form = model.with_structured_output(Novel, method="json_mode")
        assert form.invoke(NOVEL + " Answer in JSON.") == EMMA

    @cell("structured", door)
    def structured_by_an_agent():
        agent = create_agent(model, tools=[get_weather], response_format=Novel)
        assert agent.invoke(asked(NOVEL))["structured_response"] == EMMA

    @cell("sent back", door)
    def sent_back():
        raw = model.with_structured_output(Novel, include_raw=True).invoke(NOVEL)["raw"]
        assert raw.additional_kwargs["parsed"] == EMMA
        reply = model.invoke([("user", NOVEL), raw, ("user", COUNT)])
        assert reply.text == "There are 3 messages."


if "chat" in DOORS:
    cells("chat", ChatOpenAI(model=MODEL))
if "responses" in DOORS:
    cells("responses", ChatOpenAI(model=MODEL, use_responses_api=True))
run()
