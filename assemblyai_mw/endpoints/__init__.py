"""WSGI apps beside the stages.

key_me  the limits and spend of a key, for its holder
"""
