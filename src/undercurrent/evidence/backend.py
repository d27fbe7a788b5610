"""What a kind of database does for `undercurrent.evidence.store.Evidence`, which is the same with all of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from undercurrent.evidence.record import Record

__all__ = ["Backend", "Wanted"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which records are asked for, and in which order.

    Attributes:
        texts: columns, and what is in them exactly.
        first_id: this identifier or a later one; "" for all.
        newest: the latest identifier first; else the earliest.
    """

    texts: Mapping[str, str]
    first_id: str = ""
    newest: bool = True


class Backend(Protocol):
    """An open database. Every method raises an `UndercurrentError` that names it where it fails."""

    def insert(self, records: Sequence[Record]) -> None:
        """Keeps all of ``records`` in one transaction, or none; those that are there already stay as they are."""
        ...

    def page(self, wanted: Wanted, after: str, size: int) -> list[Record]:
        """The first ``size`` records that are wanted, behind the one that ``after`` identifies ("": from the start).

        It leaves no transaction open.
        """
        ...

    def beginning_with(self, start: str, size: int) -> list[Record]:
        """At most ``size`` records whose identifiers begin with ``start``."""
        ...

    def close(self) -> None:
        """Lets go of the database. Calling it again does nothing."""
        ...
