"""WSGI apps beside the stages.

key_me   the limits and spend of a key, for its holder
metrics  `GET` on `metrics_path`
setup    the endpoints that a configuration asks for
"""
