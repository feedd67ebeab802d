"""OpenAITranslator: other APIs' paths, answered by AssemblyAI.

chat            chats of any API, by the LLM Gateway
deployments     the model list, and upstreams for its entries with their own address or key
gateway_models  the LLM Gateway's model list, and a cache that outlasts its failures
incapable       what models refused of late: streams, their options
speech          the door `audio/speech`
stage           OpenAITranslator
"""

from .stage import OpenAITranslator

__all__ = ["OpenAITranslator"]
