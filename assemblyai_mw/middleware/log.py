"""CallLog: one log line a call."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from ..call import enter
from ..http.messages import TOKEN
from ..relay import End, Watcher
from ..telemetry.call_log import emit, logged, wanted
from ..telemetry.record import OnCall

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from ..call import Call


class CallLog:
    """Log each call once and run the callbacks, when its reply has gone out.

    The outermost stage of a route, so that refused calls are logged too. The `CostLogger` within
    fills the `Call` and logs nothing. A `CostLogger` without a `CallLog` logs the calls that reach
    it.

    Sets `call.inner`, so that no inner stage writes the line. Answers nothing itself. Changes
    nothing, unless *reply_header* is set.

    Args:
        app: The next WSGI app.
        on_call: Called with a `CallRecord` after each call; its exceptions are logged.
        reply_header: Header that carries the call's `request_id` in replies without a header of
            that name, such as `X-Request-Id`. None leaves replies as they are.

    Raises:
        ValueError: *reply_header* is not a header name.
    """

    def __init__(
        self,
        app: WSGIApplication,
        *,
        on_call: OnCall | Sequence[OnCall] = (),
        reply_header: str | None = None,
    ) -> None:
        if reply_header is not None and not TOKEN.fullmatch(reply_header):
            raise ValueError("reply_header: expected a header's name, or None")
        self.app = app
        self.on_call: tuple[OnCall, ...] = (on_call,) if callable(on_call) else tuple(on_call)
        self.reply_header = reply_header

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        call, environ = enter(environ)
        if call.inner or not (wanted(self.on_call) or self.reply_header):
            return self.app(environ, start_response)
        call.inner = True
        if call.session is not None:
            call.session.append(SessionLog(call, self.on_call))
        if self.reply_header is not None:
            start_response = _telling(start_response, self.reply_header, call.request_id)
        try:
            return logged(
                lambda start: self.app(environ, start), call, start_response, self.on_call
            )
        except BaseException:
            emit(call, self.on_call, status=None, bytes_out=0)
            raise


class SessionLog(Watcher):
    """Logs a session when it has ended, and its row is closed."""

    def __init__(self, call: Call, callbacks: Sequence[OnCall]) -> None:
        self._call = call
        self._callbacks = callbacks

    def ended(self, end: End) -> None:
        """Write the line."""
        self._call.session_end = end
        emit(self._call, self._callbacks, status=101, bytes_out=end.bytes_out)


def _telling(start_response: StartResponse, name: str, value: str) -> StartResponse:
    """Return a start_response that adds a header to replies that have none of its name."""

    def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
        if all(key.lower() != name.lower() for key, _ in headers):
            headers = [*headers, (name, value)]
        if exc_info:
            return start_response(status, headers, exc_info)
        return start_response(status, headers)

    return start
