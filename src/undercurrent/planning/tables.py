"""The catalogue file as it is written: every table, every key, with what it means. JSON Schema is made from it.

Only here is pydantic; `undercurrent.planning.loading` turns these into the nouns.
"""

import re
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Final, Literal, TypeAlias

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from undercurrent.planning.catalogue import Basis, Confidence, Measure, Status, WindowKind
from undercurrent.tomlschema import schema_of

__all__ = [
    "IDENTIFIER",
    "SCHEMA_ID",
    "ActionTable",
    "BenefitTable",
    "CatalogueTable",
    "ChecklistTable",
    "ClaimTable",
    "FailureTable",
    "ItemTable",
    "LabelTable",
    "PortfolioTable",
    "ProfileTable",
    "RequirementTable",
    "SectionTable",
    "SourceTable",
    "ValuedTable",
    "WindowTable",
    "schema",
]

SCHEMA_ID: Final = "urn:undercurrent:catalogue:v1"
IDENTIFIER: Final = "[a-z0-9](?:[a-z0-9.-]{0,62}[a-z0-9])?"
"""What ids look like: they are typed in shells, between commas."""

_LARGEST: Final = 10**12
_PLACES: Final = 6
_NOT_SHOWN: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
"""Controls, ends of lines, and marks that turn the direction of what follows."""


def _identifier(text: str) -> str:
    if not re.fullmatch(IDENTIFIER, text):
        raise PydanticCustomError("identifier", "it must be up to 64 lower-case letters, digits and hyphens")
    return text


def _showable(text: str) -> str:
    if _NOT_SHOWN.search(text) or not text.strip():
        raise PydanticCustomError("not_shown", "it must be one line of text that can be shown")
    return text


def _exact(value: Any) -> Any:
    return Decimal(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _both(value: Any) -> Any:
    return {"zh": value, "en": value} if isinstance(value, str) else value


_Id: TypeAlias = Annotated[str, AfterValidator(_identifier), Field(json_schema_extra={"pattern": f"^{IDENTIFIER}$"})]
_Text: TypeAlias = Annotated[str, Field(min_length=1, max_length=1024), AfterValidator(_showable)]
_Amount: TypeAlias = Annotated[
    Decimal,
    BeforeValidator(_exact, json_schema_input_type=Annotated[float, Field(ge=0, le=_LARGEST)]),
    Field(ge=0, le=_LARGEST, decimal_places=_PLACES),
]
_Probability: TypeAlias = Annotated[
    Decimal,
    BeforeValidator(_exact, json_schema_input_type=Annotated[float, Field(ge=0, le=1)]),
    Field(ge=0, le=1, decimal_places=_PLACES),
]
_Percent: TypeAlias = Annotated[
    Decimal,
    BeforeValidator(_exact, json_schema_input_type=Annotated[float, Field(gt=0, le=100)]),
    Field(gt=0, le=100, decimal_places=_PLACES),
]
_Ids: TypeAlias = Annotated[list[_Id], Field(max_length=100)]


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, use_attribute_docstrings=True)


class LabelTable(_Table):
    """A text in both languages."""

    zh: _Text
    """In Chinese."""
    en: _Text
    """In English."""


_Label: TypeAlias = Annotated[LabelTable, BeforeValidator(_both, json_schema_input_type=str | LabelTable)]
"""Who speaks one language writes one text."""


class SourceTable(_Table):
    """Where something was read."""

    text: _Text
    """What and where: a title, an article, an address."""
    read: date
    """The day it was read: ``2026-11-30``."""
    confidence: Confidence = "high"
    """How far it can be relied upon."""


class BenefitTable(_Table):
    """Part of what an action returns."""

    id: _Id
    """Tells it from the others of the action."""
    name: _Label
    """What it consists of."""
    yearly: _Amount
    """Amount a year."""
    basis: Annotated[Basis, Field(strict=False)] = Basis.ASSUMED
    """What the amount rests on."""


class FailureTable(_Table):
    """What may go wrong within a year."""

    name: _Label
    """What happens."""
    probability: _Probability
    """How likely that is within a year, from 0 to 1."""
    impact: _Amount
    """What it would cost."""


class ValuedTable(_Table):
    """What evidence makes of the return, instead of ``benefit``: so much a year for every unit that it counts."""

    measure: Annotated[Measure, Field(strict=False)]
    """What is counted."""
    each: _Amount
    """Amount a year for each unit."""
    unit: Annotated[
        Decimal,
        BeforeValidator(_exact, json_schema_input_type=Annotated[float, Field(gt=0, le=10**18)]),
        Field(gt=0, le=10**18, decimal_places=_PLACES),
    ] = Decimal(1)
    """How many things, or bytes, a unit is."""


class RequirementTable(_Table):
    """What evidence has to show: at least so many, or so many percent of all that it knows."""

    model_config = ConfigDict(
        json_schema_extra={"oneOf": [{"required": ["at_least"]}, {"required": ["percent"]}]},
    )

    measure: Annotated[Measure, Field(strict=False)]
    """What is counted."""
    at_least: Annotated[int, Field(ge=1, le=10**18)] | None = None
    """So many, at least."""
    percent: _Percent | None = None
    """So many percent, at least."""


class ActionTable(_Table):
    """Something that could be done."""

    id: _Id
    """What users type: ``sign``."""
    number: Annotated[_Text, Field(max_length=8)]
    """How lists number it: ``⑦``."""
    name: _Label
    """What it is called."""
    needs: _Ids = []
    """Ids of actions of this file that have to be done before."""
    days: _Amount | None = None
    """Effort in person-days; leave it out where nobody knows."""
    once: _Amount = Decimal(0)
    """One-off cost."""
    monthly: _Amount = Decimal(0)
    """Cost a month."""
    benefit: Annotated[list[BenefitTable], Field(max_length=50)] = []
    """What it returns."""
    shown: _Label | None = None
    """What short lists show of the return instead of the amount, which then does not count in their sum."""
    failure: Annotated[list[FailureTable], Field(max_length=50)] = []
    """What may go wrong; risk is probability times impact, summed up."""
    caution: _Label | None = None
    """Why to be careful with it, in a word."""
    months: Annotated[int, Field(ge=0, le=1200)] | None = None
    """Until it is mature."""
    first: _Label | None = None
    """What to do first, as an appeal."""
    valued: Annotated[list[ValuedTable], Field(max_length=10)] = []
    """How evidence replaces the benefits."""
    done: RequirementTable | None = None
    """What evidence shows once it is done; without, only a person can tell."""


class WindowTable(_Table):
    """A date that something hangs on."""

    id: _Id
    """Tells it from the others."""
    day: date
    """The date; of a window to act in, its last day."""
    kind: WindowKind
    """What the date is."""
    name: _Label
    """What begins or ends."""
    actions: _Ids = []
    """Ids of the actions it is for, in the order in which they are shown."""
    binds: _Label | None = None
    """Whom it binds."""
    source: SourceTable | None = None
    """Where that was read; that of the file where there is none."""


class ItemTable(_Table):
    """One line of a checklist."""

    id: _Id
    """Tells it from the others of the checklist."""
    text: _Label
    """What to do."""
    due: date | None = None
    """Last day for it; that of its section, else of its checklist, where there is none."""
    requirement: RequirementTable | None = None
    """What ticks it; without, only a person can."""
    given: bool | None = None
    """Whether it was ticked where the checklist comes from."""


class SectionTable(_Table):
    """Items that belong together."""

    id: _Id
    """Tells it from the others of the checklist."""
    title: _Label
    """Above them."""
    due: date | None = None
    """Last day for them."""
    item: Annotated[list[ItemTable], Field(max_length=1000)] = []
    """Its lines."""


class ChecklistTable(_Table):
    """A list of what has to be done."""

    id: _Id
    """What users type."""
    title: _Label
    """What it is called."""
    due: date | None = None
    """Last day for all of it."""
    source: SourceTable | None = None
    """Where it was read; that of the file where there is none."""
    section: Annotated[list[SectionTable], Field(min_length=1, max_length=100)]
    """Its parts."""


class ClaimTable(_Table):
    """A statement that others make, and what is known of it."""

    id: _Id
    """Tells it from the others."""
    statement: _Label
    """What is said."""
    status: Annotated[Status, Field(strict=False)]
    """What is known of it; ``unverified``: looked for, and no source was found."""
    finding: _Label
    """What was found or measured, under which conditions."""
    source: SourceTable
    """Where that was read."""
    actions: _Ids = []
    """Ids of the actions that rest on it."""


class ProfileTable(_Table):
    """How much somebody is ready to put at stake."""

    id: _Id
    """What users type: ``conservative``."""
    name: _Label
    """What it is called."""
    risk: _Amount
    """Loss to be expected in a year, at most."""
    money: _Amount | None = None
    """Cost of the first year, at most."""
    days: _Amount | None = None
    """Person-days, at most."""


class PortfolioTable(_Table):
    """What belongs to all the actions together."""

    monthly: _Amount = Decimal(0)
    """Cost a month."""
    benefit: Annotated[list[BenefitTable], Field(max_length=50)] = []
    """What no single action returns."""


class CatalogueTable(_Table):
    """What could be done, what it costs, returns and risks, until when, and what is said about it."""

    version: Literal[1]
    """Of this format."""
    id: _Id
    """What users type: ``2025-undercurrents``."""
    title: _Label
    """What it is called."""
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    """Of all amounts, an ISO 4217 code: ``CNY``."""
    source: SourceTable
    """Where the whole was read."""
    portfolio: PortfolioTable = PortfolioTable()
    """What belongs to all the actions together."""
    profile: Annotated[list[ProfileTable], Field(max_length=20)] = []
    """Budgets to choose by."""
    action: Annotated[list[ActionTable], Field(max_length=100)] = []
    """What could be done, in the order in which it is shown."""
    window: Annotated[list[WindowTable], Field(max_length=1000)] = []
    """Dates."""
    checklist: Annotated[list[ChecklistTable], Field(max_length=100)] = []
    """Lists of what has to be done."""
    claim: Annotated[list[ClaimTable], Field(max_length=1000)] = []
    """What others say."""


def schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of the catalogue file."""
    return schema_of(CatalogueTable, SCHEMA_ID)
