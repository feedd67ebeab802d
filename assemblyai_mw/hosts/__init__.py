"""Thin adapters for Flask and Django, without logic of the stages."""
