"""Other APIs' formats, in and out of AssemblyAI's. Pure.

chat      OpenAI's chat completions and models <-> the LLM Gateway's
messages  Anthropic's messages <-> OpenAI's chat completions
"""
