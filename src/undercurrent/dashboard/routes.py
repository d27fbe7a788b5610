"""What each address answers."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from undercurrent import __version__, tomlfile
from undercurrent.dashboard.answers import Answer, Question, of_error, of_json, of_report
from undercurrent.dashboard.metrics import CONTENT_TYPE, Metric, exposition
from undercurrent.dashboard.openapi import LARGEST_PAGE, PAGE, RECORD_FILTERS, description
from undercurrent.errors import NotFound, UndercurrentError, UsageError
from undercurrent.evidence import open_store
from undercurrent.i18n import language, match, speaking
from undercurrent.i18n import translate as _
from undercurrent.planning.coverage import end_of
from undercurrent.report import records as record_views
from undercurrent.report.model import Report
from undercurrent.report.page.failure import failure_page
from undercurrent.report.page.page import page
from undercurrent.report.standing import view
from undercurrent.settings import Settings
from undercurrent.workflows.pages import Sheet

__all__ = ["measured", "routes"]

_HTML: Final = "text/html; charset=utf-8"
_IDENTIFIER: Final = re.compile(r"[0-9a-f-]{1,36}")
_BAD, _MISSING, _UNAVAILABLE = 400, 404, 503


def routes(
    live: Callable[[], Sheet], settings: Settings, *, secured: bool
) -> Mapping[str, Callable[[Question], Answer]]:
    """By path: what answers.

    Args:
        live: where you stand now.
        settings: where evidence is.
        secured: whether requests need a token.
    """

    def standing(_question: Question) -> Answer:
        return of_report(view(live().standing))

    def metrics(_question: Question) -> Answer:
        return Answer(exposition(measured(live())), CONTENT_TYPE)

    def described(_question: Question) -> Answer:
        return of_json(description(secured=secured))

    return {
        "/": lambda question: _page(question, live),
        "/api/v1/standing": _or_unavailable(standing),
        "/api/v1/records": _or_unavailable(lambda question: _records(question, settings)),
        "/api/v1/records/{id}": _or_unavailable(lambda question: _record(question, settings)),
        "/api/openapi.json": described,
        "/metrics": _or_unavailable(metrics),
        "/healthz": lambda _question: of_json({"status": "ok"}),
    }


def measured(sheet: Sheet) -> list[Metric]:
    """The figures of a sheet, as metrics."""
    standing = sheet.standing
    coverage = standing.coverage
    known = [share for share in coverage.shares.values() if share.of]
    lists = {one.checklist.id: one for one in standing.checklists}
    ticked = tuple(({"checklist": name}, float(one.ticked)) for name, one in lists.items())
    items = tuple(({"checklist": name}, float(len(one.items))) for name, one in lists.items())
    late = tuple(({"checklist": name}, float(len(one.late))) for name, one in lists.items())
    ends = {
        (state.window.id, state.action.id if state.action else ""): end_of(state.window.day, sheet.zone).timestamp()
        for state in standing.windows
    }
    return [
        Metric("undercurrent_info", "Which version tells this.", (({"version": __version__}, 1.0),)),
        Metric("undercurrent_images", "Images that evidence knows.", (({}, float(coverage.images)),)),
        Metric("undercurrent_evidence_records", "Records of evidence.", (({}, float(coverage.records)),)),
        Metric(
            "undercurrent_coverage_done",
            "Things of which evidence shows what the measure says.",
            tuple(({"measure": share.measure.value}, float(share.done)) for share in known),
        ),
        Metric(
            "undercurrent_coverage_known",
            "Things of that kind that evidence knows.",
            tuple(({"measure": share.measure.value}, float(share.of)) for share in known),
        ),
        Metric(
            "undercurrent_coverage_as_of_timestamp_seconds",
            "When the newest evidence for the measure was made.",
            tuple(({"measure": share.measure.value}, share.as_of.timestamp()) for share in known if share.as_of),
        ),
        Metric(
            "undercurrent_window_end_timestamp_seconds",
            "When the window's day ends where the user is.",
            tuple(({"window": window, "action": action}, end) for (window, action), end in ends.items()),
        ),
        Metric("undercurrent_checklist_ticked", "Items that are done or marked.", ticked),
        Metric("undercurrent_checklist_items", "Items on the list.", items),
        Metric("undercurrent_checklist_overdue", "Items that should have been done before today.", late),
    ]


def _page(question: Question, live: Callable[[], Sheet]) -> Answer:
    asked = question.query.get("lang", "")
    wanted = match(asked) or _accepted(question.languages) or language()
    try:
        return Answer(page(live(), wanted), _HTML)
    except UndercurrentError as error:
        with speaking(wanted):
            return Answer(failure_page(error), _HTML, _UNAVAILABLE)


def _accepted(header: str) -> str | None:
    """The first language of an Accept-Language header that is spoken here; browsers list the preferred one first."""
    return next((found for part in header.split(",") if (found := match(part.partition(";")[0].strip()))), None)


def _or_unavailable(handler: Callable[[Question], Answer]) -> Callable[[Question], Answer]:
    """What cannot be read now is no fault of the question, and may be there again later."""

    def answer(question: Question) -> Answer:
        try:
            return handler(question)
        except UndercurrentError as error:
            return of_error(error, _UNAVAILABLE)

    return answer


def _records(question: Question, settings: Settings) -> Answer:
    try:
        wanted = _criteria(question.query)
    except UsageError as error:
        return of_error(error, _BAD)
    with open_store(settings.evidence.location) as store:
        found = list(store.query(**wanted))
    full = len(found) == wanted["limit"]
    data = {"records": [record.as_json() for record in found], "next": found[-1].id if full else None}
    return of_report(Report("evidence", data))


def _criteria(query: Mapping[str, str]) -> dict[str, Any]:
    """What a question asks for, as `Evidence.query` takes it."""
    known = [*RECORD_FILTERS, "since", "after", "limit"]
    for name in query:
        if name not in known:
            raise UsageError(
                _("there is no parameter {name!r}").format(name=name), hint=tomlfile.suggestion(name, known)
            )
    wanted: dict[str, Any] = {name: query[name] for name in RECORD_FILTERS if name in query}
    limit = query.get("limit", str(PAGE))
    if not (limit.isascii() and limit.isdigit() and 1 <= int(limit[:9]) <= LARGEST_PAGE):
        raise UsageError(_("limit {text!r} is not a number from 1 to {most}").format(text=limit, most=LARGEST_PAGE))
    after = query.get("after", "")
    if after and not _IDENTIFIER.fullmatch(after):
        raise UsageError(_("{text!r} is not the identifier of a record").format(text=after))
    return {
        **wanted,
        "limit": int(limit),
        "after": after,
        "since": _instant(query["since"]) if "since" in query else None,
    }


def _instant(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text).astimezone()
    except (ValueError, OverflowError) as error:
        raise UsageError(_("since {text!r} is no date").format(text=text)) from error


def _record(question: Question, settings: Settings) -> Answer:
    name = question.path["id"]
    if not _IDENTIFIER.fullmatch(name):
        return of_error(UsageError(_("{text!r} is not the identifier of a record").format(text=name)), _BAD)
    with open_store(settings.evidence.location) as store:
        try:
            return of_report(record_views.one(store.get(name)))
        except NotFound as error:
            return of_error(error, _MISSING)
        except UsageError as error:
            return of_error(error, _BAD)
