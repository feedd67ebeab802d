"""Checks of single settings: place, allowed values, and the one-line error.

An error names the file, the setting, the expectation and the type found. It never shows the value,
which may be a key in the wrong line.
"""

from __future__ import annotations

import dataclasses
import datetime
import math
import os
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlsplit

from ..billing.spelling import hint
from ..errors import ConfigError
from ..http.messages import TOKEN
from ..http.origins import EVERY, browser_form, origin_fault
from ..secret import Secret
from ..transport.crossing import field_fault
from ..transport.origin import url_fault
from ..transport.proxy import Proxy, proxy_fault
from ..transport.tls import SYSTEM, ca_fault
from .key_files import FILE, FileSecret, fault_of
from .strictyaml import shown

T = TypeVar("T")

ENVIRON = "os.environ/"
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_PREFIX = re.compile(r"(?:/[A-Za-z0-9._~-]+)+")
_DOTTED = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*[.:][^\W\d]\w*")
_DOTS = (".", "..")
# 16 characters of hex are 64 bits: shorter keys can be guessed.
GUESSABLE_CHARS = 16
_TYPES: list[tuple[type | tuple[type, ...], str]] = [
    (bool, "a boolean (YAML reads on, off, yes and no so: quote a string)"),
    (int, "an integer (quote a string)"),
    (float, "a number (quote a string)"),
    (str, "a string"),
    (Mapping, "a mapping"),
    ((list, tuple), "a list"),
    (datetime.date, "a date (quote a string)"),
    (type(None), "nothing"),
]


@dataclass(frozen=True, slots=True, repr=False)
class Node:
    """A value and its place.

    Attributes:
        value: As YAML or Python gave it; `os.environ/NAME` is resolved already.
        source: The file's name, `config` for a mapping, or `environment`.
        path: `general_settings.master_key`, `model_list[0].model_name`.
        environ: Variables for `os.environ/NAME`.
        variable: The environment variable that the value came from.
        folder: Where a file's relative paths begin.
    """

    value: Any
    source: str
    path: str
    environ: Mapping[str, str]
    variable: str | None = None
    folder: str = ""

    def error(self, expected: str, got: str | None = None) -> ConfigError:
        """Return the one-line error for this place."""
        place = self._place
        if self.variable and self.variable != self.path:
            place += f" ({ENVIRON}{self.variable})"
        error = ConfigError(f"{place}: expected {expected}, got {got or kind(self.value)}")
        error.variable = self.variable
        return error

    @property
    def _place(self) -> str:
        return f"{self.source}: {self.path}" if self.path else self.source

    def child(self, key: str | int, value: Any) -> Node:
        """Return the member *key*, its `os.environ/NAME` resolved.

        Raises:
            ConfigError: The variable is not set; the line names it.
        """
        if isinstance(key, int):
            path = f"{self.path}[{key}]"
        else:
            path = f"{self.path}.{shown(key)}" if self.path else shown(key)
        node = Node(value, self.source, path, self.environ, folder=self.folder)
        if not isinstance(value, str) or not value.startswith(ENVIRON):
            return node
        name = value.removeprefix(ENVIRON)
        if not _VARIABLE.fullmatch(name):
            raise node.error("the name of an environment variable after os.environ/", "another")
        if name not in self.environ:
            raise ConfigError(f"{node._place}: environment variable {name} is not set")
        return dataclasses.replace(node, value=self.environ[name], variable=name)

    def raw_members(self, known: Collection[str] | None = None) -> Mapping[str, Any]:
        """Return the mapping's members unchanged; None counts as an empty mapping."""
        if self.value is None:
            return {}
        if not isinstance(self.value, Mapping):
            raise self.error("a mapping", bare_kind(self.value))
        for key in self.value:
            if known is not None and key not in known:
                raise self._unknown(key, known)
        return self.value

    def members(self, known: Collection[str] | None = None) -> dict[str, Node]:
        """Return the mapping's members. Names not *known* are refused, the nearest named."""
        return {key: self.child(key, item) for key, item in self.raw_members(known).items()}

    def items(self) -> list[Node]:
        """Return the list's items; None counts as an empty list."""
        if self.value is None:
            return []
        if not isinstance(self.value, list | tuple):
            raise self.error("a list", bare_kind(self.value))
        return [self.child(index, item) for index, item in enumerate(self.value)]

    def _unknown(self, key: str, known: Collection[str]) -> ConfigError:
        place = f"{self.path}.{shown(key)}" if self.path else shown(key)
        return ConfigError(f"{self.source}: {place}: unknown setting; {hint(str(key), known)}")


def kind(value: object) -> str:
    """Return the kind of *value*, in the words of a configuration file."""
    if isinstance(value, Secret):
        return "a secret"
    return next((words for types, words in _TYPES if isinstance(value, types)), "something else")


def bare_kind(value: object) -> str:
    """Return `kind` without its advice to quote, for settings that are no strings."""
    return kind(value).partition(" (")[0]


Check = Callable[[Node], Any]


def setting(default: Any, check: Check, *, show: bool = True) -> Any:
    """Return a dataclass field that `section` reads with *check*; *show* is for its repr."""
    return dataclasses.field(default=default, metadata={"check": check}, repr=show)


def section(cls: type[T], node: Node, *, check: Check | None = None) -> T:
    """Return *cls* with the values of the mapping at *node*; null keeps a default.

    *check* reads the fields that bring no check of their own.
    """
    checks = {
        field.name: field.metadata.get("check", check)
        for field in dataclasses.fields(cls)  # type: ignore[arg-type]
    }
    return cls(
        **{
            name: checks[name](child)
            for name, child in node.members(checks).items()
            if child.value is not None
        }
    )


def from_environ(name: str, check: Check, environ: Mapping[str, str]) -> Any:
    """Return what *check* makes of the variable *name*; None where it is not set."""
    if name not in environ:
        return None
    return check(Node(environ[name], "environment", name, environ, name))


def text(node: Node) -> str:
    """A string that is not empty and holds no control characters."""
    if not isinstance(node.value, str):
        raise node.error("a string")
    if not node.value.strip():
        raise node.error("a string", "an empty one")
    if not node.value.isprintable():
        raise node.error("a string of printable characters", "others in it")
    return node.value


def secret(node: Node) -> Secret:
    """A key: visible ASCII without surrounding blanks. It becomes a header's value.

    `file:PATH` is the key in that file: a `FileSecret`, which follows the file. Elsewhere a
    trailing newline is refused rather than cut off, so that the key sent is the key written.
    """
    if isinstance(node.value, FileSecret):
        return node.value
    if isinstance(node.value, str) and node.value.startswith(FILE):
        path = os.path.abspath(os.path.join(node.folder, node.value.removeprefix(FILE)))
        try:
            return FileSecret(path)
        except (OSError, ValueError) as error:
            raise ConfigError(f"{node._place}: {path} {fault_of(error)}") from None
    if isinstance(node.value, Secret):
        node = dataclasses.replace(node, value=node.value.reveal())
    if not isinstance(node.value, str):
        raise node.error("a key, as a string")
    if not node.value:
        raise node.error("a key", "an empty string")
    if not re.fullmatch(r"[\x21-\x7e]+", node.value):
        raise node.error("a key of visible ASCII characters", "blanks or others in it")
    return Secret(node.value)


def callers_key(node: Node) -> Secret:
    """A key that callers send, without a comma.

    Servers join two Authorization headers by a comma, so one in a key cannot be read. A file is
    read at start only.
    """
    key = Secret(secret(node).reveal())
    if "," in key.reveal():
        raise node.error("a key without commas", "one with")
    return key


def long_key(node: Node) -> Secret:
    """The same, of 16 characters or more."""
    key = callers_key(node)
    if len(key.reveal()) < GUESSABLE_CHARS:
        raise node.error(f"a key of at least {GUESSABLE_CHARS} characters", "a shorter one")
    return key


def number(*, above: float = 0.0, most: float = math.inf, unit: str) -> Check:
    """Return the check of a number over *above* and finite."""

    def check(node: Node) -> float:
        value = _from_text(node, float)
        expected = f"{unit} above {above:g}" + (f" and up to {most:g}" if most < math.inf else "")
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise node.error(expected, bare_kind(value))
        if not above < value <= most or not math.isfinite(value):
            raise node.error(expected, "a number out of range")
        return float(value)

    return check


def integer(*, least: int = 1, most: int = (1 << 63) - 1, unit: str) -> Check:
    """Return the check of a whole number from *least* to *most*."""

    def check(node: Node) -> int:
        value = _from_text(node, int)
        up_to = "or more" if most >= (1 << 63) - 1 else f"to {most}"
        expected = f"a whole number of {unit}, {least} {up_to}"
        if isinstance(value, bool) or not isinstance(value, int):
            raise node.error(expected, bare_kind(value))
        if not least <= value <= most:
            raise node.error(expected, "a number out of range")
        return value

    return check


def _from_text(node: Node, convert: Callable[[str], Any]) -> Any:
    """Numbers from the environment are always text."""
    if node.variable and isinstance(node.value, str) and node.value.isascii():
        try:
            return convert(node.value)
        except ValueError:
            return node.value
    return node.value


def switch(node: Node) -> bool:
    """`on` or `off`, also as text: a mapping in Python and the environment have no other."""
    words = {"on": True, "true": True, "yes": True, "off": False, "false": False, "no": False}
    value = node.value
    if isinstance(value, str):
        value = words.get(value.lower(), value)
    if not isinstance(value, bool):
        raise node.error("on or off", bare_kind(value))
    return value


def choice(*options: str) -> Check:
    """Return the check of one word of *options*."""

    def check(node: Node) -> str:
        if not isinstance(node.value, str):
            raise node.error(" or ".join(options))
        if node.value not in options:
            raise node.error(" or ".join(options), "another word")
        return node.value

    return check


def dotted_path(node: Node) -> str:
    """The name of something in Python: `package.module.name` or `package.module:name`."""
    if not _DOTTED.fullmatch(text(node)):
        raise node.error("a dotted path such as package.module.name", "another string")
    return text(node)


def choices(*options: str) -> Check:
    """Return the check of a word of *options*, or a list of them."""
    one = choice(*options)

    def check(node: Node) -> tuple[str, ...]:
        nodes = node.items() if isinstance(node.value, list | tuple) else [node]
        if not nodes:
            raise node.error(" or ".join(options), "an empty list")
        return tuple(dict.fromkeys(one(item) for item in nodes))

    return check


def percentages(node: Node) -> tuple[float, ...]:
    """A list of shares in per cent."""
    one = number(most=100.0, unit="a percentage")
    return tuple(sorted({one(item) for item in node.items()}))


def dotted_paths(node: Node) -> tuple[str, ...]:
    """A list of dotted paths."""
    return tuple(dotted_path(item) for item in node.items())


def header_name(node: Node) -> str:
    """The name of a header."""
    if not TOKEN.fullmatch(text(node)):
        raise node.error("a header's name such as X-Request-Id", "another string")
    return text(node)


def passed_headers(node: Node) -> tuple[str, ...]:
    """A list of names of headers that may go upstream."""

    def one(item: Node) -> str:
        fault = field_fault(text(item))
        if fault is not None:
            raise item.error(*fault)
        return text(item)

    return tuple(dict.fromkeys(one(item) for item in node.items()))


def origins(node: Node) -> tuple[str, ...]:
    """A list of origins of web pages, or of `*` alone."""
    nodes = node.items()
    if [item.value for item in nodes] == [EVERY]:
        return (EVERY,)

    def one(item: Node) -> str:
        fault = origin_fault(text(item))
        if fault is not None:
            raise item.error(*fault)
        return browser_form(text(item))

    return tuple(dict.fromkeys(one(item) for item in nodes))


def plain(node: Node) -> Any:
    """Any data, its `os.environ/NAME` strings resolved; mappings become dicts."""
    if isinstance(node.value, Mapping):
        return {key: plain(child) for key, child in node.members().items()}
    if isinstance(node.value, list | tuple):
        return [plain(child) for child in node.items()]
    return node.value


def mapping(node: Node) -> Mapping[str, Any]:
    """A mapping of any data."""
    node.raw_members()
    return plain(node) or {}


def url_path(node: Node) -> str:
    """A path of this app: `/assemblyai`; plain characters, no slash at its end."""
    path = node.value
    if not isinstance(path, str):
        raise node.error("a path such as /assemblyai")
    if not _PREFIX.fullmatch(path) or any(part in _DOTS for part in path.split("/")):
        raise node.error(
            "a path that begins with /, does not end with it, and is made of letters, "
            "digits, - . _ ~ and /",
            "another string",
        )
    return path


def base_url(node: Node) -> str:
    """An upstream's URL, without a slash at its end; a path in it goes before every path.

    `https` anywhere, `http` only to this machine (127.0.0.0/8, ::1, localhost): the
    account's key must not cross a network in clear (CWE-319).
    """
    if not isinstance(node.value, str):
        raise node.error("a URL")
    fault = url_fault(node.value)
    if fault is not None:
        raise node.error(*fault)
    url = urlsplit(node.value)
    return f"{url.scheme.lower()}://{url.netloc.lower()}{url.path.rstrip('/')}"


def ca_file(node: Node) -> str:
    """A PEM file of certificates, as an absolute path; or `system`."""
    value = text(node)
    if value != SYSTEM:
        value = os.path.abspath(os.path.join(node.folder, value))
    fault = ca_fault(value)
    if fault is not None:
        raise node.error(*fault)
    return value


def proxy(node: Node) -> Proxy:
    """The URL of an HTTP proxy; it may hold a password."""
    value = node.value.reveal() if isinstance(node.value, Secret) else node.value
    if not isinstance(value, str):
        raise node.error("http://host:port")
    fault = proxy_fault(value)
    if fault is not None:
        raise node.error(*fault)
    return Proxy.parse(value)
