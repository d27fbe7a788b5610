"""Distinguished names as a trust policy writes them, and whether a certificate's subject is one of these.

Specification: "Trusted Identities Constraints" of
https://github.com/notaryproject/specifications/blob/main/specs/trust-store-trust-policy.md. The text is that of
https://www.rfc-editor.org/rfc/rfc4514, with spaces allowed around what stands between the commas.
"""

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final, TypeAlias

from cryptography import x509
from cryptography.x509.oid import NameOID

from undercurrent.errors import ConfigError
from undercurrent.i18n import translate as _

__all__ = ["NamePattern", "includes", "matches", "parse"]

NamePattern: TypeAlias = Mapping[str, str]
"""What attributes of a name must be, by their types (``CN``, ``O`` …); those that it lacks may be anything."""

_TYPES: Final = MappingProxyType(
    {
        "CN": NameOID.COMMON_NAME,
        "C": NameOID.COUNTRY_NAME,
        "ST": NameOID.STATE_OR_PROVINCE_NAME,
        "L": NameOID.LOCALITY_NAME,
        "O": NameOID.ORGANIZATION_NAME,
        "OU": NameOID.ORGANIZATIONAL_UNIT_NAME,
        "STREET": NameOID.STREET_ADDRESS,
        "POSTALCODE": NameOID.POSTAL_CODE,
        "SERIALNUMBER": NameOID.SERIAL_NUMBER,
    }
)
_ALIASES: Final = MappingProxyType({"S": "ST"})
_REQUIRED: Final = ("C", "ST", "O")
_TOKEN: Final = re.compile(r"\\(?P<octet>[0-9a-fA-F]{2})|\\(?P<mark>.)|(?P<plain>.)", re.DOTALL)
_SEPARATORS: Final = frozenset(",;")
_UNSUPPORTED: Final = frozenset('+"<>')
"""Several attributes in one part, and marks that RFC 4514 wants escaped."""


def parse(text: str) -> NamePattern:
    """The pattern that ``C=US, ST=WA, O=acme, CN=release`` means.

    Raises:
        ConfigError: it is no such name, says something twice, or lacks one of C, ST and O.
    """
    found: dict[str, str] = {}
    for written, value in _attributes(text):
        kind = _ALIASES.get(written.upper(), written.upper())
        if kind not in _TYPES or kind in found:
            raise _invalid(text)
        found[kind] = value
    if not all(found.get(kind) for kind in _REQUIRED):
        raise _invalid(text)
    return MappingProxyType(found)


def matches(pattern: NamePattern, name: x509.Name) -> bool:
    """Whether ``name`` has all that ``pattern`` asks for.

    An attribute that the name has twice is like none: nobody can say which of the two was vouched for.
    """
    return all(
        [attribute.value for attribute in name.get_attributes_for_oid(_TYPES[kind])] == [value]
        for kind, value in pattern.items()
    )


def includes(pattern: NamePattern, other: NamePattern) -> bool:
    """Whether ``pattern`` matches every name that ``other`` matches."""
    return pattern.items() <= other.items()


def _attributes(text: str) -> Iterator[tuple[str, str]]:
    """Types and values, in their order."""
    kind: str | None = None
    part, length = bytearray(), 0
    for token in _TOKEN.finditer(f"{text},"):
        plain = token["plain"]
        if plain in _SEPARATORS:
            if kind is None:
                raise _invalid(text)
            yield kind, _text(part[:length], text)
            kind, part, length = None, bytearray(), 0
        elif plain == "=" and kind is None:
            kind, part, length = _text(part[:length], text), bytearray(), 0
        elif plain in _UNSUPPORTED or (plain == "#" and not part):
            raise _invalid(text)
        elif plain != " " or part:  # spaces around a value count only where they are escaped
            part += bytes.fromhex(token["octet"]) if token["octet"] else (plain or token["mark"]).encode()
            length = length if plain == " " else len(part)
    if part or kind is not None:
        raise _invalid(text)


def _text(value: bytearray, whole: str) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError as error:
        raise _invalid(whole) from error


def _invalid(text: str) -> ConfigError:
    return ConfigError(
        _("{text!r} is no name that a trust policy may trust").format(text=text[:200]),
        hint=_("write it as C=…, ST=…, O=… and what else must be so, each once, such as CN=…"),
    )
