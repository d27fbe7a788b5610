""".NET: its images listened on port 80 up to version 7, on 8080 from 8 on."""

from typing import Final

from undercurrent.hardening.fixing.families.recognising import Family
from undercurrent.hardening.fixing.nouns import Situation, Steps

__all__ = ["FAMILY"]


def _steps(situation: Situation) -> Steps:
    environment: dict[str, str] = {}
    kept = situation.image.environment
    said = [name for name in ("ASPNETCORE_URLS", "ASPNETCORE_HTTP_PORTS", "HTTP_PORTS", "URLS") if name in kept]
    own = bool(said) and any(name in _written(situation) for name in said)
    moves: frozenset[int] = frozenset()
    wanted = f"http://+:{situation.moved.get(80, 0)}"
    if 80 in situation.moved and (not own or kept.get("ASPNETCORE_URLS") == wanted):  # noqa: PLR2004 - as they have it
        environment["ASPNETCORE_URLS"] = wanted
        moves = frozenset({80})
    if situation.image.home in ("", "/", "/root") and not situation.who.own:
        environment["DOTNET_CLI_HOME"] = "/tmp"
    return Steps(
        environment={name: value for name, value in environment.items() if kept.get(name) != value},
        moves=moves,
    )


def _written(situation: Situation) -> set[str]:
    """Names that ENV of the Dockerfile itself sets: those are moved where they stand."""
    lines = [one.text for stage in situation.image.lineage for one in stage.instructions if one.keyword == "ENV"]
    return {part.partition("=")[0].split()[0] for line in lines for part in (line.split() or [""]) if part}


FAMILY: Final = Family("dotnet", ("dotnet", "*.dll"), (), _steps)
