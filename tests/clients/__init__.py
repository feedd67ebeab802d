"""Clients of other people, each in its newest release against a real server of ours."""
