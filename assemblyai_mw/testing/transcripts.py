"""The REST API of the stand-in: uploads and transcripts, their life cycle and lists.

Source: AssemblyAI's openapi.yml. Not documented there, and so decided here: a
transcript that is not finished cannot be deleted and has no sub-resources (400); a
deleted one stays in the list, scrubbed; a cursor of the list is a transcript that passes the
list's filters.
"""

from __future__ import annotations

import re
import secrets
import struct
import uuid
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import urlencode

from . import speech
from . import transcript_json as features
from .replies import Answer, Request, api_error
from .state import FakeTranscript, State, Upload

Json = dict[str, Any]
LIST_DAYS = 90
STATUSES = ("queued", "processing", "completed", "error")
_CDN = re.compile(r"https://cdn(?:\.eu)?\.assemblyai\.com/upload/")


class Transcripts:
    """`/v2/upload` and `/v2/transcript...` of one stand-in."""

    def __init__(self, fake: State) -> None:
        self._fake = fake

    def answer(self, request: Request) -> Answer:
        """Answer a request of a known account."""
        method, parts = request.method, request.path.strip("/").split("/")
        if parts == ["v2", "upload"]:
            return self._upload(request) if method == "POST" else api_error(405)
        if parts[:2] != ["v2", "transcript"] or len(parts) > 4:
            return api_error(404)
        if len(parts) == 2:
            if method == "POST":
                return self._submit(request)
            return self._list(request) if method == "GET" else api_error(405)
        job = self._fake.transcripts.get(parts[2])
        if job is None or job.account != request.account:
            return api_error(404)
        if len(parts) == 3:
            if method == "DELETE":
                return self._delete(job)
            return self._read(job) if method == "GET" else api_error(405)
        return self._part(job, parts[3], request) if method == "GET" else api_error(405)

    def _upload(self, request: Request) -> Answer:
        host = "cdn.eu" if self._fake.region == "eu" else "cdn"
        url = f"https://{host}.assemblyai.com/upload/{secrets.token_hex(16)}/{uuid.uuid4()}"
        audio_s, channels = wav_length(request.body, request.seen.body_size)
        seen = request.seen
        self._fake.uploads[url] = Upload(
            url, request.account, seen.body_size, seen.body_sha256, audio_s, channels
        )
        return Answer.json({"upload_url": url})

    def _submit(self, request: Request) -> Answer:
        asked = request.json_object()
        if asked is None:
            return api_error(400, "Invalid JSON body")
        problem = features.problem_with(asked)
        if problem:
            return api_error(400, problem)
        url = asked["audio_url"]
        upload = self._fake.uploads.get(url)
        if _CDN.match(url) and (upload is None or upload.account != request.account):
            return api_error(403, "Cannot access uploaded file")
        model = features.model_used(asked, self._fake.speech_models)
        if model is None:
            return api_error(400, "speech_models holds no available speech model")
        error = features.why_it_fails(asked, model)
        job = self._fake.new_transcript(request.account, asked, model, upload, error)
        return Answer.json(features.transcript_json(job, "queued"))

    def _status(self, job: FakeTranscript) -> str:
        """The job's present status; reading does not advance it."""
        if job.completed is None and (job.polls > 0 or self._fake.clock() < job.ready_at):
            return "queued" if job.first_read else "processing"
        if job.completed is None:
            job.completed = self._fake.clock()
        return "error" if job.error else "completed"

    def _read(self, job: FakeTranscript) -> Answer:
        status = self._status(job)
        if job.completed is None:
            job.first_read = False
            job.polls -= 1
            status = "processing"
        return Answer.json(features.transcript_json(job, status))

    def _delete(self, job: FakeTranscript) -> Answer:
        status = self._status(job)
        if job.completed is None:
            return api_error(400, f"A transcript with a status of '{status}' cannot be deleted")
        job.deleted = True
        self._fake.uploads.pop(job.asked["audio_url"], None)
        return Answer.json(features.transcript_json(job, status))

    def _list(self, request: Request) -> Answer:
        try:
            limit = int(request.query.get("limit", "10"))
        except ValueError:
            limit = 0
        if not 1 <= limit <= 200:
            return api_error(400, "limit must be between 1 and 200")
        status, day = request.query.get("status"), request.query.get("created_on")
        if status and status not in STATUSES:
            return api_error(400, f"status must be one of {', '.join(STATUSES)}")
        if day and not _is_day(day):
            return api_error(400, "created_on must be a date, YYYY-MM-DD")
        oldest = self._fake.clock() - LIST_DAYS * 86_400
        jobs = [
            job
            for job in reversed(list(self._fake.transcripts.values()))
            if job.account == request.account
            and job.created >= oldest
            and (not status or status == self._status(job))
            and (not day or _day(job.created).startswith(day))
        ]
        ids = [job.id for job in jobs]
        before, after = request.query.get("before_id"), request.query.get("after_id")
        if {before, after} - {None, *ids}:
            return api_error(400, "before_id and after_id must be ids of transcripts")
        first = ids.index(before) + 1 if before else 0
        end = ids.index(after) if after else len(jobs)
        if before and after and first > end:
            # In these words, by a bug report: PipedreamHQ/pipedream#17808, 2025-07-25.
            return api_error(400, "'after_id' must be a newer transcript than 'before_id'")
        page = jobs[first:end]
        # The page nearest to the id that was given: the oldest ones after `after_id`.
        page = page[-limit:] if after and not before else page[:limit]
        return Answer.json(self._page(page, ids, limit, request.query))

    def _page(self, page: list[FakeTranscript], ids: list[str], limit: int, query: Json) -> Json:
        base = f"https://api.{'eu.' if self._fake.region == 'eu' else ''}assemblyai.com"

        def link(**extra: str) -> str:
            kept = {k: v for k, v in query.items() if k in ("status", "created_on")}
            return f"{base}/v2/transcript?{urlencode({'limit': limit, **kept, **extra})}"

        older = bool(page) and page[-1].id != ids[-1]
        newer = bool(page) and page[0].id != ids[0]
        own = {k: v for k, v in query.items() if k in ("before_id", "after_id")}
        return {
            "page_details": {
                "limit": limit,
                "result_count": len(page),
                "current_url": link(**own),
                "prev_url": link(before_id=page[-1].id) if older else None,
                "next_url": link(after_id=page[0].id) if newer else None,
            },
            "transcripts": [
                {
                    "id": job.id,
                    "resource_url": f"{base}/v2/transcript/{job.id}",
                    "status": self._status(job),
                    "created": _day(job.created),
                    "completed": _day(job.completed) if job.completed else None,
                    "audio_url": features.audio_url(job),
                    "error": job.error,
                }
                for job in page
            ],
        }

    def _part(self, job: FakeTranscript, part: str, request: Request) -> Answer:
        if part not in ("sentences", "paragraphs", "srt", "vtt", "word-search", "redacted-audio"):
            return api_error(404)
        status = self._status(job)
        if part == "redacted-audio":
            return self._redacted(job, status, request)
        if status != "completed":
            return api_error(
                400,
                f"This transcript has a status of '{status}'. Transcripts must have a status "
                f"of 'completed' before requesting {part}.",
            )
        words = [] if job.deleted else job.words
        head = {
            "id": job.id,
            "confidence": speech.confidence_of(words),
            "audio_duration": job.audio_duration,
            "speech_model_used": job.model,
        }
        if part == "sentences":
            return Answer.json(head | {"sentences": speech.sentences_of(words)})
        if part == "paragraphs":
            return Answer.json(head | {"paragraphs": speech.paragraphs_of(words)})
        if part == "word-search":
            wanted = [word for word in request.query.get("words", "").split(",") if word]
            if not wanted:
                return api_error(400, "words is required")
            matches = speech.word_search(words, wanted)
            total = sum(match["count"] for match in matches)
            return Answer.json({"id": job.id, "total_count": total, "matches": matches})
        try:
            chars = int(request.query.get("chars_per_caption", "0")) or None
        except ValueError:
            return api_error(400, "chars_per_caption must be a number")
        return Answer.text(speech.subtitles(words, part, chars))

    def _redacted(self, job: FakeTranscript, status: str, request: Request) -> Answer:
        """A URL that needs no key and is fresh on each read; 202 while there is none."""
        if not (job.asked.get("redact_pii") and job.asked.get("redact_pii_audio")):
            return api_error(400, "Redacted audio was not requested for this transcript")
        if job.completed is None:
            return Answer.json({"status": "processing"}, status=202)
        if status == "error" or job.deleted:
            return api_error(400, "Redacted audio is not available")
        signature = secrets.token_urlsafe(16)
        job.signatures.add(signature)
        query = urlencode({"Signature": signature, "Expires": int(self._fake.clock()) + 1800})
        form = job.asked.get("redact_pii_audio_quality") or "mp3"
        url = f"{request.origin}/redacted-audio/{job.id}.{form}?{query}"
        return Answer.json({"status": "redacted_audio_ready", "redacted_audio_url": url})

    def redacted_file(self, request: Request) -> Answer:
        """Answer a signed URL, which needs no key; the audio is a second of nothing."""
        job = self._fake.transcripts.get(request.path.split("/")[-1].rpartition(".")[0])
        if job is None or request.query.get("Signature") not in job.signatures:
            return Answer(403, [("Content-Type", "application/xml")], b"<Error/>")
        return Answer(200, [("Content-Type", "audio/mpeg")], bytes(16_000))


def wav_length(head: bytes, size: int) -> tuple[float | None, int]:
    """Return seconds and channels of a WAV file from its first bytes, else (None, 1)."""
    if head[:4] != b"RIFF" or head[8:12] != b"WAVE":
        return None, 1
    at, rate, channels = 12, 0, 1
    while at + 8 <= len(head):
        name, length = head[at : at + 4], struct.unpack_from("<I", head, at + 4)[0]
        if name == b"fmt " and at + 24 <= len(head):
            channels, _, rate = struct.unpack_from("<HII", head, at + 10)
        if name == b"data" and rate:
            return min(length, size - at - 8) / rate, max(1, channels)
        at += 8 + length + length % 2
    return None, 1


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _day(at: float) -> str:
    """AssemblyAI's lists show UTC without saying so."""
    return datetime.fromtimestamp(at, UTC).replace(tzinfo=None).isoformat(timespec="microseconds")
