"""Characters and calls without a tag in the sums; indexes for the filters of reports."""

from __future__ import annotations

from sqlalchemy import Connection

from ..runner import run

SUMMARY = (
    "sums of spoken characters and of calls with tags, and indexes for reports of one key, team, "
    "model or end user"
)

_SUMS = (
    *("calls", "failed", "unpriced", "audio_ms"),
    *("input_tokens", "output_tokens", "cached_tokens", "cost_nano"),
)
_ADDED = ", ".join(
    f"SUM({term})"
    for term in (
        *("1", "CASE state WHEN 'failed' THEN 1 ELSE 0 END"),
        "CASE state WHEN 'unpriced' THEN 1 ELSE 0 END",
        *(f"COALESCE({name}, 0)" for name in (*_SUMS[3:], "characters")),
    )
)
_STATEMENTS = (
    "ALTER TABLE calls ADD COLUMN characters BIGINT",
    "ALTER TABLE totals ADD COLUMN characters BIGINT NOT NULL DEFAULT 0",
    "ALTER TABLE tag_totals ADD COLUMN characters BIGINT NOT NULL DEFAULT 0",
    "CREATE TABLE tagged_totals ("
    " day TEXT NOT NULL,"
    " key_id {id} NOT NULL,"
    + "".join(f" {name} BIGINT NOT NULL," for name in _SUMS)
    + " characters BIGINT NOT NULL DEFAULT 0,"
    " PRIMARY KEY (day, key_id))",
    # Only speech has characters: few rows are rewritten.
    "UPDATE calls SET characters = {characters}"
    " WHERE usage LIKE '%%\"characters\":%%' AND usage NOT LIKE '%%\"characters\":null%%'",
    "UPDATE totals SET characters = found.characters FROM ("
    " SELECT {day} AS day, COALESCE(key_id, 0) AS key_id, COALESCE(key_name, '') AS key_name,"
    " COALESCE(team, '') AS team, COALESCE(model, '') AS model, SUM(characters) AS characters"
    " FROM calls WHERE characters IS NOT NULL AND state <> 'pending'"
    " GROUP BY 1, 2, 3, 4, 5) AS found"
    " WHERE totals.day = found.day AND totals.key_id = found.key_id"
    " AND totals.key_name = found.key_name AND totals.team = found.team"
    " AND totals.model = found.model",
    "UPDATE tag_totals SET characters = found.characters FROM ("
    " SELECT {day} AS day, {tag} AS tag, SUM(characters) AS characters"
    " FROM calls, {tags} WHERE characters IS NOT NULL AND state <> 'pending'"
    " GROUP BY 1, 2) AS found"
    " WHERE tag_totals.day = found.day AND tag_totals.tag = found.tag",
    "INSERT INTO tagged_totals (day, key_id, " + ", ".join(_SUMS) + ", characters)"
    " SELECT {day}, COALESCE(key_id, 0), " + _ADDED + " FROM calls"
    " WHERE tags <> '{{}}' AND state <> 'pending' GROUP BY 1, 2",
    "CREATE INDEX calls_key_name ON calls (key_name, at, id)",
    "CREATE INDEX calls_model ON calls (model, at, id)",
    "CREATE INDEX calls_end_user ON calls (end_user, at, id) WHERE end_user IS NOT NULL",
    "CREATE INDEX calls_failed ON calls (at, id) WHERE state = 'failed'",
    "CREATE INDEX totals_team ON totals (team, day)",
    "CREATE INDEX totals_key ON totals (key_id, day)",
    "CREATE INDEX totals_key_name ON totals (key_name, day)",
    "CREATE INDEX totals_model ON totals (model, day)",
)
_TAG = "tagged.key || CASE tagged.value WHEN '' THEN '' ELSE '=' || tagged.value END"
_WORDS = {
    "sqlite": {
        "id": "INTEGER",
        "characters": "json_extract(usage, '$.characters')",
        "day": "date(at / 1000000, 'unixepoch')",
        "tag": _TAG,
        "tags": "json_each(calls.tags) AS tagged",
    },
    "postgresql": {
        "id": "BIGINT",
        "characters": "CAST(CAST(usage AS json) ->> 'characters' AS BIGINT)",
        "day": "to_char(to_timestamp(at / 1000000) AT TIME ZONE 'UTC', 'YYYY-MM-DD')",
        "tag": _TAG,
        "tags": "json_each_text(CAST(calls.tags AS json)) AS tagged",
    },
}


def upgrade(connection: Connection) -> None:
    """Add columns, a table and indexes, and fill them from the calls that are there."""
    run(connection, _STATEMENTS, _WORDS)
