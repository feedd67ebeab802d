"""AudioTranscriber: OpenAI's audio transcriptions, answered by AssemblyAI's transcripts."""

from __future__ import annotations

import itertools
import json
import logging
import re
import time
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import IO, TYPE_CHECKING, Any

from ...call import CALL_KEY, Call, Caller, Route, enter, replace_body
from ...call.billable import check_encoding
from ...call.entrance import Entrances, not_allowed
from ...call.inner import call_for, moved, native
from ...dialects.audio import SpeechRequest, render, target_of, to_error, to_submit, tree_of
from ...dialects.audio.errors import JobError
from ...dialects.chat import BadReply, Model, ModelList, Target
from ...dialects.chat.errors import ApiError, is_openai, of_status, parsed
from ...dialects.chat.gateway_reply import Answer, failure, read_body_of
from ...dialects.chat.models import DEFAULT_MODELS, not_found
from ...errors import BadRequest, RequestRefused, UpstreamError, status_line
from ...http.messages import request_target
from ...http.wsgi import Reply
from ...routes import DEFAULT_BASES, TRANSCRIPTIONS_DOOR, TRANSLATIONS_DOOR, route_for
from .form import FILE, MAX_FILE_BYTES, Form
from .wait import Wait

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

logger = logging.getLogger("assemblyai_mw.audio")

TRANSCRIPT_ID = "X-AssemblyAI-MW-Transcript-Id"
_DOORS = (TRANSCRIPTIONS_DOOR, TRANSLATIONS_DOOR)
# The speech model to name to who asks for OpenAI's; the beginning of all that are current.
BEST, SPEECH = "universal-3-5-pro", "universal-"
_DETECTION = "language_detection"
UPLOAD, SUBMIT = "/v2/upload", "/v2/transcript"
MAX_REPLY_BYTES = 4 << 20
_NO_RETRY = ("x-should-retry", "false")
_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")


class AudioTranscriber:
    """Answer `POST /v1/audio/transcriptions` by an upload, a submit and polls through *app*.

    The three are native requests of the caller's, to `/assemblyai` or `/eu.assemblyai` below the
    request's mount point: inner stages check, own, hold and meter them as any client's, and send
    their refusals in OpenAI's shape. The upload and the polls do not count as requests and write no
    log line; the call's own line and row are the submit's. Everything else goes to *app* unchanged.

    The file goes on in blocks while it comes in. If `model` comes after it, the file waits in a
    temporary file, since audio for the EU must reach no US host. The calling thread waits until the
    transcript is complete, and sleeps between polls.

    Answers itself: 400 with `param` for what is malformed or unsupported, 404 `model_not_found`
    before anything is sent, 405, 413, 502 for an invalid reply, and 504 with the transcript's id
    after *wait_s*; the job goes on then, and settlement charges it. Errors after the submit carry
    `x-should-retry: false` where another try would be billed again. `/v1/audio/translations` is
    404: AssemblyAI transcribes in the language that is spoken.

        app = AudioTranscriber(inner, models=[Model("whisper-1", "assemblyai/universal-3-5-pro")])

    Args:
        app: The app for native calls.
        models: `Model`s, or mappings in LiteLLM's shape, as for `OpenAITranslator`.
        bases: Paths below which the doors are; `""` is the root. See `OpenAITranslator`.
        routes: The mounted routes by prefix, whose upstreams say their region; None: by name.
        wait_s: Seconds from the request's end for which a caller waits.
        max_file_bytes: Largest file; None for AssemblyAI's own limit.
        pauses: Seconds before the first poll, and at most between two polls.

    Raises:
        ValueError: An entry of *models* is invalid.
    """

    def __init__(
        self,
        app: WSGIApplication,
        *,
        models: Iterable[Model | Mapping[str, Any]] = DEFAULT_MODELS,
        bases: Iterable[str] = DEFAULT_BASES,
        routes: Mapping[str, Route] | None = None,
        wait_s: float = 600.0,
        max_file_bytes: int | None = None,
        pauses: tuple[float, float] = (0.5, 3.0),
    ) -> None:
        self.app = app
        self.models = ModelList(models)
        self._entrances = Entrances(bases)
        self.routes = routes
        self.wait_s = wait_s
        self.max_file_bytes = MAX_FILE_BYTES if max_file_bytes is None else max_file_bytes
        self._wait = Wait(app, pauses)
        self._turn = itertools.count()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        entered = self._entrances.of(environ)
        if entered is None or entered.door not in _DOORS:
            return self.app(environ, start_response)
        call, environ = enter(environ)
        door = entered.door
        call.route = replace(call.route, service=door.service, dialect=door.dialect, door=door)
        try:
            # Calls go on under a target of their own, so nobody within sees the caller's.
            request_target(environ)
            if entered.rest:
                raise RequestRefused("There is nothing at this path.", status=404)
            if environ["REQUEST_METHOD"] != "POST":
                raise not_allowed("POST")
            if door is TRANSLATIONS_DOOR:
                raise RequestRefused(
                    "Translations are not offered: use audio/transcriptions, which answers in the "
                    "language that is spoken.",
                    status=404,
                    code="not_found",
                )
            answer = self._transcribe(call, environ, entered.mount)
        except RequestRefused as error:
            return call.refused(error)(environ, start_response)
        return answer(environ, start_response)

    def _transcribe(self, call: Call, environ: WSGIEnvironment, mount: str) -> WSGIApplication:
        check_encoding(environ)
        limits = [self.max_file_bytes]
        if call.caller is not None and call.caller.max_upload_bytes is not None:
            limits.append(call.caller.max_upload_bytes)
        form = Form(environ, max_file_bytes=min(limits))
        if not form.seek_file():
            raise BadRequest("file: expected a file of audio.", param=FILE)
        tree = tree_of(form.pairs)
        detect = _may_detect(call.caller)
        if "model" in tree:
            target, route = self._target(call, tree)
            # What is wrong already need not be uploaded first.
            to_submit(tree, target, whole=False, detect=detect)
            uploaded = self._upload(call, environ, mount, route, form, None)
            if not isinstance(uploaded, str):
                return uploaded
            form.finish()
            tree = tree_of(form.pairs)
        else:
            file, size = form.spool()
            with file:
                form.finish()
                tree = tree_of(form.pairs)
                target, route = self._target(call, tree)
                to_submit(tree, target, detect=detect)
                uploaded = self._upload(call, environ, mount, route, file, size)
            if not isinstance(uploaded, str):
                return uploaded
        deadline = time.monotonic() + self.wait_s
        request = to_submit(tree, target, detect=detect)
        submitted = self._submit(call, environ, mount, route, request, uploaded)
        if not isinstance(submitted, str):
            return submitted
        done = self._wait.until_done(
            call, environ, mount, route, submitted, (deadline, self.wait_s)
        )
        if isinstance(done, JobError):
            return _job_failed(done)
        rendered = render(request, done)
        headers = [("Content-Type", rendered.content_type), (TRANSCRIPT_ID, submitted)]
        if request.stream:
            # nginx would keep events back until a buffer is full.
            headers += [("Cache-Control", "no-cache"), ("X-Accel-Buffering", "no")]
        else:
            headers.append(("Content-Length", str(sum(map(len, rendered.blocks)))))
        return Answer(("200 OK", headers), rendered.blocks)

    def _target(self, call: Call, tree: Mapping[str, Any]) -> tuple[Target, Route]:
        """Return the model that a form names, and the native route that leads to it."""
        region = call.caller.region if call.caller is not None else None
        turn = next(self._turn)

        def resolve(name: str) -> Target:
            found = self.models.choose(name, region, turn)
            if found is None:
                known = name if name.startswith(SPEECH) else BEST
                raise not_found(name, hint=self.models.hint(known, region))
            return found

        target = target_of(tree.get("model"), resolve)
        if self.routes is None:
            route = route_for(target.prefix)
        elif target.prefix in self.routes:
            route = self.routes[target.prefix]
        else:
            raise RequestRefused(
                f"No route here leads to this model: {target.prefix} is not mounted.",
                status=404,
                code="model_not_found",
                param="model",
            )
        return target, replace(route, dialect="openai", door=call.route.door)

    def _upload(
        self,
        call: Call,
        environ: WSGIEnvironment,
        mount: str,
        route: Route,
        file: Form | IO[bytes],
        size: int | None,
    ) -> str | WSGIApplication:
        """Send the file on; return its URL, or the app that answers with an error."""
        inner = native(
            environ,
            mount,
            route,
            "POST",
            UPLOAD,
            CONTENT_TYPE="application/octet-stream",
            **{"wsgi.input": file, CALL_KEY: call_for(call, route, "POST", UPLOAD)},
        )
        if size is None:
            inner |= {"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True}
        else:
            inner["CONTENT_LENGTH"] = str(size)
        reply = Reply(self.app, inner)
        try:
            if isinstance(file, Form) and file.fault is not None:
                raise file.fault
            payload, body = _read(reply)
            if reply.status_code != 200:
                return _refused(reply, payload, body)
            url = payload.get("upload_url") if isinstance(payload, dict) else None
            if not isinstance(url, str):
                return _invalid(reply)
            return url
        except (BadReply, UpstreamError) as error:
            return _broken(reply, error)
        finally:
            reply.close()

    def _submit(
        self,
        call: Call,
        environ: WSGIEnvironment,
        mount: str,
        route: Route,
        request: SpeechRequest,
        audio_url: str,
    ) -> str | WSGIApplication:
        """Submit the job as the caller's call; return its id, or the app that answers an error."""
        inner = native(environ, mount, route, "POST", SUBMIT, CONTENT_TYPE="application/json")
        inner = moved(call, inner, route, SUBMIT)
        payload = request.payload(audio_url)
        replace_body(call, inner, json.dumps(payload).encode(), payload)
        reply = Reply(self.app, inner)
        try:
            answer, body = _read(reply)
            if reply.status_code != 200:
                # A job that may be under way is not to be submitted again.
                return _refused(reply, answer, body, retry=not _perhaps_done(call, reply))
            transcript_id = answer.get("id") if isinstance(answer, dict) else None
            if not isinstance(transcript_id, str) or not _ID.fullmatch(transcript_id):
                return _invalid(reply, retry=False)
            return transcript_id
        except (BadReply, UpstreamError) as error:
            return _broken(reply, error, retry=False)
        finally:
            reply.close()


def _may_detect(caller: Caller | None) -> bool:
    """Whether the key's lists of features let AssemblyAI detect the language unasked."""
    if caller is None or caller.master:
        return True
    allowed = caller.features is None or _DETECTION in caller.features
    return allowed and _DETECTION not in caller.denied_features


def _read(reply: Reply) -> tuple[Any, bytes]:
    body = read_body_of(reply, MAX_REPLY_BYTES)
    return parsed(body), body


def _perhaps_done(call: Call, reply: Reply) -> bool:
    """Whether AssemblyAI may have taken the job although no reply says so."""
    return call.upstream == "sent" or (
        call.upstream == "replied" and reply.status_code in (502, 503, 504)
    )


def _refused(reply: Reply, payload: Any, body: bytes, *, retry: bool = True) -> WSGIApplication:
    _mark(reply, retry=retry)
    own = body if is_openai(payload) else None
    return failure(reply, to_error(reply.status_code, payload), own)


def _invalid(reply: Reply, *, retry: bool = True) -> WSGIApplication:
    logger.error("AssemblyAI's reply lacks what it should hold")
    _mark(reply, retry=retry)
    return failure(reply, of_status(502, "AssemblyAI returned an invalid response."))


def _broken(reply: Reply, error: Exception, *, retry: bool = True) -> WSGIApplication:
    logger.warning("AssemblyAI's reply cannot be read: %s", error)
    _mark(reply, retry=retry)
    status = error.status if isinstance(error, UpstreamError) else 502
    return failure(reply, of_status(status, "AssemblyAI's reply broke off."))


def _mark(reply: Reply, *, retry: bool) -> None:
    if not retry:
        reply.headers = [*reply.headers, _NO_RETRY]


def _job_failed(fault: JobError) -> WSGIApplication:
    error: ApiError = fault.error
    body = json.dumps(fault.payload()).encode()
    headers = [
        ("Content-Type", "application/json"),
        ("Content-Length", str(len(body))),
        (TRANSCRIPT_ID, fault.transcript_id),
        *([] if fault.retry else [_NO_RETRY]),
    ]
    return Answer((status_line(error.status), headers), [body])
