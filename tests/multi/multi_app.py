"""What Gunicorn serves here: a host app behind the stack that ASSEMBLYAI_MW_CONFIG says."""

from __future__ import annotations

from typing import Any

from assemblyai_mw import AssemblyAIMiddleware


def host_app(environ: Any, start_response: Any) -> list[bytes]:
    start_response("404 Not Found", [("Content-Type", "text/plain"), ("Content-Length", "4")])
    return [b"host"]


app = AssemblyAIMiddleware(host_app)
