"""The Chinese catalogue is whole: every message of the source and of click, nothing else, and nothing half done."""

import ast
import re
import string
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any, Final

import click
import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.pofile import read_po
from tests.support.source import parse, python_files

from undercurrent.cli.clickmessages import CLICK_MESSAGES, CLICK_PLURALS
from undercurrent.i18n import FOLDER

MARKS: Final = {"_": 1, "N_": 1, "translate": 1, "gettext_noop": 1, "ngettext": 2, "ngettext_noop": 2}
"""Names of functions that take messages, and how many forms they take."""


def in_source() -> Iterator[tuple[str, ...]]:
    """The forms of every message, also of one inside an f-string, which tools that gather messages overlook."""
    for path in python_files("src", "docs"):
        for node in ast.walk(parse(path)):
            match node:
                case ast.Call(func=ast.Name(id=name), args=arguments) if name in MARKS:
                    forms = arguments[: MARKS[name]]
                    texts = [str(form.value) for form in forms if isinstance(form, ast.Constant)]
                    if texts:
                        yield tuple(texts)


def forms_of(message: Message) -> tuple[str, ...]:
    return (message.id,) if isinstance(message.id, str) else tuple(message.id)


def translations_of(message: Message) -> tuple[str, ...]:
    return (message.string,) if isinstance(message.string, str) else tuple(message.string or ())


@pytest.fixture(scope="module")
def catalogue() -> Catalog:
    with (FOLDER / "zh_CN" / "LC_MESSAGES" / "undercurrent.po").open("rb") as file:
        return read_po(file, abort_invalid=True)


@pytest.fixture(scope="module")
def messages(catalogue: Catalog) -> list[Message]:
    return [message for message in catalogue if message.id]


def wrong(messages: list[Message], found: Any) -> list[str]:
    return [forms_of(message)[0] for message in messages if found(message)]


def test_it_has_the_messages_of_the_source_and_no_others(catalogue: Catalog, messages: list[Message]) -> None:
    here, wanted = {forms_of(message) for message in messages}, set(in_source())

    assert wanted - here == set(), "run: make messages, and translate them"
    assert here - wanted == set(), "run: make messages"
    assert not catalogue.obsolete


def test_everything_is_translated_and_nothing_is_a_guess(catalogue: Catalog, messages: list[Message]) -> None:
    assert catalogue.num_plurals == 1
    assert not catalogue.fuzzy
    assert wrong(messages, lambda message: message.fuzzy) == []
    assert wrong(messages, lambda message: not all(translations_of(message))) == []
    assert wrong(messages, lambda message: len(translations_of(message)) != 1) == []


def fields(text: str) -> list[str]:
    """Placeholders as they stand, in order of their names; ``%(name)s`` is click's and argparse's."""
    parsed = string.Formatter().parse(text)
    braces = [f"{name}!{conversion}:{spec}" for _text, name, spec, conversion in parsed if name is not None]
    return sorted(braces + re.findall(r"%\(\w+\)\w", text))


def test_what_is_put_in_is_the_same_on_both_sides(messages: list[Message]) -> None:
    # With one form for every number, the translation follows the form for many.
    assert wrong(messages, lambda item: fields(translations_of(item)[0]) != fields(forms_of(item)[-1])) == []


def test_spaces_and_ends_of_lines_around_a_message_are_kept(messages: list[Message]) -> None:
    def around(text: str) -> tuple[int, int, int]:
        return len(text) - len(text.lstrip()), text.count("\n\n"), text.count("\n- ")

    assert wrong(messages, lambda item: around(translations_of(item)[0]) != around(forms_of(item)[0])) == []


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(r"[\u4e00-\u9fff`)] ?[,;:?!](?![\w/])", id="marks are full-width"),
        pytest.param(r"[\u4e00-\u9fff] ?\(|\) ?[\u4e00-\u9fff]", id="brackets are full-width"),
        pytest.param(r"[\u4e00-\u9fff][A-Za-z0-9`{]|[A-Za-z0-9`][\u4e00-\u9fff]", id="a space between the scripts"),
        pytest.param(r"(?<![^ ，。；：、（“])[\u4e00-\u9fff]+ [\u4e00-\u9fff]", id="no space between characters"),
        pytest.param(r" [，。；：、？！）”]|[，。；：、？！（“] ", id="no space beside full-width marks"),
        pytest.param(r"\.\.\.$|\w\.$", id="full stops are full-width"),
    ],
)
def test_it_is_set_as_chinese_is(messages: list[Message], fault: str) -> None:
    texts = [text for text in chain(*map(translations_of, messages)) if text not in SET_OTHERWISE | GIVEN]

    # What a command looks like is no matter of Chinese, and {said} begins with a colon.
    shown = [re.sub("`[^`]+`", "`x`", text).replace("{said}", "") for text in texts]
    assert [text for text in shown if re.search(fault, text)] == []


SET_OTHERWISE: Final = frozenset({"{value!r} 不是有效的{number_type}。", "{where} 里没有{what}；里面是：{others}"})
"""Translations into which words are put that are Chinese themselves."""

GIVEN: Final = frozenset(
    {
        "===== ROI计算结果 =====",
        "总投入: {amount}",
        "总收益: {amount}",
        "明细:",
    }
)
"""Lines of outputs that are given to the byte: `tests/cli/samples`."""


def test_the_messages_of_click_are_those_of_the_click_that_is_installed() -> None:
    folder = Path(click.__file__).parent
    found = [message for _file, _line, message, *_rest in extract_from_dir(folder, keywords=DEFAULT_KEYWORDS)]

    assert {message for message in found if isinstance(message, str)} == CLICK_MESSAGES
    assert {message for message in found if isinstance(message, tuple)} == CLICK_PLURALS
