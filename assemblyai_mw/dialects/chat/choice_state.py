"""One choice of a stream: its role, its text up to a stop, and its tool calls, numbered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .form import ReplyForm, StopCutter
from .reply import arguments_of, text_of


@dataclass(slots=True)
class _ToolCall:
    number: int  # from 0, without gaps: SDKs keep calls in a list
    own_id: str | None  # the gateway's
    named: bool = False


class ChoiceState:
    """The state of one choice.

    Attributes:
        finished: The gateway said why it ended, or its text was cut.
        cut: The stop that its text ran into, else None: it has ended for the caller.
    """

    def __init__(self, name: str, form: ReplyForm) -> None:
        self._name = name
        self._form = form
        self._begun = False
        self._text = StopCutter(form.stop) if form.stop else None
        self._calls: list[_ToolCall] = []
        self._at: dict[int, _ToolCall] = {}  # the latest call at each of the gateway's indexes
        self._by_id: dict[str, _ToolCall] = {}
        self._bare: dict[int, _ToolCall] = {}  # by their number, those without arguments so far
        self.finished = False
        self.cut: str | None = None

    @property
    def called(self) -> bool:
        """Whether a tool was called."""
        return bool(self._calls)

    def delta(
        self, source: dict[str, Any], calls: list[dict[str, Any]], *, last: bool
    ) -> dict[str, Any] | None:
        """Return the delta to pass on; None where all of it is held back or left out.

        Args:
            source: The gateway's delta.
            calls: The tool calls in it or beside it.
            last: The gateway gives the reason for its end with it.
        """
        begins, self._begun = not self._begun, True
        delta: dict[str, Any] = {"role": "assistant"} if begins else {}
        for name in ("content", "refusal"):
            if name in source:
                text = text_of(source[name])
                if text is not None or begins:
                    delta[name] = text
        withheld = self._until_stop(delta, over=last or bool(calls), begins=begins)
        is_cut = self.cut is not None
        said = [] if is_cut else [out for call in calls if (out := self._call(call)) is not None]
        self.finished = self.finished or last or is_cut
        if last or is_cut:
            self._complete(said)
        if said:
            delta["tool_calls"] = said
        nothing = not delta and not self.finished
        return None if nothing and (withheld or calls) else delta

    def _until_stop(self, delta: dict[str, Any], *, over: bool, begins: bool) -> bool:
        """Cut the delta's text at a stop; whether some of it is held back or was cut off."""
        if self._text is None:
            return False
        given = delta.get("content") or ""
        free = self._text.feed(given)
        if over and self._text.hit is None:
            free += self._text.end()
        self.cut = self._text.hit
        if free or (given and begins):
            delta["content"] = free
        elif given:
            del delta["content"]
        return free != given

    def _call(self, given: dict[str, Any]) -> dict[str, Any] | None:
        own = given.get("id")
        own = own if isinstance(own, str) and own else None
        function = given.get("function")
        function = function if isinstance(function, dict) else {}
        name = function.get("name")
        name = name if isinstance(name, str) and name else None
        index = given.get("index")
        if not isinstance(index, int) or isinstance(index, bool) or index < 0:
            index = None
        call = self._known(own, index, name)
        first = call is None
        if call is None:
            call = _ToolCall(len(self._calls), own)
            self._calls.append(call)
            if own is not None:
                self._by_id[own] = call
            if not (self._form.one_call and call.number):
                self._bare[call.number] = call
        if index is not None:
            self._at[index] = call
        if self._form.one_call and call.number:
            return None
        out: dict[str, Any] = {"index": call.number}
        if first:
            out["id"] = own or f"call_{self._name}_{call.number}"
            out["type"] = "function"
        said: dict[str, Any] = {}
        # Clients append what comes as a name, as they do with arguments: it is said once.
        if name is not None and not call.named:
            call.named = True
            said["name"] = name
        if function.get("arguments") is not None:
            said["arguments"] = arguments_of(function["arguments"])
            if said["arguments"]:
                self._bare.pop(call.number, None)
        elif first:
            said["arguments"] = ""
        out["function"] = said
        return out

    def _known(self, own: str | None, index: int | None, name: str | None) -> _ToolCall | None:
        """Return the call that a delta continues, or None where it begins one.

        Some providers give every call the index 0, or none: then a new id begins a new call.
        """
        if own is not None and own in self._by_id:
            return self._by_id[own]
        latest = self._calls[-1] if self._calls else None
        call_there = self._at.get(index) if index is not None else latest
        if call_there is None or own is None:
            return call_there
        if index is not None and call_there.own_id is None and not (name and call_there.named):
            # Its id comes late; the caller has got another by now.
            call_there.own_id = own
            self._by_id[own] = call_there
            return call_there
        return None

    def _complete(self, said: list[dict[str, Any]]) -> None:
        """Give calls without arguments an empty object of them, as JSON."""
        begun: dict[int, dict[str, Any]] = {}
        for out in said:
            begun.setdefault(out["index"], out)
        for number in self._bare:
            if number in begun:
                begun[number]["function"]["arguments"] = "{}"
            else:
                said.append({"index": number, "function": {"arguments": "{}"}})
        self._bare.clear()
