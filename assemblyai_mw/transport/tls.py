"""TLS settings of our own connections."""

from __future__ import annotations

import ssl
import sys

import certifi


def client_context() -> ssl.SSLContext:
    """Return a context that verifies the chain against certifi, and the name.

    Not `ssl.create_default_context()`: that one writes the secrets of each connection to
    the file that SSLKEYLOGFILE names, and raises where it cannot. With them, anyone who can set a
    variable or read that file could decrypt recorded traffic, and so the account's key.
    """
    # Verifies chain and name from the start, and has the module's own safe ciphers.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if sys.version_info >= (3, 13):
        # As create_default_context() has it from there on.
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN | ssl.VERIFY_X509_STRICT
    context.load_verify_locations(cafile=certifi.where())
    return context
