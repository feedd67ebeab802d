"""The tunnel: how a connection leaves each server's hands."""
