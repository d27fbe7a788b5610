"""What no single value shows: circles, ids twice, names that nothing has."""

import tomllib
from collections.abc import Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.catalogues import MINIMAL

from undercurrent.planning.checking import faults
from undercurrent.planning.tables import CatalogueTable
from undercurrent.tomlfile import Fault, written

ACTION = '[[action]]\nid = "{id}"\nnumber = "1"\nname = "n"\nneeds = {needs}\n'


def found(text: str) -> list[Fault]:
    return list(faults(CatalogueTable.model_validate(tomllib.loads(MINIMAL + text))))


def with_needs(needs: Mapping[str, Sequence[str]]) -> list[Fault]:
    return found("".join(ACTION.format(id=name, needs=list(wanted)) for name, wanted in needs.items()))


def test_a_circle_is_named_once_where_it_begins() -> None:
    (fault,) = with_needs({"x": ["b"], "a": ["b"], "b": ["c"], "c": ["a"]})

    assert written(fault.key) == "action[3].needs"
    assert fault.reason.endswith("in a circle: b → c → a → b")


def test_an_action_that_needs_itself_is_a_circle() -> None:
    (fault,) = with_needs({"a": ["a"]})

    assert fault.reason.endswith("a → a")


NAMES = "abcdef"


@given(st.dictionaries(st.sampled_from(NAMES), st.sets(st.sampled_from(NAMES)).map(sorted)))
def test_there_is_a_circle_exactly_where_nothing_can_come_first(needs: dict[str, list[str]]) -> None:
    needs = {name: [wanted for wanted in others if wanted in needs] for name, others in needs.items()}
    try:
        TopologicalSorter(needs).prepare()
        circles = False
    except CycleError:
        circles = True

    reasons = [fault.reason for fault in with_needs(needs)]
    assert bool(reasons) == circles
    for reason in reasons:
        names = reason.rpartition(": ")[2].split(" → ")
        assert names[0] == names[-1]
        assert all(after in needs[before] for before, after in pairwise(names))


PROFILE = '[[profile]]\nid = "p"\nname = "n"\nrisk = 1\n'
WINDOW = '[[window]]\nid = "w"\nday = 2026-12-31\nkind = "ends"\nname = "n"\n'
CHECKLIST = """\
[[checklist]]
id = "l"
title = "t"
section = [
  {{ id = "s", title = "t", item = [{{ id = "i", text = "t" }}] }},
  {{ id = "{section}", title = "t", item = [{{ id = "{item}", text = "t"{more} }}] }},
]
"""
ITEM = "checklist[1].section[2].item[1]"


@pytest.mark.parametrize(
    ("text", "where", "reason"),
    [
        (ACTION.format(id="a", needs=[]) * 2, "action[2].id", "'a' is the id of action[1] already"),
        (PROFILE * 2, "profile[2].id", "'p' is the id of profile[1] already"),
        (WINDOW * 2, "window[2].id", "'w' is the id of window[1] already"),
        (WINDOW + 'actions = ["a"]', "window[1].actions", "there is no action 'a'"),
        (
            ACTION.format(id="a", needs=[]) + WINDOW + 'actions = ["a", "a"]',
            "window[1].actions",
            "'a' is in it more than once",
        ),
        (ACTION.format(id="a", needs=["b"]), "action[1].needs", "there is no action 'b'"),
        (
            CHECKLIST.format(section="s", item="j", more=""),
            "checklist[1].section[2].id",
            "'s' is the id of checklist[1].section[1] already",
        ),
        (
            CHECKLIST.format(section="z", item="i", more=""),
            f"{ITEM}.id",
            "'i' is the id of checklist[1].section[1].item[1] already",
        ),
        (
            CHECKLIST.format(section="z", item="j", more=', requirement = { measure = "images-signed" }'),
            f"{ITEM}.requirement",
            "it must have either at_least or percent",
        ),
        (
            CHECKLIST.format(section="z", item="j", more=', requirement = { measure = "bytes-copied", percent = 5 }'),
            f"{ITEM}.requirement",
            "bytes are not out of a whole",
        ),
    ],
)
def test_what_is_wrong_between_values(text: str, where: str, reason: str) -> None:
    (fault,) = found(text)

    assert written(fault.key) == where
    assert fault.reason.startswith(reason)


def test_what_was_meant_is_suggested() -> None:
    text = ACTION.format(id="rootless", needs=[]) + ACTION.format(id="sign", needs=["rotless"])

    assert [fault.hint for fault in found(text)] == ["did you mean 'rootless'?"]
