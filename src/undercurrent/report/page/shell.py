"""The page around its content: head, policy, choices of language and colours, contents, foot."""

from collections.abc import Sequence
from typing import Final

from undercurrent import __version__
from undercurrent.i18n import LANGUAGES, speaking
from undercurrent.i18n import gettext_noop as N_
from undercurrent.i18n import translate as _
from undercurrent.report.page.markup import Asset, Child, Element, e

__all__ = ["SCRIPT", "STYLE", "TAGS", "both", "document", "head", "policy"]

STYLE: Final = Asset("page.css")
SCRIPT: Final = Asset("page.js")
TAGS: Final = {"en": ("en", "en", "English"), "zh_CN": ("zh", "zh-CN", "中文")}
"""Class, language tag and own name of each language."""
_THEMES: Final = {"auto": N_("as the system"), "light": N_("light"), "dark": N_("dark")}
_SKIP: Final = N_("To the content")
_LANGUAGE: Final = N_("Language")
_COLOURS: Final = N_("Colours")
_CONTENTS: Final = N_("Contents")
_WAVE: Final = "M3 10q4.5-6 9 0t9 0M3 16q4.5-6 9 0t9 0"
_ICON: Final = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 24 24' fill='none' stroke='%230b8296' "
    f"stroke-width='2.6' stroke-linecap='round'%3E%3Cpath d='{_WAVE}'/%3E%3C/svg%3E"
)


def policy() -> str:
    """The content security policy: this style sheet, this script, pictures within the page, and nothing from anywhere.

    Source: https://www.w3.org/TR/CSP3/
    """
    allowed = {
        "default-src": "'none'",
        "style-src": STYLE.source,
        "script-src": SCRIPT.source,
        "img-src": "data:",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in allowed.items())


def both(text: str, /, **values: object) -> list[Element]:
    """A message in each language, of which one is shown.

    Args:
        text: marked with ``gettext_noop`` where it is written.
        values: for its placeholders.
    """
    shown = []
    for name in LANGUAGES:
        with speaking(name):
            class_, tag, _own = TAGS[name]
            shown.append(e("span", _(text).format(**values), class_=class_, lang=tag))
    return shown


def document(
    title: str, first: str, heading: Child, contents: Sequence[tuple[str, str, str]], main: Child, foot: Child
) -> str:
    """The whole page.

    Args:
        title: in the window's title bar.
        first: the language that it begins in, one of ``i18n.LANGUAGES``.
        heading: what the only h1 says, and below it.
        contents: language, identifier and title of each section.
        main: the sections.
        foot: the last words.
    """
    class_, tag, _own = TAGS[first]
    body = e(
        "body",
        e("a", both(_SKIP), href="#main", class_="skip"),
        _top(first),
        e(
            "div",
            _contents(contents),
            e("main", heading, main, id="main", tabindex=-1),
            class_="frame body",
        ),
        e("footer", e("div", foot, class_="frame"), class_="foot"),
        e("script", SCRIPT),
    )
    return f"<!DOCTYPE html>\n{e('html', head(title), body, lang=tag, data_first=class_)}\n"


def head(title: str) -> Element:
    """What a browser has to know first; the policy stands before anything that it is about."""
    return e(
        "head",
        e("meta", charset="utf-8"),
        e("meta", http_equiv="Content-Security-Policy", content=policy()),
        e("meta", name="viewport", content="width=device-width, initial-scale=1"),
        e("meta", name="referrer", content="no-referrer"),
        e("meta", name="color-scheme", content="light dark"),
        e("meta", name="generator", content=f"undercurrent {__version__}"),
        e("title", title),
        e("link", rel="icon", href=_ICON),
        e("style", STYLE),
    )


def _top(first: str) -> Element:
    wave = e("svg", e("path", d=_WAVE, class_="wave"), viewBox="0 0 24 24", width=26, height=26, aria_hidden="true")
    return e(
        "header",
        e(
            "div",
            e("p", wave, "Undercurrent", class_="brand"),
            _choice("language", _LANGUAGE, [(TAGS[name][0], _own_name(name)) for name in LANGUAGES], TAGS[first][0]),
            _choice("theme", _COLOURS, [(theme, both(told)) for theme, told in _THEMES.items()], "auto"),
            class_="frame",
        ),
        class_="top",
    )


def _own_name(language: str) -> Element:
    return e("span", TAGS[language][2], lang=TAGS[language][1])


def _choice(name: str, legend: str, options: Sequence[tuple[str, Child]], chosen: str) -> Element:
    """Radio buttons: the style sheet alone obeys them, so that they work where no script runs."""
    labels = [
        e(
            "label",
            e(
                "input",
                type="radio",
                name=name,
                value=value,
                id=f"{name}-{value}",
                checked=value == chosen,
                autocomplete="off",
            ),
            e("span", shown, class_="face"),
        )
        for value, shown in options
    ]
    return e("fieldset", e("legend", both(legend), class_="unseen"), labels, class_="choice")


def _contents(contents: Sequence[tuple[str, str, str]]) -> Element:
    lists = []
    for name in LANGUAGES:
        class_, tag, _own = TAGS[name]
        entries = [
            e("li", e("a", title, href=f"#{anchor}")) for language, anchor, title in contents if language == name
        ]
        lists.append(e("ul", entries, class_=class_, lang=tag))
    label = e("span", both(_CONTENTS), class_="unseen", id="contents")
    return e("nav", label, lists, class_="contents", aria_labelledby="contents")
