"""Django's live test server with AssemblyAI in front.

`LiveServerTestCase` and `StaticLiveServerTestCase` serve Django's own handler and not `wsgi.py`, so
AssemblyAI's routes do not exist there.

    from django.contrib.staticfiles.testing import StaticLiveServerTestCase
    from assemblyai_mw.hosts.django.testing import InFront

    class PageTest(InFront, StaticLiveServerTestCase):
        identify = staticmethod(podcasts.wsgi.identify)

        @classmethod
        def setUpClass(cls):
            cls.transport = FakeTransport()
            super().setUpClass()
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

from .wrapping import wrap

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

    from ...middleware.auth.identity import Answer
    from ...stack import AssemblyAIMiddleware
    from ...transport import Transport


class InFront:
    """Mix-in, on the left of a live server's test case: its server has AssemblyAI in front.

    Attributes:
        transport, identify: As `wrap` takes them.
        stack: The middleware in front, while the server runs.
    """

    transport: ClassVar[Transport | None] = None
    identify: ClassVar[Callable[[Any], Answer] | None] = None
    stack: ClassVar[AssemblyAIMiddleware | None] = None

    @classmethod
    def static_handler(cls, application: WSGIApplication) -> WSGIApplication:
        """Return what the live server serves: static files, then AssemblyAI, then the site."""
        cls.stack = wrap(application, transport=cls.transport, identify=cls.identify)
        served: WSGIApplication = super().static_handler(cls.stack)  # type: ignore[misc]
        return served

    @classmethod
    def tearDownClass(cls) -> None:  # as Django names it
        """Stop the server, then the stack."""
        super().tearDownClass()  # type: ignore[misc]
        if cls.stack is not None:
            cls.stack.close()
