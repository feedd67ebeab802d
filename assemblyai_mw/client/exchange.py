"""One call of completion() on the wire, by requests."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from typing import Any

import requests
import urllib3

from ..dialects.chat import ChatRequest, to_error
from ..dialects.chat.errors import parsed
from ..transport.via_requests import never_connected
from .errors import APIConnectionError, from_gateway, unreachable
from .keywords import Sending

READ_BYTES = 64 << 10
MAX_REPLY_BYTES = 64 << 20
# Between two tries, as OpenAI's client waits: doubled each time, up to the second; a longer wait
# that the gateway asks for is the caller's to decide.
FIRST_PAUSE_S, LONGEST_PAUSE_S, LONGEST_WAIT_S = 0.5, 8.0, 60.0


class Exchange:
    """One call on the wire, with the second try for a model that cannot stream."""

    def __init__(
        self,
        request: ChatRequest,
        url: str,
        key: str,
        sending: Sending,
        session: requests.Session | None,
        *,
        trust_env: bool,
    ) -> None:
        self.request = request
        self.response: requests.Response | None = None
        self._url = url
        self._timeout = sending.timeout
        self._tries_left = sending.retries
        self._pause_s = FIRST_PAUSE_S
        self._owned = session is None
        self._session = requests.Session() if session is None else session
        if self._owned:
            self._session.trust_env = trust_env
        self._headers = {
            **sending.headers,
            "Authorization": key,
            "Content-Type": "application/json",
            "Accept-Encoding": "identity",
        }

    def send(self) -> bool:
        """Send the request; whether a stream comes back.

        Raises:
            APIError: It failed.
        """
        stream, usage = self.request.stream, True
        while True:
            response = self._post(self.request.payload(stream=stream, usage=usage))
            if response.status_code == 200:
                kind = response.headers.get("Content-Type", "")
                return stream and kind.partition(";")[0].strip().lower() == "text/event-stream"
            error = to_error(response.status_code, parsed(self.body()), callers_key=True)
            raised = from_gateway(error, response.headers)
            if stream and error.cannot_stream:
                stream = False
            elif stream and usage and error.unsupported == "stream_options":
                usage = False
            elif response.status_code != 429 or not self._may_retry(raised.retry_after_s):
                raise raised
            response.close()

    def _may_retry(self, after_s: float | None) -> bool:
        """Wait for the next try, if there is one."""
        if not self._tries_left or (after_s or 0) > LONGEST_WAIT_S:
            return False
        self._tries_left -= 1
        time.sleep(self._pause_s if after_s is None else after_s)
        self._pause_s = min(2 * self._pause_s, LONGEST_PAUSE_S)
        return True

    def _post(self, payload: dict[str, Any]) -> requests.Response:
        outer = sys.exception()
        while True:
            try:
                self.response = self._session.post(
                    self._url,
                    data=json.dumps(payload).encode(),
                    headers=self._headers,
                    timeout=self._timeout,
                    allow_redirects=False,
                    stream=True,
                    auth=_only_the_key,
                )
            except requests.RequestException as error:
                # What was never sent cannot have been billed.
                if never_connected(error, outer) and self._may_retry(None):
                    continue
                # The exception of requests holds the request, and so the key.
                raise unreachable(error) from None
            return self.response

    def pieces(self) -> Iterator[bytes]:
        """Yield the reply's body as it comes.

        Raises:
            APIConnectionError: It broke off.
        """
        assert self.response is not None
        raw = self.response.raw
        try:
            while piece := raw.read1(READ_BYTES, decode_content=True):
                yield piece
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise unreachable(error) from None

    def body(self) -> bytes:
        """Return the reply's whole body.

        Raises:
            APIConnectionError: It broke off, or goes on past 64 MiB.
        """
        blocks, size = [], 0
        for piece in self.pieces():
            blocks.append(piece)
            size += len(piece)
            if size > MAX_REPLY_BYTES:
                raise APIConnectionError("The LLM Gateway's reply is too long.")
        return b"".join(blocks)

    def close(self) -> None:
        """Close the connection."""
        if self.response is not None:
            self.response.close()
        if self._owned:
            self._session.close()


def _only_the_key(prepared: requests.PreparedRequest) -> requests.PreparedRequest:
    """Keep `requests` from putting credentials of `.netrc` or of a session over the key."""
    return prepared
