"""`upstream: {ca_file, proxy}`: every way to AssemblyAI trusts that file and takes that proxy."""

from __future__ import annotations

import contextlib
import json
import ssl
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import trustme
import yaml
from click.testing import CliRunner, Result
from network_kit import ConnectProxy, tls_in_front_of
from stack_kit import MASTER_KEY, config_of, host_app
from websockets.sync.client import connect
from webtest import TestApp

from assemblyai_mw import AssemblyAIMiddleware, ConfigError, Keys
from assemblyai_mw.cli import main
from assemblyai_mw.config import load_config
from assemblyai_mw.testing import US_KEY, FakeAssemblyAI, Hosts, serve, serve_all

SUBMIT = {"audio_url": "https://audio.example/a.mp3", "speech_models": ["universal-2"]}
SESSION = "sample_rate=16000&speech_model=universal-streaming-english"
USER = "corp:p%40ss-of-the-proxy"
SECRETS = ("ss-of-the-proxy", "Y29ycDpwQHNzLW9mLXRoZS1wcm94eQ==")


@dataclass
class Network:
    """A stand-in of every host behind TLS of a private authority, and the only proxy to it.

    Attributes:
        file: The configuration, as an operator writes it.
        environ: The proxy's URL, with its password, is a variable.
    """

    hosts: Hosts
    proxy: ConnectProxy
    config: dict[str, Any]
    file: Path
    environ: dict[str, str]

    def run(self, *args: str, status: int = 0) -> Result:
        arguments = ["--config", str(self.file), *args]
        done = CliRunner().invoke(main, arguments, env=self.environ)
        assert done.exit_code == status, done.output
        assert not any(secret in done.output for secret in SECRETS)
        return done

    @contextlib.contextmanager
    def stack(self, **changes: Any) -> Iterator[AssemblyAIMiddleware]:
        read = load_config({**self.config, **changes}, self.environ)
        stack = AssemblyAIMiddleware(host_app, read)
        try:
            yield stack
        finally:
            stack.close()


@pytest.fixture
def network(tmp_path: Path, sqlite_url: str) -> Iterator[Network]:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "corp.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    with contextlib.ExitStack() as opened:
        fakes = FakeAssemblyAI(polls=0), FakeAssemblyAI(region="eu", polls=0)
        hosts = opened.enter_context(serve_all(*fakes))
        proxy = opened.enter_context(ConnectProxy(user="corp:p@ss-of-the-proxy"))
        fronts = {
            url: opened.enter_context(tls_in_front_of(int(url.rpartition(":")[2]), context))
            for url in dict.fromkeys(hosts.routes.values())
        }
        config = config_of(
            sqlite_url,
            routes={at: f"https://localhost:{fronts[url]}" for at, url in hosts.routes.items()},
            upstream={"ca_file": "corp.pem", "proxy": "os.environ/CORPORATE_PROXY"},
        )
        file = tmp_path / "mw.yaml"
        file.write_text(yaml.safe_dump(config))
        file.chmod(0o600)
        environ = {"CORPORATE_PROXY": proxy.url.replace("//", f"//{USER}@")}
        config["upstream"]["ca_file"] = str(tmp_path / "corp.pem")
        yield Network(hosts, proxy, config, file, environ)


def test_callers_requests_go_out_so_and_the_password_is_nowhere(
    network: Network, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(0)
    with network.stack() as stack:
        app = TestApp(stack)
        bearer = {"Authorization": f"Bearer {MASTER_KEY}"}
        for prefix in ("/assemblyai", "/eu.assemblyai"):
            app.post_json(f"{prefix}/v2/transcript", SUBMIT, headers=bearer)
        chat = {"model": "assemblyai/gpt-5", "messages": [{"role": "user", "content": "x"}]}
        app.post_json("/v1/chat/completions", chat, headers=bearer)
        shown = f"{stack!r}{stack.config!r}{stack.config.upstream}{caplog.text}"
    assert len(network.proxy.heads) == 3
    assert [seen.header("authorization") for seen in network.hosts.us.requests] == [US_KEY] * 2
    assert not any(secret in shown for secret in SECRETS)


def test_a_refusing_proxy_is_a_502_and_a_log_line_without_its_password(
    network: Network, caplog: pytest.LogCaptureFixture
) -> None:
    network.proxy.answer = b"HTTP/1.1 407 Who\r\nContent-Length: 0\r\n\r\n"
    with network.stack() as stack:
        bearer = {"Authorization": f"Bearer {MASTER_KEY}"}
        app = TestApp(stack)
        reply = app.post_json("/assemblyai/v2/transcript", SUBMIT, headers=bearer, status=502)
        states = [row["state"] for row in stack.parts.ledger.calls()]
    assert "AssemblyAI could not be reached" in reply.json["error"]
    assert "the proxy wants other credentials (status 407)" in caplog.text
    assert not any(secret in reply.text + caplog.text for secret in SECRETS)
    # It was not sent, so it costs nothing.
    assert states == ["failed"]
    assert network.hosts.us.requests == []


def test_a_workers_settlement_goes_out_so(network: Network) -> None:
    settling = {"first_poll_s": 0.05, "max_poll_s": 0.1}
    with network.stack(settlement=settling) as stack:
        bearer = {"Authorization": f"Bearer {MASTER_KEY}"}
        TestApp(stack).post_json("/assemblyai/v2/transcript", SUBMIT, headers=bearer)
        ledger = stack.parts.ledger
        until = time.monotonic() + 30
        while ledger.pending() and time.monotonic() < until:
            time.sleep(0.02)
        assert [row["state"] for row in ledger.calls()] == ["settled"]
    assert [seen.method for seen in network.hosts.us.requests] == ["POST", "GET"]
    assert network.proxy.heads


def test_streaming_sessions_go_out_so(network: Network, sqlite_url: str) -> None:
    key = Keys(sqlite_url).create("alice").key
    with network.stack() as stack, serve(stack) as url:
        at = f"ws{url[4:]}/streaming.assemblyai/v3/ws?{SESSION}"
        with connect(at, additional_headers={"Authorization": key}) as session:
            assert json.loads(session.recv(20))["type"] == "Begin"
            session.send(json.dumps({"type": "Terminate"}))
            last = "Begin"
            while last != "Termination":
                last = json.loads(session.recv(20))["type"]
    port = network.config["routes"]["/streaming.assemblyai"].rpartition(":")[2]
    assert network.proxy.targets == [f"localhost:{port}"]


def test_settle_and_reconcile_go_out_so(network: Network) -> None:
    with network.stack() as stack:
        bearer = {"Authorization": f"Bearer {MASTER_KEY}"}
        TestApp(stack).post_json("/assemblyai/v2/transcript", SUBMIT, headers=bearer)
    before = len(network.proxy.heads)
    assert network.run("settle").output.startswith("settled 1 for 0.000541667 USD")
    assert len(network.proxy.heads) == before + 1
    assert network.run("reconcile").output == "Nothing differs.\n"
    assert len(network.proxy.heads) > before + 1


def test_prices_refresh_goes_out_so(network: Network) -> None:
    assert "models changed" in network.run("prices", "refresh").output
    assert len(network.proxy.heads) == 2


def test_check_connects_so_and_names_the_proxy(network: Network) -> None:
    lines = network.run("check", "--connect").output
    where = f"through the proxy 127.0.0.1:{network.proxy.port}"
    upstreams = set(network.config["routes"].values())
    assert lines.count(where) == len(upstreams) == len(network.proxy.heads)
    network.proxy.answer = b"HTTP/1.1 403 No\r\n\r\n"
    lines = network.run("check", "--connect", status=1).output
    assert lines.count("the proxy refuses the connection (status 403)") == len(upstreams)


def test_without_the_file_nothing_is_sent(network: Network) -> None:
    upstream = {"proxy": network.config["upstream"]["proxy"]}
    with network.stack(upstream=upstream) as stack:
        bearer = {"Authorization": f"Bearer {MASTER_KEY}"}
        TestApp(stack).get("/assemblyai/v2/transcript", headers=bearer, status=502)
    assert network.hosts.us.requests == []


def test_proxies_of_the_environment_have_no_effect(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, network.proxy.url)
    upstream = {"ca_file": network.config["upstream"]["ca_file"]}
    with network.stack(upstream=upstream) as stack:
        bearer = {"Authorization": f"Bearer {MASTER_KEY}"}
        TestApp(stack).get("/assemblyai/v2/transcript", headers=bearer)
    assert network.proxy.heads == []


@pytest.mark.parametrize(
    "upstream, message",
    [
        (
            {"ca_file": "/nowhere/ca.pem"},
            "upstream.ca_file: expected a PEM file of certificates, or system, "
            "got No such file or directory: /nowhere/ca.pem",
        ),
        (
            {"ca_file": __file__},
            "upstream.ca_file: expected a PEM file of certificates, or system, "
            f"got no certificate in {__file__}",
        ),
        ({"ca_file": True}, "upstream.ca_file: expected a string, got a boolean"),
        ({"proxy": 3128}, "upstream.proxy: expected http://host:port, got an integer"),
        (
            {"proxy": "https://corp:p@ss-of-the-proxy@proxy.corp:3128"},
            "upstream.proxy: expected http://host:port, got https:// "
            "(TLS to the proxy itself is not supported)",
        ),
        ({"proxy": "os.environ/NO_SUCH"}, "upstream.proxy: environment variable NO_SUCH is not"),
    ],
)
def test_a_wrong_setting_is_named_at_start(
    sqlite_url: str, upstream: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        load_config(config_of(sqlite_url, upstream=upstream), {})
    assert str(caught.value).startswith(f"config: {message}")
    assert "ss-of-the-proxy" not in str(caught.value)


def test_a_password_in_a_file_that_all_may_read_warns(tmp_path: Path, sqlite_url: str) -> None:
    file = tmp_path / "mw.yaml"
    general = {"database_url": sqlite_url}
    config = {"general_settings": general, "upstream": {"proxy": "http://u:p@proxy.corp:3128"}}
    file.write_text(yaml.safe_dump(config))
    file.chmod(0o644)
    with pytest.warns(UserWarning, match="it holds a key"):
        load_config(file, {"ASSEMBLYAI_API_KEY": "x"})


def test_system_needs_truststore(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    config = config_of(sqlite_url, upstream={"ca_file": "system"})
    assert load_config(config, {}).upstream.ca_file == "system"
    monkeypatch.setitem(__import__("sys").modules, "truststore", None)
    with pytest.raises(ConfigError, match=r"ca_file: expected truststore installed.*pip install"):
        load_config(config, {})
