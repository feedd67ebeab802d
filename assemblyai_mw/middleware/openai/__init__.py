"""OpenAITranslator: other APIs' paths, answered by AssemblyAI.

deployments     the model list, and upstreams for its entries with their own address or key
gateway_models  cache of the LLM Gateway's model list; it outlasts failures of the gateway
incapable       what models refused of late: streams, their options
speech          the door `audio/speech`
stage           OpenAITranslator
"""

from .stage import OpenAITranslator

__all__ = ["OpenAITranslator"]
