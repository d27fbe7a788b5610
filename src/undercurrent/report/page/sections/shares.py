"""How much of the estate is signed, has an SBOM, was verified, runs without root; and how that came about."""

import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import tzinfo
from decimal import ROUND_DOWN, Decimal
from typing import Final

from undercurrent.i18n import gettext_noop as N_
from undercurrent.i18n import ngettext
from undercurrent.i18n import translate as _
from undercurrent.planning.catalogue import Measure
from undercurrent.planning.coverage import Point, Share
from undercurrent.planning.standing import Changes
from undercurrent.report.page.charts.overtime import Line, over_time
from undercurrent.report.page.markup import Child, Element, e
from undercurrent.report.page.parts import (
    Column,
    Value,
    badge,
    day_of,
    evidence,
    figure,
    filled,
    moment,
    name_of,
    record_anchor,
    section,
    table,
)
from undercurrent.report.units import short, size
from undercurrent.workflows.pages import WORSE
from undercurrent.workflows.standing import Standing

__all__ = ["MEASURES", "counted", "percent", "shares"]

MEASURES: Final[Mapping[Measure, str]] = {
    Measure.IMAGES_SIGNED: N_("images signed"),
    Measure.IMAGES_WITH_SBOM: N_("images with an SBOM"),
    Measure.IMAGES_VERIFIED: N_("images verified"),
    Measure.IMAGES_ROOTLESS: N_("images that run without root"),
    Measure.DOCKERFILES_ROOTLESS: N_("Dockerfiles without root"),
}
"""The shares that are shown, in order, and what they are called."""
_FULL: Final = 100


def shares(standing: Standing, history: Sequence[Point], zone: tzinfo | None) -> Element:
    """The section."""
    coverage = standing.coverage
    return section(
        "shares",
        _("How far you are"),
        _("Counted from evidence alone, never typed in by hand."),
        e("ul", [_tile(coverage.shares[measure], name, zone) for measure, name in MEASURES.items()], class_="tiles"),
        _copied(coverage.shares[Measure.BYTES_COPIED]),
        _since(standing.changes, zone),
        _over_time(history),
    )


def percent(share: Share) -> str:
    """``71%``, never rounded up: 99.9 % is not all of them. ``–`` where nothing is known."""
    if share.percent is None:
        return "–"
    return f"{share.percent.quantize(Decimal(1), ROUND_DOWN)}%"


def _tile(share: Share, name: str, zone: tzinfo | None) -> Element:
    if share.percent is None:
        told = _("nothing recorded: it cannot be checked here yet")
        number: Child = e("span", "–")
    else:
        told = counted(share)
        number = percent(share)
    since = (
        (e("br"), filled(_("as of {day}"), day=day_of(share.as_of.astimezone(zone).date()))) if share.as_of else None
    )
    links = evidence(share.records)
    return e(
        "li",
        e("h3", _(name)),
        e("p", number, class_="number") if share.percent is not None else e("p", number, class_="number quiet"),
        _meter(share),
        e("p", told, since),
        e("p", links) if links else None,
        class_="tile",
    )


def counted(share: Share) -> str:
    """``31 of 52``."""
    if share.percent is None:
        return _("nothing recorded")
    return _("{done} of {of}").format(done=f"{share.done:,}", of=f"{share.of:,}")


def _meter(share: Share) -> Element:
    """A bar; what it says is said in words beside it."""
    part = float(share.percent or 0)
    return e(
        "svg",
        e("rect", x=0.5, y=0.5, width=199, height=7, rx=3.5, class_="track"),
        e("rect", x=0.5, y=0.5, width=max(part * 1.99, 7), height=7, rx=3.5, class_="fill") if part else None,
        viewBox="0 0 200 8",
        preserveAspectRatio="none",
        class_="meter full" if part == _FULL else "meter",
        aria_hidden="true",
    )


def _copied(share: Share) -> Child:
    if not share.done:
        return None
    told = _("{size} were copied from one registry to another.").format(size=size(share.done))
    return e("p", told, " ", evidence(share.records))


def _since(changes: Changes | None, zone: tzinfo | None) -> Child:
    """What is another than it was when somebody looked last."""
    if changes is None or not (changes.records or changes.shares):
        return None
    moved = [
        e("li", f"{_(MEASURES[one.measure])}: {counted(one.before)} → {counted(one.after)}")
        for one in changes.shares
        if one.measure in MEASURES
    ]
    worse = [
        e(
            "li",
            badge(_("worse"), "bad"),
            " ",
            name_of(short(after.name)),
            e("a", " →", href=f"#{record_anchor(after.record)}"),
        )
        for _before, after in changes.worse[:WORSE]
    ]
    records = ngettext("{count} record", "{count} records", changes.records).format(count=f"{changes.records:,}")
    title = filled(_("Since the last look, {moment}"), moment=moment(changes.since, zone))
    return [e("h3", title), e("ul", e("li", records), moved, worse)]


def _over_time(history: Sequence[Point]) -> Child:
    days = [point.day for point in history]
    lines = [Line(_(name), [_value(point.shares[measure]) for point in history]) for measure, name in MEASURES.items()]
    known = [line for line in lines if line.last is not None]
    if len(days) < 2 or not known:  # noqa: PLR2004 - a line needs two ends
        return e("p", _("How this changes over time is shown from the second day of evidence on."), class_="empty")
    title = _("Shares over time")
    told = _("{first} to {last}. {lines}").format(first=days[0], last=days[-1], lines="; ".join(_told(known)))
    return figure(
        "overtime",
        lambda name, width: over_time(name, title, told, days, lines, width),
        None,
        e("details", e("summary", _("The same as a table")), _table(history)),
        title=title,
    )


def _value(share: Share) -> float | None:
    return None if share.percent is None else float(share.percent)


def _told(lines: Sequence[Line]) -> Iterator[str]:
    for line in lines:
        first = next(value for value in line.values if value is not None)
        yield _("{name}: from {first}% to {last}%").format(
            name=line.name, first=math.floor(first), last=math.floor(line.last or 0)
        )


def _table(history: Sequence[Point]) -> Element:
    columns = [Column(_("day"), keep=True), *(Column(_(name), "number") for name in MEASURES.values())]
    rows = [
        [Value(day_of(point.day), point.day.isoformat()), *(_cell(point.shares[measure]) for measure in MEASURES)]
        for point in reversed(_changes(history))
    ]
    caption = ngettext("Shares, {count} day", "Shares on the {count} days on which they changed", len(rows))
    return table(caption.format(count=len(rows)), columns, rows)


def _changes(history: Sequence[Point]) -> list[Point]:
    """The points that differ from the one before, and the last."""
    return [
        point
        for number, point in enumerate(history)
        if number in {0, len(history) - 1}
        or any(
            (point.shares[measure].done, point.shares[measure].of)
            != (history[number - 1].shares[measure].done, history[number - 1].shares[measure].of)
            for measure in MEASURES
        )
    ]


def _cell(share: Share) -> Value:
    return Value(f"{share.done}/{share.of}" if share.of else "–", "" if share.percent is None else share.percent)
