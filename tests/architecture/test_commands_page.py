"""The reference page about commands has every command, with all that it takes, in both languages."""

import sys

import click
import pytest
from docs.commandspage import commands, commands_page

from undercurrent import i18n
from undercurrent.cli.main import root

COMMANDS = dict(commands(root()))


def test_commands_are_found_in_groups_too() -> None:
    assert {"uc demo", "uc image sign", "uc key change-password", "uc evidence export"} <= COMMANDS.keys()


@pytest.mark.parametrize("language", i18n.LANGUAGES)
def test_the_page_has_every_command_and_every_option(language: str) -> None:
    spoken, here = i18n.language(), sys.modules["undercurrent.cli.command"]
    try:
        i18n.activate(language)
        page = commands_page()
    finally:
        i18n.activate(spoken)

    for name, command in COMMANDS.items():
        assert f"\n## {name}\n" in page
        assert f"```text\n{name} " in page
        for option in command.params:
            assert not isinstance(option, click.Option) or option.opts[-1] in page
    assert sys.modules["undercurrent.cli.command"] is here, "nobody notices that the page was made"
