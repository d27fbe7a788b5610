"""JSON Schemas of Kubernetes' objects, made from what an API server says of itself: kubeconform has none of its own."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from tests.support.controlplane import ApiServer

__all__ = ["write_schemas"]

_GROUPS: Final = ("api/v1", "apis/apps/v1", "apis/batch/v1", "apis/networking.k8s.io/v1")


def write_schemas(server: ApiServer, folder: Path) -> str:
    """Writes them, and returns the template of their paths that ``kubeconform -schema-location`` takes.

    They are strict: a field that the API does not have is refused.
    """
    for group in _GROUPS:
        schemas = server.ask("GET", f"/openapi/v3/{group}").body["components"]["schemas"]
        strict = {name: _strict(schema) for name, schema in schemas.items()}
        for name, schema in schemas.items():
            for kind in _kinds(schema):
                whole = {"$ref": f"#/components/schemas/{name}", "components": {"schemas": strict}}
                (folder / f"{kind}.json").write_text(json.dumps(whole), encoding="utf-8")
    return f"{folder}/{{{{.ResourceKind}}}}{{{{.KindSuffix}}}}.json"


def _kinds(schema: Mapping[str, Any]) -> Iterator[str]:
    for kind in schema.get("x-kubernetes-group-version-kind", ()):
        group = str(kind["group"]).partition(".")[0]
        parts = (kind["kind"].lower(), *([group] if group else []), kind["version"])
        yield "-".join(parts)


def _strict(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_strict(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    made = {name: _strict(value) for name, value in schema.items()}
    if "properties" in made and "additionalProperties" not in made:
        made["additionalProperties"] = False
    return made
