"""The reference page about settings says what the models say, in words that translators get to see."""

from docs.settingspage import TEXTS, settings_page, texts_of_settings

from undercurrent.settings import ALIASES, load


def test_translators_see_the_docstrings_of_all_settings() -> None:
    assert set(texts_of_settings()) == TEXTS


def test_the_page_has_every_setting_and_every_variable() -> None:
    page = settings_page()

    for group, field, _value, _origin in load(environ={}).rows():
        assert f"## {group}\n" in page
        assert f"`UNDERCURRENT_{group}_{field}`".upper() in page
    assert all(f"`{alias}`" in page for alias in ALIASES)
