"""Mail addresses: as people write them, in a header, and in the envelope."""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.header import Header
from email.utils import parseaddr, quote
from unicodedata import category

_LOCAL = re.compile(r"[^\s@<>()\[\],;:\"\\\x00-\x1f\x7f]{1,64}")
_DOMAIN = re.compile(r"(?=.{1,253}$)[A-Za-z0-9_]([A-Za-z0-9_-]{0,62})(\.[A-Za-z0-9_-]{1,63})*")
_UNWRITABLE = frozenset({"Cc", "Cs"})
"""Control characters, and halves of characters."""
_PLAIN_NAME = re.compile(r"[A-Za-z0-9 !#$%&'*+/=?^_`{|}~-]*")
# Commas and semicolons, but not those in quotes or in angle brackets.
_PART = re.compile(r'(?:[^,;"<\n]|"(?:[^"\\]|\\.)*"|<[^<>\n]*>)+')


@dataclass(frozen=True, slots=True)
class Address:
    """One address.

    Attributes:
        name: the person's or list's name, "" for none.
        local: what stands before the @.
        domain: what stands behind it, in ASCII.
    """

    name: str
    local: str
    domain: str

    @property
    def envelope(self) -> str:
        """The address for the server."""
        return f"{self.local}@{self.domain}"

    @property
    def needs_utf8(self) -> bool:
        """Whether only a server with SMTPUTF8 can take it."""
        return not self.local.isascii()

    @property
    def header(self) -> str:
        """The address as a header has it; only a local part may be beyond ASCII."""
        if not self.name:
            return self.envelope
        return f"{_phrase(self.name)} <{self.envelope}>"

    def __str__(self) -> str:
        """Return the address without the name, for people."""
        return self.envelope


def read_addresses(written: str) -> tuple[Address, ...]:
    """Read addresses, separated by commas: a@example.com, or Name <a@example.com>.

    Raises:
        ValueError: naming the one that is none.
    """
    return tuple(read_address(part) for part in _PART.findall(written) if part.strip())


def read_address(written: str) -> Address:
    """Read one address.

    Raises:
        ValueError: if it is none; a line feed in it is never let through.
    """
    text = written.strip()
    if any(category(letter) in _UNWRITABLE for letter in text):
        raise ValueError(ascii(text))
    name, given = "", text
    if "<" in text:
        name, given = parseaddr(text) if text.endswith(">") else ("", "")
    local, at, domain = given.strip().rpartition("@")
    ascii_domain = _in_ascii(domain)
    if not at or not _is_local(local) or not ascii_domain:
        raise ValueError(text)
    return Address(" ".join(name.split()), local, ascii_domain)


def _is_local(local: str) -> bool:
    if not local.isprintable() or ".." in local or local.strip(".") != local:
        return False
    return bool(_LOCAL.fullmatch(local))


def _in_ascii(domain: str) -> str:
    """Return a domain in ASCII (punycode), "" if it is none."""
    try:
        told = domain.encode("idna").decode("ascii") if not domain.isascii() else domain
    except UnicodeError:
        return ""
    return told if _DOMAIN.fullmatch(told) else ""


def _phrase(name: str) -> str:
    if not name.isascii() or "=?" in name:
        return Header(name, "utf-8", maxlinelen=75).encode(linesep="\r\n")
    return name if _PLAIN_NAME.fullmatch(name) else f'"{quote(name)}"'
