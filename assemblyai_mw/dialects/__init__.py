"""Other APIs' formats, in and out of AssemblyAI's. Pure.

audio      OpenAI's audio transcriptions <-> AssemblyAI's transcripts
chat       OpenAI's chat completions and models <-> the LLM Gateway's
messages   Anthropic's messages <-> OpenAI's chat completions
responses  OpenAI's responses <-> its chat completions
"""
