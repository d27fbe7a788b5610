"""Ways of spoiling input that keep most of its structure, so that what comes after the first check is reached, too.

Each takes bytes and a source of randomness and gives bytes; one that does not fit the input spoils single bytes
instead. The tests, atheris and the replay of `python -m tests.fuzz` share them.
"""

import base64
import binascii
import gzip
import json
import tarfile
import zlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from random import Random
from typing import Any, Final, TypeAlias

import zstandard

__all__ = ["MUTATIONS", "Mutation", "mutated"]

Mutation: TypeAlias = Callable[[bytes, Random], bytes]

_MARKS: Final = (
    b"\0", b"\xff", b"\x1b[2J", b"\n", b"\r\n", b" ", b"\t", b"..", b"/", b"//", b"\\", b":", b"@", b",", b'"', b"=",
    b"{", b"[", b"%00", b"%2e%2e%2f", b"-", b"0", b"9" * 30, b"9" * 5000, b"-1", b"1e999", b"NaN", b"\\ud800",
    b"\xed\xa0\x80", b"\xe2\x80\xae", b"\xc2\xb2", b"\xef\xbb\xbf", b"A" * 300, b"a" * 5000, b"<", b">", b";", b"http://",
    b"file:///", b"https://[", b"sha256:", b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"null", b"true",
)  # fmt: skip
_BLOCK: Final = tarfile.BLOCKSIZE
_LARGEST: Final = 256 * 1024
"""Bytes of spoilt input: what takes long because it is long shows nothing."""


def mutated(data: bytes, steps: list[tuple[Mutation, int]]) -> bytes:
    """``data`` after these mutations, each with its own seed."""
    for mutation, seed in steps:
        data = mutation(data, Random(seed))[:_LARGEST]  # noqa: S311 - no secret
    return data


# Bytes


def _flip(data: bytes, random: Random) -> bytes:
    spoilt = bytearray(data or b"\0")
    for _time in range(random.choice((1, 1, 2, 8))):
        spoilt[random.randrange(len(spoilt))] ^= 1 << random.randrange(8)
    return bytes(spoilt)


def _cut(data: bytes, random: Random) -> bytes:
    start, end = sorted(random.randrange(len(data) + 1) for _end in range(2))
    return random.choice((data[:start], data[end:], data[:start] + data[end:]))


def _insert(data: bytes, random: Random) -> bytes:
    place = random.randrange(len(data) + 1)
    return data[:place] + random.choice(_MARKS) * random.choice((1, 1, 1, 3, 200)) + data[place:]


def _replace(data: bytes, random: Random) -> bytes:
    place, mark = random.randrange(len(data) + 1), random.choice(_MARKS)
    return data[:place] + mark + data[place + len(mark) :]


def _repeat(data: bytes, random: Random) -> bytes:
    start, end = sorted(random.randrange(len(data) + 1) for _end in range(2))
    piece = data[start : min(end, start + random.choice((1, 16, 512, 4096)))]
    return data[:start] + piece * random.choice((2, 3, 100, 1000)) + data[start:]


# JSON, and JSON in base64 in JSON, and JSON in PEM


@dataclass(frozen=True, slots=True)
class _Raw:
    """Text that stands for a value, whatever it is."""

    text: str


class _Pairs(list[tuple[str, Any]]):
    """An object; keys may come twice."""


_STRANGE: Final[tuple[Any, ...]] = (
    None, True, False, 0, -1, 2**63, 10**400, "", "\0", "\x1b[31m", "\u202e", "A" * 3000, "=" * 40, "../../x", [],
    _Pairs(),
    _Raw("1e999"), _Raw("NaN"), _Raw('"\\ud800"'), _Raw("9" * 5000), _Raw("-0.0"), _Raw("[" * 99 + "]" * 99),
    _Raw("[" * 3000 + "]" * 3000), _Raw('{"a":' * 200 + "1" + "}" * 200), _Raw('"\\u0000"'), "sha256:" + "0" * 64,
)  # fmt: skip


def _json(data: bytes, random: Random) -> bytes:
    try:
        value = json.loads(data, object_pairs_hook=_Pairs)
        return _written(_spoilt(value, random)).encode("utf-8", "surrogatepass")
    except (ValueError, RecursionError):
        return _flip(data, random)


def _written(value: Any) -> str:
    if isinstance(value, _Raw):
        return value.text
    if isinstance(value, _Pairs):
        return "{" + ",".join(f"{json.dumps(key)}:{_written(item)}" for key, item in value) + "}"
    if isinstance(value, list):
        return "[" + ",".join(_written(item) for item in value) + "]"
    return str(value) if type(value) is int and abs(value) > 2**63 else json.dumps(value)


def _spoilt(value: Any, random: Random) -> Any:
    """``value`` with one place in it changed; deeper places are more likely than the whole."""
    if isinstance(value, str) and random.random() < 0.3:
        return _spoilt_text(value, random)
    if isinstance(value, list) and value and random.random() < 0.85:
        changed = type(value)(value)
        place = random.randrange(len(changed))
        match random.randrange(8):
            case 0:
                changed.append(changed[place])
            case 1:
                del changed[place]
            case 2 if isinstance(changed, _Pairs):
                key, item = changed[place]
                changed[place] = (random.choice((key.upper(), key + "\0", "", f"x{key}", key[:-1])), item)
            case 3 if isinstance(changed, _Pairs):
                changed.insert(random.randrange(len(changed) + 1), (changed[place][0], random.choice(_STRANGE)))
            case _ if isinstance(changed, _Pairs):
                changed[place] = (changed[place][0], _spoilt(changed[place][1], random))
            case _:
                changed[place] = _spoilt(changed[place], random)
        return changed
    return random.choice((*_STRANGE, [value], _Pairs([("a", value)])))


def _spoilt_text(text: str, random: Random) -> str:
    with suppress(binascii.Error, ValueError):
        inner = base64.b64decode(text, validate=True)
        if len(inner) > 8:
            spoil = _json if inner[:1] in b"{[" else random.choice((_flip, _cut, _insert))
            return base64.b64encode(spoil(inner, random)).decode()
    raw = random.choice((_flip, _cut, _insert))(text.encode("utf-8", "surrogatepass"), random)
    return raw.decode("utf-8", "replace")


def _pem(data: bytes, random: Random) -> bytes:
    """Changes what is inside of the first PEM block, which stays one."""
    head, begin, rest = data.partition(b"-----\n")
    body, end, tail = rest.partition(b"-----END")
    if not begin or not end:
        return _flip(data, random)
    return head + begin + _spoilt_text(body.replace(b"\n", b"").decode("latin-1"), random).encode() + b"\n" + end + tail


# Tar files, and what is compressed


def _tar(data: bytes, random: Random) -> bytes:
    """Changes fields of headers and makes their checksums right, or moves blocks about."""
    blocks = [data[start : start + _BLOCK].ljust(_BLOCK, b"\0") for start in range(0, len(data), _BLOCK)]
    headers = [place for place, block in enumerate(blocks) if block[257:262] == b"ustar"]
    if not headers:
        return _flip(data, random)
    place = random.choice(headers)
    match random.randrange(6):
        case 0:
            blocks.insert(random.randrange(len(blocks) + 1), blocks[place])
        case 1:
            del blocks[place]
        case 2:
            blocks[place:place] = _extension(random)
        case _:
            blocks[place] = _header(blocks[place], random)
    return b"".join(blocks)


_FIELDS: Final = {
    "name": (0, 100), "mode": (100, 108), "uid": (108, 116), "gid": (116, 124), "size": (124, 136), "type": (156, 157),
    "link": (157, 257), "prefix": (345, 500),
}  # fmt: skip
_NAMES: Final = (
    b"../../x", b"/etc/passwd", b"a/../..", b"", b"a\0b", b"a\nb", b"\x1b[2J", b"\xff\xfe", b"blobs", b"./", b".wh.x",
    b"manifest.json", b"index.json",
)  # fmt: skip
_NUMBERS: Final = (
    b"7" * 11, b"0" * 11, b"\x80" + b"\xff" * 11, b"\xff" * 12, b"\x80" + b"\0" * 10 + b"\1", b"-1", b"9" * 11, b" ",
)  # fmt: skip
_TYPES: Final = (
    b"0",
    b"1",
    b"2",
    b"3",
    b"4",
    b"5",
    b"6",
    b"7",
    b"g",
    b"x",
    b"L",
    b"K",
    b"S",
    b"V",
    b"M",
    b"\0",
    b"\xff",
)


def _header(block: bytes, random: Random) -> bytes:
    field = random.choice(list(_FIELDS))
    start, end = _FIELDS[field]
    choices = {"name": _NAMES, "link": _NAMES, "prefix": _NAMES, "type": _TYPES}.get(field, _NUMBERS)
    spoilt = block[:start] + random.choice(choices).ljust(end - start, b"\0")[: end - start] + block[end:]
    return _mended(spoilt)


def _mended(block: bytes) -> bytes:
    total = sum(block[:148]) + 8 * 32 + sum(block[156:])
    return block[:148] + f"{total:06o}\0 ".encode() + block[156:]


def _extension(random: Random) -> list[bytes]:
    """A pax header or a GNU one, with good and bad records in it."""
    keys = (b"path", b"linkpath", b"size", b"uid", b"SCHILY.xattr.security.capability", b"GNU.sparse.map", b"a")
    records = b""
    for _record in range(random.randrange(4)):
        body = b" " + random.choice(keys) + b"=" + random.choice((*_NAMES, *_NUMBERS, b"12", b"n" * 3000)) + b"\n"
        length = len(body) + len(str(len(body) + 3))
        records += str(random.choice((length, length, length, 0, 1, 99))).encode() + body
    info = tarfile.TarInfo("././@PaxHeader")
    info.type, info.size = random.choice((b"x", b"g", b"L", b"K")), len(records)
    if random.random() < 0.1:
        info.size = random.choice((2**32, 2**20 + 1, 2**20 - 1, 0))
    return [
        info.tobuf(tarfile.GNU_FORMAT),
        *([records.ljust(-(-len(records) // _BLOCK) * _BLOCK, b"\0")] if records else []),
    ]


def _inside(data: bytes, random: Random) -> bytes:
    """Undoes a compression, spoils what comes out, and compresses it again."""
    try:
        if data.startswith(b"\x1f\x8b"):
            return gzip.compress(_tar(zlib.decompressobj(31).decompress(data, _LARGEST), random), 1, mtime=0)
        if data.startswith(b"\x28\xb5\x2f\xfd"):
            return zstandard.compress(_tar(zstandard.ZstdDecompressor().stream_reader(data).read(_LARGEST), random), 1)
    except (zlib.error, zstandard.ZstdError, OSError):
        pass
    return _tar(data, random)


MUTATIONS: Final[dict[str, tuple[Mutation, ...]]] = {
    "bytes": (_flip, _cut, _insert, _replace, _repeat),
    "text": (_insert, _replace, _cut, _repeat, _flip),
    "json": (_json, _json, _json, _json, _insert, _cut, _flip),
    "envelope": (_json, _json, _flip, _cut, _insert, _replace, _repeat),
    "pem": (_pem, _pem, _insert, _cut, _flip),
    "tar": (_inside, _inside, _inside, _inside, _cut, _flip, _repeat),
}
"""By kind of input; what is there several times is done more often."""
