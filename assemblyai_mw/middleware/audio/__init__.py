"""AudioTranscriber: OpenAI's audio transcriptions, answered by AssemblyAI's transcripts.

form   reads a multipart form, and its file in blocks
inner  requests to the inner stages, on the caller's behalf
stage  AudioTranscriber
wait   waits for a transcript
"""

from .stage import AudioTranscriber

__all__ = ["AudioTranscriber"]
