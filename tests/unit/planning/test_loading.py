"""Built-in catalogues say what they should; catalogues that are wrong are told so, with line, reason and remedy."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from tests.support.catalogues import MINIMAL

from undercurrent.errors import ConfigError, NotFound
from undercurrent.planning.catalogue import Basis, Status
from undercurrent.planning.loading import BUILTIN, builtin, load, read_catalogue
from undercurrent.settings import PlanningSettings, Settings


def test_the_figures_of_2025() -> None:
    catalogue = builtin("2025-undercurrents")

    assert [action.number for action in catalogue.actions] == list("⑦③⑤①⑥②⑧④")
    assert [action.risk for action in catalogue.actions] == [5, 2, 2, 15, 12, 50, 60, 2100]
    assert [action.yearly for action in catalogue.actions] == [600, 600, 8000, 3600, 5000, 5000, 1188, 360]
    assert [action.monthly for action in catalogue.actions] == [0, 0, 0, 18, 0, 0, 99, 0]
    assert [action.months for action in catalogue.actions] == [6, 6, 9, 12, 12, 18, 18, 36]
    assert [action.days for action in catalogue.actions] == [2, 3, 2, 2, None, None, None, None]
    assert catalogue.by_id["superconducting"].once == 3000
    assert catalogue.by_id["ai-scheduler"].benefits[0].basis is Basis.CLAIMED
    assert [catalogue.portfolio.monthly, catalogue.portfolio.benefits[0].yearly] == [99, 10000]
    assert [profile.id for profile in catalogue.profiles] == ["conservative", "balanced", "aggressive"]
    assert [profile.risk for profile in catalogue.profiles] == [10, 50, 200]
    assert [(window.day, window.actions) for window in catalogue.windows] == [
        (date(2025, 12, 31), ("sign", "rootless")),
        (date(2025, 12, 31), ("ai-scheduler",)),
        (date(2026, 3, 31), ("wasm-gpu",)),
        (date(2026, 6, 30), ("runtimes", "fpga-offload")),
    ]
    assert [claim.status for claim in catalogue.claims] == [
        Status.REFUTED,
        Status.REFUTED,
        Status.UNVERIFIED,
        Status.UNVERIFIED,
        Status.CLAIMED,
        Status.VERIFIED,
    ]


def test_amounts_were_never_floats() -> None:
    failures = [failure for action in builtin("2025-undercurrents").actions for failure in action.failures]

    assert all(isinstance(failure.probability, Decimal) for failure in failures)
    assert sum(failure.risk for failure in failures) == Decimal("2246.0")


@pytest.mark.parametrize("name", BUILTIN)
def test_built_in_ones_say_where_everything_was_read(name: str) -> None:
    catalogue = builtin(name)

    assert catalogue.id == catalogue.origin == name
    assert all(window.source for window in catalogue.windows)
    assert all(claim.source.text for claim in catalogue.claims)


def test_ones_of_the_user_stand_beside_them(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text(MINIMAL)

    found = load(Settings(planning=PlanningSettings(catalogues=(tmp_path / "own.toml",))))

    assert [catalogue.id for catalogue in found.all] == [*BUILTIN, "own"]
    assert found.find("own").origin == str(tmp_path / "own.toml")
    assert str(found.find("own").title) == "Ours"
    with pytest.raises(NotFound, match="no catalogue 'onw'") as raised:
        found.find("onw")
    assert "'own'" in raised.value.hint


def test_bad_ones_end_it_unless_it_should_keep_going(tmp_path: Path) -> None:
    for name, text in (("a", MINIMAL), ("b", "version = 2"), ("c", MINIMAL), ("d", MINIMAL.replace("own", "today"))):
        (tmp_path / name).write_text(text)
    settings = Settings(planning=PlanningSettings(catalogues=tuple(tmp_path / name for name in "abcd")))

    with pytest.raises(ConfigError) as raised:
        load(settings)
    found = load(settings, keep_going=True)

    told = [raised.value.message, *(error.message for error in raised.value.also)]
    assert [catalogue.id for catalogue in found.all] == [*BUILTIN, "own"]
    assert [len(found.left_out), found.left_out[0].message] == [3, told[0]]
    assert f"{tmp_path / 'c'}: {tmp_path / 'a'} has the id 'own', too" in told
    assert f"{tmp_path / 'd'}: the built-in catalogue has the id 'today'" in told


def test_all_that_is_wrong_is_told_in_the_order_of_lines(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text(MINIMAL + '[[action]]\nid = "B"\nnumber = 1\nname = ""\nmonhtly = 3\ndays = -1\n')

    with pytest.raises(ConfigError) as raised:
        read_catalogue(path)

    told = [error.message.partition("own.toml, line ")[2] for error in (raised.value, *raised.value.also)]
    assert [line.partition(":")[0] for line in told] == ["11", "12", "13", "14", "15"]
    assert raised.value.also[3].message.endswith("it must be at least 0")
    assert "did you mean 'monthly'?" in [error.hint for error in raised.value.also]
