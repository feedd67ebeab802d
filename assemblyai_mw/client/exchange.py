"""One call of completion() on the wire, by requests."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import requests
import urllib3

from ..dialects.chat import ChatRequest, to_error
from ..dialects.chat.errors import parsed
from .errors import APIConnectionError, from_gateway, unreachable

CONNECT_TIMEOUT_S = 10.0
READ_BYTES = 64 << 10
MAX_REPLY_BYTES = 64 << 20


class Exchange:
    """One call on the wire, with the second try for a model that cannot stream."""

    def __init__(
        self, request: ChatRequest, url: str, key: str, timeout: float, *, trust_env: bool
    ) -> None:
        self.request = request
        self.response: requests.Response | None = None
        self._url = url
        self._timeout = (min(CONNECT_TIMEOUT_S, timeout), timeout)
        self._session = requests.Session()
        self._session.trust_env = trust_env
        self._headers = {
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
            if stream and error.cannot_stream:
                stream = False
            elif stream and usage and error.unsupported == "stream_options":
                usage = False
            else:
                raise from_gateway(error, response.headers)
            response.close()

    def _post(self, payload: dict[str, Any]) -> requests.Response:
        try:
            self.response = self._session.post(
                self._url,
                data=json.dumps(payload).encode(),
                headers=self._headers,
                timeout=self._timeout,
                allow_redirects=False,
                stream=True,
            )
        except requests.RequestException as error:
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
        self._session.close()
