"""The configuration: a YAML file, a mapping or the environment, checked once at start.

    config = load_config("assemblyai_mw.yaml")

Every string may be `os.environ/NAME`, and every key `file:PATH`. What a file leaves out,
`ASSEMBLYAI_API_KEY`, `ASSEMBLYAI_EU_API_KEY`, `ASSEMBLYAI_MW_MASTER_KEY` and
`ASSEMBLYAI_MW_DATABASE_URL` fill; null counts as left out.

    values       the settings, as frozen data
    load         reads the source, and the sections
    entries      routes, model_list, guardrails
    doors        the paths of other APIs, below each base
    key_files    keys in files, which may change
    checks       checks of single settings, and their errors
    prices_file  the refreshed prices, read and written
    strictyaml   YAML without its traps
    at_start     a wrong configuration as one line of the host's program
    dotted       objects that a configuration names by their dotted paths
"""

from .checks import GUESSABLE_CHARS
from .load import NamedConfig, load_config, load_database, load_names, load_prices
from .values import (
    DEFAULT_DATABASE_POOL,
    DEFAULT_ROUTES,
    LLM_ROUTES,
    BudgetSettings,
    Config,
    DatabaseSettings,
    GuardrailEntry,
    Limits,
    ModelEntry,
    PriceSettings,
    RateLimitSettings,
    Retention,
    Settlement,
    StreamingSettings,
    TracingSettings,
    Upstream,
    UpstreamSettings,
    WebhookSettings,
    transport_of,
)

__all__ = [
    "DEFAULT_DATABASE_POOL",
    "DEFAULT_ROUTES",
    "GUESSABLE_CHARS",
    "LLM_ROUTES",
    "BudgetSettings",
    "Config",
    "DatabaseSettings",
    "GuardrailEntry",
    "Limits",
    "ModelEntry",
    "NamedConfig",
    "PriceSettings",
    "RateLimitSettings",
    "Retention",
    "Settlement",
    "StreamingSettings",
    "TracingSettings",
    "Upstream",
    "UpstreamSettings",
    "WebhookSettings",
    "load_config",
    "load_database",
    "load_names",
    "load_prices",
    "transport_of",
]
