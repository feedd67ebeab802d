"""A reply holds one value by attribute and by item, and is the JSON it shows."""

from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from openai.types.chat import ChatCompletion, ChatCompletionChunk
from openai_kit import HELLO, strictly

from assemblyai_mw.client import APIError, RateLimitError, Record, Reply, completion
from assemblyai_mw.testing import FakeAssemblyAI

MODEL = "assemblyai/gpt-5-mini"
USAGE = {"input_tokens": 1000, "output_tokens": 500, "total_tokens": 1500}
COST = Decimal("0.001375")
TOOL = {"type": "function", "function": {"name": "look", "parameters": {"type": "object"}}}


@pytest.fixture
def reply(us: FakeAssemblyAI, base: dict[str, Any]) -> Reply:
    us.next_answer("My name is Ann.", usage=USAGE)
    return completion(MODEL, HELLO, **base)


def test_what_an_attribute_is_set_to_is_in_the_json_and_in_the_next_request(
    us: FakeAssemblyAI, base: dict[str, Any], reply: Reply
) -> None:
    reply.choices[0].message.content = "masked"
    assert reply["choices"][0]["message"]["content"] == "masked"
    for text in (json.dumps(reply), reply.json(), reply.model_dump_json(), str(reply)):
        assert "masked" in text
        assert "Ann" not in text
    completion(MODEL, [*HELLO, reply.choices[0].message, *HELLO], **base)
    assert b"masked" in us.requests[-1].body
    assert b"Ann" not in us.requests[-1].body


def test_what_an_item_is_set_to_is_the_attribute(reply: Reply) -> None:
    reply["choices"][0]["message"]["content"] = "masked"
    assert reply.choices[0].message.content == "masked"
    reply.usage = {"total_tokens": 3}
    assert reply["usage"].total_tokens == 3
    reply.usage.total_tokens = 4
    assert reply["usage"] == {"total_tokens": 4}
    del reply.usage
    assert reply.usage is None
    assert "usage" not in reply
    with pytest.raises(AttributeError):
        del reply.usage


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda r: r.update({"x": [{"y": 1}]}), id="update"),
        pytest.param(lambda r: r.update(x=[{"y": 1}]), id="update by name"),
        pytest.param(lambda r: r.__ior__({"x": [{"y": 1}]}), id="|="),
        pytest.param(lambda r: r.setdefault("x", [{"y": 1}]), id="setdefault"),
        pytest.param(lambda r: setattr(r, "x", [{"y": 1}]), id="attribute"),
    ],
)
def test_plain_dicts_that_are_set_get_attributes(change: Callable[[Record], Any]) -> None:
    record = Record()
    change(record)
    assert record.x[0].y == 1
    record.x[0].y = 2
    assert record == {"x": [{"y": 2}]}


def test_a_list_that_is_set_stays_the_same_list_where_it_can() -> None:
    names = ["a"]
    record = Record(names=names)
    names.append("b")
    assert record.names == ["a", "b"]


def test_a_method_cannot_become_two_values(reply: Reply) -> None:
    for name in ("items", "model_dump", "json"):
        with pytest.raises(AttributeError, match=name):
            setattr(reply, name, 1)
    reply["items"] = 1
    assert callable(reply.items)


def test_the_price_is_an_attribute_alone(reply: Reply) -> None:
    assert reply.cost_usd == COST
    assert "cost_usd" not in reply
    assert "cost_usd" not in json.loads(json.dumps(reply))
    assert "cost_usd" not in reply.model_dump()
    with pytest.raises(KeyError, match="attribute"):
        reply["cost_usd"] = 1
    reply.cost_usd = None
    assert reply.cost_usd is None
    assert "cost_usd" not in reply


def test_the_dump_is_plain_a_copy_and_valid_for_openais_types(reply: Reply) -> None:
    dumped = reply.model_dump()
    typed = ChatCompletion.model_validate(dumped, strict=True)
    assert typed.choices[0].message.content == "My name is Ann."
    assert dumped == reply == json.loads(reply.json()) == json.loads(json.dumps(reply))
    kinds = {type(dumped), type(dumped["choices"][0]), type(dumped["choices"][0]["message"])}
    assert kinds == {dict}
    dumped["choices"][0]["message"]["content"] = "changed"
    assert reply.choices[0].message.content == "My name is Ann."


def test_the_dump_takes_what_pydantics_takes(reply: Reply) -> None:
    assert reply.choices[0].message.refusal is None
    assert "refusal" in reply.model_dump(mode="json")["choices"][0]["message"]
    short = reply.model_dump(exclude_none=True, exclude_unset=True)
    assert "refusal" not in short["choices"][0]["message"]
    assert json.loads(reply.model_dump_json(exclude_none=True)) == short
    assert "\n  " in reply.model_dump_json(indent=2)
    reply.choices[0].message.content = "Zoë"
    assert '"content":"Zoë"' in reply.json()
    with pytest.raises(TypeError, match="warnings"):
        reply.model_dump(warnings=False)  # type: ignore[call-arg]


@pytest.mark.parametrize(
    "twin",
    [
        pytest.param(copy.copy, id="copy"),
        pytest.param(copy.deepcopy, id="deepcopy"),
        pytest.param(lambda reply: reply.copy(), id="its own copy"),
        *(
            pytest.param(lambda r, p=p: pickle.loads(pickle.dumps(r, p)), id=f"pickle {p}")
            for p in (2, pickle.HIGHEST_PROTOCOL)
        ),
    ],
)
def test_a_copy_is_equal_of_the_same_class_and_has_the_price(
    reply: Reply, twin: Callable[[Reply], Reply]
) -> None:
    copied = twin(reply)
    assert type(copied) is Reply
    assert copied == reply
    assert copied.cost_usd == COST
    assert copied.choices[0].message.content == "My name is Ann."
    copied.model = "other"
    assert reply.model == MODEL
    assert copied != reply


def test_a_deep_copy_shares_nothing(reply: Reply) -> None:
    copied = copy.deepcopy(reply)
    copied.choices[0].message.content = "changed"
    assert reply.choices[0].message.content == "My name is Ann."


def test_it_is_a_dict_in_every_other_way(reply: Reply) -> None:
    assert "model" in reply
    assert reply.get("model") == reply.model == dict(reply.items())["model"]
    assert reply.get("colour", 1) == 1
    assert "choices" in dir(reply)
    with pytest.raises(AttributeError, match=r"no 'colour' here; there are .*model"):
        _ = reply.colour
    assert not hasattr(reply, "colour")


@pytest.mark.parametrize("model", [MODEL, "assemblyai/gpt-oss-20b"])
def test_chunks_are_json_too_and_the_last_has_the_price(
    us: FakeAssemblyAI, base: dict[str, Any], model: str
) -> None:
    us.next_answer("one two three")
    options = {"include_usage": True}
    with completion(model, HELLO, stream=True, stream_options=options, **base) as stream:
        chunks = list(stream)
    for chunk in chunks:
        strictly(json.loads(json.dumps(chunk)))
        ChatCompletionChunk.model_validate(chunk.model_dump(), strict=True)
    assert [chunk.cost_usd for chunk in chunks] == [None] * (len(chunks) - 1) + [stream.cost_usd]
    assert stream.cost_usd is not None
    chunks[0].choices[0].delta.content = "masked"
    assert "masked" in chunks[0].json()


def test_a_call_of_a_tool_goes_back_as_it_came(us: FakeAssemblyAI, base: dict[str, Any]) -> None:
    us.next_answer(tool_calls=[("look", {"at": "x"})])
    message = completion(MODEL, HELLO, tools=[TOOL], **base).choices[0].message
    (call,) = message.tool_calls
    result = {"role": "tool", "tool_call_id": call.id, "content": "seen"}
    completion(MODEL, [*HELLO, message, result], tools=[TOOL], **base)
    sent = json.loads(us.requests[-1].body)["messages"]
    assert sent[1]["tool_calls"][0]["function"] == call.function


def test_a_message_of_openais_client_can_be_sent_back(
    us: FakeAssemblyAI, base: dict[str, Any], reply: Reply
) -> None:
    typed = ChatCompletion.model_validate(reply.model_dump()).choices[0].message
    completion(MODEL, [*HELLO, typed, *HELLO], **base)
    assert json.loads(us.requests[-1].body)["messages"][1]["content"] == "My name is Ann."


def test_an_exception_has_what_handlers_read_and_survives_a_pickle(
    us: FakeAssemblyAI, base: dict[str, Any]
) -> None:
    us.fail_next(status=429, headers=[("Retry-After", "7")])
    with pytest.raises(APIError) as caught:
        completion(MODEL, HELLO, **base)
    error = caught.value
    assert (error.status_code, error.llm_provider) == (429, "assemblyai")
    twin = pickle.loads(pickle.dumps(error))
    assert type(twin) is RateLimitError
    assert vars(twin) == vars(error)
    assert str(twin) == error.message
