"""Ports that only root may listen on: where they are to be instead, and every mention of them in a Dockerfile."""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from undercurrent.hardening.dockerfile import pairs
from undercurrent.hardening.dockerfile.nodes import Dockerfile, Instruction
from undercurrent.hardening.model.nouns import FinalImage
from undercurrent.hardening.ports import FIRST_FREE, names_port
from undercurrent.splices import Edit, Span

__all__ = ["exposed", "low_ports", "mentioned"]

_USUAL: Final = {80: 8080, 443: 8443}
_OPTIONS: Final = (
    r"--?(?:p|P|l|b|a|port|http[-.]?port|https[-.]?port|web[-.]?port|server[-.]port|Dserver\.port|bind|bind[-_]port|"
    r"listen|http|https|addr|address|listen[-.]address|web\.listen-address|socket|http-socket|urls)"
)


def low_ports(image: FinalImage) -> tuple[int, ...]:
    """The ports below 1024 that it listens on, ascending."""
    return tuple(sorted({port.number for port in image.ports if 0 < port.number < FIRST_FREE}))


def mentioned(image: FinalImage, moved: Mapping[int, int]) -> tuple[list[Edit], frozenset[int]]:
    """Edits of every mention in the stages that the image is made of, and the ports that are moved by them.

    EXPOSE and HEALTHCHECK only speak of a port; what is started with it, or a variable named for it, moves it.
    """
    edits: list[Edit] = []
    moving: set[int] = set()
    deciding = {id(one) for one in image.ending.values()}
    for stage in image.lineage:
        for one in stage.instructions:
            if one.keyword in ("CMD", "ENTRYPOINT", "HEALTHCHECK") and id(one) not in deciding:
                continue  # a later one counts
            for port, new in moved.items():
                made = list(_edits(image.dockerfile, one, port, new))
                edits += made
                if made and one.keyword not in ("EXPOSE", "HEALTHCHECK"):
                    moving.add(port)
    return edits, frozenset(moving)


def _edits(dockerfile: Dockerfile, one: Instruction, port: int, new: int) -> Iterator[Edit]:
    for start, end, text in _places(dockerfile, one, port, new):
        yield Edit(Span(start, end), text)


def _places(dockerfile: Dockerfile, one: Instruction, port: int, new: int) -> Iterator[tuple[int, int, str]]:
    begins, text = one.keyword_span.end, dockerfile.source[one.keyword_span.end : one.span.end]
    for pattern in _patterns(one.keyword, port):
        for match in pattern.finditer(text):
            yield begins + match.start("port"), begins + match.end("port"), str(new)
    for start, end in _variables(dockerfile, one, port):
        yield start, end, str(new)
    if one.keyword == "HEALTHCHECK" and port in _USUAL:
        scheme = "http" if port == 80 else "https"  # noqa: PLR2004 - as schemes have it
        for match in re.finditer(rf"(?i)\b{scheme}://[\w.-]+(?P<port>)(?=[/\"'\s?]|$)", text):
            yield begins + match.end(), begins + match.end(), f":{new}"


def _patterns(keyword: str, port: int) -> tuple[re.Pattern[str], ...]:
    number = rf"(?P<port>{port})(?![\d.:])"
    if keyword == "EXPOSE":
        return (re.compile(rf"(?<![\w/:.-]){number}(?![-])"),)
    if keyword in ("CMD", "ENTRYPOINT"):
        return (
            re.compile(rf"(?<=:){number}(?=[\"'\s,/]|$)"),
            re.compile(rf"{_OPTIONS}[\"']?[\s,=]+[\"']?{number}(?=[\"'\s,]|$)"),
            re.compile(rf"\bhttp\.server[\"']?[\s,]+[\"']?{number}(?=[\"'\s]|$)"),
            re.compile(rf"\brunserver[\"']?[\s,]+[\"']?{number}(?=[\"'\s]|$)"),
        )
    if keyword == "HEALTHCHECK":
        return (re.compile(rf"(?<=:){number}(?=[\"'\s/?]|$)"), re.compile(rf"(?<=\s){number}(?=[\"'\s]|$)"))
    return ()


def _variables(dockerfile: Dockerfile, one: Instruction, port: int) -> Iterator[tuple[int, int]]:
    """Where the port is the value of a variable that is named for one, or the end of such an address."""
    for pair in pairs(one):
        if pair.value is None or not names_port(pair.name.text):
            continue
        value = pair.value.span.of(dockerfile.source)
        if match := re.fullmatch(rf"[\"']?(?:[^\s\"']*:)?(?P<port>{port})/?[\"']?", value):
            yield pair.value.span.start + match.start("port"), pair.value.span.start + match.end("port")


def exposed(image: FinalImage) -> frozenset[int]:
    """Ports that an EXPOSE of the file itself names as a number."""
    lines = [one.text for stage in image.lineage for one in stage.instructions if one.keyword == "EXPOSE"]
    return frozenset(int(number) for line in lines for number in re.findall(r"(?<![\w$])\d+", line))
