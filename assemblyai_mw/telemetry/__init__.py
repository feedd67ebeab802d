"""Logs, callbacks, metrics, spans and webhooks for calls.

call_log  one line a call on the logger `assemblyai_mw`, the same facts for callbacks
record    the line's text
log_file  a file with one line a call
metrics   Prometheus
tracing   OpenTelemetry
webhook   calls and budget warnings, posted to a URL
setup     all of these, from the configuration
"""
