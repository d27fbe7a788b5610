"""The nouns of a plan: what could be done, what it costs, returns and risks, until when, and what is said about it.

A catalogue is data that somebody read somewhere, so everything in it has a source. Amounts are decimals, in the
catalogue's currency.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Final, Literal, TypeAlias

from undercurrent.i18n import language

__all__ = [
    "MONTHS",
    "Action",
    "Basis",
    "Benefit",
    "Catalogue",
    "Checklist",
    "Claim",
    "Confidence",
    "Failure",
    "Item",
    "Label",
    "Measure",
    "Portfolio",
    "Profile",
    "Requirement",
    "Section",
    "Source",
    "Status",
    "Valued",
    "Window",
    "WindowKind",
]

MONTHS: Final = 12
"""Of a year, which is what benefits are counted in."""

Confidence: TypeAlias = Literal["high", "medium", "low"]
"""How far a source can be relied upon."""

WindowKind: TypeAlias = Literal["last-day", "begins", "ends"]
"""What a date is: the last day to act, the day something begins to bind, or the day it ends."""


@dataclass(frozen=True, slots=True)
class Label:
    """A text in both languages."""

    zh: str
    en: str

    def __str__(self) -> str:
        """In the language spoken now."""
        return self.zh if language().startswith("zh") else self.en


class Basis(StrEnum):
    """What a figure rests on."""

    ASSUMED = "assumed"
    CLAIMED = "claimed"
    MEASURED = "measured"


class Status(StrEnum):
    """What is known of a claim; `UNVERIFIED`: looked for, and no source was found."""

    VERIFIED = "verified"
    REFUTED = "refuted"
    UNVERIFIED = "unverified"
    CLAIMED = "claimed"


class Measure(StrEnum):
    """What evidence can count: things, out of all the things of that kind that it knows; `BYTES_COPIED` is a sum."""

    IMAGES_SIGNED = "images-signed"
    IMAGES_WITH_SBOM = "images-with-sbom"
    IMAGES_VERIFIED = "images-verified"
    IMAGES_ROOTLESS = "images-rootless"
    DOCKERFILES_ROOTLESS = "dockerfiles-rootless"
    BYTES_COPIED = "bytes-copied"


@dataclass(frozen=True, slots=True)
class Source:
    """Where something was read.

    Attributes:
        text: what and where: a title, an article, an address.
        read: the day it was read; what was read long ago may have changed.
        confidence: how far it can be relied upon.
    """

    text: str
    read: date
    confidence: Confidence = "high"


@dataclass(frozen=True, slots=True)
class Benefit:
    """Part of what an action returns.

    Attributes:
        id: tells it from the others of the action.
        name: what it consists of.
        yearly: amount a year.
        basis: what the amount rests on.
    """

    id: str
    name: Label
    yearly: Decimal
    basis: Basis = Basis.ASSUMED


@dataclass(frozen=True, slots=True)
class Valued:
    """What evidence makes a benefit of: ``each`` a year for every ``unit`` that ``measure`` counts."""

    measure: Measure
    each: Decimal
    unit: Decimal = Decimal(1)


@dataclass(frozen=True, slots=True)
class Failure:
    """What may go wrong: within a year, with this probability (0 to 1), at this price."""

    name: Label
    probability: Decimal
    impact: Decimal

    @property
    def risk(self) -> Decimal:
        """The loss to be expected: probability × impact."""
        return self.probability * self.impact


@dataclass(frozen=True, slots=True)
class Action:
    """Something that could be done.

    Attributes:
        id: what users type: ``sign``.
        number: how it is numbered where it comes from: ``⑦``.
        name: what it is called.
        needs: ids of actions of the same catalogue that have to be done before.
        days: effort, person-days; None where nobody said.
        once: one-off cost.
        monthly: cost a month.
        benefits: what it returns.
        shown: what a short list shows of the return instead of the amount.
        failures: what may go wrong.
        caution: why to be careful with it, in a word.
        months: until it is mature; None where nobody said.
        first: what to do first, as an appeal.
        valued: how evidence replaces ``benefits``.
        done: what evidence shows once it is done; None where only a person can tell.
    """

    id: str
    number: str
    name: Label
    needs: tuple[str, ...] = ()
    days: Decimal | None = None
    once: Decimal = Decimal(0)
    monthly: Decimal = Decimal(0)
    benefits: tuple[Benefit, ...] = ()
    shown: Label | None = None
    failures: tuple[Failure, ...] = ()
    caution: Label | None = None
    months: int | None = None
    first: Label | None = None
    valued: tuple[Valued, ...] = ()
    done: "Requirement | None" = None

    @property
    def yearly(self) -> Decimal:
        """What it returns in a year."""
        return sum((benefit.yearly for benefit in self.benefits), Decimal(0))

    @property
    def risk(self) -> Decimal:
        """The loss to be expected in a year."""
        return sum((failure.risk for failure in self.failures), Decimal(0))


@dataclass(frozen=True, slots=True)
class Window:
    """A date that something hangs on.

    Attributes:
        id: tells it from the others.
        day: the date; of a window to act in, its last day.
        kind: what the date is.
        name: what begins or ends.
        actions: ids of the catalogue's actions that it is for, in the order in which they are shown.
        binds: whom it binds.
        source: where that was read.
    """

    id: str
    day: date
    kind: WindowKind
    name: Label
    actions: tuple[str, ...] = ()
    binds: Label | None = None
    source: Source | None = None


@dataclass(frozen=True, slots=True)
class Requirement:
    """What evidence has to show: at least so many, or so many percent of all that it knows; one of the two."""

    measure: Measure
    at_least: int | None = None
    percent: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """One line of a checklist.

    Attributes:
        id: tells it from the others of the checklist.
        text: what to do.
        due: last day for it; that of its section, else of its checklist, when None.
        requirement: what ticks it; None where only a person can.
        given: whether it was ticked where the checklist comes from; None where it had no box.
    """

    id: str
    text: Label
    due: date | None = None
    requirement: Requirement | None = None
    given: bool | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """Items that belong together."""

    id: str
    title: Label
    items: tuple[Item, ...]
    due: date | None = None


@dataclass(frozen=True, slots=True)
class Checklist:
    """A list of what has to be done, in sections."""

    id: str
    title: Label
    sections: tuple[Section, ...]
    due: date | None = None
    source: Source | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """A statement that others make, and what is known of it.

    Attributes:
        id: tells it from the others.
        statement: what is said.
        status: what is known of it.
        finding: what was found or measured, under which conditions.
        source: where that was read.
        actions: ids of the catalogue's actions that rest on it.
    """

    id: str
    statement: Label
    status: Status
    finding: Label
    source: Source
    actions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Profile:
    """How much somebody is ready to put at stake.

    Attributes:
        id: what users type: ``conservative``.
        name: what it is called.
        risk: loss to be expected in a year, at most.
        money: cost of the first year, at most; None for any.
        days: person-days, at most; None for any.
    """

    id: str
    name: Label
    risk: Decimal
    money: Decimal | None = None
    days: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Portfolio:
    """What belongs to all the actions together: a cost of its own, and benefits that no single action has."""

    monthly: Decimal = Decimal(0)
    benefits: tuple[Benefit, ...] = ()


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Everything that one file says.

    Attributes:
        id: what users type: ``2025-undercurrents``.
        title: what it is called.
        currency: of all amounts, an ISO 4217 code.
        source: where the whole was read.
        portfolio: what belongs to all actions together.
        profiles: by how much is at stake, the smallest first.
        actions: in the order in which they are shown.
        windows: dates.
        checklists: lists of what has to be done.
        claims: what others say.
        origin: the file, or the name of a built-in one.
    """

    id: str
    title: Label
    currency: str
    source: Source
    portfolio: Portfolio = Portfolio()
    profiles: tuple[Profile, ...] = ()
    actions: tuple[Action, ...] = ()
    windows: tuple[Window, ...] = ()
    checklists: tuple[Checklist, ...] = ()
    claims: tuple[Claim, ...] = ()
    origin: str = field(default="", compare=False)

    @property
    def by_id(self) -> Mapping[str, Action]:
        """The actions by what users type."""
        return {action.id: action for action in self.actions}
