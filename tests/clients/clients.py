"""The clients: what is installed, what runs, and the settings that each needs."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

SCRIPTS = Path(__file__).parent / "scripts"
MODEL = "assemblyai/gpt-5-mini"
CLAUDE = "assemblyai/claude-sonnet-4-6"
# In order of the columns; a client's script runs those that its client has.
CELLS = ("chat", "stream", "tools", "parallel", "structured", "sent back", "speech")
DOORS = {
    "chat": "`/v1/chat/completions`",
    "responses": "`/v1/responses`",
    "messages": "`/v1/messages`",
}


@dataclass(frozen=True)
class Client:
    """One client.

    Attributes:
        name: As the command takes it.
        title: As the page names it.
        packages: Names at PyPI or npm; the first one's version is shown, and its successors'
            up to `shown`.
        doors: The APIs that it uses here, by `DOORS`, its default first.
        settings: What it needs to reach the app; `{url}` and `{key}` are filled in. Names in
            capitals are the environment's, the others are written in its script.
        quiet: What keeps it from calling elsewhere, in the same form.
        note: Further words for its line of the page.
    """

    name: str
    title: str
    packages: tuple[str, ...]
    doors: tuple[str, ...] = ("chat",)
    settings: dict[str, str] = field(default_factory=dict)
    quiet: dict[str, str] = field(default_factory=dict)
    note: str = ""
    npm: bool = False
    shown: int = 1

    @property
    def script(self) -> Path:
        """The script, which asserts what it sees; it must not have the name of a package."""
        return SCRIPTS / f"with_{self.name.replace('-', '_')}{'.mjs' if self.npm else '.py'}"


_OPENAI = {"OPENAI_BASE_URL": "{url}/v1", "OPENAI_API_KEY": "{key}"}
_ANTHROPIC = {"ANTHROPIC_BASE_URL": "{url}", "ANTHROPIC_API_KEY": "{key}"}
_ARGUMENTS = '"{url}/v1", api_key="{key}"'
_ALL = (
    Client(
        "openai-python",
        "openai, Python",
        ("openai", "pydantic"),
        ("chat", "responses"),
        settings=_OPENAI,
    ),
    Client(
        "openai-node",
        "openai, Node",
        ("openai", "zod"),
        ("chat", "responses"),
        settings=_OPENAI,
        npm=True,
    ),
    Client(
        "langchain",
        "LangChain",
        ("langchain-openai", "langchain"),
        ("chat", "responses"),
        settings=_OPENAI,
        note="With a base URL of its own, `ChatOpenAI` asks for the usage of a stream only by "
        "`stream_usage=True`. `use_responses_api=True` is for `/v1/responses`. It sends traces "
        "to LangSmith only where `LANGSMITH_TRACING` is set.",
        shown=2,
    ),
    Client(
        "llama-index",
        "LlamaIndex",
        ("llama-index-llms-openai-like", "llama-index-core"),
        ("chat", "responses"),
        settings={
            "chat": f"OpenAILike(api_base={_ARGUMENTS}, is_chat_model=True, "
            "is_function_calling_model=True)",
            "responses": f"OpenAILikeResponses(api_base={_ARGUMENTS}, "
            "is_function_calling_model=True)",
        },
        note="Without `is_chat_model` it calls `/v1/completions`, which is not served. The class "
        "`OpenAI` takes the names of OpenAI's own models only. `should_use_structured_outputs` "
        "sends the schema as `response_format`; without it, it is a function.",
        shown=2,
    ),
    Client(
        "pydantic-ai",
        "Pydantic AI",
        ("pydantic-ai-slim[openai,anthropic]",),
        ("chat", "responses", "messages"),
        settings={
            "chat": f"OpenAIProvider(base_url={_ARGUMENTS})",
            "messages": 'AnthropicProvider(base_url="{url}", api_key="{key}")',
        },
        note="An `output_type` beside tools: `profile=OpenAIModelProfile("
        "openai_supports_tool_choice_required=False)`, or `NativeOutput`. By default it sends "
        '`tool_choice: "required"` with several tools, which [the gateway does not document]'
        "(openai.md#parameters).",
    ),
    Client(
        "instructor",
        "Instructor",
        ("instructor", "anthropic"),
        ("chat", "responses", "messages"),
        settings={
            **_OPENAI,
            **_ANTHROPIC,
            "model": f'from_provider("openai/{MODEL}")',
        },
        note="Its modes `TOOLS`, `TOOLS_STRICT`, `JSON`, `MD_JSON` and `JSON_SCHEMA` are run; "
        "`RESPONSES_TOOLS` for `/v1/responses`.",
    ),
    Client(
        "openai-agents",
        "OpenAI Agents SDK",
        ("openai-agents",),
        ("responses", "chat"),
        settings={
            **_OPENAI,
            "model": f'Agent(model="openai/{MODEL}")',
        },
        quiet={"OPENAI_AGENTS_DISABLE_TRACING": "1"},
        note="A name that begins with `assemblyai/` is an unknown prefix to it. For chat "
        "completions: `OpenAIChatCompletionsModel`, or "
        '`set_default_openai_api("chat_completions")`.',
    ),
    Client(
        "ai-sdk",
        "Vercel AI SDK",
        ("ai", "@ai-sdk/openai-compatible", "@ai-sdk/openai", "@ai-sdk/anthropic", "zod"),
        ("chat", "responses", "messages"),
        settings={
            "compatible": "createOpenAICompatible({{ name: 'assemblyai', "
            "baseURL: '{url}/v1', apiKey: '{key}' }})",
            "others": "createOpenAI({{ baseURL, apiKey }})",
            "messages": "createAnthropic({{ baseURL, apiKey }})",
        },
        note="`openai-compatible` tells the usage of a stream by `includeUsage: true`, and sends "
        "a schema by `supportsStructuredOutputs: true`; without that it sends `json_object`, and "
        "the model knows no schema. `openai(MODEL)` is for `/v1/responses`: it sends ids of "
        "earlier replies instead of their text, unless `providerOptions: { openai: { store: "
        "false } }`. `openai.chat(MODEL)` is for chat completions.",
        npm=True,
        shown=4,
    ),
    Client(
        "litellm",
        "LiteLLM SDK",
        ("litellm",),
        ("chat", "responses", "messages"),
        settings={
            **_OPENAI,
            "model": f'completion(model="openai/{MODEL}")',
            "messages": f'completion(model="anthropic/{CLAUDE}", api_base="{{url}}", '
            'api_key="{key}")',
        },
        quiet={"LITELLM_LOCAL_MODEL_COST_MAP": "True"},
    ),
    Client(
        "llm",
        "llm",
        ("llm",),
        ("chat", "responses"),
        settings={
            "model": f"model_name: {MODEL}",
            "base": "api_base: {url}/v1",
            "key": "api_key_name: assemblyai",
            "more": "supports_schema: true",
            "tools": "supports_tools: true",
            "responses": "responses: true",
        },
        note="In `extra-openai-models.yaml`; the key by `llm keys set assemblyai`. "
        "`responses` is for `/v1/responses`.",
    ),
    Client(
        "aider",
        "aider",
        ("aider-chat",),
        settings={
            "OPENAI_API_BASE": "{url}/v1",
            "OPENAI_API_KEY": "{key}",
            "model": f"--model openai/{MODEL}",
        },
        quiet={
            "AIDER_ANALYTICS": "false",
            "AIDER_CHECK_UPDATE": "false",
            "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        },
        note="`.aider.model.metadata.json` with an entry of the model: without it, aider "
        "downloads a list of models.",
    ),
    Client(
        "anthropic-python",
        "anthropic, Python",
        ("anthropic", "pydantic"),
        ("messages",),
        settings=_ANTHROPIC,
    ),
    Client(
        "anthropic-node",
        "anthropic, Node",
        ("@anthropic-ai/sdk", "zod"),
        ("messages",),
        settings=_ANTHROPIC,
        npm=True,
    ),
)
CLIENTS = {client.name: client for client in _ALL}
