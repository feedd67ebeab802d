"""The LLM Gateway of the stand-in: chat completions, models, speech understanding.

It is as strict as the real one: a parameter that the model does not support is a 400.
Errors have the shapes seen live: `{error, status, request_id}` for 401 and
`{code, message, request_id, metadata: {errors}}` for the others.
"""

from __future__ import annotations

import time
import uuid
from collections import deque
from typing import TYPE_CHECKING, Any

from . import chat
from . import transcript_json as features
from .replies import Answer, Request

if TYPE_CHECKING:
    from .state import State

Json = dict[str, Any]
TRANSCRIPT_SLOT = "{{ transcript }}"
RATE_WINDOW_S = 60
# Every parameter of OpenAI's that a model may or may not support. How the gateway takes
# an unknown key is not documented; it is let through here.
_CHECKED = frozenset(
    [
        "audio",
        "frequency_penalty",
        "function_call",
        "functions",
        "logit_bias",
        "logprobs",
        "max_completion_tokens",
        "max_tokens",
        "metadata",
        "modalities",
        "moderation",
        "n",
        "parallel_tool_calls",
        "prediction",
        "presence_penalty",
        "prompt_cache_key",
        "prompt_cache_retention",
        "reasoning",
        "reasoning_effort",
        "response_format",
        "safety_identifier",
        "seed",
        "service_tier",
        "stop",
        "store",
        "stream",
        "temperature",
        "tool_choice",
        "tools",
        "top_logprobs",
        "top_p",
        "user",
        "verbosity",
        "web_search_options",
    ]
)


def gateway_error(
    status: int, message: str, *errors: str, headers: list[tuple[str, str]] | None = None
) -> Answer:
    """Return an error in the gateway's shape."""
    reply: Json = {"code": status, "message": message, "request_id": str(uuid.uuid4())}
    if errors:
        reply["metadata"] = {"errors": list(errors)}
    return Answer.json(reply, status=status, headers=headers)


def unauthorized() -> Answer:
    """Return the gateway's 401."""
    reply = {
        "error": "Authentication error, API token missing/invalid",
        "status": "error",
        "request_id": str(uuid.uuid4()),
    }
    return Answer.json(reply, status=401)


class Gateway:
    """`/v1/...` of the LLM Gateway of one stand-in."""

    def __init__(self, fake: State) -> None:
        self._fake = fake
        self._served: dict[str, deque[float]] = {}

    def models(self) -> Answer:
        """Answer `GET /v1/models`, which needs no key."""
        return Answer.json({"data": list(self._fake.models.values())})

    def answer(self, request: Request) -> Answer:
        """Answer a request of a known account."""
        if request.path == "/v1/chat/completions":
            return self._chat(request) if request.method == "POST" else _not_allowed()
        if request.path in ("/v1/understanding", "/v1/understanding/validate"):
            return self._understanding(request) if request.method == "POST" else _not_allowed()
        return gateway_error(404, "not found")

    def _chat(self, request: Request) -> Answer:
        asked = request.json_object()
        if asked is None:
            return gateway_error(400, "invalid request body", "the body is not a JSON object")
        refused = self._refuse(asked)
        if refused is not None:
            return refused
        model = asked["model"]
        limits, limited = self._rate(model, "llmgw")
        if limited is not None:
            return limited
        if asked.get("transcript_id") is not None:
            job = self._fake.transcripts.get(asked["transcript_id"])
            if job is None or job.account != request.account:
                return gateway_error(404, "transcript not found")
            asked = _with_transcript(asked, job.text)
        # Fallbacks are for a model that is down; a refused request is not rescued.
        chain = [model] + [f.get("model", model) for f in asked.get("fallbacks") or []]
        up = [name for name in chain if name not in self._fake.models_down]
        if not up:
            return gateway_error(500, "the model provider failed", headers=limits)
        return self._complete(asked, up[0], limits)

    def _refuse(self, asked: Json) -> Answer | None:
        model = asked.get("model")
        problems = []
        if not isinstance(model, str) or model not in self._fake.models:
            problems.append(f"model {model} is not supported")
        elif model in self._fake.models_forbidden:
            problems.append("Your account does not have access to this LLM Gateway model")
        else:
            supported = self._fake.models[model]["supported_parameters"]
            problems += [
                f"model {model} does not support {name}"
                for name, value in asked.items()
                if name in _CHECKED and name not in supported and value not in (None, False)
            ]
        problems += _body_problems(asked)
        return gateway_error(400, "invalid request body", *problems) if problems else None

    def _complete(self, asked: Json, model: str, limits: list[tuple[str, str]]) -> Answer:
        fake, started = self._fake, time.perf_counter_ns()
        answer = fake.take_answer() or chat.think(asked, fake.reply_to)
        answer = chat.shorten(answer, asked.get("max_tokens") or chat.DEFAULT_MAX_TOKENS)
        reason = answer.reason
        if fake.finish_reasons == "provider":
            reason = chat.PROVIDER_REASONS.get(reason, reason)
        streamed = bool(asked.get("stream"))
        usage = chat.usage_of(answer, asked, streamed=streamed, spelling=fake.usage_spelling)
        if streamed:
            head = [("Content-Type", "text/event-stream"), ("Cache-Control", "no-cache")]
            return Answer(200, head + limits, chat.events(answer, model, usage, reason))
        message: Json = {"role": "assistant", "content": answer.text}
        choice: Json = {"message": message, "finish_reason": reason}
        if fake.choice_index:
            choice["index"] = 0
        if answer.tool_calls:
            place = choice if fake.tool_calls_in == "choice" else message
            place["tool_calls"] = chat.calls_of(answer)
        reply = {
            "request_id": str(uuid.uuid4()),
            "model": answer.model or model,
            "choices": [choice],
            "request": {k: v for k, v in asked.items() if k not in ("messages", "prompt")},
            "usage": usage,
            "http_status_code": 200,
            "response_time": time.perf_counter_ns() - started,
            "llm_status_code": 200,
        }
        return Answer.json(reply, headers=limits)

    def _understanding(self, request: Request) -> Answer:
        asked = request.json_object()
        outer = asked.get("speech_understanding") if asked else None
        tasks = outer.get("request") if isinstance(outer, dict) else None
        problems = []
        if asked is None or not isinstance(asked.get("transcript_id"), str):
            problems.append("transcript_id is required")
        if not isinstance(tasks, dict) or not tasks or features.task_problem(tasks):
            problems.append(features.task_problem(tasks) or "speech_understanding is required")
        if problems or asked is None or not isinstance(tasks, dict):
            return gateway_error(400, "invalid request body", *problems)
        job = self._fake.transcripts.get(asked["transcript_id"])
        if job is None or job.account != request.account:
            return gateway_error(404, "transcript not found")
        if request.path.endswith("/validate"):
            return Answer.json({"request_id": str(uuid.uuid4())})
        limits, limited = self._rate("", "speech-understanding")
        if limited is not None:
            return limited
        utterances = features.transcript_json(job, "completed").get("utterances") or []
        reply = features.understanding(tasks, job.text, utterances)
        reply |= {"utterances": utterances, "request_id": str(uuid.uuid4())}
        return Answer.json(reply, headers=limits)

    def _rate(self, model: str, service: str) -> tuple[list[tuple[str, str]], Answer | None]:
        """Return the X-RateLimit headers, and the 429 if the minute is used up.

        Refused requests count too, as observed; Remaining may go below zero.
        """
        limit, now = self._fake.rate_limit, self._fake.clock()
        with self._fake.lock:
            served = self._served.setdefault(f"{service}/{model}", deque())
            while served and served[0] <= now - RATE_WINDOW_S:
                served.popleft()
            served.append(now)
            used, reset = len(served), max(1, round(served[0] + RATE_WINDOW_S - now))
        headers = [
            ("X-RateLimit-Limit", str(limit)),
            ("X-RateLimit-Remaining", str(limit - used)),
            ("X-RateLimit-Reset", str(reset)),
            ("X-RateLimit-Service", service),
        ]
        if model:
            headers.append(("X-RateLimit-Model", model))
        if used <= limit:
            return headers, None
        headers.append(("Retry-After", str(reset)))
        return headers, gateway_error(429, "too many requests for this action", headers=headers)


def _not_allowed() -> Answer:
    return gateway_error(405, "method not allowed")


def _with_transcript(asked: Json, text: str) -> Json:
    """Put the transcript's text in the place of the first slot."""
    if isinstance(asked.get("prompt"), str):
        return {**asked, "prompt": asked["prompt"].replace(TRANSCRIPT_SLOT, text, 1)}
    messages = [dict(message) for message in asked["messages"]]
    for message in messages:
        content = message.get("content")
        if isinstance(content, str) and TRANSCRIPT_SLOT in content:
            message["content"] = content.replace(TRANSCRIPT_SLOT, text, 1)
            break
    return {**asked, "messages": messages}


def _body_problems(asked: Json) -> list[str]:
    problems = []
    messages = asked.get("messages")
    if not isinstance(asked.get("prompt"), str) and not (isinstance(messages, list) and messages):
        problems.append("one of messages or prompt required")
    elif not isinstance(messages, list | None):
        problems.append("messages must be a list")
    for message in messages if isinstance(messages, list) else []:
        problems += _message_problems(message)
    tokens = asked.get("max_tokens")
    if tokens is not None and (
        isinstance(tokens, bool) or not isinstance(tokens, int) or tokens < 1
    ):
        problems.append("max_tokens must be an integer of at least 1")
    temperature = asked.get("temperature")
    if temperature is not None and not (
        isinstance(temperature, int | float) and 0 <= temperature <= 2
    ):
        problems.append("temperature must be between 0 and 2")
    problems += _tool_problems(asked.get("tools"), asked.get("tool_choice"))
    form = asked.get("response_format")
    if form is not None and not (
        isinstance(form, dict)
        and form.get("type") == "json_schema"
        and isinstance(form.get("json_schema"), dict)
        and isinstance(form["json_schema"].get("schema"), dict)
    ):
        problems.append("response_format must be of type json_schema")
    if asked.get("model_region") not in (None, "global"):
        problems.append("model_region must be global")
    if not isinstance(asked.get("transcript_id"), str | None):
        problems.append("transcript_id must be a string")
    fallbacks = asked.get("fallbacks")
    if fallbacks is not None and not (
        isinstance(fallbacks, list)
        and all(isinstance(f, dict) and isinstance(f.get("model", ""), str) for f in fallbacks)
    ):
        problems.append("fallbacks must be a list of requests")
    return problems


def _tool_problems(tools: Any, choice: Any) -> list[str]:
    if tools is not None and not (
        isinstance(tools, list)
        and all(
            isinstance(tool, dict)
            and isinstance(tool.get("function"), dict)
            and isinstance(tool["function"].get("name"), str)
            for tool in tools
        )
    ):
        return ["tools must be a list of functions with names"]
    if choice is None or (isinstance(choice, str) and choice in ("none", "auto")):
        return []
    if (
        isinstance(choice, dict)
        and isinstance(choice.get("function"), dict)
        and isinstance(choice["function"].get("name"), str)
    ):
        return []
    return ["tool_choice must be none, auto or a function"]


def _message_problems(message: Any) -> list[str]:
    if not isinstance(message, dict):
        return ["a message must be an object"]
    role, content = message.get("role"), message.get("content")
    if role not in ("user", "assistant", "system", "tool"):
        return [f"role {role} is not supported"]
    if role == "tool" and not isinstance(message.get("tool_call_id"), str):
        return ["a tool message needs a tool_call_id"]
    if content is None and role == "assistant" and message.get("tool_calls"):
        return []
    if isinstance(content, str):
        return []
    if isinstance(content, list) and all(
        isinstance(part, dict) and part.get("type") == "text" for part in content
    ):
        return []
    return ["content must be a string or a list of text parts"]
