"""Names of keys in tokens: ``pkcs11:`` URIs.

Specification: https://www.rfc-editor.org/rfc/rfc7512
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final
from urllib.parse import quote, unquote_to_bytes, urlsplit

from undercurrent.errors import UsageError
from undercurrent.i18n import listed
from undercurrent.i18n import translate as _

__all__ = ["SCHEME", "Pkcs11Uri"]

SCHEME: Final = "pkcs11:"

_LONGEST: Final = 4096
_PATH: Final = ("token", "manufacturer", "serial", "model", "slot-id", "object", "id", "type")
_QUERY: Final = ("module-path", "pin-source", "pin-value")
_VALUE: Final = re.compile(r"(?:[A-Za-z0-9._~:\[\]@!$'()*+,=/?|&-]|%[0-9A-Fa-f]{2})*")
"""A little more than the specification allows, as pin-source is a URI or a path that people write by hand."""
_SAFE: Final = ":@+,()"
_NUMBER: Final = re.compile(r"[0-9]{1,19}")
_NOTHING: Final[Mapping[str, bytes]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Pkcs11Uri:
    """Which key in which token.

    Attributes:
        token: label of the token; "" for any, as everywhere here.
        manufacturer: of the token.
        serial: of the token.
        model: of the token.
        slot: number of the slot that the token is in; None for any.
        object: label of the key.
        id: of the key; empty for any.
        module: file of the library that talks to the token; "" if the URI does not say.
        pin_source: file that the PIN is in; "" if the URI names none.
    """

    token: str = ""
    manufacturer: str = ""
    serial: str = ""
    model: str = ""
    slot: int | None = None
    object: str = ""
    id: bytes = b""
    module: str = ""
    pin_source: str = ""

    @classmethod
    def parse(cls, text: str) -> "Pkcs11Uri":
        """The key that ``text`` names.

        Raises:
            UsageError: it is no such URI, or has a PIN in it. The message does not repeat what may be one.
        """
        path, _mark, query = text.removeprefix(SCHEME).partition("?")
        if not text.startswith(SCHEME) or len(text) > _LONGEST:
            raise UsageError(_("a key in a token is named by a pkcs11: URI"), hint=_example())
        found = _attributes(path, ";", _PATH) if path else _NOTHING
        asked = _attributes(query, "&", _QUERY) if query else _NOTHING
        if "pin-value" in asked:
            raise UsageError(
                _("a PIN does not belong into a pkcs11: URI: other users of this machine can see it there"),
                hint=_("leave pin-value out; set COSIGN_PKCS11_PIN, or name a file with pin-source"),
            )
        if found.get("type", b"private") not in {b"private", b"public"}:
            raise UsageError(_("a pkcs11: URI of type {type} names no key").format(type=_text(found, "type")[:40]))
        names = {name: _text(found, name) for name in ("token", "manufacturer", "serial", "model", "object")}
        return cls(
            **names,
            slot=_slot(found),
            id=found.get("id", b""),
            module=_text(asked, "module-path"),
            pin_source=_pin_source(_text(asked, "pin-source")),
        )

    def __str__(self) -> str:
        """What to call it: the URI, without what is not part of the key's name."""
        pairs = {
            "token": self.token,
            "manufacturer": self.manufacturer,
            "serial": self.serial,
            "model": self.model,
            "slot-id": "" if self.slot is None else str(self.slot),
            "object": self.object,
        }
        parts = [f"{name}={quote(value, safe=_SAFE)}" for name, value in pairs.items() if value]
        return SCHEME + ";".join([*parts, *([f"id=%{self.id.hex('%')}"] if self.id else [])])


def _attributes(text: str, separator: str, known: tuple[str, ...]) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for part in text.split(separator):
        name, equals, value = part.partition("=")
        if name not in known:
            raise UsageError(
                _("a pkcs11: URI with {name} is not understood").format(name=repr(name[:40])),
                hint=_("known are: {names}").format(names=listed(known)),
            )
        if not equals or not _VALUE.fullmatch(value) or name in found:
            problem = _("a pkcs11: URI has {name} twice") if name in found else _("the {name} of a pkcs11: URI is none")
            raise UsageError(problem.format(name=name), hint=_example())
        found[name] = unquote_to_bytes(value)
    return found


def _text(attributes: Mapping[str, bytes], name: str) -> str:
    try:
        text = attributes.get(name, b"").decode()
    except UnicodeDecodeError as error:
        raise UsageError(_("the {name} of a pkcs11: URI is not UTF-8").format(name=name)) from error
    if not text.isprintable():
        raise UsageError(_("the {name} of a pkcs11: URI is none").format(name=name), hint=_example())
    return text


def _slot(attributes: Mapping[str, bytes]) -> int | None:
    text = _text(attributes, "slot-id")
    if text and not _NUMBER.fullmatch(text):
        raise UsageError(_("the {name} of a pkcs11: URI is none").format(name="slot-id"), hint=_example())
    return int(text) if text else None


def _pin_source(text: str) -> str:
    """The file that the PIN is in; the specification also allows programs, which are not run here."""
    if text.startswith("|") or (":" in text and not text.startswith("file:")):
        raise UsageError(
            _("the pin-source of a pkcs11: URI is not a file"),
            hint=_("write pin-source=file:/path; programs are not started, and nothing is fetched"),
        )
    return urlsplit(text).path if text.startswith("file:") else text


def _example() -> str:
    return _("write it like this: {example}").format(example="pkcs11:token=release;object=images?module-path=/…/lib.so")
