"""Which language is spoken, and how it is found out."""

import errno
import os
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from undercurrent import i18n


@pytest.fixture(autouse=True)
def _english_afterwards() -> Iterator[None]:
    yield
    i18n.activate("en")


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("en", "en"),
        ("en_GB.UTF-8", "en"),
        ("C", "en"),
        ("C.UTF-8", "en"),
        ("POSIX", "en"),
        ("zh", "zh_CN"),
        ("ZH", "zh_CN"),
        ("zh-Hans", "zh_CN"),
        ("zh_CN.GB18030", "zh_CN"),
        ("zh_CN@pinyin", "zh_CN"),
        ("zh-TW", "zh_CN"),
        ("xx", None),
        ("zhx", None),
        ("", None),
    ],
)
def test_tags_and_locales(wanted: str, found: str | None) -> None:
    assert i18n.match(wanted) == found


@pytest.mark.parametrize(
    ("environ", "found"),
    [
        ({}, "en"),
        ({"LANG": "zh_CN.UTF-8"}, "zh_CN"),
        ({"LANG": "zh_CN.UTF-8", "LC_MESSAGES": "en_US.UTF-8"}, "en"),
        ({"LANG": "en_US.UTF-8", "LC_ALL": "zh_CN.UTF-8"}, "zh_CN"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "fr_FR.UTF-8"}, "en"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": ""}, "zh_CN"),
        ({"LANGUAGE": "zh"}, "zh_CN"),
        ({"LANGUAGE": "fr:zh:en", "LANG": "en_US.UTF-8"}, "zh_CN"),
        ({"LANGUAGE": "en", "LANG": "zh_CN.UTF-8"}, "en"),
        ({"LANGUAGE": "", "LANG": "zh_CN.UTF-8"}, "zh_CN"),
        ({"LANGUAGE": "zh_CN:zh", "LANG": "zh_CN.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LANGUAGE": "zh", "LANG": "C.UTF-8"}, "zh_CN"),
    ],
)
def test_the_environment_decides_as_gettext_would(environ: dict[str, str], found: str) -> None:
    assert i18n.from_environment(environ) == found


def test_messages_are_in_the_language_that_is_spoken() -> None:
    i18n.activate("zh-Hans")

    assert i18n.language() == "zh_CN"
    assert i18n.translate("Images") == "镜像"
    assert i18n.translate("no such message") == "no such message"
    assert i18n.translate("") == ""
    assert i18n.listed(["a", "b"]) == "a、b"


def test_an_unknown_language_is_english() -> None:
    i18n.activate("xx")

    assert (i18n.language(), i18n.translate("Images"), i18n.listed(["a", "b"])) == ("en", "Images", "a, b")


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (OSError(errno.ENOENT, os.strerror(errno.ENOENT)), "没有那个文件或目录"),
        (OSError(errno.ENOTTY, os.strerror(errno.ENOTTY)), os.strerror(errno.ENOTTY)),
        (OSError("told nothing"), "told nothing"),
    ],
)
def test_what_the_system_says_is_translated_where_it_is_usual(error: OSError, reason: str) -> None:
    i18n.activate("zh")

    assert i18n.system_reason(error) == reason


def test_the_system_says_what_translators_see() -> None:
    said: set[Any] = {os.strerror(number) for number in errno.errorcode}

    assert said >= i18n.SYSTEM_REASONS


def test_a_document_speaks_another_language_meanwhile() -> None:
    with i18n.speaking("zh"):
        assert i18n.language() == "zh_CN"
        assert i18n.translate("yes") == "有"
        with i18n.speaking("xx"):
            assert i18n.translate("yes") == "yes"
        assert i18n.translate("yes") == "有"
    assert i18n.translate("yes") == "yes"


def test_others_speak_on_as_they_do() -> None:
    heard: list[str] = []
    with i18n.speaking("zh"):
        other = threading.Thread(target=lambda: heard.append(i18n.translate("yes")))
        other.start()
        other.join()

    assert heard == ["yes"]
