"""The app's surroundings: Gunicorn's settings, the database's disk, a running server."""

from __future__ import annotations

import http.client
import os
import runpy
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ...config import Config
from .app import Loaded
from .finding import Finding
from .sessions import behind, under_gunicorn

# Filesystems whose locks and shared memory SQLite cannot trust
# (https://sqlite.org/wal.html, "all processes must be on the same host").
NETWORK_DISKS = frozenset(
    {
        "9p",
        "afs",
        "beegfs",
        "ceph",
        "cifs",
        "glusterfs",
        "lustre",
        "nfs",
        "nfs4",
        "smb3",
        "smbfs",
        "virtiofs",
        "vboxsf",
    }
    | {
        f"fuse.{name}"
        for name in ("ceph", "gcsfuse", "glusterfs", "juicefs", "rclone", "s3fs", "sshfs")
    }
)
_SQLITE = "sqlite:///"
_PATIENCE_S = 5.0
# AssemblyAI's own limit for an upload (API reference, "Upload a media file"): 2.2 GB.
_LARGEST_UPLOAD = 2_200_000_000


def disk(url: str, mounts: str = "/proc/self/mountinfo") -> Iterator[Finding]:
    """Whether the database's file is on a disk where SQLite can lock it."""
    if not url.startswith(_SQLITE):
        return
    file = Path(url.removeprefix(_SQLITE)).resolve()
    kind = filesystem(file, mounts)
    if kind in NETWORK_DISKS:
        yield Finding(
            "wrong",
            "disk",
            f"{file} is on a network disk ({kind}), where SQLite corrupts",
            "use a local disk, or database_url: postgresql://...",
        )
    elif kind is not None:
        yield Finding("ok", "disk", f"the database is on a local disk ({kind})")


def filesystem(file: Path, mounts: str) -> str | None:
    """Return the type of the filesystem of *file*, None if unknown."""
    try:
        lines = Path(mounts).read_text("utf-8", "replace").splitlines()
    except OSError:
        return None
    best: tuple[int, str] | None = None
    for line in lines:
        # proc(5): mount point in the fifth field, the type behind the lone dash.
        head, _, tail = line.partition(" - ")
        fields, kinds = head.split(), tail.split()
        if len(fields) < 5 or not kinds:
            continue
        point = fields[4].replace("\\040", " ")
        if file.is_relative_to(point) and (best is None or len(point) >= best[0]):
            best = len(point), kinds[0]
    return best[1] if best else None


def gunicorn(config: Config, loaded: Loaded) -> Iterator[Finding]:
    """The effects of Gunicorn's settings, as read in this directory, on long calls."""
    try:
        from gunicorn.config import Config as Settings
    except ImportError:
        return
    found = _settings(Settings())
    if found is None:
        yield Finding(
            "note",
            "gunicorn",
            "no gunicorn.conf.py here and no GUNICORN_CMD_ARGS; options of its command line "
            "are not seen",
        )
        return
    read_s = config.timeouts.read_s
    worker = str(found.worker_class_str)
    name = max(("read_s", "chat_read_s"), key=lambda each: getattr(config.timeouts, each))
    silent_s = getattr(config.timeouts, name)
    if worker == "sync" and 0 < found.timeout <= silent_s:
        yield Finding(
            "wrong",
            "timeouts",
            f"sync workers are killed after {found.timeout} s, and AssemblyAI may be silent for "
            f"{silent_s:g} s (timeouts: {name})",
            f"threads = 8, or timeout = {silent_s + 30:g}",
        )
    else:
        yield Finding("ok", "timeouts", f"{worker} workers, timeout {found.timeout} s")
    if worker == "sync":
        yield Finding(
            "note",
            "gunicorn",
            f"{found.workers} sync workers serve {found.workers} calls at once, streams and "
            "uploads too",
            "threads = 8",
        )
    if found.graceful_timeout < read_s:
        yield Finding(
            "note",
            "gunicorn",
            f"a restart cuts calls after {found.graceful_timeout} s",
            f"graceful_timeout = {read_s:g} lets them end",
        )
    yield from under_gunicorn(config, found)
    yield from _preload(found, loaded)


def _preload(found: Any, loaded: Loaded) -> Iterator[Finding]:
    what = [f"starts {len(loaded.threads)} thread(s)"] if loaded.threads else []
    what += [f"opens {name}" for name in sorted(set(loaded.descriptors))]
    if not what:
        yield Finding("ok", "preload", "importing the app opens no connection, starts no thread")
    else:
        yield Finding(
            "wrong" if found.preload_app else "note",
            "preload",
            f"importing the app {', '.join(what)}; after a fork workers would share or miss it",
            "do that in post_fork, or leave preload_app off",
        )


def _settings(settings: Any) -> Any:
    """Return Gunicorn's settings, or None where nothing sets any."""
    args = settings.parser().parse_args(settings.get_cmd_args_from_env())
    file = args.config or ("gunicorn.conf.py" if Path("gunicorn.conf.py").exists() else None)
    if file is None and not os.environ.get("GUNICORN_CMD_ARGS"):
        return None
    if file is not None:
        for name, value in runpy.run_path(str(file).removeprefix("file:")).items():
            if name in settings.settings:
                settings.set(name, value)
    for name, value in vars(args).items():
        if value is not None and name != "args":
            settings.set(name.lower(), value)
    return settings


def running(url: str, config: Config) -> Iterator[Finding]:
    """Probe a running server: requests have no key, so each ends in a 401."""
    prefix = next(iter(config.upstreams), None)
    if prefix is None:
        return
    if "@" in url:
        # Every error below shows the URL, and those of `urllib` and `http.client` do.
        yield Finding("wrong", "server", "expected a URL without user and password")
        return
    try:
        status, head = _ask(url, "GET", f"{prefix}/v2/transcript")
    except (OSError, http.client.HTTPException) as error:
        yield Finding("wrong", "server", f"{url}: {type(error).__name__}: {error}")
        return
    if status != 401:
        yield Finding(
            "wrong",
            "server",
            f"{url}{prefix} answers {status} without a key, and AssemblyAIMiddleware would answer "
            "401",
            "is this the app, and does the proxy in front pass the path on?",
        )
        return
    server = head.get("server", "a server that does not name itself")
    yield Finding("ok", "server", f"{server} answers 401 without a key")
    if server.startswith(("Werkzeug", "WSGIServer")):
        yield Finding("note", "server", f"{server} is for development", "use Gunicorn or Waitress")
    yield from behind(config, server)
    escaped = prefix[:1] + f"%{ord(prefix[1]):x}" + prefix[2:]
    if _ask(url, "GET", f"{escaped}/v2/transcript")[0] == 401:
        yield Finding(
            "note",
            "raw target",
            "neither RAW_URI nor REQUEST_URI comes through as it was sent, so %2F in a path is /",
            "in nginx, proxy_pass without a path; or a server that has them (Gunicorn, Waitress)",
        )
    else:
        yield Finding("ok", "raw target", "paths arrive as they were sent")
    yield from _bodies(url, prefix, config)


def _bodies(url: str, prefix: str, config: Config) -> Iterator[Finding]:
    upload = f"{prefix}/v2/upload"
    status, _ = _ask(url, "POST", upload, {"Transfer-Encoding": "chunked"}, b"1\r\nx\r\n0\r\n\r\n")
    if status == 401:
        yield Finding("ok", "chunked", "chunked uploads get as far as the key")
    else:
        yield Finding(
            "wrong", "chunked", f"a chunked upload gets {status}", "let the proxy in front pass it"
        )
    size = config.limits.max_upload_bytes or _LARGEST_UPLOAD
    try:
        status, _ = _ask(url, "POST", upload, {"Content-Length": str(size)})
    except TimeoutError:
        # It waits for the body, so it would take it.
        status = 401
    if status == 413:
        yield Finding(
            "wrong",
            "body size",
            f"an upload of {size:,} bytes gets 413 from the server or a proxy",
            "in nginx client_max_body_size 0, in Waitress max_request_body_size",
        )
    else:
        yield Finding("ok", "body size", f"uploads of {size:,} bytes are not refused")


def _ask(
    url: str, method: str, path: str, headers: dict[str, str] | None = None, body: bytes = b""
) -> tuple[int, dict[str, str]]:
    """Return status and headers; of the body that is announced only *body* is sent."""
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=_PATIENCE_S)
    try:
        connection.putrequest(method, parts.path.rstrip("/") + path)
        for name, value in (headers or {}).items():
            connection.putheader(name, value)
        connection.putheader("Connection", "close")
        connection.endheaders()
        if body:
            connection.send(body)
        reply = connection.getresponse()
        return reply.status, {name.lower(): value for name, value in reply.getheaders()}
    finally:
        connection.close()
