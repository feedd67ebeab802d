"""Counts beside the rates: tokens of the last minute, and calls under way.

They are in the same file or the same Redis. Tokens are added up by the second, so that a call of
a hundred thousand tokens costs no more than one of ten.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

from limits.errors import StorageError
from limits.storage import RedisStorage, Storage

from ...errors import ConfigError
from .storage import FileStorage, storage_of

if TYPE_CHECKING:
    from ...call import Caller

# A second's tokens leave the window when the whole second is a minute old.
WINDOW_S = 61


@dataclass(frozen=True, slots=True)
class Window:
    """One count and its limit: of tokens in a minute, or of calls under way."""

    name: str
    limit: int


def windows_of(caller: Caller, limit: Literal["tpm", "max_parallel"]) -> list[Window]:
    """Return the windows that bound a caller: the key's, then its team's."""
    windows = []
    own: int | None = getattr(caller, limit)
    teams: int | None = getattr(caller, f"team_{limit}")
    if own is not None:
        who = caller.name if caller.key_id is None else str(caller.key_id)
        windows.append(Window(f"key/{who}", own))
    if teams is not None and caller.team is not None:
        windows.append(Window(f"team/{caller.team}", teams))
    return windows


@dataclass(frozen=True, slots=True)
class Taken:
    """Tokens were counted.

    Attributes:
        second: That of the count, by the storage's clock.
        used: Tokens in each window before.
    """

    second: int
    used: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Full:
    """Tokens do not fit, and none were counted.

    Attributes:
        window: The first one that they do not fit in.
        used: Tokens in it.
        wait_s: Seconds until they fit; None if they never do.
    """

    window: Window
    used: int
    wait_s: int | None


class Counts(Protocol):
    """Tokens of the last minute and calls under way. Each method may raise StorageError."""

    def take(self, windows: Sequence[Window], amount: int) -> Taken | Full:
        """Count *amount* tokens in all windows, or in none."""

    def correct(self, windows: Sequence[Window], second: int, change: int) -> None:
        """Change the count of a *second* that is still in the windows."""

    def enter(self, windows: Sequence[Window], place: str, lease_s: float) -> Window | None:
        """Take a *place* in all windows for *lease_s* seconds; else return the first full one."""

    def renew(self, places: Mapping[str, Sequence[Window]], lease_s: float) -> None:
        """Lengthen the leases of those *places* that are still taken."""

    def leave(self, windows: Sequence[Window], place: str) -> None:
        """Give a place back."""


def _full(window: Window, seconds: Mapping[int, int], amount: int, now: int) -> Full:
    used = left = sum(seconds.values())
    if amount > window.limit:
        return Full(window, used, None)
    for second in sorted(seconds):
        left -= seconds[second]
        if left + amount <= window.limit:
            return Full(window, used, max(1, second + WINDOW_S - now))
    return Full(window, used, WINDOW_S)


class FileCounts:
    """Counts in the file of the rates, for all threads and processes of one host.

    Args:
        storage: The file's storage.
    """

    def __init__(self, storage: FileStorage) -> None:
        self._storage = storage

    def take(self, windows: Sequence[Window], amount: int) -> Taken | Full:
        """Count *amount* tokens in all windows, or in none."""
        used = []
        with self._transaction() as connection:
            now = int(time.monotonic())
            for window in windows:
                # Seconds from before a reboot lie ahead.
                connection.execute(
                    "DELETE FROM tokens WHERE key = ? AND (second <= ? OR second > ?)",
                    (window.name, now - WINDOW_S, now),
                )
                found = dict(
                    connection.execute(
                        "SELECT second, amount FROM tokens WHERE key = ?", (window.name,)
                    ).fetchall()
                )
                used.append(sum(found.values()))
                if used[-1] + amount > window.limit:
                    return _full(window, found, amount, now)
            connection.executemany(
                "INSERT INTO tokens VALUES (?, ?, ?) ON CONFLICT (key, second)"
                " DO UPDATE SET amount = amount + excluded.amount",
                [(window.name, now, amount) for window in windows],
            )
        return Taken(now, tuple(used))

    def correct(self, windows: Sequence[Window], second: int, change: int) -> None:
        """Change the count of a *second* that is still in the windows."""
        with self._transaction() as connection:
            connection.executemany(
                "UPDATE tokens SET amount = amount + ? WHERE key = ? AND second = ?",
                [(change, window.name, second) for window in windows],
            )

    def enter(self, windows: Sequence[Window], place: str, lease_s: float) -> Window | None:
        """Take a *place* in all windows for *lease_s* seconds; else return the first full one."""
        with self._transaction() as connection:
            now = time.monotonic()
            for window in windows:
                connection.execute(
                    "DELETE FROM places WHERE key = ? AND (ends <= ? OR taken > ?)",
                    (window.name, now, now),
                )
                (count,) = connection.execute(
                    "SELECT count(*) FROM places WHERE key = ?", (window.name,)
                ).fetchone()
                if count >= window.limit:
                    return window
            connection.executemany(
                "INSERT INTO places VALUES (?, ?, ?, ?)",
                [(window.name, place, now, now + lease_s) for window in windows],
            )
        return None

    def renew(self, places: Mapping[str, Sequence[Window]], lease_s: float) -> None:
        """Lengthen the leases of those *places* that are still taken."""
        with self._transaction() as connection:
            ends = time.monotonic() + lease_s
            connection.executemany(
                "UPDATE places SET ends = ? WHERE key = ? AND place = ?",
                [(ends, window.name, place) for place, of in places.items() for window in of],
            )

    def leave(self, windows: Sequence[Window], place: str) -> None:
        """Give a place back."""
        with self._transaction() as connection:
            connection.executemany(
                "DELETE FROM places WHERE key = ? AND place = ?",
                [(window.name, place) for window in windows],
            )

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[Any]:
        try:
            with self._storage.handle() as connection:
                connection.execute("BEGIN IMMEDIATE")
                try:
                    yield connection
                    connection.execute("COMMIT")
                except BaseException:
                    if connection.in_transaction:
                        connection.execute("ROLLBACK")
                    raise
        except self._storage.base_exceptions as error:
            raise StorageError(error) from error


# ARGV: the tokens, the window's length, then each limit. The time is the server's, which all hosts
# share.
_TAKE = """
local now = tonumber(redis.call('TIME')[1])
local amount, length = tonumber(ARGV[1]), tonumber(ARGV[2])
local reply = {1, now}
for i, key in ipairs(KEYS) do
  local used, all = 0, redis.call('HGETALL', key)
  local kept = {0, now, i}
  for j = 1, #all, 2 do
    if tonumber(all[j]) + length <= now then
      redis.call('HDEL', key, all[j])
    else
      used = used + tonumber(all[j + 1])
      kept[#kept + 1] = tonumber(all[j])
      kept[#kept + 1] = tonumber(all[j + 1])
    end
  end
  if used + amount > tonumber(ARGV[i + 2]) then return kept end
  reply[#reply + 1] = used
end
for _, key in ipairs(KEYS) do
  redis.call('HINCRBY', key, now, amount)
  redis.call('EXPIRE', key, length + 1)
end
return reply
"""
_CORRECT = """
for _, key in ipairs(KEYS) do
  if redis.call('HEXISTS', key, ARGV[1]) == 1 then
    redis.call('HINCRBY', key, ARGV[1], ARGV[2])
  end
end
"""
# ARGV: the place, the lease in milliseconds, then each limit.
_ENTER = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
for i, key in ipairs(KEYS) do
  redis.call('ZREMRANGEBYSCORE', key, '-inf', now)
  if redis.call('ZCARD', key) >= tonumber(ARGV[i + 2]) then return i end
end
for _, key in ipairs(KEYS) do
  redis.call('ZADD', key, now + ARGV[2], ARGV[1])
  redis.call('PEXPIRE', key, ARGV[2] + 1000)
end
return 0
"""
# ARGV: the lease in milliseconds, then each key's place.
_RENEW = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
for i, key in ipairs(KEYS) do
  redis.call('ZADD', key, 'XX', now + ARGV[1], ARGV[i + 1])
  redis.call('PEXPIRE', key, ARGV[1] + 1000)
end
"""
# Keys of one call of a script.
_AT_ONCE = 1000


class RedisCounts:
    """Counts in Redis, for all hosts.

    Args:
        storage: The storage of the rates.
    """

    def __init__(self, storage: RedisStorage) -> None:
        self._storage = storage
        client = storage.storage
        self._take = client.register_script(_TAKE)
        self._correct = client.register_script(_CORRECT)
        self._enter = client.register_script(_ENTER)
        self._renew = client.register_script(_RENEW)

    def take(self, windows: Sequence[Window], amount: int) -> Taken | Full:
        """Count *amount* tokens in all windows, or in none."""
        limits = [window.limit for window in windows]
        with self._guarded():
            fits, now, *rest = map(
                int, self._take(self._names("tokens", windows), [amount, WINDOW_S, *limits])
            )
        if fits:
            return Taken(now, tuple(rest))
        index, *pairs = rest
        seconds = dict(zip(pairs[::2], pairs[1::2], strict=True))
        return _full(windows[index - 1], seconds, amount, now)

    def correct(self, windows: Sequence[Window], second: int, change: int) -> None:
        """Change the count of a *second* that is still in the windows."""
        with self._guarded():
            self._correct(self._names("tokens", windows), [second, change])

    def enter(self, windows: Sequence[Window], place: str, lease_s: float) -> Window | None:
        """Take a *place* in all windows for *lease_s* seconds; else return the first full one."""
        limits = [window.limit for window in windows]
        with self._guarded():
            names = self._names("places", windows)
            full = int(self._enter(names, [place, round(lease_s * 1000), *limits]))
        return windows[full - 1] if full else None

    def renew(self, places: Mapping[str, Sequence[Window]], lease_s: float) -> None:
        """Lengthen the leases of those *places* that are still taken."""
        pairs = [(window, place) for place, of in places.items() for window in of]
        with self._guarded():
            for start in range(0, len(pairs), _AT_ONCE):
                some = pairs[start : start + _AT_ONCE]
                names = self._names("places", [window for window, _ in some])
                self._renew(names, [round(lease_s * 1000), *(place for _, place in some)])

    def leave(self, windows: Sequence[Window], place: str) -> None:
        """Give a place back."""
        with self._guarded():
            for name in self._names("places", windows):
                self._storage.storage.zrem(name, place)

    def _names(self, kind: str, windows: Sequence[Window]) -> list[str]:
        return [self._storage.prefixed_key(f"{kind}/{window.name}") for window in windows]

    @contextlib.contextmanager
    def _guarded(self) -> Iterator[None]:
        try:
            yield
        except self._storage.base_exceptions as error:
            raise StorageError(error) from error


def counts_of(where: Counts | Storage | str | os.PathLike[str]) -> Counts:
    """Return the counts in what *where* names: a Redis by its URL, or a file by its path.

    Raises:
        ConfigError: It is a storage of another kind, or as `storage_of`.
    """
    if not isinstance(where, Storage | str | os.PathLike):
        return where
    storage = storage_of(where)
    if isinstance(storage, FileStorage):
        return FileCounts(storage)
    if isinstance(storage, RedisStorage):
        return RedisCounts(storage)
    raise ConfigError("storage: expected a file, or a Redis by its URL")
