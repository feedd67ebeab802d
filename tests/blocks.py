"""The blocks of a page, run in their order as its reader would, on loopback.

    python tests/blocks.py docs/keys.md

- `python` runs; names live on to the page's end. With `title="app.py"` it is also that file.
  With `title="podcasts/settings.py"` its lines are added to that file, and not run.
- `sh` runs line by line. `export` keeps what the tests have set, `pip install` and `pip wheel`
  are checked against setup.cfg, and servers only check their configuration.
  `assemblyai-mw stand-in` runs until the page ends, on ports that the system chooses, and
  `ASSEMBLYAI_MW_CONFIG` can name its file.
- `yaml` becomes `assemblyai_mw.yaml`, or the file that its title names; a stack is built of it.
- `json` and `toml` are read.
- `text title="Output"` is what the block before it prints; `...` stands for any text.
- A block after `<!-- not run: REASON -->` is left out.

AssemblyAI is played by stand-ins, on loopback and for `FakeTransport` under its own names.
`http://127.0.0.1:8000`, and `ws://`, is the page's own `app` (or `application`), else a bare stack,
under Werkzeug's server; `sk-...` is the key that the page made last, else one that was made for it.
A Django project named `podcasts` lies ready, as `startproject` makes it; pages begin with its
`wsgi.py`.
"""

from __future__ import annotations

import configparser
import contextlib
import io
import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
import threading
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from werkzeug.serving import make_server

ROOT = Path(__file__).resolve().parents[1]
sys.path.append(str(ROOT))
RUN = {"python", "sh", "yaml", "json", "toml"}
# Neither programs nor data of ours: drawings, output, other people's configuration; and scripts of
# pages, which tests/hosts/test_browser.py runs.
SHOWN = {"text", "ini", "nginx", "apache", "html", "js", "dockerfile"}
MASTER_KEY = "sk-master-of-the-tests"
STAND_IN = ["assemblyai-mw", "stand-in"]
# What a server that would run for ever does instead: load the same app and end.
SERVERS = {
    "gunicorn ": "{} --check-config",
    "flask run": "flask routes",
    "python manage.py runserver": "python manage.py check",
}
DJANGO = {
    "podcasts/__init__.py": "",
    "podcasts/settings.py": """
SECRET_KEY = "of-the-tests"
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "podcasts.urls"
WSGI_APPLICATION = "podcasts.wsgi.application"
USE_TZ = True
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]
""",
    "podcasts/urls.py": "urlpatterns = []\n",
    "manage.py": """
import os
import sys
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "podcasts.settings")
from django.core.management import execute_from_command_line
execute_from_command_line(sys.argv)
""",
}
_FENCE = re.compile(
    r"(?:^<!-- not run: (?P<why>[^\n]+) -->\n+)?"
    r"^(?P<indent>[ ]*)```(?P<language>\w*)(?P<options>[^\n]*)\n(?P<text>.*?)^(?P=indent)```[ ]*$",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block: its text, the line where that begins, and what its fence says."""

    language: str
    text: str
    line: int
    title: str | None
    not_run: str | None


def blocks_of(page: Path) -> list[Block]:
    """Return a page's blocks."""
    text = page.read_text(encoding="utf-8")
    found = []
    for match in _FENCE.finditer(text):
        title = re.search(r'title="([^"]*)"', match["options"])
        indent = len(match["indent"])
        lines = match["text"].splitlines(keepends=True)
        found.append(
            Block(
                match["language"],
                "".join(line[indent:] or "\n" for line in lines),
                text.count("\n", 0, match.start("text")) + 1,
                title[1] if title else None,
                match["why"],
            )
        )
    return found


def run_python(block: str, replaced: dict[str, str], names: dict[str, Any], page: str) -> None:
    """Run a block with other addresses and keys in it; each must have stood there."""
    for shown, real in replaced.items():
        assert shown in block, shown
        block = block.replace(shown, real)
    exec(compile(block, page, "exec"), names)


def run_page(page: str) -> str:
    """Run a page in a process of its own and return what it printed."""
    done = subprocess.run(
        [sys.executable, __file__, page], cwd=ROOT, capture_output=True, text=True, timeout=240
    )
    assert done.returncode == 0, f"{page}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
    return done.stdout


def no_pages(environ: Any, start_response: Any) -> Any:
    """A host app without any page."""
    start_response("404 Not Found", [("Content-Length", "0")])
    return []


class Reader:
    """Whoever reads a page and tries what it says, in an empty directory."""

    def __init__(self, page: str) -> None:
        self.page = page
        self.names: dict[str, Any] = {"__name__": "page"}
        self.printed = ""
        self._at_first: dict[str, str] = {}
        self._address: str | None = None
        self._key: str | None = None
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> Reader:
        from assemblyai_mw.client import calls
        from assemblyai_mw.config import entries, load_database
        from assemblyai_mw.store import Database
        from assemblyai_mw.testing import EU_KEY, US_KEY, serve_all

        self.hosts = self._stack.enter_context(serve_all())
        for fake in (self.hosts.us, self.hosts.eu):
            fake.reply_to = lambda asked: "Paris."
        home = Path(self._stack.enter_context(tempfile.TemporaryDirectory()))
        os.chdir(home)
        for name in [name for name in os.environ if name.startswith("ASSEMBLYAI_")]:
            del os.environ[name]
        self._real_routes = entries.DEFAULT_ROUTES
        self._routes = calls.DEFAULT_ROUTES = dict(self.hosts.routes)
        # For processes that the page starts.
        lines = "".join(f"  {prefix}: {url}\n" for prefix, url in self._routes.items())
        (home / "loopback.yaml").write_text(f"routes:\n{lines}")
        (home / "podcasts").mkdir()
        for name, text in DJANGO.items():
            (home / name).write_text(text)
        self.given = {
            "ASSEMBLYAI_API_KEY": US_KEY,
            "ASSEMBLYAI_EU_API_KEY": EU_KEY,
            "ASSEMBLYAI_MW_MASTER_KEY": MASTER_KEY,
            "ASSEMBLYAI_MW_CONFIG": str(home / "loopback.yaml"),
        }
        path = [str(Path(sys.executable).parent), os.environ.get("PATH", "")]
        modules = [str(home), str(ROOT)]
        os.environ |= self.given | {
            "PATH": os.pathsep.join(path),
            "PYTHONPATH": os.pathsep.join(modules),
        }
        os.environ.pop("DJANGO_SETTINGS_MODULE", None)
        sys.path.insert(0, str(home))
        (home / "interview.mp3").write_bytes(b"no audio at all")
        # Reports are for those who have served something already.
        with contextlib.closing(Database(load_database().url)) as database, database.write():
            pass
        return self

    def __exit__(self, *error: object) -> None:
        os.chdir(ROOT)
        self._stack.close()

    def run(self, block: Block) -> str:
        """Run one block and return what it printed."""
        from assemblyai_mw.config import entries

        out = io.StringIO()
        in_process = "FakeTransport" in block.text
        entries.DEFAULT_ROUTES = self._real_routes if in_process else self._routes
        if in_process:
            os.environ.pop("ASSEMBLYAI_MW_CONFIG", None)
        else:
            os.environ["ASSEMBLYAI_MW_CONFIG"] = self.given["ASSEMBLYAI_MW_CONFIG"]
        with contextlib.redirect_stdout(out):
            getattr(self, f"_{block.language}")(block)
        self.printed += out.getvalue()
        return out.getvalue()

    def _real(self, text: str) -> str:
        """Return *text* with the addresses and keys that are there."""
        if "://127.0.0.1:8000" in text:
            text = text.replace("://127.0.0.1:8000", f"://{self._served()}")
        return text.replace("sk-...", self._any_key()) if "sk-..." in text else text

    def _python(self, block: Block) -> None:
        if (block.title or "").endswith("settings.py"):
            with open(block.title or "", "a") as settings:
                settings.write(block.text)
            return
        if block.title:
            Path(block.title).parent.mkdir(parents=True, exist_ok=True)
            Path(block.title).write_text(self._real(block.text))
        if "assemblyai as aai" in block.text:
            import assemblyai

            assemblyai.settings.polling_interval = 0.001
        # So that a traceback shows the page's own lines.
        source = "\n" * (block.line - 1) + self._real(block.text)
        run_python(source, {}, self.names, str(ROOT / self.page))

    def _sh(self, block: Block) -> None:
        lines = re.sub(r"\\\n\s*", "", block.text).splitlines()
        for line in lines:
            if line.strip() and not line.startswith("#"):
                self._command(self._real(line))

    def _command(self, line: str) -> None:
        words = shlex.split(line, comments=True)
        plain = not set(words) & {"|", ">", ">>", "<", "&&", "&"}
        if words[0] == "export":
            for word in words[1:]:
                name, _, value = word.partition("=")
                if name == "ASSEMBLYAI_MW_CONFIG" and Path(value).is_file():
                    self._at_first.setdefault(name, self.given[name])
                    self.given[name] = value
                os.environ[name] = self.given.get(name) or value
        elif words[0] == "unset":
            self.given |= self._at_first
            os.environ |= self.given
        elif words[:2] == STAND_IN:
            self._start_stand_in(words)
        elif words[:2] == ["pip", "install"]:
            _check_installed(words[2:])
        elif words[:2] == ["pip", "wheel"]:
            assert words[-1] == ".", line
        elif words[0] == "assemblyai-mw" and plain:
            from click.testing import CliRunner

            from assemblyai_mw.cli import main

            done = CliRunner().invoke(main, words[1:])
            print(done.output, end="")
            assert done.exit_code == 0, f"{line}\n{done.output}"
            self._key = (re.findall(r"\bsk-[\w-]{20,}", done.output) or [self._key])[-1]
        else:
            for server, instead in SERVERS.items():
                if line.startswith(server):
                    line = instead.format(line)
            shell = subprocess.run(
                line, shell=True, capture_output=True, text=True, timeout=120, check=False
            )
            print(shell.stdout, end="")
            assert shell.returncode == 0, f"{line}\n{shell.stdout}\n{shell.stderr}"
            self._key = (re.findall(r"\bsk-[\w-]{20,}", shell.stdout) or [self._key])[-1]

    def _start_stand_in(self, words: list[str]) -> None:
        process = subprocess.Popen([*words, "--port", "0"], stdout=subprocess.PIPE, text=True)
        self._stack.callback(process.communicate)
        self._stack.callback(process.terminate)
        assert process.stdout is not None
        assert any("The stand-in is running" in line for line in process.stdout)

    def _yaml(self, block: Block) -> None:
        from assemblyai_mw import AssemblyAIMiddleware
        from assemblyai_mw.config import load_config

        path = Path(block.title or "assemblyai_mw.yaml")
        path.write_text(block.text)
        if path.name != "assemblyai_mw.yaml":
            return
        for name in re.findall(r"os\.environ/(\w+)", block.text):
            os.environ.setdefault(name, f"the-value-of-{name}-in-the-tests")
        config = load_config(path)
        if config.redis_url is None and config.database_url.startswith("sqlite"):
            AssemblyAIMiddleware(no_pages, config)

    def _json(self, block: Block) -> None:
        json.loads(block.text)

    def _toml(self, block: Block) -> None:
        tomllib.loads(block.text)

    def _served(self) -> str:
        """Return host and port of the page's app."""
        from assemblyai_mw import AssemblyAIMiddleware

        if self._address is None:
            names = self.names
            if self._at_first and Path("app.py").is_file():
                # The page's server starts after its `export`, and its app with it.
                names = {"__name__": "app"}
                run_python(Path("app.py").read_text(), {}, names, "app.py")
            app = names.get("app") or names.get("application") or AssemblyAIMiddleware(no_pages)
            # The stand-in's own server would give no connection away for a WebSocket.
            server = make_server("127.0.0.1", 0, app, threaded=True)
            threading.Thread(target=server.serve_forever, daemon=True).start()
            self._stack.callback(server.shutdown)
            self._address = f"127.0.0.1:{server.port}"
        return self._address

    def _any_key(self) -> str:
        from assemblyai_mw import Keys
        from assemblyai_mw.config import load_database

        if self._key is None:
            self._key = Keys(load_database().url).create("reader").key
        return self._key


def _check_installed(words: list[str]) -> None:
    """The wheel that a page has its reader install is this version's, and has the extras."""
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")
    wheel = f"assemblyai_mw-{setup['metadata']['version']}-py3-none-any.whl"
    for word in words:
        assert not re.match(r"assemblyai[-_]mw\b", word), f"{word}: no index has it"
        match = re.fullmatch(r"(?:\.|.*/([^/]+\.whl))(?:\[([\w,]+)\])?", word)
        assert match is None or match[1] in (None, wheel), word
        for extra in (match[2] or "").split(",") if match else ():
            assert not extra or extra in setup["options.extras_require"], word


def _matches(shown: str, printed: str) -> bool:
    parts = [re.escape(part) for part in shown.strip().split("...")]
    lines = "\n".join(line.rstrip() for line in printed.strip().splitlines())
    return re.fullmatch(".*?".join(parts), lines, re.DOTALL) is not None


def _shown_lines(page: str) -> Iterator[Block]:
    for block in blocks_of(ROOT / page):
        assert block.language in RUN | SHOWN, f"{page}:{block.line}: {block.language or 'no name'}"
        if block.not_run is None:
            yield block


def main(page: str) -> None:
    """Run *page*; raise at the first block that does not do what it says."""
    with Reader(page) as reader:
        printed = ""
        for block in _shown_lines(page):
            place = f"{page}:{block.line}"
            if block.language in RUN:
                try:
                    printed = reader.run(block)
                except BaseException as error:
                    error.add_note(f"in the block at {place}")
                    raise
            elif block.title == "Output":
                assert _matches(block.text, printed), f"{place}: it prints\n{printed}"
    print(reader.printed, end="")


if __name__ == "__main__":
    main(sys.argv[1])
    sys.stdout.flush()
    # Threads that a page leaves behind (pools, settlement) have nothing more to say.
    os._exit(0)
