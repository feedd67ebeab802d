"""Measure ours beside others in one run: `python -m benchmarks [--quick] [--json [FILE]]`.

Rounds alternate between the contenders, so that what the machine does meanwhile hits all of
them alike. Read the ratios; absolute figures are this machine's. RSS growth counts what the
kernel reports for the worker while bytes pass. nginx and LiteLLM's proxy take part where they
are installed; BENCH_LITELLM names the `litellm` of a virtual environment.
"""

from __future__ import annotations

import argparse
import compileall
import importlib.util
import subprocess
import sys

from . import load, measure, proxies, report
from .servers import HERE, Target, upstream

FORWARDERS = ("ours", "http.client", "werkzeug", "requests")
SMALL = "small calls, 16 connections"
SMALL_GEVENT = f"{SMALL}, gevent"
GEVENT = importlib.util.find_spec("gevent") is not None
# What a ratio is taken to: the naive forwarder that one would write; for uploads what reads
# and forwards nothing.
BASES = ("sink", "http.client", "flask")


def main() -> None:
    """Run the benchmarks that were asked for and print one table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rounds, 128 MiB transfers")
    parser.add_argument("--only", default="get,up,many,down,sse,beside,import")
    report.add_json(parser)
    options = parser.parse_args()
    wanted = set(options.only.split(","))
    rounds = 3 if options.quick else 7
    calls = 2000 if options.quick else 5000
    size = (1 << 27) if options.quick else measure.GIB
    figures: dict[str, measure.Figures] = {}
    versions = {name: proxies.version(name) for name in proxies.PROXIES if proxies.find(name)}
    nginx = [name for name in versions if name == "nginx"]
    with upstream() as port:
        direct = Target("direct", port, prefix="")
        if "get" in wanted:
            with measure.contenders((*FORWARDERS, "gunicorn", *versions), port) as servers:
                figures[SMALL] = measure.small_calls(servers, rounds=rounds, calls=calls)
            lone = load.gets(port, "/v2/transcript/x", {}, calls, 1)
            figures[SMALL]["direct"] = {
                "p50_ms": measure.percentile(lone.latencies, 0.5) * 1e3,
                "p99_ms": measure.percentile(lone.latencies, 0.99) * 1e3,
            }
        if "get" in wanted and GEVENT:
            names = (*FORWARDERS[:2], "gunicorn", *[name for name in versions if name != "nginx"])
            with measure.contenders(names, port, worker="gevent") as servers:
                figures[SMALL_GEVENT] = measure.small_calls(servers, rounds=rounds, calls=calls)
        if "up" in wanted:
            # The sink's speed hangs on how its allocator happens to stand: one round says little.
            with measure.contenders(("ours", "sink", *nginx), port) as servers:
                figures["upload"] = measure.uploads(servers, rounds=rounds, size=size)
            with measure.contenders(("ours", "http.client"), port) as servers:
                figures["upload, beside the bare forwarder"] = measure.uploads(
                    servers, rounds=1, size=size
                )
        if "many" in wanted:
            with measure.contenders(("ours", "http.client"), port) as servers:
                figures["16 uploads of 50 MB at once"] = measure.many_uploads(servers)
        if "down" in wanted:
            with measure.contenders(("ours", "http.client", "requests", *nginx), port) as servers:
                figures["download"] = measure.downloads(servers, rounds=min(rounds, 3), size=size)
        if "sse" in wanted:
            with measure.contenders(("ours", "http.client", *nginx), port) as servers:
                figures["events"] = measure.streams([*servers, direct], rounds=rounds)
                figures["chat chunks through /v1"] = measure.chat_streams(
                    servers[0], direct, rounds=rounds
                )
        if "beside" in wanted:
            for kind in ("gthread", "gevent") if GEVENT else ("gthread",):
                with measure.contenders(("ours", "http.client"), port, worker=kind) as servers:
                    name = f"small calls beside 16 open streams, {kind}"
                    figures[name] = measure.beside_streams(servers, calls=calls // 2)
    if "import" in wanted:
        figures["import and build"] = _imports(rounds)
    report.show(figures, bases=BASES)
    against = {
        name: measure.against_litellm(figures[name])
        for name in (SMALL, SMALL_GEVENT)
        if "LiteLLM" in figures.get(name, {})
    }
    _print_proxies(versions, against)
    report.save(options.json, "forwarding", figures, against_litellm=against, versions=versions)


def _imports(rounds: int) -> measure.Figures:
    """CPU milliseconds to import and build ours beyond Flask's own import."""
    programs = {
        "flask": "import flask",
        "ours": "import flask, os; os.environ['ASSEMBLYAI_API_KEY'] = 'k';"
        "from assemblyai_mw import AssemblyAIMiddleware;"
        "AssemblyAIMiddleware(flask.Flask('x').wsgi_app)",
    }
    # As an installation leaves it: pip compiles what it installs.
    compileall.compile_dir(HERE.parent / "assemblyai_mw", quiet=1)
    taken: dict[str, list[float]] = {name: [] for name in programs}
    for _ in range(max(rounds, 9)):
        for name, program in programs.items():
            code = (
                f"import time; t = time.process_time(); {program}; print(time.process_time() - t)"
            )
            run = [sys.executable, "-c", code]
            out = subprocess.run(run, capture_output=True, check=True, cwd=HERE.parent)
            taken[name].append(float(out.stdout) * 1e3)
    best = {name: sorted(values)[len(values) // 2] for name, values in taken.items()}
    return {
        "flask": {"cpu_ms": best["flask"]},
        "ours": {"cpu_ms": best["ours"], "beyond_flask_ms": best["ours"] - best["flask"]},
    }


def _print_proxies(versions: dict[str, str], against: dict[str, dict[str, float]]) -> None:
    """Say which proxies took part, and how LiteLLM's compares with ours."""
    for name in proxies.PROXIES:
        if name not in versions:
            print(f"  {name} is not installed here: its rows are left out")
    if versions:
        print("  " + ", ".join(f"{name} {version}" for name, version in versions.items()))
    for title, ratios in against.items():
        print(
            f"  {title}: LiteLLM uses {ratios['litellm_cpu_of_ours']:.1f}x the CPU of ours; "
            f"ours serves {ratios['our_calls_per_s_of_litellm']:.1f}x its calls a second"
        )


if __name__ == "__main__":
    main()
