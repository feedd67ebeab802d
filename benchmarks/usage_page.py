"""How long pages of the usage page take: `python -m benchmarks.usage_page --rows 100000`.

Fills a ledger as `ledger_rows` does, and asks the page for its views by WSGI, login included: as
the operator, with a filter, and as a team's reader. Medians, in milliseconds, and the page's size.
"""

from __future__ import annotations

import argparse
import base64
from functools import partial

from werkzeug.test import Client

from assemblyai_mw.endpoints.usage_page import UsagePage
from assemblyai_mw.store import Database, Keys

from .databases import databases
from .ledger_rows import fill, median_ms

MASTER_KEY = "sk-master-0123456789abcdef"
VIEWS = (
    *("/", "/?by=key", "/?by=model", "/?by=tag", "/?by=end_user", "/?period=2026-01"),
    *("/?team=team-1", "/?team=team-1&by=key", "/?team=team-1&by=model", "/?team=team-1&by=tag"),
    *("/?team=team-1&by=end_user", "/?key=key-7", "/?state=failed", "/?tag=feature%3Dsearch"),
    *("/calls", "/calls?team=team-1", "/calls?team=team-1&state=pending", "/calls/500", "/keys"),
    *("/keys?key=key-1", "/teams/team-1", "/health", "/calls.csv?limit=200"),
    "/overview.json?team=team-1",
)
AS_READER = ("/", "/?by=key", "/calls", "/keys", "/teams/team-1", "/health")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    options = parser.parse_args()
    with databases(options.database) as fresh_url, Database(fresh_url()) as database:
        fill(database, options.rows)
        measure(database)


def measure(database: Database) -> None:
    """Print a line a view."""
    keys = Keys(database)
    client = Client(UsagePage(database, keys=keys, master_key=MASTER_KEY))
    reader = keys.create("reader", team="team-1").key
    for who, password, views in (("all", MASTER_KEY, VIEWS), ("team-1", reader, AS_READER)):
        pair = base64.b64encode(f"me:{password}".encode()).decode()
        headers = {"Authorization": f"Basic {pair}"}
        for view in views:
            took = median_ms(partial(client.get, view, headers=headers), 5)
            reply = client.get(view, headers=headers)
            size = len(reply.data) / 1000
            told = f"{reply.status_code}{took:>9.1f} ms{size:>8.1f} kB"
            print(f"{who:<8}{view:<40}{told}", flush=True)


if __name__ == "__main__":
    main()
