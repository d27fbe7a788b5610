"""JSON Schema of a TOML file, out of the model that it is checked against: editors help whoever writes one."""

import json
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from pydantic import BaseModel

__all__ = ["schema_of"]


def schema_of(model: "type[BaseModel]", identifier: str) -> dict[str, Any]:
    """JSON Schema (2020-12) of the files that ``model`` describes, for editors.

    Args:
        model: of the whole file.
        identifier: of the schema, a URI.
    """
    made = model.model_json_schema(by_alias=True)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": identifier, **_for_toml(made)}


_NO_KEYWORDS: Final = frozenset({"decimal_places", "ge", "le"})
"""What pydantic leaves in the schema of a decimal whose input has a schema of its own."""


def _for_toml(value: Any) -> Any:
    """A schema without what TOML cannot say (null), and without titles, which only repeat the keys."""
    if isinstance(value, list):
        return [_for_toml(item) for item in value]
    if not isinstance(value, dict):
        return value
    kept = {
        key: _for_toml(item)
        for key, item in value.items()
        if not (key == "default" and item is None)
        and not (key == "title" and isinstance(item, str))
        and not (key in _NO_KEYWORDS and not isinstance(item, dict))
    }
    if kept.get("type") == "number" and isinstance(kept.get("default"), str):
        kept["default"] = json.loads(kept["default"])  # a decimal, which pydantic writes as text
    kinds = kept.get("anyOf")
    if isinstance(kinds, list) and {"type": "null"} in kinds:
        kinds = [kind for kind in kinds if kind != {"type": "null"}]
        if len(kinds) == 1:
            del kept["anyOf"]
            return {**kinds[0], **kept}
        kept["anyOf"] = kinds
    return kept
