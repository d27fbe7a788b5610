"""Plain values taken for what they should be: what is of another kind counts as nothing."""

from collections.abc import Mapping
from typing import Any

__all__ = ["list_in", "mapping_in", "text_in"]


def mapping_in(value: Any) -> Mapping[str, Any]:
    """The value, or an empty mapping if it is none."""
    return value if isinstance(value, dict) else {}


def list_in(value: Any) -> list[Any]:
    """The value, or an empty list if it is none."""
    return value if isinstance(value, list) else []


def text_in(value: Any) -> str:
    """The value as YAML would write it; empty for null."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else "" if value is None else str(value)
