"""The file of refreshed prices: read at each start, written by `assemblyai-mw prices refresh`."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import secrets
import tomllib
from collections.abc import Mapping
from typing import Any

from ..billing.layers import READ_AT, load
from ..billing.price_file import compile_book, day_of
from ..billing.toml import dumps
from ..errors import ConfigError

MAX_BYTES = 8 << 20
_HEAD = """\
# Prices of the LLM Gateway, as its public list had them: `assemblyai-mw prices refresh` writes
# this file. It goes over the shipped price book and below `prices:` of the configuration, and
# is read at each start. Earlier prices stay, for they are those of earlier calls.

"""


def read(path: str) -> Mapping[str, Any]:
    """Return the refreshed prices, as tables in the shape of prices.toml; empty without a file.

    Raises:
        ConfigError: It cannot be read, or is no price book; one line names the file.
    """
    try:
        with open(path, "rb") as file:
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "no path"
        raise ConfigError(f"{path}: expected a readable file of prices, got: {reason}") from None
    try:
        if len(data) > MAX_BYTES:
            raise ConfigError(f"larger than {MAX_BYTES:,} bytes")
        tables = tomllib.loads(data.decode())
        read_at(tables)
        compile_book({key: value for key, value in tables.items() if key != READ_AT})
        load(refreshed=tables)
    except ConfigError as error:
        raise ConfigError(f"{path}: the refreshed prices are damaged: {error}") from None
    except (ValueError, RecursionError) as error:
        reason = str(error) if isinstance(error, tomllib.TOMLDecodeError) else "it is no TOML"
        raise ConfigError(f"{path}: the refreshed prices are damaged: {reason}") from None
    return tables


def read_at(tables: Mapping[str, Any]) -> dt.datetime | None:
    """Return when the list was last read; None if the tables do not say.

    Raises:
        ConfigError: It is no moment.
    """
    return None if READ_AT not in tables else day_of(tables[READ_AT], READ_AT)


def write(path: str, tables: Mapping[str, Any]) -> None:
    """Replace the file at *path* with *tables*, atomically.

    An existing file keeps its mode, and its owner where permitted.

    Raises:
        OSError: It cannot be written; the former file is as it was.
    """
    # A link stays a link.
    path = os.path.realpath(path)
    beside = f"{path}.{secrets.token_hex(4)}.tmp"
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    try:
        with open(descriptor, "wb") as file:
            with contextlib.suppress(FileNotFoundError):
                former = os.stat(path)
                with contextlib.suppress(PermissionError):
                    os.fchown(descriptor, former.st_uid, former.st_gid)
                os.fchmod(descriptor, former.st_mode & 0o7777)
            file.write((_HEAD + dumps(tables)).encode())
            file.flush()
            os.fsync(descriptor)
        os.replace(beside, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(beside)
        raise
    folder = os.open(os.path.dirname(path), os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
