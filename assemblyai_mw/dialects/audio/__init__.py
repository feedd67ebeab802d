"""OpenAI's audio transcriptions in, AssemblyAI's transcripts out, and back again. Pure.

- `form`: a form's fields, as a tree of values.
- `request`: the form of a transcription, and the JSON of the submit that it becomes.
- `segments`: sentences and speakers, from a transcript's words.
- `reply`: a transcript in each of OpenAI's formats, and as a stream of events.
- `errors`: AssemblyAI's errors as OpenAI's clients know them.
- `languages`: the names that OpenAI gives to languages.

OpenAI's side is its API reference for audio transcriptions as `openai-python` types it;
AssemblyAI's is openapi.yml, `POST /v2/transcript`.
"""

from .errors import failed_job, still_running, to_error
from .form import tree_of
from .reply import Rendered, render
from .request import SpeechRequest, target_of, to_submit

__all__ = [
    "Rendered",
    "SpeechRequest",
    "failed_job",
    "render",
    "still_running",
    "target_of",
    "to_error",
    "to_submit",
    "tree_of",
]
