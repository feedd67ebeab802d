"""TLS settings of our own connections."""

from __future__ import annotations

import ssl
import sys

import certifi

# Instead of a file: the certificates of the operating system.
SYSTEM = "system"


def client_context(ca_file: str | None = None) -> ssl.SSLContext:
    """Return a context that verifies the chain and the name.

    Args:
        ca_file: PEM file of the authorities to trust, and of no others; `system` for those of the
            operating system, by truststore; None for certifi's.

    Raises:
        OSError: The file cannot be read, or holds no certificate (ssl.SSLError).

    Not `ssl.create_default_context()`: that one writes the secrets of each connection to
    the file that SSLKEYLOGFILE names, and raises where it cannot. With them, anyone who can set a
    variable or read that file could decrypt recorded traffic, and so the account's key.
    """
    # Verifies chain and name from the start, and has the module's own safe ciphers.
    context = _system() if ca_file == SYSTEM else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if sys.version_info >= (3, 13):
        # As create_default_context() has it from there on.
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN | ssl.VERIFY_X509_STRICT
    if ca_file != SYSTEM:
        context.load_verify_locations(cafile=ca_file or certifi.where())
    return context


def _system() -> ssl.SSLContext:
    import truststore

    return truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def ca_fault(ca_file: str) -> tuple[str, str] | None:
    """Return (expected, got) for a value that `client_context` cannot take, or None."""
    if ca_file == SYSTEM:
        try:
            _system()
        except ImportError:
            return "truststore installed, for system", "no such package: pip install truststore"
        return None
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cafile=ca_file)
    except ssl.SSLError:
        return "a PEM file of certificates, or system", f"no certificate in {ca_file}"
    except OSError as error:
        fault = error.strerror or type(error).__name__
        return "a PEM file of certificates, or system", f"{fault}: {ca_file}"
    return None
