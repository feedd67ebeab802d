"""WSGI apps beside the stages.

key_me  what a key's holder may know of it
"""
