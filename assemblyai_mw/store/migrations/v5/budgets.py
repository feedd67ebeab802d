"""Budgets of tags and end users, temporary increases, more limits, more alerts."""

from __future__ import annotations

from sqlalchemy import Connection

from ..runner import run

SUMMARY = (
    "budgets of tags and end users, temporary increases of budgets, limits on tokens a minute and "
    "on calls under way, and several thresholds for alerts"
)

# `spend.warned` stays: workers of the release before go on writing it. What has warned did so at
# 0.8 of the budget, the default of that release.
_STATEMENTS = (
    "CREATE TABLE budgets ("
    " id {identity},"
    " scope TEXT NOT NULL,"
    " owner TEXT NOT NULL,"
    " budget_nano BIGINT,"
    " budget_daily_nano BIGINT,"
    " budget_monthly_nano BIGINT,"
    " soft_budget_ratio FLOAT,"
    " extra_budget_nano BIGINT,"
    " extra_budget_until BIGINT"
    "{primary})",
    "CREATE UNIQUE INDEX budgets_owner ON budgets (scope, owner)",
    "ALTER TABLE calls ADD COLUMN budgets TEXT",
    "ALTER TABLE holds ADD COLUMN budgets TEXT",
    *(
        f"ALTER TABLE {table} ADD COLUMN {column}"
        for table in ("keys", "teams")
        for column in (
            "extra_budget_nano BIGINT",
            "extra_budget_until BIGINT",
            "tpm INTEGER",
            "max_parallel INTEGER",
        )
    ),
    "ALTER TABLE spend ADD COLUMN told INTEGER",
    "UPDATE spend SET told = 800000 WHERE warned",
)
_TYPES = {
    "sqlite": {"identity": "INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT", "primary": ""},
    "postgresql": {"identity": "BIGSERIAL NOT NULL", "primary": ", PRIMARY KEY (id)"},
}


def upgrade(connection: Connection) -> None:
    """Add the table and the columns."""
    run(connection, _STATEMENTS, _TYPES)
