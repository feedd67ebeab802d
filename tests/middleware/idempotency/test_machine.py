"""Any order of requests, answers, deaths and days against a model of a few lines."""

from __future__ import annotations

import tempfile
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from sqlalchemy import update
from stack_kit import Stack

from assemblyai_mw.middleware.idempotency import Idempotency
from assemblyai_mw.store.kept_answers import KEPT_S
from assemblyai_mw.store.schema import kept_answers

SUBMIT = "/assemblyai/v2/transcript"
CALLERS, KEYS, BODIES = ("alice", "bob"), ("1", "2"), (True, False)
UNDER_WAY_S = 7260


class _Killed(BaseException):
    pass


class Machine(RuleBasedStateMachine):
    """What a key of a caller stands for: a body, an answer (None while under way), an age."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory()
        self.stack = Stack(f"sqlite:///{self._folder.name}/ledger.db")
        self.secrets = {name: self.stack.key(name) for name in CALLERS}
        self.model: dict[tuple[str, str], list[Any]] = {}
        self.sent = 0

    def teardown(self) -> None:
        self.stack.close()
        self._folder.cleanup()

    def _post(self, caller: str, key: str, body: bool) -> Any:
        return self.stack.ask(
            "POST",
            SUBMIT,
            self.secrets[caller],
            json={
                "audio_url": "https://e.com/a",
                "speech_models": ["universal-2"],
                "punctuate": body,
            },
            headers={"Idempotency-Key": key},
        )

    @rule(
        caller=st.sampled_from(CALLERS),
        key=st.sampled_from(KEYS),
        body=st.sampled_from(BODIES),
        outcome=st.sampled_from(["billed", "refused", "lost"]),
    )
    def ask(self, caller: str, key: str, body: bool, outcome: str) -> None:
        known = self.model.get((caller, key))
        if outcome == "refused":
            self.stack.us.fail_next(400, path="/v2/transcript")
        elif outcome == "lost":
            self.stack.us.fail_next(drop=True, path="/v2/transcript")
        reply = self._post(caller, key, body)
        self.stack.us.clear_faults()
        if known is None:
            self.sent += 1
            assert reply.status_int == {"billed": 200, "refused": 400, "lost": 502}[outcome]
            assert "Idempotent-Replayed" not in reply.headers
            if outcome != "refused":
                self.model[caller, key] = [body, (reply.status, reply.body), 0]
        elif body != known[0]:
            assert reply.status_int == 422
        elif known[1] is not None:
            assert (reply.status, reply.body) == known[1]
            assert reply.headers["Idempotent-Replayed"] == "true"
        else:
            assert reply.status_int == (409 if known[2] < UNDER_WAY_S else 504)

    @rule(caller=st.sampled_from(CALLERS), key=st.sampled_from(KEYS), body=st.sampled_from(BODIES))
    def die(self, caller: str, key: str, body: bool) -> None:
        """A worker is killed when its request is out."""
        if (caller, key) in self.model:
            return

        def kill(*arguments: Any, **named: Any) -> Any:
            raise _Killed

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(self.stack.transport, "send", kill)
            # The dead write nothing.
            patch.setattr(Idempotency, "_ended", lambda *_, **__: None)
            patch.setattr("assemblyai_mw.CostLogger._not_done", lambda *_: None)
            with pytest.raises(_Killed):
                self._post(caller, key, body)
        self.model[caller, key] = [body, None, 0]

    @rule(seconds=st.sampled_from([600, UNDER_WAY_S, KEPT_S]))
    def wait(self, seconds: int) -> None:
        with self.stack.ledger.database.write() as connection:
            at = kept_answers.c.at - seconds * 1_000_000
            connection.execute(update(kept_answers).values(at=at))
        for place, known in list(self.model.items()):
            known[2] += seconds
            if known[2] >= KEPT_S:
                del self.model[place]

    @invariant()
    def each_is_sent_once(self) -> None:
        assert len(self.stack.us.asked("POST", "/v2/transcript")) == self.sent


Machine.TestCase.settings = settings(max_examples=8, stateful_step_count=20, deadline=None)
TestMachine = Machine.TestCase
