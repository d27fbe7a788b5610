"""Nothing but what was meant is different."""

import pytest

from undercurrent.errors import Unsupported
from undercurrent.hardening.dockerfile import parse
from undercurrent.hardening.fixing import check
from undercurrent.splices import Edit, Span

TEXT = 'FROM debian\nRUN true\nCMD ["x"]\n'


def test_an_insertion_is_fine() -> None:
    place = TEXT.index("CMD")
    changed = check(parse(TEXT), [Edit(Span(place, place), "USER 1\n")])
    assert changed.source == TEXT.replace("CMD", "USER 1\nCMD")


@pytest.mark.parametrize(
    "text",
    ["RUNN x\n", "RUN <<EOF\n", "RUN echo \\\n"],
    ids=["no instruction", "a document that does not end", "it takes in the next line"],
)
def test_what_would_break_the_file_is_refused(text: str) -> None:
    place = TEXT.index("CMD")
    with pytest.raises(Unsupported):
        check(parse(TEXT), [Edit(Span(place, place), text)])
