"""Conditions on the fields of a predicate. What is missing or of another kind holds for nothing.

A condition compares JSON values strictly: ``true`` is no 1, and the text "0" is no number.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final, TypeAlias

from undercurrent.i18n import gettext_noop as N_
from undercurrent.i18n import translate as _
from undercurrent.regex import Regex
from undercurrent.signing.policy.fields import FieldPath, Values

__all__ = ["CLOCK_SKEW", "Condition", "ConditionResult", "Operator", "Scalar", "Which", "moment", "shortened"]

CLOCK_SKEW: Final = timedelta(minutes=5)
"""How far ahead of ours another machine's clock may be."""
_SHOWN: Final = 3
"""Offending values that an explanation names."""
_LONGEST: Final = 80
"""Characters of a value in an explanation."""

Scalar: TypeAlias = str | int | float | bool


class Operator(StrEnum):
    """How a value is compared; the names are those of the policy file."""

    EQUALS = "equals"
    NOT_EQUALS = "not_equals"
    IN = "in"
    NOT_IN = "not_in"
    MATCHES = "matches"
    NOT_MATCHES = "not_matches"
    AT_MOST = "at_most"
    AT_LEAST = "at_least"
    MAX_AGE_DAYS = "max_age_days"
    EXISTS = "exists"


class Which(StrEnum):
    """For which of several values a condition has to hold."""

    EVERY = "every"
    SOME = "some"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class ConditionResult:
    """What came of testing one condition.

    Attributes:
        condition: which.
        holds: whether it holds.
        message: one sentence for people: what was looked for, and what was found if that is something else.
        found: the values that decided, for machines: place and value, shortened.
    """

    condition: "Condition"
    holds: bool
    message: str
    found: tuple[tuple[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition.

    Attributes:
        path: where the value is.
        operator: how it is compared.
        operand: with what: a scalar, a tuple of scalars, a Regex, days, or whether there is one.
        which: for which values; one is enough, or none may, where the path leads to several.
    """

    path: FieldPath
    operator: Operator
    operand: Any
    which: Which = Which.EVERY

    def test(self, predicate: Any, now: datetime) -> ConditionResult:
        """Whether it holds for ``predicate``, JSON values.

        Args:
            predicate: what an attestation says.
            now: aware; what ages are counted from.
        """
        values = self.path.find(predicate)
        if self.operator is Operator.EXISTS:
            return self._existence(values)
        # A name that was misspelt must not make a condition hold: the list at least has to be there.
        if not values.begun or (self.which is not Which.NONE and not values.found):
            place = next(iter(values.missing), self.path.text)
            return self._told(holds=False, found=_("there is nothing at {place}").format(place=place))
        answers = [(place, value, _COMPARE[self.operator](value, self.operand, now)) for place, value in values.found]
        wanted = self.which is not Which.NONE
        if self.which is Which.SOME:
            offending = [] if any(answer for _place, _value, answer in answers) else answers
        else:
            # None, for a value that cannot be compared, is neither a yes nor a no.
            offending = [(place, value, answer) for place, value, answer in answers if answer is not wanted]
        if offending:
            return self._offended(offending)
        if self.which is Which.EVERY and values.missing:
            return self._told(holds=False, found=_("there is nothing at {place}").format(place=values.missing[0]))
        return self._told(holds=True)

    def _existence(self, values: Values) -> ConditionResult:
        if self.operand:
            nothing = _("there is nothing at {place}").format(place=next(iter(values.missing), self.path.text))
            return self._told(holds=bool(values.found), found="" if values.found else nothing)
        return (
            self._offended([(place, value, True) for place, value in values.found])
            if values.found
            else self._told(holds=True)
        )

    def _offended(self, answers: list[tuple[str, Any, bool | None]]) -> ConditionResult:
        shown = tuple((place, shortened(value)) for place, value, _answer in answers[:_SHOWN])
        texts = [_("{place} is {value}").format(place=place, value=value) for place, value in shown]
        if len(answers) > _SHOWN:
            texts.append(_("and {count} more").format(count=len(answers) - _SHOWN))
        return self._told(holds=False, found=_(", ").join(texts), values=shown)

    def _told(self, *, holds: bool, found: str = "", values: tuple[tuple[str, Any], ...] = ()) -> ConditionResult:
        message = str(self) if not found else _("{found} (asked for: {wanted})").format(wanted=self, found=found)
        return ConditionResult(self, holds, message, values)

    def __str__(self) -> str:
        """What is asked, in the user's language."""
        operand = self.operand
        if self.operator is Operator.EXISTS:
            wanted = _("{field} is there") if operand else _("{field} is not there")
            return wanted.format(field=self.path)
        if isinstance(operand, Regex):
            shown = operand.pattern
        elif isinstance(operand, tuple):
            shown = _(", ").join(map(shortened, operand))
        else:
            shown = f"{operand:g}" if self.operator is Operator.MAX_AGE_DAYS else shortened(operand)
        text = _(_WORDS[self.operator]).format(field=self.path, value=shown)
        if not self.path.many or self.which is Which.EVERY:
            return text
        return (_("some {what}") if self.which is Which.SOME else _("no {what}")).format(what=text)


_WORDS: Final = MappingProxyType(
    {
        Operator.EQUALS: N_("{field} is {value}"),
        Operator.NOT_EQUALS: N_("{field} is not {value}"),
        Operator.IN: N_("{field} is one of {value}"),
        Operator.NOT_IN: N_("{field} is none of {value}"),
        Operator.MATCHES: N_("{field} matches {value}"),
        Operator.NOT_MATCHES: N_("{field} does not match {value}"),
        Operator.AT_MOST: N_("{field} is at most {value}"),
        Operator.AT_LEAST: N_("{field} is at least {value}"),
        Operator.MAX_AGE_DAYS: N_("{field} is at most {value} days ago"),
    }
)


def shortened(value: Any) -> str:
    """``value`` as JSON on one line, cut where it is long."""
    if isinstance(value, str):
        value = value if len(value) <= _LONGEST else value[:_LONGEST] + "…"
    elif isinstance(value, list | dict):
        # Not written out: it may be as large as an SBOM.
        kind = _("a list of {count}") if isinstance(value, list) else _("a table of {count}")
        return kind.format(count=len(value))
    return json.dumps(value, ensure_ascii=False)


def _same(value: Any, wanted: Scalar) -> bool | None:
    """Whether they are equal; None if they are of two kinds: "0" is neither 0 nor something else than 0."""
    if _kind(value) != _kind(wanted):
        return None
    return bool(value == wanted)


def _kind(value: Any) -> type:
    return float if _number(value) else type(value)


def _opposite(answer: bool | None) -> bool | None:
    return None if answer is None else not answer


def _one_of(value: Any, wanted: tuple[Scalar, ...]) -> bool | None:
    answers = {_same(value, one) for one in wanted} - {None}
    return True in answers if answers else None


def _matching(value: Any, wanted: Regex) -> bool | None:
    return wanted.matches(value) if isinstance(value, str) else None


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


# The fields of RFC 3339, section 5.6. What `fromisoformat` also takes is not written by anybody.
_TIMESTAMP: Final = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(\.\d{1,12})?(?:([Zz])|([+-]\d\d:\d\d))", re.ASCII
)


def moment(value: Any) -> datetime | None:
    """The time that a timestamp (RFC 3339) says, aware; None if it is none."""
    parsed = _TIMESTAMP.fullmatch(value) if isinstance(value, str) else None
    if parsed is None:
        return None
    date, time, fraction, zulu, offset = parsed.groups()
    try:
        text = f"{date}T{time}{(fraction or '.0')[:7]}{'+00:00' if zulu else offset}"
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _young(value: Any, days: float, now: datetime) -> bool | None:
    then = moment(value)
    # What will be scanned tomorrow was not scanned.
    return None if then is None else now - timedelta(days=days) <= then <= now + CLOCK_SKEW


_COMPARE: Final[MappingProxyType[Operator, Callable[[Any, Any, datetime], bool | None]]] = MappingProxyType(
    {
        Operator.EQUALS: lambda value, wanted, _now: _same(value, wanted),
        Operator.NOT_EQUALS: lambda value, wanted, _now: _opposite(_same(value, wanted)),
        Operator.IN: lambda value, wanted, _now: _one_of(value, wanted),
        Operator.NOT_IN: lambda value, wanted, _now: _opposite(_one_of(value, wanted)),
        Operator.MATCHES: lambda value, wanted, _now: _matching(value, wanted),
        Operator.NOT_MATCHES: lambda value, wanted, _now: _opposite(_matching(value, wanted)),
        Operator.AT_MOST: lambda value, most, _now: value <= most if _number(value) else None,
        Operator.AT_LEAST: lambda value, least, _now: value >= least if _number(value) else None,
        Operator.MAX_AGE_DAYS: _young,
    }
)
