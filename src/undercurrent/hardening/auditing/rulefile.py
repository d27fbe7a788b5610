"""What ``.undercurrent-harden.toml`` may say."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, StringConstraints

__all__ = ["RuleFile", "RuleTable"]

_Text = Annotated[str, StringConstraints(min_length=1, max_length=400, strip_whitespace=True)]


class RuleTable(BaseModel):
    """One table ``[[rule]]``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    code: _Text
    severity: Literal["off", "error", "warning", "note"]
    reason: _Text
    paths: tuple[_Text, ...] = ("**",)


class RuleFile(BaseModel):
    """The file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    select: tuple[_Text, ...] = ()
    rule: tuple[RuleTable, ...] = ()
