"""Budget, and the holds of sessions, which grow as they go on."""

from .stage import Budget, soft_budget_teller

__all__ = ["Budget", "soft_budget_teller"]
