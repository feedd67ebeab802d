"""WSGI apps beside the stages.

key_me          the limits and spend of a key, for its holder
metrics         `GET` on `metrics_path`
session_tokens  tokens of our own for streaming sessions
setup           the endpoints that a configuration asks for
sight           what a host says of who may see the usage page
usage_page      usage, cost and budgets, to look at
"""
