"""Tests of keys, ledger and holds; every claim about data is made on both engines."""
