"""`check`: what is wrong, in a line each."""

from __future__ import annotations

import json
import os
import socket
import stat
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from cli_kit import ACCOUNT_KEY
from click.testing import Result

from assemblyai_mw.config import DEFAULT_ROUTES
from assemblyai_mw.routes import doors_below

ROOT = Path(__file__).resolve().parents[3]


def findings(result: Result) -> list[tuple[str, str]]:
    """Return level and the rest of each line."""
    return [(line[:6].strip(), line[7:]) for line in result.stdout.splitlines()]


def test_check_passes_a_good_configuration_without_leaving_the_machine(run, keys, monkeypatch):
    keys.create("alice")

    def unexpected(*args: Any, **options: Any) -> Any:
        raise AssertionError("check asked the network")

    monkeypatch.setattr(socket, "getaddrinfo", unexpected)
    monkeypatch.setattr(socket.socket, "connect", unexpected)
    environ = {"ASSEMBLYAI_API_KEY": ACCOUNT_KEY, "ASSEMBLYAI_MW_MASTER_KEY": "m" * 20}
    result = run("check", environ=environ)
    found = findings(result)
    assert ("ok", "configuration: environment") in found
    assert ("ok", "route: /eu.assemblyai -> https://api.eu.assemblyai.com") in found
    assert ("ok", f"doors: {', '.join(doors_below())}") in found
    assert ("ok", "keys: 1 live") in found
    assert {level for level, _ in found} <= {"ok", "note"}
    assert ACCOUNT_KEY not in result.output


def test_check_notes_that_content_is_kept(run, tmp_path):
    config = tmp_path / "mw.yaml"
    config.write_text("general_settings: {idempotency_content: true}\n")
    environ = {"ASSEMBLYAI_API_KEY": ACCOUNT_KEY, "ASSEMBLYAI_MW_MASTER_KEY": "m" * 20}
    notes = [
        text for level, text in findings(run("--config", str(config), "check", environ=environ))
    ]
    assert [text for text in notes if text.startswith("idempotency_content: the database keeps")]


def test_check_says_each_fault_in_a_line_and_fails(run, tmp_path):
    config = tmp_path / "mw.yaml"
    config.write_text("routes: {/assemblyai: http://example.com}\n")
    result = run("--config", str(config), "check", status=1)
    wrong = [text for level, text in findings(result) if level == "wrong"]
    assert wrong == [
        f"configuration: {config}: routes./assemblyai: expected https:// (plain http:// only to "
        "this machine), got http://"
    ]


def test_check_names_the_place_of_a_wrong_origin(run, tmp_path):
    config = tmp_path / "mw.yaml"
    config.write_text('general_settings: {cors_origins: ["https://a.example", "b.example/"]}\n')
    result = run("--config", str(config), "check", status=1)
    wrong = [text for level, text in findings(result) if level == "wrong"]
    assert wrong == [
        f"configuration: {config}: general_settings.cors_origins[1]: expected an origin with its "
        "scheme, such as https://app.example, got one without"
    ]


def test_check_does_not_make_the_database(run, tmp_path):
    run("check", environ={"ASSEMBLYAI_API_KEY": ACCOUNT_KEY})
    assert list(tmp_path.glob("ledger.db*")) == []


def test_check_says_what_to_look_at(run, tmp_path, sqlite_url, keys):
    keys.create("alice")
    keys.revoke("alice")
    file = tmp_path / "ledger.db"
    file.chmod(stat.S_IMODE(file.stat().st_mode) | stat.S_IROTH)
    config = tmp_path / "mw.yaml"
    config.write_text("general_settings: {master_key: a-literal-master-key}\n")
    config.chmod(0o644)
    environ = {"ASSEMBLYAI_API_KEY": ACCOUNT_KEY}
    result = run("--config", str(config), "check", environ=environ)
    notes = [text for level, text in findings(result) if level == "note"]
    assert any("every user of this machine can read this file" in note for note in notes)
    assert any(f"{file}: every user of this machine can read it" in note for note in notes)
    assert any("ASSEMBLYAI_EU_API_KEY" in note for note in notes)
    assert "a-literal-master-key" not in result.output
    short = run("check", environ={**environ, "ASSEMBLYAI_MW_MASTER_KEY": "sk-1234"})
    assert "can be guessed" in short.output
    without_master = run("check", environ=environ)
    assert ("note", "keys: none is live; assemblyai-mw keys create NAME makes one") in findings(
        without_master
    )


def test_check_finds_a_damaged_database(run, tmp_path):
    (tmp_path / "ledger.db").write_bytes(b"no database" * 1000)
    result = run("check", status=1, environ={"ASSEMBLYAI_API_KEY": ACCOUNT_KEY})
    assert any(
        level == "wrong" and text.startswith("database: ") for level, text in findings(result)
    )


def test_check_finds_guards_and_callbacks_that_are_not_there(run, tmp_path):
    config = tmp_path / "mw.yaml"
    config.write_text("callbacks: [no_such_module_here.f, json.no_such_name, json.dumps]\n")
    environ = {"ASSEMBLYAI_API_KEY": ACCOUNT_KEY}
    found = findings(run("--config", str(config), "check", status=1, environ=environ))
    levels = [level for level, text in found if text.startswith("callback: ")]
    assert levels == ["wrong", "wrong", "ok"]


def test_check_tells_a_price_that_would_never_be_charged(run, tmp_path):
    config = tmp_path / "mw.yaml"
    environ = {"ASSEMBLYAI_API_KEY": ACCOUNT_KEY}
    config.write_text("prices: {transcript: {universal-3-5-prooo: 0.1}}\n")
    found = findings(run("--config", str(config), "check", status=1, environ=environ))
    (wrong,) = [text for level, text in found if level == "wrong"]
    assert wrong.startswith(f"configuration: {config}: prices.transcript.universal-3-5-prooo: ")
    assert "did you mean universal-3-5-pro?" in wrong
    config.write_text("prices: {transcript: {universal-9: 0.1, universal-2: 0.1}}\n")
    found = findings(run("--config", str(config), "check", environ=environ))
    assert [text for _, text in found if "no price book" in text] == [
        "price book: prices.transcript.universal-9: in no price book below it; taken as a new name"
    ]


SECRET_URL = "{}://a-user-Name:planted-Password@h\u2100st:port/x"
PLACES = {
    "database": ("general_settings: {{database_url: '{}'}}", "postgresql"),
    "database, another scheme": ("general_settings: {{database_url: '{}'}}", "mysql"),
    "redis": ("general_settings: {{redis_url: '{}'}}", "redis"),
    "redis, another scheme": ("general_settings: {{redis_url: '{}'}}", "http"),
    "webhook": ("webhook: {{url: '{}', secret: 0123456789abcdef}}", "https"),
    "route": ("routes: {{/assemblyai: '{}'}}", "https"),
    "route, another scheme": ("routes: {{/assemblyai: '{}'}}", "ftp"),
}


@pytest.mark.parametrize("place", PLACES)
def test_check_shows_no_password_of_a_url(run, tmp_path, place):
    text, scheme = PLACES[place]
    config = tmp_path / "mw.yaml"
    config.write_text(text.format(SECRET_URL.format(scheme)), encoding="utf-8")
    status = 0 if place == "redis" else 1  # Redis is asked only with --connect.
    environ = {"ASSEMBLYAI_API_KEY": ACCOUNT_KEY}
    output = run("--config", str(config), "check", status=status, environ=environ).output
    assert "planted-Password" not in output
    assert "a-user-Name" not in output


def test_check_shows_no_password_of_a_redis_that_it_asks(run, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    routes = {**dict.fromkeys(DEFAULT_ROUTES), "/assemblyai": f"http://127.0.0.1:{port}"}
    for host in ("h\u2100st:port", f"127.0.0.1:{port}/0"):
        general = {"redis_url": f"redis://a-user-Name:planted-Password@{host}"}
        config = tmp_path / "mw.yaml"
        config.write_text(
            json.dumps({"general_settings": general, "routes": routes, "model_list": []})
        )
        environ = {"ASSEMBLYAI_API_KEY": ACCOUNT_KEY}
        output = run(
            "--config", str(config), "check", "--connect", status=1, environ=environ
        ).output
        assert "wrong  redis: " in output
        assert "planted-Password" not in output
        assert "a-user-Name" not in output


@pytest.mark.parametrize(
    "variable, arguments",
    [
        ("ASSEMBLYAI_MW_CONFIG", []),
        ("ASSEMBLYAI_MW_DATABASE_URL", []),
        ("ASSEMBLYAI_MW_UNUSED", ["--server-url"]),
    ],
)
def test_the_program_shows_no_password_of_a_url(tmp_path, variable, arguments):
    url = SECRET_URL.format("postgresql")
    environ = {"ASSEMBLYAI_API_KEY": ACCOUNT_KEY, "PATH": os.environ["PATH"], variable: url}
    environ |= {"PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"}
    command = [sys.executable, "-m", "assemblyai_mw", "check", *arguments]
    done = subprocess.run(
        [*command, *([url] if arguments else [])],
        env=environ,
        cwd=tmp_path,
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    assert (done.returncode, "wrong" in done.stdout) == (1, True)
    assert "planted-Password" not in done.stdout + done.stderr
    assert "a-user-Name" not in done.stdout + done.stderr


def test_check_connects_when_asked(run, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as listening:
        accepted = threading.Thread(target=lambda: listening.accept()[0].close())
        accepted.start()
        open_port = listening.getsockname()[1]
        with socket.create_server(("127.0.0.1", 0)) as other:
            closed_port = other.getsockname()[1]
        routes = {
            **dict.fromkeys(DEFAULT_ROUTES),
            "/assemblyai": f"http://127.0.0.1:{open_port}",
            "/eu.assemblyai": f"http://127.0.0.1:{closed_port}",
        }
        config = tmp_path / "mw.yaml"
        config.write_text(json.dumps({"routes": routes}))
        environ = {"ASSEMBLYAI_API_KEY": ACCOUNT_KEY}
        result = run("--config", str(config), "check", "--connect", status=1, environ=environ)
        accepted.join()
    found = findings(result)
    assert ("ok", f"upstream: http://127.0.0.1:{open_port} takes connections") in found
    assert (
        "wrong",
        f"upstream: http://127.0.0.1:{closed_port}: cannot connect: Connection refused",
    ) in found
