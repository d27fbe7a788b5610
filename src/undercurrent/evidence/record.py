"""One outcome: what was done to what, how it was proved, by which tool, when, in which run."""

import itertools
import json
import secrets
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeAlias

from undercurrent.errors import UsageError
from undercurrent.i18n import translate as _

__all__ = ["JSON", "LIMITS", "Record", "encode_json", "first_id", "new_id", "new_run_id", "stored"]

JSON: TypeAlias = "Mapping[str, JSON] | Sequence[JSON] | str | int | float | bool | None"
"""What JSON can say."""

LIMITS: Final[Mapping[str, int]] = {
    "kind": 64,
    "subject": 512,
    "name": 512,
    "outcome": 64,
    "tool": 64,
    "tool_version": 128,
    "run": 64,
}
"""Characters that each text of a record may have. An index entry of PostgreSQL holds 2704 bytes, one of InnoDB
3072, and a character takes up to 4."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_COUNTER_BITS: Final = 30
_counter = itertools.count(secrets.randbits(_COUNTER_BITS - 1))


def new_id(at: datetime) -> str:
    """An identifier that nobody else makes, and that sorts as text by ``at``.

    A UUID of version 7 (https://www.rfc-editor.org/rfc/rfc9562#section-5.7): the time to the microsecond
    (section 6.2, method 3), then a counter (method 1), so that what one process makes within one microsecond
    keeps its order, then 32 random bits.

    Args:
        at: aware, not before 1970.
    """
    count = next(_counter) % (1 << _COUNTER_BITS)
    return str(uuid.UUID(int=_time_bits(at) | count << 32 | secrets.randbits(32)))


def first_id(at: datetime) -> str:
    """The smallest identifier that `new_id` can make for ``at``: all that are older sort before it."""
    return str(uuid.UUID(int=_time_bits(max(at, _EPOCH))))


def new_run_id() -> str:
    """An identifier for the run that begins now; later runs sort after it."""
    return new_id(datetime.now(UTC))


def _time_bits(at: datetime) -> int:
    milliseconds, rest = divmod(at - _EPOCH, timedelta(milliseconds=1))
    fraction = rest.microseconds * 4096 // 1000
    return milliseconds << 80 | 0x7 << 76 | fraction << 64 | 0b10 << 62


@dataclass(frozen=True, slots=True)
class Record:
    """One outcome. Records are never changed: what happens later is another record.

    Attributes:
        kind: what was done: ``image-signed``, ``image-verified``, ``sbom-made`` …
        subject: what it was done to: a digest, or the path of a file.
        outcome: how it ended: ``signed``, ``untrusted`` …
        proof: how anybody can tell, as JSON.
        tool: what did it.
        tool_version: in which version.
        at: when; aware, kept in UTC to the microsecond.
        run: the run that it belongs to (`new_run_id`).
        name: what the subject was called then: ``ghcr.io/acme/app:1.0``.
        id: made here unless given; sorts as text by ``at``.

    Raises:
        UsageError: a text is longer than `LIMITS` allows, or no database can hold it.
        ValueError: ``at`` has no time zone.
        TypeError: ``proof`` is not JSON.
    """

    kind: str
    subject: str
    outcome: str
    proof: Mapping[str, JSON]
    tool: str
    tool_version: str
    at: datetime
    run: str
    name: str = ""
    id: str = ""

    def __post_init__(self) -> None:
        if self.at.tzinfo is None:
            raise ValueError("the time of a record needs a time zone")
        for field, limit in LIMITS.items():
            _check_text(field, getattr(self, field), limit)
        _check_storable("proof", encode_json(self.proof))
        object.__setattr__(self, "at", self.at.astimezone(UTC))
        if not self.id:
            object.__setattr__(self, "id", new_id(self.at))

    def as_json(self) -> dict[str, JSON]:
        """The record as JSON output shows it: ``at`` is RFC 3339 in UTC with six decimals."""
        return {
            "id": self.id,
            "at": f"{self.at:%Y-%m-%dT%H:%M:%S.%fZ}",
            "kind": self.kind,
            "subject": self.subject,
            "name": self.name,
            "outcome": self.outcome,
            "tool": self.tool,
            "tool_version": self.tool_version,
            "run": self.run,
            "proof": self.proof,
        }


def stored(values: Sequence[Any]) -> Record:
    """A record that a store gave back.

    What it holds was looked at when it was written. To do all of that again would be half of the time of a query.

    Args:
        values: of all fields, in their order; ``at`` in UTC.

    Raises:
        TypeError: one of them is nothing that a record has.
        ValueError: a text is longer than `LIMITS` allows, or there are not as many values as fields.
    """
    record = Record.__new__(Record)
    for (put, kind, limit), value in zip(_FIELDS, values, strict=True):
        if limit and len(value) > limit:
            raise ValueError(f"{len(value)} characters are too many")
        if not isinstance(value, kind):
            raise TypeError(f"{type(value).__name__} is no {kind.__name__}")
        put(record, value)
    return record


_KINDS: Final[Mapping[str, type]] = {"at": datetime, "proof": dict}
_FIELDS: Final[Sequence[tuple[Any, type, int]]] = [
    (getattr(Record, one.name).__set__, _KINDS.get(one.name, str), LIMITS.get(one.name, 0)) for one in fields(Record)
]


def encode_json(value: JSON) -> str:
    """Compact JSON text.

    Raises:
        TypeError: ``value`` is not JSON.
        ValueError: it holds NaN or an infinity, which JSON cannot say.
    """
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_as_dict)


def _as_dict(value: Any) -> dict[str, Any]:
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} is not JSON")


def _check_text(field: str, text: str, limit: int) -> None:
    if len(text) > limit:
        raise UsageError(
            _("the {field} of a record has {length} characters: {start}…").format(
                field=field, length=len(text), start=text[:40]
            ),
            hint=_("evidence keeps at most {limit} characters of it").format(limit=limit),
        )
    if "\0" in text:
        raise _not_storable(field, text)
    _check_storable(field, text)


def _check_storable(field: str, text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise _not_storable(field, text) from error


def _not_storable(field: str, text: str) -> UsageError:
    return UsageError(
        _("the {field} of a record is not text that a database can hold: {start}").format(
            field=field, start=ascii(text[:40])
        ),
        hint=_("rename the file or image so that its name is valid UTF-8 without NUL"),
    )
