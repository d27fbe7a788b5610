"""The page for when there is nothing to show: what went wrong, and what to do."""

from undercurrent.errors import UndercurrentError
from undercurrent.i18n import language
from undercurrent.i18n import translate as _
from undercurrent.report.page.markup import e
from undercurrent.report.page.shell import TAGS, head

__all__ = ["failure_page"]


def failure_page(error: UndercurrentError) -> str:
    """The page, in the language spoken now."""
    class_, tag, _own = TAGS[language()]
    title = _("This cannot be shown now")
    main = e(
        "main",
        e("h1", title),
        e("p", error.message, class_="notice"),
        [e("p", line) for line in error.hint.splitlines()],
        class_="frame",
    )
    return f"<!DOCTYPE html>\n{e('html', head(title), e('body', main), lang=tag, data_first=class_)}\n"
